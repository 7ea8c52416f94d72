"""Members come, move, are suspended and leave: who is in which room follows."""

from __future__ import annotations

import pytest

from bridge.matrix.api import Forbidden, MatrixApi
from bridge.mirror.steps import Kind
from bridge.places import SPACE
from party.members import Status
from party.operations.members import SetStatus, TransferMember
from tests.support.mirror import NewWorld, World, findings, policy
from tests.support.people import NewMember
from tests.support.register import Branches, do

TREE: Branches = {"france": {"east": {"town": {}}, "west": {}}}


async def come(api: MatrixApi, world: World, *rooms: tuple[str, str]) -> None:
    for slug, key in rooms:
        await api.join(await world.room(slug, key))


async def rooms_of(world: World, user: str) -> set[tuple[str, str]]:
    """The branches and rooms that an account is in, as the homeserver's administrator sees it."""
    slugs = {branch: slug for slug, branch in world.grown.branches.items()}
    joined = await world.truth.joined(user)
    return {
        (slugs[place.branch_id], place.key)
        for place, rooms in (await world.marked()).items()
        for room in rooms
        if room in joined
    }


async def write(api: MatrixApi, room: str, text: str) -> None:
    await api.send_message(room, "m.room.encrypted", {"algorithm": "m.megolm.v1.aes-sha2", "ciphertext": text}, text)


async def test_a_transfer_takes_them_along(new_world: NewWorld, new_member: NewMember) -> None:
    anna, api = await new_member()
    world = await new_world(TREE, people={"1": ("town", anna)})
    await world.settle()
    everywhere = [(slug, key) for slug in ("town", "east", "france") for key in (SPACE, "announcements")]
    await come(api, world, *everywhere, ("town", "discussion"))

    await do(world.database, TransferMember(world.grown.members["1"], world.grown.branches["west"]))
    await world.settle()
    assert await rooms_of(world, anna) == {("france", SPACE), ("france", "announcements")}
    for key in (SPACE, "announcements", "discussion"):
        assert anna in (await world.state("west", key)).with_membership("invite")
        assert (await world.state("town", key)).sender("m.room.member", anna) == world.api.user_id
    with pytest.raises(Forbidden):
        await api.join(await world.room("east", "announcements"))

    await do(world.database, TransferMember(world.grown.members["1"], world.grown.branches["town"]))
    await world.settle()  # removed by the bot's own hand, so invited again
    await come(api, world, ("town", SPACE), ("town", "discussion"))


async def test_who_leaves_the_organisation_leaves_its_rooms(new_world: NewWorld, new_member: NewMember) -> None:
    anna, api = await new_member()
    bob, _ = await new_member()
    world = await new_world(TREE, people={"1": ("town", anna), "2": ("town", bob)})
    await world.settle()
    await come(api, world, ("town", SPACE), ("france", SPACE), ("france", "announcements"))
    for number in ("1", "2"):
        await do(world.database, SetStatus(world.grown.members[number], Status.LEFT))
    await world.settle()
    assert await rooms_of(world, anna) == set()
    for rooms in (await world.marked()).values():
        state = await world.truth.state(rooms[0])
        assert state.with_membership("join") == {world.api.user_id}
        assert state.with_membership("invite") == set()


@pytest.mark.parametrize("what", ["keep", "mute", "remove"])
async def test_a_suspended_member(new_world: NewWorld, new_member: NewMember, what: str) -> None:
    anna, api = await new_member()
    world = await new_world(
        {"france": {}},
        people={"1": ("france", anna)},
        mandates=[("1", "secretary", "france")],
        mirror_policy=policy(suspended=what),
    )
    await world.settle()
    rooms = {("france", key) for key in (SPACE, "announcements", "discussion", "committee")}
    await come(api, world, *sorted(rooms))
    discussion = await world.room("france", "discussion")
    await write(api, discussion, "before")

    await do(world.database, SetStatus(world.grown.members["1"], Status.SUSPENDED))
    await world.settle()
    if what == "remove":
        assert await rooms_of(world, anna) == set()
    else:
        assert await rooms_of(world, anna) == rooms - {("france", "committee")}  # officers only are in it
        assert (await world.truth.state(discussion)).powers == ({anna: -1} if what == "mute" else {})
    if what == "keep":
        await write(api, discussion, "while")
    else:
        with pytest.raises(Forbidden):
            await write(api, discussion, "while")

    await do(world.database, SetStatus(world.grown.members["1"], Status.MEMBER))
    await world.settle()
    if what == "remove":
        await come(api, world, ("france", "discussion"))
    await write(api, discussion, "after")


async def test_kept_accounts_stay(new_world: NewWorld, new_member: NewMember) -> None:
    """A moderation bot that an officer let in stays, with the power it has; another stranger does not."""
    anna, api = await new_member()
    guard, guard_api = await new_member()
    stranger, stranger_api = await new_member()
    world = await new_world(
        {"france": {}},
        people={"1": ("france", anna)},
        mandates=[("1", "secretary", "france")],
        mirror_policy=policy(keep=(f"{guard[:-3]}*",)),
    )
    await world.settle()
    room = await world.room("france", "discussion")
    await api.join(room)
    for user, theirs in ((guard, guard_api), (stranger, stranger_api)):
        await api.invite(room, user)
        await theirs.join(room)
    content = await world.api.get_state(room, "m.room.power_levels")
    levels = {**content["users"], guard: 55, stranger: 55}
    await world.api.put_state(room, "m.room.power_levels", {**content, "users": levels})
    await world.settle()
    state = await world.truth.state(room)
    assert state.with_membership("join") == {world.api.user_id, anna, guard}
    assert state.powers == {anna: 60, guard: 55}


@pytest.mark.parametrize("declines", [False, True])
async def test_who_left_or_declined_is_asked_again_only_when_told(
    new_world: NewWorld, new_member: NewMember, declines: bool
) -> None:
    anna, api = await new_member()
    world = await new_world({"france": {}}, people={"1": ("france", anna)})
    await world.settle()
    room = await world.room("france", "discussion")
    if not declines:
        await api.join(room)
    await api.leave(room)
    await world.settle()
    assert (await world.truth.state(room)).with_membership("leave") == {anna}
    (finding,) = findings(await world.look(), Kind.AWAY)
    assert anna in finding.what
    report = await world.apply(again=True)
    assert len(report.done) == 1
    assert (await world.truth.state(room)).with_membership("invite") == {anna}
