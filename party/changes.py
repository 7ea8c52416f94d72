"""The feed of what changed, for whoever must react: kinds and ids only, in the order of commits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BigInteger, Integer, String, func, select
from sqlalchemy import text as sql
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from ground.database import Base, Instant

_FEED_LOCK = 0x6B756E76  # "kunv"; any constant will do


class ChangeRow(Base):
    """One change of the register."""

    __tablename__ = "changes"

    number: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    at: Mapped[datetime] = mapped_column(Instant)
    kind: Mapped[str] = mapped_column(String(40))
    subject_id: Mapped[str] = mapped_column(String(26))
    branch_id: Mapped[str | None] = mapped_column(String(26))


@dataclass(frozen=True, slots=True)
class FeedEntry:
    """`number` grows with every commit; `kind` is like `branch.created`."""

    number: int
    at: datetime
    kind: str
    subject_id: str
    branch_id: str | None


async def append(
    session: AsyncSession, *, at: datetime, kind: str, subject_id: str, branch_id: str | None
) -> ChangeRow:
    """Add an entry. Writers of the feed take turns, so that a reader never meets a number below one it has seen."""
    if session.get_bind().dialect.name == "postgresql":
        await session.execute(sql("SELECT pg_advisory_xact_lock(:key)"), {"key": _FEED_LOCK})
    row = ChangeRow(at=at, kind=kind, subject_id=subject_id, branch_id=branch_id)
    session.add(row)
    return row


async def after(session: AsyncSession, number: int, *, limit: int = 1000) -> Sequence[FeedEntry]:
    """The entries that follow entry `number` (0: from the beginning), oldest first, at most `limit`."""
    rows = await session.scalars(
        select(ChangeRow).where(ChangeRow.number > number).order_by(ChangeRow.number).limit(limit)
    )
    return [FeedEntry(row.number, row.at, row.kind, row.subject_id, row.branch_id) for row in rows]


async def last_number(session: AsyncSession) -> int:
    """The number of the latest entry, 0 when there is none."""
    return await session.scalar(select(func.max(ChangeRow.number))) or 0
