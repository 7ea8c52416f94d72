"""`kunveno letter …`: what could not be delivered, or was set aside by a restore."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC
from typing import TYPE_CHECKING, Annotated

import typer

from kunveno.cli import output
from kunveno.cli.exits import Exit
from kunveno.cli.invocation import of

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from bridge.letters.outbox import Kept, State
    from kunveno.app import App

Letters = Annotated[list[str] | None, typer.Argument(metavar="LETTER…", help="The ids of letters.")]
All = Annotated[bool, typer.Option("--all", help="All that are held.")]

group = typer.Typer(
    name="letter", help="Look at letters that did not go out, and decide what becomes of them.", no_args_is_help=True
)


def add(app: typer.Typer) -> None:
    """Add the group."""
    app.add_typer(group)


@group.command("list")
def list_(
    ctx: typer.Context,
    dead: Annotated[bool, typer.Option("--dead", help="Those that were given up, too.")] = False,
    json: Annotated[bool, typer.Option("--json", help="As data.")] = False,
) -> None:
    """List the letters that a restore set aside, oldest first. What they say is not shown."""
    from bridge.letters import outbox

    async def work(app: App) -> None:
        states = [outbox.State.HELD] + ([outbox.State.DEAD] if dead else [])
        kept, slugs = await app.database.read(lambda session: _look(session, states))
        if json:
            output.print_json([_as_data(letter) for letter in kept])
            return
        for letter in kept:
            reason = f": {letter.reason}" if letter.reason else ""
            written = letter.written_at.astimezone(UTC).isoformat(timespec="minutes")
            output.say(f"{letter.id}  {letter.state}  {written}  {letter.kind} to {_place(letter, slugs)}{reason}")
        if not kept:
            output.say("There is none.")

    of(ctx).run(work)


@group.command()
def release(ctx: typer.Context, letters: Letters = None, every: All = False) -> None:
    """Have held letters sent after all."""
    from bridge.letters import outbox

    async def work(app: App) -> None:
        async def released(session: AsyncSession) -> int:
            return await outbox.release(session, await _chosen(session, letters, every=every), app.clock.now())

        output.say(f"Letters that will be sent: {await app.database.write(released)}.")

    of(ctx).run(work)


@group.command()
def drop(ctx: typer.Context, letters: Letters = None, every: All = False) -> None:
    """Have held letters never sent."""
    from bridge.letters import outbox

    async def work(app: App) -> None:
        async def dropped(session: AsyncSession) -> int:
            return await outbox.drop(session, await _chosen(session, letters, every=every), app.clock.now())

        output.say(f"Letters dropped: {await app.database.write(dropped)}.")

    of(ctx).run(work)


async def _chosen(session: AsyncSession, letters: Sequence[str] | None, *, every: bool) -> Sequence[str]:
    from bridge.letters import outbox

    held = [letter.id for letter in await outbox.kept(session, [outbox.State.HELD])]
    if every:
        return held
    if not letters:
        output.error("name letters by their ids, or say --all; `kunveno letter list` shows them")
        raise typer.Exit(Exit.USAGE)
    if unknown := [letter for letter in letters if letter not in held]:
        output.error(f"there is no held letter {unknown[0]}; `kunveno letter list` shows them")
        raise typer.Exit(Exit.REFUSED)
    return letters


async def _look(session: AsyncSession, states: Sequence[State]) -> tuple[Sequence[Kept], Mapping[str, str]]:
    from bridge.letters import outbox
    from party import branches

    return await outbox.kept(session, states), {branch.id: branch.slug for branch in await branches.tree(session)}


def _place(letter: Kept, slugs: Mapping[str, str]) -> str:
    """Where a letter goes, as an operator finds it: the branch and the kind of room, or the account."""
    from bridge.places import BranchRoom, Direct, place_at

    match place_at(letter.place):
        case BranchRoom(branch_id, key):
            return f"{slugs.get(branch_id, branch_id)}/{key}"
        case Direct(account):
            return account
        case elsewhere:
            return elsewhere.room


def _as_data(letter: Kept) -> dict[str, str | None]:
    return {
        "id": letter.id,
        "state": letter.state.value,
        "kind": letter.kind,
        "place": letter.place,
        "written_at": letter.written_at.isoformat(),
        "reason": letter.reason,
    }
