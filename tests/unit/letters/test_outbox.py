"""The outbox on both databases: what waits, what is held, how letters end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bridge.letters import delivery, outbox
from bridge.letters.delivery import Earlier, Ended
from bridge.letters.letter import PATIENCE, Content, Correction, Letter, Mark, PollClosing, Withdrawal, Words
from bridge.letters.outbox import LetterRow, State
from bridge.places import BranchRoom
from ground.database import Database
from tests.support.delivery import NOON, Homeserver, Post
from tests.support.register import fresh

LYON = BranchRoom("lyon", "main")


@pytest.fixture
async def post(database_url: str) -> AsyncIterator[Post]:
    async with Database.open(database_url) as database:
        await fresh(database)
        yield Post(database, Homeserver())


async def waiting(post: Post, *, but_places: tuple[str, ...] = (), but: tuple[str, ...] = ()) -> list[str]:
    numbers = [(await post.row(letter)).number for letter in but]

    async def work(session: AsyncSession) -> list[LetterRow]:
        return list(await delivery.waiting(session, limit=50, but_places=but_places, but_numbers=numbers))

    return [row.id for row in await post.database.read(work)]


async def end(post: Post, *ended: Ended) -> None:
    await post.database.write(lambda session: delivery.note(session, [(one, post.clock.now()) for one in ended]))


async def delivered(post: Post, letter: str, *events: str) -> Ended:
    return Ended(
        letter=await post.row(letter), state=State.DELIVERED, outcome="delivered", room_id="!a", events=events
    )  # fmt: skip


async def test_what_waits_comes_in_order_and_leaves_out_what_is_put_off(post: Post) -> None:
    one, two, three, four = await post.put_all([("!a", "1"), ("!b", "2"), ("!a", "3"), ("!c", "4")])
    assert await waiting(post) == [one, two, three, four]
    assert await waiting(post, but_places=("room:!a",)) == [two, four]
    assert await waiting(post, but=(two,)) == [one, three, four]


async def test_many_letters_at_once_wait_in_their_order(post: Post) -> None:
    letters = [Letter(to=LYON, content=Words(str(number)), owner="announce") for number in range(500)]
    (first,) = await post.put_all([("!a", "1")])
    ids = await post.database.write(lambda session: outbox.put_all(session, letters, NOON))
    assert await waiting(post) == [first, *ids[:49]]
    last = await post.row(ids[-1])
    assert (last.owner, last.deadline, outbox.content_of(last)) == ("announce", NOON + PATIENCE, Words("499"))
    assert await post.database.write(lambda session: outbox.put_all(session, [], NOON)) == []


async def test_an_ended_letter_is_noted_once_and_gives_one_receipt(post: Post) -> None:
    (letter,) = await post.put_all([("!a", "1")], owner="announce")
    again = Ended(letter=await post.row(letter), state=State.DEAD, outcome="refused", reason="no")
    await end(post, await delivered(post, letter, "$1", "$2"))
    await end(post, again)
    row = await post.row(letter)
    assert (row.state, row.event_id, row.room_id, row.reason) == (State.DELIVERED, "$1", "!a", None)
    receipts = await post.database.read(delivery.receipts)
    assert [(one.letter, one.owner, one.outcome) for one in receipts] == [(letter, "announce", "delivered")]
    assert [await post.database.read(lambda s, e=e: outbox.letter_of(s, e)) for e in ("$1", "$2", "$3")] == [  # type: ignore[misc]
        letter, letter, None,
    ]  # fmt: skip
    await post.database.write(lambda session: delivery.given(session, [receipts[0].id]))
    assert await post.database.read(delivery.receipts) == []


async def test_an_ended_letter_that_was_to_be_forgotten_says_nothing_any_more(post: Post) -> None:
    (letter,) = await post.put_all([("!a", "secret")], forget=True, instead=Words("secret"))
    (dead,) = await post.put_all([("!a", "secret")], forget=True)
    await end(post, await delivered(post, letter, "$1"))
    await end(post, Ended(letter=await post.row(dead), state=State.DEAD, outcome="refused", reason="no"))
    for row in (await post.row(letter), await post.row(dead)):
        assert (row.content, row.instead) == (None, None)
        with pytest.raises(ValueError, match="forgotten"):
            outbox.content_of(row)


async def test_a_letter_that_speaks_of_another_knows_it(post: Post) -> None:
    (letter,) = await post.put_all([("!a", "1")])
    contents: list[Content] = [
        Correction(letter, Words("2")),
        Withdrawal(letter),
        PollClosing(letter, "x"),
        Mark("✅", letter=letter),
    ]
    ids = [await post.put("!a", content) for content in contents]
    assert [(await post.row(one)).about for one in ids] == [letter] * 4
    assert (await post.row(await post.put("!a", Mark("✅", event="$theirs")))).about is None
    first = await post.row(ids[0])

    async def before(about: str = letter, row: LetterRow = first) -> tuple[Earlier | None, bool]:
        return await post.database.read(lambda session: delivery.before(session, row, about))

    assert await before() == (Earlier(State.WAITING, ()), True)
    assert await before("unknown") == (None, False)
    await end(post, await delivered(post, letter, "$1", "$2"), await delivered(post, ids[1], "$3"))
    assert await before() == (Earlier(State.DELIVERED, ("$1", "$2")), False)
    renewed = Ended(
        letter=first, state=State.DELIVERED, outcome="delivered", events=("$4",), renewed={letter: ("$1", "$2", "$5")}
    )
    await end(post, renewed)
    assert await before() == (Earlier(State.DELIVERED, ("$1", "$2", "$5")), False)


async def test_the_event_that_came_back_from_the_room_stays_known(post: Post) -> None:
    """A mark that stood there already is delivered without its event being told."""
    letter = await post.put("!a", Mark("✅", event="$theirs"))

    async def came_back(session: AsyncSession) -> None:
        row = (await session.scalars(select(LetterRow).where(LetterRow.id == letter))).one()
        row.event_id, row.room_id = "$mark", "!a"

    await post.database.write(came_back)
    await end(post, await delivered(post, letter))
    assert (await post.row(letter)).event_id == "$mark"
    assert await post.state(letter) is State.DELIVERED


async def test_held_letters_are_sent_only_when_they_are_released(post: Post) -> None:
    one, two, three = await post.put_all([("!a", "1"), ("!a", "2"), (LYON, "3")], owner="announce")
    await end(post, await delivered(post, three, "$3"))
    assert await post.database.write(outbox.hold_all) == 2
    assert await waiting(post) == []
    assert await post.state(three) is State.DELIVERED
    post.clock.advance(PATIENCE)
    assert await post.database.write(lambda session: outbox.release(session, [one, three], post.clock.now())) == 1
    assert await waiting(post) == [one]
    assert (await post.row(one)).deadline == post.clock.now() + PATIENCE
    assert await post.database.write(lambda session: outbox.drop(session, [one, two, three], post.clock.now())) == 1
    assert await post.state(two) is State.DEAD
    outcomes = {one.letter: one.outcome for one in await post.database.read(delivery.receipts)}
    assert outcomes == {three: "delivered", two: "given_up"}


async def test_counts(post: Post) -> None:
    assert await post.database.read(outbox.counts) == outbox.Counts(0, None, 0, 0)
    (first,) = await post.put_all([("!a", "1")])
    post.clock.advance(timedelta(minutes=1))
    dead, _ = await post.put_all([("!a", "2"), ("!a", "3")])
    await end(post, Ended(letter=await post.row(dead), state=State.DEAD, outcome="refused", reason="no"))
    assert await post.database.read(outbox.counts) == outbox.Counts(2, NOON, 0, 1)
    await end(post, await delivered(post, first, "$1"))
    await post.database.write(outbox.hold_all)
    assert await post.database.read(outbox.counts) == outbox.Counts(0, None, 1, 1)


async def test_the_device_that_sends_is_known_since_it_was_first_used(post: Post) -> None:
    async def since(device: str) -> object:
        now = post.clock.now()
        return await post.database.write(lambda session: delivery.sending_since(session, device, now))

    first = await since("ONE")
    post.clock.advance(timedelta(days=1))
    assert await since("ONE") == first
    assert await since("TWO") == NOON + timedelta(days=1)
    post.clock.advance(timedelta(days=1))
    assert await since("TWO") == NOON + timedelta(days=1)
    assert await since("ONE") == NOON + timedelta(days=2)


async def test_letters_written_while_others_are_delivered_all_arrive_once(post: Post) -> None:
    """Writers and the deliverer at once: on PostgreSQL they get in each other's way and are repeated."""
    server = post.session
    assert isinstance(server, Homeserver)
    async with post.running():
        await asyncio.gather(
            *(post.put_all([(f"!{writer % 3}", f"{writer}/{number}")]) for writer in range(6) for number in range(10))
        )
        await post.until(post.empty)
    assert sorted(server.bodies()) == sorted(f"{writer}/{number}" for writer in range(6) for number in range(10))


async def test_a_letter_that_vanishes_leaves_nothing(post: Post) -> None:
    (other,) = await post.put_all([("!a", "1")])
    for state, outcome in ((State.DELIVERED, "delivered"), (State.DEAD, "given_up")):
        letter = Letter(to=LYON, content=Words("long"), vanish=True, owner="nobody")
        id_ = await post.database.write(lambda session, letter=letter: outbox.put(session, letter, post.clock.now()))  # type: ignore[misc]
        row = await post.row(id_)
        ended = Ended(letter=row, state=state, outcome=outcome, events=("$1", "$2"))  # type: ignore[arg-type]
        await end(post, ended)
        (next_,) = await post.put_all([("!b", "2")])
        await end(post, ended)  # noted twice; on SQLite another letter has its number by now
        assert (await post.row(next_)).state == State.WAITING

    async def kept(session: AsyncSession) -> list[str]:
        for table in (outbox.LetterPartRow, outbox.ReceiptRow):
            assert not list(await session.scalars(select(table)))
        return list(await session.scalars(select(LetterRow.place).order_by(LetterRow.number)))

    assert await post.database.read(kept) == ["room:!a", "room:!b", "room:!b"]
    assert (await post.row(other)).state == State.WAITING


async def test_a_letter_that_vanishes_does_not_come_back_with_a_restore(post: Post) -> None:
    letter = Letter(to=LYON, content=Words("1"), vanish=True)
    await post.database.write(lambda session: outbox.put(session, letter, post.clock.now()))
    await post.put_all([("!a", "1")])
    assert await post.database.write(outbox.hold_all) == 1
    assert [one.place for one in await post.database.read(lambda read: outbox.kept(read, list(State)))] == ["room:!a"]
