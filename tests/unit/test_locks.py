"""A lock has one holder among all processes, and dies with it."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from ground import locks
from ground.database import Database

ROOT = Path(__file__).resolve().parents[2]
HOLDER = """
import asyncio, sys
from ground import locks
from ground.database import Database

async def main():
    async with Database.open(sys.argv[1]) as db, locks.hold(db, "mirror") as held:
        print("held" if held else "refused", flush=True)
        await asyncio.to_thread(sys.stdin.read)

asyncio.run(main())
"""


@pytest.fixture
async def db(database_url: str) -> AsyncIterator[Database]:
    async with Database.open(database_url) as db:
        yield db


@asynccontextmanager
async def another_process(database_url: str) -> AsyncIterator[tuple[asyncio.subprocess.Process, str]]:
    """A process that tries to take the lock and then waits; what it says about that."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        HOLDER,
        database_url,
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout
    try:
        yield process, (await process.stdout.readline()).decode().strip()
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def had(db: Database, name: str = "mirror") -> bool:
    async with locks.hold(db, name) as held:
        return held


async def test_a_second_holder_is_refused_until_the_first_lets_go(db: Database) -> None:
    async with locks.hold(db, "mirror") as held:
        assert held
        assert not await had(db)
        assert await had(db, "account")
    assert await had(db)


async def test_a_lock_is_let_go_when_the_work_fails(db: Database) -> None:
    with pytest.raises(LookupError):
        async with locks.hold(db, "mirror"):
            raise LookupError
    assert await had(db)


async def test_another_process_is_refused(db: Database, database_url: str) -> None:
    async with locks.hold(db, "mirror") as held:
        assert held
        async with another_process(database_url) as (_, answer):
            assert answer == "refused"


async def test_the_lock_of_a_killed_process_is_free(db: Database, database_url: str) -> None:
    async with another_process(database_url) as (process, answer):
        assert answer == "held"
        assert not await had(db)
        process.kill()
        await process.wait()
        async with asyncio.timeout(60):  # PostgreSQL notices a moment later that the connection is gone
            while not await had(db):  # noqa: ASYNC110 - another process tells nobody that it died
                await asyncio.sleep(0.01)


async def test_a_refused_holder_does_not_free_the_lock(db: Database) -> None:
    async with locks.hold(db, "mirror"):
        assert not await had(db)
        assert not await had(db)
