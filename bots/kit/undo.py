"""What can be undone by the person who did it, for a minute."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from pydantic import JsonValue
from sqlalchemy import String, Text, delete, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from ground.database import Base, Instant
from ground.ids import new_id

LASTS: Final = timedelta(minutes=1)


class UndoRow(Base):
    """That `what` of `bot` is called with `data` when the account asks for it before `until`."""

    __tablename__ = "undoable"

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    account: Mapped[str] = mapped_column(String(255), index=True)
    bot: Mapped[str] = mapped_column(String(60))
    what: Mapped[str] = mapped_column(String(60))
    data: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(Instant)
    until: Mapped[datetime] = mapped_column(Instant, index=True)

    @property
    def given(self) -> Mapping[str, JsonValue]:
        """The data."""
        given: dict[str, JsonValue] = json.loads(self.data)
        return given


async def offer(
    session: AsyncSession, account: str, bot: str, what: str, data: Mapping[str, JsonValue], now: datetime
) -> None:
    """Let an account undo what it just did."""
    await forget(session, now)
    session.add(
        UndoRow(
            id=new_id(), account=account, bot=bot, what=what, data=json.dumps(dict(data)), at=now, until=now + LASTS
        )
    )
    await session.flush()


async def take(session: AsyncSession, account: str, now: datetime) -> UndoRow | None:
    """The latest that an account may still undo; it is taken away. None when there is nothing."""
    query = select(UndoRow).where(UndoRow.account == account, UndoRow.until > now)
    row = await session.scalar(query.order_by(UndoRow.at.desc(), UndoRow.id.desc()).limit(1))
    if row is not None:
        await session.delete(row)
        await session.flush()
    return row


async def forget(session: AsyncSession, now: datetime) -> None:
    """Drop what can be undone no more."""
    await session.execute(delete(UndoRow).where(UndoRow.until <= now))
