"""A vote of many branches in the demonstration: asked, answered by members of several branches, closed, and drawn."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bots.vote.tables import State, VoteLetterRow, VoteRow
from bridge.files import FileDataRow, FileRow
from bridge.letters import Words, outbox
from bridge.letters.outbox import LetterRow
from kunveno.demo.conversation import Conversation
from kunveno.demo.scenario import PASSWORD, Demo, DemoError, Login

QUESTION: Final = "Participons-nous à la grève du 5 ?"
LINE: Final = f"voter {QUESTION} --dessous --compter double --clôture dans 2 heures"
_VOTERS: Final = 14
_CHOICES: Final = ("pour", "pour", "contre", "pour", "abstention")
_PATIENCE: Final = 120
"""Looks, half a second apart."""


@dataclass(frozen=True, slots=True)
class Held:
    """A vote that was held: what was asked before it opened, what came of it, and where the picture is."""

    asker: Login
    asked: str
    voters: int
    result: str
    picture: Path | None


async def hold(demo: Demo, logins: Sequence[Login]) -> Held | None:
    """Hold a vote, unless there was one; None where nobody here may ask many branches. Raises DemoError, NoAnswer."""
    asker = next((one for one in logins if one.offices and "secretary of Auvergne" in " ".join(one.offices)), None)
    before = await demo.app.database.read(_votes)
    if asker is None or before:
        return None
    async with Conversation.of(demo.synapse, asker.user, PASSWORD) as conversation:
        asked = await conversation.confirms(LINE)
        number = (await _row(demo, State.OPEN)).number
        voters = [one for one in logins if one.user != asker.user and one.branch != "France"][:_VOTERS]
        for at, voter in enumerate(voters):
            async with Conversation.of(demo.synapse, voter.user, PASSWORD) as theirs:
                await theirs.votes(f"voter V{number} {_CHOICES[at % len(_CHOICES)]}")
        await conversation.asks(f"voter clôturer V{number}")
    row = await _row(demo, State.CLOSED)
    result = await _until_there(demo, row.id, "result")
    await _until_there(demo, row.id, "picture")
    words = outbox.content_of(result)
    picture = await demo.app.database.read(lambda session: _picture(session, f"V{number}.png"))
    path = None
    if picture is not None:
        path = demo.installation.folder / f"V{number}.png"
        await asyncio.to_thread(path.write_bytes, picture)
    return Held(asker, asked, len(voters), words.plain if isinstance(words, Words) else "", path)


async def _votes(session: AsyncSession) -> int:
    return await session.scalar(select(func.count()).select_from(VoteRow)) or 0


async def _row(demo: Demo, state: State) -> VoteRow:
    """The vote, as soon as it is so far."""
    for _ in range(_PATIENCE):
        row = await demo.app.database.read(lambda session: session.scalar(select(VoteRow).limit(1)))
        if row is not None and row.state == state and (state is State.OPEN or row.verdict is not None):
            return row
        await asyncio.sleep(0.5)
    raise DemoError("the vote did not come so far; what the program says above may tell why")


async def _until_there(demo: Demo, vote: str, purpose: str) -> LetterRow:
    """A letter of the vote, as soon as it was written."""
    query = select(LetterRow).join(VoteLetterRow, VoteLetterRow.letter == LetterRow.id)
    query = query.where(VoteLetterRow.vote_id == vote, VoteLetterRow.purpose == purpose).order_by(LetterRow.number)
    for _ in range(_PATIENCE):
        if (letter := await demo.app.database.read(lambda session: session.scalar(query.limit(1)))) is not None:
            return letter
        await asyncio.sleep(0.5)
    raise DemoError("the result of the vote did not come; what the program says above may tell why")


async def _picture(session: AsyncSession, name: str) -> bytes | None:
    query = select(FileDataRow.data).join(FileRow, FileRow.digest == FileDataRow.digest).where(FileRow.name == name)
    return await session.scalar(query.limit(1))
