"""Letters into rooms of a real homeserver: each there once, as members' clients read it."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest

from bridge import files
from bridge.letters.letter import (
    Content,
    Correction,
    Document,
    Mark,
    Picture,
    Poll,
    PollAnswer,
    PollClosing,
    Withdrawal,
    Words,
)
from bridge.letters.outbox import State
from bridge.matrix.api import MatrixApi
from bridge.matrix.compose import LETTER
from bridge.matrix.content import Json
from bridge.matrix.session import Session
from ground.clock import FixedClock, SystemClock
from ground.database import Database
from kunveno.demo.synapse import EmbeddedSynapse
from tests.support.delivery import ClearSession, Post
from tests.support.encrypted import EncryptedMember
from tests.support.faults import Drop, FaultProxy, LoseAnswer, Reply
from tests.support.people import PATIENCE, Hasty, NewMember
from tests.support.register import fresh

POLL = Poll("Strike?", (PollAnswer("1", "Yes"), PollAnswer("2", "No")), 1, True, "Strike?\n1 Yes\n2 No")
LIMITED = '{"errcode": "M_LIMIT_EXCEEDED", "error": "Too many", "retry_after_ms": 50}'


@pytest.fixture
async def post(bot: MatrixApi, tmp_path: Path) -> AsyncIterator[Post]:
    async with post_of(bot, tmp_path) as post:
        yield post


@asynccontextmanager
async def post_of(api: MatrixApi, folder: Path) -> AsyncIterator[Post]:
    async with Database.open(f"sqlite:///{folder / 'kunveno.db'}") as database:
        await fresh(database)
        yield Post(database, ClearSession(api), FixedClock(datetime.now(UTC)))


async def new_room(bot: MatrixApi) -> str:
    return await bot.create_room({"room_alias_name": f"kunveno-{secrets.token_hex(6)}", "preset": "private_chat"})


async def past(api: MatrixApi, room: str) -> list[Json]:
    """What our own account sent into a room, oldest first."""
    page = await api.messages(room, limit=500)
    return [event for event in reversed(page["chunk"]) if "state_key" not in event]


async def bodies(api: MatrixApi, room: str) -> list[str]:
    return [event["content"]["body"] for event in await past(api, room) if "body" in event["content"]]


async def test_every_kind_of_letter_arrives(bot: MatrixApi, post: Post) -> None:
    room = await new_room(bot)
    question = await bot.send_message(room, "m.room.message", {"msgtype": "m.text", "body": "!vote"}, "1")
    file = await post.database.write(lambda session: files.put(session, b"%PDF", "minutes.pdf", "application/pdf"))
    answer = await post.put(room, Words("Strike?", "<b>Strike?</b>"), answers=question, thread=question)
    poll = await post.put(room, POLL)
    later: list[Content] = [
        Correction(answer, Words("Strike!")),
        Mark("✅", event=question),
        Mark("✅", event=question),
        Document(file, "minutes.pdf", "application/pdf"),
        Picture(file, "chart.png", "image/png", 4, 4, "a chart"),
        PollClosing(poll, "Closed."),
    ]
    ids = [answer, poll, *[await post.put(room, content) for content in later]]
    await post.deliver()
    ids.append(await post.put(room, Withdrawal(answer)))
    await post.deliver()
    assert [await post.state(letter) for letter in ids] == [State.DELIVERED] * len(ids)
    events = {event["event_id"]: event for event in await past(bot, room)}
    by_letter = {event["content"].get(LETTER): event for event in events.values()}
    assert [event["type"] for event in events.values()] == [
        "m.room.message",
        "m.room.message",
        "org.matrix.msc3381.poll.start",
        "m.room.message",
        "m.reaction",
        "m.room.message",
        "m.room.message",
        "org.matrix.msc3381.poll.end",
        "m.room.redaction",
    ]
    withdrawn = (await post.row(answer)).event_id
    assert withdrawn is not None
    assert events[withdrawn]["content"] == {}
    assert await bot.download(by_letter[ids[5]]["content"]["url"]) == b"%PDF"
    assert by_letter[ids[5]]["content"]["url"] == by_letter[ids[6]]["content"]["url"]


async def test_many_letters_to_many_rooms_arrive_in_order(bot: MatrixApi, post: Post) -> None:
    rooms = [await new_room(bot) for _ in range(6)]
    await post.put_all([(room, str(number)) for number in range(12) for room in rooms])
    await post.deliver()
    for room in rooms:
        assert await bodies(bot, room) == [str(number) for number in range(12)]


class Lossy(ClearSession):
    """The event is there, but the program dies before it hears of it."""

    sent = 0

    async def send(self, room_id: str, event_type: str, content: Json, txn_id: str) -> str:
        await super().send(room_id, event_type, content, txn_id)
        self.sent += 1
        return await asyncio.get_running_loop().create_future()  # type: ignore[no-any-return]


async def dies_after_sending(post: Post, api: MatrixApi) -> None:
    """Run a deliverer that is killed when an event is there that is not noted."""
    lossy = Lossy(api)
    post.session = lossy
    async with post.running():
        await post.until(lambda: lossy.sent > 0)


async def test_killed_between_sending_and_noting_there_is_one_event(bot: MatrixApi, post: Post) -> None:
    room = await new_room(bot)
    letters = await post.put_all([(room, "one"), (room, "two")])
    for _ in range(3):
        await dies_after_sending(post, bot)
    assert await post.state(letters[0]) is State.WAITING
    post.session = ClearSession(bot)
    await post.deliver()
    assert await bodies(bot, room) == ["one", "two"]
    assert (await post.row(letters[0])).event_id == (await past(bot, room))[0]["event_id"]


async def test_where_transaction_ids_are_forgotten_the_letter_is_found_in_the_room(bot: MatrixApi, post: Post) -> None:
    room = await new_room(bot)
    (letter,) = await post.put_all([(room, "one")])
    await dies_after_sending(post, bot)
    for number in range(150):  # more than a page of the room's past
        await bot.send_message(room, "m.room.message", {"msgtype": "m.notice", "body": "chatter"}, f"chatter{number}")
    other = bot.as_device("OTHER")  # knows nothing of the transaction ids of the first
    await other.put_device("Other")
    post.session = ClearSession(other, "OTHER")
    post.later(hours=13)
    await post.put(room, "two")
    await post.deliver()
    assert [body for body in await bodies(bot, room) if body != "chatter"] == ["one", "two"]
    assert (await post.row(letter)).event_id == (await past(bot, room))[0]["event_id"]


async def test_a_letter_is_looked_for_no_further_back_than_it_was_written(bot: MatrixApi) -> None:
    room = await new_room(bot)
    session = ClearSession(bot)
    content = {"msgtype": "m.notice", "body": "one", LETTER: "here"}
    event = await bot.send_message(room, "m.room.message", content, "1")
    now = datetime.now(UTC)
    assert await session.find_letter(room, "here", now) == event
    assert await session.find_letter(room, "not here", now) is None
    reads = bot.traffic.reads["messages"]
    for number in range(210):
        await bot.send_message(room, "m.room.message", {"msgtype": "m.notice", "body": "x"}, f"x{number}")
    assert await session.find_letter(room, "not here", now + timedelta(days=1)) is None
    assert bot.traffic.reads["messages"] == reads + 1


async def test_through_a_bad_network_each_letter_arrives_once_and_in_order(
    bot: MatrixApi, synapse: EmbeddedSynapse, http: aiohttp.ClientSession, tmp_path: Path
) -> None:
    rooms = [await new_room(bot) for _ in range(3)]
    async with FaultProxy.start(synapse.url) as proxy:
        patient, impatient = (
            MatrixApi(proxy.url, bot.credentials, session=http, patience=patience, jitter=Hasty())
            for patience in (PATIENCE, timedelta(seconds=0.01))
        )
        for each in (patient, impatient):
            folder = tmp_path / secrets.token_hex(4)
            folder.mkdir()
            async with post_of(each, folder) as post:
                await post.put_all([(room, str(number)) for number in range(5) for room in rooms])
                for _ in range(4):
                    proxy.fail(Reply(429, LIMITED), Reply(502, "<html>"), Drop(), LoseAnswer(), Reply(404, "<html>"))
                    proxy.fail(Reply(429, "", {"Retry-After": "1"}), LoseAnswer(), Reply(200, '{"event'))
                async with post.running():
                    await post.until(post.empty_when_nothing_is_put_off)
                assert not proxy.faults
    for room in rooms:
        assert await bodies(bot, room) == [str(number) for number in range(5)] * 2


async def test_a_room_that_the_bot_was_removed_from_refuses_and_the_others_go_on(
    bot: MatrixApi, post: Post, new_member: NewMember
) -> None:
    _, anna = await new_member()
    closed = await anna.create_room({"invite": [bot.user_id], "room_version": "10"})
    await bot.join(closed)
    room = await new_room(bot)
    await anna.remove(closed, bot.user_id)
    dead, unknown, good = await post.put_all(
        [(closed, "hello"), ("!nowhere:kunveno.localhost", "hello"), (room, "hello")], owner="announce"
    )
    await post.deliver()
    assert [await post.state(letter) for letter in (dead, unknown, good)] == [State.DEAD, State.DEAD, State.DELIVERED]
    outcomes = {receipt.letter: receipt.outcome for receipt in await post.receipts(3)}
    assert outcomes == {dead: "refused", unknown: "refused", good: "delivered"}


async def test_long_words_fit_into_a_homeservers_events(bot: MatrixApi, post: Post) -> None:
    room = await new_room(bot)
    lines = [f"{number:05} {'é' * 60}" for number in range(1000)]
    letter = await post.put(room, Words("\n".join(lines)))
    await post.put(room, Correction(letter, Words("\n".join(reversed(lines)))))
    await post.deliver()
    assert (await post.row(letter)).state == State.DELIVERED
    said = await bodies(bot, room)
    assert "\n".join(body for body in said if body.startswith("0")).split("\n")[:1000] == lines


@asynccontextmanager
async def at_work(bot: MatrixApi, database: Database, folder: Path) -> AsyncIterator[Session]:
    """The real session, hearing in the background."""
    async with Session.open(
        bot, database, SystemClock(), folder=folder / "crypto", signing_keys=folder / "signing-keys.json"
    ) as session:

        async def listen() -> None:
            since = None
            while True:
                nonce = {"account_data": {"not_types": [secrets.token_hex(4)]}}
                answer = await session.api.sync(filter=nonce, since=since, timeout_ms=0 if since is None else 2000)
                await session.hear(answer)
                since = answer["next_batch"]
                session.ready.set()

        task = asyncio.create_task(listen())
        try:
            yield session
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


async def test_in_an_encrypted_room_members_read_every_kind_once(
    bot: MatrixApi, synapse: EmbeddedSynapse, tmp_path: Path
) -> None:
    async with (
        Database.open(f"sqlite:///{tmp_path / 'kunveno.db'}") as database,
        EncryptedMember.start(synapse, tmp_path / "member") as member,
    ):
        await fresh(database)
        room = await member.create_room(bot.user_id)
        await bot.join(room)
        post = Post(database, ClearSession(bot), FixedClock(datetime.now(UTC)))
        file = await database.write(lambda session: files.put(session, b"\x89PNG", "chart.png", "image/png"))
        words = await post.put(room, Words("V12 is open", mentions=(member.user_id,)))
        async with at_work(bot, database, tmp_path) as session:
            post.session = session
            send = session.send

            async def lost(*values: object) -> str:
                await send(*values)  # type: ignore[arg-type]
                return await asyncio.get_running_loop().create_future()  # type: ignore[no-any-return]

            session.send = lost  # type: ignore[assignment,method-assign]
            async with post.running():
                await member.read(room, bot.user_id, "V12 is open")
            session.send = send  # type: ignore[method-assign]
        async with at_work(bot, database, tmp_path) as session:
            post.session = session
            contents: list[Content] = [
                POLL,
                Correction(words, Words("V12 is closed")),
                Mark("✅", letter=words),
                Picture(file, "chart.png", "image/png", 4, 4, "29 yes, 8 no"),
            ]
            ids = [words, *[await post.put(room, content) for content in contents]]
            await post.deliver()
            assert [await post.state(letter) for letter in ids] == [State.DELIVERED] * 5
            picture = await member.read(room, bot.user_id, "29 yes")
            seen = [one for one in member.seen[room] if one.sender == bot.user_id and LETTER in one.content]
            assert [one.content[LETTER] for one in seen] == ids
            assert [one.encrypted for one in seen] == [True, True, True, False, True]
            assert seen[0].content["m.mentions"] == {"user_ids": [member.user_id]}
            assert picture.content["file"]["key"]["alg"] == "A256CTR"
            assert await bot.download(picture.content["file"]["url"]) != b"\x89PNG"
            for letter in ids:
                row = await post.row(letter)
                assert await session.find_letter(room, letter, row.written_at) == row.event_id
            assert await session.find_letter(room, "another", post.clock.now()) is None
