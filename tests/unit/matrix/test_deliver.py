"""What becomes of letters, between a database and a homeserver in memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bridge import files
from bridge.letters import NO_ROOM, outbox
from bridge.letters.arrivals import Receipt
from bridge.letters.letter import (
    Correction,
    Letter,
    Mark,
    Picture,
    Poll,
    PollAnswer,
    PollClosing,
    Withdrawal,
    Words,
)
from bridge.letters.outbox import State
from bridge.matrix.errors import Forbidden, MatrixError, NotFound, TokenRefused, TooLarge, Unavailable
from bridge.matrix.whereto import Nowhere
from bridge.places import BranchRoom, Direct, Elsewhere
from ground.database import Database
from tests.support.delivery import Homeserver, Post
from tests.support.register import fresh

DOWN = Unavailable("given up after 3 attempts", status=502)
STUMBLE = Unavailable("Internal server error", errcode="M_UNKNOWN", status=500)
NO = Forbidden("You don't have permission", errcode="M_FORBIDDEN", status=403, method="PUT", path="/rooms/!a:b/send")
LYON = BranchRoom("lyon", "main")
POLL = Poll("Strike?", (PollAnswer("1", "Yes"), PollAnswer("2", "No")), 1, True, "Strike? 1 Yes 2 No")


@pytest.fixture
async def post(tmp_path: Path) -> AsyncIterator[Post]:
    async with Database.open(f"sqlite:///{tmp_path / 'kunveno.db'}") as database:
        await fresh(database)
        yield Post(database, Homeserver())


@pytest.fixture
def server(post: Post) -> Homeserver:
    assert isinstance(post.session, Homeserver)
    return post.session


async def test_letters_of_a_place_arrive_in_the_order_of_writing(post: Post, server: Homeserver) -> None:
    rooms = ["!a", "!b", "!c"]
    letters = await post.put_all([(room, f"{room} {number}") for number in range(20) for room in rooms])
    await post.deliver()
    for room in rooms:
        assert server.bodies(room) == [f"{room} {number}" for number in range(20)]
    row = await post.row(letters[0])
    assert (row.state, row.room_id, row.event_id, row.done_at) == (
        State.DELIVERED, "!a", server.events[0].id if server.events[0].room == "!a" else row.event_id, post.clock.now(),
    )  # fmt: skip
    assert row.event_id is not None
    event = row.event_id
    assert await post.database.read(lambda session: outbox.letter_of(session, event)) == letters[0]


async def test_places_are_served_at_once_but_no_more_than_allowed(post: Post, server: Homeserver) -> None:
    together = asyncio.Barrier(4)

    async def pace(room: str) -> None:
        await together.wait()

    server.pace = pace
    await post.put_all([(f"!{number}", "hello") for number in range(12)])
    await post.deliver(places=4)
    assert len(server.events) == 12
    assert server.most == 4


async def test_two_places_in_one_room_do_not_send_at_once(post: Post, server: Homeserver) -> None:
    async def pace(room: str) -> None:
        await asyncio.sleep(0.01)

    server.pace = pace
    post.rooms[LYON] = "!a"
    await post.put_all([("!a", "one"), (LYON, "two"), ("!a", "three"), (LYON, "four")])
    await post.deliver()
    assert sorted(server.bodies("!a")) == ["four", "one", "three", "two"]
    assert not server.clashed


async def test_nothing_is_sent_before_the_session_is_ready(post: Post, server: Homeserver) -> None:
    server.ready.clear()
    letter = await post.put("!a", "hello")
    async with post.running():
        await asyncio.sleep(0.2)
        assert server.attempts == []
        server.ready.set()
        await post.until(post.empty)
    assert server.attempts == [letter]


async def test_killed_between_sending_and_noting_it_is_sent_again_under_the_same_id(
    post: Post, server: Homeserver
) -> None:
    letter = await post.put("!a", "hello")
    server.lost = 1
    async with post.running():
        await post.until(lambda: len(server.events) == 1)
    assert await post.state(letter) is State.WAITING
    await post.deliver()
    assert server.bodies() == ["hello"]
    assert server.attempts == [letter, letter]
    assert server.looked_for == []
    assert await post.state(letter) is State.DELIVERED


async def test_a_letter_of_yesterday_is_looked_for_before_it_is_sent_again(post: Post, server: Homeserver) -> None:
    there, new = await post.put_all([("!a", "there"), ("!a", "new")])
    server.lost = 1
    async with post.running():
        await post.until(lambda: len(server.events) == 1)
    post.later(hours=13)
    server.forget()
    await post.deliver()
    assert server.bodies() == ["there", "new"]
    assert server.looked_for == [there, new]
    assert server.attempts == [there, new]
    assert (await post.row(there)).event_id == server.events[0].id


async def test_after_a_change_of_device_what_was_written_before_is_looked_for(post: Post, server: Homeserver) -> None:
    letter = await post.put("!a", "hello")
    server.lost = 1
    async with post.running():
        await post.until(lambda: len(server.events) == 1)
    server.device_id = "NEW"
    post.later(hours=1)
    await post.deliver()
    assert server.bodies() == ["hello"]
    assert server.looked_for == [letter]
    post.later(hours=1)
    await post.put("!a", "written since")
    await post.deliver()
    assert server.looked_for == [letter]


async def test_what_fails_for_now_waits_in_its_place_and_in_order(post: Post, server: Homeserver) -> None:
    server.trouble.extend([DOWN, MatrixError("not found", status=404), None, DOWN])
    await post.put_all([("!a", "one"), ("!a", "two"), ("!a", "three")])
    await post.deliver()
    assert server.bodies() == ["one", "two", "three"]


async def test_a_letter_that_the_homeserver_stumbles_over_mutes_nobody(post: Post, server: Homeserver) -> None:
    server.refusals["odd"] = STUMBLE
    odd, _, _ = await post.put_all([("!a", "odd"), ("!a", "two"), ("!b", "elsewhere")])
    async with post.running():
        await post.until(lambda: len(server.events) == 2)
        assert await post.state(odd) is State.WAITING
        server.refusals.clear()
        await post.until(post.empty)
    assert server.bodies("!a") == ["two", "odd"]


async def test_what_breaks_in_the_program_mutes_nobody(post: Post, server: Homeserver) -> None:
    server.refusals["odd"] = RuntimeError("a defect")
    odd, _ = await post.put_all([("!a", "odd"), ("!a", "two")])
    async with post.running():
        await post.until(lambda: server.bodies("!a") == ["two"])
        post.later(hours=24 * 8)
        await post.until(post.empty)
    assert await post.state(odd) is State.DEAD


@pytest.mark.parametrize("error", [NO, NotFound("none", errcode="M_NOT_FOUND", status=404), TooLarge("", status=413)])
async def test_a_refused_letter_dies_with_its_reason_and_the_next_arrives(
    post: Post, server: Homeserver, error: MatrixError
) -> None:
    server.refusals["no"] = error
    dead, _ = await post.put_all([("!a", "no"), ("!a", "yes")], owner="announce")
    await post.deliver()
    assert server.bodies() == ["yes"]
    row = await post.row(dead)
    assert row.state == State.DEAD
    assert row.reason is not None
    assert error.message in row.reason
    assert "!a:b" not in row.reason
    assert (await post.database.read(outbox.counts)).dead == 1


async def test_instead_of_what_is_refused_other_words_are_said(post: Post, server: Homeserver) -> None:
    server.refusals["org.matrix.msc3381.poll.start"] = NO
    letter = await post.put("!a", POLL, instead=Words("Answer with 1 or 2."), owner="vote")
    await post.deliver()
    assert server.bodies() == ["Answer with 1 or 2."]
    assert await post.state(letter) is State.DELIVERED
    assert [receipt.outcome for receipt in await post.receipts(1)] == ["refused"]
    await post.put("!a", Correction(letter, Words("Too late.")))
    await post.deliver()
    assert server.events[-1].content["m.relates_to"]["event_id"] == server.events[0].id


async def test_a_refused_token_ends_the_delivery(post: Post, server: Homeserver) -> None:
    letter = await post.put("!a", "hello")
    server.trouble.append(TokenRefused("who?", errcode="M_UNKNOWN_TOKEN", status=401))
    with pytest.raises(TokenRefused):
        async with asyncio.timeout(60):
            await post.deliverer.run()
    assert await post.state(letter) is State.WAITING


async def test_a_place_without_a_room_waits_for_it_and_holds_nobody_up(post: Post, server: Homeserver) -> None:
    late, overdue = await post.put(LYON, "hello"), await post.put(
        LYON, "hurry", deadline=post.clock.now() + timedelta(hours=1)
    )  # fmt: skip
    await post.put("!a", "elsewhere")
    async with post.running():
        await post.until(lambda: server.bodies() == ["elsewhere"])
        post.later(hours=2)
        post.deliverer.wake(rooms=True)

        async def given_up() -> bool:
            return await post.state(overdue) is State.DEAD

        await post.until(given_up)
        assert await post.state(late) is State.WAITING
        post.rooms[LYON] = "!lyon"
        post.deliverer.wake(rooms=True)
        await post.until(post.empty)
    assert server.bodies("!lyon") == ["hello"]


async def test_a_place_that_was_let_go_refuses(post: Post, server: Homeserver) -> None:
    post.rooms[LYON] = Nowhere.NEVER
    letter = await post.put(LYON, "hello", instead=Words("hi"), owner="announce")
    await post.deliver()
    assert server.events == []
    receipts = await post.receipts(1)
    assert [(receipt.letter, receipt.outcome, receipt.reason) for receipt in receipts] == [(letter, "refused", NO_ROOM)]


async def test_a_direct_conversation_is_opened_for_the_letter(post: Post, server: Homeserver) -> None:
    server.refusals["@gone:"] = NO
    server.trouble.append(DOWN)
    await post.put(Direct("@anna:x"), "hello")
    gone = await post.put(Direct("@gone:x"), "hello")
    await post.deliver()
    assert server.bodies("!direct-@anna:x") == ["hello"]
    assert await post.state(gone) is State.DEAD


async def test_past_its_deadline_a_letter_is_given_up(post: Post, server: Homeserver) -> None:
    letter = await post.put("!a", "hello", owner="announce")
    post.later(hours=24 * 8)
    await post.deliver()
    assert server.events == []
    assert [(one.letter, one.outcome) for one in await post.receipts(1)] == [(letter, "given_up")]


async def test_a_letter_whose_room_was_never_made_says_so(post: Post, server: Homeserver) -> None:
    await post.put(LYON, "hello", owner="announce")
    post.later(hours=24 * 8)
    await post.deliver()
    assert [(one.outcome, one.reason) for one in await post.receipts(1)] == [("given_up", NO_ROOM)]


async def test_what_arrived_before_its_deadline_was_not_given_up(post: Post, server: Homeserver) -> None:
    letter = await post.put("!a", "hello", owner="announce")
    server.lost = 1
    async with post.running():
        await post.until(lambda: len(server.events) == 1)
    post.later(hours=24 * 8)
    await post.deliver()
    assert (await post.row(letter)).event_id == server.events[0].id
    assert [(one.letter, one.outcome) for one in await post.receipts(1)] == [(letter, "delivered")]


async def test_a_letter_is_sent_at_once_when_somebody_says_that_it_is_there(post: Post, server: Homeserver) -> None:
    async with post.running(look=3600):
        await post.put("!a", "one")
        await post.until(lambda: server.bodies() == ["one"])
        await post.put("!a", "two")
        await post.put("!b", "three")
        await post.until(lambda: sorted(server.bodies()) == ["one", "three", "two"])


async def test_a_letter_is_found_also_when_nobody_says_that_it_is_there(post: Post, server: Homeserver) -> None:
    async with post.running():
        await post.put("!a", "one")
        await post.until(lambda: server.bodies() == ["one"])
        letter = Letter(to=Elsewhere("!a"), content=Words("two"))
        await post.database.write(lambda session: outbox.put(session, letter, post.clock.now()))
        await post.until(lambda: server.bodies() == ["one", "two"])


async def test_only_the_last_of_several_corrections_is_sent(post: Post, server: Homeserver) -> None:
    letter = await post.put("!a", "0 of 9")
    for count in range(1, 10):
        await post.put("!a", Correction(letter, Words(f"{count} of 9")))
    await post.deliver()
    assert server.bodies() == ["0 of 9", "* 9 of 9"]
    assert server.events[1].content["m.relates_to"] == {"rel_type": "m.replace", "event_id": server.events[0].id}


async def test_what_speaks_of_a_letter_follows_it_also_into_death(post: Post, server: Homeserver) -> None:
    server.refusals["no"] = NO
    good, bad = await post.put_all([("!a", POLL), ("!a", "no")])
    followers = [
        await post.put("!a", Mark("✅", letter=good)),
        await post.put("!a", PollClosing(good, "closed")),
        await post.put("!a", Withdrawal(good)),
        await post.put("!a", Mark("✅", letter=bad)),
        await post.put("!a", Correction(bad, Words("yes"))),
        await post.put("!a", Withdrawal("unknown")),
    ]
    await post.deliver()
    assert [await post.state(letter) for letter in followers] == [State.DELIVERED] * 3 + [State.DEAD] * 3
    first = server.events[0].id
    assert [event.type for event in server.events] == [
        "org.matrix.msc3381.poll.start", "m.reaction", "org.matrix.msc3381.poll.end", "m.room.redaction",
    ]  # fmt: skip
    assert server.redacted == [first]


async def test_what_speaks_of_a_letter_goes_out_right_behind_it(post: Post, server: Homeserver) -> None:
    letter = await post.put("!a", "one")
    await post.put("!a", Correction(letter, Words("uno")))
    await post.put("!a", "two")
    await post.deliver()
    assert server.bodies() == ["one", "* uno", "two"]


async def test_what_speaks_of_a_letter_elsewhere_waits_for_it_and_lets_others_pass(
    post: Post, server: Homeserver
) -> None:
    letter = await post.put(LYON, "hello")
    post.rooms[LYON] = Nowhere.NOT_YET
    await post.put("!lyon", Correction(letter, Words("good day")))
    await post.put("!lyon", "next")
    async with post.running():
        await post.until(lambda: server.bodies() == ["next"])
        post.rooms[LYON] = "!lyon"
        post.deliverer.wake(rooms=True)
        await post.until(post.empty)
    assert server.bodies() == ["next", "hello", "* good day"]


async def test_a_mark_that_stands_there_already_is_a_success(post: Post, server: Homeserver) -> None:
    server.refusals["m.reaction"] = MatrixError("again", errcode="M_DUPLICATE_ANNOTATION", status=400)
    letter = await post.put("!a", Mark("✅", event="$theirs"))
    await post.deliver()
    assert await post.state(letter) is State.DELIVERED


async def test_a_long_letter_is_several_events_all_of_them_corrected_and_withdrawn(
    post: Post, server: Homeserver
) -> None:
    long = "\n".join(f"{number:05} {'x' * 90}" for number in range(1000))
    letter = await post.put("!a", Words(long, mentions=("@anna:x",)))
    await post.deliver()
    parts = list(server.events)
    assert len(parts) == 3
    assert "\n".join(server.bodies()) == long
    for part in parts:
        of = await post.database.read(lambda session, event=part.id: outbox.letter_of(session, event))  # type: ignore[misc]
        assert of == letter
    await post.put("!a", Correction(letter, Words("short")))
    await post.deliver()
    assert server.bodies()[3:] == ["* short"]
    assert server.redacted == [parts[1].id, parts[2].id]
    await post.put("!a", Withdrawal(letter))
    await post.deliver()
    assert server.redacted[2:] == [parts[0].id]


async def test_a_receipt_is_given_once_after_its_handling_has_succeeded(post: Post, server: Homeserver) -> None:
    letters = await post.put_all([("!a", str(number)) for number in range(5)], owner="announce")
    await post.deliver()
    failing = {letters[2]: 2}

    async def handle(receipt: Receipt) -> None:
        if failing.get(receipt.letter):
            failing[receipt.letter] -= 1
            raise RuntimeError("broken")

    got = await post.receipts(5, handle)
    assert sorted(receipt.letter for receipt in got) == sorted(letters)
    assert {(receipt.owner, receipt.outcome) for receipt in got} == {("announce", "delivered")}
    assert len({receipt.id for receipt in got}) == 5
    assert await post.receipts(0) == []


async def test_a_receipt_whose_handling_was_killed_comes_again_under_its_id(post: Post) -> None:
    await post.put("!a", "hello", owner="announce")
    await post.deliver()
    seen: list[str] = []

    async def killed(receipt: Receipt) -> None:
        seen.append(receipt.id)
        await asyncio.Event().wait()

    task = asyncio.create_task(post.deliverer.receipts(killed))
    await post.until(lambda: len(seen) == 1)
    task.cancel()
    assert [receipt.id for receipt in await post.receipts(1)] == seen


async def test_what_is_to_be_forgotten_is_gone_once_it_has_arrived(post: Post, server: Homeserver) -> None:
    secret = await post.put("!a", "your code is 1234", forget=True, instead=Words("1234"))
    kept = await post.put("!a", "hello")
    await post.deliver()
    row = await post.row(secret)
    assert (row.content, row.instead) == (None, None)
    assert (await post.row(kept)).content is not None
    assert server.bodies() == ["your code is 1234", "hello"]


async def test_a_picture_is_uploaded_once_for_clear_rooms_and_once_for_encrypted_ones(
    post: Post, server: Homeserver
) -> None:
    file = await post.database.write(lambda session: files.put(session, b"PNG", "chart.png", "image/png"))
    again = await post.database.write(lambda session: files.put(session, b"PNG", "same.png", "image/png"))
    server.encrypted = {"!secret", "!secret too"}
    for room in ("!a", "!b", "!secret", "!secret too"):
        await post.put(
            room, Picture(again if room == "!b" else file, "chart.png", "image/png", 640, 480, "29 yes, 8 no")
        )
    async with post.running(places=1):
        await post.until(post.empty)
    assert server.uploads == [b"PNG", b"PNG"]
    content = {event.room: event.content for event in server.events}
    assert content["!a"]["url"] == content["!b"]["url"]
    assert "url" not in content["!secret"]
    assert content["!secret"]["file"] == content["!secret too"]["file"]
    assert content["!a"]["info"] == {"w": 640, "h": 480, "size": 3, "mimetype": "image/png"}


async def test_a_letter_whose_file_was_erased_dies(post: Post) -> None:
    file = await post.database.write(lambda session: files.put(session, b"PNG", "chart.png", "image/png"))
    letter = await post.put("!a", Picture(file, "chart.png", "image/png", 1, 1, "a chart"))
    await post.database.write(lambda session: files.erase(session, file))
    await post.deliver()
    assert ((row := await post.row(letter)).state, row.reason) == (State.DEAD, "its file was erased")


async def test_many_letters_share_few_commits(post: Post, server: Homeserver) -> None:
    """On the side of the database: well over a hundred letters a second, where each commit waits for the disk."""
    await post.put_all([(f"!{number % 40}", "hello") for number in range(400)])
    commits = 0
    write = post.database.write

    async def counted(work):  # type: ignore[no-untyped-def]
        nonlocal commits
        commits += 1
        return await write(work)

    post.database.write = counted  # type: ignore[method-assign]
    await post.deliver()
    assert len(server.events) == 400
    assert commits < 60
