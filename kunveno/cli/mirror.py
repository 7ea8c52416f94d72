"""`kunveno plan`, `apply`, `link`, `unlink` and `run`."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer

from kunveno.cli import output
from kunveno.cli.exits import Exit
from kunveno.cli.invocation import of

if TYPE_CHECKING:
    from bridge.mirror.apply import Report
    from bridge.mirror.describe import Describer
    from bridge.mirror.link import Candidate
    from bridge.mirror.mirror import Mirror, View
    from bridge.places import BranchRoom
    from kunveno.app import App

_ASKING = 0.5
"""Seconds between two looks whether another process has answered, or is gone."""
_PATIENCE = 3600.0
"""Seconds that another process has to answer; a whole country with a throttled account takes it longer."""
Json = Annotated[bool, typer.Option("--json", help="As data.")]
Again = Annotated[bool, typer.Option("--invite-again", help="Also invite those who left or declined by themselves.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
Room = Annotated[
    list[str] | None, typer.Option("--room", help="KEY=ADDRESS: a room too, by its kind in the configuration.")
]


def add(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("plan")(plan)
    app.command("apply")(apply)
    app.command("link")(link)
    app.command("unlink")(unlink)
    app.command("run")(run)


def plan(ctx: typer.Context, json: Json = False, invite_again: Again = False) -> None:
    """Show what would change on the homeserver. Changes nothing."""
    from kunveno.connection import open_mirror

    async def work(app: App) -> None:
        async with open_mirror(app) as mirror:
            view = await mirror.look(again=invite_again)
        output.print_json(_data(view)) if json else _show(view)

    of(ctx).run(work)


def apply(ctx: typer.Context, json: Json = False, invite_again: Again = False) -> None:
    """Make the homeserver show what the register says. Safe to interrupt, and to run again."""
    from functools import partial
    from json import dumps
    from time import monotonic

    from bridge.mirror.mirror import LOCK
    from bridge.mirror.tables import answer, ask, outcome
    from ground import locks
    from kunveno.connection import open_mirror

    async def work(app: App) -> None:
        request: str | None = None
        until = monotonic() + _PATIENCE
        while True:
            async with locks.hold(app.database, LOCK) as held:
                if held:
                    async with open_mirror(app) as mirror:
                        view = await mirror.look(again=invite_again)
                        report = await _carry_out(app, mirror, view)
                    if request is not None:  # whoever was asked is gone
                        how = dumps(_describer(view).report(report))
                        said = partial(answer, request=request, outcome=how, at=app.clock.now())
                        await app.database.write(said)
                    _say_outcome(view, report, json=json)
                    return
            if request is None:
                request = await app.database.write(partial(ask, at=app.clock.now(), again=invite_again))
                output.note("Another process works the mirror; it was asked to do this. Waiting for it …")
            elif (answered := await app.database.read(partial(outcome, request=request))) is not None:
                _say_answer(answered, json=json)
                return
            elif monotonic() > until:
                output.error(
                    "the other process has not answered. It does this all the same when it can; its health page says "
                    "what holds it up. Run `kunveno apply` again to wait longer."
                )
                raise typer.Exit(Exit.REFUSED)
            await asyncio.sleep(_ASKING)

    of(ctx).run(work)


def link(ctx: typer.Context, branch: str, address: str, room: Room = None, yes: Yes = False) -> None:
    """Map an existing space, and rooms, to a branch. ADDRESS is an alias (#…) or an id (!…)."""
    from bridge.mirror.link import candidate
    from bridge.mirror.link import link as linked
    from bridge.places import SPACE
    from kunveno.connection import open_mirror

    async def work(app: App) -> None:
        wanted = [(SPACE, address), *map(_key_and_address, room or ())]
        places = [(await _place(app, branch, key), where) for key, where in wanted]
        async with open_mirror(app) as mirror:
            candidates = [await candidate(mirror, place, where) for place, where in places]
            for one in candidates:
                _say_candidate(one)
            if not yes and not typer.confirm(f"Link to '{branch}'?"):
                raise typer.Exit(Exit.REFUSED)
            await linked(mirror, candidates)
        output.say("Linked. `kunveno plan` shows what would change in them, `kunveno apply` does it.")

    of(ctx).run(work)


def unlink(
    ctx: typer.Context,
    branch: str,
    room: Annotated[list[str] | None, typer.Option("--room", help="KEY: only this room, not all.")] = None,
    yes: Yes = False,
) -> None:
    """Let go of the rooms of a branch: nothing is destroyed, nobody removed, and no new room made in their stead."""
    from bridge.matrix.rooms import known_rooms
    from bridge.mirror.link import unlink as unlinked
    from kunveno.connection import open_mirror

    async def work(app: App) -> None:
        space = await _place(app, branch, "space")
        known = await app.database.read(known_rooms)
        keys = room or [place.key for place in known if place.branch_id == space.branch_id]
        places = [await _place(app, branch, key) for key in keys]
        present = [place for place in places if place in known and known[place].room_id is not None]
        if not present:
            output.say(f"'{branch}' has no such room that is mirrored.")
            return
        question = f"Let go of {', '.join(place.key for place in present)} of '{branch}'?"
        if not yes and not typer.confirm(question):
            raise typer.Exit(Exit.REFUSED)
        async with open_mirror(app) as mirror:
            for place, room_id in (await unlinked(mirror, present)).items():
                output.say(f"{place.key}: {room_id} was let go. It stays as it is.")

    of(ctx).run(work)


def run(
    ctx: typer.Context,
    migrate: Annotated[bool, typer.Option("--migrate", help="Bring the database up to date first.")] = False,
) -> None:
    """Run the bots and keep the mirror true, until stopped."""
    import logging

    from kunveno import installed, logs
    from kunveno.service import serve

    async def work(app: App) -> None:
        form = app.config.log.format
        logs.set_up(form, app.config.log.level)
        say = output.say if form == "text" else logging.getLogger("kunveno").info
        await serve(app, say, installed.team(app.config))

    of(ctx).run(work, create=migrate)


async def _place(app: App, slug: str, key: str) -> BranchRoom:
    from sqlalchemy.ext.asyncio import AsyncSession

    from bridge.places import SPACE, BranchRoom
    from party import branches

    async def find(session: AsyncSession) -> str:
        return (await branches.by_slug(session, slug)).id

    kinds = app.config.mirror_policy().rooms
    if key != SPACE and key not in kinds:
        output.error(f"there is no kind of room '{key}'; the kinds are {', '.join(kinds)}")
        raise typer.Exit(Exit.USAGE)
    return BranchRoom(await app.database.read(find), key)


def _key_and_address(option: str) -> tuple[str, str]:
    key, equals, address = option.partition("=")
    if not equals or not key or not address:
        output.error(f"--room takes KEY=ADDRESS, like discussion=#general:example.org, not '{option}'")
        raise typer.Exit(Exit.USAGE)
    return key, address


def _say_candidate(one: Candidate) -> None:
    output.say(f"{one.place.key}: '{one.name or one.room_id}' ({one.room_id})")
    for what in one.lacks:
        output.say(f"    the bot has not the power to {what}")
    if one.lacks:
        output.say("    Give it the power level 100 there, or these things stay as they are.")


async def _carry_out(app: App, mirror: Mirror, view: View) -> Report:
    from bridge.mirror.pace import estimate

    if app.config.homeserver.account == "account" and (time := estimate(view.plan)):
        output.note(
            f"{len(view.plan.steps)} steps. A plain account is throttled: by the usual limits this takes about "
            f"{_duration(time.total_seconds())}. You can interrupt it at any time and go on later."
        )
    with output.progress("apply", len(view.plan.steps)) as advance:
        return await mirror.carry_out(view, lambda _step, _reason: advance())


def _say_answer(answer: str, *, json: bool) -> None:
    """Say how it went when another process did it."""
    from json import loads

    result = loads(answer)
    if json:
        output.print_json(result)
    else:
        output.say(f"{result['done']} steps done, {len(result['failed'])} failed.")
        for failure in result["failed"]:
            output.say(f"failed: {failure['said']}")
    if result["failed"]:
        raise typer.Exit(Exit.PARTLY)


def _show(view: View) -> None:
    """The plan as a diff, branch by branch from the top."""
    describer = _describer(view)
    lines: dict[str, list[str]] = {}
    for step in view.plan.steps:
        lines.setdefault(step.place.branch_id, []).append(f"{describer.sign(step)} {describer.step(step)}")
    for finding in view.plan.findings:
        lines.setdefault(finding.place.branch_id, []).append(f"! {describer.finding(finding)}")
    known = [(depth, branch.id, f"{branch.name} ({branch.slug})") for depth, branch in view.tree.top_down()]
    strange = [(0, branch_id, branch_id) for branch_id in lines if branch_id not in view.tree]
    for _, branch_id, title in [*known, *strange]:
        if branch_id in lines:
            output.say(title)
            for line in lines[branch_id]:
                output.say(f"  {line}")
    output.say(_summary(view))


def _summary(view: View) -> str:
    steps, findings = len(view.plan.steps), len(view.plan.findings)
    rooms = len(view.wanted.rooms)
    if not steps and not findings:
        return f"Nothing to do: {rooms} rooms and spaces are as the register says."
    return f"{steps} steps to do, {findings} things to know, {rooms} rooms and spaces in all."


def _say_outcome(view: View, report: Report, *, json: bool) -> None:
    if json:
        output.print_json({**_data(view), **_describer(view).report(report)})
    else:
        _tell(view, report)
    if report.failed:
        raise typer.Exit(Exit.PARTLY)


def _tell(view: View, report: Report) -> None:
    describer = _describer(view)
    for failure in report.failed:
        output.say(f"failed: {describer.failure(failure)}")
    for finding in view.plan.findings:
        output.say(f"! {describer.place(finding.place)}: {describer.finding(finding)}")
    if not view.plan.steps:
        output.say(_summary(view))
    elif report.failed:
        output.say(f"{len(report.done)} steps done, {len(report.failed)} failed. Run `kunveno apply` again to retry.")
    else:
        output.say(f"{len(report.done)} steps done.")


def _describer(view: View) -> Describer:
    from bridge.mirror.describe import Describer

    return Describer(view.tree)


def _data(view: View) -> dict[str, object]:
    describer = _describer(view)
    return {
        "rooms": len(view.wanted.rooms),
        "steps": [describer.data(step) for step in view.plan.steps],
        "findings": [describer.data(finding) for finding in view.plan.findings],
    }


def _duration(seconds: float) -> str:
    minutes = max(1, round(seconds / 60))
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min"
