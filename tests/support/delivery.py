"""Sessions to deliver letters with: one that speaks to a real homeserver in clear, one that is a homeserver itself."""

from __future__ import annotations

import asyncio
import copy
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bridge.letters import outbox
from bridge.letters.arrivals import Receipt
from bridge.letters.letter import Content, Letter, Words
from bridge.letters.outbox import LetterRow, State
from bridge.matrix.api import MatrixApi
from bridge.matrix.compose import LETTER
from bridge.matrix.content import Json
from bridge.matrix.deliver import Deliverer
from bridge.matrix.lookup import find_letter
from bridge.matrix.sending import Session
from bridge.matrix.whereto import Nowhere
from bridge.places import Direct, Elsewhere, Place
from ground.clock import FixedClock
from ground.database import Database

NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)
SOON = 60.0
"""Seconds within which anything here has happened, also on a machine that is busy with much else."""


class ClearSession:
    """Speaks to a homeserver for an account, never encrypted."""

    def __init__(self, api: MatrixApi, device_id: str = "KUNVENO") -> None:
        self.api = api
        self.device_id = device_id
        self.ready = asyncio.Event()
        self.ready.set()

    async def send(self, room_id: str, event_type: str, content: Json, txn_id: str) -> str:
        return await self.api.send_message(room_id, event_type, content, txn_id)

    async def upload(self, data: bytes, mimetype: str, name: str, *, encrypted: bool) -> Json:
        assert not encrypted
        return {"url": await self.api.upload(data, mimetype, name)}

    async def is_encrypted(self, room_id: str) -> bool:
        return False

    async def direct_room(self, account: str) -> str:
        raise NotImplementedError

    async def find_letter(self, room_id: str, handle: str, since: datetime) -> str | None:
        return await find_letter(self.api, room_id, handle, since)


@dataclass
class Event:
    id: str
    room: str
    type: str
    content: Json

    @property
    def body(self) -> str:
        return str(self.content["body"])


@dataclass
class Homeserver:
    """A homeserver in memory, and the session to it. `trouble` takes the next requests: raised before or after."""

    device_id: str = "KUNVENO"
    events: list[Event] = field(default_factory=list)
    redacted: list[str] = field(default_factory=list)
    uploads: list[bytes] = field(default_factory=list)
    attempts: list[str] = field(default_factory=list)
    encrypted: set[str] = field(default_factory=set)
    trouble: deque[Exception | None] = field(default_factory=deque)
    lost: int = 0
    """So many answers are lost: the event is there, the sender waits for ever."""
    refusals: dict[str, Exception] = field(default_factory=dict)
    """By what a body begins with, or by the type of event, or by the account of a direct conversation."""
    pace: Callable[[str], Awaitable[None]] | None = None
    looked_for: list[str] = field(default_factory=list)
    known: dict[tuple[str, str, str], str] = field(default_factory=dict)
    busy: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    most: int = 0
    """How many requests were under way at once at most."""
    clashed: bool = False
    """Whether two events were ever sent into one room at the same moment."""
    ready: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.ready.set()

    @property
    def api(self) -> Homeserver:
        return self

    async def send(self, room_id: str, event_type: str, content: Json, txn_id: str) -> str:
        self.attempts.append(txn_id)
        self.busy[room_id] += 1
        self.clashed |= self.busy[room_id] > 1
        self.most = max(self.most, sum(self.busy.values()))
        try:
            if self.pace is not None:
                await self.pace(room_id)
            self._refuse(event_type, str(content.get("body", "")))
            event_id = self._once(room_id, event_type, content, txn_id)
            if self.lost:
                self.lost -= 1
                await asyncio.Event().wait()
            return event_id
        finally:
            self.busy[room_id] -= 1

    async def redact(self, room_id: str, event_id: str, txn_id: str) -> str:
        self._refuse("m.room.redaction", "")
        if (room_id, txn_id, self.device_id) not in self.known:
            self.redacted.append(event_id)
        return self._once(room_id, "m.room.redaction", {}, txn_id)

    async def upload(self, data: bytes, mimetype: str, name: str, *, encrypted: bool) -> Json:
        self.uploads.append(data)
        address = {"url": f"mxc://kunveno.localhost/{len(self.uploads)}"}
        return {**address, "key": {"k": "secret"}} if encrypted else address

    async def is_encrypted(self, room_id: str) -> bool:
        return room_id in self.encrypted

    async def direct_room(self, account: str) -> str:
        self._refuse(account, account)
        return f"!direct-{account}"

    async def find_letter(self, room_id: str, handle: str, since: datetime) -> str | None:
        self.looked_for.append(handle)
        for event in self.events:
            if event.room == room_id and event.content.get(LETTER) == handle:
                return event.id
        return None

    def bodies(self, room: str | None = None) -> list[str]:
        return [event.body for event in self.events if room in {None, event.room} and "body" in event.content]

    def forget(self) -> None:
        """Forgets the transaction ids, as after a day."""
        self.known.clear()

    def _refuse(self, event_type: str, body: str) -> None:
        if self.trouble and (error := self.trouble.popleft()) is not None:
            raise error
        for what, error in self.refusals.items():
            if body.startswith(what) or event_type == what:
                raise error

    def _once(self, room_id: str, event_type: str, content: Json, txn_id: str) -> str:
        key = (room_id, txn_id, self.device_id)
        if key not in self.known:
            self.known[key] = f"$event{len(self.events) + 1}"
            self.events.append(Event(self.known[key], room_id, event_type, copy.deepcopy(content)))
        return self.known[key]


class Post:
    """A desk to write letters at, and the deliverer that takes them away."""

    def __init__(self, database: Database, session: Session, clock: FixedClock | None = None) -> None:
        self.database = database
        self.session = session
        self.clock = clock or FixedClock(NOON)
        self.rooms: dict[Place, str | Nowhere] = {}
        self.deliverer = self._new()

    def _new(self, **options: Any) -> Deliverer:
        return Deliverer(self.database, self.session, self.clock, rooms=self._where, **{"look": 0.05, **options})

    async def _where(self, session: AsyncSession, place: Place) -> str | Nowhere:
        if isinstance(place, Direct):
            return Nowhere.ON_DEMAND
        return place.room if isinstance(place, Elsewhere) else self.rooms.get(place, Nowhere.NOT_YET)

    async def put(self, to: Place | str, content: Content | str, **options: Any) -> str:
        """Write one letter; returns its id."""
        return (await self.put_all([(to, content)], **options))[0]

    async def put_all(self, letters: Sequence[tuple[Place | str, Content | str]], **options: Any) -> list[str]:
        """Write letters, to rooms or places, in one transaction."""

        async def work(session: AsyncSession) -> list[str]:
            return [
                await outbox.put(
                    session,
                    Letter(
                        to=Elsewhere(to) if isinstance(to, str) else to,
                        content=Words(content) if isinstance(content, str) else content,
                        **options,
                    ),
                    self.clock.now(),
                )
                for to, content in letters
            ]

        ids = await self.database.write(work)
        self.deliverer.wake()
        return ids

    @asynccontextmanager
    async def running(self, **options: Any) -> AsyncIterator[None]:
        """A deliverer at work; it is killed at the end."""
        self.deliverer = self._new(**options)
        task = asyncio.create_task(self.deliverer.run())
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def deliver(self, **options: Any) -> None:
        """Deliver until nothing waits."""
        async with self.running(**options):
            await self.until(self.empty)

    async def until(self, holds: Callable[[], Awaitable[bool] | bool]) -> None:
        """Wait until something holds."""
        async with asyncio.timeout(SOON):
            while True:
                answer = holds()
                if answer if isinstance(answer, bool) else await answer:
                    return
                await asyncio.sleep(0.01)

    async def empty(self) -> bool:
        return (await self.database.read(outbox.counts)).waiting == 0

    async def empty_when_nothing_is_put_off(self) -> bool:
        """`empty`, and whatever is put off after a failure is tried again at once: such waits double each time."""
        self.deliverer.wake(rooms=True)
        return await self.empty()

    async def row(self, letter: str) -> LetterRow:
        async def work(session: AsyncSession) -> LetterRow:
            return (await session.scalars(select(LetterRow).where(LetterRow.id == letter))).one()

        return await self.database.read(work)

    async def state(self, letter: str) -> State:
        return State((await self.row(letter)).state)

    async def receipts(self, count: int, handle: Callable[[Receipt], Awaitable[None]] | None = None) -> list[Receipt]:
        """The first so many receipts that are handed over."""
        got: list[Receipt] = []

        async def take(receipt: Receipt) -> None:
            if handle is not None:
                await handle(receipt)
            got.append(receipt)

        task = asyncio.create_task(self.deliverer.receipts(take))
        await self.until(lambda: len(got) >= count)
        await asyncio.sleep(0.1)  # long enough for one too many to come
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        return got

    def later(self, hours: float) -> None:
        self.clock.advance(timedelta(hours=hours))
