"""SQLite beside the event loop: a statement with all its rows is one visit to the thread of its connection.

aiosqlite makes four of it: a cursor, the statement, its rows, the end of the cursor. Each is a change of threads there
and back, which on a machine that does much else takes longer than what is done there.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any, Final

import aiosqlite

_ROWS: Final = 64


class Connection(aiosqlite.Connection):
    """A connection whose cursors have read all their rows when their statement is carried out."""

    def cursor(self) -> Cursor:  # type: ignore[override]
        """A cursor, without a visit to the thread."""
        return Cursor(self)


class Cursor:
    """What SQLAlchemy asks of a cursor that reads everything at once."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._rows: list[Any] = []
        self.description: Sequence[Any] | None = None
        self.rowcount = -1
        self.lastrowid: int | None = None
        self.arraysize = 1

    async def __aenter__(self) -> Cursor:
        return self

    async def execute(self, sql: str, parameters: Iterable[Any] = ()) -> Cursor:
        """Carry out a statement, and read its rows."""
        await self._connection._execute(self._execute, sql, parameters)  # type: ignore[no-untyped-call]
        return self

    async def executemany(self, sql: str, parameters: Iterable[Iterable[Any]]) -> Cursor:
        """Carry out a statement that gives no rows for each of the parameters."""
        await self._connection._execute(self._execute_many, sql, parameters)  # type: ignore[no-untyped-call]
        return self

    async def fetchall(self) -> list[Any]:
        """The rows."""
        rows, self._rows = self._rows, []
        return rows

    async def close(self) -> None:
        """Nothing is left open."""

    def _execute(self, sql: str, parameters: Any) -> None:
        self._keep(self._connection._conn.execute(sql, parameters))

    def _execute_many(self, sql: str, parameters: Any) -> None:
        self._keep(self._connection._conn.executemany(sql, parameters))

    def _keep(self, cursor: sqlite3.Cursor) -> None:
        try:
            self.description = cursor.description
            self._rows = cursor.fetchall() if cursor.description else []
            self.rowcount, self.lastrowid = cursor.rowcount, cursor.lastrowid
        finally:
            cursor.close()


def connect(path: str) -> Connection:
    """A connection to the file at `path`, to be awaited; its thread holds nobody up who leaves."""
    connection = Connection(lambda: sqlite3.connect(path, check_same_thread=False), _ROWS)
    connection._thread.daemon = True
    return connection
