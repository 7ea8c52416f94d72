"""The mirror at work: look at register and homeserver, plan, carry out."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace

from sqlalchemy.ext.asyncio import AsyncSession

from bridge.matrix.api import MatrixApi
from bridge.matrix.rooms import known_rooms
from bridge.mirror import apply
from bridge.mirror.apply import Progress, Report
from bridge.mirror.found import read_room, read_world
from bridge.mirror.locate import Located, locate
from bridge.mirror.plan import Terms, plan
from bridge.mirror.policy import MirrorPolicy
from bridge.mirror.roster import Roster, read_roster
from bridge.mirror.steps import Enter, Follow, Plan
from bridge.mirror.tables import Identity, identity
from bridge.mirror.wanted import Wanted, wanted
from ground.clock import Clock
from ground.database import Database
from party.branches import Tree
from party.policy import PartyPolicy

LOCK = "mirror"
"""Name of the lock that whoever works the mirror holds (`ground.locks`)."""


@dataclass(frozen=True, slots=True)
class View:
    """Register and homeserver at one moment, and what is to be done about the difference."""

    tree: Tree
    wanted: Wanted
    located: Located
    terms: Terms
    identity: Identity
    plan: Plan


@dataclass(frozen=True, slots=True)
class Mirror:
    """What a mirror works with. `server` is the name of the homeserver that the bot is on."""

    database: Database
    api: MatrixApi
    party: PartyPolicy
    policy: MirrorPolicy
    server: str
    clock: Clock
    half_built: float = apply.HALF_BUILT
    """Seconds after which a room that has its alias but not its marker is given up and built again."""

    async def look(self, *, again: bool = False) -> View:
        """Read both sides and plan. `again`: invite again whoever left by themselves."""
        me = await self.database.write(identity)

        async def register(session: AsyncSession) -> Roster:
            return await read_roster(session, self.clock.now(), claimed=self.policy.invite_claimed)

        roster = await self.database.read(register)
        known = await self.database.read(known_rooms)
        world = await read_world(self.api)
        located = locate(world, known, me.organisation)
        terms = Terms(
            policy=self.policy,
            bot=self.api.user_id,
            server=self.server,
            organisation=me.organisation,
            version=self.policy.room_version or await self._default_version(),
            administrators=frozenset(self.party.administrators),
            again=again,
        )
        should = wanted(roster, self.party, self.policy)
        result = plan(should, located, terms)
        if not world.exact and result.steps:
            located = await self._closer(located, result)
            result = plan(should, located, terms)
        return View(roster.tree, should, located, terms, me, result)

    async def carry_out(self, view: View, progress: Progress = lambda step, reason: None) -> Report:
        """Do what the view's plan says. The caller holds the lock of the mirror.

        Rooms that the bot enters on the way are seen then only, so what they need is planned and done in a second turn.
        """
        report = await self._apply(view, progress)
        if any(isinstance(step, Enter | Follow) for step in report.done):
            more = await self._apply(await self.look(), progress)
            report.done += more.done
            report.failed += more.failed
        return report

    async def _apply(self, view: View, progress: Progress) -> Report:
        return await apply.apply(
            view.plan,
            view.located,
            api=self.api,
            database=self.database,
            identity=view.identity,
            terms=view.terms,
            progress=progress,
            half_built=self.half_built,
        )

    async def _closer(self, located: Located, first: Plan) -> Located:
        """Look again, one by one, at the rooms that seem to need something."""
        rooms = dict(located.rooms)
        doubtful = iter({step.place for step in first.steps} & rooms.keys())

        async def read() -> None:
            for place in doubtful:
                rooms[place] = await read_room(self.api, rooms[place].room_id)

        async with asyncio.TaskGroup() as group:
            for _ in range(self.policy.concurrency):
                group.create_task(read())
        return replace(located, rooms=rooms)

    async def _default_version(self) -> str:
        versions = (await self.api.capabilities()).get("m.room_versions", {})
        return str(versions.get("default", "11"))
