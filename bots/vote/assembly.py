"""A vote of many branches, counted in every way at once: by heads, by branches, by mandates, by double majority. Pure.

By heads all ballots are together. By branches each branch has one voice: for or against, as more of its members are, or
for whom they chose; where they are equal, or nobody voted, it has none. By mandates each branch has as many as it has
delegates, split by what its members voted. A double majority is that of the heads and that of the branches.

A quorum is one of heads, whichever way decides.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from bots.vote import motion
from bots.vote.apportion import Apportionment, split
from bots.vote.counting.count import Rules as CountRules
from bots.vote.counting.count import count
from bots.vote.counting.outcome import Method, seat
from bots.vote.counting.values import READ, Kind, profile
from bots.vote.motion import Result, Verdict, Votes

ELECTED = "elected"
"""The result of a count that is no motion."""


class By(StrEnum):
    """What decides a vote of many branches."""

    HEADS = "heads"
    BRANCHES = "branches"
    MANDATES = "mandates"
    DOUBLE = "double"

    @property
    def measured(self) -> tuple[By, ...]:
        """The measures that decide."""
        return (By.HEADS, By.BRANCHES) if self is By.DOUBLE else (self,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What came from one branch: its ballots as they are kept, each with its weight, and how many mandates it has."""

    branch_id: str
    ballots: Mapping[str, int]
    mandates: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """One way of counting. `totals`: heads, branches or mandates for each option, empty where a method has none;
    `without` are those for no option; `result` is that of a motion, or ELECTED."""

    by: By
    totals: tuple[int, ...]
    without: int
    result: str
    winners: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """All measures, and what they come to by what was declared."""

    measures: tuple[Measure, ...]
    result: str
    winners: tuple[int, ...] = ()


def has(by: By, *, method: Method | None, seats: int) -> bool:
    """Whether a method (None: a motion) can be counted so: a voice is for one option, mandates are split by choices."""
    if by is By.HEADS:
        return True
    return seats == 1 and (by is not By.MANDATES or method is None or method.ballots is Kind.CHOICE)


def decide_motion(
    rules: motion.Rules, by: By, parts: Sequence[Part], *, options: int, roll: int, how: Apportionment
) -> Decision:
    """Whether a motion is carried. `roll`: what all who may vote weigh."""
    heads, voices, mandates = [0, 0, 0], [0, 0, 0], [0, 0, 0]
    without = unsplit = 0
    for part in parts:
        votes = motion.votes_of(profile(READ[Kind.CHOICE], part.ballots.items()))
        cast = (votes.in_favour, votes.against, votes.abstained)
        heads = _sum(heads, cast)
        if votes.in_favour == votes.against:
            without += 1
        else:
            voices[votes.in_favour < votes.against] += 1
        given = split(part.mandates, cast, how)
        mandates = _sum(mandates, given)
        unsplit += part.mandates - sum(given)
    measures = tuple(
        Measure(
            by=one,
            totals=tuple(totals[:options]),
            without=none,
            result=verdict(rules, one, totals, none, roll).result,
        )
        for one, totals, none in (
            (By.HEADS, heads, 0),
            (By.BRANCHES, voices, without),
            (By.MANDATES, mandates, unsplit),
        )
    )
    results = {measure.by: measure.result for measure in measures}
    if results[By.HEADS] == Result.INQUORATE:
        return Decision(measures, Result.INQUORATE)
    deciding = [results[one] for one in by.measured]
    carried = all(result == Result.CARRIED for result in deciding)
    still_open = Result.OPEN in deciding and Result.LOST not in deciding
    return Decision(measures, Result.CARRIED if carried else Result.OPEN if still_open else Result.LOST)


def verdict(rules: motion.Rules, by: By, totals: Sequence[int], without: int, roll: int) -> Verdict:
    """What a measure of a motion comes to by itself. `roll` is that of the heads; else it is all that there are."""
    in_favour, against, abstained = (*totals, 0, 0, 0)[:3]
    if by is By.HEADS:
        return motion.decide(rules, Votes(in_favour=in_favour, against=against, abstained=abstained, roll=roll))
    there = in_favour + against + abstained + without
    # A branch without a voice, and a mandate that cannot be split, are for nothing and against nothing.
    votes = Votes(in_favour=in_favour, against=against, abstained=abstained + without, roll=there)
    return motion.decide(replace(rules, quorum=None), votes)


def decide_election(
    rules: CountRules,
    by: By,
    parts: Sequence[Part],
    heads: tuple[int, ...],
    totals: tuple[int, ...],
    how: Apportionment,
) -> Decision:
    """Who is elected; `heads` and `totals` are what all ballots come to. Raises what `counting.count` raises."""
    measures = [Measure(by=By.HEADS, totals=totals, without=0, result=ELECTED, winners=heads)]
    if rules.seats == 1:
        outcomes = [(part, count(rules, _read(rules, part.ballots))) for part in parts]
        voices, without = [0] * len(rules.names), 0
        mandates, unsplit = [0] * len(rules.names), 0
        for part, outcome in outcomes:
            if outcome.winners:
                voices[outcome.winners[0]] += 1
            else:
                without += 1
            given = split(part.mandates, outcome.totals, how)
            mandates = _sum(mandates, given) if given else mandates
            unsplit += part.mandates - sum(given)
        measures.append(_most(By.BRANCHES, rules, voices, without))
        if has(By.MANDATES, method=rules.method, seats=1):
            measures.append(_most(By.MANDATES, rules, mandates, unsplit))
    winners = {measure.by: measure.winners for measure in measures}
    first, *others = (winners[one] for one in by.measured)
    return Decision(tuple(measures), ELECTED, first if all(other == first for other in others) else ())


def _most(by: By, rules: CountRules, totals: Sequence[int], without: int) -> Measure:
    """Whoever has most voices, or mandates."""
    different = sorted({totals[option] for option in rules.standing}, reverse=True)
    levels = [[option for option in rules.standing if totals[option] == total] for total in different]
    winners = seat(levels, 1, rules.ties, rules.names)[0] if any(totals) else ()
    return Measure(by=by, totals=tuple(totals), without=without, result=ELECTED, winners=winners)


def _read(rules: CountRules, ballots: Mapping[str, int]) -> Mapping[Any, int]:
    return profile(READ[rules.method.ballots], ballots.items())


def _sum(into: Sequence[int], more: Sequence[int]) -> list[int]:
    return [one + other for one, other in zip(into, more, strict=True)]
