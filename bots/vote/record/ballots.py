"""Ballots as a record shows them, read back: nothing is taken that the rules do not allow. Pure."""

from __future__ import annotations

from pydantic import JsonValue

from bots.vote.counting.values import Kind, kept_choice, kept_ranking, kept_scores
from bots.vote.plan import Plan


def kept_of(plan: Plan, ballot: JsonValue) -> str:
    """A ballot as counts take it. Raises ValueError, saying what is wrong."""
    given = ballot if isinstance(ballot, list) else []
    match plan.kind:
        case Kind.RANKING:
            groups = [_options(plan, group) for group in given]
            _once([option for group in groups for option in group])
            return kept_ranking(tuple(tuple(sorted(group)) for group in groups))
        case Kind.SCORES:
            return kept_scores(_scores(plan, given))
    chosen = _options(plan, given)
    if len(chosen) > plan.most:
        raise ValueError(f"it names {len(chosen)} choices, and {plan.most} are allowed")
    return kept_choice(frozenset(chosen))


def _options(plan: Plan, given: JsonValue) -> list[int]:
    if not isinstance(given, list):
        raise ValueError("it is none of this method")
    options = [number - 1 for number in given if isinstance(number, int) and 1 <= number <= len(plan.options)]
    if len(options) != len(given):
        raise ValueError(f"it names something else than the choices 1 to {len(plan.options)}")
    _once(options)
    return options


def _once(options: list[int]) -> None:
    if len(set(options)) != len(options):
        raise ValueError("it names a choice twice")


def _scores(plan: Plan, given: list[JsonValue]) -> tuple[int | None, ...]:
    scores = [score for score in given if score is None or (isinstance(score, int) and 0 <= score <= plan.top)]
    if len(given) != len(plan.options) or len(scores) != len(given):
        raise ValueError(f"it does not give each of the {len(plan.options)} choices 0 to {plan.top}")
    return tuple(scores)
