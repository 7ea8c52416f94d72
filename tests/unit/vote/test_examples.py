"""Worked examples that were published, and arithmetic that can be followed by hand."""

from __future__ import annotations

from bots.vote.counting.count import Rules, count
from bots.vote.counting.outcome import UNIT, Decider, Method, Over, Step
from bots.vote.counting.tallying import majority_values
from bots.vote.counting.ties import TieRule, Ties, draw
from bots.vote.counting.typed import read_ranking
from bots.vote.counting.values import Choice, Profile, Ranking, Scores


def ranked(names: str, ballots: dict[str, int]) -> dict[Ranking, int]:
    return {read_ranking(order, names): weight for order, weight in ballots.items()}


TENNESSEE = ("Memphis", "Nashville", "Chattanooga", "Knoxville")
# The capital of Tennessee, the example of Wikipedia's articles on voting systems.
CAPITAL: dict[Ranking, int] = {
    ((0,), (1,), (2,), (3,)): 42,
    ((1,), (2,), (3,), (0,)): 26,
    ((2,), (3,), (1,), (0,)): 15,
    ((3,), (2,), (1,), (0,)): 17,
}


def test_instant_runoff_chooses_knoxville() -> None:
    outcome = count(Rules(method=Method.RUNOFF, names=TENNESSEE), CAPITAL)
    assert [[votes // UNIT for votes in each.votes] for each in outcome.rounds] == [
        [42, 26, 15, 17],
        [42, 26, 0, 32],
        [42, 0, 0, 58],
    ]
    assert [each.option for each in outcome.rounds] == [None, 2, 1]
    assert outcome.winners == (3,)


def test_schulze_chooses_nashville_who_beats_every_other() -> None:
    outcome = count(Rules(method=Method.SCHULZE, names=TENNESSEE), CAPITAL)
    assert outcome.winners == (1,)
    assert outcome.levels == ((1,), (2,), (3,), (0,))
    assert (outcome.pairs[1][0], outcome.pairs[1][2], outcome.pairs[1][3]) == (58, 68, 68)


def test_plurality_chooses_memphis() -> None:
    firsts: dict[Choice, int] = {frozenset(ranking[0]): weight for ranking, weight in CAPITAL.items()}
    outcome = count(Rules(method=Method.PLURALITY, names=TENNESSEE), firsts)
    assert (outcome.winners, outcome.totals) == ((0,), (42, 26, 15, 17))


def test_schulze_finds_the_strongest_paths_of_its_own_example() -> None:
    # M. Schulze's example with 45 voters, as in Wikipedia's article "Schulze method".
    ballots = {"acbed": 5, "adecb": 5, "bedac": 8, "cabed": 3, "caebd": 7, "cbade": 2, "dceba": 7, "ebadc": 8}
    outcome = count(Rules(method=Method.SCHULZE, names=tuple("ABCDE")), ranked("ABCDE", ballots))
    assert outcome.pairs == (
        (0, 20, 26, 30, 22),
        (25, 0, 16, 33, 18),
        (19, 29, 0, 17, 24),
        (15, 12, 28, 0, 14),
        (23, 27, 21, 31, 0),
    )
    assert outcome.paths == (
        (0, 28, 28, 30, 24),
        (25, 0, 28, 33, 24),
        (25, 29, 0, 29, 24),
        (25, 28, 28, 0, 24),
        (25, 28, 28, 31, 0),
    )
    assert outcome.levels == ((4,), (0,), (2,), (1,), (3,))


def test_a_surplus_is_handed_on_at_five_decimals_of_which_the_rest_is_ignored() -> None:
    # Rule 48 of SSI 2007/42 by hand. 15 ballots, 2 seats: quota 15 // 3 + 1 = 6. A has 9, 3 too many; a paper goes on
    # at 3 x 1 / 9 = 0.33333. B receives 4 x 0.33333, C 3 x 0.33333; two papers name nobody further.
    ballots = ranked("ABC", {"ab": 4, "ac": 3, "a": 2, "b": 4, "cb": 2})
    outcome = count(Rules(method=Method.STV, names=("A", "B", "C"), seats=2), ballots)
    assert outcome.quota == 6 * UNIT
    first, second, third = outcome.rounds
    assert (first.votes, first.elected) == ((900_000, 400_000, 200_000), (0,))
    assert (second.step, second.option) == (Step.SURPLUS, 0)
    assert second.votes == (600_000, 400_000 + 4 * 33_333, 200_000 + 3 * 33_333)
    assert second.not_transferable == 300_000 - 7 * 33_333
    # C is excluded: two papers of value 1 go to B, three of 0.33333 name nobody further.
    assert (third.step, third.option) == (Step.EXCLUSION, 2)
    assert third.votes == (600_000, 733_332, 0)
    assert third.elected == (1,)
    assert outcome.winners == (0, 1)


def test_what_came_at_a_value_goes_on_at_a_part_of_that_value() -> None:
    # A's papers reach B at 0.5 (surplus 4 of 8); B then has 6 against a quota of 4: 2 of 6 parts of each paper go on.
    ballots = ranked("ABCD", {"abc": 8, "bc": 2, "d": 1, "c": 0})
    outcome = count(Rules(method=Method.STV, names=tuple("ABCD"), seats=2), ballots)
    assert outcome.quota == 4 * UNIT
    assert outcome.rounds[0].votes == (800_000, 200_000, 0, 100_000)
    assert outcome.rounds[1].votes == (400_000, 600_000, 0, 100_000)
    three = count(Rules(method=Method.STV, names=tuple("ABCD"), seats=3), ballots)
    # Quota 11 // 4 + 1 = 3. A hands on 5 of 8: 0.62500. B has 2 + 5 = 7 and hands on 4 of 7: papers of 0.625 go on at
    # 0.35714, those of 1 at 0.57142.
    assert three.rounds[1].votes == (300_000, 700_000, 0, 100_000)
    assert three.rounds[2].votes == (300_000, 300_000, 8 * 35_714 + 2 * 57_142, 100_000)
    assert three.winners == (0, 1, 2)


def test_equal_last_ones_are_told_apart_by_the_latest_earlier_round() -> None:
    # Rule 51: after C is out, A and B have 5 each; before, A had 4 and B 5: A goes out.
    ballots = ranked("ABCD", {"a": 4, "b": 5, "ca": 1, "d": 6})
    outcome = count(Rules(method=Method.STV, names=tuple("ABCD"), seats=1), ballots)
    (tie,) = outcome.ties
    assert (tie.round, tie.over, tie.tied, tie.decider, tie.order) == (2, Over.EXCLUSION, (0, 1), Decider.EARLIER, (0,))
    assert outcome.rounds[2].option == 0


def test_a_count_that_the_rule_does_not_decide_ends_with_the_tie() -> None:
    ballots = ranked("ABC", {"a": 3, "b": 3, "c": 5})
    rules = Rules(method=Method.STV, names=("A", "B", "C"), seats=2)
    outcome = count(rules, ballots)
    assert outcome.winners == (2,)
    assert outcome.open is not None
    assert outcome.open.tied == (0, 1)
    chaired = Rules(method=Method.STV, names=("A", "B", "C"), seats=2, ties=Ties(TieRule.CHAIR, chair=(1, 0, 2)))
    assert count(chaired, ballots).winners == (2, 1)
    unasked = Rules(method=Method.STV, names=("A", "B", "C"), seats=2, ties=Ties(TieRule.CHAIR))
    assert count(unasked, ballots).open is not None
    drawn = Rules(method=Method.STV, names=("A", "B", "C"), seats=2, ties=Ties(TieRule.DRAWN, "a seed"))
    first = next(option for option in draw("a seed", drawn.names) if option != 2)
    assert count(drawn, ballots).winners == (2, first)


def test_candidates_whom_nobody_named_never_hold_up_a_count() -> None:
    ballots = ranked("ABCDE", {"a": 5, "b": 3})
    outcome = count(Rules(method=Method.STV, names=tuple("ABCDE"), seats=1), ballots)
    assert outcome.winners == (0,)
    ballots = ranked("ABCDE", {"a": 4, "b": 3, "c": 2})
    assert count(Rules(method=Method.RUNOFF, names=tuple("ABCDE")), ballots).winners == (0,)


def test_whoever_withdrew_is_passed_over() -> None:
    ballots = ranked("ABC", {"ab": 5, "cb": 4})
    outcome = count(Rules(method=Method.STV, names=("A", "B", "C"), seats=1, withdrawn=frozenset({0})), ballots)
    assert outcome.rounds[0].votes == (0, 500_000, 400_000)
    assert outcome.winners == (1,)
    assert count(Rules(method=Method.SCHULZE, names=("A", "B", "C"), withdrawn=frozenset({0})), ballots).winners == (1,)


def test_nobody_is_elected_by_no_ballot() -> None:
    nothing: Profile[Ranking] = {(): 7}
    for method in (Method.STV, Method.RUNOFF, Method.SCHULZE):
        outcome = count(Rules(method=method, names=("A", "B"), ties=Ties(TieRule.DRAWN, "x")), nothing)
        assert (outcome.winners, outcome.ballots, outcome.empty) == ((), 0, 7)


def test_approval_counts_all_that_are_named_up_to_a_maximum() -> None:
    ballots: dict[Choice, int] = {frozenset({0, 1}): 3, frozenset({1}): 2, frozenset({2}): 4, frozenset(): 1}
    outcome = count(Rules(method=Method.APPROVAL, names=("A", "B", "C"), seats=2, most=2), ballots)
    assert (outcome.totals, outcome.winners, outcome.ballots, outcome.empty) == ((3, 5, 4), (1, 2), 9, 1)
    try:
        count(Rules(method=Method.APPROVAL, names=("A", "B", "C"), most=1), ballots)
    except ValueError as refused:
        assert str(refused) == "a ballot names 2 options, and 1 are allowed"
    else:
        raise AssertionError("a ballot with too many options was counted")


def test_scores_are_added_up() -> None:
    ballots: dict[Scores, int] = {(5, 0, None): 2, (1, 4, 4): 3, (None, None, None): 1}
    outcome = count(Rules(method=Method.SCORE, names=("A", "B", "C"), top=5), ballots)
    assert (outcome.totals, outcome.ballots, outcome.empty) == ((13, 12, 12), 5, 1)
    assert outcome.winners == (0,)
    assert outcome.levels == ((0,), (1, 2))


def test_majority_judgment_of_the_french_presidential_poll_of_2012() -> None:
    # M. Balinski and R. Laraki, OpinionWay for Terra Nova, April 2012: hundredths of a percent, from "to reject" to
    # "outstanding". Hollande: Good, more above than below; Bayrou: Good, more below; Sarkozy: Acceptable.
    hollande = [1424, 1425, 1479, 1167, 1642, 1615, 1248]
    bayrou = [869, 1194, 2008, 2523, 2171, 977, 258]
    sarkozy = [3175, 787, 1113, 1099, 1628, 1235, 963]
    assert {sum(hollande), sum(bayrou), sum(sarkozy)} == {10_000}
    values = majority_values([hollande, bayrou, sarkozy], 10_000)
    assert [value[0] for value in values] == [3, 3, 2]
    assert values[0] > values[1] > values[2]


def test_majority_judgment_takes_medians_away_one_by_one() -> None:
    # Both have the median 2; without it, A has 1 and B has 2 (lower medians of 1, 3 and of 2, 2).
    ballots: dict[Scores, int] = {(1, 2): 1, (2, 2): 1, (3, 2): 1}
    outcome = count(Rules(method=Method.JUDGMENT, names=("A", "B"), top=3), ballots)
    assert (outcome.totals, outcome.winners) == ((2, 2), (1,))
    assert outcome.grades == ((0, 1, 1, 1), (0, 0, 3, 0))
