"""Our own events, as they come back: each names the letter that it is, so what speaks of it can be told at once."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bridge.letters.outbox import LetterRow, letter_of
from bridge.matrix.compose import LETTER
from bridge.matrix.content import Json
from ground.database import Database


def handle_in(event: Json) -> str | None:
    """The handle of the letter's part that an event of ours is."""
    content = event.get("content")
    handle = content.get(LETTER) if isinstance(content, dict) else None
    return handle if isinstance(handle, str) else None


async def link(database: Database, events: Mapping[str, tuple[str, str]]) -> None:
    """Note which events letters became (handle → event, room), where the delivery has not noted it yet.

    Only the first event of a letter: the others wait for the delivery.
    """
    if not events:
        return
    unknown = LetterRow.id.in_(list(events)), LetterRow.event_id.is_(None)

    async def look(session: AsyncSession) -> list[str]:
        return list(await session.scalars(select(LetterRow.id).where(*unknown)))

    async def note(session: AsyncSession) -> None:
        for row in await session.scalars(select(LetterRow).where(*unknown)):
            row.event_id, row.room_id = events[row.id]

    if await database.read(look):
        await database.write(note)


async def letters(session: AsyncSession, events: Collection[str]) -> dict[str, str]:
    """Our letters, by those of the events that they became."""
    found = {event: await letter_of(session, event) for event in events}
    return {event: letter for event, letter in found.items() if letter is not None}
