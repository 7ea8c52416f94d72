"""Ranked ballots as people type them: `2 > 1 > 4`, `bca`, `2,1,4`, `1=2 > 3`, or the options by name."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import Final

from bots.kit.matching import fold
from bots.kit.problems import BadValue
from bots.vote.counting.values import Ranking
from ground.texts import text

_BETTER: Final = re.compile("\\s*(?:>|\u203a|»|≻|→|->|;|,|\n|\\bthen\\b|\\bpuis\\b)\\s*")
_SAME: Final = re.compile(r"\s*(?:=|~|&)\s*")
_LETTERS: Final = 26
_FIGURES: Final = 9
_SHOWN: Final = 60
_AROUND: Final = " .()[]\"'«»“”"
_MARKS: Final = re.compile("[\ufe0e\ufe0f\u20e3\u200b-\u200f\u2060]")
"""What a keycap adds to its figure, and other marks that nobody sees."""


def read_ranking(written: str, names: Sequence[str], *, equal: bool = True) -> Ranking:
    """The ranking of the options `names` that somebody typed; who is not named comes last.

    An option is called by its number from 1, by its letter, or by its name. Letters, and figures where there are at
    most nine options, may stand without anything between them. `equal` tells whether options may share a rank. Raises
    BadValue.
    """
    plain = unicodedata.normalize("NFKC", _MARKS.sub("", written)).strip()
    reading = _Reading(names)
    groups: list[list[int]] = []
    for part in [plain] if reading.knows(plain) else filter(None, _BETTER.split(plain)):
        joined = False
        for words in _SAME.split(part):
            if not words:
                raise reading.unread(written)
            first, *others = reading.options(words)
            if joined:
                groups[-1].append(first)
            else:
                groups.append([first])
            groups += [[option] for option in others]
            joined = True
    ranked = [option for group in groups for option in group]
    if not ranked:
        raise reading.unread(written)
    if twice := [option for place, option in enumerate(ranked) if option in ranked[:place]]:
        raise BadValue(text("'{name}' stands twice in your ranking.", name=names[twice[0]]))
    if not equal and len(groups) < len(ranked):
        raise BadValue(
            text("Two options cannot share a rank in this vote. Write for example: {example}", example=example(names))
        )
    return tuple(tuple(sorted(group)) for group in groups)


def said(ranking: Ranking, names: Sequence[str]) -> str:
    """A ranking by name, to be shown to whoever typed it: `Ada > Grace = Emmy`."""
    return " > ".join(" = ".join(names[option] for option in group) for group in ranking)


def example(names: Sequence[str]) -> str:
    """A correct ranking by number."""
    return " > ".join(str(option + 1) for option in (1, 0, 2) if option < len(names))


class _Reading:
    """Knows the options by name, number and letter."""

    def __init__(self, names: Sequence[str]) -> None:
        self._names = names
        self._known = {fold(name): option for option, name in enumerate(names)}

    def knows(self, words: str) -> bool:
        """Whether it is the name of an option as a whole."""
        return fold(words) in self._known

    def options(self, words: str) -> list[int]:
        """The options that stand beside each other, at least one. Raises BadValue."""
        if (named := self._known.get(fold(words))) is not None:
            return [named]
        bare = words.strip(_AROUND)
        if len(parts := bare.split()) > 1:
            found = [self._short(part.strip(_AROUND)) for part in parts]
            if all(found):
                return [option for run in found for option in run]
        return self._short(bare) or self._begun(bare)

    def _short(self, word: str) -> list[int]:
        """By name, number, letters or figures; none where it is nothing of that."""
        if (named := self._known.get(fold(word))) is not None:
            return [named]
        if word.isascii() and word.isdecimal():
            numbers = list(word) if len(self._names) <= _FIGURES else [word[:_SHOWN]]
            return [self._numbered(int(number)) for number in numbers]
        letters = [ord(letter) - ord("a") for letter in word.lower()]
        last = min(len(self._names), _LETTERS)
        return letters if all(0 <= letter < last for letter in letters) else []

    def _numbered(self, number: int) -> int:
        if 1 <= number <= len(self._names):
            return number - 1
        raise BadValue(
            text(
                "There is no option {number}: they go from 1 to {last}. Write for example: {example}",
                number=number,
                last=len(self._names),
                example=example(self._names),
            )
        )

    def _begun(self, words: str) -> list[int]:
        """The only option whose name begins so."""
        close = [option for name, option in self._known.items() if words and name.startswith(fold(words))]
        if len(close) != 1:
            raise self.unread(words)
        return close

    def unread(self, words: str) -> BadValue:
        """It is no ranking."""
        if not words.strip():
            return BadValue(text("I see no ranking. Write for example: {example}", example=example(self._names)))
        return BadValue(
            text(
                "I do not read '{written}' as a ranking. Write for example: {example}",
                written=words[:_SHOWN],
                example=example(self._names),
            )
        )
