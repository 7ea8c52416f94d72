"""SQLite beside the event loop: a statement with its rows is one visit to the thread of its connection.

aiosqlite makes four of it: a cursor, the statement, its rows, the end of the cursor. Each is a change of threads there
and back, and a command, which is some twenty statements, waits longer for these than for what is done there.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

import aiosqlite

AT_ONCE: Final = 1000
"""Rows that come with their statement; who reads more visits again."""


class Connection(aiosqlite.Connection):
    """A connection whose cursors bring the first rows along."""

    def cursor(self) -> Cursor:  # type: ignore[override]
        """A cursor, without a visit to the thread."""
        return Cursor(self)


class Cursor:
    """What SQLAlchemy asks of a cursor, buffered or row by row."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._rows: list[Any] = []
        self._rest: sqlite3.Cursor | None = None
        """Where the rows after these are, as long as there may be some."""
        self.description: Sequence[Any] | None = None
        self.rowcount = -1
        self.lastrowid: int | None = None
        self.arraysize = 1

    async def __aenter__(self) -> Cursor:
        return self

    async def execute(self, sql: str, parameters: Iterable[Any] = ()) -> Cursor:
        """Carry out a statement, and read its first rows."""
        await self._visit(lambda: self._keep(self._connection._conn.execute(sql, parameters)))  # type: ignore[arg-type]
        return self

    async def executemany(self, sql: str, parameters: Iterable[Iterable[Any]]) -> Cursor:
        """Carry out a statement for each of the parameters."""
        await self._visit(lambda: self._keep(self._connection._conn.executemany(sql, parameters)))  # type: ignore[arg-type]
        return self

    async def fetchone(self) -> Any:
        """The next row; None after the last."""
        return next(iter(await self.fetchmany(1)), None)

    async def fetchmany(self, size: int | None = None) -> list[Any]:
        """So many of the next rows."""
        wanted = self.arraysize if size is None else size
        if self._rest is not None and len(self._rows) < wanted:
            await self._visit(lambda: self._read(max(wanted, AT_ONCE)))
        rows, self._rows = self._rows[:wanted], self._rows[wanted:]
        return rows

    async def fetchall(self) -> list[Any]:
        """All further rows."""
        if self._rest is not None:
            await self._visit(lambda: self._read(None))
        rows, self._rows = self._rows, []
        return rows

    async def close(self) -> None:
        """Give up what was not read."""
        self._rows = []
        if self._rest is not None:
            await self._visit(self._end)

    async def _visit(self, work: Callable[[], None]) -> None:
        await self._connection._execute(work)  # type: ignore[no-untyped-call]

    # In the thread of the connection

    def _keep(self, cursor: sqlite3.Cursor) -> None:
        self._end()
        self._rows, self._rest = [], cursor
        self.description = cursor.description
        if cursor.description:
            self._read(AT_ONCE)
        else:
            self._end()
        self.rowcount, self.lastrowid = cursor.rowcount, cursor.lastrowid

    def _read(self, most: int | None) -> None:
        """Read so many rows, or all."""
        rest = self._rest
        if rest is None:
            return
        rows = rest.fetchall() if most is None else rest.fetchmany(most)
        self._rows.extend(rows)
        if most is None or len(rows) < most:
            self._end()

    def _end(self) -> None:
        if self._rest is not None:
            self._rest.close()
            self._rest = None


def connect(path: str) -> Connection:
    """A connection to the file at `path`, to be awaited; its thread holds nobody up who leaves."""
    connection = Connection(lambda: sqlite3.connect(path, check_same_thread=False), AT_ONCE)
    connection._thread.daemon = True
    return connection
