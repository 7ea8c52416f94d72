"""`kunveno backup` and `kunveno restore`."""

from __future__ import annotations

import asyncio
import os
import tempfile
from dataclasses import asdict
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kunveno.cli import output
from kunveno.cli.exits import Exit
from kunveno.cli.invocation import of

if TYPE_CHECKING:
    from kunveno.app import App
    from kunveno.backup import Opened
    from kunveno.config import Config

Json = Annotated[bool, typer.Option("--json", help="As data.")]


def add(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("backup")(backup)
    app.command("restore")(restore)


def backup(
    ctx: typer.Context,
    file: Annotated[
        Path | None, typer.Argument(help="Where to; a folder, or nothing, gives kunveno-DATE.tar.gz there.")
    ] = None,
    json: Json = False,
) -> None:
    """Write the database, the configuration, the registration and the keys that sign to one file, while all goes on."""
    from kunveno.backup import CONFIGURATION, REGISTRATION, SIGNING_KEYS, VOTE_KEY, BackupError, default_name
    from kunveno.backup import backup as written

    async def work(app: App) -> None:
        at = app.clock.now()
        target = file or Path()
        if target.is_dir():
            target /= default_name(at)
        files = {CONFIGURATION: of(ctx).config_path}
        homeserver = app.config.homeserver
        if homeserver.account == "application_service" and homeserver.registration.exists():
            files[REGISTRATION] = homeserver.registration
        if homeserver.signing_keys.exists():
            files[SIGNING_KEYS] = homeserver.signing_keys
        if app.config.votes.key.exists():
            files[VOTE_KEY] = app.config.votes.key
        try:
            manifest = await written(app.database, files, target, at)
        except BackupError as error:
            raise _refused(error) from None
        if json:
            output.print_json({"file": str(target), **asdict(manifest)})
            return
        rows, size = sum(manifest.rows.values()), target.stat().st_size
        output.say(f"{target}: {rows} rows of {len(manifest.rows)} tables, {', '.join(files)}; {size // 1024 + 1} kB.")
        output.say("It holds names, addresses and secrets: keep it encrypted, and away from this machine.")

    of(ctx).run(work)


def restore(ctx: typer.Context, file: Annotated[Path, typer.Argument(help="What `kunveno backup` wrote.")]) -> None:
    """Fill an empty database from a backup; a configuration that is missing comes back too. Overwrites nothing."""
    from kunveno.backup import BackupError, unpack

    async def work() -> None:
        with tempfile.TemporaryDirectory(prefix="kunveno-restore-") as folder:
            opened = await unpack(file, Path(folder))
            held = await _fill(ctx, opened)
        manifest = opened.manifest
        output.say(f"Restored: {sum(manifest.rows.values())} rows of {manifest.made_at}, Kunveno {manifest.kunveno}.")
        if held:
            output.say(f"{held} letters had not gone out when the backup was made: look at `kunveno letter list`.")
        output.say("Look at `kunveno plan` before anything else: it shows what changed in Matrix since the backup.")

    try:
        asyncio.run(work())
    except BackupError as error:
        raise _refused(error) from None


async def _fill(ctx: typer.Context, opened: Opened) -> int:
    from bridge.mirror.mirror import LOCK
    from ground import locks
    from ground.clock import SystemClock
    from kunveno.app import open_database
    from kunveno.backup import BackupError, check_empty
    from kunveno.backup import restore as filled

    async with open_database(_config(ctx, opened), create=True) as database, locks.hold(database, LOCK) as held:
        if not held:
            raise BackupError("another process works the mirror of this database; stop it, then restore again")
        await check_empty(database)
        _place_files(ctx, opened)
        return await filled(opened, database, SystemClock().now())


def _config(ctx: typer.Context, opened: Opened) -> Config:
    """The configuration that there is, else the one of the backup as it would be in that place."""
    from kunveno.backup import CONFIGURATION
    from kunveno.config import read

    path, content = of(ctx).config_path, opened.part(CONFIGURATION)
    if path.exists() or content is None:
        return of(ctx).config()
    return read(content.decode(), path, os.environ)


def _place_files(ctx: typer.Context, opened: Opened) -> None:
    """The configuration first: it says where the others go."""
    from kunveno.backup import CONFIGURATION, REGISTRATION, SIGNING_KEYS, VOTE_KEY

    if (content := opened.part(CONFIGURATION)) is not None:
        _place(of(ctx).config_path, content)
    if (content := opened.part(REGISTRATION)) is not None:
        _place(of(ctx).config().homeserver.registration, content)
    if (content := opened.part(SIGNING_KEYS)) is not None:
        _place(of(ctx).config().homeserver.signing_keys, content)
    if (content := opened.part(VOTE_KEY)) is not None:
        _place(of(ctx).config().votes.key, content)


def _place(path: Path, content: bytes) -> None:
    """Write a file where there is none; beside another one under another name."""
    for number in count():
        free = path if not number else path.with_name(f"{path.name}.restored-{number}")
        try:
            descriptor = os.open(free, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            if free.read_bytes() == content:
                return
            continue
        with open(descriptor, "wb") as file:
            file.write(content)
        output.say(f"{free}: written" + (f"; {path} is another one and stays as it is." if number else "."))
        return


def _refused(error: Exception) -> typer.Exit:
    output.error(str(error))
    return typer.Exit(Exit.REFUSED)
