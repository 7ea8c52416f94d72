"""Mandates that are split, and votes of many branches counted in every way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bots.vote.apportion import Apportionment, split
from bots.vote.assembly import By, Decision, Part, decide_election, decide_motion, has
from bots.vote.counting.count import Rules as CountRules
from bots.vote.counting.count import count
from bots.vote.counting.outcome import Method
from bots.vote.counting.values import READ, profile
from bots.vote.majorities import Majority, Quorum, read_majority
from bots.vote.motion import Rules

REMAINDER, DHONDT = Apportionment.REMAINDER, Apportionment.DHONDT


@pytest.mark.parametrize(
    ("mandates", "votes", "rule", "expected"),
    [
        # The textbook example of both: 100,000, 80,000, 30,000, 20,000 votes and 8 seats.
        (8, (100_000, 80_000, 30_000, 20_000), DHONDT, (4, 3, 1, 0)),
        (8, (100_000, 80_000, 30_000, 20_000), REMAINDER, (3, 3, 1, 1)),
        # Largest remainder with 10 seats and 47, 16, 15.8, 12, 6.1, 3.1 thousand votes.
        (10, (47_000, 16_000, 15_800, 12_000, 6_100, 3_100), REMAINDER, (5, 2, 1, 1, 1, 0)),
        (10, (47_000, 16_000, 15_800, 12_000, 6_100, 3_100), DHONDT, (5, 2, 2, 1, 0, 0)),
        (1, (5, 5), REMAINDER, (0, 0)),
        (1, (5, 5), DHONDT, (0, 0)),
        (2, (5, 5), REMAINDER, (1, 1)),
        (3, (5, 5), DHONDT, (1, 1)),
        (3, (0, 0), REMAINDER, (0, 0)),
        (0, (3, 1), DHONDT, (0, 0)),
        (5, (7, 0, 0), REMAINDER, (5, 0, 0)),
    ],
)
def test_how_mandates_are_split(
    mandates: int, votes: tuple[int, ...], rule: Apportionment, expected: tuple[int, ...]
) -> None:
    assert split(mandates, votes, rule) == expected


@given(
    st.integers(0, 200),
    st.lists(st.integers(0, 10_000), min_size=2, max_size=6),
    st.sampled_from(Apportionment),
    st.randoms(use_true_random=False),
)
def test_splitting_is_fair_to_all(mandates: int, votes: list[int], rule: Apportionment, chance: object) -> None:
    given_ = split(mandates, votes, rule)
    assert all(number >= 0 for number in given_)
    assert sum(given_) <= mandates
    # Fewer than there are options with equal claims stay with nobody.
    assert mandates - sum(given_) < len(votes) or not sum(votes)
    for one, mine in zip(votes, given_, strict=True):
        for other, theirs in zip(votes, given_, strict=True):
            assert one < other or mine >= theirs or one == other
            assert one != other or mine == theirs
    order = list(range(len(votes)))
    chance.shuffle(order)  # type: ignore[attr-defined]
    assert split(mandates, [votes[at] for at in order], rule) == tuple(given_[at] for at in order)


@given(st.integers(1, 100), st.lists(st.integers(0, 10_000), min_size=2, max_size=6))
def test_the_largest_remainder_keeps_the_quota(mandates: int, votes: list[int]) -> None:
    total = sum(votes)
    if total:
        for votes_, number in zip(votes, split(mandates, votes, REMAINDER), strict=True):
            assert mandates * votes_ // total <= number <= -(-mandates * votes_ // total)


def motion(
    parts: Mapping[str, tuple[int, int, int]],
    by: By,
    *,
    majority: Majority | None = None,
    quorum: Quorum | None = None,
    mandates: Mapping[str, int] | None = None,
    roll: int = 1000,
) -> Decision:
    made = [
        Part(
            branch_id=name,
            ballots={"a": votes[0], "b": votes[1], "c": votes[2]},
            mandates=(mandates or {}).get(name, 1),
        )
        for name, votes in parts.items()
    ]
    rules = Rules(majority=majority or Majority(), quorum=quorum)
    return decide_motion(rules, by, made, options=3, roll=roll, how=REMAINDER)


# Two large branches are for it, three small ones against.
SPLIT: Mapping[str, tuple[int, int, int]] = {
    "lyon": (60, 40, 5),
    "nantes": (55, 45, 0),
    "givors": (3, 5, 0),
    "brest": (2, 6, 1),
    "quimper": (4, 5, 0),
    "morlaix": (2, 2, 0),
    "vannes": (0, 0, 0),
}


def test_all_measures_stand_side_by_side() -> None:
    heads, branches, mandates = motion(SPLIT, By.HEADS).measures
    assert (heads.by, heads.totals, heads.result) == (By.HEADS, (126, 103, 6), "carried")
    assert (branches.by, branches.totals, branches.without, branches.result) == (By.BRANCHES, (2, 3, 0), 2, "lost")
    assert (mandates.by, mandates.totals, mandates.without) == (By.MANDATES, (2, 3, 0), 2)


@pytest.mark.parametrize(
    ("by", "result"),
    [(By.HEADS, "carried"), (By.BRANCHES, "lost"), (By.MANDATES, "lost"), (By.DOUBLE, "lost")],
)
def test_the_declared_one_decides(by: By, result: str) -> None:
    assert motion(SPLIT, by).result == result


def test_a_double_majority_takes_both() -> None:
    both = {"lyon": (3, 2, 0), "givors": (2, 1, 0)}
    assert motion(both, By.DOUBLE).result == "carried"
    heads_against = {"lyon": (1, 9, 0), "givors": (2, 1, 0), "brest": (2, 1, 0)}
    assert motion(heads_against, By.BRANCHES).result == "carried"
    assert motion(heads_against, By.DOUBLE).result == "lost"


def test_mandates_follow_the_votes_of_each_branch() -> None:
    decision = motion({"lyon": (60, 40, 0), "givors": (1, 9, 0)}, By.MANDATES, mandates={"lyon": 5, "givors": 10})
    assert decision.measures[2].totals == (4, 11, 0)
    assert decision.result == "lost"


def test_a_majority_is_asked_of_the_declared_measure() -> None:
    two_thirds = read_majority("2/3")
    assert (
        motion({"a": (9, 1, 0), "b": (1, 2, 0), "c": (1, 0, 0)}, By.BRANCHES, majority=two_thirds).result == "carried"
    )
    assert motion({"a": (9, 1, 0), "b": (1, 2, 0)}, By.BRANCHES, majority=two_thirds).result == "lost"
    of_roll = read_majority("absolute of roll")
    silent = {"a": (1, 0, 0), "b": (1, 0, 0), "c": (0, 0, 0), "d": (0, 0, 0)}
    assert motion(silent, By.BRANCHES, majority=of_roll).result == "lost"


def test_the_quorum_is_one_of_heads() -> None:
    decision = motion(SPLIT, By.BRANCHES, quorum=Quorum(300))
    assert decision.result == "inquorate"
    assert decision.measures[0].result == "inquorate"
    assert decision.measures[1].result == "lost"


def election(by: By, parts: Sequence[Mapping[str, int]], method: Method = Method.PLURALITY) -> Decision:
    rules = CountRules(method=method, names=("Ada", "Bea", "Cyd"), top=5)
    whole: dict[str, int] = {}
    for part in parts:
        for kept, number in part.items():
            whole[kept] = whole.get(kept, 0) + number
    outcome = count(rules, profile(READ[method.ballots], whole.items()))
    made = [Part(branch_id=str(at), ballots=part, mandates=3) for at, part in enumerate(parts)]
    return decide_election(rules, by, made, outcome.winners, outcome.totals, REMAINDER)


def test_an_election_by_branches() -> None:
    parts = [{"a": 90, "b": 10}, {"b": 2, "c": 1}, {"b": 2}]
    assert election(By.HEADS, parts).winners == (0,)
    assert election(By.BRANCHES, parts).winners == (1,)
    assert election(By.DOUBLE, parts).winners == ()
    mandates = election(By.MANDATES, parts)
    assert (mandates.measures[2].totals, mandates.winners) == ((3, 5, 1), (1,))


def test_rankings_have_voices_and_no_mandates() -> None:
    parts = [{"abc": 9}, {"bca": 2, "cba": 1}, {"bac": 1}]
    decision = election(By.BRANCHES, parts, Method.SCHULZE)
    assert [measure.by for measure in decision.measures] == [By.HEADS, By.BRANCHES]
    assert decision.winners == (1,)
    assert not has(By.MANDATES, method=Method.SCHULZE, seats=1)
    assert not has(By.BRANCHES, method=Method.STV, seats=3)
    assert has(By.HEADS, method=Method.STV, seats=3)


@given(st.lists(st.tuples(*[st.integers(0, 30)] * 3), min_size=1, max_size=8))
def test_measures_add_up(branches: list[tuple[int, int, int]]) -> None:
    parts = {str(at): votes for at, votes in enumerate(branches)}
    heads, voices, mandates = motion(parts, By.HEADS, mandates=dict.fromkeys(parts, 7)).measures
    assert heads.totals == tuple(sum(votes[option] for votes in branches) for option in range(3))
    assert sum(voices.totals) + voices.without == len(branches)
    assert sum(mandates.totals) + mandates.without == 7 * len(branches)
