"""`kunveno import` and `kunveno export`."""

from __future__ import annotations

from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kunveno.cli import output
from kunveno.cli.exits import Exit
from kunveno.cli.invocation import of

if TYPE_CHECKING:
    from ground.texts import Translator
    from kunveno.app import App
    from party.exchange.importing import Outcome
    from party.exchange.reading import Reading


class Format(StrEnum):
    """What an export is written as."""

    CSV = "csv"
    YAML = "yaml"


def add(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("import")(import_)
    app.command("export")(export)


def import_(
    ctx: typer.Context,
    paths: Annotated[list[Path], typer.Argument(help="CSV and YAML files, or folders of them.")],
    skip_bad: Annotated[bool, typer.Option("--skip-bad", help="Take the good rows where others are bad.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")] = False,
    json: Annotated[bool, typer.Option("--json", help="As data.")] = False,
) -> None:
    """Take branches, members and mandates from files.

    Rows that are in the register already are changed where they differ; nothing is deleted.

    If any row is bad, nothing at all is changed, and the exit status is 1; with --skip-bad it is 6.
    """
    from party.exchange.reading import read_files

    reading = read_files(paths)
    outcome = of(ctx).run(lambda app: _take(app, reading, skip_bad=skip_bad, dry_run=dry_run), create=True)
    translator = of(ctx).translator()
    if json:
        bad = [{"file": row.file, "line": row.line, "reason": translator.say(row.why)} for row in outcome.bad]
        output.print_json({**asdict(outcome), "bad": bad})
    else:
        _report(outcome, translator, dry_run=dry_run, skip_bad=skip_bad)
    if outcome.bad:
        raise typer.Exit(Exit.PARTLY if skip_bad else Exit.REFUSED)


async def _take(app: App, reading: Reading, *, skip_bad: bool, dry_run: bool) -> Outcome:
    from party.exchange.importing import take

    with output.progress("Importing", len(reading.rows)) as advance:
        return await take(
            app.database,
            reading,
            policy=app.config.party(),
            clock=app.clock,
            skip_bad=skip_bad,
            dry_run=dry_run,
            advance=advance,
        )


def _report(outcome: Outcome, translator: Translator, *, dry_run: bool, skip_bad: bool) -> None:
    from party.exchange.forms import FORMS

    for row in outcome.bad:
        output.error(f"{row.file}:{row.line}: {translator.say(row.why)}")
    one = len(outcome.bad) == 1
    bad = f"{len(outcome.bad)} bad {'row' if one else 'rows'}"
    if outcome.bad and not skip_bad:
        it = "it" if one else "them"
        output.error(f"{bad}: nothing was changed. Mend {it}, or leave {it} out with --skip-bad.")
        return
    for kind in FORMS:
        counts = (outcome.added.get(kind, 0), outcome.changed.get(kind, 0), outcome.unchanged.get(kind, 0))
        if any(counts):
            output.say("{}: {} new, {} changed, {} as they were".format(kind, *counts))
    if dry_run:
        output.say("Nothing was changed: this was a dry run.")
    elif outcome.bad:
        output.error(f"{bad} {'was' if one else 'were'} left out.")
    elif not outcome.added and not outcome.changed:
        output.say("Nothing had to be changed.")


def export(
    ctx: typer.Context,
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Where to; made when missing.")],
    format: Annotated[Format, typer.Option(help="One file for each form, or one YAML file.")] = Format.CSV,
) -> None:
    """Write the register in the forms that `import` reads. The files hold personal data; only you can read them."""
    from party.exchange.writing import save

    for path in save(of(ctx).run(lambda app: _export(app, format)), folder):
        output.say(str(path))


async def _export(app: App, form: Format) -> dict[str, bytes]:
    from party.exchange.writing import export as write

    return dict(await app.database.read(lambda session: write(session, app.config.party(), form=form.value)))
