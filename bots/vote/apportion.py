"""Mandates of a branch, split by what its members voted. In whole numbers. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from fractions import Fraction

_NONE = Fraction(0)


class Apportionment(StrEnum):
    """How mandates are split."""

    REMAINDER = "remainder"
    """Largest remainder with the Hare quota: everyone their whole quotas, the rest to the largest remainders."""
    DHONDT = "dhondt"
    """D'Hondt: one after the other to the highest of votes / (mandates so far + 1)."""


def split(mandates: int, votes: Sequence[int], rule: Apportionment) -> tuple[int, ...]:
    """How many of the mandates each option gets for its votes.

    Where the last ones fall to options with equal claims, and are fewer than these, nobody gets them: no order of the
    options favours any. Their sum is then less than `mandates`, as it is where nobody voted.
    """
    if not mandates or not sum(votes):
        return (0,) * len(votes)
    return _remainder(mandates, votes) if rule is Apportionment.REMAINDER else _dhondt(mandates, votes)


def _remainder(mandates: int, votes: Sequence[int]) -> tuple[int, ...]:
    total = sum(votes)
    given = [mandates * count // total for count in votes]
    claims = [Fraction(mandates * count % total) for count in votes]
    left = mandates - sum(given)
    while any(claims) and (those := _first(claims, left)):
        for option in those:
            given[option] += 1
            claims[option] = _NONE
        left -= len(those)
    return tuple(given)


def _dhondt(mandates: int, votes: Sequence[int]) -> tuple[int, ...]:
    given = [0] * len(votes)
    left = mandates
    while those := _first([Fraction(count, have + 1) for count, have in zip(votes, given, strict=True)], left):
        for option in those:
            given[option] += 1
        left -= len(those)
    return tuple(given)


def _first(claims: Sequence[Fraction], left: int) -> Sequence[int]:
    """Those with the highest claim; nobody where they are more than there is left for."""
    best = max(claims)
    those = [option for option, claim in enumerate(claims) if claim == best]
    return those if len(those) <= left else ()
