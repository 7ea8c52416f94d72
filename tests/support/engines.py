"""One memory of compiled statements for all engines of a run, which otherwise begin anew with every test."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

import pytest
from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg
from sqlalchemy.dialects.sqlite.aiosqlite import SQLiteDialect_aiosqlite
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.util import LRUCache

STATEMENTS: Final = 2000


def share_compiled_statements(monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLAlchemy remembers by statement and dialect: all dialects of a kind, which are set up alike, are one."""
    for kind in (PGDialect_asyncpg, SQLiteDialect_aiosqlite):
        monkeypatch.setattr(kind, "__eq__", _alike)
        monkeypatch.setattr(kind, "__hash__", _kind)
    remembered: LRUCache[Any, Any] = LRUCache(STATEMENTS)
    create = partial(create_async_engine, execution_options={"compiled_cache": remembered})
    monkeypatch.setattr("ground.database.create_async_engine", create)


def _alike(one: object, other: object) -> bool:
    return type(one) is type(other)


def _kind(one: object) -> int:
    return hash(type(one))
