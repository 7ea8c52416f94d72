"""What bots ask of services that act outside the transaction: kept in a row, done later, answered by a Receipt."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from pydantic import JsonValue
from sqlalchemy import ForeignKey, String, Text, delete, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from bridge.letters import Receipt
from bridge.places import BranchRoom
from ground.database import Base, Instant
from ground.ids import new_id


class RoomLinkRow(Base):
    """That a room which exists already is to be the room of a place."""

    __tablename__ = "room_links"

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    branch_id: Mapped[str] = mapped_column(ForeignKey("branches.id"))
    key: Mapped[str] = mapped_column(String(60))
    room: Mapped[str] = mapped_column(String(255))
    """Its address, `#…`, or its id, `!…`."""
    owner: Mapped[str] = mapped_column(String(60))
    data: Mapped[str] = mapped_column(Text)
    """JSON, for whoever asked."""
    asked_at: Mapped[datetime] = mapped_column(Instant)
    done_at: Mapped[datetime | None] = mapped_column(Instant, index=True)


class NoLink(StrEnum):
    """Why a room was not linked: the reason of the Receipt."""

    NO_ROOM = "no room"
    """There is none at that address."""
    NO_ENTRANCE = "no entrance"
    """The account may not enter it: somebody has to invite it."""
    OTHER_KIND = "other kind"
    """A space where a room is meant, or the other way round."""
    TAKEN = "taken"
    """It is the room of another place."""
    FULL = "full"
    """The place has another room."""


LACKS = "lacks"
"""The reason of a Receipt for a room that was linked, but in which the account cannot do all that it should."""


@dataclass(frozen=True, slots=True)
class RoomLink:
    """A wish that waits, or was answered."""

    id: str
    place: BranchRoom
    room: str
    owner: str
    data: Mapping[str, JsonValue]


class RoomLinker(Protocol):
    """Carries out what was asked with `ask_to_link`."""

    async def link_asked(self, hand_over: Callable[[Receipt], Awaitable[None]]) -> int:
        """Try every wish that waits. Each is answered by a Receipt whose `letter` is the id of the wish: `delivered`
        (reason None or LACKS), or `refused` (reason a NoLink). Returns how many were answered.

        Where the homeserver cannot answer, a wish goes on waiting. A Receipt may be handed over twice, with one id.
        """
        ...


async def ask_to_link(
    session: AsyncSession,
    place: BranchRoom,
    room: str,
    *,
    owner: str,
    data: Mapping[str, JsonValue] | None = None,
    at: datetime,
) -> str:
    """Have a room become that of a place; `owner` gets a Receipt for the id returned. What waits for the same place is
    replaced."""
    await session.execute(
        delete(RoomLinkRow).where(
            RoomLinkRow.branch_id == place.branch_id, RoomLinkRow.key == place.key, RoomLinkRow.done_at.is_(None)
        )
    )
    row = RoomLinkRow(
        id=new_id(),
        branch_id=place.branch_id,
        key=place.key,
        room=room,
        owner=owner,
        data=json.dumps(dict(data or {})),
        asked_at=at,
    )
    session.add(row)
    await session.flush()
    return row.id


async def links_asked(session: AsyncSession) -> Sequence[RoomLink]:
    """The wishes that wait, oldest first."""
    rows = await session.scalars(select(RoomLinkRow).where(RoomLinkRow.done_at.is_(None)).order_by(RoomLinkRow.id))
    return [_value(row) for row in rows]


async def link_of(session: AsyncSession, wish: str) -> RoomLink | None:
    """The wish with this id."""
    row = await session.get(RoomLinkRow, wish)
    return None if row is None else _value(row)


async def link_done(session: AsyncSession, wish: str, at: datetime) -> None:
    """A wish was answered."""
    row = await session.get(RoomLinkRow, wish)
    if row is not None:
        row.done_at = at


def _value(row: RoomLinkRow) -> RoomLink:
    return RoomLink(row.id, BranchRoom(row.branch_id, row.key), row.room, row.owner, json.loads(row.data))
