"""The record of a count as data, for audit files and for scripts: everything by name, votes as numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from bots.vote.counting.outcome import UNIT, Outcome, Round, Tie

Data: TypeAlias = "str | int | float | Sequence[Data] | dict[str, Data] | None"


def record(outcome: Outcome) -> dict[str, Data]:
    """A count as JSON takes it. `winners` are in the order in which they were elected; what a method has none of is
    left out, but for `rounds`."""
    names = outcome.names
    found: dict[str, Data] = {
        "method": outcome.method.value,
        "seats": outcome.seats,
        "ballots": outcome.ballots,
        "empty": outcome.empty,
        "winners": [names[winner] for winner in outcome.winners],
        "rounds": [_round(each, names) for each in outcome.rounds],
        "ties": [_tie(tie, names) for tie in outcome.ties],
    }
    if outcome.quota is not None:
        found["quota"] = _votes(outcome.quota)
    if outcome.totals:
        found["totals"] = dict(zip(names, outcome.totals, strict=True))
    if outcome.levels:
        found["levels"] = [[names[option] for option in level] for level in outcome.levels]
    for key, matrix in (("pairs", outcome.pairs), ("paths", outcome.paths)):
        if matrix:
            found[key] = {
                names[a]: {names[b]: count for b, count in enumerate(row) if a != b} for a, row in enumerate(matrix)
            }
    if outcome.grades:
        found["grades"] = {name: list(counts) for name, counts in zip(names, outcome.grades, strict=True)}
    return found


def _round(each: Round, names: Sequence[str]) -> dict[str, Data]:
    return {
        "round": each.number,
        "step": each.step.value,
        "of": None if each.option is None else names[each.option],
        "votes": {name: _votes(votes) for name, votes in zip(names, each.votes, strict=True)},
        "not_transferable": _votes(each.not_transferable),
        "elected": [names[option] for option in each.elected],
        "last_seats": each.filled,
    }


def _tie(tie: Tie, names: Sequence[str]) -> dict[str, Data]:
    return {
        "round": tie.round,
        "over": tie.over.value,
        "tied": [names[option] for option in tie.tied],
        "decided_by": tie.decider.value,
        "order": [names[option] for option in tie.order],
    }


def _votes(units: int) -> int | float:
    """Votes as a number of at most five decimals."""
    return units // UNIT if units % UNIT == 0 else units / UNIT
