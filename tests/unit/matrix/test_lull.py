"""Who waits for an answer is heard at once; what only comes back, or is only counted, is fetched together."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, cast

import pytest

from bridge.letters import PollResponse
from bridge.matrix import lull
from bridge.matrix.api import Credentials, MatrixApi
from bridge.matrix.content import Json
from bridge.matrix.crypto import Crypto
from bridge.matrix.cryptofolder import CryptoFolder
from bridge.matrix.handover import Desk
from bridge.matrix.lull import Lull
from bridge.matrix.olm import Machine
from bridge.matrix.receive import DEAF, Receiver
from bridge.matrix.session import Session
from ground.clock import Clock, FixedClock, SystemClock
from ground.database import Database
from tests.support import sessions
from tests.support.register import fresh

BOT: Final = "@kunveno:example.org"
ADA: Final = "@ada:example.org"
SAYS: Final = ("m.room.message", {"msgtype": "m.text", "body": "!help"})
VOTES: Final = (
    "org.matrix.msc3381.poll.response",
    {"m.relates_to": {"event_id": "$poll"}, "org.matrix.msc3381.poll.response": {"answers": ["1"]}},
)


def test_the_pause_grows_while_nothing_urgent_comes() -> None:
    pause = Lull()
    waits = []
    for _ in range(12):
        pause.heard(hurried=False)
        waits.append(pause.seconds)
    assert waits == [0, 0, 0.05, 0.1, 0.2, *[lull.LONGEST] * 7]
    pause.heard(hurried=True)
    assert pause.seconds == 0


class Homeserver:
    """Answers each sync with one event of the next kind, and then with nothing more; notes what was waited before."""

    user_id = BOT
    credentials = Credentials("token", BOT, "KUNVENO", application_service=True)

    def __init__(self, *told: Json, passes: Callable[[], None] = lambda: None) -> None:
        self._passes = passes
        self.lull = Lull()
        self.waited: list[float] = []
        self.done = asyncio.Event()
        self._told = list(told)

    async def upload_keys(self, body: Json) -> int:
        return 50

    async def sync(self, *, filter: Json, since: str | None, timeout_ms: int) -> Json:
        self.waited.append(self.lull.seconds)
        await asyncio.sleep(0)
        answer: Json = {"next_batch": f"s{len(self.waited)}", "device_one_time_keys_count": {}}
        if since is None:
            return answer
        if not self._told:
            self.done.set()
            await asyncio.Event().wait()
        self._passes()
        return answer | self._told.pop(0)


def said(number: int, sender: str, kind: str, content: Json, *, at: datetime | None = None) -> Json:
    now = int((at or datetime.now(UTC)).timestamp() * 1000)
    event = {"event_id": f"${number}", "type": kind, "sender": sender, "origin_server_ts": now, "content": content}
    return {"rooms": {"join": {"!room": {"timeline": {"events": [event]}}}}}


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with Database.open(f"sqlite:///{tmp_path / 'kunveno.db'}") as database:
        await fresh(database)
        yield database


async def pauses(database: Database, folder: Path, *told: Json) -> tuple[list[float], list[Any]]:
    """The pauses after each of these, in seconds, and what was handed over."""
    server = Homeserver(*told)
    arrivals = await hear(database, folder, server, SystemClock())
    return server.waited[2:], arrivals


async def hear(database: Database, folder: Path, server: Homeserver, clock: Clock) -> list[Any]:
    """What is handed over of what a homeserver tells."""
    api = cast("MatrixApi", server)
    await asyncio.to_thread(folder.mkdir, exist_ok=True)
    async with CryptoFolder.hold(folder / "crypto", wait=False) as held:
        machine = await asyncio.to_thread(Machine.open, held, BOT, "KUNVENO")
        session = Session(api, "KUNVENO", database, clock, Crypto(api, machine), folder / "keys")
        session.unsigned = None
        taken = sessions.Desk(database)
        desk = Desk(taken.handle, frozenset({PollResponse}))
        receiver = Receiver(session, database, clock)
        server.lull = receiver._lull
        hearing = asyncio.create_task(receiver.run(desk))
        try:
            async with asyncio.timeout(20):
                await server.done.wait()
        finally:
            hearing.cancel()
            await asyncio.wait({hearing})
            machine.close()
    return taken.arrivals


async def test_own_words_coming_back_are_not_each_asked_for(database: Database, tmp_path: Path) -> None:
    waited, arrivals = await pauses(database, tmp_path, *(said(number, BOT, *SAYS) for number in range(5)))
    assert waited == [0, 0, 0.05, 0.1, 0.2]
    assert arrivals == []


async def test_votes_are_fetched_together_once_there_are_many(database: Database, tmp_path: Path) -> None:
    waited, arrivals = await pauses(database, tmp_path, *(said(number, ADA, *VOTES) for number in range(4)))
    assert waited == [0, 0, 0.05, 0.1]
    assert len(arrivals) == 4


@pytest.mark.parametrize(
    "urgent",
    [
        said(9, ADA, *SAYS),
        {"to_device": {"events": [{"type": "m.dummy", "sender": ADA, "content": {}}]}},
        {"rooms": {"leave": {"!left": {}}}},
    ],
    ids=["words", "a key", "a room left"],
)
async def test_after_what_is_urgent_nothing_is_waited_for(database: Database, tmp_path: Path, urgent: Json) -> None:
    own = [said(number, BOT, *SAYS) for number in range(4)]
    waited, _ = await pauses(database, tmp_path, *own[:3], own[3] | urgent, own[0])
    assert waited == [0, 0, 0.05, 0, 0]
    waited, _ = await pauses(database, tmp_path / "calm", *own, own[0])
    assert waited[-3:] == [0.05, 0.1, 0.2]


async def test_what_comes_after_a_long_silence_was_missed(database: Database, tmp_path: Path) -> None:
    """Long polls last half a minute; where none is answered for longer, nobody knows when what then comes has come."""
    now = datetime(2026, 11, 30, 12, tzinfo=UTC)
    clock, silences = FixedClock(now), iter([timedelta(seconds=30), DEAF, DEAF + timedelta(seconds=1)])
    told = [said(number, ADA, *SAYS, at=now) for number in range(3)]
    server = Homeserver(*told, passes=lambda: clock.advance(next(silences)))
    arrivals = await hear(database, tmp_path, server, clock)
    assert [arrival.missed for arrival in arrivals] == [True, False, True], "the first while the session begins"
    later = clock.now()
    assert [arrival.received(later) for arrival in arrivals] == [now, later, now]
