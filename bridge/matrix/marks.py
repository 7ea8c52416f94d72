"""Notes in the database how letters ended: those that ended while a commit was under way share the next one."""

from __future__ import annotations

import asyncio
from functools import partial

from bridge.letters.delivery import Ended, note
from ground.clock import Clock
from ground.database import Database


class Marks:
    """A commit costs more than a sent event, so several letters share one; nobody waits for a full batch.

    `receipts` is set when some were written.
    """

    def __init__(self, database: Database, clock: Clock, receipts: asyncio.Event) -> None:
        self._database = database
        self._clock = clock
        self._receipts = receipts
        self._batch: list[Ended] = []
        self._noted: asyncio.Future[None] | None = None
        self._some = asyncio.Event()

    def add(self, ended: Ended) -> asyncio.Future[None]:
        """Have it noted; the future is done once it is committed."""
        if self._noted is None:
            self._noted = asyncio.get_running_loop().create_future()
        self._batch.append(ended)
        self._some.set()
        return self._noted

    async def run(self) -> None:
        """Commit for as long as this runs."""
        while True:
            await self._some.wait()
            self._some.clear()
            batch, noted = self._batch, self._noted
            self._batch, self._noted = [], None
            now = self._clock.now()
            await self._database.write(partial(note, ended=batch, at=now))
            if noted is not None:
                noted.set_result(None)
            if any(ended.letter.owner is not None for ended in batch):
                self._receipts.set()
