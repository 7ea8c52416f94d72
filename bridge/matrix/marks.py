"""Notes in the database how letters ended: those that ended soon one after the other share a commit."""

from __future__ import annotations

import asyncio
from datetime import datetime
from functools import partial
from typing import Final

from bridge.letters.delivery import Ended, note
from ground.clock import Clock
from ground.database import Database

APART: Final = 0.1
"""Seconds between two commits: each waits for the disk, which is the homeserver's too where both are on one machine."""


class Marks:
    """A commit costs more than a sent event, so several letters share one; the first after a silence waits for nobody.

    `receipts` is set when some were written.
    """

    def __init__(self, database: Database, clock: Clock, receipts: asyncio.Event) -> None:
        self._database = database
        self._clock = clock
        self._receipts = receipts
        self._batch: list[tuple[Ended, datetime]] = []
        self._pending: set[int] = set()
        self._some = asyncio.Event()
        self._noted: asyncio.Future[None] | None = None
        """Of the newest batch, the one being written included."""

    @property
    def pending(self) -> frozenset[int]:
        """The numbers of letters that ended, as is not noted yet: the outbox still says that they wait."""
        return frozenset(self._pending)

    def add(self, ended: Ended) -> None:
        """Have it noted that a letter ended now."""
        if not self._batch:
            self._noted = asyncio.get_running_loop().create_future()
        self._batch.append((ended, self._clock.now()))
        self._pending.add(ended.letter.number)
        self._some.set()

    async def caught_up(self) -> None:
        """Wait until all is noted that was added before."""
        if self._noted is not None:
            await asyncio.shield(self._noted)

    async def run(self) -> None:
        """Commit for as long as this runs."""
        loop = asyncio.get_running_loop()
        while True:
            await self._some.wait()
            begun = loop.time()
            await self.note()
            await asyncio.sleep(begun + APART - loop.time())

    async def note(self) -> None:
        """Commit what there is."""
        batch, noted = self._batch, self._noted
        if not batch or noted is None:
            return
        self._batch = []
        self._some.clear()
        await self._database.write(partial(note, ended=batch))
        self._pending.difference_update(ended.letter.number for ended, _ in batch)
        noted.set_result(None)
        if any(ended.letter.owner is not None for ended, _ in batch):
            self._receipts.set()
