"""When a newcomer is welcomed. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

SETTLED: Final = timedelta(seconds=20)
"""From somebody's first room to the welcome: invitations to several rooms are accepted one after the other."""
APART: Final = timedelta(seconds=2)
"""Between two welcomes, each of which opens a conversation: when thousands come at once, answers go before."""


def welcome_at(now: datetime, last: datetime | None) -> datetime:
    """When to welcome somebody who comes now. `last`: when the latest of all welcomes is said."""
    soon = now + SETTLED
    return soon if last is None or last + APART <= soon else last + APART
