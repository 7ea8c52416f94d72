"""Direct conversations: one room for the bot and one account, opened once, or by the account itself."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from contextlib import suppress
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bridge.matrix.api import MatrixApi
from bridge.matrix.content import Json
from bridge.matrix.errors import AliasTaken, Forbidden, MatrixError, NotFound
from bridge.matrix.rooms import DirectRoomRow, DirectState
from ground.database import Database
from ground.ids import new_id

MARKER: Final = "org.kunveno.direct"
"""State event of a direct room that the bot made; its content names the row."""
_CONFLICT: Final = 409
_LOOKS: Final = (0.1, 0.2, 0.5, 1.0, 2.0, 3.0, 3.0)
"""Seconds between two looks at a room that has its alias but not its marker: it may still be built."""


class DirectRefused(Forbidden):
    """The account declined or left the direct conversation; it is not invited again."""

    def __init__(self) -> None:
        super().__init__("the account has left its direct conversation with the bot", errcode="M_FORBIDDEN", status=403)


class DirectRooms:
    """The bot's direct rooms."""

    def __init__(self, api: MatrixApi, database: Database) -> None:
        self._api = api
        self._database = database
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def open(self, account: str) -> str:
        """The room of an account, made when there is none. Safe to die in. Raises DirectRefused, MatrixError."""
        async with self._turns[account]:
            row = await self._database.write(lambda session: _begun(session, account))
            if row.state == DirectState.LEFT:
                raise DirectRefused
            if row.room_id is not None:
                return row.room_id
            made = await self._make(row)
            room_id = await self._database.write(lambda session: _opened(session, row, made))
            if room_id != made:
                with suppress(Forbidden, NotFound):
                    await self._api.leave(made)
            return room_id

    async def _make(self, row: DirectRoomRow) -> str:
        alias = f"#{_localpart(row)}:{self._api.user_id.partition(':')[2]}"
        if (room_id := await self._found(row, alias)) is not None:
            await self._invite(room_id, row.account)
            return room_id
        body = _creation(row, self._api.user_id)
        try:
            return await self._api.create_room(body)
        except MatrixError as error:
            if not isinstance(error, AliasTaken) and error.status != _CONFLICT:
                raise
        return await self._found(row, alias) or await self._api.create_room(body)

    async def _invite(self, room_id: str, account: str) -> None:
        """The invitation is the last that a homeserver does of a creation, and may have been what failed."""
        if account not in await self._api.present(room_id):
            await self._api.invite(room_id, account)

    async def _found(self, row: DirectRoomRow, alias: str) -> str | None:
        """The room that a process made before it died; a half-built one is left, and its alias set free."""
        room_id = await self._api.resolve_alias(alias)
        if room_id is None:
            return None
        for wait in _LOOKS:
            with suppress(NotFound, Forbidden):
                if (await self._api.get_state(room_id, MARKER)).get("id") == row.id:
                    return room_id
            await asyncio.sleep(wait)
        with suppress(Forbidden, NotFound):
            await self._api.leave(room_id)
            await self._api.forget(room_id)
        await self._api.delete_alias(alias)
        return None


async def opened_by(session: AsyncSession, account: str, room_id: str) -> None:
    """An account has a room with the bot that is for the two of them: from now on this is their direct room."""
    for row in await session.scalars(select(DirectRoomRow).where(DirectRoomRow.account == account)):
        if row.room_id == room_id:
            row.state = DirectState.OPEN
        elif row.room_id is None:
            await session.delete(row)
        elif row.state == DirectState.OPEN:
            row.state = DirectState.FORMER
    known = await session.scalar(select(DirectRoomRow).where(DirectRoomRow.room_id == room_id))
    if known is None:
        session.add(DirectRoomRow(id=new_id(), account=account, room_id=room_id, state=DirectState.OPEN))
    await session.flush()


async def member_changed(session: AsyncSession, room_id: str, account: str, membership: str, bot: str) -> None:
    """Somebody came into a room or went. A direct room that a third account enters is direct no more."""
    row = await session.scalar(select(DirectRoomRow).where(DirectRoomRow.room_id == room_id))
    if row is None:
        return
    if account == row.account:
        if membership in {"leave", "ban"} and row.state == DirectState.OPEN:
            row.state = DirectState.LEFT
        elif membership == "join" and row.state == DirectState.LEFT:
            row.state = DirectState.OPEN
    elif account == bot:
        if membership in {"leave", "ban"}:
            await session.delete(row)
    elif membership in {"join", "invite"}:
        await session.delete(row)
    await session.flush()


async def has_direct(session: AsyncSession, account: str) -> bool:
    """Whether letters to an account have a room to go to."""
    query = select(DirectRoomRow.id).where(DirectRoomRow.account == account, DirectRoomRow.state == DirectState.OPEN)
    return await session.scalar(query) is not None


async def _begun(session: AsyncSession, account: str) -> DirectRoomRow:
    """The row of an account's direct room, made before the room is."""
    rows = (await session.scalars(select(DirectRoomRow).where(DirectRoomRow.account == account))).all()
    for state in (DirectState.OPEN, DirectState.OPENING, DirectState.LEFT):
        for row in rows:
            if row.state == state:
                return row
    row = DirectRoomRow(id=new_id(), account=account, room_id=None, state=DirectState.OPENING)
    session.add(row)
    await session.flush()
    return row


async def _opened(session: AsyncSession, begun: DirectRoomRow, room_id: str) -> str:
    """Note the room that was made; gives the room to use, which is another one if the account opened one meanwhile."""
    open_ = (DirectRoomRow.account == begun.account, DirectRoomRow.state == DirectState.OPEN)
    theirs = await session.scalar(select(DirectRoomRow.room_id).where(*open_))
    if theirs is not None:
        return theirs
    row = await session.get(DirectRoomRow, begun.id)
    if row is None:
        row = DirectRoomRow(id=begun.id, account=begun.account, room_id=None, state=DirectState.OPENING)
        session.add(row)
    row.room_id, row.state = room_id, DirectState.OPEN
    await session.flush()
    return room_id


def _localpart(row: DirectRoomRow) -> str:
    return f"kunveno-direct-{row.id}"


def _creation(row: DirectRoomRow, bot: str) -> Json:
    state: list[dict[str, Any]] = [
        {"type": MARKER, "state_key": "", "content": {"id": row.id}},
        {"type": "m.room.encryption", "state_key": "", "content": {"algorithm": "m.megolm.v1.aes-sha2"}},
        {"type": "m.room.history_visibility", "state_key": "", "content": {"history_visibility": "invited"}},
        {"type": "m.room.guest_access", "state_key": "", "content": {"guest_access": "forbidden"}},
        {"type": "m.room.canonical_alias", "state_key": "", "content": {}},
    ]
    return {
        "preset": "private_chat",
        "visibility": "private",
        "is_direct": True,
        "invite": [row.account],
        "room_alias_name": _localpart(row),
        "initial_state": state,
        "power_level_content_override": {"invite": 50},
    }
