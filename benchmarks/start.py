"""Starting where there are many rooms and members: time until ready, memory, the longest time without a breath.

KUNVENO_ROOMS and KUNVENO_MEMBERS say how many (1,000 and 50 in each).
"""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

import aiohttp

from benchmarks import crowd
from benchmarks.memory import resident
from benchmarks.result import Result
from benchmarks.world import World, world
from party.operations.members import AddMember, NameAccount
from tests.support import counting
from tests.support.installation import Installation, install
from tests.support.register import do, grow

ROOMS, MEMBERS = int(os.environ.get("KUNVENO_ROOMS", "1000")), int(os.environ.get("KUNVENO_MEMBERS", "50"))
BLOCKED = 250.0
"""Milliseconds that the event loop may be without a breath."""
_PATIENCE: Final = 900.0
_LOOK: Final = 0.05


@dataclass(frozen=True, slots=True)
class Start:
    """Seconds until ready, the most memory in MiB, and the longest time without a breath in milliseconds."""

    seconds: float
    peak: float
    blocked: float


def run() -> Result:
    """The longest time without a breath, over a first start and another one."""
    return asyncio.run(_run())


async def _run() -> Result:
    async with world() as here, _settled(here) as installation:
        starts = {"first start": await _start(installation), "start again": await _start(installation)}
    worst = max(start.blocked for start in starts.values())
    return Result(
        "start",
        worst,
        BLOCKED,
        "ms",
        ok=worst <= BLOCKED,
        rows=(
            (f"{ROOMS} rooms × {MEMBERS} members", *starts),
            ("until ready, s", *(f"{start.seconds:.1f}" for start in starts.values())),
            ("peak memory, MiB", *(f"{start.peak:.0f}" for start in starts.values())),
            ("event loop blocked, at worst, ms", *(f"{start.blocked:.0f}" for start in starts.values())),
        ),
        detail={
            "rooms": ROOMS,
            "members": MEMBERS,
            "seconds": [round(start.seconds, 2) for start in starts.values()],
            "peak_mib": [round(start.peak, 1) for start in starts.values()],
            "blocked_ms": [round(start.blocked, 1) for start in starts.values()],
        },
    )


@asynccontextmanager
async def _settled(here: World) -> AsyncIterator[Installation]:
    """One branch with all the rooms, made by the mirror, half of them encrypted; and its members in each of them."""
    synapse = here.synapse
    kinds = {
        f"room-{number}": {"name": {"en": f"Room {number} {{branch}}"}, "who": "members", "encrypted": number % 2 == 0}
        for number in range(ROOMS - 1)
    }
    homeserver = {
        "url": synapse.url,
        "server_name": synapse.server_name,
        "user_id": f"@kunveno-start:{synapse.server_name}",
        "registration": str(here.folder / "registration.yaml"),
    }
    url = f"sqlite:///{here.folder / 'kunveno.db'}"
    installation = install(here.folder / "house", homeserver, database_url=url, mirror={"rooms": kinds})
    async with installation.app() as app:
        policy, at = app.config.party(), app.clock.now()
        grown = await grow(app.database, {"france": {}}, policy=policy, at=at)
        await counting.make_table(app.database)
        status, said = await installation.call("apply", seconds=_PATIENCE)
        if status != 0:
            raise RuntimeError(said)
        await synapse.stop()
        accounts = [f"@member-{number}:{synapse.server_name}" for number in range(MEMBERS)]
        await asyncio.to_thread(crowd.settle, here.folder / "synapse" / "homeserver.db", accounts)
        await synapse.restart()
        for account in accounts:
            added = await do(app.database, AddMember(account, grown.branches["france"]), policy=policy, at=at)
            named = NameAccount(added[0].subject_id, account, confirmed=True)
            await do(app.database, named, policy=policy, at=at)
    yield installation


async def _start(installation: Installation) -> Start:
    begun = time.perf_counter()
    async with installation.start_module("benchmarks.watched", str(installation.config)) as running:
        while not await _ready(installation.health):
            if running.process.returncode is not None or time.perf_counter() - begun > _PATIENCE:
                raise RuntimeError("\n".join(running.lines))
            await asyncio.sleep(_LOOK)
        seconds = time.perf_counter() - begun
        peak = resident(running.process.pid, "VmHWM")
        running.process.terminate()
        await running.ended()
        done = [line for line in running.lines if "steps done" in line]
        if done:
            raise RuntimeError(f"nothing should have been left to do: {done}")
    blocked: float = json.loads(running.lines[-1])["blocked"]
    return Start(seconds, peak, 1000 * blocked)


async def _ready(health: str) -> bool:
    try:
        async with aiohttp.ClientSession() as http, http.get(health) as answer:
            return answer.status == 200
    except aiohttp.ClientConnectionError:
        return False
