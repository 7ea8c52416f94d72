"""How long to wait before a request is sent again: pure, so that it is tested from tables."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from bridge.matrix.content import Json

FIRST = 0.25
"""Seconds: the bound of the first wait after a failure; it doubles with each further one."""
CAP = 30.0
"""Seconds: no wait of our own choosing is longer."""
RETRIED = frozenset({408, 429})
"""HTTP statuses under 500 that mean "later", not "no"."""


def is_passing(status: int) -> bool:
    """Whether an answer with this HTTP status may be another one later (501, "not implemented", will not)."""
    return status in RETRIED or (status >= 500 and status != 501)


def asked_wait(headers: Mapping[str, str], answer: Json | None, now: datetime) -> float | None:
    """Seconds that the server asks us to wait, the longer of what body and header say; None if it says nothing.

    The body's `retry_after_ms` is older Matrix, the header `Retry-After` (seconds or an HTTP date, RFC 9110 10.2.3) is
    Matrix since 1.10 and what proxies send.
    """
    waits = [wait for wait in (_from_body(answer), _from_header(headers.get("Retry-After"), now)) if wait is not None]
    return max(waits) if waits else None


def own_wait(attempt: int, jitter: random.Random) -> float:
    """Seconds to wait after failure number `attempt` (from 0): exponential, capped, spread over the whole interval."""
    return jitter.uniform(0, min(CAP, FIRST * 2 ** min(attempt, 16)))


def spread(asked: float, jitter: random.Random) -> float:
    """Seconds to wait when the server asks for `asked`: never less, a little more so that not all come at once."""
    return asked + jitter.uniform(0, min(1.0, 0.05 + asked / 10))


def _from_body(answer: Json | None) -> float | None:
    wait = (answer or {}).get("retry_after_ms")
    if isinstance(wait, bool) or not isinstance(wait, int | float):
        return None
    return max(0.0, wait / 1000)


def _from_header(value: str | None, now: datetime) -> float | None:
    if value is None:
        return None
    value = value.strip()
    if value.isascii() and value.isdigit():
        return float(value)
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - now).total_seconds())
