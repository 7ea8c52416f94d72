"""The migrations make the tables that the code speaks of, once, whoever asks and how often."""

from __future__ import annotations

import asyncio
import re
import signal
import sys
from pathlib import Path

import alembic.command
import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, inspect, text

from bridge.matrix.registration import write_registration
from ground.database import Database
from kunveno import migrate
from tests.support.installation import install

ROOT = Path(__file__).resolve().parents[2]
UPGRADE = """
import asyncio, sys
from ground.database import Database
from kunveno import migrate

async def main():
    async with Database.open(sys.argv[1]) as db:
        await migrate.upgrade(db)

asyncio.run(main())
"""


def declared_tables() -> set[str]:
    """The tables that the sources declare, whether or not the migrations know their modules."""
    sources = [
        path for floor in ("ground", "party", "bridge", "bots", "kunveno") for path in (ROOT / floor).rglob("*.py")
    ]
    return {name for path in sources for name in re.findall(r'__tablename__ = "(\w+)"', path.read_text("utf-8"))}


def differences(connection: Connection) -> list[object]:
    context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
    return list(compare_metadata(context, migrate.metadata()))


async def test_a_new_database_has_the_tables_that_the_code_speaks_of(database_url: str) -> None:
    async with Database.open(database_url) as db:
        assert await migrate.pending(db)
        await migrate.upgrade(db)
        assert not await migrate.pending(db)
        async with db.engine.connect() as connection:
            assert await connection.run_sync(differences) == []
            tables = set(await connection.run_sync(lambda sync: inspect(sync).get_table_names()))
        assert tables - {"alembic_version"} == declared_tables()


async def test_upgrading_twice_is_upgrading_once(database_url: str) -> None:
    async with Database.open(database_url) as db:
        await migrate.upgrade(db)
        await db.write(lambda session: session.execute(text("INSERT INTO mirror_identity VALUES (1, 'o', 's')")))
        await migrate.upgrade(db)
        assert await db.read(lambda session: session.scalar(text("SELECT organisation FROM mirror_identity"))) == "o"


async def test_a_difference_would_be_seen(database_url: str) -> None:
    async with Database.open(database_url) as db:
        await migrate.upgrade(db)
        async with db.engine.begin() as connection:
            await connection.execute(text("ALTER TABLE branches ADD COLUMN colour VARCHAR(10)"))
            assert len(await connection.run_sync(differences)) == 1


async def test_processes_that_upgrade_at_once_take_turns(database_url: str) -> None:
    async def upgrade() -> tuple[int | None, str]:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", UPGRADE, database_url, cwd=ROOT, stderr=asyncio.subprocess.PIPE
        )
        _, complaint = await process.communicate()
        return process.returncode, complaint.decode()

    assert list(await asyncio.gather(upgrade(), upgrade())) == [(0, ""), (0, "")]
    async with Database.open(database_url) as db:
        assert not await migrate.pending(db)


async def test_the_database_of_a_newer_version_is_left_alone(database_url: str) -> None:
    async with Database.open(database_url) as db:
        await migrate.upgrade(db)
        await db.write(lambda session: session.execute(text("UPDATE alembic_version SET version_num = '9999'")))
        with pytest.raises(migrate.SchemaError, match="revision 9999, made by a newer version"):
            await migrate.upgrade(db)


async def test_foreign_keys_hold_again_after_an_upgrade(database_url: str) -> None:
    async with Database.open(database_url) as db:
        await migrate.upgrade(db)
        if not db.is_sqlite:
            return
        async with db.engine.connect() as connection:
            assert (await connection.execute(text("PRAGMA foreign_keys"))).scalar() == 1


async def test_an_older_database_is_brought_up_to_date_by_the_program_only_when_told(
    database_url: str, tmp_path: Path
) -> None:
    """From the tables of the last version, with something in them; the homeserver is away."""
    async with Database.open(database_url) as db:
        await _upgrade_to(db, "0002")
        await db.write(lambda session: session.execute(text("INSERT INTO mirror_identity VALUES (1, 'o', 's')")))
    homeserver = {"url": "http://127.0.0.1:9", "server_name": "example.org", "user_id": "@kunveno:example.org"}
    address = database_url.replace("+aiosqlite", "").replace("+asyncpg", "")
    house = install(tmp_path / "house", homeserver, database_url=address)
    write_registration(
        house.folder / "registration.yaml",
        server_name="example.org", user_pattern="@kunveno:example.org", alias_pattern="#kunveno.*:example.org",
        exclusive_aliases=False,
    )  # fmt: skip
    status, said = await house.call("run")
    assert status == 4, said
    assert "make a backup, then run `kunveno migrate`" in said
    async with house.start("run", "--migrate") as running:
        await running.said("Running.")
        running.process.send_signal(signal.SIGTERM)
        assert await running.ended() == 0
    async with Database.open(database_url) as db:
        assert not await migrate.pending(db)
        assert await db.read(lambda session: session.scalar(text("SELECT organisation FROM mirror_identity"))) == "o"


async def _upgrade_to(db: Database, revision: str) -> None:
    def run(connection: Connection) -> None:
        alembic.command.upgrade(migrate._config(connection), revision)

    async with db.engine.begin() as connection:
        await connection.run_sync(run)
