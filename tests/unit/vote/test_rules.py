"""Rules that a vote is opened with, as values: kept and read again, counted again, split, put in order."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from fractions import Fraction
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bots.kit.problems import BadValue
from bots.vote import declared, result, units, weights
from bots.vote.counted import Count, count_of
from bots.vote.counting.outcome import Method
from bots.vote.counting.ties import TieRule
from bots.vote.counting.values import kept_choice
from bots.vote.electorate import Elector
from bots.vote.errors import VoteRefused
from bots.vote.majorities import Base, Majority, Quorum
from bots.vote.motion import Result
from bots.vote.plan import Plan, make, plan_of
from bots.vote.preferring import Preferring
from bots.vote.weights import HEAVIEST, Weighing

MOTION: Final = Plan(options=("For", "Against", "Abstain"))
NAMES: Final = ("Ada", "Grace", "Emmy", "Kate", "Mary")
SEED: Final = "5eed"
CALM: Final = settings(deadline=None)
"""However busy the machine is."""

rules = st.sampled_from(list(TieRule))
weighings = st.none() | st.builds(
    Weighing,
    st.none()
    | st.dictionaries(st.text(min_size=1, max_size=8), st.integers(0, HEAVIEST)).map(lambda d: tuple(d.items())),
)
plans = st.builds(
    Plan,
    options=st.just(NAMES),
    method=st.none() | st.sampled_from([Method.PLURALITY, Method.STV, Method.SCHULZE]),
    majority=st.sampled_from([Majority(), Majority(Fraction(2, 3), Base.PRESENT, more=False)]),
    quorum=st.none() | st.builds(Quorum, st.integers(0, 100)),
    ties=rules,
    abstentions=st.booleans(),
    weights=weighings,
)
ballots = st.dictionaries(
    st.sampled_from([kept_choice(frozenset({option})) for option in range(3)]), st.integers(0, 10**9), max_size=3
)
elections = st.dictionaries(
    st.sampled_from([kept_choice(frozenset({option})) for option in range(5)]), st.integers(0, 3), max_size=5
)


def settled(plan: Plan, cast: dict[str, int], *, voted: int | None = None, roll: int = 10**10) -> Count:
    people = sum(cast.values()) if voted is None else voted
    return result.settle(plan, cast, voted=people, roll=roll, weight=roll, seed=SEED)


@CALM
@given(plans)
def test_a_plan_is_kept_whole(plan: Plan) -> None:
    assert plan_of(json.dumps(plan.options), plan.kept()) == plan


@CALM
@given(plans.map(lambda plan: replace(plan, options=MOTION.options, method=None)), ballots)
def test_a_count_is_kept_whole_and_counts_the_same_again(plan: Plan, cast: dict[str, int]) -> None:
    counted = settled(plan, cast)
    assert count_of(counted.kept()) == counted
    assert result.settled(plan, counted) == counted
    assert result.lines(plan, count_of(counted.kept())) == result.lines(plan, counted)


@CALM
@given(rules, ballots)
def test_the_rule_changes_nothing_but_equals(rule: TieRule, cast: dict[str, int]) -> None:
    quo, ruled = settled(MOTION, cast), settled(replace(MOTION, ties=rule), cast)
    equal = cast.get("a", 0) == cast.get("b", 0) > 0
    if not equal:
        assert ruled.result == quo.result
    assert (ruled.result == Result.OPEN) == (equal and rule is TieRule.CHAIR)
    assert bool(result.tied(replace(MOTION, ties=rule), ruled)) == (ruled.result == Result.OPEN)


@CALM
@given(elections, st.integers(1, 4), st.permutations(range(5)))
def test_the_chair_leaves_nothing_open_and_elects_only_the_best(
    cast: dict[str, int], seats: int, preferred: list[int]
) -> None:
    plan = replace(make(NAMES, (), method=Method.PLURALITY, seats=seats), ties=TieRule.CHAIR)
    counted = settled(plan, cast)
    if tied := result.tied(plan, counted):
        assert counted.result == Result.OPEN
        preferring = Preferring((), (), tied)
        while preferring.candidates:
            preferring = preferring.next(next(one for one in preferred if one in preferring.candidates))
        counted = result.settled(plan, replace(counted, chair=tuple(preferring.order)))
    assert result.tied(plan, counted) == ()
    assert len(counted.winners) == (seats if any(cast.values()) else 0)
    votes = [cast.get(kept_choice(frozenset({option})), 0) for option in range(5)]
    if counted.winners:
        assert min(votes[one] for one in counted.winners) >= max(
            (votes[one] for one in range(5) if one not in counted.winners), default=0
        )


@CALM
@given(elections, st.integers(1, 4))
def test_a_chair_who_lapses_leaves_the_status_quo(cast: dict[str, int], seats: int) -> None:
    made = make(NAMES, (), method=Method.PLURALITY, seats=seats)
    chair = replace(made, ties=TieRule.CHAIR)
    assert result.lapsed(chair, settled(chair, cast)).winners == settled(made, cast).winners


@CALM
@given(st.permutations(range(6)), st.sets(st.integers(0, 5), min_size=2), st.sets(st.integers(0, 5), min_size=2))
def test_the_chair_is_asked_for_a_whole_order_and_never_contradicted(
    preferred: list[int], first: set[int], second: set[int]
) -> None:
    known: tuple[int, ...] = ()
    for tied in (first, second):
        preferring, asked = Preferring(known, (), tuple(sorted(tied))), 0
        while preferring.candidates:
            assert len(preferring.candidates) > 1
            preferring = preferring.next(next(one for one in preferred if one in preferring.candidates))
            asked += 1
        assert asked < 6
        known = tuple(preferring.order)
        assert set(tied) <= set(known)
        assert len(known) == len(set(known))
        # Each answer was given by the chair: the whole order is theirs.
        assert list(known) == [one for one in preferred if one in known]


def test_the_commitment_is_what_a_shell_says() -> None:
    seed = declared.new_seed(replace(MOTION, ties=TieRule.DRAWN))
    assert seed is not None
    assert declared.commitment(seed) == hashlib.sha256(seed.encode()).hexdigest()
    assert declared.new_seed(MOTION) is None


def test_a_quorum_counts_people() -> None:
    plan = replace(MOTION, quorum=Quorum(Fraction(1, 2)), weights=Weighing())
    heavy = result.settle(plan, {"a": 1_000_000}, voted=1, roll=4, weight=1_000_003)
    assert heavy.result == Result.INQUORATE
    light = result.settle(plan, {"a": 0}, voted=2, roll=4, weight=1_000_003)
    assert light.result == Result.LOST


def test_present_is_who_was_counted_but_never_fewer_than_voted() -> None:
    plan = replace(MOTION, majority=Majority(Fraction(1, 2), Base.PRESENT))
    for present, said in ((None, Result.CARRIED), (1, Result.CARRIED), (6, Result.LOST)):
        counted = result.settle(plan, {"a": 3}, voted=3, roll=9, weight=9, present=present)
        assert counted.result == said


# -- weights as they are typed

ELECTORS: Final = [Elector("m1", "M0001", "b"), Elector("m2", "M0002", "b"), Elector("m3", "M0030", "b"), Elector("m4", "4", "b")]  # fmt: skip # noqa: E501
CALLED: Final = {"m1": "Anna Rey", "m2": "Bruno", "m3": "Bruno", "m4": "Élise 2"}


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("1=30, 2=20", {"M0001": 30, "M0002": 20}),
        ("M0001: 30; m0030 5", {"M0001": 30, "M0030": 5}),
        ("anna rey 30\n4 = 0", {"M0001": 30, "4": 0}),
        ("ELISE 2 = 7", {"4": 7}),
        (" 30 = 12 ,", {"M0030": 12}),
    ],
)
def test_weights_as_phones_write_them(written: str, found: dict[str, int]) -> None:
    pairs = weights.read_weights(written)
    assert pairs is not None
    assert weights.numbered(pairs, ELECTORS, CALLED) == found


@pytest.mark.parametrize("written", ["register", "Registre", "du registre"])
def test_weights_from_the_register(written: str) -> None:
    assert weights.read_weights(written) is None


@pytest.mark.parametrize(
    "written", ["", "many", "12", "=5", "12=", "12=-5", "12=1.5", "12=99999999999", "Anna=3, Bruno"]
)
def test_what_is_no_weight(written: str) -> None:
    with pytest.raises(BadValue, match="12=30"):
        weights.read_weights(written)


@pytest.mark.parametrize("written", ["Bruno=3", "Zoe=3", "1=3, Anna Rey=4", "0=3"])
def test_whose_weight_is_not_known(written: str) -> None:
    pairs = weights.read_weights(written)
    assert pairs is not None
    with pytest.raises(BadValue):
        weights.numbered(pairs, ELECTORS, CALLED)


@pytest.mark.parametrize("filling", [" ", "= ", "1 ", ", ", "x"])
def test_long_nonsense_is_refused_at_once(filling: str) -> None:
    with pytest.raises(BadValue):
        weights.read_weights("a" + filling * 30_000 + "b")
    with pytest.raises(BadValue):
        units.read_split(MOTION, "1" + filling * 90 + "b", 5)


@CALM
@given(st.text(max_size=60))
def test_whatever_is_typed_as_weights_is_read_or_refused(written: str) -> None:
    try:
        pairs = weights.read_weights(written)
    except BadValue:
        return
    assert pairs is None or all(0 <= weight < 10**9 for _, weight in pairs)


def test_what_all_may_weigh() -> None:
    weights.refused([1_000_000_000], units=False)
    weights.refused([0, 20_000], units=True)
    for heavy, split in (([0, 0], False), ([1_000_000_000, 1], False), ([20_001], True)):
        with pytest.raises(VoteRefused):
            weights.refused(heavy, units=split)


# -- unit ballots


@CALM
@given(
    st.lists(st.tuples(st.integers(0, 2), st.integers(1, 9)), min_size=1, max_size=6),
    st.sampled_from(["x", " x ", "×", "*"]),
)
def test_a_split_gives_every_unit_its_ballot(parts: list[tuple[int, int]], sign: str) -> None:
    written = ", ".join(f"{option + 1}{sign}{count}" for option, count in parts)
    whole = sum(count for _, count in parts)
    assert units.looks_split(written)
    kept = units.read_split(MOTION, written, whole)
    assert kept == [kept_choice(frozenset({option})) for option, count in parts for _ in range(count)]
    for wrong in (whole - 1, whole + 1):
        with pytest.raises(BadValue):
            units.read_split(MOTION, written, wrong)


@CALM
@given(st.text(max_size=60), st.integers(2, 20_000))
def test_whatever_is_typed_as_a_split_is_read_or_refused(written: str, whole: int) -> None:
    try:
        kept = units.read_split(MOTION, written, whole)
    except BadValue:
        return
    assert len(kept) == whole


def test_rankings_are_split_with_semicolons() -> None:
    plan = make(NAMES, (), method=Method.STV, seats=2)
    assert units.read_split(plan, "2 > 1 x2; Emmy, Ada ×1", 3) == ["ba", "ba", "ca"]


@pytest.mark.parametrize(("written", "split"), [("1", False), ("2 > 1", False), ("box 12", False), ("1 x3", True), ("1x3, 2x2", True), ("Max", False)])  # fmt: skip # noqa: E501
def test_what_looks_split(written: str, split: bool) -> None:
    assert units.looks_split(written) is split
