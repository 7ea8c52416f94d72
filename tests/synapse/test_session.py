"""One device that lasts, that clients trust, and that sends nothing in clear where it may not."""

from __future__ import annotations

import asyncio
import json
import shutil
import stat
from collections.abc import AsyncIterator
from pathlib import Path
from unittest.mock import patch

import aiohttp
import pytest
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from bridge.letters import Left
from bridge.matrix.api import Forbidden, MatrixApi
from bridge.matrix.direct import DirectRefused, DirectRooms, opened_by
from bridge.matrix.rooms import DirectRoomRow, DirectState
from bridge.matrix.session import DeviceTaken, Session, SessionBusy
from bridge.places import Direct
from ground.clock import SystemClock
from ground.database import Database
from kunveno.demo.synapse import EmbeddedSynapse
from tests.support.encrypted import ENCRYPTION, EncryptedMember
from tests.support.installation import until
from tests.support.people import NewBot
from tests.support.register import fresh
from tests.support.sessions import Desk, Home, plain_api


@pytest.fixture(params=["application service", "plain account"])
async def api(
    request: pytest.FixtureRequest, new_bot: NewBot, synapse: EmbeddedSynapse, http: aiohttp.ClientSession
) -> MatrixApi:
    """The bot's account, once as each kind."""
    if request.param == "application service":
        return await new_bot()
    return await plain_api(synapse, http)


@pytest.fixture
async def home(api: MatrixApi, database_url: str, tmp_path: Path) -> AsyncIterator[Home]:
    async with Database.open(database_url) as database:
        await fresh(database)
        yield Home(api, database, tmp_path)


@pytest.fixture
async def member(synapse: EmbeddedSynapse, tmp_path: Path) -> AsyncIterator[EncryptedMember]:
    async with EncryptedMember.start(synapse, tmp_path / "member") as member:
        yield member


async def test_is_one_signed_device_over_restarts(home: Home) -> None:
    seen = set()
    for _ in range(3):
        async with home.open() as session:
            answer = await home.api.query_keys([home.api.user_id])
            device = answer["device_keys"][home.api.user_id][session.device_id]
            seen.add((session.device_id, device["keys"][f"ed25519:{session.device_id}"]))
            assert session.unsigned is None
            signer = next(iter(answer["self_signing_keys"][home.api.user_id]["keys"]))
            assert signer in device["signatures"][home.api.user_id]
    assert len(seen) == 1
    assert stat.S_IMODE(home.crypto.stat().st_mode) == 0o700
    files = [home.signing_keys, *home.crypto.iterdir()]
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}


async def test_answers_what_the_member_can_read(home: Home, member: EncryptedMember) -> None:
    room = await member.create_room(home.api.user_id)
    async with home.running() as session:
        await home.api.join(room)
        await home.send(session, room, "hello")
        seen = await member.read(room, home.api.user_id, "hello")
        assert seen.encrypted
        async with member.another_device() as phone:
            await phone.sync()
            await home.send(session, room, "anew")
            assert (await phone.read(room, home.api.user_id, "anew")).encrypted
            assert (await member.read(room, home.api.user_id, "anew")).encrypted


async def test_a_device_added_while_nothing_ran_can_read(home: Home, member: EncryptedMember) -> None:
    room = await member.create_room(home.api.user_id)
    async with home.running() as session:
        await home.api.join(room)
        await home.send(session, room, "hello")
    async with member.another_device() as phone, home.running() as session:
        await home.send(session, room, "anew")
        assert (await phone.read(room, home.api.user_id, "anew")).encrypted


async def test_a_second_process_waits_for_the_first(home: Home) -> None:
    waits = asyncio.Event()

    async def second() -> str:
        async with Session.open(
            home.api, home.database, SystemClock(), folder=home.crypto, signing_keys=home.signing_keys,
            on_standby=waits.set,
        ) as session:  # fmt: skip
            return session.device_id

    async with home.open() as first:
        with pytest.raises(SessionBusy):
            async with home.open(wait=False):
                pass
        task = asyncio.create_task(second())
        async with asyncio.timeout(60):
            await waits.wait()
        assert not task.done()
    async with asyncio.timeout(60):
        assert await task == first.device_id


async def test_nothing_goes_in_clear_where_encryption_was_ever_seen(home: Home, member: EncryptedMember) -> None:
    room = await member.create_room(home.user_id)
    async with home.open() as session:
        await home.api.join(room)
        assert await session.is_encrypted(room)
    async with home.open() as session:
        await member.client.room_put_state(room, "m.room.encryption", {})
        event = await home.send(session, room, "hello")
        assert (await member.read(room, home.user_id, "hello")).encrypted
        sent = await home.api.messages(room)
        assert next(found["type"] for found in sent["chunk"] if found["event_id"] == event) == "m.room.encrypted"


async def test_sends_nothing_when_it_cannot_tell(home: Home, member: EncryptedMember) -> None:
    room = await member.create_room(home.user_id)
    async with home.open() as session:
        with pytest.raises(Forbidden):
            await home.send(session, room, "hello")


async def test_who_has_left_cannot_read_on(home: Home, member: EncryptedMember, synapse: EmbeddedSynapse) -> None:
    async with EncryptedMember.start(synapse, home.folder / "leaver") as leaver:
        room = await member.create_room(home.user_id, leaver.user_id)
        await leaver.join(room)
        async with home.running() as session:
            await home.api.join(room)
            await home.send(session, room, "to both")
            assert (await leaver.read(room, home.user_id, "to both")).encrypted
            await leaver.client.room_leave(room)

            async def has_gone() -> bool:
                return leaver.user_id not in await session.crypto.present(room)

            await until(has_gone)
            event = await home.send(session, room, "to one")
            assert (await member.read(room, home.user_id, "to one")).encrypted
            raw = next(found for found in (await home.api.messages(room))["chunk"] if found["event_id"] == event)
            await leaver.sync()
            keys = leaver.client.olm.inbound_group_store[room] if leaver.client.olm is not None else {}
            assert raw["content"]["session_id"] not in {name for sessions in keys.values() for name in sessions}


async def test_files_go_out_encrypted(home: Home, member: EncryptedMember) -> None:
    async with home.open() as session:
        file = await session.upload(b"minutes", "text/plain", "minutes.txt", encrypted=True)
        assert await home.api.download(file["url"]) != b"minutes"
        assert await session.download(json.dumps(file)) == b"minutes"
        with pytest.raises(ValueError, match="not what its sender encrypted"):
            await session.download(json.dumps({**file, "hashes": {"sha256": "AAAA"}}))
        clear = await session.upload(b"minutes", "text/plain", "minutes.txt", encrypted=False)
        assert await session.download(json.dumps(clear)) == b"minutes"


async def test_a_lost_folder_makes_a_new_device_with_the_old_signature(home: Home) -> None:
    async with home.open() as session:
        old = session.device_id
    shutil.rmtree(home.crypto)
    if not home.api.credentials.application_service:
        with pytest.raises(DeviceTaken):
            async with home.open():
                pass
        return
    async with home.open() as session:
        assert session.device_id != old
        assert session.unsigned is None


async def test_a_direct_room_is_opened_once(home: Home, member: EncryptedMember) -> None:
    async with home.running() as session:
        rooms = await asyncio.gather(*(session.direct_room(member.user_id) for _ in range(4)))
        assert len(set(rooms)) == 1
        room = rooms[0]
        await home.send(session, room, "hello")
        await member.join(room)
        assert (await member.read(room, home.user_id, "hello")).encrypted

        async def forget(db: AsyncSession) -> None:
            await db.execute(update(DirectRoomRow).values(room_id=None, state=DirectState.OPENING))

        await home.database.write(forget)  # as if the process had died before it could note the room
        assert await session.direct_room(member.user_id) == room


async def test_who_opens_a_direct_room_while_one_is_made_keeps_theirs(home: Home, member: EncryptedMember) -> None:
    async with home.open() as session:
        direct = session._direct

        async def make(row: DirectRoomRow) -> str:
            made = await DirectRooms._make(direct, row)
            await home.database.write(lambda db: opened_by(db, member.user_id, "!theirs:example.org"))
            return made

        with patch.object(direct, "_make", make):
            assert await direct.open(member.user_id) == "!theirs:example.org"
        assert await direct.open(member.user_id) == "!theirs:example.org"
        assert await home.api.joined_rooms() == []


async def test_a_direct_room_without_its_guest_is_completed(home: Home, member: EncryptedMember) -> None:
    async with home.running() as session:
        room = await session.direct_room(member.user_id)
        await home.api.remove(room, member.user_id)  # as if the invitation had failed

        async def forget(db: AsyncSession) -> None:
            await db.execute(update(DirectRoomRow).values(room_id=None, state=DirectState.OPENING))

        await home.database.write(forget)
        assert await session.direct_room(member.user_id) == room
        assert (await home.api.present(room))[member.user_id] == "invite"


async def test_who_left_the_direct_room_is_not_invited_again(home: Home, member: EncryptedMember) -> None:
    desk = Desk(home.database)
    async with home.running(desk) as session:
        room = await session.direct_room(member.user_id)
        await member.client.room_leave(room)
        left = await desk.until(Left)
        assert (left.place, left.account, left.how) == (Direct(member.user_id), member.user_id, "declined")
        with pytest.raises(DirectRefused):
            await session.direct_room(member.user_id)


async def test_a_filter_that_hides_encryption_does_not_matter(home: Home, member: EncryptedMember) -> None:
    """Neither one that hides it from the start, nor one that hides it from a room that was in clear before."""
    hidden, later = await member.create_room(home.user_id), await member.create_room(home.user_id, encrypted=False)
    async with home.open() as session:
        for room in (hidden, later):
            await home.api.join(room)
        room_filter = {"state": {"not_types": ["m.room.encryption"]}, "timeline": {"not_types": ["m.room.encryption"]}}
        answer = await home.api.sync(filter={"room": room_filter})
        assert "'type': 'm.room.encryption'" not in str(answer)
        await session.hear(answer)
        await home.send(session, hidden, "secret")
        assert (await member.read(hidden, home.user_id, "secret")).encrypted

        await home.send(session, later, "in clear")
        await member.client.room_put_state(later, "m.room.encryption", ENCRYPTION["content"])
        await member.say(later, "encrypted now")
        await session.hear(await home.api.sync(filter={"room": room_filter}, since=answer["next_batch"]))
        await home.send(session, later, "encrypted too")
        assert (await member.read(later, home.user_id, "encrypted too")).encrypted
        assert not (await member.read(later, home.user_id, "in clear")).encrypted


async def test_reactions_go_in_clear(home: Home, member: EncryptedMember) -> None:
    room = await member.create_room(home.user_id)
    event = await member.say(room, "hello")
    async with home.open() as session:
        await home.api.join(room)
        content = {"m.relates_to": {"rel_type": "m.annotation", "event_id": event, "key": "✅"}}
        await session.send(room, "m.reaction", content, "once")
        seen = await member.see(room, lambda seen: seen.type == "m.reaction")
        assert not seen.encrypted


async def test_the_same_transaction_is_the_same_event(home: Home, member: EncryptedMember) -> None:
    room = await member.create_room(home.user_id)
    async with home.open() as session:
        await home.api.join(room)
        content = {"msgtype": "m.notice", "body": "once"}
        first = await session.send(room, "m.room.message", content, "letter-1")
    async with home.open() as session:
        assert await session.send(room, "m.room.message", content, "letter-1") == first
