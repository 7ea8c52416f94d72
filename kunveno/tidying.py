"""What is kept no longer than it must, forgotten once a day."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from bots.kit import keeping
from bridge.letters import inbox, outbox
from ground.clock import Clock
from ground.database import Database

_EVERY: Final = timedelta(days=1)
_MARGIN: Final = timedelta(days=7)
"""For how long an arrival's id is known after it has become too old to be acted on."""
_WORDS: Final = timedelta(days=30)
"""For how long it is kept what a letter said that has arrived or died."""


async def run(database: Database, clock: Clock, oldest: timedelta) -> None:
    """Forget until cancelled. Arrivals older than `oldest` are not acted on."""
    while True:
        await database.write(lambda session: tidy(session, clock.now(), oldest))
        await database.forget_older_pages()
        await asyncio.sleep(_EVERY.total_seconds())


async def tidy(session: AsyncSession, now: datetime, oldest: timedelta) -> None:
    """Forget what is over at the instant `now`. What letters said is in the rooms; it need not be here for ever too."""
    await inbox.forget(session, now - oldest - _MARGIN)
    await keeping.forget(session, now)
    await outbox.forget_words(session, now - _WORDS)
