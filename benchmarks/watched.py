"""The program with a bot, watched from within.

`python -m benchmarks.watched CONFIG` runs until SIGTERM and then says, in one line of JSON, the longest time in seconds
for which its event loop did nothing else.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from pathlib import Path
from typing import Final

from ground.clock import SystemClock
from kunveno import logs
from kunveno.app import open_app
from kunveno.config import Config, load
from kunveno.service import serve
from tests.support.counting import BOT

_BEAT: Final = 0.005


class Pulse:
    """How late the event loop came to what was due, at worst."""

    def __init__(self) -> None:
        self.worst = 0.0

    async def beat(self) -> None:
        """Feel the pulse for ever."""
        while True:
            due = time.perf_counter() + _BEAT
            await asyncio.sleep(_BEAT)
            self.worst = max(self.worst, time.perf_counter() - due)


async def main(config: Config) -> None:
    """Serve until SIGTERM."""
    logs.set_up("text", "info")
    pulse = Pulse()
    beating = asyncio.create_task(pulse.beat())
    async with open_app(config, SystemClock()) as app:
        await serve(app, print, bots=(BOT,))
    beating.cancel()
    print(json.dumps({"blocked": pulse.worst}), flush=True)


if __name__ == "__main__":
    asyncio.run(main(load(Path(sys.argv[1]), os.environ)))
