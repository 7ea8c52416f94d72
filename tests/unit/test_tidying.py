"""What is over is forgotten, and no sooner."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from bots.kit import notes
from bridge.letters import inbox
from ground.database import Database
from kunveno import tidying
from tests.support.register import fresh

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
OLDEST = timedelta(hours=24)


@pytest.fixture
async def db(database_url: str) -> AsyncIterator[Database]:
    async with Database.open(database_url) as db:
        await fresh(db)
        yield db


async def test_an_arrival_is_known_for_as_long_as_it_could_come_again(db: Database) -> None:
    ages = {"$young": timedelta(days=7, hours=23), "$old": timedelta(days=8, hours=1)}

    async def work(session: AsyncSession) -> None:
        for event, age in ages.items():
            await inbox.enter(session, event, NOW - age)
        await tidying.tidy(session, NOW, OLDEST)

    await db.write(work)
    assert await db.read(partial(inbox.has, arrival_id="$young"))
    assert not await db.read(partial(inbox.has, arrival_id="$old"))


async def test_what_the_kit_has_said_once_is_forgotten_in_the_end(db: Database) -> None:
    async def said(session: AsyncSession) -> list[bool]:
        await notes.first(session, "young", NOW - timedelta(days=1))
        await notes.first(session, "old", NOW - timedelta(days=91))
        await tidying.tidy(session, NOW, OLDEST)
        return [await notes.first(session, what, NOW) for what in ("young", "old")]

    assert await db.write(said) == [False, True]
