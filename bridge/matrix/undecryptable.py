"""Events that could not be decrypted: they wait for their key in the database; then their sender is told, once."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bridge.letters import Letter, Words, outbox
from bridge.matrix.content import Json
from bridge.matrix.rooms import UnreadRow, WithheldRow, place_in
from bridge.places import Place
from ground.texts import Text, text
from party.members import AccountRow

PATIENCE: Final = timedelta(seconds=30)
"""How long a key may be on its way."""
KEPT: Final = timedelta(days=7)
"""For how long it is known that somebody was told."""
_DISTRUST: Final = frozenset({"m.blacklisted", "m.unverified"})

Wording = Callable[[AsyncSession, Place, str, Text], Awaitable[str]]
"""A sentence for an account, as it is said at a place."""


async def in_english(session: AsyncSession, place: Place, account: str, sentence: Text) -> str:
    """A wording where no languages are known."""
    return str(sentence)


async def keep(
    session: AsyncSession, room_id: str, event_id: str, account: str, session_id: str, event: Json, at: datetime
) -> None:
    """Keep an event until its key comes, unless it is kept already."""
    if await session.get(UnreadRow, event_id) is None:
        kept = json.dumps(event)
        session.add(
            UnreadRow(
                id=event_id, room_id=room_id, session_id=session_id[:255], account=account, event=kept, came_at=at,
                said=False,
            )
        )  # fmt: skip
        await session.flush()


async def waiting(session: AsyncSession) -> list[tuple[str, Json, datetime]]:
    """What waits for a key: room, event, and since when; oldest first."""
    query = select(UnreadRow.room_id, UnreadRow.event, UnreadRow.came_at).where(UnreadRow.event.is_not(None))
    rows = await session.execute(query.order_by(UnreadRow.came_at, UnreadRow.id))
    return [(room_id, json.loads(event), came_at) for room_id, event, came_at in rows if event]


async def next_due(session: AsyncSession) -> datetime | None:
    """When the patience with the oldest ends; None when nothing waits."""
    oldest = await session.scalar(select(func.min(UnreadRow.came_at)).where(UnreadRow.event.is_not(None)))
    return None if oldest is None else oldest + PATIENCE


async def drop(session: AsyncSession, event_id: str) -> None:
    """It was read."""
    await session.execute(delete(UnreadRow).where(UnreadRow.id == event_id))


async def note_withheld(session: AsyncSession, withheld: Mapping[tuple[str, str], str], at: datetime) -> None:
    """Keep why keys will not come."""
    for (room_id, session_id), code in withheld.items():
        if len(room_id) <= 255 and len(session_id) <= 255:
            await session.merge(WithheldRow(room_id=room_id, session_id=session_id, code=code[:60], at=at))
    await session.flush()


async def give_up(session: AsyncSession, event_id: str, at: datetime, wording: Wording) -> bool:
    """Wait no longer; True when its sender is told: a known account, and once for each room and session."""
    row = await session.get(UnreadRow, event_id)
    if row is None:
        return False
    told = select(UnreadRow.id).where(UnreadRow.room_id == row.room_id, UnreadRow.session_id == row.session_id)
    if await session.scalar(told.where(UnreadRow.said).limit(1)) or await session.get(AccountRow, row.account) is None:
        await session.delete(row)
        return False
    row.event, row.said = None, True
    place = await place_in(session, row.room_id)
    withheld = await session.get(WithheldRow, (row.room_id, row.session_id))
    plain = await wording(session, place, row.account, _sentence(None if withheld is None else withheld.code))
    words = Words(plain, mentions=(row.account,))
    await outbox.put(session, Letter(to=place, content=words, answers=event_id, deadline=at + timedelta(days=1)), at)
    return True


async def forget(session: AsyncSession, at: datetime) -> None:
    """Forget who was told, and why keys did not come, long ago."""
    await session.execute(delete(UnreadRow).where(UnreadRow.event.is_(None), UnreadRow.came_at < at - KEPT))
    await session.execute(delete(WithheldRow).where(WithheldRow.at < at - KEPT))


def _sentence(code: str | None) -> Text:
    if code in _DISTRUST:
        return text(
            "I could not read your message: your app sends only to devices that you have verified. Please verify mine, "
            "or allow the others in its settings, and send it again."
        )
    return text("I could not read your message. Please send it again.")
