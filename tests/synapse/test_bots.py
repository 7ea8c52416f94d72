"""Conversations with all bots: `kunveno run` as a process, a real homeserver, and members' clients that encrypt."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest

from bots.attention.people import SHOW
from bots.help.welcome import WELCOME
from kunveno.demo.synapse import EmbeddedSynapse
from party.members import AccountRow
from tests.support.encrypted import EncryptedMember, Seen
from tests.support.installation import until
from tests.support.people import NewBot
from tests.support.register import Branches
from tests.support.town import Town, answered, build, edit_of, relation

TREE: Branches = {"france": {"bretagne": {"finistere": {}, "morbihan": {}}, "normandie": {}}}
MEMBERS = {
    "Anna": "france", "Bruno": "bretagne", "Chloe": "finistere", "Dario": "morbihan", "Emma": "normandie",
    "Flora": "normandie", "Gaston": "normandie", "Hugo": "bretagne", "Ines": "bretagne",
}  # fmt: skip
_KINDS = ("space", "announcements", "discussion")
"""The rooms to which members are invited."""
MANDATES = [("Anna", "secretary", "france"), ("Bruno", "secretary", "bretagne")]

pytestmark = pytest.mark.timeout(180)


@pytest.fixture
async def town(
    tmp_path: Path, synapse: EmbeddedSynapse, registration_file: Path, new_bot: NewBot, database_url: str
) -> AsyncIterator[Town]:
    built = build(
        synapse, registration_file, new_bot, database_url, tmp_path,
        tree=TREE, members=MEMBERS, mandates=MANDATES, claimed=["Gaston"], without=["Ines"],
    )  # fmt: skip
    async with built as ready:
        yield ready


async def test_what_members_ask(town: Town) -> None:
    """The welcome, help, threads, edits, and who is not a member (yet)."""
    await the_welcome_comes_once(town)
    await help_shows_what_one_may(town)
    await an_answer_stays_in_its_thread(town)
    await what_is_changed_is_not_done_again(town)
    await strangers_are_told_how_to_come_in(town)
    await a_first_message_confirms_an_account(town)


async def test_what_officers_ask(town: Town) -> None:
    """Branches and their rooms, announcements, codes, mandates, and those who decline."""
    await a_new_branch_gets_its_rooms(town)
    await an_announcement_goes_below(town)
    await a_code_lets_somebody_in(town)
    await a_mandate_is_power(town)
    await who_declines_is_shown_once(town)
    await a_room_that_is_taken_cannot_be_given(town)


async def the_welcome_comes_once(town: Town) -> None:
    emma = town.people["Emma"]
    await town.enters(emma, await town.room("normandie"), await town.room("normandie", "announcements"))
    await town.hasten(WELCOME)

    async def asked_in() -> str | None:
        await emma.sync()
        known = {await town.room(branch, key) for branch in ("normandie", "france") for key in _KINDS}
        return next((room for room in emma.client.invited_rooms if room not in known), None)

    talk = str(await until(asked_in))
    await emma.join(talk)
    town.talks[emma.user_id] = talk
    await emma.read(talk, town.bot, "Hello Person Emma!")
    await town.enters(emma, await town.room("france", "announcements"))
    said = await town.asks(emma, talk, "branch")
    assert "Normandie" in said.body
    assert len(town.said(emma, talk, "Hello")) == 1
    assert said.encrypted


async def help_shows_what_one_may(town: Town) -> None:
    emma, room = town.people["Emma"], await town.room("normandie")
    said = await town.asks(emma, room, "!help")
    assert "!branch" in said.body
    assert "branch create" not in said.body
    assert said.content["msgtype"] == "m.notice"
    assert said.content.get("m.mentions") == {}
    assert said.encrypted


async def an_answer_stays_in_its_thread(town: Town) -> None:
    emma, room = town.people["Emma"], await town.room("normandie")
    root = await emma.say(room, "What is there to do?")
    said = await town.asks(
        emma, room, "!branch", **{"m.relates_to": {"rel_type": "m.thread", "event_id": root, "is_falling_back": True}}
    )
    assert (relation(said)["rel_type"], relation(said)["event_id"]) == ("m.thread", root)


async def what_is_changed_is_not_done_again(town: Town) -> None:
    emma, room = town.people["Emma"], await town.room("normandie")
    first = await emma.say(room, "!branch")
    await town.answer(emma, room, first)
    for words in ("!help", "!help branch"):
        await emma.say(room, f"* {words}", **edit_of(first, words))
    await emma.read(room, town.bot, "What is changed is not done again.")
    await town.asks(emma, room, "!branch")  # answered after all that came before
    answers = [seen.body for seen in town.said(emma, room) if answered(seen) == first]
    assert len(answers) == 2, answers


async def strangers_are_told_how_to_come_in(town: Town) -> None:
    async with EncryptedMember.start(town.synapse, town.folder / "stranger") as stranger:
        talk = await town.talk(stranger)
        await stranger.say(talk, "Hello?")
        said = await stranger.read(talk, town.bot, "I do not know your account yet")
        assert "join" in said.body
        again = await stranger.say(talk, "branch")
        known = await town.asks(stranger, talk, "join AAAA-BBBB-CCCC")
        assert not [seen for seen in town.said(stranger, talk, "Normandie")]
        assert "code" in known.body.lower()
        answers = [seen.body for seen in town.said(stranger, talk) if answered(seen) == again]
        assert len(answers) <= 1


async def a_first_message_confirms_an_account(town: Town) -> None:
    gaston = town.people["Gaston"]

    async def confirmed() -> bool:
        row = await town.app.database.read(lambda session: session.get(AccountRow, gaston.user_id))
        return row is not None and row.confirmed_at is not None

    assert not await confirmed()
    talk = await town.talk(gaston)
    await gaston.say(talk, "Hello")
    await until(confirmed)
    await gaston.read(talk, town.bot, "Hello Person Gaston!")


async def a_new_branch_gets_its_rooms(town: Town) -> None:
    anna, room = town.people["Anna"], await town.room("france")
    await town.enters(anna, room)
    said = await town.asks(anna, room, "!Branch create Corse --tier region")
    assert "The branch Corse (region) is created, under France." in said.body
    assert "Its rooms are being made." in said.body
    await town.corrected(anna, room, said.id, "Its rooms are ready.")
    tree = await town.asks(anna, room, "!branch tree")
    assert "Corse" in tree.body
    rooms = [one for one in await town.eyes.joined_rooms() if one not in town.talks.values()]
    names = [(await town.eyes.get_state(one, "m.room.name"))["name"] for one in rooms]
    assert {"Corse", "Discussion – Corse"} <= set(names)


async def an_announcement_goes_below(town: Town) -> None:
    bruno, chloe, dario, hugo = (town.people[name] for name in ("Bruno", "Chloe", "Dario", "Hugo"))
    room = await town.room("bretagne")
    boards = {reader: await town.room(name, _KINDS[1]) for reader, name in ((chloe, "finistere"), (dario, "morbihan"))}
    await town.enters(bruno, room)
    await town.enters(hugo, room)
    for reader, board in boards.items():
        await town.enters(reader, board)
    asked = await bruno.say(room, "!announce --below Picket at noon")
    question = await town.answer(bruno, room, asked)
    assert "will go to 2 branches of Bretagne" in question.body
    mark = {"m.relates_to": {"rel_type": "m.annotation", "event_id": question.id, "key": "✅"}}
    await hugo.send(room, "m.reaction", mark)  # nobody asked him
    await town.asks(hugo, room, "!branch")  # what came before is done with
    await hugo.sync()
    assert not town.said(hugo, room, "A1")
    await bruno.send(room, "m.reaction", mark)
    sending = await bruno.read(room, town.bot, "A1 · Sending…")
    copies = {reader: await reader.read(board, town.bot, "Picket at noon") for reader, board in boards.items()}
    await town.corrected(bruno, room, sending.id, "A1 · Arrived in all 2 branches.")
    words = "!announce --below Picket at one"
    await bruno.say(room, f"* {words}", **edit_of(asked, words))
    for reader, board in boards.items():
        await town.corrected(reader, board, copies[reader].id, "Picket at one")
        assert len(town.said(reader, board, "Picket")) == 1
    await town.asks(bruno, room, "!announce retract A1")
    for reader, board in boards.items():
        await reader.see(board, partial(_takes_back, copies[reader].id))


def _takes_back(event: str, seen: Seen) -> bool:
    return seen.type == "m.room.redaction" and seen.content.get("redacts") == event


async def a_code_lets_somebody_in(town: Town) -> None:
    anna = town.people["Anna"]
    talk = await town.talk(anna)
    letter = await town.asks(anna, talk, "member invite Person Ines")
    code = re.search(r"join ((?:\w{4}-){2}\w{4})", letter.body)
    assert code is not None, letter.body
    async with (
        EncryptedMember.start(town.synapse, town.folder / "ines") as ines,
        EncryptedMember.start(town.synapse, town.folder / "thief") as thief,
    ):
        own = await town.talk(ines)
        said = await town.asks(ines, own, f"join {code[1]}")
        assert "Welcome, Person Ines! You are in the register, in Bretagne." in said.body
        await town.enters(ines, await town.room("bretagne"), await town.room("france", "announcements"))
        await ines.read(own, town.bot, "The rooms of Bretagne are open to you.")
        assert "Bretagne" in (await town.asks(ines, await town.room("bretagne"), "!branch")).body
        refused = await town.asks(thief, await town.talk(thief), f"join {code[1]}")
        assert "Welcome" not in refused.body


async def a_mandate_is_power(town: Town) -> None:
    anna, hugo, room = town.people["Anna"], town.people["Hugo"], await town.room("bretagne")
    talk = await town.talk(anna)
    said = await town.asks(anna, talk, f"mandate give {hugo.user_id} secretary --in bretagne")
    assert "Person Hugo holds the office Secretary in Bretagne." in said.body
    await town.corrected(anna, talk, said.id, "The rights in the rooms have followed.")
    assert await town.power(room, hugo.user_id) == 60
    said = await town.asks(anna, talk, f"mandate end {hugo.user_id} --in bretagne")
    await town.corrected(anna, talk, said.id, "The rights in the rooms have followed.")
    assert await town.power(room, hugo.user_id) == 0


async def who_declines_is_shown_once(town: Town) -> None:
    flora, room = town.people["Flora"], await town.room("normandie")
    committee = await town.room("france", "committee")
    anna = town.people["Anna"]
    await town.enters(anna, committee)
    await town.invited(flora, room)
    await flora.client.room_leave(room)
    await town.hasten(SHOW)
    await anna.read(committee, town.bot, "Person Flora")
    await town.asks(anna, committee, "!branch")
    assert len(town.said(anna, committee, "Flora")) == 1
    assert await town.membership(room, flora.user_id) == "leave"


async def a_room_that_is_taken_cannot_be_given(town: Town) -> None:
    anna, room = town.people["Anna"], await town.room("france")
    own = await anna.create_room(town.bot, name="Old room")
    await town.asks(anna, room, f"!branch link discussion {own}")
    await anna.read(room, town.bot, "The branch has such a room already")
