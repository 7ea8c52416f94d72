"""What the metrics and `kunveno check` read in the database: how letters and arrivals stand. Numbers alone."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bridge.letters import inbox, outbox
from bridge.letters.outbox import Counts
from bridge.matrix.rooms import UnreadRow


@dataclass(frozen=True, slots=True)
class Measures:
    """Letters by state, arrivals that were set aside, and messages of the last week that could not be decrypted."""

    letters: Counts
    set_aside: int
    unreadable: int


async def measure(session: AsyncSession) -> Measures:
    """How things stand now."""
    unreadable = await session.scalar(select(func.count()).select_from(UnreadRow)) or 0
    return Measures(await outbox.counts(session), await inbox.count_aside(session), unreadable)
