"""Rows that many tests begin with: made once by the code itself, then copied."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeAlias

from sqlalchemy import Table, func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from ground.database import Database
from ground.ids import new_id
from kunveno.migrate import metadata
from party.branches import BranchRow, BranchStatus, Tree

Rows: TypeAlias = Sequence[tuple[Table, Sequence[Mapping[str, Any]]]]

_planted: dict[Hashable, Rows] = {}


async def plant_once(db: Database, what: Hashable, plant: Callable[[AsyncSession], Awaitable[None]]) -> None:
    """Have `plant` write into empty tables; the next time for the same `what`, write the very same rows again."""
    if what in _planted:
        rows = _planted[what]
        await db.write(lambda session: _write(session, rows))
        return
    await db.write(plant)
    _planted[what] = await db.read(_all)


async def grow_wide(session: AsyncSession, tree: Tree, tier: str, each: int, at: datetime) -> None:
    """Hang so many branches under each leaf of a tree, at the cost of few statements; past the register's one door."""
    rows = [
        {
            "id": new_id(), "slug": f"{leaf.slug}-{number}", "name": f"{leaf.name}-{number}", "tier": tier,
            "parent_id": leaf.id, "status": BranchStatus.OPEN, "created_at": at,
        }
        for leaf in tree
        if not tree.children(leaf.id)
        for number in range(each)
    ]  # fmt: skip
    await session.execute(insert(BranchRow), rows)


async def _all(session: AsyncSession) -> Rows:
    found = []
    for table in metadata().sorted_tables:
        rows = [dict(row) for row in (await session.execute(select(table))).mappings()]
        if rows:
            found.append((table, rows))
    return found


async def _write(session: AsyncSession, tables: Rows) -> None:
    for table, rows in tables:
        await session.execute(insert(table), rows)
        counted = table.autoincrement_column
        if counted is not None and session.get_bind().dialect.name == "postgresql":
            last = func.pg_get_serial_sequence(table.name, counted.name)
            await session.execute(select(func.setval(last, max(row[counted.name] for row in rows))))
