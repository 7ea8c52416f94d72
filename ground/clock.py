"""The clock, passed in as a value so that nothing reads the time behind a caller's back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Tells the time as an aware UTC instant."""

    def now(self) -> datetime:
        """The present instant, aware, in UTC."""
        ...


@dataclass(frozen=True, slots=True)
class SystemClock:
    """The machine's clock, cut to microseconds as databases keep them."""

    def now(self) -> datetime:
        return datetime.now(UTC)


@dataclass(slots=True)
class FixedClock:
    """A clock that stands still until it is moved; for tests, demonstrations and replays."""

    instant: datetime

    def __post_init__(self) -> None:
        if self.instant.tzinfo is None:
            raise ValueError("a clock needs an aware instant")

    def now(self) -> datetime:
        return self.instant.astimezone(UTC)

    def advance(self, by: timedelta) -> None:
        """Move the clock forward."""
        self.instant += by
