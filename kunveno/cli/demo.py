"""`kunveno demo`."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kunveno.cli import output
from kunveno.cli.exits import Exit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bridge.mirror.mirror import View
    from kunveno.demo.scenario import Demo, Login
    from party.exchange.importing import Outcome

_SHOWN_LOGINS = 12


def add(app: typer.Typer) -> None:
    """Add the command."""
    app.command("demo")(demo)


def demo(
    once: Annotated[
        bool, typer.Option("--once", help="Leave at the end of the scenario instead of staying up.")
    ] = False,
    branches: Annotated[
        str, typer.Option(help="The slug of a branch, to mirror it with all above and below it; or all.")
    ] = "auvergne-rhone-alpes",
    data: Annotated[Path, typer.Option(help="Where the demonstration keeps everything.")] = Path("demo-data"),
    port: Annotated[int, typer.Option(help="The port of the homeserver, on this machine alone.")] = 8008,
) -> None:
    """Start a real homeserver, read a real organisation chart and turn it into spaces and rooms."""
    from kunveno.demo.scenario import DemoError
    from kunveno.demo.synapse import PortTaken, SynapseFailed

    try:
        asyncio.run(_demo(data, port, branches, once=once))
    except PortTaken:
        output.error(f"port {port} is taken by another program; name another one: make demo PORT={port + 1}")
        raise typer.Exit(Exit.REFUSED) from None
    except (DemoError, SynapseFailed) as failure:
        output.error(str(failure))
        raise typer.Exit(Exit.REFUSED) from None
    except KeyboardInterrupt:
        output.say("Stopped. `make demo` goes on with the same data; remove demo-data to begin anew.")


async def _demo(data: Path, port: int, branches: str, *, once: bool) -> None:
    from ground.clock import SystemClock
    from kunveno.demo import scenario

    output.note(f"Starting Synapse on http://127.0.0.1:{port} …")
    async with scenario.running(data, port, branches, SystemClock()) as demo:
        _say_chart(await scenario.read_chart(demo))
        if new := await scenario.open_accounts(demo):
            output.say(f"{new} accounts opened on {demo.synapse.server_name}.")
        if not await _mirror(demo):
            raise typer.Exit(Exit.PARTLY)
        logins = await scenario.people(demo)
        _show(demo, await scenario.settled(demo), logins)
        async with scenario.at_work(demo, output.say) as work:
            await _converse(demo, logins)
            await _vote(demo, logins)
            if not once:
                program = f"{sys.argv[0]} --config {demo.installation.config}"
                output.say("It stays up until Ctrl-C. Write !help in any room; or in another terminal, for example:")
                output.say(f"  {program} branch rename loire 'Loire (42)'")
                await work


async def _converse(demo: Demo, logins: Sequence[Login]) -> None:
    """Let an officer talk with the bot."""
    from kunveno.demo import scenario

    officer = next((login for login in logins if login.offices), None)
    if officer is None:
        return
    lines = ("branche", "aide")
    output.say()
    for line, answer in zip(lines, await scenario.ask(demo, officer, *lines), strict=True):
        output.say(f"{officer.name} → {line}")
        _quote(answer)
    output.say()


async def _vote(demo: Demo, logins: Sequence[Login]) -> None:
    """Let many branches vote, and show what came of it."""
    from kunveno.demo import assembly
    from kunveno.demo.conversation import NoAnswer
    from kunveno.demo.scenario import DemoError

    try:
        held = await assembly.hold(demo, logins)
    except NoAnswer:
        raise DemoError("the bot does not answer; what it says above may tell why") from None
    if held is None:
        return
    output.say(f"{held.asker.name} → {assembly.LINE}")
    _quote(held.asked)
    output.say(f"  … ✅, {held.voters} members of the branches vote, and it is closed.")
    _quote(held.result)
    if held.picture is not None:
        output.say(f"  The picture of the result: {held.picture}")
    output.say()


def _quote(said: str) -> None:
    """What the bot says."""
    for number, line in enumerate(said.splitlines()):
        output.say(f"            {line}" if number else f"  Kunveno ← {line}")


def _say_chart(outcome: Outcome) -> None:
    from kunveno.demo.scenario import DemoError

    if outcome.bad:
        raise DemoError(f"the example cannot be imported: {outcome.bad[0]}")
    new = ", ".join(f"{count} {kind}" for kind, count in outcome.added.items() if count)
    output.say(f"Read from examples/france: {new}." if new else "examples/france is in the register already.")


async def _mirror(demo: Demo) -> bool:
    """Bring the homeserver up to the register; whether all went well."""
    from bridge.mirror.describe import Describer

    view = await demo.mirror.look()
    rooms = len(view.wanted.rooms)
    if not view.plan.steps:
        output.say(f"Nothing has to be changed: {rooms} spaces and rooms are as the register says.")
        return True
    with output.progress("Mirroring", len(view.plan.steps)) as advance:
        report = await demo.mirror.carry_out(view, lambda _step, _reason: advance())
    output.say(f"{len(report.done)} steps done: {rooms} spaces and rooms.")
    describer = Describer(view.tree)
    for failure in report.failed:
        output.error(describer.failure(failure))
    return not report.failed


def _show(demo: Demo, view: View, logins: Sequence[Login]) -> None:
    """The tree as the homeserver has it, and whom to log in as."""
    from bridge.places import SPACE, BranchRoom
    from kunveno.demo.scenario import PASSWORD

    output.say()
    kinds = list(demo.app.config.mirror_policy().rooms)
    for depth, branch in view.tree.top_down():
        space = view.located.rooms.get(BranchRoom(branch.id, SPACE))
        if space is None:
            continue
        rooms = [
            f"{key} {len(room.joined) - 1}"
            for key in kinds
            if (room := view.located.rooms.get(BranchRoom(branch.id, key))) is not None
        ]
        output.say(f"{'  ' * depth}{space.name}   space {len(space.joined) - 1} · {' · '.join(rooms)}")
    output.say()
    output.say("The numbers are people who have joined. Log in with Element (Sign in → Edit the homeserver):")
    output.say(f"  homeserver  {demo.synapse.url}")
    output.say(f"  password    {PASSWORD}, for everybody")
    officers = [login for login in logins if login.offices]
    others = [login for login in logins if not login.offices]
    shown = [*officers[: _SHOWN_LOGINS - 2], *others[:2]]
    width = max(len(login.user.partition(":")[0][1:]) for login in shown)
    for login in shown:
        what = ", ".join(login.offices) or f"member of {login.branch}"
        output.say(f"  {login.user.partition(':')[0][1:]:{width}}  {login.name}, {what}")
    if len(logins) > len(shown):
        output.say(f"  … and {len(logins) - len(shown)} more in examples/france/members.csv")
