"""Applying to a tree in which nothing has changed, and whether the look behind it is at the world as it is now."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import Final

from benchmarks.result import Result
from benchmarks.world import SERVER, World, change, plant, world
from bridge.matrix.api import MatrixApi
from bridge.mirror.mirror import Mirror
from bridge.mirror.steps import Cause, Invite, Plan
from bridge.places import BranchRoom
from party.operations.mandates import GiveMandate
from party.operations.members import AddMember, NameAccount

BRANCHES, FEW = 60, 10
OFFICER, MEMBER = "@officer", "@member"
DISCUSSION: Final = "discussion"
_SAME: Final = {"room": {"timeline": {"limit": 1}}}


@dataclass(frozen=True, slots=True)
class Idle:
    """One apply to an unchanged tree, connecting included."""

    branches: int
    rooms: int
    writes: int
    reads: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Freshness:
    """Somebody was removed behind our back. `seen`: by the next look; `after`: seconds since the look before;
    `cached`: whether Synapse answered the same sync, asked before and after, as if nothing had happened."""

    seen: bool
    after: float
    cached: bool


def run() -> Result:
    """The writes of an apply in which there is nothing to do."""
    return asyncio.run(_run())


async def _run() -> Result:
    async with world() as here:
        few, many = [await _idle(here, branches) for branches in (FEW, BRANCHES)]
        fresh = await _freshness(here)
    return Result(
        "noop",
        many.writes,
        0,
        "writes",
        ok=few.writes == many.writes == 0 and few.reads == many.reads and fresh.seen,
        rows=(
            ("", *(f"{idle.branches} branches, {idle.rooms} rooms" for idle in (few, many))),
            ("writes", *(str(idle.writes) for idle in (few, many))),
            ("reads", *(str(idle.reads) for idle in (few, many))),
            ("seconds", *(f"{idle.seconds:.2f}" for idle in (few, many))),
            (f"a removal {fresh.after:.1f} s after a look is seen by the next", "", "yes" if fresh.seen else "no"),
            ("the same /sync again shows it too", "", "no, it is cached" if fresh.cached else "yes"),
        ),
        detail={
            "branches": [few.branches, many.branches],
            "rooms": [few.rooms, many.rooms],
            "writes": [few.writes, many.writes],
            "reads": [few.reads, many.reads],
            "seconds": [round(few.seconds, 3), round(many.seconds, 3)],
            "change_seen_by_next_look": fresh.seen,
            "seconds_between_looks": round(fresh.after, 2),
            "same_sync_was_cached": fresh.cached,
        },
    )


async def _idle(here: World, branches: int) -> Idle:
    name = f"noop-{branches}"
    async with here.mirror(name) as mirror:
        await plant(mirror, branches)
        await _apply(mirror)
    begun = time.perf_counter()
    async with here.mirror(name) as mirror:
        view = await mirror.look()
        report = await mirror.carry_out(view)
        seconds = time.perf_counter() - begun
        if report.failed or view.plan.findings:
            raise AssertionError(f"nothing should be left to say: {report.failed} {view.plan.findings}")
        traffic = mirror.api.traffic
        return Idle(branches, len(view.located.rooms), traffic.writes.total(), traffic.reads.total(), seconds)


async def _freshness(here: World) -> Freshness:
    """A secretary removes a member from a room that the member belongs in."""
    officer, member = f"{OFFICER}:{SERVER}", f"{MEMBER}:{SERVER}"
    async with here.mirror("fresh") as mirror:
        branch = (await plant(mirror, FEW))[-1]
        for account in (officer, member):
            await here.synapse.register_user(account[1:].partition(":")[0], "correct horse battery staple")
            (subject,) = await change(mirror, AddMember(account, branch))
            await change(mirror, NameAccount(subject, account, confirmed=True))
            if account == officer:
                await change(mirror, GiveMandate(subject, "secretary", branch))
        await _apply(mirror)
        before = await mirror.look()
        looked = time.perf_counter()
        if before.plan:
            raise AssertionError(f"nothing should be left to do: {before.plan.steps}")
        place = BranchRoom(branch, DISCUSSION)
        room_id = before.located.rooms[place].room_id
        same = await mirror.api.sync(filter=_SAME, full_state=True)
        credentials = await here.synapse.login(OFFICER[1:], "correct horse battery staple")
        async with MatrixApi.connect(here.synapse.url, credentials) as hand:
            await hand.join(room_id)
            await hand.remove(room_id, member)
        again = await mirror.api.sync(filter=_SAME, full_state=True)
        seen = _is_missed((await mirror.look()).plan, place, member)
        return Freshness(seen, time.perf_counter() - looked, same["next_batch"] == again["next_batch"])


def _is_missed(plan: Plan, place: BranchRoom, account: str) -> bool:
    return plan.steps == (Invite(place, account, Cause.DRIFT),)


async def _apply(mirror: Mirror) -> None:
    report = await mirror.carry_out(await mirror.look())
    if report.failed:
        raise RuntimeError(f"{len(report.failed)} steps failed, the first: {report.failed[0].reason}")
