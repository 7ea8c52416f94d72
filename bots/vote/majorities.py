"""Majorities and quorums: how they are written, and how many votes they ask for. In whole votes and fractions."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import StrEnum
from fractions import Fraction
from typing import Final

from bots.kit.matching import fold
from bots.kit.problems import BadValue
from ground.texts import text

HALF: Final = Fraction(1, 2)
_PERCENT_FROM: Final = 10
"""A share with a larger denominator is said in percent where that is a whole number."""


class Base(StrEnum):
    """What a majority is a share of."""

    CAST = "cast"
    """Votes for and against, and abstentions where the rule counts them."""
    PRESENT = "present"
    """Those who are present: whoever took part, unless they were counted."""
    ROLL = "roll"
    """Those who may vote."""


@dataclass(frozen=True, slots=True)
class Majority:
    """At least `share` of a base, or `more` than that; without a share more for than against."""

    share: Fraction | None = None
    of: Base = Base.CAST
    more: bool = True

    def needed(self, base: int) -> int:
        """How many votes that is of so many; never none."""
        exact = (HALF if self.share is None else self.share) * base
        return max(1, exact.__floor__() + 1 if self.more else exact.__ceil__())


SIMPLE: Final = Majority()
"""More for than against."""


@dataclass(frozen=True, slots=True)
class Quorum:
    """How many have to take part: a number, or a share of the roll."""

    least: int | Fraction

    def needed(self, roll: int) -> int:
        """How many that is."""
        return self.least if isinstance(self.least, int) else (self.least * roll).__ceil__()


_SHARE: Final = re.compile(r"(\d{1,6}) ?/ ?(\d{1,6})|(\d{1,3}(?:[.,]\d{1,4})?) ?(?:%|per ?cent|pour ?cent)")
_NAMED: Final = {
    "simple": SIMPLE,
    "relative": SIMPLE,
    "absolute": Majority(HALF),
    "absolue": Majority(HALF),
    "two thirds": Majority(Fraction(2, 3), more=False),
    "deux tiers": Majority(Fraction(2, 3), more=False),
    "three fifths": Majority(Fraction(3, 5), more=False),
    "trois cinquiemes": Majority(Fraction(3, 5), more=False),
    "four fifths": Majority(Fraction(4, 5), more=False),
    "quatre cinquiemes": Majority(Fraction(4, 5), more=False),
    "unanimous": Majority(Fraction(1), more=False),
    "unanimite": Majority(Fraction(1), more=False),
}
_OF: Final = re.compile(r"(.*?) (?:(?:of|de|des|du) (?:the |les |la )?|d')(\S+(?: \S+)?)")
_WORD: Final = re.compile(r"^majorit[ey] (?:des? )?| majority$")
_BASES: Final = {
    "cast": Base.CAST,
    "votes cast": Base.CAST,
    "exprimes": Base.CAST,
    "suffrages exprimes": Base.CAST,
    "present": Base.PRESENT,
    "presents": Base.PRESENT,
    "roll": Base.ROLL,
    "members": Base.ROLL,
    "inscrits": Base.ROLL,
    "membres": Base.ROLL,
}


def read_majority(written: str) -> Majority:
    """The majority that somebody asked for: `simple`, `absolute`, `absolute of roll`, `2/3`, `60 %`, `3/5 of present`;
    in French too. Exactly half means more than half. Raises BadValue."""
    folded = _WORD.sub("", fold(written))
    head, of = folded, Base.CAST
    if match := _OF.fullmatch(folded):
        if match[2] not in _BASES:
            raise _not_a_majority(written)
        head, of = match[1], _BASES[match[2]]
    found = _NAMED.get(head)
    if found is None:
        share = _share(head)
        if share is None or not 0 < share <= 1:
            raise _not_a_majority(written)
        found = Majority(share, more=share == HALF)
    if found.share is None and of is not Base.CAST:
        raise _not_a_majority(written)
    return replace(found, of=of)


def read_quorum(written: str) -> Quorum:
    """The quorum that somebody asked for: `50 %`, `1/3`, `25`. Raises BadValue."""
    folded = fold(written)
    if re.fullmatch(r"\d{1,9}", folded):
        return Quorum(int(folded))
    share = _share(folded)
    if share is None or share > 1:
        raise BadValue(
            text("I do not read '{written}' as a quorum. Write for example: 50 %, 1/3, or 25", written=written)
        )
    return Quorum(share)


def shown(share: Fraction) -> str:
    """A share as people write it: 2/3, 50 %."""
    percent = share * 100
    if share == HALF or (share.denominator > _PERCENT_FROM and percent.denominator == 1):
        return f"{percent} %"
    return str(share)


def _share(folded: str) -> Fraction | None:
    match = _SHARE.fullmatch(folded)
    if match is None:
        return None
    if match[1]:
        return Fraction(int(match[1]), int(match[2])) if int(match[2]) else None
    return Fraction(match[3].replace(",", ".")) / 100


def _not_a_majority(written: str) -> BadValue:
    return BadValue(
        text(
            "I do not read '{written}' as a majority. Write for example: simple, absolute, 2/3, or absolute of roll",
            written=written,
        )
    )
