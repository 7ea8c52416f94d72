"""After so many wrong codes in a while, an account has to wait."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from bots.entrance.tables import WrongCodeRow
from ground.ids import new_id

MOST: Final = 5
WITHIN: Final = timedelta(hours=1)
PAUSE: Final = timedelta(hours=1)


def pause_until(wrong: Sequence[datetime], now: datetime) -> datetime | None:
    """Until when an account has to wait; None where it may try. `wrong` are its last wrong codes, the latest first."""
    if len(wrong) < MOST or wrong[0] - wrong[MOST - 1] > WITHIN:
        return None
    until = wrong[0] + PAUSE
    return until if now < until else None


async def has_to_wait(session: AsyncSession, account: str, now: datetime) -> datetime | None:
    """Until when this account has to wait; None where it may try."""
    query = select(WrongCodeRow.at).where(WrongCodeRow.account == account).order_by(WrongCodeRow.at.desc()).limit(MOST)
    return pause_until((await session.scalars(query)).all(), now)


async def wrong(session: AsyncSession, account: str, now: datetime) -> None:
    """Note a wrong code; forget those that are too long ago to matter."""
    await session.execute(delete(WrongCodeRow).where(WrongCodeRow.at < now - WITHIN - PAUSE))
    session.add(WrongCodeRow(id=new_id(), account=account, at=now))
    await session.flush()
