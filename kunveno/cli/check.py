"""`kunveno check` and `kunveno migrate`."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from typing import Annotated, Final

import typer

from kunveno.cli import output
from kunveno.cli.exits import Exit
from kunveno.cli.invocation import of

_MARKS: Final = {"ok": "ok  ", "warn": "warn", "bad": "BAD "}
_STATUS: Final = {
    "configuration": Exit.CONFIGURATION,
    "database": Exit.DATABASE,
    "homeserver": Exit.HOMESERVER,
    "members": Exit.REFUSED,
    "service": Exit.REFUSED,
}


def add(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("check")(check)
    app.command("migrate")(migrate)


def check(
    ctx: typer.Context,
    probe: Annotated[
        bool, typer.Option("--probe", help="Also try the homeserver's limits, in a room that is left again.")
    ] = False,
    quick: Annotated[
        bool, typer.Option("--quick", help="Only configuration, database, and whether the running service is well.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="As data.")] = False,
) -> None:
    """Look at everything that has to be right, and say the remedy for what is not."""
    from kunveno.checks import look, look_quickly

    config = of(ctx).config()
    findings = asyncio.run(look_quickly(config) if quick else look(config, probe=probe))
    if json:
        output.print_json([asdict(finding) for finding in findings])
    else:
        for finding in findings:
            output.say(f"{_MARKS[finding.level]}  {finding.what}")
            if finding.remedy:
                output.say(f"      → {finding.remedy}")
    bad = [finding for finding in findings if finding.level == "bad"]
    if bad:
        raise typer.Exit(_STATUS[bad[0].area])


def migrate(ctx: typer.Context) -> None:
    """Bring the tables of the database up to date. Make a backup before."""
    from kunveno.app import open_database

    async def work() -> None:
        async with open_database(of(ctx).config(), create=True):
            output.say("The tables are those of this version.")

    asyncio.run(work())
