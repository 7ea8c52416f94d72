"""The accounts that the bot can be, and the two ways in which members get in without a tap."""

from __future__ import annotations

import secrets
from pathlib import Path

import aiohttp

from bridge.matrix.api import MatrixApi, Throttled
from bridge.mirror.policy import RoomKind
from bridge.mirror.steps import Invite
from bridge.places import SPACE
from kunveno.demo.synapse import EmbeddedSynapse, SynapseOptions
from party.operations.branches import EditBranch
from tests.conftest import QUICK_PASSWORDS
from tests.support.mirror import KEYS, NewWorld, Truth, policy, world
from tests.support.people import PATIENCE, NewMember, make_member
from tests.support.register import Branches, do

ONE_ROOM = {"discussion": RoomKind(name={"en": "{branch}: discussion"})}


async def account(synapse: EmbeddedSynapse, http: aiohttp.ClientSession, *, admin: bool = False) -> MatrixApi:
    """An ordinary account as the bot, logged in by password."""
    localpart, password = f"plain-{secrets.token_hex(4)}", secrets.token_hex(8)
    await synapse.register_user(localpart, password, admin=admin)
    return MatrixApi(synapse.url, await synapse.login(localpart, password), session=http, patience=PATIENCE)


async def administrator(synapse: EmbeddedSynapse, http: aiohttp.ClientSession) -> Truth:
    token = await synapse.register_user(f"admin-{secrets.token_hex(4)}", secrets.token_hex(8), admin=True)
    return Truth(synapse.url, token, http)


async def test_a_plain_account_honours_the_limits(
    limited_synapse: EmbeddedSynapse, http: aiohttp.ClientSession, tmp_path: Path
) -> None:
    """Under Synapse's own limits: ten events at once, a room counting as one, then one in five seconds."""
    heard: list[Throttled] = []
    plain = await account(limited_synapse, http)
    bot = MatrixApi(plain.url, plain.credentials, session=http, patience=PATIENCE, on_throttle=heard.append)
    truth = await administrator(limited_synapse, http)
    tree: Branches = {"france": {"east": {}, "west": {}}}
    async with world(f"sqlite:///{tmp_path}/k.db", bot, truth, tree, mirror_policy=policy(rooms=ONE_ROOM)) as small:
        await small.settle()  # six rooms, and five times something hangs under something
        assert len(await small.marked()) == 6
        await do(small.database, EditBranch(small.grown.branches["west"], "Ouest", None, None, None))
        await small.settle()  # a space and its room
        assert {throttled.endpoint for throttled in heard} == {"put_state"}
        assert bot.traffic.writes == {"create_room": 6, "put_state": 7}
        marked = await small.marked()
        assert all(len(rooms) == 1 for rooms in marked.values())
        assert {rooms[0] for rooms in marked.values()} == await truth.created(bot.user_id)
        assert (await small.state("west")).name == "Ouest"


class TestAServerAdministrator:
    async def test_it_joins_members(
        self, synapse: EmbeddedSynapse, http: aiohttp.ClientSession, new_world: NewWorld, new_member: NewMember
    ) -> None:
        anna, _ = await new_member()
        bob, api = await new_member()
        bot = await account(synapse, http, admin=True)
        place = await new_world(
            {"france": {"east": {}}}, people={"1": ("east", anna), "2": ("east", bob)},
            mandates=[("1", "secretary", "east")], mirror_policy=policy(join="admin"), api=bot,
        )  # fmt: skip
        await place.settle()
        for slug, keys in (("east", KEYS), ("france", (SPACE, "announcements"))):
            for key in keys:
                inside = {bot.user_id, anna} if key == "committee" else {bot.user_id, anna, bob}
                assert (await place.state(slug, key)).with_membership("join") == inside
        assert bot.traffic.writes["invite"] == 0
        assert (await place.state("east")).powers == {anna: 60}

        room = await place.room("east", "discussion")
        await api.leave(room)
        await place.settle()  # who went is not dragged back
        assert bob in (await place.truth.state(room)).with_membership("leave")

    async def test_those_who_were_invited_before_are_joined(
        self, synapse: EmbeddedSynapse, http: aiohttp.ClientSession, new_world: NewWorld, new_member: NewMember
    ) -> None:
        anna, _ = await new_member()
        bot = await account(synapse, http, admin=True)
        place = await new_world({"france": {}}, people={"1": ("france", anna)}, api=bot)
        await place.settle()
        assert anna in (await place.state("france")).with_membership("invite")
        await place.under(join="admin").settle()
        assert anna in (await place.state("france")).with_membership("join")

    async def test_who_is_none_is_told_so(self, new_world: NewWorld, new_member: NewMember) -> None:
        anna, _ = await new_member()
        place = await new_world({"france": {}}, people={"1": ("france", anna)}, mirror_policy=policy(join="admin"))
        report = await place.apply()
        assert {type(failure.step) for failure in report.failed} == {Invite}
        assert len(report.failed) == 3
        assert "not a server admin" in report.failed[0].reason
        assert len(await place.marked()) == 4


async def test_a_homeserver_that_accepts_for_its_members(tmp_path: Path, http: aiohttp.ClientSession) -> None:
    """`auto_accept_invites`: members are in their rooms without doing anything."""
    options = SynapseOptions(tmp_path / "synapse", limits="open", auto_accept_invites=True, extra=QUICK_PASSWORDS)
    async with EmbeddedSynapse.start(options) as synapse:
        anna, api = await make_member(synapse, http)
        bot = await account(synapse, http)
        truth = await administrator(synapse, http)
        people = {"1": ("france", anna)}
        async with world(
            f"sqlite:///{tmp_path}/k.db", bot, truth, {"france": {}},
            people=people, mirror_policy=policy(join="auto_accept"),
        ) as place:  # fmt: skip
            report = await place.apply()
            assert not report.failed
            rooms = {await place.room("france", key) for key in (SPACE, "announcements", "discussion")}
            since = None
            while set(await api.joined_rooms()) != rooms:
                since = (await api.sync(filter={}, since=since, timeout_ms=10_000))["next_batch"]
            await place.settle()
            assert await truth.joined(anna) == rooms
