"""A vote of many branches on a real homeserver, in encrypted rooms, by a program that is killed on the way."""

from __future__ import annotations

import signal
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final

import pytest
from nio import DownloadResponse
from nio.crypto.attachments import decrypt_attachment
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bots.vote.record.verify import verify
from bots.vote.tables import CastRow, PlaceRow, VoteRow
from bridge.letters import outbox
from kunveno.demo.synapse import EmbeddedSynapse
from tests.support.encrypted import EncryptedMember, Seen
from tests.support.installation import until
from tests.support.people import NewBot
from tests.support.register import Branches
from tests.support.town import Town, build, replaced

TREE: Branches = {"france": {"bretagne": {"finistere": {}, "morbihan": {}}}}
MEMBERS: Final = {"Bruno": "bretagne", "Chloe": "finistere", "Dario": "morbihan"}
_POLL: Final = "org.matrix.msc3381.poll"

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
async def town(
    tmp_path: Path, synapse: EmbeddedSynapse, registration_file: Path, new_bot: NewBot, database_url: str
) -> AsyncIterator[Town]:
    built = build(
        synapse, registration_file, new_bot, database_url, tmp_path,
        tree=TREE, members=MEMBERS, mandates=[("Bruno", "secretary", "bretagne")], votes={"grace": 1},
    )  # fmt: skip
    async with built as ready:
        yield ready


@asynccontextmanager
async def killed(town: Town) -> AsyncIterator[None]:
    """Kill the program, and have another one go on for the length of the block."""
    town.running.process.send_signal(signal.SIGKILL)
    await town.running.ended()
    async with town.installation.start("run") as running:
        town.running.lines += ["killed"]
        town.running = running
        yield


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # what is killed is the same
async def test_one_vote_in_three_branches(town: Town) -> None:
    bruno, chloe, dario = (town.people[name] for name in MEMBERS)
    rooms = {name: await town.room(branch) for name, branch in MEMBERS.items()}
    for name, room in rooms.items():
        await town.enters(town.people[name], room)
    asked = await town.asks(bruno, rooms["Bruno"], "!vote Shall we strike? --below --count double")
    assert "It will be held in 3 branches of Bretagne" in asked.body
    mark = {"m.relates_to": {"rel_type": "m.annotation", "event_id": asked.id, "key": "✅"}}
    await bruno.send(rooms["Bruno"], "m.reaction", mark)
    await until(lambda: town.app.database.read(_places))
    async with killed(town):  # while the polls are on their way
        poll = await chloe.see(rooms["Chloe"], _is_poll, seconds=60)
        answer = {"m.relates_to": {"rel_type": "m.reference", "event_id": poll.id}}
        await chloe.send(rooms["Chloe"], f"{_POLL}.response", {**answer, f"{_POLL}.response": {"answers": ["1"]}})
        await dario.see(rooms["Dario"], _is_poll, seconds=60)
        await dario.say(rooms["Dario"], "!vote V1 against")
        await bruno.see(rooms["Bruno"], _is_poll, seconds=60)
        await bruno.say(rooms["Bruno"], "!vote V1 for")
        await until(lambda: town.app.database.read(partial(_voted, people=3)), seconds=60)
        await bruno.say(rooms["Bruno"], "!vote close V1")
        await until(lambda: town.app.database.read(_counted), seconds=60)
        async with killed(town):  # while the results are on their way
            await bruno.see(rooms["Bruno"], lambda seen: seen.body == "V1.json", seconds=60)
            await until(lambda: town.app.database.read(_all_is_said), seconds=60)
            for name, room in rooms.items():
                await once_each(town, town.people[name], room, MEMBERS[name].capitalize())
            await the_record_can_be_counted_again(town, bruno, rooms["Bruno"])


async def once_each(town: Town, member: EncryptedMember, room: str, branch: str) -> None:
    """A member sees one poll with one end, one announcement and one result, all of them encrypted."""
    await member.see(room, lambda seen: "In all 3 branches" in seen.body or "• By heads" in seen.body, seconds=60)
    said = [seen for seen in member.seen[room] if seen.sender == town.bot and replaced(seen) is None]
    assert all(seen.encrypted for seen in said if seen.type.startswith(("m.room.message", _POLL)))
    kinds = Counter(seen.type for seen in said)
    assert (kinds[f"{_POLL}.start"], kinds[f"{_POLL}.end"]) == (1, 1)
    bodies = [seen.body for seen in said]
    assert sum(f"1 member of {branch} can vote, 3 in all branches." in body for body in bodies) == 1, bodies
    whole = "• By heads: 2 For, 1 Against, 0 Abstain – carried\n• By branches: 2 For, 1 Against – carried"
    assert sum(whole in body for body in bodies) == 1, bodies


async def the_record_can_be_counted_again(town: Town, member: EncryptedMember, room: str) -> None:
    """The picture and the record of the result are there, once, and encrypted."""
    said = [seen for seen in member.seen[room] if seen.sender == town.bot]
    (picture,) = [seen for seen in said if seen.content.get("msgtype") == "m.image"]
    assert (await _content(member, picture)).startswith(b"\x89PNG")
    (file,) = [seen for seen in said if seen.content.get("msgtype") == "m.file"]
    report = verify(await _content(member, file))
    assert report.passed, [wrong for check in report.checks for wrong in check.wrong]


async def _content(member: EncryptedMember, seen: Seen) -> bytes:
    """What a file is that came encrypted."""
    media: dict[str, Any] = seen.content["file"]
    answer = await member.client.download(media["url"])
    assert isinstance(answer, DownloadResponse), answer
    return bytes(decrypt_attachment(answer.body, media["key"]["k"], media["hashes"]["sha256"], media["iv"]))


def _is_poll(seen: Seen) -> bool:
    return seen.type == f"{_POLL}.start"


async def _places(session: AsyncSession) -> int:
    return await session.scalar(select(func.count()).select_from(PlaceRow)) or 0


async def _voted(session: AsyncSession, people: int) -> bool:
    return (await session.scalar(select(func.count(func.distinct(CastRow.member_id))))) == people


async def _counted(session: AsyncSession) -> bool:
    return await session.scalar(select(VoteRow.verdict)) is not None


async def _all_is_said(session: AsyncSession) -> bool:
    resulted = await session.scalar(select(func.count()).where(PlaceRow.resulted))
    return resulted == len(MEMBERS) and (await outbox.counts(session)).waiting == 0
