"""Motions: what each majority asks for, and the sentence that says how it went."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bots.kit.problems import BadValue
from bots.vote.counting.ties import TieRule
from bots.vote.majorities import HALF, SIMPLE, Base, Majority, Quorum, read_majority, read_quorum, shown
from bots.vote.motion import Result, Rules, Votes, decide, votes_of


def votes(in_favour: int, against: int, abstained: int = 0, roll: int = 112, present: int | None = None) -> Votes:
    return Votes(in_favour=in_favour, against=against, abstained=abstained, roll=roll, present=present)


def test_the_verdict_names_each_test() -> None:
    verdict = decide(Rules(majority=Majority(Fraction(2, 3), more=False), quorum=Quorum(HALF)), votes(41, 17, 3))
    assert str(verdict.sentence) == (
        "Quorum 50 %: 61 of 112 voted, reached. Majority 2/3 of 58 cast: 39 needed, 41 for: carried."
    )
    assert str(verdict.abstentions) == "3 abstentions, not counted among the votes cast."


SAID = [
    ("simple", (29, 8), "Simple majority: 29 for, 8 against: carried."),
    ("simple", (8, 29), "Simple majority: 8 for, 29 against: lost."),
    ("simple", (0, 0), "Simple majority: 0 for, 0 against: lost."),
    ("absolute", (29, 29), "Absolute majority of 58 cast: 30 needed, 29 for: lost."),
    ("absolute", (30, 29), "Absolute majority of 59 cast: 30 needed, 30 for: carried."),
    ("absolute of present", (30, 25, 5), "Absolute majority of 60 present: 31 needed, 30 for: lost."),
    ("absolute of present", (31, 25, 4), "Absolute majority of 60 present: 31 needed, 31 for: carried."),
    ("absolute of roll", (57, 3), "Absolute majority of 112 on the roll: 57 needed, 57 for: carried."),
    ("absolute of roll", (56, 3), "Absolute majority of 112 on the roll: 57 needed, 56 for: lost."),
    ("2/3", (38, 20), "Majority 2/3 of 58 cast: 39 needed, 38 for: lost."),
    ("2/3", (40, 20), "Majority 2/3 of 60 cast: 40 needed, 40 for: carried."),
    ("3/5", (36, 24), "Majority 3/5 of 60 cast: 36 needed, 36 for: carried."),
    ("4/5", (47, 13), "Majority 4/5 of 60 cast: 48 needed, 47 for: lost."),
    ("55 %", (55, 45), "Majority 55 % of 100 cast: 55 needed, 55 for: carried."),
    ("7/13", (7, 6), "Majority 7/13 of 13 cast: 7 needed, 7 for: carried."),
    ("unanimous", (59, 1), "Majority 1 of 60 cast: 60 needed, 59 for: lost."),
    ("3/5 of roll", (68, 0), "Majority 3/5 of 112 on the roll: 68 needed, 68 for: carried."),
]


@pytest.mark.parametrize(("majority", "cast", "sentence"), SAID)
def test_each_majority_is_said(majority: str, cast: tuple[int, ...], sentence: str) -> None:
    verdict = decide(Rules(majority=read_majority(majority)), votes(*cast))
    assert str(verdict.sentence) == sentence


def test_abstentions_count_where_the_rule_says_so() -> None:
    rules = Rules(majority=read_majority("absolute"), abstentions=True)
    verdict = decide(rules, votes(30, 20, 10))
    assert str(verdict.sentence) == "Absolute majority of 60 cast: 31 needed, 30 for: lost."
    assert str(verdict.abstentions) == "10 abstentions, counted among the votes cast."
    assert decide(Rules(majority=read_majority("absolute")), votes(30, 20, 10)).result is Result.CARRIED
    # More for than against is all that a simple majority looks at.
    assert decide(Rules(abstentions=True), votes(3, 2, 10)).result is Result.CARRIED


def test_whoever_was_counted_in_the_room_is_present() -> None:
    rules = Rules(majority=read_majority("absolute of present"))
    assert decide(rules, votes(30, 10, 0, present=60)).result is Result.LOST
    assert decide(rules, votes(31, 10, 0, present=60)).result is Result.CARRIED


@pytest.mark.parametrize(
    ("quorum", "voted", "sentence"),
    [
        ("50 %", 55, "Quorum 50 %: 55 of 112 voted, 56 needed: not reached. Nothing is decided."),
        ("1/3", 37, "Quorum 1/3: 37 of 112 voted, 38 needed: not reached. Nothing is decided."),
        ("25", 24, "Quorum 25: 24 of 112 voted, 25 needed: not reached. Nothing is decided."),
        ("25", 25, "Quorum 25: 25 of 112 voted, reached. Simple majority: 25 for, 0 against: carried."),
    ],
)
def test_without_a_quorum_nothing_is_decided(quorum: str, voted: int, sentence: str) -> None:
    verdict = decide(Rules(quorum=read_quorum(quorum)), votes(voted, 0))
    assert str(verdict.sentence) == sentence
    assert verdict.result is (Result.CARRIED if "reached. Simple" in sentence else Result.INQUORATE)


@pytest.mark.parametrize(
    ("rule", "chair", "result", "sentence"),
    [
        (TieRule.STATUS_QUO, None, Result.LOST, "Equal, 5 for and 5 against. All stays as it is: lost."),
        (TieRule.CHAIR, None, Result.OPEN, "Equal, 5 for and 5 against. The chair has to decide."),
        (TieRule.CHAIR, True, Result.CARRIED, "Equal, 5 for and 5 against. The chair decided: carried."),
        (TieRule.CHAIR, False, Result.LOST, "Equal, 5 for and 5 against. The chair decided: lost."),
    ],
)
def test_equal_votes_follow_the_rule(rule: TieRule, chair: bool | None, result: Result, sentence: str) -> None:
    verdict = decide(Rules(ties=rule), votes(5, 5, 2), chair=chair)
    assert (verdict.result, str(verdict.sentence)) == (result, sentence)


def test_a_lot_falls_on_both_sides_and_always_on_the_same_for_a_seed() -> None:
    fallen = {seed: decide(Rules(ties=TieRule.DRAWN, seed=str(seed)), votes(5, 5)) for seed in range(20)}
    assert {verdict.result for verdict in fallen.values()} == {Result.CARRIED, Result.LOST}
    # printf '0\nfor' | sha256sum; printf '0\nagainst' | sha256sum
    first = fallen[0]
    assert str(first.sentence) == f"Equal, 5 for and 5 against. By lot, seed 0: {first.result}."


def test_votes_are_taken_from_ballots_and_all_else_abstains() -> None:
    ballots = {frozenset({0}): 4, frozenset({1}): 3, frozenset({2}): 2, frozenset[int](): 1}
    assert votes_of(ballots, roll=20) == Votes(in_favour=4, against=3, abstained=3, roll=20)
    with pytest.raises(ValueError, match="for a motion and against"):
        votes_of({frozenset({0, 1}): 1})


shares = st.fractions(min_value=Fraction(1, 1000), max_value=1)


@given(shares, st.integers(0, 10**6), st.booleans())
def test_what_is_needed_is_the_least_that_is_enough(share: Fraction, base: int, more: bool) -> None:
    needed = Majority(share, more=more).needed(base)
    enough = needed > share * base if more else needed >= share * base
    assert enough
    less = needed - 1
    assert needed == 1 or not (less > share * base if more else less >= share * base)


@given(st.integers(0, 500), st.integers(0, 500), st.integers(0, 500), st.sampled_from(Base), shares, st.booleans())
def test_one_more_for_it_never_loses_a_motion(
    in_favour: int, against: int, abstained: int, base: Base, share: Fraction, counted: bool
) -> None:
    rules = Rules(majority=Majority(share, base, more=False), abstentions=counted)
    before = decide(rules, votes(in_favour, against, abstained, roll=2000))
    after = decide(rules, votes(in_favour + 1, against, abstained, roll=2000))
    assert before.result is not Result.CARRIED or after.result is Result.CARRIED


@pytest.mark.parametrize(
    ("written", "majority"),
    [
        ("simple", SIMPLE),
        ("Absolute", Majority(HALF)),
        ("absolue des inscrits", Majority(HALF, Base.ROLL)),
        ("absolue des présents", Majority(HALF, Base.PRESENT)),
        ("absolue des suffrages exprimés", Majority(HALF)),
        ("deux tiers", Majority(Fraction(2, 3), more=False)),
        ("3 / 5 of the present", Majority(Fraction(3, 5), Base.PRESENT, more=False)),
        ("66,6 %", Majority(Fraction(333, 500), more=False)),
        ("50%", Majority(HALF)),
        ("majorité absolue des inscrits", Majority(HALF, Base.ROLL)),
        ("majorité des deux tiers", Majority(Fraction(2, 3), more=False)),
        ("Simple majority", SIMPLE),
        ("3/5 des membres", Majority(Fraction(3, 5), Base.ROLL, more=False)),
    ],
)
def test_majorities_are_read(written: str, majority: Majority) -> None:
    assert read_majority(written) == majority


@pytest.mark.parametrize("written", ["most", "3/2", "0 %", "2/0", "simple of roll", "2/3 of friends", ""])
def test_what_is_no_majority_is_answered_with_examples(written: str) -> None:
    with pytest.raises(BadValue, match=r"Write for example: simple, absolute, 2/3, or absolute of roll"):
        read_majority(written)


@pytest.mark.parametrize("written", ["half", "3/2", "-4", ""])
def test_what_is_no_quorum_is_answered_with_examples(written: str) -> None:
    with pytest.raises(BadValue, match=r"Write for example: 50 %, 1/3, or 25"):
        read_quorum(written)


def test_shares_are_said_as_people_write_them() -> None:
    assert [shown(Fraction(share)) for share in ("1/2", "2/3", "3/5", "4/5", "11/20", "1/4", "7/13", "1")] == [
        "50 %", "2/3", "3/5", "4/5", "55 %", "1/4", "7/13", "1"
    ]  # fmt: skip
