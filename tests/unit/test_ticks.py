"""What falls due is looked for by itself, and a database that fails ends it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from ground import due
from ground.clock import FixedClock
from ground.database import Base, Database
from kunveno import ticks

NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)


async def test_does_what_is_due_without_being_asked(database_url: str) -> None:
    seen: asyncio.Queue[str] = asyncio.Queue()
    counts: asyncio.Queue[tuple[int, int]] = asyncio.Queue()
    clock = FixedClock(NOON)

    async def done(_session: AsyncSession, what: due.Due) -> None:
        seen.put_nowait(what.subject_id)

    async def fails(_session: AsyncSession, _what: due.Due) -> None:
        raise ValueError("no")

    async with Database.open(database_url) as database:
        async with database.engine.begin() as connection:
            await connection.run_sync(Base.metadata.create_all)

        async def plan(session: AsyncSession) -> None:
            await due.schedule(session, "close", "V2", NOON - timedelta(minutes=1))
            await due.schedule(session, "close", "V1", NOON - timedelta(minutes=2))
            await due.schedule(session, "close", "V3", NOON + timedelta(minutes=2))
            await due.schedule(session, "fail", "V4", NOON)

        await database.write(plan)
        running = asyncio.create_task(
            ticks.run(
                database,
                clock,
                {"close": done, "fail": fails},
                done=lambda count, failed: counts.put_nowait((count, failed)),
            )
        )
        async with asyncio.timeout(60):
            assert [await seen.get(), await seen.get()] == ["V1", "V2"]
            assert await counts.get() == (2, 1)
            clock.advance(timedelta(minutes=3))
            assert await seen.get() == "V3"
        running.cancel()
        await asyncio.wait({running})


async def test_nothing_is_done_while_nobody_hears(database_url: str) -> None:
    """What people said meanwhile is to be known first."""
    seen: asyncio.Queue[str] = asyncio.Queue()
    asked = asyncio.Event()
    hears = False

    async def done(_session: AsyncSession, what: due.Due) -> None:
        seen.put_nowait(what.subject_id)

    def ask() -> bool:
        asked.set()
        return hears

    async with Database.open(database_url) as database:
        async with database.engine.begin() as connection:
            await connection.run_sync(Base.metadata.create_all)
        await database.write(lambda session: due.schedule(session, "close", "V1", NOON))
        running = asyncio.create_task(ticks.run(database, FixedClock(NOON), {"close": done}, hears=ask))
        async with asyncio.timeout(60):
            for _ in range(2):
                asked.clear()
                await asked.wait()
            assert seen.empty()
            hears = True
            assert await seen.get() == "V1"
        running.cancel()
        await asyncio.wait({running})


async def test_a_database_that_fails_ends_it(database_url: str) -> None:
    async with Database.open(database_url) as database:  # there is no table
        with pytest.raises(DBAPIError):
            async with asyncio.timeout(60):
                await ticks.run(database, FixedClock(NOON), {})
