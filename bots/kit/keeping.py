"""What the kit keeps no longer than it must."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from bots.kit import notes, questions, undo

_QUESTIONS: Final = timedelta(days=7)
_NOTES: Final = timedelta(days=90)


async def forget(session: AsyncSession, now: datetime) -> None:
    """Drop what is over: questions that ran out, what could be undone, what was said once."""
    await questions.forget(session, now - _QUESTIONS, now)
    await notes.forget(session, now - _NOTES)
    await undo.forget(session, now)
