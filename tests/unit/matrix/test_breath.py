"""Many rooms at once do not hold up the event loop."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, cast

import pytest

from bridge.matrix.api import Credentials, MatrixApi
from bridge.matrix.content import Json
from bridge.matrix.crypto import Crypto
from bridge.matrix.cryptofolder import CryptoFolder
from bridge.matrix.olm import Machine
from bridge.matrix.receive import Receiver
from bridge.matrix.session import Session
from ground.clock import SystemClock
from ground.database import Database
from tests.support.register import fresh
from tests.support.sessions import Desk

BOT: Final = "@kunveno:example.org"
ROOMS: Final = 1000
MEMBERS: Final = 50
SPEAKING: Final = 10
"""In one room of so many something is said."""
LONGEST: Final = 0.25
"""Seconds."""


class ManyRooms:
    """A homeserver that tells of all rooms in its second answer, and of nothing after."""

    user_id = BOT
    credentials = Credentials("token", BOT, "KUNVENO", application_service=True)

    def __init__(self) -> None:
        self.syncs = 0
        self.told = asyncio.Event()
        self._rooms = {f"!{number}": _room(number) for number in range(ROOMS)}
        self._changed = [f"@member{number}:example.org" for number in range(MEMBERS * ROOMS)]

    async def upload_keys(self, body: Json) -> int:
        return 50

    async def sync(self, *, filter: Json, since: str | None, timeout_ms: int) -> Json:
        self.syncs += 1
        if self.syncs > 2:
            self.told.set()
            await asyncio.Event().wait()
        rooms = {} if since is None else self._rooms
        await asyncio.sleep(0)
        return {
            "next_batch": f"s{self.syncs}", "rooms": {"join": rooms}, "device_one_time_keys_count": {},
            "device_lists": {"changed": self._changed},
        }  # fmt: skip


def _room(number: int) -> Json:
    now = int(datetime.now(UTC).timestamp() * 1000)

    def event(index: int, kind: str, content: Json, **more: Any) -> Json:
        return {
            "type": kind, "content": content, "event_id": f"${number}-{index}", "sender": "@ada:example.org",
            "origin_server_ts": now, **more,
        }  # fmt: skip

    members = [
        event(
            index, "m.room.member", {"membership": "join"}, state_key=f"@member{number * MEMBERS + index}:example.org",
            unsigned={"prev_content": {"membership": "join"}},
        )
        for index in range(MEMBERS)
    ]  # fmt: skip
    encryption = event(100, "m.room.encryption", {"algorithm": "m.megolm.v1.aes-sha2"}, state_key="")
    said = event(101, "m.room.message", {"msgtype": "m.text", "body": "!help"})
    speaks = [said] if number % SPEAKING == 0 else []
    return {"state": {"events": [encryption, *members]}, "timeline": {"events": [*members[:9], *speaks]}}


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with Database.open(f"sqlite:///{tmp_path / 'kunveno.db'}") as database:
        await fresh(database)
        yield database


async def _longest_wait(done: asyncio.Event) -> float:
    """For how long the loop was not to be had, at most, in seconds, until `done`.

    Of the processor's time: what other programs take does not count.
    """
    longest = 0.0
    while not done.is_set():
        before = time.thread_time()
        await asyncio.sleep(0)
        longest = max(longest, time.thread_time() - before)
    return longest


async def test_a_thousand_rooms_hold_nothing_up(database: Database, tmp_path: Path) -> None:
    server = ManyRooms()
    api = cast("MatrixApi", server)
    async with CryptoFolder.hold(tmp_path / "crypto", wait=False) as folder:
        machine = await asyncio.to_thread(Machine.open, folder, BOT, "KUNVENO")
        session = Session(api, "KUNVENO", database, SystemClock(), Crypto(api, machine), tmp_path / "keys")
        session.unsigned = None
        desk = Desk(database)
        hearing = asyncio.create_task(Receiver(session, database, SystemClock()).run(desk.handle))
        longest = await _longest_wait(server.told)
        hearing.cancel()
        await asyncio.wait({hearing})
        machine.close()
    assert len(desk.arrivals) == ROOMS // SPEAKING
    assert longest < LONGEST, f"the loop was held up for {longest:.3f} s"
