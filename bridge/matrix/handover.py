"""What events say, handed over: one after the other, and many at once where whoever takes them wants that."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final, TypeAlias

from sqlalchemy.ext.asyncio import AsyncSession

from bridge.letters import Arrival, FromRooms, inbox
from bridge.matrix import echo
from bridge.matrix.content import Json
from bridge.matrix.errors import MatrixError
from bridge.matrix.read import about, read
from bridge.matrix.retry import own_wait
from bridge.places import Place
from ground.clock import Clock
from ground.database import Database
from ground.outages import is_outage

_log = logging.getLogger(__name__)

Handle: TypeAlias = Callable[[FromRooms], Awaitable[None]]
"""Handles an arrival in a transaction; called again with the same arrival it does nothing."""
HandleAll: TypeAlias = Callable[[Sequence[FromRooms]], Awaitable[None]]
"""The same with arrivals of one kind, in their order, in as few transactions as may be."""

MOST: Final = 200
"""Arrivals that are handed over at once, at most."""
_ATTEMPTS: Final = 3
"""How often an arrival is handed over that makes the program fail, before it is put aside."""


@dataclass(frozen=True, slots=True)
class Desk:
    """Where arrivals go. Those of `kinds` that come one right after the other are given to `handle_all` together."""

    handle: Handle
    kinds: frozenset[type[Arrival]] = frozenset()
    handle_all: HandleAll | None = None


class Handover:
    """Takes events to a desk, in their order. `missed`: whether they came while nothing was heard.

    `hurried` says whether there was one that is not handed over with others.
    """

    def __init__(
        self, database: Database, clock: Clock, desk: Desk, jitter: random.Random, *, missed: bool = False
    ) -> None:
        self._database = database
        self._clock = clock
        self._desk = desk
        self._jitter = jitter
        self._missed = missed
        self.hurried = False
        self._gathered: list[tuple[Json, Place, bool]] = []
        self._kind: type[FromRooms] | None = None

    async def guarded(self, event: Json, work: Awaitable[None]) -> None:
        """Do what is to be done with an event. One that makes that fail is put aside, so that it stops nothing."""
        try:
            await work
        except Exception as error:
            if isinstance(error, MatrixError) or is_outage(error):
                raise  # the whole batch is worked on again
            _log.exception("An event could not be read")
            await self._put_aside(str(event.get("event_id"))[:255], "event")

    async def add(self, event: Json, place: Place, *, encrypted: bool) -> None:
        """Hand over what an event says; what may be handed over together waits for what follows, or for `finish`."""
        arrival = read(event, place, letters={}, encrypted=encrypted)
        if arrival is None:
            return
        kind = type(arrival) if type(arrival) in self._desk.kinds else None
        if kind is not self._kind or len(self._gathered) >= MOST:
            await self.finish()
        if kind is None:
            self.hurried = True
            await self.now(event, place, encrypted=encrypted)
        else:
            self._kind = kind
            self._gathered.append((event, place, encrypted))

    async def finish(self) -> None:
        """Hand over what waits."""
        gathered, self._gathered, self._kind = self._gathered, [], None
        if self._desk.handle_all is not None and len(gathered) > 1:
            try:
                await self._desk.handle_all(await self._arrivals(gathered))
            except Exception as error:
                if is_outage(error):
                    raise
                _log.exception("Arrivals could not be handled together")
            else:
                return
        for event, place, encrypted in gathered:
            await self.guarded(event, self.now(event, place, encrypted=encrypted))

    async def now(self, event: Json, place: Place, *, encrypted: bool) -> None:
        """Hand over what an event says, at once."""
        for arrival in await self._arrivals([(event, place, encrypted)]):
            await self._handle(arrival)

    async def _arrivals(self, events: Sequence[tuple[Json, Place, bool]]) -> list[FromRooms]:
        spoken_of = frozenset(one for event, _, _ in events for one in about(event))
        letters = await self._database.read(partial(echo.letters, events=spoken_of)) if spoken_of else {}
        arrivals = (
            read(event, place, letters=letters, encrypted=encrypted, missed=self._missed)
            for event, place, encrypted in events
        )
        return [arrival for arrival in arrivals if arrival is not None]

    async def _handle(self, arrival: FromRooms) -> None:
        for attempt in range(_ATTEMPTS):
            try:
                await self._desk.handle(arrival)
            except Exception as error:
                if is_outage(error):
                    raise  # the database is away: the whole batch is worked on again
                _log.exception("An arrival could not be handled")
                await asyncio.sleep(own_wait(attempt, self._jitter))
            else:
                return
        await self._put_aside(arrival.id, type(arrival).__name__.lower())

    async def _put_aside(self, arrival_id: str, kind: str) -> None:
        await self._database.write(partial(_aside, arrival_id=arrival_id, kind=kind, at=self._clock.now()))


async def _aside(db: AsyncSession, arrival_id: str, kind: str, at: datetime) -> None:
    if await inbox.enter(db, arrival_id, at):
        await inbox.set_aside(db, arrival_id, at, kind=kind, what="handle", reason="it made the program fail")
