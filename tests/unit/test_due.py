"""Rows that fall due are carried out exactly once, on both databases."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from ground import due
from ground.clock import FixedClock
from ground.database import Database
from ground.due import Due
from tests.support.register import fresh

NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)


class Desk:
    """Counts in the database what was done, in the transaction in which it was done."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.broken: set[str] = set()

    async def handle(self, session: AsyncSession, item: Due) -> None:
        await session.execute(text("INSERT INTO done (subject) VALUES (:subject)"), {"subject": item.subject_id})
        if item.subject_id in self.broken:
            raise RuntimeError("broken")

    async def done(self) -> list[str]:
        async def read(session: AsyncSession) -> list[str]:
            return list(await session.scalars(text("SELECT subject FROM done ORDER BY number")))

        return await self.db.read(read)

    async def schedule(self, subject: str, at: datetime, grace: timedelta | None = None) -> None:
        await self.db.write(lambda session: due.schedule(session, "vote.close", subject, at, grace=grace))

    async def run(self, clock: FixedClock) -> tuple[int, list[due.Failed]]:
        return await due.run(self.db, clock, {"vote.close": self.handle})


@pytest.fixture
async def desk(database_url: str) -> AsyncIterator[Desk]:
    async with Database.open(database_url) as db:
        await fresh(db)
        number = "INTEGER PRIMARY KEY" if db.is_sqlite else "SERIAL PRIMARY KEY"

        async def table(session: AsyncSession) -> None:
            await session.execute(text(f"CREATE TABLE done (number {number}, subject TEXT)"))

        await db.write(table)
        yield Desk(db)


async def test_nothing_before_its_time_and_once_after_it(desk: Desk) -> None:
    clock = FixedClock(NOON)
    await desk.schedule("V1", NOON + timedelta(minutes=1))
    assert await desk.run(clock) == (0, [])
    assert await desk.db.read(due.next_at) == NOON + timedelta(minutes=1)
    clock.advance(timedelta(minutes=1))
    assert await desk.run(clock) == (1, [])
    assert await desk.run(clock) == (0, [])
    assert await desk.done() == ["V1"]
    assert await desk.db.read(due.next_at) is None


async def test_what_fell_due_while_nothing_ran_is_done_oldest_first_or_dropped(desk: Desk) -> None:
    await desk.schedule("late", NOON - timedelta(days=2))
    await desk.schedule("later", NOON - timedelta(days=1))
    await desk.schedule("too late", NOON - timedelta(days=3), grace=timedelta(hours=1))
    await desk.schedule("just in time", NOON - timedelta(minutes=5), grace=timedelta(hours=1))
    assert await desk.run(FixedClock(NOON)) == (3, [])
    assert await desk.done() == ["late", "later", "just in time"]


async def test_a_new_time_replaces_the_old_one_and_can_be_taken_back(desk: Desk) -> None:
    clock = FixedClock(NOON)
    await desk.schedule("V1", NOON)
    await desk.schedule("V1", NOON + timedelta(hours=1))
    assert await desk.run(clock) == (0, [])
    await desk.db.write(lambda session: due.cancel(session, "vote.close", "V1"))
    clock.advance(timedelta(hours=2))
    assert await desk.run(clock) == (0, [])


async def test_what_raises_leaves_nothing_behind_holds_nothing_up_and_is_tried_again(desk: Desk) -> None:
    clock = FixedClock(NOON)
    desk.broken = {"V1"}
    await desk.schedule("V1", NOON - timedelta(hours=1))
    await desk.schedule("V2", NOON)
    done, failed = await desk.run(clock)
    assert (done, [item.due.subject_id for item in failed]) == (1, ["V1"])
    assert failed[0].again == NOON + timedelta(seconds=30)
    assert await desk.done() == ["V2"]
    assert await desk.run(clock) == (0, [])
    clock.advance(timedelta(seconds=30))
    _, failed = await desk.run(clock)
    assert (failed[0].failures, failed[0].again) == (2, clock.now() + timedelta(seconds=60))
    desk.broken.clear()
    clock.advance(timedelta(hours=1))
    assert await desk.run(clock) == (1, [])
    assert await desk.done() == ["V2", "V1"]


async def test_many_hands_at_once_do_each_row_once(desk: Desk) -> None:
    subjects = [f"V{number}" for number in range(30)]
    for subject in subjects:
        await desk.schedule(subject, NOON)
    outcomes = await asyncio.gather(*(desk.run(FixedClock(NOON)) for _ in range(5)))
    assert sum(done for done, _ in outcomes) == 30
    assert sorted(await desk.done()) == sorted(subjects)


async def test_rows_that_no_handler_knows_are_left_alone(desk: Desk) -> None:
    await desk.schedule("V1", NOON)
    assert await due.run(desk.db, FixedClock(NOON), {"other": desk.handle}) == (0, [])
    assert await desk.run(FixedClock(NOON)) == (1, [])
