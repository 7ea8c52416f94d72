"""The whole register in one file, and back.

A backup is a tar.gz with a manifest, the tables as an SQLite file (whichever database they come from), the
configuration, the registration, the account's signing keys and the key of vote records as they stand. It is taken from
one snapshot, while everything goes on running. It never holds the keys of a device: used again, they would betray what
they protect; nor ballots that nobody may read.
"""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import io
import json
import os
import secrets
import tarfile
import tempfile
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from sqlalchemy import URL, Table, bindparam, func, insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from bridge.letters import outbox
from bridge.matrix.rooms import act_only_after
from ground.database import Base, Database
from kunveno import migrate, resources

REGISTER: Final = "register.db"
CONFIGURATION: Final = "config.yaml"
REGISTRATION: Final = "registration.yaml"
SIGNING_KEYS: Final = "signing-keys.json"
VOTE_KEY: Final = "vote-key"
_MANIFEST: Final = "manifest.json"
_PARTS: Final = (REGISTER, CONFIGURATION, REGISTRATION, SIGNING_KEYS, VOTE_KEY)
_FORMAT: Final = 1
_CHUNK: Final = 500
"""Rows that are in memory at once."""
_BLOCK: Final = 1 << 20
_UNREADABLE: Final = (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile)


class BackupError(Exception):
    """A backup cannot be written, read or restored; the text says why and what helps."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup says of itself. `rows` are counts per table, `sha256` the hex digests of the other parts."""

    format: int
    kunveno: str
    made_at: str
    """UTC, ISO 8601."""
    revision: str
    """The revision of the tables (`kunveno.migrate`)."""
    rows: Mapping[str, int]
    sha256: Mapping[str, str]


def default_name(at: datetime) -> str:
    """The name of a backup made at an instant."""
    return f"kunveno-{at:%Y-%m-%dT%H%M%SZ}.tar.gz"


async def backup(database: Database, files: Mapping[str, Path], target: Path, at: datetime) -> Manifest:
    """Write a backup of `database` and of `files` (by the name of their part, where they are) to `target`.

    The file appears when it is whole, with mode 0600. Raises BackupError if it is there or its folder is not; OSError.
    """
    if not target.parent.is_dir():
        raise BackupError(f"there is no folder {target.parent}; make it, or name another one")
    with tempfile.TemporaryDirectory(prefix=".kunveno-backup-", dir=target.parent) as name:
        folder = Path(name)
        rows, revision = await _save(database, folder / REGISTER)
        return await asyncio.to_thread(_finish, folder, rows, revision, files, target, at)


class Opened:
    """A backup whose parts were found whole: in `folder`, for as long as the caller keeps it."""

    def __init__(self, manifest: Manifest, folder: Path) -> None:
        self.manifest = manifest
        self.folder = folder

    def part(self, name: str) -> bytes | None:
        """What is in a part; None when the backup has none of this name."""
        return (self.folder / name).read_bytes() if name in self.manifest.sha256 else None


async def unpack(archive: Path, folder: Path) -> Opened:
    """Unpack a backup into an empty folder, and check every part. Raises BackupError, naming what is damaged."""
    return Opened(await asyncio.to_thread(_unpack, archive, folder), folder)


async def check_empty(database: Database) -> None:
    """Raises BackupError when there is anything in a database, whose tables are those of this version."""
    _refuse_filled(await database.read(_count), database)


async def restore(opened: Opened, database: Database, at: datetime) -> int:
    """Fill an empty database, whose tables are those of this version, with the rows of a backup.

    What was said between the backup and `at` is noted and not acted on, for it may have been already; letters that
    had not gone out are held, for somebody to look at: returns how many. All or nothing. Raises BackupError when the
    database is not empty, SchemaError when the backup is of a newer version of Kunveno.
    """
    async with Database.open(_address(opened.folder / REGISTER)) as copy:
        if await migrate.pending(copy):
            await migrate.upgrade(copy)
        held = await copy.read(_count)

        async def fill(session: AsyncSession) -> int:
            _refuse_filled(await _count(session), database)
            await _copy(copy, await session.connection())
            await _continue_numbers(await session.connection())
            if await _count(session) != held:
                raise BackupError("not all rows arrived in the database; nothing was restored")
            await act_only_after(session, at)
            return await outbox.hold_all(session)

        return await database.write(fill)


def _refuse_filled(counts: Mapping[str, int], database: Database) -> None:
    if what := ", ".join(f"{name} {rows}" for name, rows in counts.items() if rows):
        there = f"the database is not empty (rows: {what}), and a backup is restored into an empty one only"
        remedy = "make a new one with createdb and name it in database.url"
        if database.path is not None:
            remedy = f"move {database.path} and its -wal and -shm files away"
        raise BackupError(f"{there}; {remedy}, then restore again")


async def _save(database: Database, path: Path) -> tuple[dict[str, int], str]:
    """Copy every table, as it is at one moment, into a new SQLite file; returns the counts and the revision."""
    async with Database.open(_address(path)) as copy:
        await migrate.upgrade(copy)
        async with copy.engine.begin() as connection:
            await _copy(database, connection)
        revision = await copy.read(lambda session: session.scalar(text("SELECT version_num FROM alembic_version")))
        return await copy.read(_count), str(revision)


async def _copy(source: Database, target: AsyncConnection) -> None:
    """Copy the rows of all tables from one snapshot of `source` into the empty tables of `target`, chunk by chunk."""

    async def work(session: AsyncSession) -> None:
        for table in _kept():
            own = _own_references(table)
            left_out = [column for column in table.columns if not column.info.get("backup", True)]
            rows = await session.stream(select(table).where(*(~column for column in left_out)))
            async for chunk in rows.mappings().partitions(_CHUNK):
                # A row may point at one of its own table that comes later.
                await target.execute(insert(table), [{**row, **dict.fromkeys(own)} for row in chunk])
        for table in _kept():
            await _point(session, table, target)

    await source.read(work)


def _kept() -> list[Table]:
    """The tables whose rows are in backups; the others stay empty (`ground.database.NOT_IN_BACKUPS`)."""
    return [table for table in Base.metadata.sorted_tables if table.info.get("backup", True)]


async def _point(session: AsyncSession, table: Table, target: AsyncConnection) -> None:
    """Fill in the columns by which rows of a table point at each other."""
    own, keys = _own_references(table), [column.name for column in table.primary_key]
    if not own:
        return
    update = (
        table.update()
        .where(*(table.c[key] == bindparam(f"key_{key}") for key in keys))
        .values({name: bindparam(f"new_{name}") for name in own})
    )
    rows = await session.stream(select(*(table.c[name] for name in (*keys, *own))))
    async for chunk in rows.mappings().partitions(_CHUNK):
        changes: list[dict[str, Any]] = [
            {**{f"key_{key}": row[key] for key in keys}, **{f"new_{name}": row[name] for name in own}}
            for row in chunk
            if any(row[name] is not None for name in own)
        ]
        if changes:
            await target.execute(update, changes)


def _own_references(table: Table) -> list[str]:
    return [column.name for column in table.columns if any(key.column.table is table for key in column.foreign_keys)]


async def _count(session: AsyncSession) -> dict[str, int]:
    return {
        table.name: await session.scalar(select(func.count()).select_from(table)) or 0
        for table in Base.metadata.sorted_tables
    }


async def _continue_numbers(connection: AsyncConnection) -> None:
    """Let PostgreSQL's sequences go on after the highest number; SQLite does so by itself."""
    if connection.dialect.name != "postgresql":
        return
    for table in Base.metadata.sorted_tables:
        column = table.autoincrement_column
        if column is None:
            continue
        sequence = await connection.scalar(
            text("SELECT pg_get_serial_sequence(:table, :column)"), {"table": table.name, "column": column.name}
        )
        highest = await connection.scalar(select(func.max(column)))
        if sequence is not None and highest is not None:
            await connection.execute(select(func.setval(sequence, highest)))


def _address(path: Path) -> str:
    return URL.create("sqlite", database=str(path)).render_as_string()


def _finish(
    folder: Path, rows: Mapping[str, int], revision: str, files: Mapping[str, Path], target: Path, at: datetime
) -> Manifest:
    if target.exists():
        raise BackupError(f"{target} is there already; name another file")
    for part, path in files.items():
        (folder / part).write_bytes(path.read_bytes())
    parts = {part: folder / part for part in (REGISTER, *files)}
    hashes = {part: _sha256(path) for part, path in parts.items()}
    kunveno = resources.version() or "of an unknown version"
    manifest = Manifest(_FORMAT, kunveno, at.isoformat(timespec="seconds"), revision, rows, hashes)
    _pack(manifest, parts, target)
    return manifest


def _pack(manifest: Manifest, parts: Mapping[str, Path], target: Path) -> None:
    partial = target.with_name(f".{target.name}.{secrets.token_hex(4)}.partial")
    try:
        with open(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            with tarfile.open(fileobj=file, mode="w:gz", format=tarfile.PAX_FORMAT) as archive:
                said = json.dumps(asdict(manifest), indent=2).encode() + b"\n"
                archive.addfile(_member(_MANIFEST, len(said), manifest), io.BytesIO(said))
                for name, path in parts.items():
                    with path.open("rb") as part:
                        archive.addfile(_member(name, os.fstat(part.fileno()).st_size, manifest), part)
            file.flush()
            os.fsync(file.fileno())
        partial.rename(target)
    finally:
        partial.unlink(missing_ok=True)


def _member(name: str, size: int, manifest: Manifest) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.size, member.mode = size, 0o600
    member.mtime = datetime.fromisoformat(manifest.made_at).timestamp()
    return member


def _unpack(archive: Path, folder: Path) -> Manifest:
    at = _MANIFEST
    found: dict[str, str] = {}
    said = b""
    try:
        with gzip.open(archive, "rb") as stream:
            with tarfile.open(fileobj=stream, mode="r|") as parts:
                for member in parts:
                    at = member.name
                    content = parts.extractfile(member) if member.isreg() else None
                    if content is None or at not in (_MANIFEST, *_PARTS):
                        raise BackupError(f"{archive} holds '{at}', which no backup of Kunveno does")
                    if at == _MANIFEST:
                        said = content.read()
                        continue
                    path = folder / at
                    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                        while block := content.read(_BLOCK):
                            file.write(block)
                    found[at] = _sha256(path)
            while stream.read(_BLOCK):  # to the end, where the checksum of the whole stands
                pass
    except _UNREADABLE as error:
        if at == _MANIFEST and not said:
            raise BackupError(f"{archive} is no backup of Kunveno, or cut off at its beginning") from None
        raise BackupError(f"{archive} is damaged or cut off, in {at} or just after it ({error})") from None
    manifest = _manifest(said, archive)
    if missing := sorted(manifest.sha256.keys() - found.keys()):
        raise BackupError(f"{archive} is damaged or cut off: {', '.join(missing)} is not there")
    if wrong := sorted(name for name, digest in found.items() if manifest.sha256.get(name) != digest):
        raise BackupError(f"{archive} is damaged: {', '.join(wrong)} is not what was saved")
    return manifest


def _manifest(said: bytes, archive: Path) -> Manifest:
    try:
        manifest = Manifest(**json.loads(said))
    except (ValueError, TypeError):
        raise BackupError(f"{archive} is no backup of Kunveno, or its {_MANIFEST} is damaged") from None
    if manifest.format != _FORMAT:
        raise BackupError(
            f"{archive} was made by Kunveno {manifest.kunveno}, in a form that this version does not know; "
            "install that version"
        )
    return manifest


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
