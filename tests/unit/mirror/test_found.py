"""Reading rooms that strangers wrote into: anything is read, and what has the wrong shape counts as absent."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.matrix.rooms import Known, Origin
from bridge.mirror.describe import Describer
from bridge.mirror.found import MARKER, STATE_TYPES, Departure, Found, FoundRoom, Gone, room_from_state
from bridge.mirror.locate import locate
from bridge.mirror.plan import plan
from tests.unit.mirror.world import BOT, ORGANISATION, branch_id, place, terms, world

ROOM = "!room"
WORLD = world(
    {
        "tiers": ["national"],
        "branches": {"loire": {"name": "Loire", "tier": "national"}},
        "people": {"ann": {"home": "loire"}},
        "offices": ["ann secretary loire"],
        "policy": {"power": {"secretary": 60}},
    }
)


def event(kind: str, content: object, key: str = "", sender: str = "@mallory:example.org") -> dict[str, Any]:
    return {"type": kind, "state_key": key, "content": content, "sender": sender}


def room(*events: Mapping[str, Any]) -> FoundRoom:
    return room_from_state(ROOM, events, BOT)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param({"name": {"html": "<b>"}}, id="a mapping"),
        pytest.param({"name": 5}, id="a number"),
        pytest.param({"name": None}, id="null"),
        pytest.param({}, id="nothing"),
        pytest.param([], id="no mapping at all"),
        pytest.param("text", id="text"),
    ],
)
def test_a_name_that_is_no_text_is_no_name(content: object) -> None:
    assert room(event("m.room.name", content)).name == ""


@pytest.mark.parametrize("content", [{}, {"via": []}, {"via": "example.org"}, {"via": [5]}, {"via": {}}, None])
def test_children_and_parents_without_servers_are_not_hung(content: object) -> None:
    found = room(event("m.space.child", content, "!child"), event("m.space.parent", content, "!parent"))
    assert not found.children
    assert not found.parents
    assert found.foreign["m.space.child", "!child"] == "@mallory:example.org"


def test_the_order_of_a_child_is_text() -> None:
    assert room(event("m.space.child", {"via": ["x"], "order": 5}, "!child")).children == {"!child": ""}


@pytest.mark.parametrize("content", [{}, {"membership": None}, {"membership": ["join"]}, {"membership": "here"}, 5])
def test_a_membership_that_is_none_is_nobody(content: object) -> None:
    found = room(event("m.room.member", content, "@ann:example.org"))
    assert (found.joined, found.invited, found.gone) == (frozenset(), frozenset(), {})


def test_who_went_and_how() -> None:
    found = room(
        event("m.room.member", {"membership": "leave"}, "@ann:x", "@ann:x"),
        event("m.room.member", {"membership": "leave"}, "@bob:x", "@ann:x"),
        event("m.room.member", {"membership": "ban"}, "@cat:x", "@ann:x"),
        event("m.room.member", {"membership": "knock"}, "@dan:x", "@dan:x"),
    )
    assert found.gone == {
        "@ann:x": Departure(Gone.LEFT, "@ann:x"),
        "@bob:x": Departure(Gone.REMOVED, "@ann:x"),
        "@cat:x": Departure(Gone.BANNED, "@ann:x"),
    }


@pytest.mark.parametrize("allow", [None, "!a", 5, {"room_id": "!a"}, [5, "!a", {}, {"type": "m.room_membership"}]])
def test_an_entrance_that_is_none_lets_nobody_in(allow: object) -> None:
    found = room(event("m.room.join_rules", {"join_rule": "restricted", "allow": allow}))
    assert (found.join_rule, found.allow) == ("restricted", frozenset())


def test_without_a_rule_a_room_is_entered_by_invitation() -> None:
    assert room().join_rule == "invite"
    assert room(event("m.room.join_rules", {"join_rule": ["public"]})).join_rule == "invite"


@pytest.mark.parametrize(
    ("level", "number"),
    [
        (50, 50),
        ("50", 50),
        (" +50 ", 50),
        ("-1", -1),
        ("++5", None),
        ("1_0", None),
        ("\N{ARABIC-INDIC DIGIT FIVE}", None),
        ("9" * 5000, None),
        (10**400, None),
        (True, None),
        (50.5, None),
        (float("nan"), None),
        (None, None),
        ([50], None),
        ({"level": 50}, None),
    ],
)
def test_power_levels_are_whole_numbers(level: object, number: int | None) -> None:
    content = {"users": {"@ann:x": level}, "events": {"m.room.name": level}, "kick": level, "users_default": 7}
    found = room(event("m.room.power_levels", content))
    assert found.level("@ann:x") == (7 if number is None else number)
    assert found.needed("m.room.name") == (50 if number is None else number)
    assert found.needed_to("kick") == (50 if number is None else number)


@pytest.mark.parametrize("users", [None, [], "@ann:x", 5, {"@ann:x": {}}])
def test_power_levels_without_users(users: object) -> None:
    found = room(event("m.room.power_levels", {"users": users, "events": users, "state_default": 40}))
    assert found.level("@ann:x") == 0
    assert found.needed("m.room.name") == 40


def test_without_power_levels_only_the_creator_has_power() -> None:
    found = room(event("m.room.create", {"room_version": "10"}))
    assert found.level("@mallory:example.org") == 100
    assert found.level(BOT) == 0
    assert found.needed("m.room.name") == 0


def test_from_version_12_creators_stand_above_all() -> None:
    content = {"room_version": "12", "additional_creators": ["@ann:x", 5]}
    found = room(event("m.room.create", content), event("m.room.power_levels", {"users": {}}))
    assert found.level("@ann:x") == found.level("@mallory:example.org") == float("inf")
    assert found.level("@bob:x") == 0


@pytest.mark.parametrize("version", [None, 12, ["12"], {}, "", "1" * 5000])
def test_a_version_that_is_none_is_the_first(version: object) -> None:
    found = room(event("m.room.create", {"room_version": version}))
    assert found.version == "1"
    assert not found.creators_above_all


@pytest.mark.parametrize("content", [{}, {"algorithm": None}, {"algorithm": {}}, {"algorithm": ""}])
def test_encryption_without_an_algorithm_is_none(content: object) -> None:
    assert not room(event("m.room.encryption", content)).encrypted


@pytest.mark.parametrize("content", [{}, {"replacement_room": 5}, {"replacement_room": ""}])
def test_a_tombstone_that_leads_nowhere_is_none(content: object) -> None:
    assert room(event("m.room.tombstone", content)).tombstone is None


@pytest.mark.parametrize("branch", [None, 5, {}, ["x"]])
def test_a_marker_that_is_none(branch: object) -> None:
    assert room(event(MARKER, {"organisation": ORGANISATION, "branch": branch, "key": "space"})).marker is None


def test_state_of_another_key_is_not_the_room_s() -> None:
    assert room(event("m.room.name", {"name": "X"}, "@mallory:example.org")).name == ""


FAMILIAR = [
    "join",
    "ban",
    "public",
    "restricted",
    "100",
    "12",
    "",
    ORGANISATION,
    branch_id("loire"),
    "space",
    BOT,
    "!a",
]
SCALARS = st.sampled_from([None, True, 0, -1, 100, 2**70, 0.5, *FAMILIAR, "\ud800", "\n"]) | st.text(max_size=4)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
    max_leaves=3,
)
LEVELS = st.dictionaries(
    st.sampled_from([BOT, "@ann:example.org", "@mallory:example.org", "m.room.name", "\ud800"]), SCALARS
)
WORDS = {
    "m.room.history_visibility": ("history_visibility",),
    "m.room.guest_access": ("guest_access",),
    "m.room.create": ("room_version", "additional_creators"),
    "m.room.name": ("name",),
    "m.room.topic": ("topic",),
    "m.room.encryption": ("algorithm",),
    "m.room.join_rules": ("join_rule", "allow"),
    "m.room.power_levels": ("users", "events", "notifications", "users_default", "events_default", "kick", "\ud800"),
    "m.room.member": ("membership",),
    "m.room.tombstone": ("replacement_room",),
    "m.space.child": ("via", "order"),
    "m.space.parent": ("via", "canonical"),
    MARKER: ("organisation", "branch", "key"),
}
CONTENTS = {
    kind: JSON | st.fixed_dictionaries({}, optional=dict.fromkeys(words, SCALARS | LEVELS | JSON))
    for kind, words in WORDS.items()
}
EVENTS = st.tuples(
    *(
        st.builds(
            event,
            st.just(kind),
            CONTENTS[kind],
            st.sampled_from(["@ann:example.org", BOT] if kind == "m.room.member" else ["", "!room"]),
            st.sampled_from([BOT, "@mallory:example.org"]),
        )
        for kind in STATE_TYPES
    )
)


@settings(max_examples=60, deadline=None)
@given(EVENTS)
def test_anything_is_read_planned_and_said(events: tuple[dict[str, Any], ...]) -> None:
    found = room(*events)
    remembered = {place("loire/discussion"): Known(ROOM, Origin.LINKED)}
    for known in (remembered, {place("loire/space"): Known(ROOM, Origin.CREATED)}, {}):
        result = plan(WORLD.wanted, locate(Found({ROOM: found}), known, ORGANISATION), terms(WORLD.policy))
        describer = Describer(WORLD.roster.tree)
        for item in (*result.steps, *result.findings):
            json.dumps(describer.data(item), allow_nan=False)
        said = [describer.step(step) for step in result.steps] + [describer.finding(one) for one in result.findings]
        assert all(line.isprintable() for line in said)


@pytest.mark.parametrize("missing", ["type", "content", "sender", "state_key"])
def test_half_an_event_is_none(missing: str) -> None:
    half = {key: value for key, value in event("m.room.name", {"name": "X"}).items() if key != missing}
    assert room(half).name == ""


def test_a_huge_room_is_read() -> None:
    members = [event("m.room.member", {"membership": "join"}, f"@user{number}:x") for number in range(5_000)]
    power = {
        "users": {f"@user{number}:x": "50" for number in range(1_000)},
        "events": {f"t{i}": i for i in range(1_000)},
    }
    found = room(*members, event("m.room.power_levels", power), event("m.room.name", {"name": "x" * 60_000}))
    assert len(found.joined) == 5_000
    assert found.level("@user999:x") == 50
