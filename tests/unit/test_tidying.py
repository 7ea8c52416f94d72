"""What is over is forgotten, and no sooner."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bots.kit import notes
from bridge.letters import Letter, Words, inbox, outbox
from bridge.places import Direct
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


async def test_of_old_letters_it_is_only_known_which_events_they_became(db: Database) -> None:
    async def work(session: AsyncSession) -> list[tuple[bool, str | None]]:
        rows = []
        for days in (29, 31):
            letter = await outbox.put(session, Letter(to=Direct("@ada:example.org"), content=Words("Jeanne")), NOW)
            row = await session.scalar(select(outbox.LetterRow).where(outbox.LetterRow.id == letter))
            assert row is not None
            await outbox.end(session, row, outbox.State.DELIVERED, NOW - timedelta(days=days), outcome="delivered")
            row.event_id = f"$event-{days}"
            rows.append(row)
        await outbox.put(session, Letter(to=Direct("@ada:example.org"), content=Words("Waiting")), NOW)
        await session.flush()
        await tidying.tidy(session, NOW, OLDEST)
        kept = await session.execute(
            select(outbox.LetterRow.content, outbox.LetterRow.event_id).order_by(outbox.LetterRow.number)
        )
        return [(content is not None, event) for content, event in kept]

    assert await db.write(work) == [(True, "$event-29"), (False, "$event-31"), (True, None)]
