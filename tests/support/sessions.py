"""The bot's account with all that outlives its process, and a desk that notes what it hears."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import aiohttp

from bridge.letters import FromRooms, inbox
from bridge.matrix.api import MatrixApi
from bridge.matrix.receive import Receiver
from bridge.matrix.session import Session
from ground.clock import Clock, SystemClock
from ground.database import Database
from kunveno.demo.synapse import EmbeddedSynapse
from tests.support.people import PATIENCE

T = TypeVar("T", bound=FromRooms)
SOON = 60.0
"""Seconds within which anything here has happened, also on a machine that is busy with much else."""


@dataclass(slots=True)
class ShiftedClock:
    """The machine's clock, put forward."""

    by: timedelta = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.by


@dataclass(frozen=True, slots=True)
class Home:
    """What outlives a process: the account, the folder of its keys, the database."""

    api: MatrixApi
    database: Database
    folder: Path

    @property
    def user_id(self) -> str:
        return self.api.user_id

    @property
    def crypto(self) -> Path:
        return self.folder / "crypto"

    @property
    def signing_keys(self) -> Path:
        return self.folder / "signing-keys.json"

    def open(self, *, wait: bool = True) -> AbstractAsyncContextManager[Session]:
        return Session.open(
            self.api, self.database, SystemClock(), folder=self.crypto, signing_keys=self.signing_keys, wait=wait
        )

    @asynccontextmanager
    async def running(self, desk: Desk | None = None, *, clock: Clock | None = None) -> AsyncIterator[Session]:
        """A session that hears and is ready; it ends as abruptly as a task can."""
        desk = desk or Desk(self.database)
        async with self.open() as session:
            receiver = Receiver(session, self.database, clock or SystemClock(), written=desk.written.set)
            task = asyncio.create_task(receiver.run(desk.handle))
            try:
                ready = asyncio.create_task(session.ready.wait())
                async with asyncio.timeout(SOON):
                    await asyncio.wait({ready, task}, return_when=asyncio.FIRST_COMPLETED)
                if task.done():
                    task.result()
                yield session
            finally:
                task.cancel()
                await asyncio.wait({task})

    async def send(self, session: Session, room_id: str, body: str, **content: Any) -> str:
        """Send a notice."""
        words = {"msgtype": "m.notice", "body": body, **content}
        return await session.send(room_id, "m.room.message", words, secrets.token_hex(8))


@dataclass(slots=True)
class Desk:
    """Notes each arrival once, as a dispatcher does, in the database and here."""

    database: Database
    arrivals: list[FromRooms] = field(default_factory=list)
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    written: asyncio.Event = field(default_factory=asyncio.Event)
    stumbles: dict[str, int] = field(default_factory=dict)
    """Texts at which handling fails, and how often it still does."""
    closed: asyncio.Event | None = None
    """Handling waits for it, where there is one."""

    async def handle(self, arrival: FromRooms) -> None:
        if self.closed is not None:
            await self.closed.wait()
        text = getattr(arrival, "text", "")
        if self.stumbles.get(text, 0):
            self.stumbles[text] -= 1
            raise RuntimeError("stumbled")
        if await self.database.write(lambda session: inbox.enter(session, arrival.id, arrival.at)):
            self.arrivals.append(arrival)
            self.changed.set()

    def of(self, kind: type[T]) -> list[T]:
        """The arrivals of a kind."""
        return [arrival for arrival in self.arrivals if isinstance(arrival, kind)]

    async def until(self, kind: type[T], what: Callable[[T], bool] = lambda _: True, *, seconds: float = SOON) -> T:
        """The first arrival of a kind for which `what` holds, as soon as it is there."""
        try:
            async with asyncio.timeout(seconds):
                while True:
                    self.changed.clear()
                    found = next((arrival for arrival in self.of(kind) if what(arrival)), None)
                    if found is not None:
                        return found
                    await self.changed.wait()
        except TimeoutError as error:
            raise TimeoutError(f"no such {kind.__name__} within {seconds} s, but {self.arrivals}") from error


async def plain_api(synapse: EmbeddedSynapse, http: aiohttp.ClientSession) -> MatrixApi:
    """A bot that is an account like any other."""
    localpart, password = f"plain-{secrets.token_hex(5)}", secrets.token_hex(8)
    await synapse.register_user(localpart, password)
    return MatrixApi(synapse.url, await synapse.login(localpart, password), session=http, patience=PATIENCE)
