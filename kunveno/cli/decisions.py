"""`kunveno decisions …`."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kunveno.cli import output
from kunveno.cli.invocation import of

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from ground.texts import Translator
    from kunveno.app import App


class Format(StrEnum):
    """What an export is written as."""

    MARKDOWN = "markdown"
    CSV = "csv"


group = typer.Typer(name="decisions", help="What branches decided.", no_args_is_help=True)


def add(app: typer.Typer) -> None:
    """Add the group."""
    app.add_typer(group)


@group.callback()
def _group() -> None:
    """What branches decided."""


@group.command()
def export(
    ctx: typer.Context,
    branch: Annotated[str, typer.Option(metavar="SLUG", help="Whose decisions.")],
    below: Annotated[bool, typer.Option("--below", help="Also of the branches under it.")] = False,
    format: Annotated[Format, typer.Option(help="A text to be read, or a table.")] = Format.MARKDOWN,
    language: Annotated[str | None, typer.Option(help="Default: the branch's.")] = None,
    file: Annotated[Path | None, typer.Option("--output", "-o", metavar="FILE", help="Default: the terminal.")] = None,
) -> None:
    """Write the votes that were counted, newest first."""
    translators = of(ctx).translators()
    if language is not None and language not in translators:
        raise typer.BadParameter(f"write one of {', '.join(sorted(translators))}", param_hint="'--language'")
    data = of(ctx).run(lambda app: _export(app, branch, format, language, translators, below=below))
    if file is None:
        sys.stdout.buffer.write(data)
        sys.stdout.flush()
    else:
        file.write_bytes(data)
        output.say(str(file))


async def _export(
    app: App, slug: str, form: Format, language: str | None, translators: dict[str, Translator], *, below: bool
) -> bytes:
    from bots.kit.surroundings import Surroundings
    from bots.vote import decision_files, decisions
    from party import branches

    surroundings = Surroundings(policy=app.config.party(), translators=translators, account="", name="")

    async def read(session: AsyncSession) -> bytes:
        branch = await branches.by_slug(session, slug)
        tree = await branches.tree(session)
        wanted = {branch.id, *(one.id for one in tree.below(branch.id) if below)}
        search = decisions.Search(branches=None if len(wanted) == len(tree) else frozenset(wanted))
        voice = surroundings.voice(language or branch.language, branch.timezone)
        found = await decisions.found(session, search, voice, most=await decisions.how_many(session, search))
        title = decision_files.title(branch.name, below=below)
        kind = next(kind for kind in decision_files.KINDS if kind.key == form)
        return kind.write(title, found, tree, voice, app.clock.now())

    return await app.database.read(read)
