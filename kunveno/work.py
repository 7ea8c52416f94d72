"""What `kunveno run` does while it holds the lock: the mirror, the letters in and out, and what falls due."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncSession

from bots.kit.bot import Bot
from bots.kit.dispatch import Dispatcher, due_handlers
from bots.kit.preferences import voice_for
from bridge.letters import Applied, Arrival, FromRooms
from bridge.letters.outbox import Counts
from bridge.matrix.deliver import Deliverer
from bridge.matrix.errors import MatrixError, TokenRefused
from bridge.matrix.handover import Desk
from bridge.matrix.receive import Receiver
from bridge.matrix.session import Session
from bridge.mirror.asked_links import AskedLinks
from bridge.mirror.watch import Round, Watch
from bridge.places import Place
from ground.texts import Text, load_translators
from kunveno import ticks, tidying
from kunveno.app import App
from kunveno.connection import open_mirror
from kunveno.logs import without_accounts
from kunveno.measuring import measure
from kunveno.metrics import Metrics
from kunveno.resources import LOCALE
from kunveno.setting import display_name, surroundings

log = logging.getLogger(__name__)

_FIRST_ANSWER: Final = timedelta(minutes=10)
"""How long a homeserver that starts together with the program has to answer."""
_COUNTING: Final = 5.0
"""Seconds between two looks at what the metrics measure."""
_AFTER_LETTERS: Final = 0.1
"""Seconds that the mirror leaves to the answer of a command before it looks whether the command concerns it."""
_LINKING: Final = 2.0
"""Seconds between two looks at the links that were asked for."""


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
        oldest = timedelta(hours=app.config.bots.oldest)
        loop = asyncio.get_running_loop()

        def stir() -> None:
            deliverer.wake()
            loop.call_later(_AFTER_LETTERS, watch.stir)

        around = surroundings(
            app.config, load_translators(LOCALE), account=session.user_id, name=await display_name(session.api)
        )
        dispatcher = Dispatcher(app.database, app.clock, around, bots, stir, observe=metrics.command)

        async def handle(arrival: Arrival) -> None:
            await dispatcher.handle(arrival)
            metrics.arrived(arrival)

        async def handle_all(arrivals: Sequence[FromRooms]) -> None:
            await dispatcher.handle_all(arrivals)
            for arrival in arrivals:
                metrics.arrived(arrival)

        async def worded(read: AsyncSession, place: Place, _account: str, sentence: Text) -> str:
            return (await voice_for(read, around, place)).say(sentence)

        rounds: asyncio.Queue[Round] = asyncio.Queue()
        watch = Watch(mirror, rounds.put_nowait, told=True)
        receiver = Receiver(
            session,
            app.database,
            app.clock,
            oldest=oldest,
            ignored=frozenset(app.config.bots.ignored),
            wording=worded,
            written=deliverer.wake,
            listener=watch.hear,
        )
        standing.watch, standing.session, standing.receiver = watch, session, receiver

        async def applied() -> None:
            while True:
                round_ = await rounds.get()
                _tell(round_, say)
                metrics.mirror_failed.set(len(round_.report.failed))
                await handle(_applied(round_))
                deliverer.wake(rooms=True)

        async def linked() -> None:
            asked = AskedLinks(mirror)
            while True:
                try:
                    if await asked.link_asked(handle):
                        stir()
                except TokenRefused:
                    raise
                except MatrixError as error:
                    log.warning("A room could not be linked for now: %s", error)
                await asyncio.sleep(_LINKING)

        def ticked(_done: int, failed: int) -> None:
            metrics.due_failed.inc(failed)
            stir()

        await first_to_fail(
            watch.run(),
            applied(),
            linked(),
            receiver.run(Desk(handle, dispatcher.team.gathers, handle_all)),
            deliverer.run(),
            deliverer.receipts(handle),
            ticks.run(app.database, app.clock, due_handlers(dispatcher), done=ticked, hears=receiver.hears),
            tidying.run(app.database, app.clock, oldest),
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


def _applied(round_: Round) -> Applied:
    failures = round_.report.failed
    return Applied(
        number=round_.change,
        at=round_.ended,
        failed=frozenset(failure.step.place.branch_id for failure in failures),
        why={failure.step.place.branch_id: failure.why for failure in failures if failure.why is not None},
    )


def _tell(round_: Round, say: Callable[[str], None]) -> None:
    if round_.plan.steps:
        failed = f", {len(round_.report.failed)} failed" if round_.report.failed else ""
        say(f"{len(round_.report.done)} steps done{failed}.")
    for failure in round_.report.failed:
        say(without_accounts(f"  failed: {round_.describer.failure(failure)}"))


async def _count(app: App, standing: Standing, metrics: Metrics) -> None:
    while True:
        measures = await app.database.read(measure)
        standing.letters = measures.letters
        heard = standing.receiver.heard if standing.receiver is not None else None
        unsigned, unreachable = True, 0
        if standing.session is not None:
            unsigned, unreachable = standing.session.unsigned is not None, standing.session.crypto.unreachable
        metrics.measured(measures, app.clock.now(), heard=heard, signed=not unsigned, unreachable=unreachable)
        await asyncio.sleep(_COUNTING)
