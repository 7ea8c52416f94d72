"""The schema of the database, made and brought up to date by the migrations in `kunveno/migrations`.

A new revision for changed tables: `python -m kunveno.migrate revision "Say what it does"`.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import alembic.command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import Script, ScriptDirectory
from sqlalchemy import Connection, MetaData
from sqlalchemy.ext.asyncio import AsyncSession

from ground import locks
from ground.database import Base, Database

_FOLDER: Final = Path(__file__).parent / "migrations"
_LOCK: Final = "migrate"
_PATIENCE: Final = 120.0  # seconds
_TABLES: Final = (
    "bots.announce.tables",
    "bots.attention.tables",
    "bots.entrance.tables",
    "bots.help.tables",
    "bots.kit.applied",
    "bots.kit.notes",
    "bots.kit.preferences",
    "bots.kit.questions",
    "bots.kit.undo",
    "bots.vote.sealed",
    "bots.vote.tables",
    "bridge.files",
    "bridge.letters.delivery",
    "bridge.letters.inbox",
    "bridge.letters.outbox",
    "bridge.matrix.rooms",
    "bridge.mirror.tables",
    "bridge.ports",
    "ground.due",
    "party.branches",
    "party.changes",
    "party.invitations",
    "party.journal",
    "party.mandates",
    "party.members",
)
"""The modules with tables; importing them is what makes their tables known."""

for _module in _TABLES:
    importlib.import_module(_module)


class SchemaError(Exception):
    """The schema cannot be brought up to date; the text says why and what helps."""


def metadata() -> MetaData:
    """All tables of all floors."""
    return Base.metadata


async def upgrade(db: Database) -> None:
    """Make the tables of a new database, or bring those of an older version up to date, in one transaction.

    Several processes may ask at once: they take turns. Raises SchemaError when the database was made by a newer
    version, or another process does not finish.
    """
    async with _turn(db):
        if await pending(db):
            await _upgrade(db)


async def pending(db: Database) -> bool:
    """Whether `upgrade` has something to do. Raises SchemaError when the database was made by a newer version."""

    async def work(session: AsyncSession) -> tuple[str, ...]:
        connection = await session.connection()
        return await connection.run_sync(lambda sync: MigrationContext.configure(sync).get_current_heads())

    script = ScriptDirectory.from_config(_config())
    present = set(await db.read(work))
    if newer := present - {revision.revision for revision in script.walk_revisions()}:
        raise SchemaError(
            f"the database is at revision {', '.join(sorted(newer))}, made by a newer version of Kunveno: "
            "install that version, or restore the backup made before the upgrade"
        )
    return present != set(script.get_heads())


@asynccontextmanager
async def _turn(db: Database) -> AsyncIterator[None]:
    deadline = asyncio.get_running_loop().time() + _PATIENCE
    while True:
        async with locks.hold(db, _LOCK) as held:
            if held:
                yield
                return
        if asyncio.get_running_loop().time() > deadline:
            raise SchemaError(f"another process has been changing the tables for {_PATIENCE:.0f} seconds; stop it")
        await asyncio.sleep(0.05)


async def _upgrade(db: Database) -> None:
    async with db.engine.connect() as connection:
        # SQLite changes a table by making it anew, which its foreign keys would hinder; the switch works only outside
        # a transaction, so it is turned beneath SQLAlchemy, which begins one with its first statement.
        driver = (await connection.get_raw_connection()).driver_connection if db.is_sqlite else None
        if driver is not None:
            await driver.execute("PRAGMA foreign_keys = OFF")
        try:
            async with connection.begin():
                await connection.run_sync(_run)
        finally:
            if driver is not None:
                await driver.execute("PRAGMA foreign_keys = ON")


def _run(connection: Connection) -> None:
    alembic.command.upgrade(_config(connection), "head")
    if connection.dialect.name == "sqlite" and (
        broken := connection.exec_driver_sql("PRAGMA foreign_key_check").first()
    ):
        raise SchemaError(f"the migration would leave a row of table {broken[0]} pointing nowhere; nothing was changed")


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    config.set_main_option("file_template", "r%%(rev)s_%%(slug)s")
    config.attributes["metadata"] = metadata()
    config.attributes["connection"] = connection
    return config


async def _revise(message: str) -> None:
    """Write a revision that takes the tables from the last one to what the code says now."""
    with tempfile.TemporaryDirectory() as folder:
        async with Database.open(f"sqlite:///{folder}/kunveno.db") as db:
            await upgrade(db)
            async with db.engine.begin() as connection:
                await connection.run_sync(_write_revision, message)


def _write_revision(connection: Connection, message: str) -> None:
    script = alembic.command.revision(_config(connection), message, autogenerate=True)
    if not isinstance(script, Script):
        raise SchemaError("a revision is one file")
    path = Path(script.path)
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join(line for line in lines if not line.lstrip().startswith("# ###")), encoding="utf-8")


def main() -> None:
    """The command for developers."""
    parser = argparse.ArgumentParser(prog="python -m kunveno.migrate", description="Write a migration.")
    parser.add_argument("command", choices=["revision"])
    parser.add_argument("message", help="what it does, like “Keep telephone numbers”")
    asyncio.run(_revise(parser.parse_args().message))


if __name__ == "__main__":
    main()
