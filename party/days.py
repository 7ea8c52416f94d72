"""Days as people write them, and the instants that they mean in a time zone.

What lasts *from* a day begins with its first instant; what lasts *until* a day ends with the first instant of the next.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Final

from ground.texts import text
from party.errors import RegisterError

_DAY: Final = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")


def start_of(day: date, zone: tzinfo) -> datetime:
    """The first instant of a day in a zone, in UTC. Raises OverflowError at the ends of the calendar."""
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)


def read_day(written: str) -> date:
    """A date written YYYY-MM-DD. Raises RegisterError."""
    try:
        if _DAY.fullmatch(written):
            return date.fromisoformat(written)
    except ValueError:
        pass
    raise _no_date(written)


def read_from(written: str, zone: tzinfo) -> datetime:
    """The instant at which something begins: that of a day, or a full ISO 8601 instant with its offset."""
    return _read(written, zone, timedelta(0))


def read_until(written: str, zone: tzinfo) -> datetime:
    """The instant just after something: a day counts whole, a full ISO 8601 instant not."""
    return _read(written, zone, timedelta(days=1))


def write_from(instant: datetime, zone: tzinfo) -> str:
    """What `read_from` reads."""
    day = instant.astimezone(zone).date()
    return day.isoformat() if start_of(day, zone) == instant else instant.astimezone(UTC).isoformat()


def write_until(instant: datetime, zone: tzinfo) -> str:
    """What `read_until` reads."""
    day = instant.astimezone(zone).date()
    last = day - timedelta(days=1)
    return last.isoformat() if start_of(day, zone) == instant else instant.astimezone(UTC).isoformat()


def _read(written: str, zone: tzinfo, days: timedelta) -> datetime:
    try:
        if _DAY.fullmatch(written):
            return start_of(date.fromisoformat(written) + days, zone)
        instant = datetime.fromisoformat(written)
        if instant.tzinfo is not None:
            return instant.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise _no_date(written)


def _no_date(written: str) -> RegisterError:
    return RegisterError(text("'{written}' is no date; write one like 2027-06-30.", written=written))
