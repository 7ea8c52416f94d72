"""The outbox carried into rooms: in order within a place, several places at once, each letter once.

A letter goes out under a transaction id made of its own id, and is noted as delivered afterwards. Killed in between,
it goes out again under the same id, which the homeserver answers with the event that is there. Homeservers forget those
ids after 24 hours, and with the device: a letter that is older, or was written before this device, is looked for first.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from bridge.letters import delivery
from bridge.letters.arrivals import Receipt
from bridge.letters.outbox import LetterRow
from bridge.matrix.lane import Lane, Lanes
from bridge.matrix.marks import Marks
from bridge.matrix.sending import Session
from bridge.matrix.whereto import Whereto, whereto
from bridge.places import place_at
from ground.clock import Clock
from ground.database import Database

log = logging.getLogger(__name__)

PLACES: Final = 8
LOOK: Final = 5.0
PAGE: Final = 200


class Deliverer:
    """Takes the outbox to rooms. `run` and `receipts` run until they are cancelled.

    `places`: how many are served at once. `look`: seconds after which the outbox is looked through unasked, and after
    which a failure is first tried again.
    """

    def __init__(
        self,
        database: Database,
        session: Session,
        clock: Clock,
        *,
        rooms: Whereto = whereto,
        places: int = PLACES,
        look: float = LOOK,
    ) -> None:
        self._database = database
        self._session = session
        self._clock = clock
        self._rooms = rooms
        self._places = places
        self._look = look
        self._woken = asyncio.Event()
        self._receipts = asyncio.Event()
        self._asked = self._rooms_asked = False
        self._ready: deque[Lane] = deque()
        self._running: set[str] = set()

    def wake(self, *, rooms: bool = False) -> None:
        """There is something new in the outbox; with `rooms`, there may be rooms where there were none."""
        self._asked = True
        self._rooms_asked |= rooms
        self._woken.set()

    async def run(self) -> None:
        """Deliver. Raises TokenRefused, and what the database raises."""
        await self._session.ready.wait()
        device, now = self._session.device_id, self._clock.now()
        since = await self._database.write(lambda write: delivery.sending_since(write, device, now))
        marks = Marks(self._database, self._clock, self._receipts)
        lanes = Lanes(self._database, self._session, self._clock, marks, since, self._look)
        self._ready.clear()
        self._running.clear()
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(marks.run())
                await self._hand_out(lanes, group)
        except asyncio.CancelledError:
            await marks.note()
            raise
        except BaseExceptionGroup as failed:
            raise failed.exceptions[0] from None

    async def receipts(self, handle: Callable[[Receipt], Awaitable[None]]) -> None:
        """Hand over each receipt until `handle` has returned once for it.

        After a kill a receipt may come again, under the same id, which the inbox then knows.
        """
        while True:
            self._receipts.clear()
            after = ""
            while batch := await self._database.read(partial(delivery.receipts, after=after)):
                after = batch[-1].id
                given = [receipt.id for receipt in batch if await _give(handle, receipt)]
                await self._database.write(partial(delivery.given, receipts=given))
            await _within(self._look, self._receipts)

    async def _hand_out(self, lanes: Lanes, group: asyncio.TaskGroup) -> None:
        while True:
            await self._session.ready.wait()
            self._woken.clear()
            if self._rooms_asked:
                self._rooms_asked = False
                lanes.places.hurry()
            if self._asked or not self._ready:
                self._asked = False
                self._ready.extend(await self._database.read(lambda read: self._waiting(read, lanes)))
            while self._ready and len(self._running) < self._places:
                lane = self._ready.popleft()
                self._running.add(lane.place)
                group.create_task(self._serve(lanes, lane))
            await _within(self._look, self._woken)

    async def _waiting(self, session: AsyncSession, lanes: Lanes) -> list[Lane]:
        """What waits at places that are neither being served nor put off."""
        busy = self._running | {lane.place for lane in self._ready} | lanes.places.put_off()
        letters = await delivery.waiting(
            session, limit=PAGE, but_places=busy, but_numbers=lanes.not_now()
        )  # fmt: skip
        by_place: dict[str, list[LetterRow]] = {}
        for letter in letters:
            by_place.setdefault(letter.place, []).append(letter)
        return [Lane(place, await self._rooms(session, place_at(place)), rows) for place, rows in by_place.items()]

    async def _serve(self, lanes: Lanes, lane: Lane) -> None:
        await lanes.serve(lane)
        self._running.discard(lane.place)
        self._woken.set()


async def _give(handle: Callable[[Receipt], Awaitable[None]], receipt: Receipt) -> bool:
    try:
        await handle(receipt)
    except Exception as error:
        log.exception("a receipt could not be handled: %s", type(error).__name__, extra={"letter": receipt.letter})
        return False
    return True


async def _within(seconds: float, event: asyncio.Event) -> None:
    """Wait for an event, or for that long."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
