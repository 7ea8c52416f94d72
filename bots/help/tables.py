"""Who was welcomed, so that nobody is twice."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from ground.database import Base, Instant
from ground.ids import new_id


class WelcomeRow(Base):
    """Somebody is, or will be, welcomed: `who` is `member:` and an id, or `administrator:` or `stranger:` and an
    account."""

    __tablename__ = "welcomes"

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    who: Mapped[str] = mapped_column(String(300), unique=True)
    account: Mapped[str] = mapped_column(String(255))
    at: Mapped[datetime] = mapped_column(Instant, index=True)
    """When it is, or was, said."""


async def plan(session: AsyncSession, who: str, account: str, at: datetime) -> WelcomeRow | None:
    """Note that somebody is to be welcomed; None when that was noted before."""
    if await session.scalar(select(WelcomeRow.id).where(WelcomeRow.who == who)) is not None:
        return None
    row = WelcomeRow(id=new_id(), who=who, account=account, at=at)
    session.add(row)
    await session.flush()
    return row


async def last_planned(session: AsyncSession) -> datetime | None:
    """When the latest of all welcomes is said."""
    return await session.scalar(select(func.max(WelcomeRow.at)))
