"""Ranked ballots as members type them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bots.kit.problems import BadValue
from bots.vote.counting.typed import read_ranking, said
from bots.vote.counting.values import Ranking, kept_ranking

NAMES = ("Ada", "Grace", "Emmy", "Rosa Luxemburg")
TWELVE = tuple(f"Option {number}" for number in range(1, 13))


@pytest.mark.parametrize(
    ("written", "ranking"),
    [
        ("2 > 1 > 4", ((1,), (0,), (3,))),
        ("2>1>4", ((1,), (0,), (3,))),
        ("bca", ((1,), (2,), (0,))),
        ("BCA", ((1,), (2,), (0,))),
        ("b c a", ((1,), (2,), (0,))),
        ("2,1,4", ((1,), (0,), (3,))),
        ("2 1 4", ((1,), (0,), (3,))),
        ("214", ((1,), (0,), (3,))),
        ("1. 2. 3.", ((0,), (1,), (2,))),
        ("2\n1\n4", ((1,), (0,), (3,))),
        ("2 puis 1", ((1,), (0,))),
        ("2\ufe0f\u20e3 > 1\ufe0f\u20e3", ((1,), (0,))),
        ("1=2 > 3", ((0, 1), (2,))),
        ("3 > 2 = 1", ((2,), (0, 1))),
        ("a=bc", ((0, 1), (2,))),
        ("b>a=c", ((1,), (0, 2))),
        ("1=2=3=4", ((0, 1, 2, 3),)),
        ("Grace > ada", ((1,), (0,))),
        ("Rosa Luxemburg > Emmy", ((3,), (2,))),
        ("rosa, ada", ((3,), (0,))),
        ("ada grace", ((0,), (1,))),
        ("3", ((2,),)),
        ("2 >", ((1,),)),
    ],
)
def test_a_ranking_is_read(written: str, ranking: Ranking) -> None:
    assert read_ranking(written, NAMES) == ranking


@pytest.mark.parametrize(
    ("written", "ranking"),
    [("12 > 1", ((11,), (0,))), ("1 2 12", ((0,), (1,), (11,))), ("bcl", ((1,), (2,), (11,))), ("option 7", ((6,),))],
)
def test_with_ten_options_and_more_a_number_has_several_figures(written: str, ranking: Ranking) -> None:
    assert read_ranking(written, TWELVE) == ranking


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ("", "I see no ranking. Write for example: 2 > 1 > 3"),
        ("5 > 1", "There is no option 5: they go from 1 to 4. Write for example: 2 > 1 > 3"),
        ("1 > 1", "'Ada' stands twice in your ranking."),
        ("aba", "'Ada' stands twice in your ranking."),
        ("xyz", "I do not read 'xyz' as a ranking. Write for example: 2 > 1 > 3"),
        ("Ada > Lise", "I do not read 'Lise' as a ranking. Write for example: 2 > 1 > 3"),
        ("1 == 2", "I do not read '1 == 2' as a ranking. Write for example: 2 > 1 > 3"),
        (">", "I do not read '>' as a ranking. Write for example: 2 > 1 > 3"),
    ],
)
def test_what_is_none_is_answered_with_what_is_wrong(written: str, problem: str) -> None:
    with pytest.raises(BadValue) as refused:
        read_ranking(written, NAMES)
    assert str(refused.value.text) == problem


def test_options_share_a_rank_only_where_the_method_allows_it() -> None:
    with pytest.raises(BadValue) as refused:
        read_ranking("1=2 > 3", NAMES, equal=False)
    assert str(refused.value.text) == "Two options cannot share a rank in this vote. Write for example: 2 > 1 > 3"
    assert read_ranking("1 > 2", NAMES, equal=False) == ((0,), (1,))


def test_an_option_may_be_named_with_any_sign() -> None:
    assert read_ranking("Yes, now", ("Yes, now", "a > b", "No")) == ((0,),)
    assert read_ranking("a > b", ("Yes, now", "a > b", "No")) == ((1,),)


def test_the_example_is_never_longer_than_the_options() -> None:
    for options in (("A",), ("A", "B")):
        with pytest.raises(BadValue) as refused:
            read_ranking("?", options)
        shown = str(refused.value.text).rpartition(": ")[2]
        assert read_ranking(shown, options)


@given(st.integers(1, 26), st.data())
def test_what_is_kept_can_be_typed(options: int, data: st.DataObject) -> None:
    names = [f"Candidate {number}" for number in range(options)]
    order = data.draw(st.permutations(range(options)))
    ranking = tuple((option,) for option in order[: data.draw(st.integers(1, options))])
    assert read_ranking(kept_ranking(ranking), names) == ranking
    assert read_ranking(" > ".join(str(option + 1) for (option,) in ranking), names) == ranking
    assert read_ranking(said(ranking, names), names) == ranking


@given(st.text(max_size=40))
def test_no_text_is_answered_with_anything_else_than_a_ranking_or_a_problem(written: str) -> None:
    try:
        ranking = read_ranking(written, NAMES)
    except BadValue as refused:
        assert str(refused.text)
    else:
        named = [option for group in ranking for option in group]
        assert named
        assert len(set(named)) == len(named)
