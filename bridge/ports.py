"""What bots ask of services that act outside the transaction: kept in a row, done later, answered by a Receipt."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum
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
    asked_at: datetime


class RoomLinker(Protocol):
    """Carries out what was asked with `ask_to_link`."""

    async def link_asked(self, hand_over: Callable[[Receipt], Awaitable[None]]) -> int:
        """Try every wish that waits. Each is answered by a Receipt whose `letter` is the id of the wish: `delivered`
        (reason None or LACKS), or `refused` (reason a NoLink). Returns how many were answered.

        Where the homeserver cannot answer, a wish goes on waiting for a while; then it is refused for no reason that
        is known. A Receipt may be handed over twice, with one id.
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


class Secrecy(StrEnum):
    """Who could find out what somebody chose."""

    CONFIDENTIAL = "confidential"
    """Whoever runs the server, while the vote is open; nobody else."""
    SECRET = "secret"  # noqa: S105 - a promise, no password
    """Nobody: the ballot is closed before it leaves the voter's hands."""


class Mark(IntEnum):
    """What stands beside a voter on the roll of a vote."""

    NONE = 0
    VOTED = 1
    BY_PROXY = 2
    TAKEN_BACK = 3
    """They voted, and took their ballot back: no proxy votes for them either."""

    @property
    def counts(self) -> bool:
        """Whether it is one of those who voted."""
        return self in (Mark.VOTED, Mark.BY_PROXY)


@dataclass(frozen=True, slots=True)
class Seat:
    """A voter as a ballot box knows them: a place on the roll (from 0), a group whose ballots may be told apart from
    others', and how many ballots they have."""

    position: int
    group: str
    ballots: int = 1


@dataclass(frozen=True, slots=True)
class Emptied:
    """What was in a ballot box: by group how many ballots were alike, how many voted, and how many could have."""

    ballots: Mapping[str, Mapping[str, int]]
    voted: Mapping[str, int]
    seats: Mapping[str, int]


class BoxLost(Exception):
    """There is no box for this vote: it was emptied, or did not come back with a backup."""


class BallotBox(Protocol):
    """Where the ballots of a vote are kept so that nobody can tell whose is whose, and from which nothing is known
    before the close. All of it happens in the caller's transaction.

    Ballots are texts in ASCII of one width, spaces at the end. Every method but `open` and `page` raises BoxLost.
    """

    @property
    def secrecy(self) -> Secrecy:
        """What may be promised to voters."""
        ...

    def page(self, vote: str, seat: Seat) -> str | None:
        """The address at which a voter fills in their ballot; None where they tell it to the bot, which puts it in."""
        ...

    async def open(self, session: AsyncSession, vote: str, seats: Sequence[Seat], *, width: int) -> None:
        """Set a box up for a vote; `seats` in the order of their positions."""
        ...

    async def cast(
        self, session: AsyncSession, vote: str, seat: Seat, ballots: Sequence[str], *, by_proxy: bool, change: bool
    ) -> bool:
        """Put ballots in for a voter, in the place of theirs that are in. One for all of theirs, or one for each.

        Returns False, and changes nothing, where they have voted already and `change` is False, or where it is
        `by_proxy` and they have voted themselves.
        """
        ...

    async def take_back(self, session: AsyncSession, vote: str, seat: Seat, *, by_proxy: bool) -> bool:
        """Take out what is in for a voter; `by_proxy`: only what somebody else put in. Returns whether that was so."""
        ...

    async def marks(self, session: AsyncSession, vote: str) -> Sequence[Mark]:
        """Who has voted, by position. For reminders, and told to nobody."""
        ...

    async def count(self, session: AsyncSession, vote: str, seats: Sequence[Seat]) -> Emptied:
        """What is in the box; only after the close. The box stays as it is until it is destroyed."""
        ...

    async def destroy(self, session: AsyncSession, vote: str) -> None:
        """Leave nothing of the box."""
        ...


def _value(row: RoomLinkRow) -> RoomLink:
    place = BranchRoom(row.branch_id, row.key)
    return RoomLink(row.id, place, row.room, row.owner, json.loads(row.data), row.asked_at)
