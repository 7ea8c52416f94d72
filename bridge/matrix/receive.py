"""Everything that happens in the bot's rooms, as arrivals: none lost, each in the order of its room."""

from __future__ import annotations

import asyncio
import logging
import random
import secrets
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bridge.letters import inbox
from bridge.matrix import direct, echo
from bridge.matrix.bookmark import Bookmark
from bridge.matrix.content import Json
from bridge.matrix.errors import MatrixError, TokenRefused
from bridge.matrix.handover import Desk, Handle, Handover
from bridge.matrix.invitations import Doorkeeper, entries, invitations
from bridge.matrix.lull import Lull
from bridge.matrix.olm import Undecryptable
from bridge.matrix.placing import Places
from bridge.matrix.read import about, instant
from bridge.matrix.retry import own_wait
from bridge.matrix.rooms import DirectRoomRow, SyncRow, place_in
from bridge.matrix.session import Session
from bridge.matrix.timeline import complete, interleave, since_entry
from bridge.matrix.undecryptable import Unread, Wording, in_english
from bridge.matrix.wire import text_in
from bridge.places import Direct, Place
from ground.clock import Clock
from ground.database import Database

_log = logging.getLogger(__name__)

OLDEST: Final = timedelta(hours=24)
"""What is older when it comes is noted, and not acted on."""
DEAF: Final = timedelta(seconds=60)
"""After so long without an answer nobody knows when what comes then has happened. Twice the longest poll."""
_POLL: Final = 30_000
_FIRST_POLL: Final = 500
"""Milliseconds of a long poll, and of those before all is known."""
_EVENTS: Final = 50
_EVENTS_AT_FIRST: Final = 10
"""Events of a room in one sync; few in the first one, which may bring all rooms at once. Gaps are filled."""
_TO_DEVICE: Final = 100
"""Events to the device in one answer, the most that Synapse gives."""
_BREATH: Final = 50
"""Rooms of a sync that are looked through between two breaths of the event loop."""
_BAD_REQUEST: Final = 400
_ATTEMPTS: Final = 3
"""How often the past of a room is asked for, each time with patience, before it is left out."""
_ALWAYS: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Receiver:
    """Hears for arrivals. `heard` is when the homeserver answered last, None before it ever did."""

    def __init__(
        self,
        session: Session,
        database: Database,
        clock: Clock,
        *,
        oldest: timedelta = OLDEST,
        ignored: frozenset[str] = frozenset(),
        wording: Wording = in_english,
        written: Callable[[], None] = lambda: None,
        listener: Callable[[Json], None] = lambda rooms: None,
    ) -> None:
        """`ignored`: accounts of other bots. `written` is called when a letter was put into the outbox, `listener` with
        the `rooms` of each sync before anything in it is handed over; with nothing for the first sync of an account."""
        self.heard: datetime | None = None
        self._current: datetime | None = None
        """When the homeserver gave the last answer that was handled to its end."""
        self._session = session
        self._database = database
        self._places = Places(database)
        self._clock = clock
        self._oldest = oldest
        self._ignored = ignored
        self._listener = listener
        self._unread = Unread(session, database, clock, wording, written)
        self._doorkeeper = Doorkeeper(session, database)
        self._jitter = random.Random()  # noqa: S311 - spreads waits, guards nothing
        self._nonce = secrets.token_hex(8)
        self._act_after = _ALWAYS
        self._lull = Lull()
        self._unreadable: Counter[str] = Counter()
        """How often the past of a room could not be read."""
        self._linking = asyncio.Lock()
        self._own: dict[str, tuple[str, str]] = {}
        """Our own events that came back and were not linked with their letters yet: handle → event, room."""

    def hears(self) -> bool:
        """Whether nothing can have happened for long that was not handled: not so after a start, or while the
        homeserver is away. What comes then was missed."""
        lately = self._current is not None and self._clock.now() - self._current <= DEAF
        return lately and self._session.ready.is_set()

    async def run(self, handle: Handle | Desk) -> None:
        """Hand over every arrival, for ever. Survives what may pass; raises TokenRefused.

        How far was read is saved once all of a batch was handled, so after a death some are handed over again.
        """
        desk = handle if isinstance(handle, Desk) else Desk(handle)
        bookmark = Bookmark(self._database, self._session.user_id, self._link)
        keeping = asyncio.create_task(bookmark.keep())
        try:
            await self._read_on(desk, bookmark)
        finally:
            keeping.cancel()
            await asyncio.wait({keeping})

    async def _read_on(self, desk: Desk, bookmark: Bookmark) -> None:
        since = await self._begin()
        rounds, failures = 0, 0
        while True:
            await self._lull.pause()
            try:
                answer = await self._sync(since, first=rounds == 0)
                self.heard = self._clock.now()
                token = await self._batch(answer, since, desk, missed=failures > 0 or not self.hears())
                if since is None:
                    await bookmark.put(token)  # nothing before it is ever acted on, so it is not to be lost
                since = token
                bookmark.move(token)
            except TokenRefused:
                raise
            except Exception as error:
                # The homeserver or the database is away, or an answer was none: what it brought is asked for again.
                _log.warning("What happened cannot be heard for now", exc_info=not isinstance(error, MatrixError))
                if isinstance(error, MatrixError):
                    _log.warning("%s", error)
                    if rounds == 0 and _knows_nothing_of_it(error):
                        since = None  # how far was read: it was set up anew
                await asyncio.sleep(own_wait(failures, self._jitter))
                failures += 1
                continue
            if not _more_keys(answer):  # without them nobody knows what was said
                self._current = self.heard
            rounds, failures = rounds + 1, 0
            if rounds > 1 and not _brings_keys(answer):
                self._session.ready.set()

    async def _begin(self) -> str | None:
        """Where reading goes on."""
        session = self._session

        async def work(db: AsyncSession) -> tuple[str | None, datetime]:
            row = await db.get(SyncRow, session.user_id)
            if row is None:
                row = SyncRow(account=session.user_id, device=session.device_id, token=None, act_after=_ALWAYS)
                db.add(row)
            row.device = session.device_id
            await db.flush()
            return row.token, row.act_after

        token, self._act_after = await self._database.write(work)
        await self._unread.begin()
        return token

    async def _sync(self, since: str | None, *, first: bool) -> Json:
        """What is new. Without `since` only what is needed to begin: nothing that happened before is acted on."""
        room: Json = {
            "timeline": {"limit": _EVENTS_AT_FIRST if first else _EVENTS, "lazy_load_members": True},
            "state": {"lazy_load_members": True},
            "ephemeral": {"not_types": ["*"]},
            "account_data": {"not_types": ["*"]},
        }
        if since is None:
            room |= {"timeline": {"limit": 1, "not_types": ["*"]}, "state": {"types": ["m.room.encryption"]}}
        wait = 0 if first else _POLL if self._session.ready.is_set() else _FIRST_POLL
        if self._unread.due is not None:
            left = (self._unread.due - self._clock.now()) / timedelta(milliseconds=1)
            wait = min(wait, max(0, int(left) + 1))
        filter_ = {
            "room": room,
            "account_data": {"not_types": ["*"]},
            # Synapse answers the same question from a cache for two minutes, also that of the process before.
            "presence": {"not_types": ["*", self._nonce]},
        }
        return await self._session.api.sync(filter=filter_, since=since, timeout_ms=wait)

    async def _batch(self, answer: Json, since: str | None, desk: Desk, *, missed: bool) -> str:
        """Carry out all that a sync brought; gives where to read on."""
        token, rooms = text_in(answer, "next_batch"), answer.get("rooms", {})
        heard = await self._session.hear(answer)
        await self._doorkeeper.answer(invitations(rooms.get("invite", {}), self._session.user_id, self._ignored))
        await self._doorkeeper.entered(entries(rooms.get("join", {}), self._session.user_id))
        await self._left(rooms.get("leave", {}))
        self._listener(rooms if since is not None else {})
        handover = Handover(self._database, self._clock, desk, self._jitter, missed=missed)
        await self._unread.hear(heard, partial(self._read_late, desk))
        if since is not None:
            await self._events(rooms.get("join", {}), since, handover)
        self._lull.heard(hurried=handover.hurried or _hurries(answer))
        return token

    def _concerns(self, room: Json) -> bool:
        """Whether there may be more in a room than what the bot itself said."""
        timeline = room.get("timeline", {})
        own = (
            event.get("sender") == self._session.user_id and "state_key" not in event
            for event in timeline.get("events", ())
        )
        return bool(timeline.get("limited")) or not all(own)

    async def _events(self, rooms: dict[str, Any], since: str, handover: Handover) -> None:
        now = self._clock.now()
        timelines: dict[str, Sequence[Json]] = {}
        some = [room_id for room_id, room in rooms.items() if self._concerns(room)]
        places = await self._places.of(some)
        for number, (room_id, room) in enumerate(rooms.items()):
            if number % _BREATH == 0:
                await asyncio.sleep(0)
            events = await self._complete(room_id, room, since, now - self._oldest)
            if not events:
                continue
            if room.get("timeline", {}).get("limited"):
                self._listener({"join": {room_id: {"timeline": {"events": events}}}})
            if isinstance(places.get(room_id), Direct):
                places[room_id] = await self._still_direct(room_id, events)
            # Clients send the first words of a direct conversation right after the invitation.
            direct_ = isinstance(places.get(room_id), Direct)
            timelines[room_id] = since_entry(events, self._session.user_id, invited=direct_)
        noted: list[str] = []
        for room_id, event in interleave(timelines):
            if event.get("sender") == self._session.user_id:
                self._echo(room_id, event)
                continue
            if event.get("sender") in self._ignored:
                continue
            if not self._acted_on(event, now):
                noted.append(str(event.get("event_id"))[:255])
                continue
            if about(event):
                await self._link()
            await handover.guarded(event, self._one(room_id, event, places[room_id], handover))
        await handover.finish()
        if noted:
            await self._database.write(partial(_note, events=noted, at=now))

    async def _complete(self, room_id: str, room: Json, since: str, oldest: datetime) -> list[Json]:
        """The events of a room. One whose past cannot be read again and again keeps nobody from the others for ever."""
        gives_up = self._unreadable[room_id] >= _ATTEMPTS
        try:
            events = await complete(self._session.api, room_id, room, since, oldest, gives_up=gives_up)
        except MatrixError as error:
            self._unreadable[room_id] += bool(error.errcode)  # the homeserver itself answers, but not this
            raise
        del self._unreadable[room_id]
        return events

    def _acted_on(self, event: Json, now: datetime) -> bool:
        """Whether an event is young enough; one far ahead of its time would stay so after a restore too."""
        sent = instant(event)
        return sent is not None and max(now - self._oldest, self._act_after) <= sent <= now + self._oldest

    def _echo(self, room_id: str, event: Json) -> None:
        if event.get("type") == "m.room.encrypted":
            try:
                event = self._session.crypto.decrypt(room_id, event)
            except Undecryptable:
                return
        handle = echo.handle_in(event)
        if handle is not None:
            self._own[handle] = str(event.get("event_id")), room_id

    async def _link(self) -> None:
        """Note which events our letters became: before anything that speaks of them, or is read after them."""
        async with self._linking:  # who finds nothing left to link must know that it is written
            own = dict(self._own)
            await echo.link(self._database, own)
            self._own = {handle: event for handle, event in self._own.items() if handle not in own}

    async def _one(self, room_id: str, event: Json, place: Place, handover: Handover) -> None:
        """Hand over what one event says."""
        encrypted = event.get("type") == "m.room.encrypted" and "state_key" not in event
        if encrypted:
            try:
                event = self._session.crypto.decrypt(room_id, event)
            except Undecryptable as error:
                await self._unread.keep(room_id, event, error.session_id)
                return
        await handover.add(event, place, encrypted=encrypted)

    async def _read_late(self, desk: Desk, room_id: str, event: Json) -> None:
        """Hand over an event whose key came late, if it is still young enough. It came before its key."""
        if self._acted_on(event, self._clock.now()):
            handover = Handover(self._database, self._clock, desk, self._jitter, missed=True)
            place = await self._database.read(partial(place_in, room_id=room_id))
            await handover.guarded(event, handover.now(event, place, encrypted=True))

    async def _still_direct(self, room_id: str, events: Sequence[Json]) -> Place:
        """The place that a direct room is after those who came and went in it."""
        changes = [event for event in events if event.get("type") == "m.room.member" and "state_key" in event]
        await self._database.write(partial(_note_members, room_id=room_id, events=changes, bot=self._session.user_id))
        return await self._database.read(partial(place_in, room_id=room_id))

    async def _left(self, rooms: dict[str, Any]) -> None:
        """The bot is not in these rooms any more."""
        if not rooms:
            return

        async def work(db: AsyncSession) -> None:
            for row in await db.scalars(select(DirectRoomRow).where(DirectRoomRow.room_id.in_(list(rooms)))):
                await db.delete(row)

        await self._database.write(work)


def _hurries(answer: Json) -> bool:
    """Whether what a sync brought beside events may be waited for; or it brought nothing, so that all is quiet."""
    rooms = answer.get("rooms", {})
    if any(rooms.get(kind) for kind in ("invite", "leave")) or not rooms.get("join"):
        return True
    return bool(answer.get("to_device", {}).get("events"))


def _brings_keys(answer: Json) -> bool:
    """Whether there may be more to know about devices and keys before something can be sent to all of them."""
    return _more_keys(answer) or bool(answer.get("device_lists", {}).get("changed"))


def _more_keys(answer: Json) -> bool:
    """Whether more was sent to the device than one answer brings."""
    return len(answer.get("to_device", {}).get("events", ())) >= _TO_DEVICE


def _knows_nothing_of_it(error: MatrixError) -> bool:
    """Whether a homeserver says of the token that we give it that it is none of its own."""
    return error.status == _BAD_REQUEST and bool(error.errcode) and error.path.endswith("/sync")


async def _note(db: AsyncSession, events: Sequence[str], at: datetime) -> None:
    for event_id in events:
        await inbox.enter(db, event_id, at)


async def _note_members(db: AsyncSession, room_id: str, events: Sequence[Json], bot: str) -> None:
    for event in events:
        content = event.get("content")
        membership = content.get("membership") if isinstance(content, dict) else None
        await direct.member_changed(db, room_id, str(event["state_key"]), str(membership), bot)
