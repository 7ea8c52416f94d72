"""`kunveno run`: one process that works, others that stand by, and a page that says whether all is well."""

from __future__ import annotations

import asyncio
import gc
import signal
from collections.abc import Callable, Sequence

from sqlalchemy.exc import DBAPIError

from bots.kit.bot import Bot
from bots.kit.outages import is_outage
from bridge.matrix.errors import Unavailable
from bridge.mirror.mirror import LOCK
from bridge.web.server import Counts
from bridge.web.server import serve as serve_web
from ground import locks
from kunveno import health
from kunveno.app import App
from kunveno.metrics import CONTENT_TYPE, Metrics
from kunveno.work import Standing, first_to_fail, work

_ENDS = (signal.SIGINT, signal.SIGTERM)
_LEAVING = 5.0
"""Seconds to stop in before it is said that it takes long."""
_STANDBY = 1.0
"""Seconds between two tries of a standby to take over."""
_AGAIN = 5.0
"""Seconds until a database or a homeserver that failed is tried again."""
_GUARD = 3.0
"""Seconds between two looks whether the lock is still held."""


async def serve(app: App, say: Callable[[str], None], bots: Sequence[Bot] = ()) -> None:
    """Work until SIGINT or SIGTERM; what is left of a round waits for the next start. A second process stands by.

    A second signal ends the process at once, as if nothing were there to catch it.

    Raises what `kunveno.work.work` raises, but for what may pass, and OSError when the port is taken.
    """
    gc.freeze()  # what was imported stays: collections that look at it again hold up everything else
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in _ENDS:
        loop.add_signal_handler(number, stop.set)
    working, stopped = asyncio.create_task(_serve(app, say, bots)), asyncio.create_task(stop.wait())
    await asyncio.wait({working, stopped}, return_when=asyncio.FIRST_COMPLETED)
    stopped.cancel()
    for number in _ENDS:
        loop.remove_signal_handler(number)
    if not working.done():
        working.cancel()
        await asyncio.wait({working}, timeout=_LEAVING)
    if not working.done():
        say("Still stopping. A second signal ends the process at once; what is left waits for the next start.")
        await asyncio.wait({working})
    if not working.cancelled() and (error := working.exception()) is not None:
        raise error
    say("Stopped.")


async def _serve(app: App, say: Callable[[str], None], bots: Sequence[Bot]) -> None:
    """Work whenever the lock can be had. A database that fails may have lost the lock, so it is asked for anew.

    A homeserver that is lost while the work begins is tried again too; later the parts of the work see to that.
    """
    waiting = False
    while True:
        try:
            async with locks.take(app.database, LOCK) as check:
                if check is not None:
                    waiting = False
                    await first_to_fail(_work(app, say, bots), _guard(check))
        except Exception as error:
            if isinstance(error, Unavailable):
                say(f"The homeserver cannot be used for now ({error}). Trying again.")
            elif _of_the_database(error):
                say(f"The database cannot be used for now ({_said(error)}). Trying again.")
            else:
                raise
            await asyncio.sleep(_AGAIN)
            continue
        if not waiting:
            waiting = True
            say("Another process works with this database. Standing by.")
        await asyncio.sleep(_STANDBY)


async def _guard(check: locks.Check) -> None:
    """Fail as soon as the lock is lost: then another process may have it."""
    while True:
        await asyncio.sleep(_GUARD)
        await check()


async def _work(app: App, say: Callable[[str], None], bots: Sequence[Bot]) -> None:
    standing, metrics, web = Standing(), Metrics(), app.config.web
    page = Counts(metrics.page, CONTENT_TYPE)
    async with serve_web(web.listen, web.port, lambda: health.look(standing, app.clock.now()), page) as port:
        say(f"Running. Health: http://{web.listen}:{port}/health")
        await work(app, bots, standing, metrics, say)


def _of_the_database(error: Exception) -> bool:
    """Whether an error is the database's and may pass. What asyncpg raises while it connects is not wrapped."""
    return isinstance(error, (DBAPIError, ConnectionError, TimeoutError)) or type(error).__module__.startswith(
        "asyncpg."
    )


def _said(error: Exception) -> str:
    """What an error says when it is about the connection; only its name when it may hold what is in the database."""
    if not is_outage(error):
        return type(error).__name__
    return str(error.orig if isinstance(error, DBAPIError) else error) or type(error).__name__
