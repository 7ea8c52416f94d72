"""What may stand in a sentence, beside plain words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from typing import TypeAlias

from ground.texts import Text


@dataclass(frozen=True, slots=True)
class Pill:
    """A person by name, who is mentioned by it: for whoever must act, not for whoever is spoken of."""

    account: str
    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Strong:
    """Words that stand out."""

    words: str

    def __str__(self) -> str:
        return self.words


@dataclass(frozen=True, slots=True)
class Code:
    """Words to be typed or read letter by letter."""

    words: str

    def __str__(self) -> str:
        return self.words


@dataclass(frozen=True, slots=True)
class Typed:
    """A command as it is typed in that place: `Typed("help vote")` is shown as `!help vote`.

    As a Text it is said in the language of the place: `Typed(text("account drop {account}", account=account))`.
    """

    line: str | Text


@dataclass(frozen=True, slots=True)
class When:
    """An instant (aware), said in full on the clocks of the place; without its time where it is all day."""

    instant: datetime
    all_day: bool = False


@dataclass(frozen=True, slots=True)
class Day:
    """A day, said in full."""

    day: date


@dataclass(frozen=True, slots=True)
class Percent:
    """A share, rounded to whole hundredths."""

    share: Fraction


@dataclass(frozen=True, slots=True)
class Link:
    """A web address with words of ours to stand for it."""

    label: str | Text
    url: str


@dataclass(frozen=True, slots=True)
class Items:
    """A list. What goes beyond `most` is counted, and `more` says how to get it."""

    items: tuple[Text | str, ...]
    more: Text | None = None
    most: int = 15


@dataclass(frozen=True, slots=True)
class Gap:
    """An empty line."""


Line: TypeAlias = Text | str | Code | Strong | Typed | Items | Gap
"""One line of what a bot says, or a list in it. A str is what people wrote, and is repeated as it is."""
