"""What has arrived and been handled, by id, so that nothing is handled twice; and what could not be handled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import String, delete, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from ground.database import Base, Instant


class InboxRow(Base):
    """An arrival that was handled, or noted and not acted on."""

    __tablename__ = "inbox"

    id: Mapped[str] = mapped_column(String(255), primary_key=True)
    at: Mapped[datetime] = mapped_column(Instant, index=True)


class SetAsideRow(Base):
    """An arrival whose handling failed. What it said is not kept; the place still has it."""

    __tablename__ = "set_aside"

    id: Mapped[str] = mapped_column(String(255), primary_key=True)
    at: Mapped[datetime] = mapped_column(Instant)
    kind: Mapped[str] = mapped_column(String(20))
    what: Mapped[str] = mapped_column(String(120))
    reason: Mapped[str] = mapped_column(String(500))


@dataclass(frozen=True, slots=True)
class SetAside:
    """`kind` of arrival, `what` was being done (a command's name), and where in the program it failed."""

    id: str
    at: datetime
    kind: str
    what: str
    reason: str


async def enter(session: AsyncSession, arrival_id: str, at: datetime) -> bool:
    """Note that an arrival is being handled, in the transaction that handles it; False when it was handled before."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    entered = insert(InboxRow).values(id=arrival_id, at=at).on_conflict_do_nothing().returning(InboxRow.id)
    return await session.scalar(entered) is not None


async def enter_all(session: AsyncSession, arrivals: Sequence[str], at: datetime) -> set[str]:
    """The same for many in one statement; the ids of those that were not handled before."""
    if not arrivals:
        return set()
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    rows = [{"id": arrival, "at": at} for arrival in dict.fromkeys(arrivals)]
    entered = insert(InboxRow).values(rows).on_conflict_do_nothing().returning(InboxRow.id)
    return set(await session.scalars(entered))


async def has(session: AsyncSession, arrival_id: str) -> bool:
    """Whether an arrival was handled."""
    return await session.get(InboxRow, arrival_id) is not None


async def set_aside(session: AsyncSession, arrival_id: str, at: datetime, *, kind: str, what: str, reason: str) -> None:
    """Put an arrival aside with its reason, which holds nothing of what people wrote."""
    await session.merge(SetAsideRow(id=arrival_id, at=at, kind=kind, what=what[:120], reason=reason[:500]))
    await session.flush()


async def aside(session: AsyncSession, *, limit: int = 100) -> Sequence[SetAside]:
    """The latest arrivals that were set aside."""
    rows = await session.scalars(select(SetAsideRow).order_by(SetAsideRow.at.desc()).limit(limit))
    return [SetAside(row.id, row.at, row.kind, row.what, row.reason) for row in rows]


async def count_aside(session: AsyncSession) -> int:
    """How many arrivals were set aside."""
    return await session.scalar(select(func.count()).select_from(SetAsideRow)) or 0


async def forget(session: AsyncSession, before: datetime) -> None:
    """Drop the ids of arrivals handled before an instant: long ago enough that they cannot come again."""
    await session.execute(delete(InboxRow).where(InboxRow.at < before))
