"""A vote whose close comes while nothing runs: what was cast in time counts, what was not does not."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bots.vote.counted import count_of
from bots.vote.holding import CLOSE
from bots.vote.tables import State, VoteLetterRow, VoteRow
from bridge.letters.outbox import LetterRow
from ground import due
from kunveno.demo.synapse import EmbeddedSynapse
from tests.support.assembly import ROOMS
from tests.support.encrypted import EncryptedMember
from tests.support.house import House, build
from tests.support.installation import until

_RESPONSE = "org.matrix.msc3381.poll.response"


async def test_the_close_comes_while_nothing_runs(
    synapse: EmbeddedSynapse, registration_file: Path, database_url: str, tmp_path: Path
) -> None:
    async with build(
        synapse, registration_file, database_url, tmp_path, rooms=ROOMS, members=3, votes={"grace": 0}
    ) as house:
        ada, grace, emmy = house.members
        async with house.suite() as running:
            await house.hears(running)
            polls = {kind: await _open(house, ada, room) for kind, room in house.rooms.items()}
        for kind, poll in polls.items():
            await _tap(grace, house.rooms[kind], poll, "1")
        closes = house.app.clock.now()
        await house.app.database.write(lambda session: _close_at(session, closes))
        for kind, poll in polls.items():
            await _tap(emmy, house.rooms[kind], poll, "2")
        async with house.suite():
            rows = await until(lambda: house.app.database.read(_closed))
        for row in rows:
            counted = count_of(row.verdict or "")
            assert (counted.voted, counted.ballots) == (1, {"a": 1}), row.question


async def _open(house: House, member: EncryptedMember, room: str) -> str:
    """Open a vote; returns the event of its poll."""
    asked = await member.say(room, "!vote Shall we?")

    async def find(session: AsyncSession) -> str | None:
        query = (
            select(LetterRow.event_id)
            .join(VoteLetterRow, VoteLetterRow.letter == LetterRow.id)
            .join(VoteRow, VoteRow.id == VoteLetterRow.vote_id)
            .where(VoteRow.source == asked, VoteLetterRow.purpose == "poll")
        )
        found: str | None = await session.scalar(query)
        return found

    return await until(lambda: house.app.database.read(find)) or ""


async def _tap(member: EncryptedMember, room: str, poll: str, answer: str) -> None:
    about = {"rel_type": "m.reference", "event_id": poll}
    await member.send(room, _RESPONSE, {"m.relates_to": about, _RESPONSE: {"answers": [answer]}})


async def _close_at(session: AsyncSession, at: datetime) -> None:
    """As if both votes had been opened with this close."""
    for row in await session.scalars(select(VoteRow).where(VoteRow.state == State.OPEN)):
        row.closes_at = at
        await due.schedule(session, CLOSE, row.id, at)


async def _closed(session: AsyncSession) -> list[VoteRow]:
    rows = list(await session.scalars(select(VoteRow)))
    return rows if all(row.state == State.CLOSED for row in rows) else []
