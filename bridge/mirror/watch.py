"""The mirror that never sleeps: what changed in the register, what came due, what was asked, what drifted in Matrix."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncSession

from bridge.matrix.api import MatrixError, TokenRefused
from bridge.mirror.apply import Report
from bridge.mirror.describe import Describer
from bridge.mirror.found import STATE_TYPES
from bridge.mirror.mirror import Mirror
from bridge.mirror.steps import Plan
from bridge.mirror.tables import Request, answer, asked
from party import changes, mandates

log = logging.getLogger(__name__)

TICK: Final = 1.0
"""Seconds between two looks at the register's feed and at what was asked."""
CALM: Final = 5
"""How many times as long as the last round took the mirror rests before it follows a change in Matrix."""
LEAST_CALM: Final = 2.0
"""Seconds that it rests at least."""
COMINGS: Final = 20.0
"""Seconds until it looks at people who came in by themselves: all who come meanwhile are one look."""
RETRY: Final = 30.0
"""Seconds until what failed is tried again; twice as long each time that it fails again."""
LONGEST_RETRY: Final = 900.0
_LONG_POLL: Final = 30_000
_MEMBER: Final = "m.room.member"
_EVENTS: Final = 20
"""State events of one room that are looked at, at most; where there are more, one looks at the world."""


@dataclass(frozen=True, slots=True)
class Round:
    """One turn of the mirror. It took the register's changes into account up to number `change`."""

    change: int
    began: datetime
    ended: datetime
    plan: Plan
    report: Report
    describer: Describer


@dataclass(slots=True)
class _Seen:
    """What the last round took into account. Times are the event loop's."""

    change: int = -1
    due: datetime | None = None
    failures: int = 0
    """Rounds in a row in which something failed."""
    retry_at: float | None = None
    unreachable: bool = False
    """The last round could not even look at the homeserver."""
    drift_at: float | None = None
    """From when on a change in Matrix is to be looked at."""
    rests_until: float = 0.0


class Watch:
    """Works the mirror until it is cancelled. The caller holds the lock of the mirror.

    `last` is the last round that was carried out, `heard` when the homeserver last answered, `trouble` why there was
    no round the last time that there should have been one.
    """

    def __init__(
        self, mirror: Mirror, on_round: Callable[[Round], None] = lambda _round: None, *, told: bool = False
    ) -> None:
        """`told`: somebody else syncs for this device and calls `hear`; one device must have one sync alone, for what
        is sent to a device is gone once a later sync was answered."""
        self._told = told
        self.last: Round | None = None
        self.heard: datetime | None = None
        self.trouble: str | None = None
        self._mirror = mirror
        self._on_round = on_round
        self._seen = _Seen()
        self._listening = asyncio.Event()
        self._stirred = asyncio.Event()

    async def run(self) -> None:
        """Never returns. Raises TokenRefused when the homeserver does not know the bot any more, and what the database
        raises: whoever called then has to see whether the lock is still held."""
        try:
            async with asyncio.TaskGroup() as group:
                if not self._told:
                    group.create_task(self._listen())
                group.create_task(self._work())
        except BaseExceptionGroup as errors:
            raise _worst(errors) from None

    async def _work(self) -> None:
        await self._listening.wait()  # from here on, nothing that happens in Matrix is missed
        loop = asyncio.get_running_loop()
        while True:
            self._stirred.clear()
            requests = await self._mirror.database.read(asked)
            if await self._due(requests, loop.time()):
                began = loop.time()
                await self._round(requests)
                self._seen.rests_until = loop.time() + max(LEAST_CALM, CALM * (loop.time() - began))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(TICK):
                    await self._stirred.wait()

    def stir(self) -> None:
        """Look at once whether there is something to do: the register may have changed."""
        self._stirred.set()

    def hear(self, rooms: Mapping[str, Any]) -> None:
        """Take note of a sync: `rooms` is what stands under that name in its answer; an empty one of a first sync."""
        self.heard = self._mirror.clock.now()
        if (patience := _patience(rooms, self._mirror.api.user_id)) is not None:
            at = asyncio.get_running_loop().time() + patience
            self._seen.drift_at = at if self._seen.drift_at is None else min(at, self._seen.drift_at)
        self._listening.set()

    async def _due(self, requests: Iterable[Request], now: float) -> bool:
        """Whether anything asks for a round."""
        seen = self._seen
        if seen.retry_at is not None and now >= seen.retry_at:
            return True
        if seen.unreachable:
            return False
        if requests or await self._mirror.database.read(changes.last_number) != seen.change:
            return True
        if seen.due is not None and self._mirror.clock.now() >= seen.due:
            return True
        return seen.drift_at is not None and now >= max(seen.drift_at, seen.rests_until)

    async def _round(self, requests: list[Request]) -> None:
        began = self._mirror.clock.now()
        self._seen.drift_at = None

        async def present(session: AsyncSession) -> tuple[int, datetime | None]:
            return await changes.last_number(session), await mandates.next_change(session, began)

        change, due = await self._mirror.database.read(present)
        try:
            view = await self._mirror.look(again=any(request.again for request in requests))
            report = await self._mirror.carry_out(view)
        except (MatrixError, ExceptionGroup) as raised:
            error = _worst(raised)
            if isinstance(error, TokenRefused) or not isinstance(error, MatrixError):
                raise error from None
            self._failed(unreachable=True)
            self.trouble = f"the homeserver cannot be used for now: {error}"
            log.warning("%s", self.trouble)
            return
        self.trouble = None
        self._seen.change, self._seen.due = change, due
        if report.failed:
            self._failed(unreachable=False)
        else:
            self._seen.failures, self._seen.retry_at, self._seen.unreachable = 0, None, False
        describer = Describer(view.tree)
        for request in requests:
            outcome, at = json.dumps(describer.report(report)), self._mirror.clock.now()
            await self._mirror.database.write(
                lambda session, id_=request.id, outcome=outcome, at=at: answer(session, id_, outcome, at)  # type: ignore[misc]
            )
        self.last = Round(change, began, self._mirror.clock.now(), view.plan, report, describer)
        self._on_round(self.last)

    def _failed(self, *, unreachable: bool) -> None:
        seen = self._seen
        wait = min(RETRY * 2.0**seen.failures, LONGEST_RETRY)
        seen.retry_at = asyncio.get_running_loop().time() + wait
        seen.failures, seen.unreachable = min(seen.failures + 1, 16), unreachable

    async def _listen(self) -> None:
        """Notice every state event that somebody else sends to a mirrored room."""
        api = self._mirror.api
        nothing = {"not_types": ["*"]}
        filter_ = {
            "room": {
                "state": nothing,
                "timeline": {"types": list(STATE_TYPES), "not_senders": [api.user_id], "limit": _EVENTS},
                "ephemeral": nothing,
                "account_data": nothing,
            },
            "account_data": nothing,
            "presence": {"not_types": ["*", str(uuid.uuid4())]},
        }
        since: str | None = None
        while True:
            try:
                news = await api.sync(filter=filter_, since=since, timeout_ms=0 if since is None else _LONG_POLL)
            except TokenRefused:
                raise
            except MatrixError as error:
                log.warning("the homeserver cannot be listened to for now: %s", error)
                await asyncio.sleep(RETRY)
                continue
            self.hear({} if since is None else news.get("rooms", {}))
            since = news["next_batch"]


def _patience(rooms: Mapping[str, Any], bot: str) -> float | None:
    """In how many seconds one should look because of news; None when there is nothing to look at."""
    if rooms.get("invite") or rooms.get("leave"):
        return 0.0
    events = list[Any]()
    for room in rooms.get("join", {}).values():
        timeline = room.get("timeline", {})
        news = [event for event in timeline.get("events", ()) if _is_drift(event, bot)]
        if timeline.get("limited"):
            # Members stand there too who only wrote; those who came or went in the gap are told when it is filled.
            missed = [event for event in room.get("state", {}).get("events", ()) if _is_drift(event, bot)]
            if news or any(event["type"] != _MEMBER for event in missed):
                return 0.0
        events += news
    if not events:
        return None
    return COMINGS if all(map(_came_in, events)) else 0.0


def _is_drift(event: Mapping[str, Any], bot: str) -> bool:
    """Whether an event changes what the mirror looks after, and is not its own doing."""
    return event.get("state_key") is not None and event.get("type") in STATE_TYPES and event.get("sender") != bot


def _came_in(event: Mapping[str, Any]) -> bool:
    return (event["type"], event["content"].get("membership")) == (_MEMBER, "join")


def _worst(error: BaseException) -> BaseException:
    """Of errors that came together, the one that matters: a refused token before all others."""
    if isinstance(error, BaseExceptionGroup):
        refused, _ = error.split(TokenRefused)
        error = refused or error
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
