"""Applying a new tree, against the same requests sent bare, on the same Synapse in the same run."""

from __future__ import annotations

import asyncio
import time
from statistics import median

from benchmarks import bare
from benchmarks.result import Result
from benchmarks.world import World, plant, world

BRANCHES = 60
FLOOR = 0.85
"""Of the bare rate."""
ORDER = "mirror bare bare mirror mirror bare"
"""The rounds; in this order a homeserver that slows down as it fills does so for both alike."""


def run() -> Result:
    """The median rates of both."""
    return asyncio.run(_run())


async def _run() -> Result:
    rates: dict[str, list[float]] = {"mirror": [], "bare": []}
    counts: set[int] = set()
    async with world() as here:
        await _mirror(here, "warming", 8)
        for number, side in enumerate(ORDER.split()):
            send = _mirror if side == "mirror" else _bare
            count, seconds = await send(here, f"round-{number}", BRANCHES)
            counts.add(count)
            rates[side].append(count / seconds)
    if len(counts) != 1:
        raise AssertionError(f"not the same number of requests in every round: {counts}")
    value, floor = median(rates["mirror"]), median(rates["bare"])
    head = ("", *(f"round {number}" for number in range(1, len(rates["bare"]) + 1)), "median")
    rows = [
        (f"{side}, requests/s", *(f"{rate:.1f}" for rate in rates[side]), f"{median(rates[side]):.1f}")
        for side in ("mirror", "bare")
    ]
    return Result(
        "mirror",
        value,
        floor,
        "requests/s",
        ok=value >= FLOOR * floor,
        rows=(head, *rows),
        detail={
            "least_ratio": FLOOR,
            "branches": BRANCHES,
            "requests": counts.pop(),
            "rates": {side: [round(rate, 2) for rate in of_side] for side, of_side in rates.items()},
        },
    )


async def _mirror(here: World, name: str, branches: int) -> tuple[int, float]:
    """Requests that wrote, and the seconds from looking to the end of applying."""
    async with here.mirror(name) as mirror:
        await plant(mirror, branches)
        before = mirror.api.traffic.writes.total()
        begun = time.perf_counter()
        report = await mirror.carry_out(await mirror.look())
        seconds = time.perf_counter() - begun
        if report.failed:
            raise RuntimeError(f"{len(report.failed)} steps failed, the first: {report.failed[0].reason}")
        return mirror.api.traffic.writes.total() - before, seconds


async def _bare(here: World, name: str, branches: int) -> tuple[int, float]:
    """The same for the requests alone, which were made beforehand."""
    async with here.mirror(name) as mirror:
        await plant(mirror, branches)
        view = await mirror.look()
        requests = bare.requests(view.plan, view.terms)
        begun = time.perf_counter()
        await bare.send(requests, here.synapse.url, mirror.api.credentials, mirror.policy.concurrency)
        return len(requests), time.perf_counter() - begun
