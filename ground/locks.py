"""Locks between processes that work on one database: held by at most one, freed when its holder dies.

SQLite: an advisory lock (flock) on a small file beside the database. PostgreSQL: a session-level advisory lock on a
connection of its own. Neither can be left behind by a killed process.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from sqlalchemy import text as sql

from ground.database import Database

Check = Callable[[], Awaitable[None]]
"""Asks whether a lock is still held; raises what the database raises when it was lost with the connection to it."""


@asynccontextmanager
async def hold(database: Database, name: str) -> AsyncIterator[bool]:
    """Try to take the lock `name` for the length of the block; yields whether it was had. Never waits."""
    async with take(database, name) as check:
        yield check is not None


@asynccontextmanager
async def take(database: Database, name: str) -> AsyncIterator[Check | None]:
    """Like `hold`, for who holds a lock for long: yields a check to be called now and then; None without the lock."""
    if database.path is not None:
        with hold_file(database.path.with_name(f"{database.path.name}.{name}.lock")) as had:
            yield _never_lost if had else None
        return
    key = int.from_bytes(hashlib.sha256(f"kunveno:{name}".encode()).digest()[:8], signed=True)
    async with database.engine.connect() as connection:
        autocommit = await connection.execution_options(isolation_level="AUTOCOMMIT")
        held = bool(await autocommit.scalar(sql("SELECT pg_try_advisory_lock(:key)"), {"key": key}))

        async def check() -> None:
            await autocommit.execute(sql("SELECT 1"))

        try:
            yield check if held else None
        finally:
            if held and not autocommit.invalidated:
                await autocommit.execute(sql("SELECT pg_advisory_unlock(:key)"), {"key": key})


async def _never_lost() -> None:
    """The lock on a file lasts as long as the process."""


@contextmanager
def hold_file(path: Path) -> Iterator[bool]:
    """Try to lock the file at `path`, made when missing; yields whether the lock was had."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
    finally:
        os.close(descriptor)
