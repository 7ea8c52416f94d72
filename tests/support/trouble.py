"""A proxy between the program and its homeserver through which anything may go wrong at any time."""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from aiohttp import web

from tests.support.faults import Drop, Fault, FaultProxy, LoseAnswer, Reply, pass_through

KINDS: Final = ("late", "limited", "limited_by_header", "bad_gateway", "nonsense", "dropped", "answer_lost", "doubled")
_LIMITED = '{"errcode": "M_LIMIT_EXCEEDED", "error": "Too many", "retry_after_ms": 200}'


@dataclass(frozen=True, slots=True)
class Odds:
    """How often each happens to a request, 0 to 1, and for how long an answer may be late, in seconds."""

    limited: float = 0.04
    limited_by_header: float = 0.02
    bad_gateway: float = 0.04
    nonsense: float = 0.02
    dropped: float = 0.03
    answer_lost: float = 0.03
    doubled: float = 0.03
    late: float = 0.1
    latest: float = 1.5


class TroubleProxy(FaultProxy):
    """Fails by chance while `troubled`; counts what it did."""

    def __init__(self, upstream: str, chance: random.Random, odds: Odds) -> None:
        super().__init__(upstream)
        self.troubled = False
        self.did: Counter[str] = Counter()
        self._chance = chance
        self._odds = odds

    @classmethod
    @asynccontextmanager
    async def between(
        cls, upstream: str, chance: random.Random, odds: Odds | None = None
    ) -> AsyncIterator[TroubleProxy]:
        proxy = cls(upstream, chance, odds or Odds())
        async with pass_through(proxy):
            yield proxy

    async def before(self, request: web.Request) -> Fault | None:
        """What becomes of the next request."""
        if not self.troubled:
            return None
        odds = self._odds
        if self._chance.random() < odds.late:
            self.did["late"] += 1
            await asyncio.sleep(self._chance.uniform(0, odds.latest))
        kinds: dict[str, tuple[float, Fault]] = {
            "limited": (odds.limited, Reply(429, _LIMITED, {"Content-Type": "application/json"})),
            "limited_by_header": (
                odds.limited_by_header,
                Reply(429, json.dumps({"errcode": "M_LIMIT_EXCEEDED"}), {"Retry-After": "1"}),
            ),
            "bad_gateway": (odds.bad_gateway, Reply(502, "<html>bad gateway</html>")),
            "nonsense": (odds.nonsense, Reply(200, '{"next_batch": ')),
            "dropped": (odds.dropped, Drop()),
            "answer_lost": (odds.answer_lost, LoseAnswer()),
        }
        at = self._chance.random()
        for name, (odd, fault) in kinds.items():
            if at < odd:
                self.did[name] += 1
                return fault
            at -= odd
        return None

    def doubles(self, request: web.Request) -> bool:
        """Whether the homeserver gets this request twice, as after a proxy that tries again."""
        if not self.troubled or request.method not in {"PUT", "GET"} or self._chance.random() >= self._odds.doubled:
            return False
        self.did["doubled"] += 1
        return True
