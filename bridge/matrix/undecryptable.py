"""Events that could not be decrypted: they wait for their key in the database; then their sender is told, once."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bridge.letters import Letter, Words, inbox, outbox
from bridge.matrix.content import Json
from bridge.matrix.olm import Heard, Undecryptable
from bridge.matrix.rooms import UnreadRow, WithheldRow, place_in
from bridge.matrix.session import Session
from bridge.places import Place
from ground.clock import Clock
from ground.database import Database
from ground.texts import Text, text
from party.members import AccountRow

PATIENCE: Final = timedelta(seconds=30)
"""How long a key may be on its way."""
KEPT: Final = timedelta(days=7)
"""For how long it is known that somebody was told."""
_DISTRUST: Final = frozenset({"m.blacklisted", "m.unverified"})

Wording = Callable[[AsyncSession, Place, str, Text], Awaitable[str]]
"""A sentence for an account, as it is said at a place."""


Late = Callable[[str, Json], Awaitable[None]]
"""Is handed the room and the event that can be read at last."""


class Unread:
    """What could not be decrypted. `due` is when it has to be looked at next, None when nothing waits."""

    def __init__(
        self, session: Session, database: Database, clock: Clock, wording: Wording, written: Callable[[], None]
    ) -> None:
        self.due: datetime | None = None
        self._session = session
        self._database = database
        self._clock = clock
        self._wording = wording
        self._written = written

    async def begin(self) -> None:
        """Look first at what waits since before: its key may have come just before the end."""
        now = self._clock.now()
        await self._database.write(partial(forget, at=now))
        if await self._database.read(next_due) is not None:
            self.due = now

    async def keep(self, room_id: str, event: Json, session_id: str) -> None:
        """Keep an event until its key comes, unless it was read before and comes again after a death."""
        now, event_id = self._clock.now(), str(event.get("event_id"))
        if await self._database.read(partial(inbox.has, arrival_id=event_id)):
            return
        kept = UnreadRow(
            id=event_id, room_id=room_id, session_id=session_id[:255], account=str(event.get("sender")),
            event=json.dumps(event), came_at=now, said=False,
        )  # fmt: skip
        await self._database.write(partial(_keep, kept=kept))
        self.due = now + PATIENCE if self.due is None else min(self.due, now + PATIENCE)

    async def hear(self, heard: Heard, late: Late) -> None:
        """Hand over what can now be read, and give up what waited long enough."""
        now = self._clock.now()
        if heard.withheld:
            await self._database.write(partial(_note_withheld, withheld=heard.withheld, at=now))
        if self.due is None or (not heard.keys and now < self.due):
            return
        for room_id, event, came_at in await self._database.read(_waiting):
            try:
                plain = self._session.crypto.decrypt(room_id, event)
            except Undecryptable:
                if now >= came_at + PATIENCE:
                    await self._give_up(str(event.get("event_id")), now)
                continue
            await late(room_id, plain)
            await self._database.write(partial(_drop, event_id=str(event.get("event_id"))))
        self.due = await self._database.read(next_due)

    async def _give_up(self, event_id: str, now: datetime) -> None:
        if await self._database.write(partial(give_up, event_id=event_id, at=now, wording=self._wording)):
            self._written()


async def in_english(session: AsyncSession, place: Place, account: str, sentence: Text) -> str:
    """A wording where no languages are known."""
    return str(sentence)


async def _keep(session: AsyncSession, kept: UnreadRow) -> None:
    if await session.get(UnreadRow, kept.id) is None:
        await session.merge(kept)  # a copy: the work may run again
        await session.flush()


async def _waiting(session: AsyncSession) -> list[tuple[str, Json, datetime]]:
    """Room, event, and since when; oldest first."""
    query = select(UnreadRow.room_id, UnreadRow.event, UnreadRow.came_at).where(UnreadRow.event.is_not(None))
    rows = await session.execute(query.order_by(UnreadRow.came_at, UnreadRow.id))
    return [(room_id, json.loads(event), came_at) for room_id, event, came_at in rows if event]


async def next_due(session: AsyncSession) -> datetime | None:
    """When the patience with the oldest ends; None when nothing waits."""
    oldest = await session.scalar(select(func.min(UnreadRow.came_at)).where(UnreadRow.event.is_not(None)))
    return None if oldest is None else oldest + PATIENCE


async def _drop(session: AsyncSession, event_id: str) -> None:
    await session.execute(delete(UnreadRow).where(UnreadRow.id == event_id))


async def _note_withheld(session: AsyncSession, withheld: Mapping[tuple[str, str], str], at: datetime) -> None:
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
