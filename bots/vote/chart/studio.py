"""Has pictures drawn by a process of its own, while everything else goes on."""

from __future__ import annotations

import asyncio
import json
import logging
import struct
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bots.vote.chart.sketch import Sketch

log = logging.getLogger(__name__)

PATIENCE: Final = 60.0
"""Seconds that a picture may take; drawn in a quarter of one on a machine with nothing else to do."""
_DRAW: Final = Path(__file__).with_name("draw.py")
_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True, slots=True)
class Drawn:
    """A picture: PNG, its size in pixels."""

    data: bytes
    width: int
    height: int


class Studio:
    """What is being drawn, by a key. Nothing of it is kept over a restart: whoever needs it begins again."""

    def __init__(self) -> None:
        self._tasks: dict[str, asyncio.Task[Drawn | None]] = {}

    def begun(self, key: str) -> bool:
        """Whether this is being drawn, or is done."""
        return key in self._tasks

    def drawing(self, key: str) -> bool:
        """Whether this is still being drawn."""
        task = self._tasks.get(key)
        return task is not None and not task.done()

    def begin(self, key: str, sketch: Sketch) -> None:
        """Have a picture drawn. The second time nothing happens."""
        if key not in self._tasks:
            self._tasks[key] = asyncio.create_task(draw(sketch))

    async def finished(self, key: str) -> Drawn | None:
        """The picture; None where it was not begun, or cannot be drawn."""
        task = self._tasks.get(key)
        return None if task is None else await asyncio.shield(task)

    def forget(self, key: str) -> None:
        """It was sent."""
        self._tasks.pop(key, None)


async def draw(sketch: Sketch) -> Drawn | None:
    """Draw a picture; None, and a line in the log, where that fails: a result is said without it."""
    words = json.dumps(sketch.data(), ensure_ascii=False).encode()
    try:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-I", str(_DRAW), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
    except OSError as error:
        log.warning("the picture of a result could not be drawn: %s", error.strerror)
        return None
    try:
        async with asyncio.timeout(PATIENCE):
            data, _ = await process.communicate(words)
    except TimeoutError:
        process.kill()
        await process.wait()
        data = b""
    if not data.startswith(_SIGNATURE):
        log.warning("the picture of a result could not be drawn (status %s)", process.returncode)
        return None
    width, height = struct.unpack(">II", data[16:24])
    return Drawn(data, width, height)
