"""What happens in rooms arrives once, in order, with nothing missing: also what happened while nothing ran."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import aiohttp
import pytest
from nio import ToDeviceMessage
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bridge.letters import (
    Attachment,
    Edit,
    Joined,
    Left,
    Letter,
    Message,
    PollEnd,
    PollResponse,
    Reaction,
    Redaction,
    Words,
    inbox,
    outbox,
)
from bridge.letters.outbox import LetterRow
from bridge.matrix.api import Credentials, MatrixApi, TokenRefused
from bridge.matrix.receive import Receiver
from bridge.matrix.rooms import SyncRow, UnreadRow
from bridge.places import Direct, Elsewhere, address
from ground.clock import SystemClock
from ground.database import Database
from kunveno.demo.synapse import EmbeddedSynapse
from tests.support.encrypted import EncryptedMember
from tests.support.faults import Drop, FaultProxy, Reply
from tests.support.installation import until
from tests.support.people import NewBot, NewMember
from tests.support.register import fresh, grow
from tests.support.sessions import Desk, Home, ShiftedClock, plain_api


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with Database.open(database_url) as database:
        await fresh(database)
        yield database


@pytest.fixture
async def home(new_bot: NewBot, database: Database, tmp_path: Path) -> Home:
    return Home(await new_bot(), database, tmp_path)


@pytest.fixture
async def desk(database: Database) -> Desk:
    return Desk(database)


@pytest.fixture
async def member(synapse: EmbeddedSynapse, database: Database, tmp_path: Path) -> AsyncIterator[EncryptedMember]:
    """A member of the register."""
    async with EncryptedMember.start(synapse, tmp_path / "member") as member:
        await grow(database, {"france": {}}, members={"1": "france"}, accounts={member.user_id: "1"})
        yield member


async def _entered(home: Home, desk: Desk, member: EncryptedMember, *, encrypted: bool = True) -> str:
    """A room that the bot and the member are in, and that is the place of nothing."""
    room = await member.create_room(home.user_id, encrypted=encrypted, name="Somewhere")
    async with home.running(desk):
        await until(lambda: _is_in(home, room))
    return room


async def _is_in(home: Home, room: str) -> bool:
    return room in await home.api.joined_rooms()


async def _letters(home: Home) -> list[LetterRow]:
    async def work(session: AsyncSession) -> list[LetterRow]:
        return list(await session.scalars(select(LetterRow).order_by(LetterRow.number)))

    return await home.database.read(work)


async def _unread(home: Home) -> list[UnreadRow]:
    async def work(session: AsyncSession) -> list[UnreadRow]:
        return list(await session.scalars(select(UnreadRow)))

    return await home.database.read(work)


async def test_a_command_in_an_encrypted_room(home: Home, desk: Desk, member: EncryptedMember) -> None:
    room = await _entered(home, desk, member)
    async with home.running(desk) as session:
        event = await member.say(room, "!help")
        message = await desk.until(Message)
        assert (message.id, message.text, message.encrypted) == (event, "!help", True)
        assert (message.place, message.account) == (Elsewhere(room), member.user_id)
        await home.send(session, room, "Here is what I can do.")
        assert (await member.read(room, home.user_id, "Here is")).encrypted


async def test_a_burst_while_nothing_ran(home: Home, desk: Desk, member: EncryptedMember) -> None:
    rooms = [await _entered(home, desk, member), await _entered(home, desk, member, encrypted=False)]
    said = [f"!note {number}" for number in range(60)]
    for number, line in enumerate(said):
        await member.say(rooms[number % 5 == 0], line)
    async with home.running(desk):
        await desk.until(Message, lambda message: message.text == said[-1])
        await member.say(rooms[0], "end")
        await desk.until(Message, lambda message: message.text == "end")
    assert [message.text for message in desk.of(Message)] == [*said, "end"]


async def test_a_burst_while_it_runs(home: Home, desk: Desk, member: EncryptedMember) -> None:
    room = await _entered(home, desk, member)
    gate = desk.closed = asyncio.Event()
    said = [f"!note {number}" for number in range(70)]
    async with home.running(desk):
        for line in said:
            await member.say(room, line)
        gate.set()
        await desk.until(Message, lambda message: message.text == said[-1])
    assert [message.text for message in desk.of(Message)] == said


async def test_everything_that_people_do(
    home: Home, desk: Desk, member: EncryptedMember, new_member: NewMember
) -> None:
    room = await _entered(home, desk, member, encrypted=False)
    other_id, other = await new_member()
    async with home.running(desk):
        first = await member.say(room, "hello")
        await member.send(
            room, "m.room.message",
            {
                "msgtype": "m.text", "body": "* hallo", "m.new_content": {"msgtype": "m.text", "body": "hallo"},
                "m.relates_to": {"rel_type": "m.replace", "event_id": first},
            },
        )  # fmt: skip
        await member.send(
            room, "m.reaction", {"m.relates_to": {"rel_type": "m.annotation", "event_id": first, "key": "✅"}}
        )
        await member.send(
            room, "org.matrix.msc3381.poll.response",
            {
                "m.relates_to": {"rel_type": "m.reference", "event_id": first},
                "org.matrix.msc3381.poll.response": {"answers": ["a"]},
            },
        )  # fmt: skip
        await member.send(
            room, "org.matrix.msc3381.poll.end", {"m.relates_to": {"rel_type": "m.reference", "event_id": first}}
        )
        await member.send(room, "m.room.message", {"msgtype": "m.file", "body": "a.pdf", "url": "mxc://x/y"})
        await member.send(room, "m.room.message", {"msgtype": "m.notice", "body": "nobody minds"})
        await member.send(room, "org.matrix.msc3381.poll.end", {"m.relates_to": "nonsense"})
        await member.client.room_redact(room, first)
        await member.client.room_invite(room, other_id)
        await other.join(room)
        await other.leave(room)
        left = await desk.until(Left)
    assert [type(arrival) for arrival in desk.arrivals if arrival.account == member.user_id] == [
        Message, Edit, Reaction, PollResponse, PollEnd, Attachment, Redaction,
    ]  # fmt: skip
    assert [type(arrival) for arrival in desk.arrivals if arrival.account == other_id] == [Joined, Left]
    assert (left.account, left.how) == (other_id, "left")
    assert [desk.of(Edit)[0].of.event, desk.of(Redaction)[0].of.event] == [first, first]


async def test_nonsense_stops_nothing(home: Home, desk: Desk, member: EncryptedMember) -> None:
    """In an encrypted room the homeserver can check nothing."""
    room = await _entered(home, desk, member)
    async with home.running(desk):
        await member.send(room, "m.room.message", {"msgtype": 7, "body": ["nonsense"], "m.relates_to": "nonsense"})
        await member.send(room, "m.room.message", {"msgtype": [], "body": "nonsense"})
        await member.send(room, "m.reaction", {"m.relates_to": {"rel_type": [], "event_id": {}}})
        await member.send(room, "", {"body": "\u0000"})
        await member.client.to_device(ToDeviceMessage("m.room.encrypted", home.user_id, "*", {"nonsense": True}))
        await member.client.to_device(ToDeviceMessage("m.room_key.withheld", home.user_id, "*", {}))
        await member.say(room, "sense\u0000")
        assert (await desk.until(Message)).text == "sense"
    assert len(desk.arrivals) == len(desk.of(Message)) + len(desk.of(Joined))


async def test_own_events_are_the_letters_that_they_name(home: Home, desk: Desk, member: EncryptedMember) -> None:
    room = await _entered(home, desk, member)
    now = SystemClock().now()
    letter = await home.database.write(
        lambda db: outbox.put(db, Letter(to=Elsewhere(room), content=Words("Open?")), now)
    )
    async with home.running(desk) as session:
        event = await home.send(session, room, "Open?", **{"org.kunveno.letter": letter})
        await member.read(room, home.user_id, "Open?")
        await member.send(
            room, "m.reaction", {"m.relates_to": {"rel_type": "m.annotation", "event_id": event, "key": "✅"}}
        )
        reaction = await desk.until(Reaction)
    assert (reaction.to.event, reaction.to.letter) == (event, letter)
    assert not desk.of(Message)


async def test_what_was_said_before_the_bot_came_is_not_acted_on(
    home: Home, desk: Desk, member: EncryptedMember
) -> None:
    async with home.running(desk):
        pass
    room = await member.create_room(encrypted=False, name="Somewhere")
    for number in range(30):
        await member.say(room, f"before {number}")
    await member.client.room_invite(room, home.user_id)
    async with home.running(desk):
        await until(lambda: _is_in(home, room))
        await member.say(room, "after")
        await desk.until(Message)
    assert [message.text for message in desk.of(Message)] == ["after"]


async def test_what_is_too_old_is_noted_and_not_acted_on(home: Home, desk: Desk, member: EncryptedMember) -> None:
    room = await _entered(home, desk, member)
    old = await member.say(room, "old")
    async with home.running(desk, clock=ShiftedClock(timedelta(hours=25))):
        await until(lambda: home.database.read(lambda db: inbox.has(db, old)))

    restored = await member.say(room, "before the restore")

    async def restore(session: AsyncSession) -> None:
        row = await session.get(SyncRow, home.user_id)
        assert row is not None
        row.act_after = SystemClock().now()

    await home.database.write(restore)
    async with home.running(desk):
        await until(lambda: home.database.read(lambda db: inbox.has(db, restored)))
        await member.say(room, "new")
        await desk.until(Message)
    assert [message.text for message in desk.of(Message)] == ["new"]


async def test_an_arrival_that_fails_stops_nothing(home: Home, desk: Desk, member: EncryptedMember) -> None:
    room = await _entered(home, desk, member)
    desk.stumbles = {"once": 1, "always": 1000}
    async with home.running(desk):
        for line in ("once", "always", "then"):
            await member.say(room, line)
        await desk.until(Message, lambda message: message.text == "then", seconds=60)
    assert [message.text for message in desk.of(Message)] == ["once", "then"]
    aside = await home.database.read(inbox.aside)
    assert [entry.kind for entry in aside] == ["message"]


# Direct conversations


async def test_the_first_words_of_a_direct_conversation(
    home: Home, desk: Desk, synapse: EmbeddedSynapse, tmp_path: Path
) -> None:
    async with EncryptedMember.start(synapse, tmp_path / "stranger") as stranger:
        async with home.running(desk):
            pass  # so that the bot has keys
        room = await stranger.create_room(home.user_id, is_direct=True)
        await stranger.say(room, "join ABC")
        async with home.running(desk) as session:
            message = await desk.until(Message)
            assert (message.place, message.text) == (Direct(stranger.user_id), "join ABC")
            assert await session.direct_room(stranger.user_id) == room
            await home.send(session, room, "Welcome.")
            assert (await stranger.read(room, home.user_id, "Welcome.")).encrypted
            later = await stranger.create_room(home.user_id, is_direct=True)
            await until(lambda: _is_in(home, later))
            await stranger.say(later, "again")
            await desk.until(Message, lambda message: message.text == "again")
            assert await session.direct_room(stranger.user_id) == later


async def test_a_direct_conversation_that_was_entered_and_not_noted(
    home: Home, desk: Desk, member: EncryptedMember
) -> None:
    """Whoever entered it was killed before it was written down."""
    async with home.running(desk):
        pass
    room = await member.create_room(home.user_id, is_direct=True)
    await home.api.join(room)
    await member.say(room, "branch")
    async with home.running(desk) as session:
        message = await desk.until(Message)
        assert (message.place, message.text) == (Direct(member.user_id), "branch")
        assert await session.direct_room(member.user_id) == room


async def test_a_third_in_a_direct_room_makes_it_an_ordinary_one(
    home: Home, desk: Desk, member: EncryptedMember, new_member: NewMember
) -> None:
    room = await member.create_room(home.user_id, is_direct=True)
    other_id, other = await new_member()
    async with home.running(desk) as session:
        await until(lambda: _is_in(home, room))
        await member.say(room, "private")
        assert (await desk.until(Message)).place == Direct(member.user_id)
        await member.client.room_invite(room, other_id)
        await other.join(room)
        await desk.until(Joined, lambda joined: joined.account == other_id)
        await member.say(room, "not private")
        message = await desk.until(Message, lambda message: message.text == "not private")
        assert message.place == Elsewhere(room)
        assert await session.direct_room(member.user_id) != room


async def test_strangers_do_not_draw_the_bot_into_rooms(
    home: Home, desk: Desk, member: EncryptedMember, new_member: NewMember
) -> None:
    _, stranger = await new_member()
    theirs = await stranger.create_room({"preset": "private_chat", "invite": [home.user_id]})
    ours = await member.create_room(home.user_id, name="Ours")
    async with home.running(desk):
        await until(lambda: _is_in(home, ours))
        assert theirs not in await home.api.joined_rooms()


# What cannot be decrypted


async def test_a_key_that_comes_after_a_death(home: Home, desk: Desk, member: EncryptedMember) -> None:
    room = await _entered(home, desk, member)
    event, _, release = await member.say_keeping_the_key(room, "!vote")
    async with home.running(desk):
        await until(lambda: _unread(home))
    assert not desk.arrivals
    await release(home.user_id)
    async with home.running(desk):
        message = await desk.until(Message)
    assert (message.id, message.text) == (event, "!vote")
    assert not await _unread(home)
    assert not await _letters(home)


async def test_without_a_key_the_member_is_told_once(home: Home, desk: Desk, member: EncryptedMember) -> None:
    room = await _entered(home, desk, member)
    event, _, _ = await member.say_keeping_the_key(room, "!vote")
    await member.client.room_send(
        room, "m.room.message", {"msgtype": "m.text", "body": "again"}, ignore_unverified_devices=True
    )
    async with home.running(desk):
        await until(lambda: _both_unread(home))
    async with home.running(desk, clock=ShiftedClock(timedelta(seconds=31))):
        await until(lambda: _letters(home))
    async with home.running(desk, clock=ShiftedClock(timedelta(seconds=62))):
        letters = await _letters(home)
    assert [(letter.place, letter.answers) for letter in letters] == [(address(Elsewhere(room)), event)]
    content = json.loads(str(letters[0].content))
    assert content["plain"] == "I could not read your message. Please send it again."
    assert content["mentions"] == [member.user_id]
    assert not desk.arrivals
    assert desk.written.is_set()


async def _both_unread(home: Home) -> bool:
    return len(await _unread(home)) == 2


async def test_a_withheld_key_is_explained(home: Home, desk: Desk, member: EncryptedMember) -> None:
    room = await _entered(home, desk, member)
    _, session_id, _ = await member.say_keeping_the_key(room, "!vote")
    await member.withhold(room, session_id, home.user_id, "m.unverified")
    async with home.running(desk):
        await until(lambda: _unread(home))
    async with home.running(desk, clock=ShiftedClock(timedelta(seconds=31))):
        await until(lambda: _letters(home))
    (letter,) = await _letters(home)
    assert "devices that you have verified" in json.loads(str(letter.content))["plain"]


async def test_strangers_are_told_nothing(
    home: Home, desk: Desk, member: EncryptedMember, synapse: EmbeddedSynapse, tmp_path: Path
) -> None:
    async with EncryptedMember.start(synapse, tmp_path / "stranger") as stranger:
        room = await _entered(home, desk, member)
        await member.client.room_invite(room, stranger.user_id)
        await stranger.join(room)
        await stranger.say_keeping_the_key(room, "!vote")
        async with home.running(desk):
            await until(lambda: _unread(home))
        async with home.running(desk, clock=ShiftedClock(timedelta(seconds=31))):
            await until(lambda: _nothing_unread(home))
        assert not await _letters(home)


async def _nothing_unread(home: Home) -> bool:
    return not await _unread(home)


# Trouble


async def test_survives_a_homeserver_in_trouble(
    home: Home, desk: Desk, member: EncryptedMember, http: aiohttp.ClientSession
) -> None:
    room = await _entered(home, desk, member)
    async with FaultProxy.start(home.api.url) as proxy:
        api = MatrixApi(proxy.url, home.api.credentials, session=http, patience=timedelta(seconds=1))
        troubled = Home(api, home.database, home.folder)
        async with troubled.running(desk):
            proxy.fail(
                Reply(429, '{"errcode": "M_LIMIT_EXCEEDED", "error": "later", "retry_after_ms": 10}'),
                Reply(429, "", {"Retry-After": "0"}), Reply(502, "<html>"), Drop(), Reply(200, "no JSON"),
                Reply(200, '{"no": "answer"}'), Reply(200, '{"next_batch": "s", "rooms": []}'),
                Reply(400, '{"errcode": "M_UNKNOWN", "error": "no"}'),
            )  # fmt: skip
            for number in range(3):
                await member.say(room, f"!note {number}")
            await desk.until(Message, lambda message: message.text == "!note 2", seconds=60)
    assert [message.text for message in desk.of(Message)] == [f"!note {number}" for number in range(3)]


async def test_a_token_that_is_refused_ends_it(
    home: Home, desk: Desk, synapse: EmbeddedSynapse, http: aiohttp.ClientSession, tmp_path: Path
) -> None:
    api = await plain_api(synapse, http)
    plain = Home(api, home.database, tmp_path / "plain")
    async with plain.open() as session:
        session.api.credentials = Credentials("nonsense", api.user_id, None, application_service=False)
        with pytest.raises(TokenRefused):
            async with asyncio.timeout(60):
                await Receiver(session, home.database, SystemClock()).run(desk.handle)
