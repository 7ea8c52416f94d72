"""What `kunveno vote verify`, `kunveno vote record` and `kunveno vote key` do."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from pydantic import JsonValue

from bots.vote.choices import number_of
from bots.vote.record.verify import Report, verify
from bots.vote.tables import of_number
from bridge import files
from kunveno.cli import output
from kunveno.cli.exits import Exit
from kunveno.cli.invocation import of

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from kunveno.app import App


def verify_file(file: Path, *, key: str | None, json: bool) -> None:
    """Say of each test whether a record passes it, and what differs. Leaves with status 1 where one fails."""
    if key is not None and re.fullmatch(r"[0-9a-fA-F]{64}", key.strip()) is None:
        raise typer.BadParameter("a public key has 64 hexadecimal digits", param_hint="'--key'")
    report = verify(file.read_bytes(), key=key)
    if json:
        output.print_json(_data(file, report, pinned=key is not None))
    else:
        _show(file, report, pinned=key is not None)
    if not report.passed:
        raise typer.Exit(Exit.REFUSED)


def give(ctx: typer.Context, number: str, to: Path | None) -> None:
    """Write the record of a vote to a file that is not there yet, or to standard output. Leaves with status 1 where
    there is none."""

    async def work(app: App) -> bytes | None:
        return await app.database.read(lambda session: _kept(session, number))

    content = of(ctx).run(work)
    if content is None:
        output.error(f"there is no record of a vote {number}; one is written once a vote is counted")
        raise typer.Exit(Exit.REFUSED)
    if to is None:
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
        return
    try:
        with to.open("xb") as file:
            file.write(content)
    except FileExistsError:
        output.error(f"{to} is there already; name another file")
        raise typer.Exit(Exit.REFUSED) from None
    output.note(f"{to}: {len(content)} bytes.")


async def _kept(session: AsyncSession, number: str) -> bytes | None:
    found = number_of(number)
    row = None if found is None else await of_number(session, found)
    return None if row is None or row.record is None else await files.read(session, row.record)


def show_key(ctx: typer.Context) -> None:
    """Print the public key of the configuration. Leaves with status 1 where there is none yet."""
    from kunveno import record_key

    path = of(ctx).config().votes.key
    if not path.exists():
        output.error(f"{path}: there is no key yet that signs the records of votes; the first `kunveno run` makes it")
        raise typer.Exit(Exit.REFUSED)
    output.say(record_key.kept(path).public)


def _data(file: Path, report: Report, *, pinned: bool) -> dict[str, Any]:
    document: Mapping[str, JsonValue] = report.document or {}
    return {
        "file": str(file),
        "valid": report.passed,
        "vote": document.get("vote"),
        "key": document.get("key"),
        "key_given": pinned,
        "checks": [
            {"check": check.name, "passed": check.passed, "note": check.note, "differences": check.wrong}
            for check in report.checks
        ],
    }


def _show(file: Path, report: Report, *, pinned: bool) -> None:
    if report.document is not None:
        output.say(f"{report.document.get('vote')} · {report.document.get('question')}")
    for check in report.checks:
        if check.passed:
            output.say(f"ok    {check.name}: {check.note}")
        for wrong in check.wrong:
            output.say(f"bad   {check.name}: {wrong}")
    if not report.passed:
        output.say(f"{file} is not what was signed, or does not come to what it says.")
        return
    if not pinned:
        output.say("Compare the key with the one that your organisation has made known, or give it with --key.")
    output.say(f"{file} is whole, and its ballots come to what it says.")
