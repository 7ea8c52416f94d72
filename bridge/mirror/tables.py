"""What the mirror remembers: its own identity, and who asked it to work."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Boolean, Integer, String, Text, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from bridge.places import BranchRoom
from ground.database import Base, Instant
from ground.ids import encode, new_id


class MirrorIdentityRow(Base):
    """The one row that says which organisation's rooms these are, and makes alias names that nobody can guess."""

    __tablename__ = "mirror_identity"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    organisation: Mapped[str] = mapped_column(String(26))
    secret: Mapped[str] = mapped_column(String(64))


class MirrorRequestRow(Base):
    """Work asked of the process that holds the mirror, and how it ended."""

    __tablename__ = "mirror_requests"

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    asked_at: Mapped[datetime] = mapped_column(Instant)
    again: Mapped[bool] = mapped_column(Boolean, default=False)
    done_at: Mapped[datetime | None] = mapped_column(Instant)
    outcome: Mapped[str | None] = mapped_column(Text)


@dataclass(frozen=True, slots=True)
class Identity:
    """`organisation` stands in the marker of every room; aliases are made from `secret`."""

    organisation: str
    secret: str

    def alias_localpart(self, place: BranchRoom) -> str:
        """The opaque local part of the alias under which the room of a place is created: 100 bits of an HMAC."""
        digest = hmac.digest(self.secret.encode(), str(place).encode(), hashlib.sha256)
        return f"kunveno-{encode(int.from_bytes(digest) >> 156, 20)}"

    def alias(self, place: BranchRoom, server: str) -> str:
        """The whole alias."""
        return f"#{self.alias_localpart(place)}:{server}"


@dataclass(frozen=True, slots=True)
class Request:
    """Somebody asks the holder of the mirror to apply."""

    id: str
    again: bool


async def identity(session: AsyncSession) -> Identity:
    """The organisation's identity, made at the first call. Needs the writing transaction."""
    row = await session.get(MirrorIdentityRow, 1)
    if row is None:
        row = MirrorIdentityRow(id=1, organisation=new_id(), secret=secrets.token_hex(32))
        session.add(row)
    return Identity(row.organisation, row.secret)


async def ask(session: AsyncSession, at: datetime, *, again: bool) -> str:
    """Ask whoever holds the mirror to apply, with `again` inviting those too who left by themselves; returns its id."""
    row = MirrorRequestRow(id=new_id(), asked_at=at, again=again)
    session.add(row)
    return row.id


async def asked(session: AsyncSession) -> list[Request]:
    """The requests that wait, oldest first."""
    query = select(MirrorRequestRow.id, MirrorRequestRow.again).where(MirrorRequestRow.done_at.is_(None))
    return [Request(*values) for values in await session.execute(query.order_by(MirrorRequestRow.id))]


async def answer(session: AsyncSession, request: str, outcome: str, at: datetime) -> None:
    """Say how a request ended; `outcome` is the report as JSON."""
    row = await session.get(MirrorRequestRow, request)
    if row is not None:
        row.done_at, row.outcome = at, outcome


async def outcome(session: AsyncSession, request: str) -> str | None:
    """How a request ended; None while it waits."""
    return await session.scalar(select(MirrorRequestRow.outcome).where(MirrorRequestRow.id == request))
