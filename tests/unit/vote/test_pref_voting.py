"""Counts of thousands of random profiles agree with pref-voting, which is installed by `make oracles` alone.

It is large: with all that it brings, nearly a gigabyte. It counts in doubles; profiles in which that could matter are
told by our own record, and left out.
"""

from __future__ import annotations

import random
from typing import Any

import pytest

from bots.vote.counting.count import Rules, count
from bots.vote.counting.outcome import Method
from bots.vote.counting.values import Ranking, Scores
from tests.unit.vote.test_oracles import NAMES, by_lot, close, flat, options_of, profiles

pytest.importorskip("pref_voting", reason="pref-voting is large; `make oracles` installs it and runs these")


@pytest.mark.parametrize("seats", [2, 3])
def test_stv_elects_as_pref_voting_does(seats: int) -> None:
    from pref_voting.profiles_with_ties import ProfileWithTies
    from pref_voting.proportional_methods import stv_scottish

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


def test_schulze_has_the_winners_of_pref_voting() -> None:
    from pref_voting.margin_based_methods import beat_path
    from pref_voting.profiles import Profile as Rankings

    for ballots in profiles(30, cut=False):
        options = options_of(ballots)
        outcome = count(Rules(method=Method.SCHULZE, names=NAMES[:options]), ballots)
        theirs = Rankings([list(flat(ranking)) for ranking in ballots], rcounts=list(ballots.values()))
        assert list(outcome.levels[0]) == sorted(beat_path(theirs)), ballots


def test_schulze_has_them_where_ranks_are_equal_or_left_out() -> None:
    from pref_voting.margin_based_methods import beat_path
    from pref_voting.profiles_with_ties import ProfileWithTies

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


def pairs_of(theirs: Any, options: int) -> tuple[tuple[int, ...], ...]:
    return tuple(tuple(int(theirs.support(a, b)) if a != b else 0 for b in range(options)) for a in range(options))


def test_scores_and_grades_have_the_winners_of_pref_voting() -> None:
    from pref_voting.grade_methods import majority_judgement, score_voting
    from pref_voting.grade_profiles import GradeProfile

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
