"""What a date and a duration are, once understood."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Literal

from ground.texts import Text

Direction = Literal["future", "past", "any"]


@dataclass(frozen=True, slots=True)
class Understood:
    """A moment somebody wrote: `instant` in UTC; `all_day` where they wrote a day and no time."""

    instant: datetime
    all_day: bool


class DateProblem(Exception):
    """What was written is no date or duration; `text` says why and what would be right.

    `text` is filled with dates in the language that was asked for; `suggestions` are those dates, for prefilling.
    """

    def __init__(self, text: Text, *suggestions: Understood) -> None:
        super().__init__(text)
        self.text = text
        self.suggestions = suggestions

    def __str__(self) -> str:
        return str(self.text)


@dataclass(frozen=True, slots=True)
class Duration:
    """A length of time as people count it: months and days of the calendar, and exact seconds.

    A day is a day of the calendar: three days after Friday 18:00 is Monday 18:00, also when the clocks change.
    """

    months: int = 0
    days: int = 0
    seconds: int = 0

    def __add__(self, other: Duration) -> Duration:
        return Duration(self.months + other.months, self.days + other.days, self.seconds + other.seconds)

    def __neg__(self) -> Duration:
        return Duration(-self.months, -self.days, -self.seconds)

    @property
    def rough_days(self) -> float:
        """About how many days, to compare with a limit."""
        return self.months * 30.5 + self.days + self.seconds / 86_400

    def after(self, instant: datetime, zone: tzinfo) -> datetime:
        """The instant (UTC) this much later, for people in `zone`; a month after 31 January is the end of February."""
        moment = instant
        if self.months or self.days:
            local = instant.astimezone(zone)
            moment = place(add_months(local.date(), self.months) + timedelta(days=self.days), local.time(), zone)
        return moment.astimezone(UTC) + timedelta(seconds=self.seconds)


def add_months(day: date, months: int) -> date:
    """The same day so many months later, or the last of that month where it has fewer days."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return nearest_date(year, month + 1, day.day)


def nearest_date(year: int, month: int, day: int) -> date:
    """The date, or the nearest one that month has."""
    return date(year, month, max(1, min(day, monthrange(year, month)[1])))


def place(day: date, at: time, zone: tzinfo) -> datetime:
    """A time on the wall as an instant in UTC; one the clocks skip moves on by what they skip (RFC 5545)."""
    return datetime.combine(day, at, zone).astimezone(UTC)


def is_skipped(day: date, at: time, zone: tzinfo) -> bool:
    """Whether the clocks pass over that time on that day."""
    return _offset(day, at, zone, 0) < _offset(day, at, zone, 1)


def is_repeated(day: date, at: time, zone: tzinfo) -> bool:
    """Whether the clocks show that time twice on that day."""
    return _offset(day, at, zone, 0) > _offset(day, at, zone, 1)


def _offset(day: date, at: time, zone: tzinfo, fold: int) -> timedelta:
    return datetime.combine(day, at.replace(fold=fold), zone).utcoffset() or timedelta()
