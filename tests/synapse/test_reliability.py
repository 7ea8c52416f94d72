"""Nothing is lost and nothing is done twice: a program killed at random, bursts while it is down, a network gone mad.

Small here; `make soak` runs them in full. The environment says how much, see docs/developers/testing.md.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from functools import partial
from pathlib import Path

import pytest

from kunveno.demo.synapse import EmbeddedSynapse
from tests.support.assembly import ROOMS, assemble
from tests.support.house import House, build
from tests.support.installation import Running
from tests.support.trouble import KINDS, TroubleProxy

COMMANDS = int(os.environ.get("KUNVENO_COMMANDS", "30"))
KILLS = int(os.environ.get("KUNVENO_KILLS", "2"))
BURSTS = int(os.environ.get("KUNVENO_BURSTS", "50"))
MINUTES = float(os.environ.get("KUNVENO_MINUTES", "0.1"))
SEED = int(os.environ.get("KUNVENO_SEED", "0")) or random.SystemRandom().randrange(1, 10**9)
PATIENCE = float(os.environ.get("KUNVENO_PATIENCE", "90"))
"""Seconds until every command must have been answered once nothing is in the way any more."""
VOTERS = 3 if KILLS < 10 else 5
WORKING = 1.5
"""Seconds, at most, that a program works until it is killed, where it is not killed while it starts."""

pytestmark = pytest.mark.timeout(120 + 2 * PATIENCE + COMMANDS + BURSTS + 20 * KILLS + 120 * MINUTES)

Built = Callable[..., AbstractAsyncContextManager[House]]


@pytest.fixture
def house(tmp_path: Path, synapse: EmbeddedSynapse, registration_file: Path, database_url: str) -> Built:
    """Builds a house; `url` is where its program finds the homeserver."""
    return partial(build, synapse, registration_file, database_url, tmp_path)


async def test_killed_at_random_moments(house: Built) -> None:
    """While it starts and while it works; commands come all the time."""
    chance = random.Random(SEED)  # noqa: S311 - chooses when to kill
    async with house() as lively:
        began = time.monotonic()
        async with lively.program() as running:
            await lively.hears(running)
        starting = time.monotonic() - began
        unfinished = 0
        for kill in range(1, KILLS + 1):
            share = COMMANDS * kill // KILLS - len(lively.sent)
            sending = asyncio.create_task(lively.send(share, chance, within=starting + WORKING))
            async with lively.program() as running:
                await _kill(lively, running, chance, starting, works=bool(kill % 2))
            left = await lively.unfinished()
            print(f"seed {SEED}: kill {kill} at {time.monotonic() - began:.1f} s, {len(lively.sent)} sent, {left}")
            unfinished += left.commands
            await sending
        async with lively.program() as running:
            await lively.check(running, seconds=PATIENCE)
        print(f"{len(lively.sent)} commands, {KILLS} kills, {time.monotonic() - began:.0f} s")
        assert len(lively.sent) == COMMANDS
        # A few kills may all miss on a machine that does much else; of twenty, some hit.
        assert unfinished > 0 or KILLS < 10, "no kill came while there was anything to do"


async def test_votes_killed_at_random_moments(house: Built) -> None:
    """While they are opened, while members vote and change their minds, and while they are closed."""
    chance = random.Random(SEED)  # noqa: S311 - chooses who does what, and when to kill
    async with (
        house(rooms=ROOMS, members=VOTERS, votes={"grace": 1, "breakdown": 2}) as lively,
        AsyncExitStack() as stack,
    ):
        began = time.monotonic()
        async with lively.suite() as running:
            await lively.hears(running, seconds=PATIENCE)
            starting = time.monotonic() - began
            pause = WORKING / 4
            voters = assemble(lively, chance, votes=max(1, KILLS // 10), patience=2 * PATIENCE, pause=pause)
            assembly = await stack.enter_async_context(voters)
        for number, step in enumerate((assembly.open, assembly.cast, assembly.close)):
            doing = asyncio.create_task(step())
            for kill in range(KILLS * number // 3, KILLS * (number + 1) // 3):
                async with lively.suite() as running:
                    await _kill(lively, running, chance, starting, works=bool(kill % 2))
                print(f"seed {SEED}: {step.__name__}, kill {kill + 1} at {time.monotonic() - began:.1f} s")
            async with lively.suite() as running:
                await _within_reason(doing, running)  # and killed as soon as it is in the database
        async with lively.suite() as running:
            await lively.hears(running, seconds=PATIENCE)
            await assembly.check()
        ballots = sum(len(vote.casts) for vote in assembly.votes)
        print(f"seed {SEED}: {len(assembly.votes)} votes, {ballots} ballots, {time.monotonic() - began:.0f} s")


async def _kill(lively: House, running: Running, chance: random.Random, starting: float, *, works: bool) -> None:
    """SIGKILL while it works, when answers go out once it has heard what it missed; or while it starts."""
    if works:
        await lively.hears(running, seconds=PATIENCE)
        await asyncio.sleep(chance.uniform(0, WORKING))
    else:
        await asyncio.sleep(chance.uniform(starting / 3, starting))
    running.process.send_signal(signal.SIGKILL)
    await running.ended()


async def _within_reason(doing: asyncio.Task[None], running: Running) -> None:
    try:
        await doing
    except TimeoutError as error:
        raise TimeoutError("\n".join([str(error), *running.lines])) from error


async def test_bursts_while_nothing_runs(house: Built) -> None:
    chance = random.Random(SEED)  # noqa: S311 - chooses rooms
    async with house() as quiet:
        async with quiet.program() as running:
            await quiet.hears(running)
        await quiet.send(BURSTS, chance, busiest=4)
        began = time.monotonic()
        async with quiet.program() as running:
            await quiet.check(running, seconds=PATIENCE)
        print(f"seed {SEED}: {len(quiet.sent)} commands, all answered {time.monotonic() - began:.1f} s after the start")


async def test_a_network_gone_mad(house: Built, synapse: EmbeddedSynapse) -> None:
    chance = random.Random(SEED)  # noqa: S311 - chooses what goes wrong
    async with (
        TroubleProxy.between(synapse.url, chance) as proxy,
        house(url=proxy.url) as shaken,
        shaken.program() as running,
    ):
        await shaken.hears(running)
        proxy.troubled = True
        ends = time.monotonic() + MINUTES * 60
        while time.monotonic() < ends or not all(proxy.did[kind] for kind in KINDS):
            await shaken.send(10, chance)
            await asyncio.sleep(chance.uniform(0, 1))
        proxy.troubled = False
        began = time.monotonic()
        await shaken.check(running, seconds=PATIENCE)
        late = time.monotonic() - began
        print(f"seed {SEED}: {len(shaken.sent)} commands, all answered {late:.1f} s after; {dict(proxy.did)}")
