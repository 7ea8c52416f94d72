"""Which Matrix room is which place, as we remember it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import ForeignKey, String, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from bridge.places import BranchRoom
from ground.database import Base


class Origin(StrEnum):
    """How a place got its room."""

    CREATED = "created"
    LINKED = "linked"
    RELEASED = "released"
    """The place was let go by `unlink`: the mirror makes no room for it until it is linked again."""


class MirroredRoomRow(Base):
    """The Matrix room of a place; no room when the place was released."""

    __tablename__ = "mirrored_rooms"

    branch_id: Mapped[str] = mapped_column(ForeignKey("branches.id"), primary_key=True)
    key: Mapped[str] = mapped_column(String(60), primary_key=True)
    room_id: Mapped[str | None] = mapped_column(String(255), unique=True)
    origin: Mapped[str] = mapped_column(String(10))


@dataclass(frozen=True, slots=True)
class Known:
    """The room of a place as remembered; `room_id` is None for a released place."""

    room_id: str | None
    origin: Origin


async def known_rooms(session: AsyncSession) -> Mapping[BranchRoom, Known]:
    """All rooms of branches that are remembered."""
    rows = await session.execute(
        select(MirroredRoomRow.branch_id, MirroredRoomRow.key, MirroredRoomRow.room_id, MirroredRoomRow.origin)
    )
    return {BranchRoom(branch, key): Known(room_id, Origin(origin)) for branch, key, room_id, origin in rows}


async def remember(session: AsyncSession, place: BranchRoom, room_id: str | None, origin: Origin) -> None:
    """From now on `room_id` is the room of `place`."""
    row = await session.get(MirroredRoomRow, tuple(place))
    if row is None:
        session.add(MirroredRoomRow(branch_id=place.branch_id, key=place.key, room_id=room_id, origin=origin))
    else:
        row.room_id, row.origin = room_id, origin
    await session.flush()
