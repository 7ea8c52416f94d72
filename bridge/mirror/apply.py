"""Carries a plan out: several steps at once, safe to kill at any moment and to begin again."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import groupby
from typing import Final

from bridge.letters import Hindrance
from bridge.matrix.api import AliasTaken, Forbidden, MatrixApi, MatrixError, NotFound, TokenRefused, Unavailable
from bridge.matrix.rooms import Origin, remember
from bridge.mirror.content import creation
from bridge.mirror.found import MARKER, Marker
from bridge.mirror.locate import Located
from bridge.mirror.plan import Terms
from bridge.mirror.steps import (
    CreateRoom,
    Enter,
    Follow,
    Invite,
    Plan,
    Remove,
    SetState,
    Step,
    places_in,
    turn,
    with_ids,
)
from bridge.mirror.tables import Identity
from bridge.places import BranchRoom
from ground.database import Database

HALF_BUILT: Final = 10.0
"""Seconds that a room may have its alias but not its marker before it counts as left half-built: the homeserver may
still be building it for a process that died."""
_FIRST_LOOK, _LOOKS = 0.1, 0.5
"""Seconds between two looks at such a room: the first wait, doubled up to the last."""
_CONFLICT: Final = 409


@dataclass(frozen=True, slots=True)
class Failure:
    """A step that could not be carried out."""

    step: Step
    reason: str
    why: Hindrance | None = None


@dataclass(slots=True)
class Report:
    """What was done and what failed."""

    done: list[Step] = field(default_factory=list)
    failed: list[Failure] = field(default_factory=list)


Progress = Callable[[Step, str | None], None]
"""Told of every step that ended, with the reason when it failed."""


class _Missing(Exception):
    """A step needs the room of a place that could not be made."""

    def __init__(self, place: BranchRoom) -> None:
        super().__init__(place)
        self.place = place


async def apply(
    plan: Plan,
    located: Located,
    *,
    api: MatrixApi,
    database: Database,
    identity: Identity,
    terms: Terms,
    progress: Progress = lambda step, reason: None,
    half_built: float = HALF_BUILT,
) -> Report:
    """Carry out `plan`, which was made from `located`. `half_built`: seconds, see HALF_BUILT.

    A failing step does not stop the others. Raises TokenRefused when the homeserver does not know the bot any more.
    """
    hand = _Hand(located, api, database, identity, terms, progress, half_built)
    await hand.remember_recognised()
    for _, steps in groupby(plan.steps, key=turn):
        await hand.all(list(steps))
    return hand.report


class _Hand:
    def __init__(
        self,
        located: Located,
        api: MatrixApi,
        database: Database,
        identity: Identity,
        terms: Terms,
        progress: Progress,
        half_built: float,
    ) -> None:
        self.report = Report()
        self._ids = {place: room.room_id for place, room in located.rooms.items()} | dict(located.lost)
        self._located = located
        self._api = api
        self._database = database
        self._identity = identity
        self._terms = terms
        self._progress = progress
        self._half_built = half_built
        self._coming: dict[BranchRoom, asyncio.Event] = {}

    async def remember_recognised(self) -> None:
        """Write down the rooms that were recognised by their marker."""
        for place in sorted(self._located.unremembered):
            await self._remember(place, self._ids[place], Origin.CREATED)

    async def all(self, steps: Sequence[Step]) -> None:
        """Carry out steps, in a bounded number of rooms at once; a step may need the rooms of earlier ones.

        The steps of one room go one after another: what is sent to a room at the same moment forks its history, and the
        clients of members then miss some of it until something else is written there.
        """
        self._coming = {step.place: asyncio.Event() for step in steps if isinstance(step, CreateRoom)}
        rooms: dict[BranchRoom, list[Step]] = {}
        for step in steps:
            rooms.setdefault(step.place, []).append(step)
        waiting = iter(rooms.values())

        async def work() -> None:
            for room in waiting:
                for step in room:
                    await self._one(step)

        async with asyncio.TaskGroup() as group:
            for _ in range(min(self._terms.policy.concurrency, len(rooms))):
                group.create_task(work())

    async def _one(self, step: Step) -> None:
        reason: str | None = None
        why: Hindrance | None = None
        try:
            await self._carry_out(step)
        except TokenRefused:
            raise
        except _Missing as missing:
            reason = f"it needs the room {missing.place}, which is not there"
        except MatrixError as error:
            reason, why = str(error), hindrance(error)
        finally:
            if isinstance(step, CreateRoom):
                self._coming[step.place].set()
        if reason is None:
            self.report.done.append(step)
        else:
            self.report.failed.append(Failure(step, reason, why))
        self._progress(step, reason)

    def _carry_out(self, step: Step) -> Awaitable[None]:
        match step:
            case CreateRoom():
                return self._create(step)
            case SetState():
                return self._set(step)
            case Invite():
                return self._invite(step)
            case Remove(place=place, user_id=user):
                return self._remove(place, user)
            case Enter(room_id=room_id):
                return self._enter(room_id)
            case Follow():
                return self._follow(step)

    async def _create(self, step: CreateRoom) -> None:
        body = creation(
            step.room,
            bot=self._terms.bot,
            server=self._terms.server,
            organisation=self._identity.organisation,
            alias_localpart=self._identity.alias_localpart(step.place),
            version=step.version,
        )
        await self._need(places_in(body["initial_state"]))
        content = with_ids(body, self._ids)
        try:
            room_id = await self._api.create_room(content)
        except MatrixError as error:
            # Synapse answers 409 when two requests got past its first look at the alias at the same moment.
            if not isinstance(error, AliasTaken) and error.status != _CONFLICT:
                raise
            room_id = await self._recover(step.place) or await self._api.create_room(content)
        self._ids[step.place] = room_id
        await self._remember(step.place, room_id, Origin.CREATED)

    async def _recover(self, place: BranchRoom) -> str | None:
        """The room that already has the alias of a place, once it has its marker; else the alias is set free."""
        alias = self._identity.alias(place, self._terms.server)
        marker = Marker(self._identity.organisation, place).content()
        until = asyncio.get_running_loop().time() + self._half_built
        wait = _FIRST_LOOK
        while True:
            room_id = await self._api.resolve_alias(alias)
            if room_id is None:
                return None
            with suppress(NotFound, Forbidden):
                if await self._api.get_state(room_id, MARKER) == marker:
                    return room_id
            if asyncio.get_running_loop().time() >= until:
                break
            await asyncio.sleep(wait)
            wait = min(2 * wait, _LOOKS)
        await self._abandon(room_id)  # before its alias goes, by which it would be found again after a death here
        await self._api.delete_alias(alias)
        return None

    async def _abandon(self, room_id: str) -> None:
        """Leave a half-built room, so that no orphan remains."""
        if room_id in await self._api.joined_rooms():
            await self._api.leave(room_id)
            await self._api.forget(room_id)

    async def _set(self, step: SetState) -> None:
        key = await self._id(step.state_key) if isinstance(step.state_key, BranchRoom) else step.state_key
        await self._need(places_in(step.content))
        await self._api.put_state(await self._id(step.place), step.type, with_ids(step.content, self._ids), key)

    async def _invite(self, step: Invite) -> None:
        room_id = await self._id(step.place)
        if step.admin:
            await self._api.admin_join(room_id, step.user_id)
            return
        try:
            await self._api.invite(room_id, step.user_id)
        except Forbidden:
            if not await self._is_in(room_id, step.user_id):  # they came by themselves in the meantime
                raise

    async def _remove(self, place: BranchRoom, user: str) -> None:
        await self._api.remove(await self._id(place), user)

    async def _is_in(self, room_id: str, user_id: str) -> bool:
        try:
            member = await self._api.get_state(room_id, "m.room.member", user_id)
        except NotFound:
            return False
        return member.get("membership") == "join"

    async def _enter(self, room_id: str) -> None:
        await self._api.join(room_id)

    async def _follow(self, step: Follow) -> None:
        """Go to the room that replaced one, if it names the old one as its predecessor."""
        await self._api.join(step.new, via=[step.by.partition(":")[2]])
        create = await self._api.get_state(step.new, "m.room.create")
        predecessor = create.get("predecessor")
        if not isinstance(predecessor, dict) or predecessor.get("room_id") != step.old:
            await self._api.leave(step.new)
            raise MatrixError(f"{step.new} does not say that it replaces {step.old}")
        origin = Origin.LINKED if step.place in self._located.linked else Origin.CREATED
        await self._remember(step.place, step.new, origin)
        self._ids[step.place] = step.new

    async def _id(self, place: BranchRoom) -> str:
        await self._need([place])
        return self._ids[place]

    async def _need(self, places: Iterable[BranchRoom]) -> None:
        """Wait for rooms that are being created. Raises _Missing for one that will not be."""
        for place in places:
            if place not in self._ids and place in self._coming:
                await self._coming[place].wait()
            if place not in self._ids:
                raise _Missing(place)

    async def _remember(self, place: BranchRoom, room_id: str, origin: Origin) -> None:
        await self._database.write(lambda session: remember(session, place, room_id, origin))


def hindrance(error: MatrixError) -> Hindrance | None:
    """What stood in the way, as far as people are helped by knowing it."""
    match error:
        case Forbidden():
            return Hindrance.POWER
        case Unavailable():
            return Hindrance.AWAY
    return None
