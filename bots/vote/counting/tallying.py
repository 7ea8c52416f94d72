"""Choices and points: plurality, approval, score, and majority judgment."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Sequence
from typing import Any

from bots.vote.counting.outcome import Method, Outcome, seat
from bots.vote.counting.ties import Ties
from bots.vote.counting.values import Choice, Profile, Scores


def chosen(
    method: Method,
    profile: Profile[Choice],
    names: Sequence[str],
    standing: Collection[int],
    ties: Ties,
    *,
    seats: int = 1,
    most: int | None = None,
) -> Outcome:
    """Plurality and approval: whoever is named on most ballots. `most` is how many options a ballot may name.

    Raises ValueError for a ballot that names more.
    """
    totals = [0] * len(names)
    ballots = empty = 0
    for choice, weight in profile.items():
        if most is not None and len(choice) > most:
            raise ValueError(f"a ballot names {len(choice)} options, and {most} are allowed")
        named = [option for option in choice if option in standing]
        for option in named:
            totals[option] += weight
        ballots, empty = (ballots + weight, empty) if named else (ballots, empty + weight)
    return _outcome(method, totals, names, standing, ties, seats, ballots, empty)


def scored(
    profile: Profile[Scores], names: Sequence[str], standing: Collection[int], ties: Ties, *, seats: int = 1
) -> Outcome:
    """Score: the highest sum. No score counts as 0."""
    totals = [0] * len(names)
    ballots, empty = _cast(profile)
    for scores, weight in profile.items():
        for option, score in enumerate(scores):
            if score is not None and option in standing:
                totals[option] += score * weight
    return _outcome(Method.SCORE, totals, names, standing, ties, seats, ballots, empty)


def judged(
    profile: Profile[Scores], names: Sequence[str], standing: Collection[int], ties: Ties, *, top: int, seats: int = 1
) -> Outcome:
    """Majority judgment: the highest median grade; equal medians are told apart by taking them away, one by one.

    Grades go from 0, the worst, to `top`; no grade counts as the worst. The median of an even number is the lower one:
    at least half of the voters give that or more. M. Balinski and R. Laraki, "Majority Judgment" (2010).
    """
    grades = [[0] * (top + 1) for _ in names]
    ballots, empty = _cast(profile)
    for scores, weight in profile.items():
        if all(score is None for score in scores):
            continue
        for option in range(len(names)):
            grades[option][scores[option] or 0] += weight
    value = majority_values([grades[option] for option in range(len(names))], ballots)
    levels = _levels(standing, lambda option: value[option])
    winners, undecided = seat(levels, seats, ties, names)
    return Outcome(
        method=Method.JUDGMENT,
        names=tuple(names),
        seats=seats,
        winners=winners,
        ballots=ballots,
        empty=empty,
        totals=tuple(each[0] if each else 0 for each in value),
        levels=levels,
        ties=undecided,
        grades=tuple(map(tuple, grades)),
    )


def majority_values(grades: Sequence[Sequence[int]], ballots: int) -> list[tuple[int, ...]]:
    """For each option the medians that come one after the other as each is taken away, as far as they tell options
    apart; the first is the majority grade. `grades` says how many gave each grade; all sum up to `ballots`."""
    if not ballots:
        return [() for _ in grades]
    # From the middle outwards, one below, one above. They change only where the votes of a grade end.
    below, above = (ballots - 1) // 2, ballots // 2 if ballots % 2 == 0 else ballots // 2 + 1
    if ballots % 2:
        below -= 1
    steps = {0}
    for counts in grades:
        end = 0
        for count in counts:
            end += count
            steps.update(step for step in (below - end + 1, end - above) if 0 <= step <= below)
    return [_medians(counts, ballots, below, above, sorted(steps)) for counts in grades]


def _medians(counts: Sequence[int], ballots: int, below: int, above: int, steps: Sequence[int]) -> tuple[int, ...]:
    middle = [_grade_at(counts, (ballots - 1) // 2)] if ballots % 2 else []
    for step in steps:
        if step <= below:
            middle += [_grade_at(counts, below - step), _grade_at(counts, above + step)]
    return tuple(middle)


def _grade_at(counts: Sequence[int], place: int) -> int:
    """The grade at a place (from 0) among all that were given, the worst first."""
    for grade, count in enumerate(counts):
        place -= count
        if place < 0:
            return grade
    raise ValueError("there are fewer grades than ballots")


def _cast(profile: Profile[Scores]) -> tuple[int, int]:
    """How many ballots say something, and how many nothing."""
    empty = sum(weight for scores, weight in profile.items() if all(score is None for score in scores))
    return sum(profile.values()) - empty, empty


def _levels(standing: Collection[int], value: Callable[[int], Any]) -> tuple[tuple[int, ...], ...]:
    groups: dict[Hashable, list[int]] = {}
    for option in sorted(standing):
        groups.setdefault(value(option), []).append(option)
    return tuple(tuple(groups[key]) for key in sorted(groups, reverse=True))  # type: ignore[type-var]


def _outcome(
    method: Method,
    totals: Sequence[int],
    names: Sequence[str],
    standing: Collection[int],
    ties: Ties,
    seats: int,
    ballots: int,
    empty: int,
) -> Outcome:
    levels = _levels(standing, lambda option: totals[option])
    winners, undecided = seat(levels, seats, ties, names)
    return Outcome(
        method=method,
        names=tuple(names),
        seats=seats,
        winners=winners,
        ballots=ballots,
        empty=empty,
        totals=tuple(totals),
        levels=levels,
        ties=undecided,
    )
