"""`kunveno run`: the mirror kept true, and a page that says whether all is well."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Mapping
from datetime import timedelta

from bridge.matrix.api import TokenRefused
from bridge.mirror.mirror import LOCK
from bridge.mirror.watch import Round, Watch
from bridge.web.server import serve as serve_web
from ground import locks
from kunveno.app import App
from kunveno.connection import open_mirror

_STANDBY = 1.0
"""Seconds between two tries of a standby to take over."""


async def serve(app: App, say: Callable[[str], None]) -> None:
    """Work until SIGINT or SIGTERM; what is left of a round waits for the next start. A second process stands by."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    waiting = False
    while not stop.is_set():
        async with locks.hold(app.database, LOCK) as held:
            if held:
                await _work(app, say, stop)
                return
        if not waiting:
            waiting = True
            say("Another process works the mirror. Standing by.")
        await _pause(stop, _STANDBY)


async def _work(app: App, say: Callable[[str], None], stop: asyncio.Event) -> None:
    def told(round_: Round) -> None:
        if round_.plan.steps:
            failed = f", {len(round_.report.failed)} failed" if round_.report.failed else ""
            say(f"{len(round_.report.done)} steps done{failed}.")
        for failure in round_.report.failed:
            say(f"  failed: {failure.step.place}: {failure.reason}")

    async with open_mirror(app) as mirror:
        watch = Watch(mirror, told)
        web = app.config.web
        async with serve_web(web.listen, web.port, lambda: _health(app, watch)) as port:
            say(f"Running. Health: http://{web.listen}:{port}/health")
            worker = asyncio.create_task(watch.run())
            stopped = asyncio.create_task(stop.wait())
            await asyncio.wait({worker, stopped}, return_when=asyncio.FIRST_COMPLETED)
            stopped.cancel()
            if worker.done():
                _raise_first(worker)
            worker.cancel()
            await asyncio.wait({worker})
    say("Stopped.")


def _raise_first(worker: asyncio.Task[None]) -> None:
    """A worker only ends by an error: say the one that matters."""
    error = worker.exception()
    if isinstance(error, BaseExceptionGroup):
        refused, _ = error.split(TokenRefused)
        error = refused.exceptions[0] if refused is not None else error
    if error is not None:
        raise error


def _health(app: App, watch: Watch) -> tuple[bool, Mapping[str, object]]:
    last = watch.last
    if last is None:
        return False, {"mirror": "not yet applied"}
    failed = len(last.report.failed)
    return failed == 0, {
        "mirror": "applied" if failed == 0 else "partly applied",
        "last_round": last.ended.isoformat(timespec="seconds"),
        "failed_steps": failed,
        "findings": len(last.plan.findings),
        "now": app.clock.now().isoformat(timespec="seconds"),
        "took_seconds": round((last.ended - last.began) / timedelta(seconds=1), 1),
    }


async def _pause(stop: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(stop.wait(), seconds)
    except TimeoutError:
        return
