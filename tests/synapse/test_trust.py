"""No client puts a shield on what the bot says, and one that excludes unsigned devices does not leave the bot out."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from nio import RoomSendResponse

from bridge.letters import Message
from bridge.matrix.api import MatrixApi
from ground.database import Database
from kunveno.demo.synapse import EmbeddedSynapse
from tests.support.encrypted import EncryptedMember
from tests.support.people import NewBot
from tests.support.register import fresh
from tests.support.sessions import Desk, Home, plain_api
from tests.support.trust import Shield, signed_by_owner, unshielded


@pytest.fixture(params=["application service", "plain account"])
async def api(
    request: pytest.FixtureRequest, new_bot: NewBot, synapse: EmbeddedSynapse, http: aiohttp.ClientSession
) -> MatrixApi:
    """The bot's account, once as each kind."""
    return await new_bot() if request.param == "application service" else await plain_api(synapse, http)


@pytest.fixture
async def home(api: MatrixApi, tmp_path: Path) -> AsyncIterator[Home]:
    async with Database.open(f"sqlite:///{tmp_path}/kunveno.db") as database:
        await fresh(database)
        yield Home(api, database, tmp_path)


@pytest.fixture
async def member(synapse: EmbeddedSynapse, tmp_path: Path) -> AsyncIterator[EncryptedMember]:
    async with EncryptedMember.start(synapse, tmp_path / "member") as member:
        yield member


async def _shown(home: Home, *others: str) -> Mapping[str, Any]:
    return await home.api.query_keys([home.user_id, *others])


async def _read(home: Home, member: EncryptedMember, room: str, body: str) -> str:
    """The device that a member's client names as the sender of what it read; it has no shield."""
    seen = await member.read(room, home.user_id, body)
    olm = member.client.olm
    assert seen.encrypted
    assert olm is not None
    own = olm.account.identity_keys["curve25519"]
    shown = await _shown(home)
    keys = [kept for kept in olm.inbound_group_store if kept.room_id == room and kept.sender_key != own]
    return {unshielded(shown, home.user_id, key) for key in keys}.pop()


async def _say_to_signed_devices(home: Home, member: EncryptedMember, room: str, body: str) -> set[str]:
    """Write as a client does that excludes devices not signed by their owner; returns the devices that get the key."""
    await member.sync()
    olm = member.client.olm
    assert olm is not None
    olm.outbound_group_sessions.pop(room, None)
    shown = await _shown(home, *member.client.rooms[room].users)
    chosen = set()
    for device in olm.device_store:
        try:
            signed_by_owner(shown, device.user_id, device.id)
        except Shield:
            member.client.blacklist_device(device)
        else:
            member.client.verify_device(device)
            chosen.add(device.id)
    answer = await member.client.room_send(room, "m.room.message", {"msgtype": "m.text", "body": body})
    assert isinstance(answer, RoomSendResponse), answer
    return chosen


async def test_no_shield_on_what_it_says_also_after_a_restart(home: Home, member: EncryptedMember) -> None:
    room = await member.create_room(home.user_id)
    devices = set()
    for said in ("hello", "and again"):
        async with home.running() as session:
            await home.api.join(room)
            await home.send(session, room, said)
            devices.add(await _read(home, member, room, said))
            assert devices == {session.device_id}


async def test_no_shield_on_a_device_that_takes_the_place_of_a_lost_one(
    new_bot: NewBot, member: EncryptedMember, tmp_path: Path
) -> None:
    async with Database.open(f"sqlite:///{tmp_path}/kunveno.db") as database:
        await fresh(database)
        home = Home(await new_bot(), database, tmp_path)
        async with home.open() as first:
            old = first.device_id
        shutil.rmtree(home.crypto)
        room = await member.create_room(home.user_id)
        async with home.running() as session:
            await home.api.join(room)
            await home.send(session, room, "hello")
            assert await _read(home, member, room, "hello") == session.device_id != old


async def test_a_client_that_excludes_unsigned_devices_is_heard(home: Home, member: EncryptedMember) -> None:
    room = await member.create_room(home.user_id)
    desk = Desk(home.database)
    async with member.another_device() as unsigned, home.running(desk) as session:
        await home.api.join(room)
        assert await _say_to_signed_devices(home, member, room, "!help") == {session.device_id}
        heard = await desk.until(Message, lambda message: message.text == "!help")
        assert heard.account == member.user_id
        await home.send(session, room, "your answer")
        assert await _read(home, member, room, "your answer") == session.device_id
        left_out = await unsigned.see(
            room, lambda seen: seen.type == "m.room.encrypted" and seen.sender == member.user_id
        )
        assert left_out.encrypted


async def test_a_device_that_nobody_signed_has_a_shield(home: Home, member: EncryptedMember) -> None:
    """What the tests above would say of a bot without an identity."""
    shown = await _shown(home, member.user_id)
    with pytest.raises(Shield, match="no master key"):
        signed_by_owner(shown, member.user_id, member.device_id)
    async with home.open() as session:
        shown = await _shown(home)
        del shown["device_keys"][home.user_id][session.device_id]["signatures"][home.user_id][
            next(iter(shown["self_signing_keys"][home.user_id]["keys"]))
        ]
        with pytest.raises(Shield, match="not signed by its owner"):
            signed_by_owner(shown, home.user_id, session.device_id)
