"""What a count comes to, and how it came to it: data for the record, for the verdict and for whoever counts again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from bots.vote.counting.ties import Ties
from bots.vote.counting.values import Kind

UNIT: Final = 100_000
"""Votes that are handed on are counted in hundred-thousandths."""


class Method(StrEnum):
    """The ways of counting, beside motions."""

    PLURALITY = "plurality"
    APPROVAL = "approval"
    RUNOFF = "irv"
    SCHULZE = "schulze"
    STV = "stv"
    SCORE = "score"
    JUDGMENT = "judgment"

    @property
    def ballots(self) -> Kind:
        """What is written on its ballots."""
        match self:
            case Method.PLURALITY | Method.APPROVAL:
                return Kind.CHOICE
            case Method.SCORE | Method.JUDGMENT:
                return Kind.SCORES
        return Kind.RANKING

    @property
    def equal_ranks(self) -> bool:
        """Whether options may share a rank on its ballots."""
        return self is Method.SCHULZE


class Over(StrEnum):
    """What a tie was over."""

    SEAT = "seat"
    SURPLUS = "surplus"
    EXCLUSION = "exclusion"


class Decider(StrEnum):
    """What decided a tie."""

    EARLIER = "earlier"
    """The latest earlier round in which they were not equal."""
    RULE = "rule"
    """The declared rule."""
    NOTHING = "nothing"
    """The rule leaves it open, or the chair is still to be asked."""
    ORDER = "order"
    """The order in which the options were asked: it changes nothing of who is elected."""


@dataclass(frozen=True, slots=True)
class Tie:
    """Options that were equal in a round (0 where a method has none), and in which order they are taken now."""

    round: int
    over: Over
    tied: tuple[int, ...]
    decider: Decider
    order: tuple[int, ...] = ()


class Step(StrEnum):
    """What was done in a round."""

    FIRST = "first"
    """First preferences were counted."""
    SURPLUS = "surplus"
    """What one elected had beyond the quota was handed on."""
    EXCLUSION = "exclusion"
    """The last was excluded, and those ballots handed on."""


@dataclass(frozen=True, slots=True)
class Round:
    """One stage of a count.

    `votes` (by option) and `not_transferable` are in UNITs, after it; `option` is whose ballots were handed on;
    `elected` are those who were elected at its end, in order; `filled` tells that they took the last seats because
    nobody else was left.
    """

    number: int
    step: Step
    votes: tuple[int, ...]
    not_transferable: int = 0
    option: int | None = None
    elected: tuple[int, ...] = ()
    filled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The result of a count, in whole votes unless said otherwise.

    `winners` are in the order in which they were elected; fewer than `seats` where a tie stays `open`, or where there
    are fewer options. `ballots` says how many named something, `empty` how many named nothing, both by weight. `totals`
    are votes or points by option; `levels` the options from best to last, equal ones together. `quota` is in UNITs.
    `pairs[a][b]` is by how many a was preferred to b, `paths` the strength of the strongest paths (Schulze); `grades`
    how many gave each grade, the worst first (majority judgment).
    """

    method: Method
    names: tuple[str, ...]
    seats: int
    winners: tuple[int, ...]
    ballots: int
    empty: int
    totals: tuple[int, ...] = ()
    levels: tuple[tuple[int, ...], ...] = ()
    quota: int | None = None
    rounds: tuple[Round, ...] = ()
    ties: tuple[Tie, ...] = ()
    pairs: tuple[tuple[int, ...], ...] = ()
    paths: tuple[tuple[int, ...], ...] = ()
    grades: tuple[tuple[int, ...], ...] = ()

    @property
    def open(self) -> Tie | None:
        """The tie that nothing decided."""
        return next((tie for tie in self.ties if tie.decider is Decider.NOTHING), None)


def seat(
    levels: Sequence[Sequence[int]], seats: int, ties: Ties, names: Sequence[str]
) -> tuple[tuple[int, ...], tuple[Tie, ...]]:
    """Who gets the seats where options stand in levels, best first, and the tie there was over the last ones."""
    winners: list[int] = []
    for level in levels:
        left = seats - len(winners)
        if left <= 0:
            break
        if len(level) <= left:
            winners += level
            continue
        order = ties.order(level, names)
        if order is None:
            return tuple(winners), (Tie(0, Over.SEAT, tuple(level), Decider.NOTHING),)
        return (*winners, *order[:left]), (Tie(0, Over.SEAT, tuple(level), Decider.RULE, order),)
    return tuple(winners), ()
