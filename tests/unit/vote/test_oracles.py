"""Counts of thousands of random profiles agree with three other programs.

Where options are equal each program has a rule of its own; stvpoll rounds where the statute truncates, and pref-voting
counts in doubles. Such profiles are told by our own record, and left out. That enough are compared is asserted.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Final

import pytest
from pref_voting.grade_methods import majority_judgement, score_voting
from pref_voting.grade_profiles import GradeProfile
from pref_voting.margin_based_methods import beat_path
from pref_voting.profiles import Profile as Rankings
from pref_voting.profiles_with_ties import ProfileWithTies
from pref_voting.proportional_methods import stv_scottish
from pyrankvote import Ballot, Candidate, instant_runoff_voting
from stvpoll.scottish_stv import calculate_scottish_stv

from bots.vote.counting.count import Rules, count
from bots.vote.counting.outcome import UNIT, Decider, Method, Outcome, Step
from bots.vote.counting.values import Ranking, Scores

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


@pytest.mark.parametrize("seats", [2, 3])
def test_stv_elects_as_pref_voting_does(seats: int) -> None:
    compared = 0
    for ballots in profiles(10 + seats, many=600):
        options = options_of(ballots)
        outcome = count(Rules(method=Method.STV, names=NAMES[:options], seats=seats), ballots)
        if options <= seats or by_lot(outcome) or close(outcome):
            continue
        compared += 1
        theirs = ProfileWithTies(
            [{option: place for place, (option,) in enumerate(ranking)} for ranking in ballots],
            rcounts=list(ballots.values()),
            candidates=list(range(options)),
        )
        assert set(stv_scottish(theirs, num_seats=seats)) == set(outcome.winners), ballots
    assert compared > 200


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


def test_schulze_has_the_winners_of_pref_voting() -> None:
    for ballots in profiles(30, cut=False):
        options = options_of(ballots)
        outcome = count(Rules(method=Method.SCHULZE, names=NAMES[:options]), ballots)
        theirs = Rankings([list(flat(ranking)) for ranking in ballots], rcounts=list(ballots.values()))
        assert list(outcome.levels[0]) == sorted(beat_path(theirs)), ballots


def test_schulze_has_them_where_ranks_are_equal_or_left_out() -> None:
    chance = random.Random(31)  # noqa: S311 - repeatable, no secret
    for _ in range(500):
        options = chance.randint(3, 5)
        ballots: dict[Ranking, int] = {}
        for _ in range(chance.randint(3, 12)):
            ranks = [chance.randint(0, options) for _ in range(options)]
            groups = [tuple(o for o in range(options) if ranks[o] == rank) for rank in range(options)]
            ranking = tuple(group for group in groups if group)
            ballots[ranking] = ballots.get(ranking, 0) + chance.randint(1, 3)
        outcome = count(Rules(method=Method.SCHULZE, names=NAMES[:options]), ballots)
        theirs = ProfileWithTies(
            [{option: place for place, group in enumerate(ranking) for option in group} for ranking in ballots],
            rcounts=list(ballots.values()),
            candidates=list(range(options)),
        )
        theirs.use_extended_strict_preference()
        assert pairs_of(theirs, options) == outcome.pairs
        assert list(outcome.levels[0]) == sorted(beat_path(theirs, strength_function=theirs.support)), ballots


def pairs_of(theirs: ProfileWithTies, options: int) -> tuple[tuple[int, ...], ...]:
    return tuple(tuple(int(theirs.support(a, b)) if a != b else 0 for b in range(options)) for a in range(options))


def test_scores_and_grades_have_the_winners_of_pref_voting() -> None:
    chance = random.Random(40)  # noqa: S311 - repeatable, no secret
    for _ in range(500):
        options, top = chance.randint(2, 5), chance.randint(2, 5)
        ballots: dict[Scores, int] = {}
        for _ in range(chance.randint(1, 25)):
            scores = tuple(chance.randint(0, top) for _ in range(options))
            ballots[scores] = ballots.get(scores, 0) + chance.randint(1, 3)
        theirs = GradeProfile(
            [dict(enumerate(scores)) for scores in ballots],
            list(range(top + 1)),
            gcounts=list(ballots.values()),
            candidates=list(range(options)),
        )
        score, judgment = (
            count(Rules(method=method, names=NAMES[:options], top=top), ballots)
            for method in (Method.SCORE, Method.JUDGMENT)
        )
        assert list(score.levels[0]) == sorted(score_voting(theirs)), ballots
        # Theirs tells equal medians apart by how many are above and below alone; ours goes on.
        assert set(judgment.levels[0]) <= set(majority_judgement(theirs)), ballots
        medians = {option: taken_away(ballots, option) for option in range(options)}
        best = max(medians.values())
        assert judgment.levels[0] == tuple(option for option in range(options) if medians[option] == best), ballots


def taken_away(ballots: dict[Scores, int], option: int) -> list[int]:
    """The medians as the definition has them: take the lower one, take it away, and so on."""
    grades = sorted(scores[option] or 0 for scores, weight in ballots.items() for _ in range(weight))
    return [grades.pop((len(grades) - 1) // 2) for _ in range(len(grades))]
