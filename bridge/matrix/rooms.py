"""What is remembered of Matrix rooms: which is which place, which are encrypted, how far each account has read."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import islice

from sqlalchemy import Boolean, ForeignKey, Index, String, Text, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from bridge.places import BranchRoom, Direct, Elsewhere, Place
from ground.database import Base, Instant


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


class DirectState(StrEnum):
    """What a direct room is."""

    OPENING = "opening"
    """It is being made; whoever makes it may have died over it."""
    OPEN = "open"
    """Letters go there. An account has at most one that is open or opening."""
    FORMER = "former"
    """Another one took its place; what is said there is still heard."""
    LEFT = "left"
    """The account declined it or left it."""


class DirectRoomRow(Base):
    """A room of the bot and one other account. `id` makes its alias, which nobody can guess."""

    __tablename__ = "direct_rooms"

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    account: Mapped[str] = mapped_column(String(255), index=True)
    room_id: Mapped[str | None] = mapped_column(String(255), unique=True)
    state: Mapped[str] = mapped_column(String(10))


class EncryptedRoomRow(Base):
    """A room that was once seen encrypted. Rows only come: encryption cannot be switched off."""

    __tablename__ = "encrypted_rooms"

    room_id: Mapped[str] = mapped_column(String(255), primary_key=True)
    seen_at: Mapped[datetime] = mapped_column(Instant)


class SyncRow(Base):
    """How far an account has read. What was sent before `act_after` is noted and not acted on."""

    __tablename__ = "sync"

    account: Mapped[str] = mapped_column(String(255), primary_key=True)
    device: Mapped[str] = mapped_column(String(255))
    token: Mapped[str | None] = mapped_column(Text)
    act_after: Mapped[datetime] = mapped_column(Instant)


class UnreadRow(Base):
    """An event that could not be decrypted. It waits for its key; then its sender is told, and `event` is dropped."""

    __tablename__ = "unread"
    __table_args__ = (Index("ix_unread_room_session", "room_id", "session_id"),)

    id: Mapped[str] = mapped_column(String(255), primary_key=True)
    room_id: Mapped[str] = mapped_column(String(255))
    session_id: Mapped[str] = mapped_column(String(255))
    account: Mapped[str] = mapped_column(String(255))
    event: Mapped[str | None] = mapped_column(Text)
    """JSON, still encrypted."""
    came_at: Mapped[datetime] = mapped_column(Instant)
    said: Mapped[bool] = mapped_column(Boolean, default=False)


class WithheldRow(Base):
    """A device said that it does not share a key with us, and why (`m.room_key.withheld`)."""

    __tablename__ = "withheld"

    room_id: Mapped[str] = mapped_column(String(255), primary_key=True)
    session_id: Mapped[str] = mapped_column(String(255), primary_key=True)
    code: Mapped[str] = mapped_column(String(60))
    at: Mapped[datetime] = mapped_column(Instant)


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


async def place_in(session: AsyncSession, room_id: str) -> Place:
    """The place that a room is; Elsewhere for a room that is the place of nothing."""
    return (await places_in(session, [room_id]))[room_id]


async def places_in(session: AsyncSession, room_ids: Collection[str]) -> dict[str, Place]:
    """The places that rooms are, as `place_in` gives them."""
    places: dict[str, Place] = {room_id: Elsewhere(room_id) for room_id in room_ids}
    for some in batched(places):
        direct = await session.execute(
            select(DirectRoomRow.room_id, DirectRoomRow.account).where(DirectRoomRow.room_id.in_(some))
        )
        places.update((str(room_id), Direct(account)) for room_id, account in direct)
        mirrored = await session.execute(
            select(MirroredRoomRow.room_id, MirroredRoomRow.branch_id, MirroredRoomRow.key).where(
                MirroredRoomRow.room_id.in_(some)
            )
        )
        places.update((str(room_id), BranchRoom(branch, key)) for room_id, branch, key in mirrored)
    return places


async def room_for(session: AsyncSession, place: Place) -> str | None:
    """The room of a place; None when it has none yet. `Session.direct_room` opens that of a direct conversation."""
    match place:
        case BranchRoom(branch_id, key):
            row = await session.get(MirroredRoomRow, (branch_id, key))
            return None if row is None else row.room_id
        case Direct(account):
            query = select(DirectRoomRow.room_id).where(DirectRoomRow.account == account)
            return await session.scalar(query.where(DirectRoomRow.state == DirectState.OPEN))
        case Elsewhere(room):
            return room


async def act_only_after(session: AsyncSession, at: datetime) -> None:
    """What was sent before this instant is noted from now on, and not acted on."""
    await session.execute(update(SyncRow).values(act_after=at))


def batched(ids: Iterable[str], size: int = 500) -> Iterator[list[str]]:
    """Ids in portions that fit into a query."""
    remaining = iter(ids)
    while portion := list(islice(remaining, size)):
        yield portion


async def encrypted_rooms(session: AsyncSession) -> set[str]:
    """The rooms that were ever seen encrypted."""
    return set(await session.scalars(select(EncryptedRoomRow.room_id)))


async def remember_encrypted(session: AsyncSession, room_ids: Iterable[str], at: datetime) -> None:
    """From now on these rooms are encrypted, for ever."""
    new = set(room_ids) - await encrypted_rooms(session)
    for portion in batched(sorted(new), 100):  # the event loop breathes between two
        session.add_all(EncryptedRoomRow(room_id=room_id, seen_at=at) for room_id in portion)
        await session.flush()
