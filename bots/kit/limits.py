"""How much is answered to one person and in one room, so that nobody keeps the bot from the others."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Final

from bots.kit.surroundings import Limits
from bridge.places import Direct, Place, address

_MINUTE: Final = timedelta(minutes=1)
_MOST: Final = 10_000
"""Buckets kept; beyond it those that are full again are dropped."""


class Verdict(Enum):
    """What is to become of a message."""

    ANSWER = "answer"
    TOO_MANY = "too many"
    """It is noted and not acted on."""
    SILENCE = "silence"
    """The account is taken for a machine that answers our answers."""


@dataclass(slots=True)
class _Bucket:
    tokens: float
    at: datetime


class Meter:
    """Counts in memory: what is forgotten by a restart only lets a little more through."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._buckets: dict[str, _Bucket] = {}
        self._lost: dict[str, deque[datetime]] = {}
        self._silent: dict[str, datetime] = {}

    def judge(self, account: str, place: Place, now: datetime) -> Verdict:
        """What is to become of a message that speaks to the bot."""
        if (until := self._silent.get(_pair(account, place))) is not None:
            if now < until:
                return Verdict.SILENCE
            del self._silent[_pair(account, place)]
        limits = self._limits
        if not self._take(account, limits.person, limits.person_every, now):
            return Verdict.TOO_MANY
        if isinstance(place, Direct) or self._take(address(place), limits.room, limits.room_every, now):
            return Verdict.ANSWER
        return Verdict.TOO_MANY

    def not_understood(self, account: str, place: Place, now: datetime) -> None:
        """No command was made of a message, or it was one too many."""
        most = self._limits.not_understood
        if most is None:
            return
        key = _pair(account, place)
        times = self._lost.setdefault(key, deque())
        times.append(now)
        while times and now - times[0] >= _MINUTE:
            times.popleft()
        if len(times) > most:
            self._silent[key] = now + self._limits.silence
            del self._lost[key]
        if len(self._lost) > _MOST:
            self._lost = {key: times for key, times in self._lost.items() if now - times[-1] < _MINUTE}

    def _take(self, key: str, burst: int | None, every: timedelta, now: datetime) -> bool:
        if burst is None:
            return True
        bucket = self._buckets.setdefault(key, _Bucket(burst, now))
        bucket.tokens = min(burst, bucket.tokens + max(timedelta(0), now - bucket.at) / every)
        bucket.at = max(bucket.at, now)
        if len(self._buckets) > _MOST:
            self._buckets = {key: kept for key, kept in self._buckets.items() if now - kept.at < every * burst}
        if bucket.tokens < 1:
            return False
        bucket.tokens -= 1
        return True


def _pair(account: str, place: Place) -> str:
    return f"{account} {address(place)}"
