"""A backup holds one moment of the register, says when it is damaged, and comes back on either database."""

from __future__ import annotations

import asyncio
import os
import stat
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

import pytest
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession
from typer.testing import CliRunner

from bridge.letters import Letter, Words, outbox
from bridge.matrix.rooms import Origin, remember
from bridge.mirror.tables import identity
from bridge.places import BranchRoom, Direct
from ground.database import Base, Database
from kunveno import migrate, record_key
from kunveno.backup import CONFIGURATION, REGISTRATION, BackupError, backup, default_name, restore, unpack
from kunveno.cli import build
from party import changes
from party.operations.branches import EditBranch, MoveBranch
from tests.support.register import do, grow

AT = datetime(2026, 3, 1, 12, 0, 5, tzinfo=UTC)
HEADER = 10
"""Bytes of gzip's own header, which says nothing of the content."""


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with Database.open(database_url) as db:
        await migrate.upgrade(db)
        yield db


@pytest.fixture
async def grown(database: Database) -> Database:
    """A register with everything that a backup must keep."""
    planted = await grow(
        database,
        members={"1": "brest", "2": "caen"},
        mandates=[("1", "secretary", "brest")],
        accounts={"@1:example.org": "1"},
    )
    # A branch that points at a younger one: rows cannot simply be copied in order.
    await do(database, MoveBranch(planted.branches["vannes"], planted.branches["calvados"]))
    await database.write(identity)
    place = BranchRoom(planted.branches["brest"], "space")
    await database.write(lambda session: remember(session, place, "!room", Origin.CREATED))
    return database


async def rows(db: Database) -> dict[str, list[tuple[object, ...]]]:
    async def work(session: AsyncSession) -> dict[str, list[tuple[object, ...]]]:
        return {
            table.name: [tuple(row) for row in await session.execute(select(table).order_by(*table.primary_key))]
            for table in Base.metadata.sorted_tables
        }

    return await db.read(work)


def renaming(branch_id: str, name: str) -> EditBranch:
    return EditBranch(branch_id, name, language=None, timezone=None, code=None)


async def empty(db: Database) -> None:
    """As a new database is: sequences begin anew."""
    async with db.engine.begin() as connection:
        await connection.run_sync(Base.metadata.drop_all)
        await connection.run_sync(Base.metadata.create_all)


async def test_everything_comes_back_and_numbers_go_on(grown: Database, tmp_path: Path) -> None:
    before = await rows(grown)
    config = tmp_path / "any.yaml"
    config.write_text("organisation: {}\n")
    manifest = await backup(grown, {CONFIGURATION: config, REGISTRATION: config}, tmp_path / default_name(AT), AT)
    archive = tmp_path / "kunveno-2026-03-01T120005Z.tar.gz"
    assert stat.S_IMODE(archive.stat().st_mode) == 0o600
    assert {name: len(found) for name, found in before.items()} == manifest.rows
    assert not [name for name in os.listdir(tmp_path) if name.startswith(".")]

    await empty(grown)
    (tmp_path / "out").mkdir()
    opened = await unpack(archive, tmp_path / "out")
    assert opened.part(CONFIGURATION) == opened.part(REGISTRATION) == config.read_bytes()
    await restore(opened, grown, AT)
    assert await rows(grown) == before
    branch = before["branches"][0][0]
    last = await grown.read(changes.last_number)
    await do(grown, renaming(str(branch), "Renamed"))
    assert await grown.read(changes.last_number) == last + 1


async def test_letters_that_are_to_vanish_are_in_no_backup(grown: Database, tmp_path: Path) -> None:
    for vanish in (True, False):
        letter = Letter(to=Direct("@1:example.org"), content=Words("Hello"), vanish=vanish)
        await grown.write(lambda session, letter=letter: outbox.put(session, letter, AT))  # type: ignore[misc]
    manifest = await backup(grown, {}, tmp_path / default_name(AT), AT)
    assert manifest.rows["outbox"] == 1


async def test_a_backup_moves_from_one_database_to_the_other(
    grown: Database, tmp_path: Path, postgres_or_sqlite: str
) -> None:
    await backup(grown, {}, tmp_path / "a.tar.gz", AT)
    (tmp_path / "out").mkdir()
    async with Database.open(postgres_or_sqlite) as other:
        await migrate.upgrade(other)
        await restore(await unpack(tmp_path / "a.tar.gz", tmp_path / "out"), other, AT)
        assert await rows(other) == await rows(grown)


@pytest.fixture
def postgres_or_sqlite(request: pytest.FixtureRequest, database: Database, tmp_path: Path) -> Iterator[str]:
    """The address of an empty database of the other kind."""
    if not database.is_sqlite:
        yield f"sqlite:///{tmp_path / 'other.db'}"
        return
    with request.getfixturevalue("postgres").database() as url:
        yield url


async def test_it_goes_into_an_empty_database_only(grown: Database, tmp_path: Path) -> None:
    await backup(grown, {}, tmp_path / "a.tar.gz", AT)
    (tmp_path / "out").mkdir()
    before = await rows(grown)
    with pytest.raises(BackupError, match=r"the database is not empty \(rows: branches 10,"):
        await restore(await unpack(tmp_path / "a.tar.gz", tmp_path / "out"), grown, AT)
    assert await rows(grown) == before


async def test_it_replaces_no_file(grown: Database, tmp_path: Path) -> None:
    (tmp_path / "a.tar.gz").write_text("precious")
    with pytest.raises(BackupError, match="is there already"):
        await backup(grown, {}, tmp_path / "a.tar.gz", AT)
    assert (tmp_path / "a.tar.gz").read_text() == "precious"


async def test_while_others_write_it_holds_one_moment(grown: Database, tmp_path: Path) -> None:
    """Every change writes one row of the feed and one of the journal: a backup never has one without the other."""
    done = asyncio.Event()
    branch = str((await rows(grown))["branches"][0][0])

    async def write() -> int:
        number = 0
        while not done.is_set():
            number += 1
            await do(grown, renaming(branch, f"Name {number}"))
        return number

    writer = asyncio.create_task(write())
    found: list[tuple[int, int, str]] = []
    for number in range(4):
        archive, folder = tmp_path / f"{number}.tar.gz", tmp_path / f"{number}"
        folder.mkdir()
        manifest = await backup(grown, {}, archive, AT)
        await unpack(archive, folder)
        async with Database.open(f"sqlite:///{folder / 'register.db'}") as copy:
            held = await rows(copy)
        name = next(str(row[2]) for row in held["branches"] if row[0] == branch)
        found.append((manifest.rows["changes"], manifest.rows["journal"], name))
    done.set()
    written = await writer
    assert written > 4
    steady = found[0][0] - int(found[0][2].removeprefix("Name ") if found[0][2].startswith("Name") else 0)
    for feed, journal, name in found:
        assert feed == journal
        assert feed - steady == (int(name.removeprefix("Name ")) if name.startswith("Name") else 0)
    assert found[-1][0] > found[0][0]


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """A small backup, of SQLite."""

    async def make() -> None:
        async with Database.open(f"sqlite:///{tmp_path / 'small.db'}") as db:
            await migrate.upgrade(db)
            await grow(db, {"france": {}}, members={"1": "france"})
            await backup(db, {}, tmp_path / "small.tar.gz", AT)

    asyncio.run(make())
    return tmp_path / "small.tar.gz"


def test_wherever_it_is_cut_off_it_is_refused(archive: Path, tmp_path: Path) -> None:
    whole = archive.read_bytes()
    for number, length in enumerate([0, 1, HEADER, *range(50, len(whole), len(whole) // 25), len(whole) - 1]):
        archive.write_bytes(whole[:length])
        (folder := tmp_path / f"cut-{number}").mkdir()
        with pytest.raises(BackupError, match=r"small\.tar\.gz is (damaged|no backup)"):
            asyncio.run(unpack(archive, folder))


def test_wherever_a_byte_is_changed_it_is_refused(archive: Path, tmp_path: Path) -> None:
    whole = archive.read_bytes()
    for number, position in enumerate([*range(HEADER + 20, len(whole), len(whole) // 40), len(whole) - 1]):
        damaged = bytearray(whole)
        damaged[position] ^= 0x10
        archive.write_bytes(damaged)
        (folder := tmp_path / f"bad-{number}").mkdir()
        with pytest.raises(BackupError, match=r"small\.tar\.gz"):
            asyncio.run(unpack(archive, folder))


async def test_what_is_no_backup_is_refused(tmp_path: Path) -> None:
    other = tmp_path / "other.tar.gz"
    other.write_text("Not compressed at all.")
    with pytest.raises(BackupError, match="is no backup of Kunveno"):
        await unpack(other, tmp_path)


async def test_the_backup_of_a_newer_version_is_refused(grown: Database, tmp_path: Path) -> None:
    await backup(grown, {}, tmp_path / "a.tar.gz", AT)
    (tmp_path / "out").mkdir()
    opened = await unpack(tmp_path / "a.tar.gz", tmp_path / "out")
    async with Database.open(f"sqlite:///{opened.folder / 'register.db'}") as copy:
        await copy.write(lambda session: session.execute(text("UPDATE alembic_version SET version_num = '9999'")))
    await empty(grown)
    with pytest.raises(migrate.SchemaError, match="made by a newer version"):
        await restore(opened, grown, AT)


CONFIG = """
organisation:
  name: Test
  language: en
  timezone: Europe/Paris
  tiers: {national: {name: {en: National}}}
homeserver:
  url: http://127.0.0.1:1
  server_name: example.org
  user_id: "@kunveno:example.org"
"""


def command(*arguments: object) -> tuple[int, str]:
    result = CliRunner().invoke(build(), [str(argument) for argument in arguments])
    return result.exit_code, result.output


def test_the_commands_bring_a_whole_installation_to_another_place(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    old.mkdir()
    new.mkdir()
    (old / "config.yaml").write_text(CONFIG)
    (old / "registration.yaml").write_text("as_token: secret\n")
    signer = record_key.kept(old / "vote-key")

    async def fill() -> None:
        async with Database.open(f"sqlite:///{old / 'kunveno.db'}") as db:
            await migrate.upgrade(db)
            await grow(db, {"france": {}}, members={"1": "france"})

    asyncio.run(fill())
    status, said = command("--config", old / "config.yaml", "backup", tmp_path)
    assert status == 0, said
    archive = next(tmp_path.glob("kunveno-*.tar.gz"))

    status, said = command("--config", new / "config.yaml", "restore", archive)
    assert status == 0, said
    assert (new / "config.yaml").read_text() == CONFIG
    assert stat.S_IMODE((new / "registration.yaml").stat().st_mode) == 0o600
    assert record_key.kept(new / "vote-key").public == signer.public

    async def held(folder: Path) -> dict[str, list[tuple[object, ...]]]:
        async with Database.open(f"sqlite:///{folder / 'kunveno.db'}") as db:
            return await rows(db)

    assert asyncio.run(held(new)) == asyncio.run(held(old))

    (new / "registration.yaml").write_text("as_token: another\n")
    status, said = command("--config", new / "config.yaml", "restore", archive)
    assert status == 1
    assert "the database is not empty" in said
    assert (new / "registration.yaml").read_text() == "as_token: another\n"
    assert not list(new.glob("*.restored-*"))
    (new / "kunveno.db").unlink()
    status, said = command("--config", new / "config.yaml", "restore", archive)
    assert status == 0, said
    assert (new / "registration.yaml").read_text() == "as_token: another\n"
    assert (new / "registration.yaml.restored-1").read_text() == "as_token: secret\n"


def test_nothing_is_written_beside_a_database_that_is_not_empty(
    archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (place := tmp_path / "place").mkdir()
    (tmp_path / "config.yaml").write_text(CONFIG)
    monkeypatch.setenv("KUNVENO_DATABASE_URL", f"sqlite:///{tmp_path / 'small.db'}")
    whole = tmp_path / "whole.tar.gz"
    assert command("--config", tmp_path / "config.yaml", "backup", whole)[0] == 0
    status, said = command("--config", place / "config.yaml", "restore", whole)
    assert (status, "the database is not empty" in said, list(place.iterdir())) == (1, True, [])


def test_the_folder_of_a_backup_has_to_be_there(archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "config.yaml").write_text(CONFIG)
    monkeypatch.setenv("KUNVENO_DATABASE_URL", f"sqlite:///{tmp_path / 'small.db'}")
    status, said = command("--config", tmp_path / "config.yaml", "backup", tmp_path / "nodir" / "b.tar.gz")
    assert (status, said) == (1, f"kunveno: there is no folder {tmp_path / 'nodir'}; make it, or name another one\n")


def test_what_is_not_installed_has_no_version(monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing(name: str) -> str:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "version", lambda name: f"7.8 of {name}")
    assert command("--version") == (0, "kunveno 7.8 of kunveno\n")
    monkeypatch.setattr(metadata, "version", nothing)
    assert command("--version") == (0, "kunveno (not installed)\n")
