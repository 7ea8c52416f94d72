"""The letters of one place, one after the other: what becomes of each, and when those behind it wait."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, TypeAlias
from weakref import WeakValueDictionary

from bridge.letters import NO_ROOM, delivery
from bridge.letters.delivery import Ended
from bridge.letters.outbox import LetterRow, State
from bridge.matrix.backoff import Backoff
from bridge.matrix.errors import MatrixError, TokenRefused
from bridge.matrix.marks import Marks
from bridge.matrix.sending import Errand, Session, carry, reason_of, refuses
from bridge.matrix.whereto import Nowhere
from bridge.places import Direct, place_at
from ground.clock import Clock
from ground.database import Database

log = logging.getLogger(__name__)

REMEMBERED: Final = timedelta(hours=12)
"""For how long we rely on the homeserver's memory of transaction ids; Synapse keeps them for 24 hours."""
HELD_UP: Final = 3
"""How often a letter that the homeserver fails at, and at it alone, holds up those behind it."""


@dataclass(frozen=True, slots=True)
class Lane:
    """Letters of one place, in order, and its room."""

    place: str
    room: str | Nowhere
    letters: Sequence[LetterRow]


@dataclass(frozen=True, slots=True)
class Refused:
    """The homeserver opens no conversation there."""

    reason: str


@dataclass(frozen=True, slots=True)
class Later:
    """The letter waits, and so do those behind it unless `others_pass`."""

    others_pass: bool


Outcome: TypeAlias = Ended | Later


class Lanes:
    """Serves places. `device_since`: since when letters are sent from this device."""

    def __init__(
        self, database: Database, session: Session, clock: Clock, marks: Marks, device_since: datetime, look: float
    ) -> None:
        self._database = database
        self._session = session
        self._clock = clock
        self._marks = marks
        self._device_since = device_since
        self._rooms: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._stumbles: Counter[int] = Counter()
        self.places: Backoff[str] = Backoff(look)
        self.letters: Backoff[int] = Backoff(look)

    def not_now(self) -> set[int]:
        """The numbers of letters that are put off, or that ended without its being noted yet."""
        return self.letters.put_off() | self._marks.pending

    async def serve(self, lane: Lane) -> None:
        """Deliver what can be delivered. That it is noted is not waited for. Raises TokenRefused."""
        room = await self._room(lane)
        blocked = room is None
        for letter in lane.letters:
            if letter.about is not None:
                await self._marks.caught_up()  # it may speak of a letter that was just sent
            outcome: Outcome | None = None
            if letter.deadline <= self._clock.now():
                outcome = await self._overdue(letter, None if blocked else room, lane)
            elif room is not None and not blocked:
                outcome = _refused(letter, room.reason) if isinstance(room, Refused) else await self._sent(letter, room)
            if isinstance(outcome, Ended):
                self.letters.succeeded(letter.number)
                self._stumbles.pop(letter.number, None)
                self._marks.add(outcome)
            elif outcome is not None:
                blocked = not outcome.others_pass
        if blocked:
            self.places.failed(lane.place)
        else:
            self.places.succeeded(lane.place)

    async def _room(self, lane: Lane) -> str | Refused | None:
        """The room of a place; None while there is none yet."""
        place = place_at(lane.place)
        if lane.room is Nowhere.NOT_YET:
            return None
        if lane.room is Nowhere.NEVER or not isinstance(place, Direct):
            return Refused(NO_ROOM) if isinstance(lane.room, Nowhere) else lane.room
        try:
            return await self._session.direct_room(place.account)
        except TokenRefused:
            raise
        except MatrixError as error:
            return Refused(reason_of(error)) if refuses(error) else None
        except Exception as error:
            log.exception("a direct conversation could not be opened: %s", type(error).__name__)
            return None

    async def _overdue(self, letter: LetterRow, room: str | Refused | None, lane: Lane) -> Ended:
        """Given up; unless it arrived in time, and whoever sent it was killed before noting it."""
        found = letter.event_id
        if found is None and isinstance(room, str):
            with suppress(MatrixError, OSError, ValueError):
                found = await self._session.find_letter(room, letter.id, letter.written_at)
        if found is not None:
            at = room if isinstance(room, str) else letter.room_id
            return Ended(letter=letter, state=State.DELIVERED, outcome="delivered", room_id=at, events=(found,))
        reason = NO_ROOM if lane.room is Nowhere.NOT_YET else "it could not be delivered in time"
        return Ended(letter=letter, state=State.DEAD, outcome="given_up", reason=reason)

    async def _sent(self, letter: LetterRow, room: str) -> Outcome:
        about: tuple[str, ...] = ()
        if letter.about is not None:
            before = await self._before(letter, letter.about)
            if not isinstance(before, tuple):
                return before
            about = before
        look = letter.written_at < max(self._device_since, self._clock.now() - REMEMBERED)
        errand = Errand(letter=letter, room_id=room, about=about, look=look)
        lock = self._rooms.setdefault(room, asyncio.Lock())
        try:
            async with lock:
                return await carry(self._database, self._session, errand)
        except TokenRefused:
            raise
        except MatrixError as error:
            return self._failed(letter, error)
        except Exception as error:
            # Whatever it is, it concerns this letter: it is tried until its deadline, and mutes nobody.
            log.exception("a letter could not be sent: %s", type(error).__name__, extra={"letter": letter.id})
            return self._passed_by(letter)

    async def _before(self, letter: LetterRow, about: str) -> tuple[str, ...] | Outcome:
        """The events of the letter that this one speaks of."""
        earlier, overtaken = await self._database.read(lambda read: delivery.before(read, letter, about))
        if overtaken:
            return Ended(letter=letter, state=State.DELIVERED, outcome="delivered", reason="overtaken by a later one")
        if earlier is None or earlier.state is State.DEAD:
            return _refused(letter, "the letter that it speaks of was never delivered")
        return earlier.events if earlier.state is State.DELIVERED else self._passed_by(letter)

    def _failed(self, letter: LetterRow, error: MatrixError) -> Later:
        """Order counts while the way is blocked; a letter that the homeserver alone stumbles over is passed by."""
        stumbles = error.status == 500 and bool(error.errcode)
        log.warning("a letter waits: %s", reason_of(error), extra={"letter": letter.id})
        self._stumbles[letter.number] += stumbles
        return self._passed_by(letter) if self._stumbles[letter.number] >= HELD_UP else Later(others_pass=False)

    def _passed_by(self, letter: LetterRow) -> Later:
        self.letters.failed(letter.number)
        return Later(others_pass=True)


def _refused(letter: LetterRow, reason: str) -> Ended:
    return Ended(letter=letter, state=State.DEAD, outcome="refused", reason=reason)
