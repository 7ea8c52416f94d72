"""Killed at random moments while it builds, and started again each time: no orphan, no double.

KUNVENO_KILLS and KUNVENO_BRANCHES say how often and how much (on PostgreSQL half of it), KUNVENO_SEED repeats a run.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bridge.matrix.registration import Registration
from bridge.places import SPACE
from kunveno.demo.synapse import EmbeddedSynapse
from tests.support.build_branches import TOKEN
from tests.support.mirror import KEYS, NewWorld, State, World
from tests.support.register import Branches

KILLS = int(os.environ.get("KUNVENO_KILLS", "6"))
BRANCHES = int(os.environ.get("KUNVENO_BRANCHES", "24"))
SEED = int(os.environ.get("KUNVENO_SEED", "0")) or random.SystemRandom().randrange(1, 10**9)
REQUEST = 0.08
"""Seconds: about what a request takes, so that a kill falls anywhere inside one."""
SILENCE = 60.0
"""Seconds: a builder that says nothing for so long stands still."""
LAST = 32
"""With fewer steps to do than this, a process may be done before it is killed."""


def tree_of(branches: int) -> Branches:
    """A root, six regions, and departments under them."""
    regions: dict[str, dict[str, Branches]] = {f"r{number}": {} for number in range(min(6, branches - 1))}
    for number in range(branches - 1 - len(regions)):
        regions[f"r{number % 6}"][f"d{number}"] = {}
    return {"france": regions}


class Builder:
    """Builds in processes of their own, which can be killed."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._orders = process.stdin
        self._news = process.stdout
        self.left = 0
        """Steps that the last one had still to do, as far as it said."""

    @classmethod
    @asynccontextmanager
    async def start(cls, arguments: list[str], token: str) -> AsyncIterator[Builder]:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.support.build_branches", *arguments,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
            cwd=Path(__file__).parents[2], env={**os.environ, TOKEN: token}, process_group=0,
        )  # fmt: skip
        try:
            yield cls(process)
        finally:
            os.killpg(process.pid, signal.SIGKILL)  # also one that still builds, where the test failed
            async with asyncio.timeout(SILENCE):
                await process.wait()

    async def run(self, until: int = -1, after: float = 0.0) -> int:
        """Build, and kill the process `after` seconds after no more than `until` steps are left. Returns how it ended:
        minus the signal, or its status."""
        self._orders.write(b"\n")
        pid = 0
        doomed = False
        while True:
            word, *rest = await self._hear()
            match word:
                case "pid":
                    pid = int(rest[0])
                case "plan":
                    self.left = int(rest[0])
                case "done":
                    self.left -= 1
                case "failed":
                    pytest.fail(" ".join(rest))
                case "ended":
                    return os.waitstatus_to_exitcode(int(rest[0]))
            if word in {"plan", "done"} and self.left <= until and not doomed:
                doomed = True
                await asyncio.sleep(after)  # anywhere inside a request
                os.kill(pid, signal.SIGKILL)

    async def _hear(self) -> list[str]:
        """The next line, in words."""
        try:
            async with asyncio.timeout(SILENCE):
                line = await self._news.readline()
        except TimeoutError:
            pytest.fail(f"the builder has said nothing for {SILENCE:.0f} s, with {self.left} steps to do")
        return line.decode().split() or pytest.fail("the builder is gone")


@pytest.mark.timeout(240 + 5 * KILLS)
async def test_killed_at_random_moments(
    synapse: EmbeddedSynapse, registration: Registration, new_world: NewWorld, database_url: str
) -> None:
    chance = random.Random(SEED)  # noqa: S311 - chooses when to kill
    share = 1 if database_url.startswith("sqlite") else 2
    branches, kills = BRANCHES // share, KILLS // share
    world = await new_world(tree_of(branches), database_url=database_url)
    work = len((await world.look()).plan.steps)
    print(f"seed {SEED}: {work} steps, {kills} kills")
    began = time.monotonic()
    async with Builder.start([database_url, synapse.url, world.api.user_id], registration.as_token) as builder:
        for until in sorted((chance.randrange(LAST, work) for _ in range(kills)), reverse=True):
            assert await builder.run(until, chance.uniform(0, REQUEST)) == -signal.SIGKILL
            print(f"killed with {builder.left} steps to do, {time.monotonic() - began:.1f} s", flush=True)
        assert await builder.run() == 0
    print(f"built after {time.monotonic() - began:.1f} s")

    await check_rooms(world, branches)
    view = await world.look()
    assert (view.plan.steps, view.plan.findings) == ((), ())


async def check_rooms(world: World, branches: int) -> None:
    """What the homeserver's administrator sees: each room once, each hung where it belongs, and no other."""
    marked = await world.marked()
    assert [place for place, rooms in marked.items() if len(rooms) != 1] == []
    ids = {place: rooms[0] for place, rooms in marked.items()}
    assert set(ids) == {world.place(slug, key) for slug in world.grown.branches for key in KEYS}
    assert len(ids) == branches * len(KEYS)
    assert await world.truth.created(world.api.user_id) == set(ids.values())
    states = await world.truth.states(list(ids.values()))
    tree = (await world.look()).tree
    for slug, branch_id in world.grown.branches.items():
        space = states[ids[world.place(slug)]]
        below = {ids[world.place(child.slug)] for child in tree.children(branch_id)}
        assert space.children == below | {ids[world.place(slug, key)] for key in KEYS if key != SPACE}
        for key in KEYS:
            check_whole(world, slug, key, states[ids[world.place(slug, key)]])


def check_whole(world: World, slug: str, key: str, state: State) -> None:
    """A room whose creation was cut short lacks the last events of it."""
    assert state.name, (slug, key)
    assert state.content("m.room.canonical_alias") == {}, (slug, key)
    assert bool(state.content("m.room.encryption")) is (key != SPACE)
    if key != SPACE or slug != "france":
        assert [name for kind, name in state.events if kind == "m.space.parent"], (slug, key)
