"""`kunveno init`."""

from __future__ import annotations

import asyncio
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kunveno.cli import output
from kunveno.cli.exits import Exit
from kunveno.cli.invocation import Invocation, of

if TYPE_CHECKING:
    from kunveno.config import Config
    from kunveno.installation import Question


class Account(StrEnum):
    """How Kunveno is known on the homeserver."""

    APPLICATION_SERVICE = "application_service"
    ACCOUNT = "account"


def add(app: typer.Typer) -> None:
    """Add the command."""
    app.command("init")(init)


def init(
    ctx: typer.Context,
    dir: Annotated[Path, typer.Option("--dir", help="Where to write; made when missing.")] = Path(),
    name: Annotated[str | None, typer.Option(help="The name of the organisation.")] = None,
    language: Annotated[str | None, typer.Option(help="Its language, like fr.")] = None,
    timezone: Annotated[str | None, typer.Option(help="Its time zone, like Europe/Paris.")] = None,
    server_name: Annotated[str | None, typer.Option(help="The name of the homeserver, like example.org.")] = None,
    url: Annotated[str | None, typer.Option(help="Its address, like https://matrix.example.org.")] = None,
    administrator: Annotated[str | None, typer.Option(help="A Matrix account that may do everything.")] = None,
    account: Annotated[Account | None, typer.Option(help="How Kunveno is known there.")] = None,
    database: Annotated[str | None, typer.Option(help="Like sqlite:///kunveno.db.")] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Take the defaults, and ask nothing.")] = False,
) -> None:
    """Write a commented configuration, the secrets and the database. Asks for what is not given."""
    from kunveno import installation

    path = dir / of(ctx).config_path
    installation.refuse_to_overwrite(path)
    given = {
        "name": name,
        "language": language,
        "timezone": timezone,
        "server_name": server_name,
        "url": url,
        "account": account.value if account else None,
        "administrator": administrator,
        "database": database,
    }
    if yes and (faults := installation.faults(given, path)):
        for question, what in faults:
            output.error(f"{_option(question)}: {what}")
        raise typer.Exit(Exit.USAGE)
    answers: dict[str, str] = {}
    for question in installation.QUESTIONS:
        answers[question.key] = _answer(answers, question, given[question.key], path, ask=not yes)
    written = installation.write(path, answers)
    output.say(f"Written: {path}")
    if written.homeserver.account == "application_service":
        output.say(f"Written: {written.homeserver.registration}")
    config = Invocation(path, of(ctx).language).config()
    asyncio.run(_make_database(config))
    output.say("The database is ready.")
    _next_steps(path, config)


def _answer(answers: dict[str, str], question: Question, given: str | None, path: Path, *, ask: bool) -> str:
    from rich.prompt import Prompt

    from kunveno.installation import fault

    default = question.default(answers)
    answer = given if given is not None else default
    if given is not None or not ask:
        if what := fault({**answers, question.key: answer}, question, path):
            output.error(f"{_option(question)}: {what}")
            raise typer.Exit(Exit.USAGE)
        return answer
    while True:
        choices = list(question.choices) or None
        answer = str(
            Prompt.ask(question.text, console=output.console(), choices=choices, default=default or ...)
        ).strip()
        what = fault({**answers, question.key: answer}, question, path)
        if what is None:
            return answer
        output.error(what)


def _option(question: Question) -> str:
    return f"--{question.key.replace('_', '-')}"


async def _make_database(config: Config) -> None:
    from kunveno.app import open_database

    async with open_database(config, create=True):
        pass


def _next_steps(path: Path, config: Config) -> None:
    homeserver = config.homeserver
    call = "kunveno" if path == Path("config.yaml") else f"kunveno --config {path}"
    output.say("\nNow:")
    if homeserver.account == "application_service":
        output.say("  1. Name the registration in Synapse's homeserver.yaml and restart Synapse, which has to read it:")
        output.say("       app_service_config_files:")
        output.say(f"         - {homeserver.registration}")
    else:
        output.say(f"  1. Write the password of {homeserver.user_id}, in one line, to {homeserver.password_file},")
        output.say("     and let nobody else read it (chmod 600).")
    output.say(f"  2. Read {path}: the tiers, offices and rooms in it are an example.")
    output.say(f"  3. {call} check           says what is still missing")
    output.say(f"  4. {call} import FILES    takes branches, members and mandates")
    output.say(f"  5. {call} plan            shows the spaces and rooms; then {call} apply")
