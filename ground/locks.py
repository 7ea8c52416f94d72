"""Locks between processes that work on one database: held by at most one, freed when its holder dies.

SQLite: an advisory lock (flock) on a small file beside the database. PostgreSQL: a session-level advisory lock on a
connection of its own. Neither can be left behind by a killed process.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from sqlalchemy import text as sql

from ground.database import Database


@asynccontextmanager
async def hold(database: Database, name: str) -> AsyncIterator[bool]:
    """Try to take the lock `name` for the length of the block; yields whether it was had. Never waits."""
    if database.path is not None:
        with hold_file(database.path.with_name(f"{database.path.name}.{name}.lock")) as held:
            yield held
        return
    key = int.from_bytes(hashlib.sha256(f"kunveno:{name}".encode()).digest()[:8], signed=True)
    async with database.engine.connect() as connection:
        autocommit = await connection.execution_options(isolation_level="AUTOCOMMIT")
        held = bool(await autocommit.scalar(sql("SELECT pg_try_advisory_lock(:key)"), {"key": key}))
        try:
            yield held
        finally:
            if held:
                await autocommit.execute(sql("SELECT pg_advisory_unlock(:key)"), {"key": key})


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
