"""Rows that fall due: each is carried out exactly once, also when it fell due while nothing ran.

A row is taken away in the very transaction in which its work is done, so that both happen or neither. Who makes a row
says what is to become of it when it is late: it is carried out all the same, or dropped after a grace.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Integer, String, UniqueConstraint, delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from ground.clock import Clock
from ground.database import Base, Database, Instant
from ground.ids import new_id

FIRST_RETRY: Final = timedelta(seconds=30)
LONGEST_RETRY: Final = timedelta(hours=1)


class DueRow(Base):
    """Something to do at an instant."""

    __tablename__ = "due"
    __table_args__ = (UniqueConstraint("what", "subject_id"),)

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    what: Mapped[str] = mapped_column(String(60))
    subject_id: Mapped[str] = mapped_column(String(60))
    at: Mapped[datetime] = mapped_column(Instant)
    drop_at: Mapped[datetime | None] = mapped_column(Instant)
    try_at: Mapped[datetime] = mapped_column(Instant, index=True)
    failures: Mapped[int] = mapped_column(Integer, default=0)


@dataclass(frozen=True, slots=True)
class Due:
    """What fell due: `what` is like `vote.close`, `at` the instant it was set for, not that at which it is done."""

    what: str
    subject_id: str
    at: datetime


Handler = Callable[[AsyncSession, Due], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Failed:
    """A row whose work raised. It is tried again at `again`, later each time."""

    due: Due
    error: Exception
    failures: int
    again: datetime


async def schedule(
    session: AsyncSession, what: str, subject_id: str, at: datetime, *, grace: timedelta | None = None
) -> None:
    """Have `what` done for a subject at an instant; a row for the same is replaced.

    `grace`: for how long it still matters when it is late; None for ever.
    """
    await cancel(session, what, subject_id)
    drop_at = None if grace is None else at + grace
    session.add(DueRow(id=new_id(), what=what, subject_id=subject_id, at=at, drop_at=drop_at, try_at=at, failures=0))
    await session.flush()


async def cancel(session: AsyncSession, what: str, subject_id: str) -> None:
    """Take it back; nothing happens when there is no such row."""
    await session.execute(delete(DueRow).where(DueRow.what == what, DueRow.subject_id == subject_id))


async def next_at(session: AsyncSession, whats: Collection[str] | None = None) -> datetime | None:
    """When to look again for work of these kinds, or of any; None when none is to come."""
    query = select(func.min(DueRow.try_at))
    return await session.scalar(query if whats is None else query.where(DueRow.what.in_(list(whats))))


async def run(
    database: Database, clock: Clock, handlers: Mapping[str, Handler], *, most: int = 1000
) -> tuple[int, list[Failed]]:
    """Do what is due, oldest first, each in a transaction of its own; at most `most` rows.

    Returns how many were done, and those whose work raised: they stay and hold nothing up. Rows that no handler knows
    are left alone, for the program that knows them.
    """
    done, failed = 0, list[Failed]()
    for _ in range(most):
        outcome = await _one(database, clock, handlers)
        if outcome is None:
            break
        if isinstance(outcome, Failed):
            failed.append(outcome)
        else:
            done += outcome
    return done, failed


async def _one(database: Database, clock: Clock, handlers: Mapping[str, Handler]) -> int | Failed | None:
    """Do the oldest: 1 when it was done, 0 when it was dropped, None when there is none."""
    taken: DueRow | None = None

    async def work(session: AsyncSession) -> int | None:
        nonlocal taken
        now = clock.now()
        query = select(DueRow).where(DueRow.try_at <= now, DueRow.what.in_(list(handlers)))
        row = taken = await session.scalar(query.order_by(DueRow.at, DueRow.id).limit(1))
        if row is None:
            return None
        await session.execute(delete(DueRow).where(DueRow.id == row.id))
        if row.drop_at is not None and row.drop_at < now:
            return 0
        await handlers[row.what](session, Due(row.what, row.subject_id, row.at))
        return 1

    try:
        return await database.write(work)
    except Exception as error:
        if taken is None:
            raise
        return await _put_off(database, clock, taken, error)


async def _put_off(database: Database, clock: Clock, taken: DueRow, error: Exception) -> Failed:
    failures = taken.failures + 1
    again = clock.now() + min(FIRST_RETRY * 2 ** min(taken.failures, 16), LONGEST_RETRY)

    async def work(session: AsyncSession) -> None:
        row = await session.get(DueRow, taken.id)
        if row is not None:
            row.failures, row.try_at = failures, again

    await database.write(work)
    return Failed(Due(taken.what, taken.subject_id, taken.at), error, failures, again)
