"""What can go wrong while a plan is carried out, and what is left of it."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from bridge.matrix.api import Credentials, MatrixApi, TokenRefused
from bridge.matrix.rooms import Origin, known_rooms, remember
from bridge.mirror.found import MARKER
from bridge.mirror.steps import CreateRoom, Invite, Kind, SetState
from bridge.mirror.tables import identity
from bridge.places import SPACE, BranchRoom
from tests.support.mirror import KEYS, NewWorld, World, writes
from tests.support.people import NewMember
from tests.support.register import Branches

TWO: Branches = {"france": {"east": {}}}


async def alias_of(world: World, place: BranchRoom) -> str:
    """The local part of the alias that a place will have."""
    return (await world.database.write(identity)).alias_localpart(place)


async def forget(world: World, place: BranchRoom) -> None:
    """As if the database had never heard of the room of a place."""
    await world.database.write(lambda session: remember(session, place, None, Origin.CREATED))


def hasty(world: World) -> World:
    """The same world, where half-built rooms are given up soon."""
    return replace(world, mirror=replace(world.mirror, half_built=0.3))


async def test_a_failing_step_stops_no_other(new_world: NewWorld, new_member: NewMember) -> None:
    """One room's alias is a stranger's, and one account is on a homeserver that cannot be reached."""
    anna, _ = await new_member()
    _, squatter = await new_member()
    _, plain = await new_member()  # an application service would take the alias back
    far = "@far:nowhere.invalid"
    world = hasty(await new_world(TWO, people={"1": ("east", anna), "2": ("east", far)}, api=plain))
    place = world.place("east", "discussion")
    theirs = await squatter.create_room({"room_alias_name": await alias_of(world, place), "name": "Ours now"})

    report = await world.apply()
    invited = {f.step.place: f.reason for f in report.failed if isinstance(f.step, Invite)}
    assert {f.step.user_id for f in report.failed if isinstance(f.step, Invite) and f.step.place != place} == {far}
    assert set(invited) == {
        place, *(world.place(slug, key) for slug in ("france", "east") for key in (SPACE, "announcements"))
    }  # fmt: skip
    assert "nowhere.invalid" in invited[world.place("france")] or "ederation" in invited[world.place("france")]
    (create,) = [failure for failure in report.failed if isinstance(failure.step, CreateRoom)]
    assert create.step.place == place
    assert "directory/room" in create.reason
    (hang,) = [failure for failure in report.failed if isinstance(failure.step, SetState)]
    assert str(place) in hang.reason

    assert set(await world.marked()) == {world.place(slug, key) for slug in ("france", "east") for key in KEYS} - {
        place
    }
    assert anna in (await world.state("east", "announcements")).with_membership("invite")
    assert (await world.truth.state(theirs)).name == "Ours now"

    await squatter.delete_alias(f"#{await alias_of(world, place)}:{world.mirror.server}")
    report = await world.apply()
    assert {f.step.user_id for f in report.failed if isinstance(f.step, Invite)} == {far}
    assert len(report.failed) == 5
    assert len(await world.marked()) == 8


async def test_an_application_service_takes_its_alias_back(new_world: NewWorld, new_member: NewMember) -> None:
    _, squatter = await new_member()
    world = hasty(await new_world({"france": {}}))
    alias = await alias_of(world, world.place("france"))
    theirs = await squatter.create_room({"room_alias_name": alias, "name": "Ours now"})
    await world.settle()
    ours = await world.api.resolve_alias(f"#{alias}:{world.mirror.server}")
    assert ours == await world.room("france") != theirs
    assert (await world.truth.state(theirs)).name == "Ours now"


@pytest.mark.parametrize("key", [SPACE, "discussion"])
async def test_a_half_built_room_is_built_once(new_world: NewWorld, key: str) -> None:
    """The alias is there, the marker is not: what is left when a homeserver dies in the middle of a creation."""
    world = hasty(await new_world({"france": {}}))
    place = world.place("france", key)
    half = await world.api.create_room({"room_alias_name": await alias_of(world, place)})
    await world.settle()
    assert half not in await world.truth.joined(world.api.user_id)
    marked = await world.marked()
    assert {place: len(rooms) for place, rooms in marked.items()} == {world.place("france", key): 1 for key in KEYS}
    assert await world.api.resolve_alias(f"#{await alias_of(world, place)}:{world.mirror.server}") == marked[place][0]


async def test_a_room_that_is_only_late_is_waited_for(new_world: NewWorld) -> None:
    """The homeserver still works on the request of a process that died."""
    world = await new_world({"france": {}})
    place = world.place("france", "discussion")
    view = await world.look()
    me = await world.database.write(identity)
    late = await world.api.create_room({"room_alias_name": await alias_of(world, place)})
    carrying = asyncio.create_task(world.mirror.carry_out(view))
    async with asyncio.timeout(60):
        while world.api.traffic.reads["resolve_alias"] < 2:  # noqa: ASYNC110 - until it looked and found no marker
            await asyncio.sleep(0.01)
    content = {"organisation": me.organisation, "branch": place.branch_id, "key": place.key}
    await world.api.put_state(late, MARKER, content)
    report = await carrying
    assert not report.failed
    assert await world.room("france", "discussion") == late
    assert len(await world.marked()) == 4


async def test_two_hands_make_no_double(new_world: NewWorld) -> None:
    """Like the requests of a process that died, still on their way when the next begins with the same plan."""
    world = await new_world({"france": {"east": {}, "west": {}}})
    view = await world.look()
    reports = await asyncio.gather(*(world.mirror.carry_out(view) for _ in range(3)))
    assert [report.failed for report in reports] == [[], [], []]
    marked = await world.marked()
    assert len(marked) == 12
    assert all(len(rooms) == 1 for rooms in marked.values())
    assert not (await world.look()).plan


async def test_rooms_are_recognised_without_memory(new_world: NewWorld, database_url: str) -> None:
    """The process died after the homeserver had made a room and before the database had it."""
    world = await new_world({"france": {}}, database_url=database_url)
    await world.settle()
    rooms = await world.database.read(known_rooms)
    for place in (world.place("france"), world.place("france", "committee")):
        await forget(world, place)
    before = writes(world.api)
    await world.apply()
    assert writes(world.api) == before
    assert await world.database.read(known_rooms) == rooms


async def test_a_second_room_with_the_same_marker_is_said(new_world: NewWorld) -> None:
    world = await new_world({"france": {}})
    await world.settle()
    place = world.place("france", "discussion")
    marker = await world.api.get_state(await world.room("france", "discussion"), MARKER)
    double = await world.api.create_room({"initial_state": [{"type": MARKER, "state_key": "", "content": marker}]})
    view = await world.look()
    assert not view.plan.steps
    (finding,) = view.plan.findings
    assert (finding.place, finding.kind) == (place, Kind.DOUBLE)
    assert double in finding.what


async def test_a_bot_thrown_out_makes_no_second_room(new_world: NewWorld, new_member: NewMember) -> None:
    """It says so, and comes back when it is invited."""
    anna, api = await new_member()
    world = await new_world(TWO, people={"1": ("east", anna)}, mandates=[("1", "secretary", "east")])
    await world.settle()
    room = await world.room("east", "committee")
    await api.join(room)
    await world.api.leave(room)
    view = await world.look()
    assert not view.plan.steps
    assert [(finding.place, finding.kind) for finding in view.plan.findings] == [
        (world.place("east", "committee"), Kind.LOST)
    ]
    await api.invite(room, world.api.user_id)
    assert len((await world.apply()).done) == 1
    assert room in await world.truth.joined(world.api.user_id)
    await world.settle()


async def test_a_refused_token_ends_it(new_world: NewWorld) -> None:
    """Nothing else is tried when the homeserver does not know the bot."""
    world = await new_world({"france": {}})
    view = await world.look()
    me = world.api.credentials
    nobody = Credentials("nobodys-token", me.user_id, me.device_id, application_service=True)
    async with MatrixApi.connect(world.api.url, nobody) as api:
        with pytest.raises(BaseExceptionGroup) as caught:
            await replace(world.mirror, api=api).carry_out(view)
    assert caught.group_contains(TokenRefused)
    assert api.traffic.writes.total() <= 16


async def test_who_came_in_the_meantime_is_no_failure(new_world: NewWorld, new_member: NewMember) -> None:
    anna, api = await new_member()
    world = await new_world({"france": {}}, people={"1": ("france", anna)})
    await world.settle()
    for key in (SPACE, "discussion"):
        await api.join(await world.room("france", key))
    await api.leave(await world.room("france", "discussion"))
    view = await world.look(again=True)
    assert [type(step) for step in view.plan.steps] == [Invite]
    await api.join(await world.room("france", "discussion"))
    assert not (await world.mirror.carry_out(view)).failed
