"""How long a plan takes for a throttled account, by Synapse's default limits."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bridge.mirror.pace import estimate
from bridge.mirror.steps import Cause, CreateRoom, Invite, Plan, Remove, SetState, Step
from bridge.mirror.wanted import JoinRule, Strangers, WantedRoom
from bridge.places import BranchRoom

PLACE = BranchRoom("01", "discussion")
ROOM = WantedRoom(
    place=PLACE,
    name="Discussion – Brest",
    topic="",
    encrypted=True,
    join_rule=next(iter(JoinRule)),
    allow=(),
    posting=0,
    power={},
    members=frozenset(),
    strangers=next(iter(Strangers)),
    parent=None,
    order="0",
)


def plan(*, rooms: int = 0, invitations: int = 0, events: int = 0, removals: int = 0) -> Plan:
    steps: list[Step] = [CreateRoom(PLACE, ROOM, "12") for _ in range(rooms)]
    steps += [Invite(PLACE, f"@{number}:example.org", Cause.REGISTER) for number in range(invitations)]
    steps += [SetState(PLACE, "m.room.name", "", {"name": "x"}, Cause.REGISTER, "", "") for _ in range(events)]
    steps += [Remove(PLACE, f"@{number}:example.org", Cause.REGISTER) for number in range(removals)]
    return Plan(tuple(steps), ())


@pytest.mark.parametrize(
    ("counts", "seconds"),
    [
        ({}, 0),
        ({"rooms": 10, "invitations": 10, "events": 10}, 0),  # the bursts are free
        ({"rooms": 11}, 62),
        ({"rooms": 500}, 30625),  # eight and a half hours
        ({"invitations": 40}, 100),
        ({"events": 30}, 100),
        ({"events": 15, "removals": 15}, 100),  # removals are events like others
        ({"rooms": 26, "invitations": 40, "events": 30}, 1000 + 100 + 100),
    ],
)
def test_each_kind_of_request_has_a_limit_of_its_own(counts: dict[str, int], seconds: int) -> None:
    assert estimate(plan(**counts)) == timedelta(seconds=seconds)


def test_more_to_do_never_takes_less_time() -> None:
    times = [estimate(plan(rooms=number, invitations=2 * number, events=3 * number)) for number in range(60)]
    assert times == sorted(times)
