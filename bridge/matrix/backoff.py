"""What is put off after a failure, longer each time, in seconds of the event loop's clock."""

from __future__ import annotations

import asyncio
from typing import Final, Generic, TypeVar

LONGEST: Final = 60.0

K = TypeVar("K")


class Backoff(Generic[K]):
    """Keys that failed, how often in a row, and when each may be tried again. `first`: seconds after one failure."""

    def __init__(self, first: float, longest: float = LONGEST) -> None:
        self._first = first
        self._longest = longest
        self._failures: dict[K, int] = {}
        self._until: dict[K, float] = {}

    def failed(self, key: K) -> int:
        """Put it off; returns how often it has failed in a row."""
        failures = self._failures[key] = self._failures.get(key, 0) + 1
        wait = min(self._longest, self._first * 2 ** min(failures - 1, 16))
        self._until[key] = asyncio.get_running_loop().time() + wait
        return failures

    def succeeded(self, key: K) -> None:
        """Its failures are forgotten."""
        self._failures.pop(key, None)
        self._until.pop(key, None)

    def put_off(self) -> set[K]:
        """What is not to be tried now."""
        now = asyncio.get_running_loop().time()
        self._until = {key: until for key, until in self._until.items() if until > now}
        return set(self._until)

    def hurry(self) -> None:
        """Nothing is put off any longer."""
        self._until.clear()
