"""What is said only once, or once in a while."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import String, delete
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from ground.database import Base, Instant


class NoteRow(Base):
    """That something was said."""

    __tablename__ = "said"

    what: Mapped[str] = mapped_column(String(600), primary_key=True)
    at: Mapped[datetime] = mapped_column(Instant, index=True)


async def first(session: AsyncSession, what: str, now: datetime, within: timedelta | None = None) -> bool:
    """Whether this was not said yet (not `within` the time before now), and note that it is said now."""
    what = what[:600]
    row = await session.get(NoteRow, what)
    if row is None:
        session.add(NoteRow(what=what, at=now))
    elif within is None or now - row.at < within:
        return False
    else:
        row.at = now
    await session.flush()
    return True


async def forget(session: AsyncSession, before: datetime) -> None:
    """Drop the notes of what was said before an instant."""
    await session.execute(delete(NoteRow).where(NoteRow.at < before))
