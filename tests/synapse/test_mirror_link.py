"""Rooms that exist already become rooms of a branch, and are let go again; rooms that are upgraded are followed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from bridge.matrix.api import MatrixApi
from bridge.matrix.rooms import known_rooms
from bridge.mirror.found import MARKER
from bridge.mirror.link import LinkError, candidate, link, unlink
from bridge.mirror.steps import CreateRoom, Follow, Kind
from bridge.places import SPACE
from tests.support.mirror import KEYS, NewWorld, World, findings, policy, raise_power, steps_in, writes
from tests.support.people import NewMember

SPACE_TYPE = {"creation_content": {"type": "m.space"}}


async def persons_room(
    owner: MatrixApi, bot: str, power: int, *, version: str = "11", space: bool = False, **content: Any
) -> str:
    """A room that a person made, where the bot is invited and has a power."""
    users = {bot: power} if version == "12" else {owner.user_id: 100, bot: power}
    return await owner.create_room(
        {
            "room_version": version,
            "name": "Les Bretons",
            "invite": [bot],
            "power_level_content_override": {"users": users},
            **(SPACE_TYPE if space else {}),
            **content,
        }
    )


def unchanged(before: Mapping[tuple[str, str], Any], after: Mapping[tuple[str, str], Any], bot: str) -> bool:
    """Whether nothing but the bot's own membership is different."""
    mine = ("m.room.member", bot)
    return {k: v["event_id"] for k, v in before.items() if k != mine} == {
        k: v["event_id"] for k, v in after.items() if k != mine
    }


class TestAdoption:
    @pytest.mark.parametrize("version", ["10", "11", "12"])
    async def test_a_space_and_a_room_with_all_power(
        self, new_world: NewWorld, new_member: NewMember, version: str
    ) -> None:
        (owner, owner_api), (guest, guest_api) = await new_member(), await new_member()
        world = await new_world(
            {"france": {}},
            people={"1": ("france", owner)},
            mirror_policy=policy(keep=(owner,)) if version == "12" else None,
        )
        bot = world.api.user_id
        space = await persons_room(owner_api, bot, 100, version=version, space=True)
        room = await persons_room(owner_api, bot, 100, version=version, topic="Kouign-amann")
        await owner_api.invite(room, guest)
        await guest_api.join(room)
        before = await world.truth.states([space, room])
        found = [
            await candidate(world.mirror, world.place("france"), space),
            await candidate(world.mirror, world.place("france", "discussion"), room),
        ]
        assert [one.lacks for one in found] == [(), ()]
        for room_id, state in (await world.truth.states([space, room])).items():
            assert unchanged(before[room_id].events, state.events, bot)

        await link(world.mirror, found)
        assert (await world.truth.state(room)).content(MARKER)["key"] == "discussion"
        view = await world.look()
        created = {step.place.key for step in view.plan.steps if isinstance(step, CreateRoom)}
        assert created == {"announcements", "committee"}
        assert steps_in(view, world.place("france", "discussion"))
        assert not (await world.mirror.carry_out(view)).failed
        await world.settle()
        await self.check_adopted(world, space, room, owner, guest)
        beyond = {finding.place.key for finding in findings(await world.look(), Kind.BEYOND)}
        assert beyond == (set() if version == "12" else {SPACE, "discussion"})  # the owner has as much as the bot

    async def check_adopted(self, world: World, space: str, room: str, owner: str, guest: str) -> None:
        state = await world.truth.state(room)
        assert state.name == "Discussion – France"
        assert not state.content("m.room.topic").get("topic")
        assert state.content("m.room.encryption")
        assert state.content("m.space.parent", space)
        assert state.with_membership("join") == {world.api.user_id, owner}
        assert guest in state.with_membership("leave")
        assert (await world.truth.state(space)).children == {await world.room("france", key) for key in KEYS[1:]}
        assert (await world.room("france"), await world.room("france", "discussion")) == (space, room)

    @pytest.mark.parametrize("power", [0, 50])
    async def test_what_the_bot_lacks_is_said_before(
        self, new_world: NewWorld, new_member: NewMember, power: int
    ) -> None:
        owner, api = await new_member()
        world = await new_world({"france": {}}, people={"1": ("france", owner)})
        room = await persons_room(api, world.api.user_id, power)
        before = await world.truth.state(room)
        one = await candidate(world.mirror, world.place("france", "discussion"), room)
        assert "give officers their power" in one.lacks
        assert ("set its name" in one.lacks) is (power < 50)
        assert ("remove who does not belong there" in one.lacks) is (power < 50)
        assert unchanged(before.events, (await world.truth.state(room)).events, world.api.user_id)
        assert world.place("france", "discussion") not in await world.database.read(known_rooms)

        await link(world.mirror, [one])
        await world.settle()
        beyond = findings(await world.look(), Kind.BEYOND)
        assert beyond
        assert {finding.place.key for finding in beyond} == {"discussion"}
        state = await world.truth.state(room)
        assert state.name == ("Les Bretons" if power == 0 else "Discussion – France")
        assert await world.truth.created(world.api.user_id) == {
            await world.room("france", key) for key in KEYS if key != "discussion"
        }

        await raise_power(api, room, {world.api.user_id: 100})
        await world.settle()
        assert (await world.truth.state(room)).name == "Discussion – France"

    async def test_an_alias_and_a_public_room_will_do(self, new_world: NewWorld, new_member: NewMember) -> None:
        _, api = await new_member()
        world = await new_world({"france": {}})
        alias = "bretons-" + world.api.user_id[9:19]
        room = await api.create_room({"preset": "public_chat", "room_alias_name": alias})
        one = await candidate(world.mirror, world.place("france", "discussion"), f"#{alias}:{world.mirror.server}")
        assert one.room_id == room
        assert one.lacks


class TestRefusals:
    async def test_each_is_a_sentence(self, new_world: NewWorld, new_member: NewMember) -> None:
        _, api = await new_member()
        world = await new_world({"france": {"east": {}}})
        bot = world.api.user_id
        space = await persons_room(api, bot, 100, space=True)
        room = await persons_room(api, bot, 100)
        uninvited = await api.create_room({"preset": "private_chat"})
        france = world.place("france")
        for place, address, said in (
            (france, room, "a room, and a space is meant"),
            (world.place("france", "discussion"), space, "a space, and a room is meant"),
            (france, uninvited, f"invite {bot}"),
            (france, "#nothing-there:kunveno.localhost", "no room with the address"),
            (france, "!nothing:kunveno.localhost", "cannot enter"),
            (france, "Les Bretons", "write its address"),
        ):
            with pytest.raises(LinkError, match=said):
                await candidate(world.mirror, place, address)
        assert not await world.database.read(known_rooms)

    async def test_a_room_is_linked_once(self, new_world: NewWorld, new_member: NewMember) -> None:
        _, api = await new_member()
        world = await new_world({"france": {"east": {}}})
        bot = world.api.user_id
        first, second = await persons_room(api, bot, 100), await persons_room(api, bot, 100)
        place = world.place("france", "discussion")
        await link(world.mirror, [await candidate(world.mirror, place, first)])
        await link(world.mirror, [await candidate(world.mirror, place, first)])  # again: the same
        with pytest.raises(LinkError, match="already the room"):
            await candidate(world.mirror, world.place("east", "discussion"), first)
        with pytest.raises(LinkError, match="already has a room"):
            await candidate(world.mirror, place, second)


async def test_letting_go_destroys_nothing(new_world: NewWorld, new_member: NewMember) -> None:
    """One adopted room and one made by the bot are let go, and none made in their stead."""
    owner, api = await new_member()
    world = await new_world({"france": {}}, people={"1": ("france", owner)})
    room = await persons_room(api, world.api.user_id, 100)
    place = world.place("france", "discussion")
    await link(world.mirror, [await candidate(world.mirror, place, room)])
    await world.settle()
    made = await world.room("france", "announcements")
    await api.join(made)
    places = [place, world.place("france", "announcements")]
    assert await unlink(world.mirror, places) == dict(zip(places, [room, made], strict=True))
    await world.settle()
    for room_id in (room, made):
        state = await world.truth.state(room_id)
        assert state.with_membership("join") == {world.api.user_id, owner}
        assert state.name.endswith("France")
        assert not state.content(MARKER)
    assert len(await world.truth.created(world.api.user_id)) == 3

    await link(world.mirror, [await candidate(world.mirror, place, room)])
    await world.settle()
    assert await world.room("france", "discussion") == room
    assert room in (await world.state("france")).children
    assert await unlink(world.mirror, [world.place("france", "announcements")]) == {}


async def upgrade(api: MatrixApi, room: str, version: str) -> str:
    """The room's replacement, as the homeserver makes it."""
    answer = await api._post("upgrade", {"new_version": version}, "v3", "rooms", room, "upgrade")
    return str(answer["replacement_room"])


class TestUpgrades:
    @pytest.mark.parametrize("to", ["11", "12"])
    async def test_the_owner_of_a_linked_room_is_followed(
        self, new_world: NewWorld, new_member: NewMember, to: str
    ) -> None:
        owner, api = await new_member()
        world = await new_world(
            {"france": {}}, people={"1": ("france", owner)}, mirror_policy=policy(keep=("@nobody:*",))
        )
        place = world.place("france", "discussion")
        room = await persons_room(api, world.api.user_id, 100, version="10")
        await link(world.mirror, [await candidate(world.mirror, place, room)])
        await world.settle()
        await api.join(await world.room("france"))
        new = await upgrade(api, room, to)
        view = await world.look()
        assert steps_in(view, place) == [Follow(place, room, new, owner)]
        assert not (await world.mirror.carry_out(view)).failed
        assert await world.room("france", "discussion") == new
        await world.settle()
        state = await world.truth.state(new)
        assert state.content(MARKER)["key"] == "discussion"
        assert {new} == {await world.room("france", "discussion")} & (await world.state("france")).children
        assert room not in (await world.state("france")).children
        known = await world.database.read(known_rooms)
        assert known[place].origin == "linked"

    async def test_one_without_the_right_to_is_not_followed(self, new_world: NewWorld, new_member: NewMember) -> None:
        """Raised in version 10 to where a tombstone can be set."""
        eve, api = await new_member()
        world = await new_world({"france": {}}, people={"1": ("france", eve)}, mirror_policy=policy(room_version="10"))
        await world.settle()
        place, room = world.place("france", "discussion"), await world.room("france", "discussion")
        await api.join(room)
        await raise_power(world.api, room, {eve: 100})
        new = await upgrade(api, room, "11")
        view = await world.look()
        assert steps_in(view, place) == []
        (finding,) = findings(view, Kind.UPGRADE)
        assert eve in finding.what
        assert new in finding.what
        before = writes(world.api)
        await world.apply()
        assert writes(world.api) == before
        assert await world.room("france", "discussion") == room

    async def test_a_replacement_that_does_not_say_so_is_refused(
        self, new_world: NewWorld, new_member: NewMember
    ) -> None:
        owner, api = await new_member()
        world = await new_world({"france": {}}, people={"1": ("france", owner)})
        place = world.place("france", "discussion")
        room = await persons_room(api, world.api.user_id, 100)
        await link(world.mirror, [await candidate(world.mirror, place, room)])
        await world.settle()
        other = await api.create_room({"preset": "public_chat"})
        await api.put_state(room, "m.room.tombstone", {"body": "over there", "replacement_room": other})
        report = await world.apply()
        (failure,) = report.failed
        assert isinstance(failure.step, Follow)
        assert room in failure.reason
        assert other not in await world.truth.joined(world.api.user_id)
        assert await world.room("france", "discussion") == room

    async def test_an_administrator_may_upgrade_any_room(self, new_world: NewWorld, new_member: NewMember) -> None:
        """As may whoever matches `keep`."""
        chief, api = await new_member()
        world = await new_world(
            {"france": {}},
            people={"1": ("france", chief)},
            mirror_policy=policy(room_version="10", keep=(chief,)),
        )
        await world.settle()
        room = await world.room("france", "announcements")
        for key in (SPACE, "announcements"):
            await api.join(await world.room("france", key))
        await raise_power(world.api, room, {chief: 100})
        new = await upgrade(api, room, "11")
        assert not (await world.apply()).failed
        assert await world.room("france", "announcements") == new
        await world.settle()
        assert new in (await world.state("france")).children
