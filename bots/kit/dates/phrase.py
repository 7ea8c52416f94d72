"""What a phrase names, before it is known which day that is."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import timedelta
from typing import Literal

from bots.kit.dates.values import Duration


@dataclass(frozen=True, slots=True)
class Away:
    """So long from now; `exact` where hours or minutes are counted, so that it names a time as well."""

    duration: Duration
    exact: bool = False


@dataclass(frozen=True, slots=True)
class Weekday:
    """A day of the week, 0 for Monday: the coming one, the `next` or `last` one, or that of a whole week.

    `weeks` are added: "lundi en huit" is the coming Monday and one week.
    """

    weekday: int
    which: Literal["coming", "next", "last", "of week"] = "coming"
    weeks: int = 0


@dataclass(frozen=True, slots=True)
class CalendarDay:
    """A day of a month, with the year and the weekday where they were written; without month, the coming such day."""

    day: int
    month: int | None = None
    year: int | None = None
    weekday: int | None = None


@dataclass(frozen=True, slots=True)
class Numbers:
    """Day and month in figures, in whichever order the language has them."""

    first: int
    second: int
    year: int | None = None
    weekday: int | None = None
    day_first: bool = True


@dataclass(frozen=True, slots=True)
class Edge:
    """The first or last day of a week, month or year; `ahead` counts from this one."""

    unit: Unit
    ahead: int = 0
    end: bool = False


@dataclass(frozen=True, slots=True)
class MonthPart:
    """The first, the fifteenth or the last day of a named month."""

    month: int
    year: int | None
    where: Literal["start", "middle", "end"]


Unit = Literal["week", "weekend", "month", "year"]
Day = Away | Weekday | CalendarDay | Numbers | Edge | MonthPart
Part = Literal["morning", "afternoon", "evening", "night"]


@dataclass(frozen=True, slots=True)
class Clock:
    """A time of day as written, right or wrong. `midnight` is the word, which ends the day it is written with."""

    hour: int
    minute: int = 0
    second: int = 0
    half: Literal["am", "pm"] | None = None
    midnight: bool = False
    offset: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Phrase:
    """The parts of a date that were found; `turn` is 0 or 1 for the first or second time the clocks show it."""

    day: Day | None = None
    part: Part | None = None
    clock: Clock | None = None
    turn: int | None = None

    def joined(self, other: Phrase) -> Phrase | None:
        """Both together, or None where both name the same part, or one names an exact moment."""
        values: dict[str, object] = {}
        for field in fields(Phrase):
            mine, theirs = getattr(self, field.name), getattr(other, field.name)
            if mine is not None and theirs is not None:
                return None
            values[field.name] = theirs if mine is None else mine
        phrase = Phrase(**values)  # type: ignore[arg-type]  # the same fields, as they were
        exact = isinstance(phrase.day, Away) and phrase.day.exact
        return None if exact and (phrase.part or phrase.clock or phrase.turn is not None) else phrase


_APOSTROPHES = "\u2019\u2018\u02bc\u0060\u00b4\u2032"
_DASHES = "\u2010\u2011\u2012\u2013\u2014\u2212"
_MARKS = str.maketrans({**dict.fromkeys(_APOSTROPHES, "'"), **dict.fromkeys(_DASHES, "-")})


def composed(written: str) -> str:
    """The text with every accent in its letter, so that `folded` keeps each place."""
    return unicodedata.normalize("NFC", written)


def folded(written: str) -> str:
    """The composed text without capitals, accents or typography, character for character."""
    return "".join(map(_folded, written.translate(_MARKS)))


def _folded(character: str) -> str:
    if character.isascii():
        return " " if character.isspace() else character.lower()
    if character.isalpha() or character.isdecimal():
        return unicodedata.normalize("NFKD", character)[0].lower()[0]
    return " " if character.isspace() or unicodedata.category(character) == "Cf" else character


def either(words: Iterable[str]) -> str:
    """A pattern for any of these words, the longest first."""
    return "(?:" + "|".join(sorted(map(re.escape, words), key=len, reverse=True)).replace(r"\ ", r"\s+") + ")"
