"""Offices held in a branch from an instant until another, which ends them with nobody doing anything."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, ForeignKey, String, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from ground.database import Base, Instant
from ground.texts import text
from party.errors import NotFound


class MandateRow(Base):
    """A member holds an office in a branch from `starts_at` until just before `ends_at` (None: no end is set)."""

    __tablename__ = "mandates"

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    member_id: Mapped[str] = mapped_column(ForeignKey("members.id"), index=True)
    office: Mapped[str] = mapped_column(String(60))
    branch_id: Mapped[str] = mapped_column(ForeignKey("branches.id"), index=True)
    starts_at: Mapped[datetime] = mapped_column(Instant, index=True)
    ends_at: Mapped[datetime | None] = mapped_column(Instant, index=True)


def in_force(at: datetime) -> ColumnElement[bool]:
    """The condition that a mandate is held at the instant `at`."""
    return and_(MandateRow.starts_at <= at, or_(MandateRow.ends_at.is_(None), MandateRow.ends_at > at))


async def held_by(session: AsyncSession, member_id: str, at: datetime) -> Sequence[MandateRow]:
    """The mandates that a member holds at an instant."""
    return (await session.scalars(select(MandateRow).where(MandateRow.member_id == member_id, in_force(at)))).all()


async def held_in(session: AsyncSession, branch_id: str, at: datetime) -> Sequence[MandateRow]:
    """The mandates held in a branch at an instant."""
    query = select(MandateRow).where(MandateRow.branch_id == branch_id, in_force(at))
    return (await session.scalars(query.order_by(MandateRow.office, MandateRow.starts_at, MandateRow.id))).all()


async def by_id(session: AsyncSession, mandate_id: str) -> MandateRow:
    """The mandate with this id. Raises NotFound."""
    row = await session.get(MandateRow, mandate_id)
    if row is None:
        raise NotFound(text("That mandate does not exist."))
    return row


async def next_change(session: AsyncSession, after: datetime) -> datetime | None:
    """The next instant at which a mandate begins or ends by itself; None when none will."""
    starts = await session.scalar(select(func.min(MandateRow.starts_at)).where(MandateRow.starts_at > after))
    ends = await session.scalar(select(func.min(MandateRow.ends_at)).where(MandateRow.ends_at > after))
    return min((instant for instant in (starts, ends) if instant is not None), default=None)
