"""Work that falls due, looked for every second by APScheduler. What is due, and that it is done once, the rows say."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from datetime import UTC
from functools import partial
from typing import Final

from apscheduler.events import EVENT_JOB_ERROR, JobExecutionEvent
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from ground import due
from ground.clock import Clock
from ground.database import Database

log = logging.getLogger(__name__)

TICK: Final = 1.0
"""Seconds between two looks."""


async def run(
    database: Database,
    clock: Clock,
    handlers: Mapping[str, due.Handler],
    *,
    done: Callable[[int, int], None] = lambda _done, _failed: None,
    hears: Callable[[], bool] = lambda: True,
) -> None:
    """Do what falls due until it is cancelled, oldest first. `done` is told how many were done and how many failed.

    It waits while the program does not hear (`hears`) what people say: a vote that closes meanwhile would be counted
    without ballots that were cast in time.

    Raises what the database raises; work that fails by itself is logged without its content and tried again later.
    """
    loop = asyncio.get_running_loop()
    broken: asyncio.Future[None] = loop.create_future()

    at_work = asyncio.Lock()

    async def tick() -> None:
        if not hears():
            return
        soonest = await database.read(partial(due.next_at, whats=handlers))
        if soonest is None or soonest > clock.now():
            return  # a look takes no turn among the writers
        async with at_work:
            count, failed = await due.run(database, clock, handlers)
        for failure in failed:
            log.warning("%s fell due and failed: %s", failure.due.what, type(failure.error).__name__)
        if count or failed:
            done(count, len(failed))

    def failed(event: JobExecutionEvent) -> None:
        if event.exception is not None and not broken.done():
            broken.set_exception(event.exception)

    # That a tick is left out while the one before it has much to do is no news.
    quiet = logging.getLogger(f"{__name__}.scheduler")
    quiet.setLevel(logging.ERROR)
    scheduler = AsyncIOScheduler(timezone=UTC, event_loop=loop, logger=quiet)
    scheduler.add_job(tick, "interval", seconds=TICK, coalesce=True, max_instances=1, misfire_grace_time=None)
    scheduler.add_listener(failed, EVENT_JOB_ERROR)
    scheduler.start()
    try:
        await broken
    finally:
        scheduler.shutdown(wait=False)
        async with at_work:
            pass  # the transaction in hand is finished first
