"""What Alembic runs for each command; `kunveno.migrate` hands over the connection and the tables."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from alembic.operations.ops import MigrationScript
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from ground.database import Instant


def render(kind: str, item: object, autogenerate: AutogenContext) -> str | Literal[False]:
    """Write our own column type by its short name."""
    if kind == "type" and isinstance(item, Instant):
        autogenerate.imports.add("from ground.database import Instant")
        return "Instant()"
    return False


def number(_context: MigrationContext, _revision: str | Iterable[str | None], scripts: list[MigrationScript]) -> None:
    """Number the revisions: 0001, 0002 …"""
    for script in scripts:
        head = ScriptDirectory.from_config(context.config).get_current_head()
        script.rev_id = f"{int(head or 0) + 1:04}"


attributes: dict[str, Any] = context.config.attributes
context.configure(
    connection=attributes["connection"],
    target_metadata=attributes["metadata"],
    render_as_batch=True,  # SQLite cannot alter most things of a table in place
    render_item=render,
    process_revision_directives=number,
)
with context.begin_transaction():
    context.run_migrations()
