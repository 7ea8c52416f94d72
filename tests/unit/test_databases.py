"""That a test of the database meets both kinds, each empty and thrown away."""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

from ground.database import Database
from tests.support.postgres import PostgresServer
from tests.support.register import fresh, grow, written


async def test_the_database_of_a_test_is_empty_and_its_own(database_url: str) -> None:
    for _ in range(2):
        engine = create_async_engine(database_url)
        async with engine.begin() as connection:
            await connection.execute(text("CREATE TABLE IF NOT EXISTS motions (title text)"))
            await connection.execute(text("INSERT INTO motions VALUES ('Ordre du jour')"))
        await engine.dispose()
    engine = create_async_engine(database_url)
    async with engine.connect() as connection:
        assert (await connection.execute(text("SELECT count(*) FROM motions"))).scalar_one() == 2
    await engine.dispose()


async def test_postgresql_hands_tables_on_empty_and_only_as_they_were_made(postgres: PostgresServer) -> None:
    structures = set()
    for changed in ("", "ALTER TABLE branches ADD COLUMN motto text", "DROP INDEX ix_journal_subject_id", ""):
        with postgres.database() as address:
            async with Database.open(address) as db:
                await fresh(db)
                assert await written(db) == (0, 0)
                made = await db.read(_structure)
                await grow(db, {"france": {"bretagne": {}}})
                line = await db.read(lambda session: session.execute(text("SELECT min(number) FROM journal")))
                assert line.scalar_one() == 1
                if changed:
                    await db.write(lambda session, changed=changed: session.execute(text(changed)))  # type: ignore[misc]
                    assert await db.read(_structure) != made
            structures.add(made)
    assert len(structures) == 1


async def _structure(session: AsyncSession) -> tuple[str, ...]:
    columns = "SELECT table_name || '.' || column_name FROM information_schema.columns WHERE table_schema = 'public'"
    indexes = "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'"
    return tuple(sorted((await session.scalars(text(f"{columns} UNION ALL {indexes}"))).all()))
