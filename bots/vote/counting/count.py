"""Counting by whatever method: from ballots to an outcome."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Final

from bots.vote.counting.outcome import Method, Outcome
from bots.vote.counting.papers import Papers, Piles
from bots.vote.counting.runoff import runoff
from bots.vote.counting.schulze import pairwise, schulze
from bots.vote.counting.stv import stv
from bots.vote.counting.tallying import chosen, judged, scored
from bots.vote.counting.ties import AS_IT_IS, Ties
from bots.vote.counting.values import READ, Kind, Profile, profile

MANY: Final = 10_000
"""From so many rankings on they are counted in columns."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """How a vote is counted. `names` are the options in the order asked, `withdrawn` those that do not stand any more;
    `most` is how many a ballot may choose (approval), `top` the highest score or grade. Instant runoff has one seat."""

    method: Method
    names: tuple[str, ...]
    seats: int = 1
    ties: Ties = AS_IT_IS
    withdrawn: frozenset[int] = frozenset()
    most: int | None = None
    top: int = 0

    @property
    def standing(self) -> list[int]:
        """The options that stand."""
        return [option for option in range(len(self.names)) if option not in self.withdrawn]


def count(rules: Rules, ballots: Profile[Any]) -> Outcome:
    """Count a profile of the kind of ballot that the method takes.

    Raises EqualRanks, and ValueError for a ballot that the rules do not allow, or seats that the method does not have.
    """
    match rules.method:
        case Method.SCHULZE:
            cast = sum(weight for ranking, weight in ballots.items() if _ranks(ranking, rules))
            empty = sum(ballots.values()) - cast
            return _schulze(rules, pairwise(ballots, len(rules.names)), cast, empty)
        case Method.STV | Method.RUNOFF:
            return _stages(rules, Piles(ballots, len(rules.names), rules.standing))
    return _decided(_tallied(rules, ballots))


def count_kept(rules: Rules, chunks: Iterable[tuple[str, int]]) -> Outcome:
    """Count ballots as they are kept: each chunk is a line for each ballot of one weight, and that weight.

    That is how a database gives a million of them in a second: the texts of all rows of the same weight as one text.
    Raises what `count` raises.
    """
    every = list(chunks)
    ranked = rules.method.ballots is Kind.RANKING
    if ranked and sum(lines.count("\n") + 1 for lines, _ in every) >= MANY:
        from bots.vote.counting.columns import MOST_WEIGHT, Columns, Table

        table = Table.read(every, len(rules.names))
        if rules.method is Method.SCHULZE and not rules.withdrawn:
            return _schulze(rules, table.pairwise(), *table.cast())
        if rules.method is not Method.SCHULZE and table.weight <= MOST_WEIGHT:
            return _stages(rules, Columns(table, rules.standing))
    rows = ((kept, weight) for lines, weight in every for kept in lines.split("\n"))
    return count(rules, profile(READ[rules.method.ballots], rows))


def count_rows(rules: Rules, rows: Iterable[tuple[str, int]]) -> Outcome:
    """Count ballots as they are kept, one by one, each with its weight. Raises what `count` raises."""
    return count_kept(rules, chunks_of(rows))


def chunks_of(rows: Iterable[tuple[str, int]]) -> list[tuple[str, int]]:
    """Ballots as they are kept, each with its weight, as `count_kept` takes them."""
    by_weight: dict[int, list[str]] = {}
    for kept, weight in rows:
        by_weight.setdefault(weight, []).append(kept)
    return [("\n".join(kept), weight) for weight, kept in by_weight.items()]


def _ranks(ranking: Iterable[Iterable[int]], rules: Rules) -> bool:
    """Whether it ranks somebody who stands."""
    return any(option not in rules.withdrawn for group in ranking for option in group)


def _schulze(rules: Rules, pairs: list[list[int]], ballots: int, empty: int) -> Outcome:
    return _decided(
        schulze(pairs, rules.names, rules.standing, rules.ties, seats=rules.seats, ballots=ballots, empty=empty)
    )


def _stages(rules: Rules, papers: Papers) -> Outcome:
    if rules.method is Method.STV:
        return _decided(stv(papers, rules.names, rules.standing, rules.seats, rules.ties))
    if rules.seats != 1:
        raise ValueError("instant runoff fills one seat")
    return _decided(runoff(papers, rules.names, rules.standing, rules.ties))


def _tallied(rules: Rules, ballots: Profile[Any]) -> Outcome:
    names, standing, ties, seats = rules.names, rules.standing, rules.ties, rules.seats
    match rules.method:
        case Method.SCORE:
            return scored(ballots, names, standing, ties, seats=seats)
        case Method.JUDGMENT:
            return judged(ballots, names, standing, ties, top=rules.top, seats=seats)
    most = 1 if rules.method is Method.PLURALITY else rules.most
    return chosen(rules.method, ballots, names, standing, ties, seats=seats, most=most)


def _decided(outcome: Outcome) -> Outcome:
    """Where nobody was named on any ballot, nobody is elected, not even by lot."""
    return outcome if outcome.ballots else replace(outcome, winners=(), ties=())
