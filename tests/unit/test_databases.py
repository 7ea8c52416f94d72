"""That a test of the database meets both kinds, each empty and thrown away."""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine


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
