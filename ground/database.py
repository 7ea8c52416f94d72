"""The database and *the* transaction.

A change is a function of a session, carried out by `Database.write`: `BEGIN IMMEDIATE` with one writer on SQLite,
SERIALIZABLE with retry on PostgreSQL. A reader, `Database.read`, sees one snapshot and may not write. No network call
belongs inside either.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, TypeVar

from sqlalchemy import DateTime, MetaData, String, event, make_url
from sqlalchemy.engine import URL, Connection, Dialect
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.types import TypeDecorator

from ground import sqlite

T = TypeVar("T")

_RETRIES: Final = 40
_BUSY: Final = 30_000  # milliseconds
_SERIALIZATION_FAILURES: Final = {"40001", "40P01"}  # PostgreSQL: serialization_failure, deadlock_detected
_DRIVERS: Final = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg", "postgres": "postgresql+asyncpg"}

NOT_IN_BACKUPS: Final = {"backup": False}
"""The `info` of a table whose rows no backup may hold; or of a yes-or-no column, for the rows in which it says yes."""


class DatabaseUrlError(ValueError):
    """The database address cannot be used; the text says why and shows a right one."""


class Instant(TypeDecorator[datetime]):
    """An aware UTC instant. SQLite keeps it as sortable text, PostgreSQL as `timestamptz`. Naive values are refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        if dialect.name == "sqlite":
            return dialect.type_descriptor(String(32))
        return dialect.type_descriptor(DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive date-time may not be stored")
        value = value.astimezone(UTC)
        return value.isoformat(timespec="microseconds") if dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return datetime.fromisoformat(value) if isinstance(value, str) else value.astimezone(UTC)


class Base(DeclarativeBase):
    """Base of all tables; constraint names are spelt out so that migrations can name them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class Database:
    """One database, SQLite or PostgreSQL, and the two ways to use it: `write` and `read`.

    On SQLite readers have connections of their own, that cannot write, so that no transaction has to say which it is.
    """

    def __init__(self, engine: AsyncEngine, readers: AsyncEngine, url: URL) -> None:
        self.engine: Final = engine
        self._readers: Final = readers
        self.url: Final = url
        self._writer: Final = asyncio.Lock()

    @property
    def is_sqlite(self) -> bool:
        return self.url.get_backend_name() == "sqlite"

    @property
    def path(self) -> Path | None:
        """The SQLite file; None on PostgreSQL."""
        return Path(self.url.database) if self.is_sqlite and self.url.database else None

    @classmethod
    @asynccontextmanager
    async def open(cls, address: str) -> AsyncIterator[Database]:
        """Open the database at `address` (`sqlite:///file.db` or `postgresql://user:password@host/name`).

        Raises DatabaseUrlError for an address that is neither.
        """
        url = parse_url(address)
        if url.get_backend_name() == "sqlite":
            engine, readers = _sqlite_engine(url, write=True), _sqlite_engine(url, write=False)
        else:
            engine = readers = _postgres_engine(url)
        try:
            yield cls(engine, readers, url)
        finally:
            await readers.dispose()
            await engine.dispose()

    async def write(self, work: Callable[[AsyncSession], Awaitable[T]]) -> T:
        """Carry out `work` in the transaction and commit; what it raises undoes all of it.

        On PostgreSQL `work` runs again when another transaction got in between, so it must change nothing but rows.
        Cancelling ends the wait, not the transaction: what is in hand is finished first.
        """
        task = asyncio.create_task(self._write(work))
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            await asyncio.wait({task})
            if not task.cancelled():
                task.exception()  # looked at, or asyncio would complain
            raise

    async def _write(self, work: Callable[[AsyncSession], Awaitable[T]]) -> T:
        if self.is_sqlite:
            async with self._writer:
                return await self._once(work, write=True)
        for attempt in range(_RETRIES):
            try:
                return await self._once(work, write=True)
            except DBAPIError as error:
                if getattr(error.orig, "sqlstate", None) not in _SERIALIZATION_FAILURES or attempt == _RETRIES - 1:
                    raise
            await asyncio.sleep(random.uniform(0, 0.005 * 2 ** min(attempt, 6)))  # noqa: S311 - spreads retries
        raise AssertionError("unreachable: the last attempt returns or raises")

    async def read(self, work: Callable[[AsyncSession], Awaitable[T]]) -> T:
        """Carry out `work`, which only reads, on one snapshot. A write inside it is an error of the database."""
        return await self._once(work, write=False)

    async def forget_older_pages(self) -> None:
        """Empty SQLite's write-ahead log, in which what was changed or deleted stands until it is written over.

        Where somebody goes on reading meanwhile it is left for the next time. Nothing to do on PostgreSQL.
        """
        if not self.is_sqlite:
            return
        async with self._writer, self.engine.connect() as connection:
            driver = (await connection.get_raw_connection()).driver_connection
            if driver is not None:  # outside a transaction, so beneath SQLAlchemy, which begins one
                await driver.execute("PRAGMA busy_timeout = 1000")  # writers wait as long
                await driver.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                await driver.execute(f"PRAGMA busy_timeout = {_BUSY}")

    async def _once(self, work: Callable[[AsyncSession], Awaitable[T]], *, write: bool) -> T:
        async with (self.engine if write else self._readers).connect() as connection:
            await self._prepare(connection, write=write)
            async with (
                connection.begin(),
                AsyncSession(bind=connection, expire_on_commit=False, join_transaction_mode="rollback_only") as session,
            ):
                result = await work(session)
                await session.flush()
                return result

    async def _prepare(self, connection: AsyncConnection, *, write: bool) -> None:
        if self.is_sqlite:
            return
        if write:
            await connection.execution_options(isolation_level="SERIALIZABLE")
        else:
            await connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)


def parse_url(address: str) -> URL:
    """The SQLAlchemy address, with the driver that Kunveno uses. Raises DatabaseUrlError."""
    example = "sqlite:///kunveno.db or postgresql://user:password@localhost/kunveno"
    try:
        url = make_url(address)
    except ArgumentError:
        raise DatabaseUrlError(f"this is no database address; write one like {example}") from None
    driver = _DRIVERS.get(url.get_backend_name())
    if driver is None:
        raise DatabaseUrlError(f"{url.get_backend_name()} is not supported; write an address like {example}")
    if url.get_backend_name() == "sqlite" and url.database in {None, "", ":memory:"}:
        raise DatabaseUrlError("a database in memory forgets everything; name a file, like sqlite:///kunveno.db")
    return url.set(drivername=driver)


def _sqlite_engine(url: URL, *, write: bool) -> AsyncEngine:
    engine = create_async_engine(url, hide_parameters=True, async_creator=lambda: sqlite.connect(url.database or ""))

    @event.listens_for(engine.sync_engine, "connect")
    def connected(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # transactions are begun here, never by the driver
        cursor = connection.cursor()
        for pragma in (
            f"busy_timeout = {_BUSY}",
            "journal_mode = WAL",
            "synchronous = FULL",
            "foreign_keys = ON",
            "secure_delete = ON",  # what is deleted does not stay on its page
            f"query_only = {'OFF' if write else 'ON'}",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def begun(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")

    return engine


def _postgres_engine(url: URL) -> AsyncEngine:
    return create_async_engine(url, hide_parameters=True, pool_pre_ping=True, isolation_level="SERIALIZABLE")
