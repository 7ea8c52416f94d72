"""The demonstration: a real homeserver, a real organisation chart, spaces and rooms, and people to log in as."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bridge.matrix.api import MatrixError
from bridge.mirror.mirror import LOCK, Mirror, View
from bridge.mirror.wanted import scope
from ground import locks
from ground.clock import Clock
from kunveno import installed
from kunveno.app import App, open_app
from kunveno.config import load
from kunveno.connection import open_mirror
from kunveno.demo.conversation import Conversation, NoAnswer
from kunveno.demo.homeserver import SynapseOptions
from kunveno.demo.installation import SERVER_NAME, Installation, prepare
from kunveno.demo.synapse import EmbeddedSynapse
from kunveno.metrics import Metrics
from kunveno.resources import EXAMPLES
from kunveno.work import Standing, work
from party.branches import tree
from party.exchange.importing import Outcome, take
from party.exchange.reading import Reading, read_files
from party.mandates import MandateRow, in_force
from party.members import AccountRow, MemberRow, Status

PASSWORD: Final = "kunveno"  # noqa: S105 - everybody's, on a homeserver that only this machine reaches
REGION: Final = "auvergne-rhone-alpes"
_PATIENCE: Final = 30
"""Looks, a second apart, until everybody has joined what they were invited to."""
_QUICK: Final = {"bcrypt_rounds": 4}
"""Dozens of accounts are opened with one known password: nothing is gained by hashing it slowly."""


class DemoError(Exception):
    """The demonstration cannot go on; the text says why and what helps."""


@dataclass(frozen=True, slots=True)
class Login:
    """Somebody to log in as: `offices` are written like `secretary of Loire`."""

    user: str
    name: str
    branch: str
    offices: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Demo:
    """The running demonstration."""

    app: App
    mirror: Mirror
    synapse: EmbeddedSynapse
    installation: Installation


@asynccontextmanager
async def running(folder: Path, port: int, branches: str, clock: Clock) -> AsyncIterator[Demo]:
    """Start the homeserver and connect the mirror.

    `branches` is the slug of the branch to mirror with all above and below it, or `all`. Raises DemoError,
    SynapseFailed.
    """
    if branches != "all" and branches not in {row.word("slug") for row in _chart().of("branches")}:
        raise DemoError(f"there is no branch '{branches}' in the example; name one like {REGION}, or all")
    only = () if branches == "all" else (branches,)
    try:
        installation = prepare(folder, url=f"http://127.0.0.1:{port}", only=only)
    except OSError as error:
        raise DemoError(
            f"{folder} cannot be written ({error.strerror}); name another folder with --data, or make it writable"
        ) from None
    options = SynapseOptions(
        data=installation.homeserver,
        server_name=SERVER_NAME,
        port=port,
        limits="open",
        registrations=(installation.registration,),
        auto_accept_invites=True,
        extra=_QUICK,
    )
    async with (
        EmbeddedSynapse.start(options) as synapse,
        open_app(load(installation.config), clock, create=True) as app,
        locks.hold(app.database, LOCK) as held,
    ):
        if not held:
            raise DemoError(f"another demonstration works in {folder}; stop it, or name another folder with --data")
        async with open_mirror(app) as mirror:
            yield Demo(app, mirror, synapse, installation)


def _chart() -> Reading:
    return read_files([EXAMPLES / "france"])


async def read_chart(demo: Demo) -> Outcome:
    """Import the example organisation."""
    return await take(demo.app.database, _chart(), policy=demo.app.config.party(), clock=demo.app.clock)


async def people(demo: Demo) -> Sequence[Login]:
    """Those of the mirrored branches who have an account here, by their accounts."""
    only = demo.app.config.mirror_policy().only
    kinds = demo.app.config.party().offices
    now = demo.app.clock.now()

    async def read(session: AsyncSession) -> Sequence[Login]:
        branches = await tree(session)
        mirrored = scope(branches, only)
        offices: dict[str, list[str]] = {}
        for mandate in await session.scalars(select(MandateRow).where(in_force(now)).order_by(MandateRow.office)):
            name = kinds[mandate.office].name["en"].lower()
            offices.setdefault(mandate.member_id, []).append(f"{name} of {branches[mandate.branch_id].name}")
        rows = await session.execute(
            select(AccountRow.user_id, MemberRow.id, MemberRow.name, MemberRow.branch_id)
            .join(MemberRow, MemberRow.id == AccountRow.member_id)
            .where(MemberRow.status == Status.MEMBER)
            .order_by(AccountRow.user_id)
        )
        return [
            Login(user, name, branches[branch].name, tuple(offices.get(member, ())))
            for user, member, name, branch in rows
            if user.endswith(f":{SERVER_NAME}") and branch in mirrored
        ]

    return await demo.app.database.read(read)


async def open_accounts(demo: Demo) -> int:
    """Register everybody who has an account here, once; returns how many are new."""
    marker = demo.installation.folder / "accounts"
    known = set(marker.read_text("utf-8").split()) if marker.exists() else set()

    async def accounts(session: AsyncSession) -> dict[str, str]:
        names = select(AccountRow.user_id, MemberRow.name).join(MemberRow, MemberRow.id == AccountRow.member_id)
        return {user: name for user, name in await session.execute(names) if user.endswith(f":{SERVER_NAME}")}

    new = {user: name for user, name in (await demo.app.database.read(accounts)).items() if user not in known}
    for user, name in new.items():
        try:
            await demo.synapse.register_user(user[1:].partition(":")[0], PASSWORD, display_name=name)
        except MatrixError as error:
            if error.errcode != "M_USER_IN_USE":
                raise
    marker.write_text("\n".join(sorted(known | set(new))), "utf-8")
    return len(new)


@asynccontextmanager
async def at_work(demo: Demo, say: Callable[[str], None]) -> AsyncIterator[asyncio.Task[None]]:
    """Run the bots and keep the rooms true for the length of the block, as `kunveno run` does; yields that work."""
    bots = installed.team(demo.app.config)
    standing = Standing()
    task = asyncio.create_task(work(demo.app, bots, standing, Metrics(), say))
    try:
        # What was written before the very first look is past for the bots.
        # The session is not there at first, nor any event of it to wait for.
        while not task.done() and (standing.session is None or not standing.session.ready.is_set()):  # noqa: ASYNC110
            await asyncio.sleep(0.1)
        yield task
    finally:
        task.cancel()
        await asyncio.wait({task})


async def ask(demo: Demo, login: Login, *lines: str) -> list[str]:
    """Have somebody write to the bot directly; what it answers to each line, when it has. Raises DemoError."""
    try:
        async with Conversation.of(demo.synapse, login.user, PASSWORD) as conversation:
            return [await conversation.asks(line) for line in lines]
    except NoAnswer:
        raise DemoError("the bot does not answer; what it says above may tell why") from None


async def settled(demo: Demo) -> View:
    """The mirror once everybody has joined what they were invited to, or after half a minute."""
    view = await demo.mirror.look()
    for _ in range(_PATIENCE):
        if not any(room.invited for room in view.located.rooms.values()):
            break
        await asyncio.sleep(1)
        view = await demo.mirror.look()
    return view
