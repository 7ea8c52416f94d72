"""The mirror that never sleeps: what changed in the register, what came due, what was asked, what drifted in Matrix."""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from bridge.matrix.api import MatrixError, TokenRefused
from bridge.mirror.apply import Report, as_json
from bridge.mirror.found import STATE_TYPES
from bridge.mirror.mirror import Mirror
from bridge.mirror.steps import Plan
from bridge.mirror.tables import answer, asked
from party import changes, mandates

log = logging.getLogger(__name__)

TICK: Final = 1.0
"""Seconds between two looks at the register's feed and at what was asked."""
CALM: Final = 5
"""How many times as long as the last round took the mirror rests before it follows a change in Matrix."""
RETRY: Final = 30.0
"""Seconds until what failed is tried again."""
_LONG_POLL: Final = 30_000


@dataclass(frozen=True, slots=True)
class Round:
    """One turn of the mirror."""

    began: datetime
    ended: datetime
    plan: Plan
    report: Report


@dataclass(slots=True)
class _Seen:
    """What the last round took into account."""

    change: int = -1
    due: datetime | None = None
    failed_at: float | None = None
    rests_until: float = 0.0


class Watch:
    """Works the mirror until it is cancelled. The caller holds the lock of the mirror."""

    def __init__(self, mirror: Mirror, on_round: Callable[[Round], None] = lambda _round: None) -> None:
        self.last: Round | None = None
        self._mirror = mirror
        self._on_round = on_round
        self._seen = _Seen()
        self._drifted = asyncio.Event()

    async def run(self) -> None:
        """Never returns. Raises TokenRefused when the homeserver does not know the bot any more."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._listen())
            group.create_task(self._work())

    async def _work(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            requests = await self._mirror.database.read(asked)
            if requests or await self._due(loop.time()):
                began = loop.time()
                await self._round(requests)
                self._seen.rests_until = loop.time() + CALM * (loop.time() - began)
            await asyncio.sleep(TICK)

    async def _due(self, now: float) -> bool:
        """Whether anything asks for a round."""
        seen = self._seen
        if await self._mirror.database.read(changes.last_number) != seen.change:
            return True
        if seen.due is not None and self._mirror.clock.now() >= seen.due:
            return True
        if seen.failed_at is not None and now >= seen.failed_at + RETRY:
            return True
        return self._drifted.is_set() and now >= seen.rests_until

    async def _round(self, requests: list[str]) -> None:
        began = self._mirror.clock.now()
        self._drifted.clear()

        async def present(session: AsyncSession) -> tuple[int, datetime | None]:
            return await changes.last_number(session), await mandates.next_change(session, began)

        change, due = await self._mirror.database.read(present)
        try:
            view = await self._mirror.look()
            report = await self._mirror.carry_out(view)
        except TokenRefused:
            raise
        except MatrixError as error:
            log.warning("the homeserver cannot be used for now: %s", error)
            self._seen.failed_at = asyncio.get_running_loop().time()
            return
        self._seen.change, self._seen.due = change, due
        self._seen.failed_at = asyncio.get_running_loop().time() if report.failed else None
        for request in requests:
            outcome, at = as_json(report), self._mirror.clock.now()
            await self._mirror.database.write(
                lambda session, request=request, outcome=outcome, at=at: answer(session, request, outcome, at)  # type: ignore[misc]
            )
        self.last = Round(began, self._mirror.clock.now(), view.plan, report)
        self._on_round(self.last)

    async def _listen(self) -> None:
        """Notice every state event that somebody else sends to a mirrored room."""
        api = self._mirror.api
        nothing = {"not_types": ["*"]}
        filter_ = {
            "room": {
                "state": nothing,
                "timeline": {"types": list(STATE_TYPES), "not_senders": [api.user_id], "limit": 1},
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
            rooms = news.get("rooms", {})
            moved = any(room["timeline"]["events"] for room in rooms.get("join", {}).values())
            if since is None or moved or rooms.get("invite") or rooms.get("leave"):
                self._drifted.set()
            since = news["next_batch"]
