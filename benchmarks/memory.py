"""The resident set of the program at rest, against that of a process that only imports what it stands on."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from statistics import median
from typing import Final

from benchmarks.result import Result
from benchmarks.world import world
from tests.support.house import build

ROOMS: Final = 9
"""With the branch's space they are ten."""
MORE = 60.0
"""MiB that the program may take more."""
_MEMBERS, _TIMES, _REST = 5, 3, 5.0
_IMPORTS: Final = "import nio, aiohttp, sqlalchemy, sys; print('there', flush=True); sys.stdin.read()"


def run() -> Result:
    """The medians of both, in MiB."""
    return asyncio.run(_run())


async def _run() -> Result:
    rooms = {f"room-{number}": number % 2 == 0 for number in range(ROOMS)}
    programs: list[float] = []
    imports: list[float] = []
    async with world() as here:
        registration, database = here.folder / "registration.yaml", f"sqlite:///{here.folder / 'kunveno.db'}"
        async with build(here.synapse, registration, database, here.folder, rooms=rooms, members=_MEMBERS) as house:
            for _ in range(_TIMES):
                imports.append(await _bare())
                async with house.program() as running:
                    await house.hears(running)
                    for room in house.rooms.values():
                        await house.members[0].say(room, "!count once")
                    await asyncio.sleep(_REST)  # at rest is when nothing has been asked for a while
                    programs.append(resident(running.process.pid))
    value, floor = median(programs), median(imports)
    return Result(
        "memory",
        value,
        floor,
        "MiB",
        ok=value - floor <= MORE,
        rows=(
            ("", "MiB"),
            ("the program at rest, ten rooms", f"{value:.1f}"),
            ("only nio, aiohttp and SQLAlchemy imported", f"{floor:.1f}"),
            ("more", f"{value - floor:.1f}"),
            ("at most", f"{MORE:.1f}"),
        ),
        detail={
            "most_more": MORE,
            "more": round(value - floor, 2),
            "rooms": ROOMS + 1,
            "program": [round(mib, 2) for mib in programs],
            "imports": [round(mib, 2) for mib in imports],
        },
    )


async def _bare() -> float:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _IMPORTS, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None  # noqa: S101 - asked for above
    try:
        await process.stdout.readline()
        return resident(process.pid)
    finally:
        process.kill()
        await process.wait()


def resident(pid: int, what: str = "VmRSS") -> float:
    """MiB that a process has in memory now, or had at most (`VmHWM`). Linux only."""
    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        name, _, value = line.partition(":")
        if name == what:
            return int(value.split()[0]) / 1024
    raise RuntimeError(f"this system does not say {what}")
