"""Counts of thousands of random profiles agree with two other programs; `test_pref_voting` has a third.

Where options are equal each program has a rule of its own; and stvpoll rounds where the
statute truncates. Such profiles are told by our own record, and left out. That enough are compared is asserted.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Final

import pytest
from pyrankvote import Ballot, Candidate, instant_runoff_voting
from stvpoll.scottish_stv import calculate_scottish_stv

from bots.vote.counting.count import Rules, count
from bots.vote.counting.outcome import UNIT, Decider, Method, Outcome, Step
from bots.vote.counting.values import Ranking

NAMES: Final = tuple("ABCDEFG")
PROFILES: Final = 3_000


def profiles(seed: int, *, most: int = 6, cut: bool = True, many: int = PROFILES) -> Iterator[dict[Ranking, int]]:
    """Rankings around a random order, so that somebody is liked better; `cut` leaves options out at their end."""
    chance = random.Random(seed)  # noqa: S311 - repeatable, no secret
    for _ in range(many):
        options = chance.randint(3, most)
        liked = [chance.random() * 2 for _ in range(options)]
        ballots: dict[Ranking, int] = {}
        for _ in range(chance.randint(4, 40)):
            order = sorted(range(options), key=lambda option: -liked[option] - chance.random() * 2)
            length = chance.randint(1, options) if cut else options
            ranking = tuple((option,) for option in order[:length])
            ballots[ranking] = ballots.get(ranking, 0) + chance.randint(1, 4)
        yield ballots


def options_of(ballots: dict[Ranking, int]) -> int:
    return 1 + max(option for ranking in ballots for group in ranking for option in group)


def flat(ranking: Ranking) -> tuple[int, ...]:
    return tuple(option for group in ranking for option in group)


def by_lot(outcome: Outcome) -> bool:
    return any(tie.decider is not Decider.EARLIER for tie in outcome.ties)


def several_surpluses(outcome: Outcome) -> bool:
    """Whether stvpoll counts otherwise: it hands on all surpluses of a round at once, also to those just elected."""
    return any(len(each.elected) > 1 for each in outcome.rounds)


def close(outcome: Outcome) -> bool:
    """Whether a hundredth of a vote could have changed a step: stvpoll rounds, pref-voting counts in doubles."""
    assert outcome.quota is not None
    out = [each.option for each in outcome.rounds if each.step is Step.EXCLUSION and each.option is not None]
    margin = UNIT // 100
    for each, following in zip(outcome.rounds[1:], outcome.rounds[2:], strict=False):
        if following.step is Step.EXCLUSION and following.option is not None:
            gone = set(each.elected) | {option for option in out if each.votes[option] == 0}
            others = [each.votes[option] for option in range(len(outcome.names)) if option not in gone]
            lowest, *rest = sorted(others)
            if rest and rest[0] - lowest < margin:
                return True
        if any(0 < abs(votes - outcome.quota) < margin for votes in each.votes):
            return True
    return bool(outcome.rounds) and any(0 < abs(votes - outcome.quota) < margin for votes in outcome.rounds[-1].votes)


@pytest.mark.parametrize("seats", [1, 2, 3])
def test_stv_elects_as_stvpoll_does(seats: int) -> None:
    compared = 0
    for ballots in profiles(seats):
        options = options_of(ballots)
        outcome = count(Rules(method=Method.STV, names=NAMES[:options], seats=seats), ballots)
        if options <= seats or by_lot(outcome) or several_surpluses(outcome) or close(outcome):
            continue
        compared += 1
        theirs = calculate_scottish_stv(
            tuple(range(options)), {flat(ranking): weight for ranking, weight in ballots.items()}, seats
        )
        assert set(theirs.elected_as_tuple()) == set(outcome.winners), ballots
    assert compared > PROFILES // 6


def test_instant_runoff_elects_as_pyrankvote_does() -> None:
    compared = 0
    for ballots in profiles(20):
        options = options_of(ballots)
        outcome = count(Rules(method=Method.RUNOFF, names=NAMES[:options]), ballots)
        if outcome.ties:
            continue
        compared += 1
        candidates = [Candidate(name) for name in NAMES[:options]]
        cast = [
            Ballot([candidates[option] for option in flat(ranking)])
            for ranking, weight in ballots.items()
            for _ in range(weight)
        ]
        (winner,) = instant_runoff_voting(candidates, cast).get_winners()
        assert outcome.winners == (candidates.index(winner),), ballots
    assert compared > PROFILES // 2
