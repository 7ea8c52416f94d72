"""What a homeserver would refuse is not tried: it is said, with what to change."""

from __future__ import annotations

from typing import Any

import pytest

from bridge.mirror.content import LARGEST_CONTENT, join_rules, refusal, size
from bridge.mirror.plan import plan
from bridge.mirror.steps import CreateRoom, Kind, SetState
from tests.unit.mirror.world import World, account, empty_homeserver, located, place, planned, terms, world

COUNCIL = {
    "committee": {"name": {"en": "{branch}: committee"}, "who": "officers"},
    "council": {"name": {"en": "{branch}: council"}, "who": "officers-and-below", "tiers": ["national"]},
}


def federation(branches: int) -> World:
    """A country with so many departments, each with a committee."""
    departments = {
        f"d{number}": {"name": f"Department {number}", "tier": "department", "under": "france"}
        for number in range(branches)
    }
    return world(
        {
            "tiers": ["national", "department"],
            "branches": {"france": {"name": "France", "tier": "national"}, **departments},
            "policy": {"rooms": COUNCIL},
        }
    )


def delegates(count: int, **policy: Any) -> World:
    """A branch in which so many people hold an office with a power."""
    names = [f"delegate-{number:04}-of-a-large-assembly" for number in range(count)]
    return world(
        {
            "tiers": ["national"],
            "branches": {"france": {"name": "France", "tier": "national"}},
            "people": {name: {"home": "france"} for name in names},
            "offices": [f"{name} delegate france" for name in names],
            "policy": {"power": {"delegate": 10}, **policy},
        }
    )


def test_500_branches_below_are_allowed() -> None:
    now = federation(500)
    council = now.wanted.rooms[place("france/council")]
    assert len(council.allow) == 501
    assert refusal("m.room.join_rules", join_rules(council)) is None


def test_a_rule_that_names_too_many_rooms_is_refused_with_a_remedy() -> None:
    now = federation(700)
    those = terms(now.policy)
    result = planned(now, empty_homeserver(), those)
    (finding,) = result.findings
    assert (finding.place, finding.kind) == (place("france/council"), Kind.REFUSED)
    assert "701 rooms" in finding.what
    assert "62,000" in finding.what
    assert "`rooms.<key>.tiers`" in finding.remedy
    assert place("france/council") not in {step.place for step in result.steps}
    assert place("france/council") not in {step.state_key for step in result.steps if isinstance(step, SetState)}


def test_a_room_that_grew_too_large_keeps_its_rule() -> None:
    homeserver = empty_homeserver()
    small, large = federation(3), federation(700)
    those = terms(small.policy)
    homeserver.apply(planned(small, homeserver, those), those)
    result = planned(large, homeserver, those)
    assert [finding.kind for finding in result.findings] == [Kind.REFUSED]
    assert not [step for step in result.steps if isinstance(step, SetState) and step.type == "m.room.join_rules"]


def test_too_many_powers_are_refused_with_a_remedy_and_nothing_else_stops() -> None:
    now = delegates(1_500)
    homeserver = empty_homeserver()
    those = terms(now.policy)
    result = planned(now, homeserver, those)
    assert {finding.place.key for finding in result.findings} == {"space", "announcements", "discussion", "committee"}
    assert all("1,500 accounts" in finding.what and "`mirror.power`" in finding.remedy for finding in result.findings)
    assert result.steps == ()


def test_1000_officers_are_allowed() -> None:
    now = delegates(1_000)
    assert not planned(now, empty_homeserver(), terms(now.policy)).findings


def test_rooms_of_a_refused_space_are_made_without_it() -> None:
    """The space alone would list too many; its rooms are for fewer."""
    names = [f"p{number:03}-{'x' * 220}" for number in range(300)]
    now = world(
        {
            "tiers": ["national", "department"],
            "branches": {
                "france": {"name": "France", "tier": "national"},
                "loire": {"name": "Loire", "tier": "department", "under": "france"},
            },
            "people": {name: {"home": "loire"} for name in names},
            "offices": [f"{name} delegate france" for name in names],
            "policy": {
                "power": {"delegate": 10},
                "rooms": {"news": {"name": {"en": "{branch}"}, "tiers": ["department"]}},
            },
        }
    )
    homeserver = empty_homeserver()
    those = terms(now.policy)
    first = planned(now, homeserver, those)
    assert [finding.place for finding in first.findings] == [place("france/space")]
    homeserver.apply(first, those)
    assert not planned(now, homeserver, those).steps
    assert homeserver.room(homeserver.room_of(place("loire/space"))).parents == frozenset()


def test_sizes_are_those_of_what_is_sent() -> None:
    """Places stand for room ids, none of which is longer than counted."""
    content = {"allow": [{"type": "m.room_membership", "room_id": place("loire/space")}]}
    sent = {"allow": [{"type": "m.room_membership", "room_id": "!" + "a" * 43}]}
    assert size(content) >= size(sent)
    assert size({"name": "é"}) == len('{"name":"é"}'.encode())
    assert LARGEST_CONTENT < 65_536


@pytest.mark.parametrize(("version", "rule"), [("6", "restricted"), ("9", "knock_restricted")])
def test_a_homeserver_of_old_rooms(version: str, rule: str) -> None:
    """The homeserver's default version cannot have the rule: nothing is made that would be open to others."""
    rooms = {"talk": {"name": {"en": "{branch}"}, "knock": rule == "knock_restricted"}}
    now = world(
        {
            "tiers": ["national"],
            "branches": {"loire": {"name": "Loire", "tier": "national"}},
            "policy": {"rooms": rooms},
        }
    )
    result = plan(now.wanted, located(empty_homeserver()), terms(now.policy, version=version))
    assert [(finding.place, finding.kind) for finding in result.findings] == [(place("loire/talk"), Kind.REFUSED)]
    assert rule in result.findings[0].what
    assert [step.place for step in result.steps] == [place("loire/space")]


@pytest.mark.parametrize(("version", "listed"), [("10", True), ("11", True), ("12", False)])
def test_the_bot_is_listed_in_the_powers_before_version_12(version: str, listed: bool) -> None:
    now = delegates(1)
    homeserver = empty_homeserver()
    those = terms(now.policy, version=version)
    homeserver.apply(planned(now, homeserver, those), those)
    for room in homeserver.found().rooms.values():
        assert (account("bot") in room.power["users"]) is listed
        assert room.level(account("bot")) >= 100


def test_the_version_of_the_policy_goes_before_the_homeserver_s() -> None:
    now = delegates(1, room_version="11")
    result = planned(now, empty_homeserver(), terms(now.policy, version="12"))
    assert {step.version for step in result.steps if isinstance(step, CreateRoom)} == {"11"}
