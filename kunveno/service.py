"""`kunveno run`: the mirror kept true, and a page that says whether all is well."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Coroutine, Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy.exc import DBAPIError

from bridge.mirror.mirror import LOCK
from bridge.mirror.watch import Round, Watch
from bridge.web.server import serve as serve_web
from ground import locks
from kunveno.app import App
from kunveno.connection import open_mirror

_FIRST_ANSWER = timedelta(minutes=10)
"""How long a homeserver that starts together with the program has to answer."""
_STANDBY = 1.0
"""Seconds between two tries of a standby to take over."""
_DATABASE_AGAIN = 5.0
"""Seconds until a database that failed is tried again."""
_GUARD = 3.0
"""Seconds between two looks whether the lock is still held."""
_SILENCE = timedelta(minutes=2)
"""A homeserver that has not answered for so long counts as gone; a long poll takes half a minute."""


async def serve(app: App, say: Callable[[str], None]) -> None:
    """Work until SIGINT or SIGTERM; what is left of a round waits for the next start. A second process stands by.

    Raises what `open_mirror` raises, TokenRefused, and OSError when the port is taken.
    """
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    working, stopped = asyncio.create_task(_serve(app, say)), asyncio.create_task(stop.wait())
    await asyncio.wait({working, stopped}, return_when=asyncio.FIRST_COMPLETED)
    stopped.cancel()
    if not working.done():
        working.cancel()
        await asyncio.wait({working})
    if not working.cancelled() and (error := working.exception()) is not None:
        raise error
    say("Stopped.")


async def _serve(app: App, say: Callable[[str], None]) -> None:
    """Work whenever the lock can be had. A database that fails may have lost the lock, so it is asked for anew."""
    waiting = False
    while True:
        try:
            async with locks.take(app.database, LOCK) as check:
                if check is not None:
                    waiting = False
                    await _first_to_fail(_work(app, say), _guard(check))
        except Exception as error:
            if not _of_the_database(error):
                raise
            say(f"The database cannot be used for now ({_said(error)}). Trying again.")
            await asyncio.sleep(_DATABASE_AGAIN)
            continue
        if not waiting:
            waiting = True
            say("Another process works the mirror. Standing by.")
        await asyncio.sleep(_STANDBY)


async def _guard(check: locks.Check) -> None:
    """Fail as soon as the lock is lost: then another process may have it."""
    while True:
        await asyncio.sleep(_GUARD)
        await check()


async def _first_to_fail(*works: Coroutine[Any, Any, None]) -> None:
    """Carry out works that never end, until one fails; raises what it raised, the others being stopped."""
    tasks = [asyncio.create_task(work) for work in works]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


async def _work(app: App, say: Callable[[str], None]) -> None:
    """Work until something fails."""
    watch: Watch | None = None

    def told(round_: Round) -> None:
        if round_.plan.steps:
            failed = f", {len(round_.report.failed)} failed" if round_.report.failed else ""
            say(f"{len(round_.report.done)} steps done{failed}.")
        for failure in round_.report.failed:
            say(f"  failed: {round_.describer.failure(failure)}")

    web = app.config.web
    async with serve_web(web.listen, web.port, lambda: _health(app, watch)) as port:
        say(f"Running. Health: http://{web.listen}:{port}/health")
        async with open_mirror(app, wait=_FIRST_ANSWER) as mirror:
            watch = Watch(mirror, told)
            await watch.run()


def _health(app: App, watch: Watch | None) -> tuple[bool, Mapping[str, object]]:
    now = app.clock.now()
    if watch is None or watch.last is None:
        trouble = watch.trouble if watch is not None else None
        return False, {"mirror": "not yet applied"} | ({"trouble": trouble} if trouble else {})
    last, failed, trouble = watch.last, len(watch.last.report.failed), watch.trouble
    if trouble is None and (watch.heard is None or now - watch.heard > _SILENCE):
        trouble = "the homeserver does not answer"
    return failed == 0 and trouble is None, {
        "mirror": "applied" if failed == 0 else "partly applied",
        "last_round": last.ended.isoformat(timespec="seconds"),
        "failed_steps": failed,
        "findings": len(last.plan.findings),
        "now": now.isoformat(timespec="seconds"),
        "took_seconds": round((last.ended - last.began) / timedelta(seconds=1), 1),
    } | ({"trouble": trouble} if trouble is not None else {})


def _of_the_database(error: Exception) -> bool:
    """Whether an error is the database's and may pass. What asyncpg raises while it connects is not wrapped."""
    return isinstance(error, (DBAPIError, ConnectionError, TimeoutError)) or type(error).__module__.startswith(
        "asyncpg."
    )


def _said(error: Exception) -> str:
    return str(error.orig if isinstance(error, DBAPIError) else error) or type(error).__name__
