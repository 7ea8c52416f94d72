"""What `kunveno run` does while it holds the lock: the mirror, the letters in and out, and what falls due."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final

from bots.kit.bot import Bot
from bots.kit.dispatch import Dispatcher, due_handlers
from bridge.letters import Applied, outbox
from bridge.letters.outbox import Counts
from bridge.matrix.deliver import Deliverer
from bridge.matrix.receive import Receiver
from bridge.matrix.session import Session
from bridge.mirror.watch import Round, Watch
from ground.texts import load_translators
from kunveno import ticks
from kunveno.app import App
from kunveno.connection import open_mirror
from kunveno.metrics import Metrics
from kunveno.resources import LOCALE
from kunveno.setting import display_name, surroundings

log = logging.getLogger(__name__)

_FIRST_ANSWER: Final = timedelta(minutes=10)
"""How long a homeserver that starts together with the program has to answer."""
_COUNTING: Final = 5.0
"""Seconds between two looks at how the outbox stands."""


@dataclass(slots=True)
class Standing:
    """How the work stands, for the health page. What is None has not begun."""

    watch: Watch | None = None
    session: Session | None = None
    receiver: Receiver | None = None
    letters: Counts | None = None


async def work(app: App, bots: Sequence[Bot], standing: Standing, metrics: Metrics, say: Callable[[str], None]) -> None:
    """Work until something fails. Raises what `open_mirror` and `Session.open` raise, TokenRefused, and what the
    database raises: whoever called then has to see whether the lock is still held."""
    homeserver = app.config.homeserver
    async with (
        open_mirror(app, wait=_FIRST_ANSWER) as mirror,
        Session.open(
            mirror.api,
            app.database,
            app.clock,
            folder=homeserver.crypto,
            signing_keys=homeserver.signing_keys,
            on_standby=lambda: say(f"Another process works with {homeserver.crypto}. Standing by."),
        ) as session,
    ):
        mirror = replace(mirror, api=session.api)
        deliverer = Deliverer(app.database, session, app.clock)

        def stir() -> None:
            deliverer.wake()
            watch.stir()

        dispatcher = Dispatcher(
            app.database,
            app.clock,
            surroundings(
                app.config,
                load_translators(LOCALE),
                account=session.user_id,
                name=await display_name(session.api),
            ),
            bots,
            stir,
        )
        rounds: asyncio.Queue[Round] = asyncio.Queue()
        watch = Watch(mirror, rounds.put_nowait, told=True)
        receiver = Receiver(
            session,
            app.database,
            app.clock,
            oldest=timedelta(hours=app.config.bots.oldest),
            written=deliverer.wake,
        )
        standing.watch, standing.session, standing.receiver = watch, session, receiver

        async def applied() -> None:
            while True:
                round_ = await rounds.get()
                _tell(round_, say)
                metrics.mirror_failed.set(len(round_.report.failed))
                failed = frozenset(failure.step.place.branch_id for failure in round_.report.failed)
                await dispatcher.handle(Applied(number=round_.change, at=round_.ended, failed=failed))
                deliverer.wake(rooms=True)

        def ticked(_done: int, failed: int) -> None:
            metrics.due_failed.inc(failed)
            stir()

        async def pulse() -> None:
            await session.ready.wait()
            while True:
                watch.hear({})
                await asyncio.sleep(10)

        await first_to_fail(
            pulse(),
            watch.run(),
            applied(),
            receiver.run(dispatcher.handle),
            deliverer.run(),
            deliverer.receipts(dispatcher.handle),
            ticks.run(app.database, app.clock, due_handlers(dispatcher), done=ticked),
            _count(app, standing, metrics),
        )


async def first_to_fail(*works: Coroutine[Any, Any, None]) -> None:
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


def _tell(round_: Round, say: Callable[[str], None]) -> None:
    if round_.plan.steps:
        failed = f", {len(round_.report.failed)} failed" if round_.report.failed else ""
        say(f"{len(round_.report.done)} steps done{failed}.")
    for failure in round_.report.failed:
        say(f"  failed: {round_.describer.failure(failure)}")


async def _count(app: App, standing: Standing, metrics: Metrics) -> None:
    while True:
        standing.letters = letters = await app.database.read(outbox.counts)
        metrics.letters_waiting.set(letters.waiting)
        metrics.letters_dead.set(letters.dead)
        age = (app.clock.now() - letters.oldest) / timedelta(seconds=1) if letters.oldest is not None else 0.0
        metrics.letters_oldest.set(age)
        if standing.session is not None:
            metrics.device_signed.set(standing.session.unsigned is None)
        await asyncio.sleep(_COUNTING)
