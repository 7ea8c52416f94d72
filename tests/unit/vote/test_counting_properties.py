"""What holds of every count, whatever the ballots."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from bots.vote.counting import count as counting
from bots.vote.counting.columns import MOST_WEIGHT, Columns, Table
from bots.vote.counting.count import Rules, count, count_kept, count_rows
from bots.vote.counting.outcome import UNIT, Decider, Method, Outcome
from bots.vote.counting.papers import EqualRanks, Piles
from bots.vote.counting.schulze import pairwise
from bots.vote.counting.ties import TieRule, Ties, draw, lot
from bots.vote.counting.values import (
    LETTERS,
    Choice,
    Kind,
    Ranking,
    Scores,
    choice_of,
    kept_choice,
    kept_ranking,
    kept_scores,
    profile,
    ranking_of,
    scores_of,
    width,
)

OPTIONS = 5
NAMES = tuple("ABCDE")
RANKED = (Method.STV, Method.RUNOFF, Method.SCHULZE)


@st.composite
def strict(draw_: st.DrawFn) -> Ranking:
    order = draw_(st.permutations(range(OPTIONS)))
    return tuple((option,) for option in order[: draw_(st.integers(0, OPTIONS))])


@st.composite
def weak(draw_: st.DrawFn) -> Ranking:
    ranks = draw_(st.lists(st.integers(0, OPTIONS), min_size=OPTIONS, max_size=OPTIONS))
    groups = (tuple(option for option in range(OPTIONS) if ranks[option] == rank) for rank in range(OPTIONS))
    return tuple(group for group in groups if group)


def ballots_of(ranking: st.SearchStrategy[Ranking]) -> st.SearchStrategy[dict[Ranking, int]]:
    return st.dictionaries(ranking, st.integers(0, 30), max_size=12)


DRAWN = Ties(TieRule.DRAWN, "seed")


def rules(method: Method, seats: int = 1, ties: Ties = DRAWN) -> Rules:
    return Rules(method=method, names=NAMES, seats=seats, ties=ties)


def renamed(ranking: Ranking, order: list[int]) -> Ranking:
    return tuple(tuple(sorted(order[option] for option in group)) for group in ranking)


@given(ballots_of(strict()), st.integers(1, 4))
def test_stv_loses_and_makes_no_vote(ballots: dict[Ranking, int], seats: int) -> None:
    outcome = count(rules(Method.STV, seats), ballots)
    before = 0
    for each in outcome.rounds:
        assert min(each.votes) >= 0
        assert sum(each.votes) + each.not_transferable == outcome.ballots * UNIT
        assert each.not_transferable >= before
        before = each.not_transferable
    assert outcome.ballots + outcome.empty == sum(ballots.values())


@given(ballots_of(strict()), st.integers(1, 6))
def test_stv_fills_all_seats_and_whoever_is_elected_keeps_a_quota_or_was_left(
    ballots: dict[Ranking, int], seats: int
) -> None:
    outcome = count(rules(Method.STV, seats), ballots)
    assert len(outcome.winners) == (min(seats, OPTIONS) if outcome.ballots else 0)
    assert len(set(outcome.winners)) == len(outcome.winners)
    assert outcome.quota is not None
    for each in outcome.rounds:
        for option in each.elected:
            assert each.votes[option] >= outcome.quota or each.filled
    assert (seats + 1) * outcome.quota > outcome.ballots * UNIT


@given(ballots_of(strict()), st.permutations(range(OPTIONS)), st.sampled_from(RANKED), st.integers(1, 3))
def test_the_order_in_which_options_are_asked_makes_no_difference(
    ballots: dict[Ranking, int], order: list[int], method: Method, seats: int
) -> None:
    seats = 1 if method is Method.RUNOFF else seats
    names = [""] * OPTIONS
    for option, other in enumerate(order):
        names[other] = NAMES[option]
    here = count(rules(method, seats), ballots)
    there = count(
        replace(rules(method, seats), names=tuple(names)),
        {renamed(ranking, order): weight for ranking, weight in ballots.items()},
    )
    # The lot is by name, so that even ties fall the same way.
    assert [here.names[winner] for winner in here.winners] == [there.names[winner] for winner in there.winners]


@given(ballots_of(weak()))
def test_whoever_beats_every_other_wins_by_schulze(ballots: dict[Ranking, int]) -> None:
    outcome = count(rules(Method.SCHULZE), ballots)
    pairs = outcome.pairs
    best = [a for a in range(OPTIONS) if all(pairs[a][b] > pairs[b][a] for b in range(OPTIONS) if b != a)]
    assume(best)
    assert outcome.levels[0] == tuple(best)
    assert outcome.winners == tuple(best)


@given(ballots_of(weak()), st.data())
def test_raising_the_winner_by_schulze_never_hurts(ballots: dict[Ranking, int], data: st.DataObject) -> None:
    outcome = count(rules(Method.SCHULZE), ballots)
    assume(outcome.ballots)
    winner = outcome.levels[0][0]
    changed = data.draw(st.sampled_from(sorted(ballots)))
    others = tuple(group for group in (tuple(o for o in group if o != winner) for group in changed) if group)
    raised = dict(ballots)
    weight = raised.pop(changed)
    better: Ranking = ((winner,), *others)
    raised[better] = raised.get(better, 0) + weight
    assert winner in count(rules(Method.SCHULZE), raised).levels[0]


@given(ballots_of(weak()))
def test_a_comparison_never_counts_more_than_all_ballots(ballots: dict[Ranking, int]) -> None:
    pairs = pairwise(ballots, OPTIONS)
    for a in range(OPTIONS):
        for b in range(OPTIONS):
            assert pairs[a][b] + pairs[b][a] <= sum(ballots.values())


@given(ballots_of(strict()))
def test_whoever_has_more_than_half_of_the_first_preferences_wins_by_every_method(ballots: dict[Ranking, int]) -> None:
    firsts = [sum(w for r, w in ballots.items() if r and r[0] == (option,)) for option in range(OPTIONS)]
    best = max(range(OPTIONS), key=lambda option: firsts[option])
    assume(2 * firsts[best] > sum(weight for ranking, weight in ballots.items() if ranking))
    for method in RANKED:
        assert count(rules(method), ballots).winners == (best,)


@given(ballots_of(strict()), st.sampled_from([Method.STV, Method.RUNOFF]))
def test_without_a_lot_a_count_goes_the_same_way_until_a_tie_stops_it(
    ballots: dict[Ranking, int], method: Method
) -> None:
    drawn, undrawn = count(rules(method), ballots), count(rules(method, ties=Ties()), ballots)
    if undrawn.open is None:
        # Only the order in which nobodies went out may differ.
        assert undrawn.winners == drawn.winners
    else:
        assert any(tie.decider is Decider.RULE for tie in drawn.ties)
        assert len(undrawn.winners) < 1


def kept(ballots: dict[Any, int], text: Any, *, filled: bool = False) -> list[tuple[str, int]]:
    """As storage gives them: a line for each ballot of a weight, filled up or not."""
    chunks: dict[int, list[str]] = {}
    for ballot, weight in ballots.items():
        chunks.setdefault(weight, []).append(text(ballot).ljust(9 if filled else 0))
    return [("\n".join(lines), weight) for weight, lines in chunks.items()]


@given(ballots_of(strict()), st.sampled_from(RANKED), st.integers(1, 3), st.booleans())
@settings(max_examples=200)
def test_columns_count_as_piles_do(ballots: dict[Ranking, int], method: Method, seats: int, filled: bool) -> None:
    seats = 1 if method is Method.RUNOFF else seats
    rule = rules(method, seats)
    chunks = kept(ballots, kept_ranking, filled=filled)
    table = Table.read(chunks, OPTIONS)
    if method is Method.SCHULZE:
        assert table.pairwise() == pairwise(ballots, OPTIONS)
        assert table.weight == sum(ballots.values())
    else:
        piles, columns = Piles(ballots, OPTIONS, range(1, OPTIONS)), Columns(table, range(1, OPTIONS))
        assert (columns.size, columns.empty, columns.first()) == (piles.size, piles.empty, piles.first())
    assert by_columns(rule, chunks) == count_kept(rule, chunks) == count(rule, ballots)
    rows = [(kept_ranking(ranking), weight) for ranking, weight in ballots.items()]
    assert count_rows(rule, rows) == count(rule, ballots)


def by_columns(rule: Rules, chunks: list[tuple[str, int]]) -> Outcome:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(counting, "MANY", 0)
        return count_kept(rule, chunks)


@given(ballots_of(weak()))
def test_columns_compare_equal_ranks_as_piles_do(ballots: dict[Ranking, int]) -> None:
    rule = rules(Method.SCHULZE)
    chunks = kept(ballots, kept_ranking)
    assert by_columns(rule, chunks) == count_kept(rule, chunks) == count(rule, ballots)
    if any(len(group) > 1 for ranking in ballots for group in ranking):
        with pytest.raises(EqualRanks):
            by_columns(rules(Method.STV), chunks)
        with pytest.raises(EqualRanks):
            count(rules(Method.STV), ballots)


def test_weights_beyond_what_columns_hold_are_counted_all_the_same() -> None:
    huge = MOST_WEIGHT + 1
    ballots: dict[Ranking, int] = {((0,), (1,)): huge, ((1,),): 2 * huge, ((2,), (0,)): 5}
    rule = rules(Method.STV, 2)
    chunks = kept(ballots, kept_ranking)
    assert by_columns(rule, chunks) == count(rule, ballots)
    with pytest.raises(OverflowError):
        Columns(Table.read(chunks, OPTIONS), range(OPTIONS))


@pytest.mark.parametrize("method", RANKED)
def test_columns_pass_over_whoever_withdrew(method: Method) -> None:
    ballots: dict[Ranking, int] = {((0,), (1,)): 5, ((2,), (1,)): 4, ((0,),): 3, ((3,), (0,), (2,)): 2}
    rule = replace(rules(method), withdrawn=frozenset({0}))
    outcome = by_columns(rule, kept(ballots, kept_ranking))
    assert outcome == count(rule, ballots)
    assert (outcome.winners, outcome.empty) == ((2,), 3)


@given(st.integers(1, 62), st.data())
def test_a_ballot_is_read_as_it_was_kept(options: int, data: st.DataObject) -> None:
    order = data.draw(st.permutations(range(options)))
    ranking: Ranking = tuple((option,) for option in order)
    assert ranking_of(kept_ranking(ranking).ljust(width(Kind.RANKING, options))) == ranking
    choice: Choice = frozenset(order[: data.draw(st.integers(0, options))])
    assert choice_of(kept_choice(choice).ljust(width(Kind.CHOICE, options))) == choice
    scores: Scores = tuple(data.draw(st.none() | st.integers(0, 100)) for _ in range(options))
    assert scores_of(kept_scores(scores).ljust(width(Kind.SCORES, options, 100))) == scores


@given(weak())
def test_a_ranking_with_equal_ranks_is_read_as_it_was_kept(ranking: Ranking) -> None:
    assert len(kept_ranking(ranking)) <= width(Kind.RANKING, OPTIONS)
    assert ranking_of(kept_ranking(ranking).ljust(width(Kind.RANKING, OPTIONS))) == ranking


def test_kept_ballots_are_what_people_type() -> None:
    assert kept_ranking(((1,), (2,), (0,))) == "bca"
    assert kept_ranking(((0, 1), (2,))) == "a=bc"
    assert kept_choice(frozenset({2, 0})) == "ac"
    assert kept_scores((5, None, 10)) == "5,,10"
    assert profile(ranking_of, [("ab ", 2), ("ab ", 1), ("   ", 4)]) == {((0,), (1,)): 3, (): 4}


@pytest.mark.parametrize("broken", ["aa", "a=", "=a", "a==b", "a?"])
def test_what_is_no_ranking_is_refused(broken: str) -> None:
    with pytest.raises(ValueError, match=r"ballot|equality"):
        ranking_of(broken)
    with pytest.raises(ValueError, match=r"ballot|equality"):
        Table.read([(broken, 1)], 3)


@pytest.mark.parametrize("broken", ["a b", "d", "abca", "é", "b\nab\naba", " a"])
def test_a_table_refuses_what_is_no_ballot(broken: str) -> None:
    with pytest.raises(ValueError, match="ballot"):
        Table.read([(broken, 1)], 3)


def test_there_are_letters_for_62_options() -> None:
    assert len(set(LETTERS)) == 62
    with pytest.raises(ValueError, match="from 1 to 62"):
        width(Kind.CHOICE, 63)


def test_the_lot_can_be_drawn_again_by_anybody() -> None:
    # printf 'kunveno\nAda' | sha256sum
    assert lot("kunveno", "Ada") == "c7f1e953bcc1ed1077be7cc4618d46d8e29775696d6828f29ab40d82a8a6b050"
    names = ("Ada", "Grace", "Emmy")
    order = draw("kunveno", names)
    assert [lot("kunveno", names[option]) for option in order] == sorted(lot("kunveno", name) for name in names)
    assert {draw(str(seed), names) for seed in range(60)} == {
        (0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0)
    }  # fmt: skip


def test_the_rule_of_the_chair_needs_all_who_are_tied() -> None:
    assert Ties(TieRule.CHAIR, chair=(2, 0)).order((0, 2), NAMES) == (2, 0)
    assert Ties(TieRule.CHAIR, chair=(2, 0)).order((0, 1), NAMES) is None
    assert Ties().order((0, 1), NAMES) is None
