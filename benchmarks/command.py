"""The round trip of a command in a plain and an encrypted room, against a bare nio bot on the same Synapse."""

from __future__ import annotations

import asyncio
from statistics import median, quantiles

from benchmarks.result import Result
from benchmarks.talk import ROOMS, Listener, Side, Talk, round_trip, talk

ROUNDS, TIMES = 6, 10
"""Rounds of each bot in each room, and commands of a round."""
MOST = 1.15
"""Of the bare bot's median."""


def run() -> Result:
    """The medians of both."""
    return asyncio.run(_run())


async def _run() -> Result:
    seconds: dict[tuple[str, str], list[float]] = {}
    async with talk(1) as here:
        for number in range(ROUNDS + 1):
            sides = here.sides if number % 2 else here.sides[::-1]
            for kind in ROOMS:
                for side in sides:
                    taken = await _round(here, side, kind)
                    if number:  # the first round warms both up
                        seconds.setdefault((side.name, kind), []).extend(taken)
    medians = {who: 1000 * median(taken) for who, taken in seconds.items()}
    late = {who: 1000 * quantiles(taken, n=20)[-1] for who, taken in seconds.items()}
    ratios = {kind: medians["kunveno", kind] / medians["bare", kind] for kind in ROOMS}
    worst = max(ROOMS, key=lambda kind: ratios[kind])
    return Result(
        "command",
        medians["kunveno", worst],
        medians["bare", worst],
        "ms",
        ok=max(ratios.values()) <= MOST,
        rows=(
            ("", "kunveno, ms", "bare, ms", "ratio", "19 of 20, kunveno", "19 of 20, bare"),
            *(
                (
                    f"{kind} room",
                    *(f"{medians[side, kind]:.1f}" for side in ("kunveno", "bare")),
                    f"{ratios[kind]:.2f}",
                    *(f"{late[side, kind]:.1f}" for side in ("kunveno", "bare")),
                )
                for kind in ROOMS
            ),
        ),
        detail={
            "most_ratio": MOST,
            "commands": ROUNDS * TIMES,
            "ratios": {kind: round(ratio, 4) for kind, ratio in ratios.items()},
            "median_ms": {f"{side}, {kind}": round(value, 2) for (side, kind), value in medians.items()},
            "ms_19_of_20": {f"{side}, {kind}": round(value, 2) for (side, kind), value in late.items()},
        },
    )


async def _round(here: Talk, side: Side, kind: str) -> list[float]:
    room = side.rooms[kind]
    await here.members[0].say(room, "Hello")  # and share the key of the room where there is a new one
    listener = await Listener.begin(here.apis[0], room)
    return [await round_trip(here, listener, side, kind) for _ in range(TIMES)]
