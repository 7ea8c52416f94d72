"""What holds for every register, every policy and whatever happens to the rooms."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bridge.mirror.policy import HIGHEST_OFFICE_POWER, Audience
from bridge.mirror.steps import Cause, CreateRoom, Invite, Kind, Remove, SetState
from bridge.mirror.wanted import Strangers
from bridge.places import SPACE, BranchRoom
from party.members import Status
from tests.unit.mirror.homeserver import Homeserver
from tests.unit.mirror.world import BOT, World, account, branch_id, change, empty_homeserver, planned, terms, world

TIERS = ["national", "region", "department", "section"]
NAMES = ["ann", "bob", "cat", "dan", "eve"]
STRANGERS = ["mallory", "@guest:elsewhere.net"]
KINDS = ["announcements", "discussion", "committee"]
QUICK = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@st.composite
def registers(draw: st.DrawFn) -> dict[str, Any]:
    """A tree of up to seven branches, five people somewhere in it, some offices."""
    count = draw(st.integers(1, 7))
    branches: dict[str, Any] = {}
    depths = [0]
    branches["b0"] = {"name": draw(st.sampled_from(["Loire", "{x}", "'", "a/b"])), "tier": TIERS[0]}
    for number in range(1, count):
        above = draw(st.sampled_from([index for index, depth in enumerate(depths) if depth < 3]))
        depths.append(depths[above] + 1)
        branches[f"b{number}"] = {"name": f"Branch {number}", "tier": TIERS[depths[-1]], "under": f"b{above}"}
    parents = {entry["under"] for entry in branches.values() if "under" in entry}
    for slug, entry in branches.items():
        if slug not in parents and slug != "b0" and draw(st.integers(0, 4)) == 0:
            entry["closed"] = True
    slugs = st.sampled_from([slug for slug, entry in branches.items() if "closed" not in entry])
    statuses = st.sampled_from(["member", "member", "member", *Status])
    people = {
        name: {"home": draw(slugs), "status": str(draw(statuses)), "accounts": [name] * draw(st.integers(0, 1))}
        for name in NAMES
    }
    office = st.tuples(st.sampled_from(NAMES), st.sampled_from(["secretary", "treasurer", "delegate"]), slugs)
    offices = [" ".join(held) for held in draw(st.lists(office, max_size=4))]
    return {"tiers": TIERS, "branches": branches, "people": people, "offices": offices}


ROOMS = st.dictionaries(
    st.sampled_from(KINDS),
    st.fixed_dictionaries(
        {
            "name": st.just({"en": "{branch} · {tier}"}),
            "who": st.sampled_from([who.value for who in Audience]),
            "post": st.sampled_from(["everyone", "officers"]),
            "knock": st.booleans(),
            "encrypted": st.booleans(),
        },
        optional={"tiers": st.lists(st.sampled_from(TIERS), unique=True), "topic": st.just({"en": "About {branch}"})},
    ),
)
POLICIES = st.fixed_dictionaries(
    {"rooms": ROOMS, "power": st.dictionaries(st.sampled_from(["secretary", "treasurer"]), st.integers(0, 90))},
    optional={
        "suspended": st.sampled_from(["keep", "mute", "remove"]),
        "join": st.sampled_from(["invite", "admin"]),
        "keep": st.sampled_from([["@mallory:*"], ["*:elsewhere.net"]]),
        "only": st.lists(st.sampled_from(["b1", "b2", "b3"]), max_size=2),
        "space": st.fixed_dictionaries({"knock": st.booleans()}),
        "drift": st.sampled_from(["repair", "report"]),
    },
)
PEOPLE = st.sampled_from([*NAMES, *STRANGERS])
DRIFT = st.fixed_dictionaries(
    {"by": st.sampled_from([*NAMES, *STRANGERS, "bot"])},
    optional={
        "name": st.sampled_from(["Renamed", ""]),
        "topic": st.just("Else"),
        "encrypted": st.just(False),
        "join_rule": st.sampled_from(["public", "invite", "knock"]),
        "allow": st.just(["!elsewhere"]),
        "power": st.fixed_dictionaries(
            {},
            optional={
                "users": st.dictionaries(PEOPLE, st.sampled_from([-1, 50, 99, 100, 150]), max_size=2)
                | st.just({"bot": 60}),
                "invite": st.sampled_from([0, 100, 150]),
                "kick": st.just(101),
                "events": st.sampled_from([{"m.room.name": 0}, {"m.room.tombstone": 150}, {"m.room.topic": 101}]),
            },
        ),
        "children": st.just({"!else": "x"}),
        "parents": st.just({"!else": True}),
        "marker": st.none(),
        "memory": st.sampled_from(["linked", "none", "released"]),
        "people": st.dictionaries(
            PEOPLE,
            st.sampled_from(["joined", "invited", "left", "absent", "removed by ann", "banned by ann"]),
            max_size=3,
        ),
    },
)


@st.composite
def histories(draw: st.DrawFn) -> tuple[World, Homeserver, str]:
    """A world that was mirrored once, another that is wanted now, and rooms that did not stay as they were."""
    version = draw(st.sampled_from(["10", "11", "12"]))
    homeserver = empty_homeserver()
    if draw(st.booleans()):
        before = world({**draw(registers()), "policy": {**draw(POLICIES), "only": []}})
        those = terms(before.policy, version=version)
        homeserver.apply(planned(before, homeserver, those), those)
    now = world({**draw(registers()), "policy": draw(POLICIES)})
    homeserver.accept = draw(st.booleans())
    slugs = {branch.id: branch.slug for branch in now.roster.tree}
    there = [f"{slugs[where.branch_id]}/{where.key}" for where in homeserver.known if where.branch_id in slugs]
    if there:
        for where in draw(st.lists(st.sampled_from(there), max_size=3, unique=True)):
            change(homeserver, where, draw(DRIFT))
    return now, homeserver, version


@QUICK
@given(histories())
def test_a_plan_carried_out_leaves_nothing_to_do(history: tuple[World, Homeserver, str]) -> None:
    now, homeserver, version = history
    those = terms(now.policy, version=version)
    homeserver.apply(planned(now, homeserver, those), those)
    assert planned(now, homeserver, those).steps == ()


@QUICK
@given(histories())
def test_what_is_kept_and_what_the_policy_reports(history: tuple[World, Homeserver, str]) -> None:
    now, homeserver, version = history
    plan = planned(now, homeserver, terms(now.policy, version=version))
    wanted = now.wanted
    for step in plan.steps:
        match step:
            case Remove(place=place, user_id=user):
                assert user != BOT
                assert not now.policy.keeps(user)
                assert place not in wanted.rooms or user not in wanted.rooms[place].members
            case Invite(place=place, user_id=user):
                assert user in wanted.rooms[place].members
            case SetState(place=place, type="m.room.power_levels", content=content):
                found = homeserver.room(homeserver.room_of(place)) if place in homeserver.known else None
                for user, level in content["users"].items():
                    kept = found is not None and level <= found.level(user)
                    assert level <= HIGHEST_OFFICE_POWER or user == BOT or kept
                if found is not None:
                    lowered = [user for user in found.joined if content["users"].get(user, 0) < found.level(user)]
                    assert not [user for user in lowered if now.policy.keeps(user) and user not in found.creators]
        if now.policy.drift == "report" and not isinstance(step, CreateRoom):
            assert getattr(step, "cause", Cause.REGISTER) is Cause.REGISTER
    if now.policy.drift == "repair":
        assert not [finding for finding in plan.findings if finding.kind is Kind.DRIFT]


@QUICK
@given(registers(), POLICIES)
def test_nobody_is_where_they_do_not_belong(register: dict[str, Any], policy: dict[str, Any]) -> None:
    now = world({**register, "policy": policy})
    tree = now.roster.tree
    ties: dict[str, set[str]] = {}
    for person in now.roster.people:
        if person.status in {Status.MEMBER, Status.SUSPENDED}:
            held = {office.branch_id for office in now.roster.offices if office.member_id == person.member_id}
            held = held if person.status is Status.MEMBER else set()
            for user in person.accounts:
                ties[user] = {up.id for branch in {person.branch_id, *held} for up in tree.path(branch)}
    for place, room in now.wanted.rooms.items():
        assert not [user for user in room.members if place.branch_id not in ties.get(user, ())]
        assert all(level <= HIGHEST_OFFICE_POWER for level in room.power.values())
        assert room.power.keys() <= room.members
        assert tree[place.branch_id].open


@QUICK
@given(registers(), POLICIES)
def test_a_rule_lets_nobody_in_who_is_not_wanted(register: dict[str, Any], policy: dict[str, Any]) -> None:
    wanted = world({**register, "policy": policy}).wanted
    for room in wanted.rooms.values():
        for other in room.allow:
            assert other in wanted.rooms, "a rule names a room that does not exist"
            assert wanted.rooms[other].members <= room.members
            assert wanted.rooms[other].strangers is Strangers.NOBODY, "whom an officer let in there may not come here"
        assert room.join_rule != "public" or policy["rooms"][room.place.key]["who"] == "public"
        assert room.parent is None or room.parent in wanted.rooms


@QUICK
@given(registers(), POLICIES, st.sampled_from(["10", "11", "12"]))
def test_a_homeserver_that_forgot_nothing_needs_no_memory(
    register: dict[str, Any], policy: dict[str, Any], version: str
) -> None:
    """The database is of before the rooms were made: their markers alone lead to the same plan, which is empty."""
    now = world({**register, "policy": policy})
    those = terms(now.policy, version=version)
    homeserver = empty_homeserver()
    homeserver.apply(planned(now, homeserver, those), those)
    homeserver.known.clear()
    plan = planned(now, homeserver, those)
    assert (plan.steps, plan.findings) == ((), ())


@pytest.mark.parametrize("version", ["10", "11", "12"])
def test_a_bot_that_is_a_member_too_is_neither_invited_nor_lowered(version: str) -> None:
    register = {
        "tiers": TIERS,
        "branches": {"b0": {"name": "Loire", "tier": "national"}},
        "people": {"robot": {"home": "b0", "accounts": ["bot"]}},
        "offices": ["robot secretary b0"],
        "policy": {"power": {"secretary": 60}},
    }
    now = world(register)
    those = terms(now.policy, version=version)
    homeserver = empty_homeserver()
    homeserver.apply(planned(now, homeserver, those), those)
    assert planned(now, homeserver, those).steps == ()
    space = homeserver.room(homeserver.room_of(BranchRoom(branch_id("b0"), SPACE)))
    assert space.level(account("bot")) >= 100
