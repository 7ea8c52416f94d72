"""Which day a phrase means, seen from today."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Final

from bots.kit.dates.phrase import Away, CalendarDay, Day, Edge, MonthPart, Numbers, Weekday
from bots.kit.dates.saying import say_day, say_month, say_weekday
from bots.kit.dates.values import Direction, add_months, nearest_date
from ground.texts import Text, text

YEARS: Final = 100
"""How many years away a date may lie."""

_JUST_PASSED: Final = timedelta(days=31)


@dataclass(frozen=True, slots=True)
class Here:
    """Where and when a date is read."""

    language: str
    zone: tzinfo
    now: datetime
    direction: Direction
    default_time: time | None
    written: str

    @property
    def today(self) -> date:
        """The day it is for people in the zone."""
        return self.now.astimezone(self.zone).date()


class DayDoubt(Exception):
    """No such day, or not only one; `days` are those that may be meant, `ask` says so with their names filled in."""

    def __init__(self, ask: Callable[[Sequence[str]], Text], *days: date) -> None:
        super().__init__()
        self.ask = ask
        self.days = days


def day_of(day: Day, here: Here, *, over: bool) -> date:
    """The day meant; `over` tells that its time of day has passed today.

    - A weekday alone is the nearest one whose time is still to come, which may be today.
    - "Vendredi prochain" and "next Friday" are the coming Friday, never today: on a Friday, that of next week. English
      is of two minds about "next Friday"; both languages follow one rule so that a room that speaks both has one
      calendar, and the reply gives the date in full. "Vendredi de la semaine prochaine", "vendredi en huit", "Friday
      next week" and "Friday week" are never taken for the coming one.
    - "La semaine prochaine" is its Monday, "le mois prochain" its first day, "fin du mois" the last day of this month.
    - A day without year is the coming one; where it has passed within a month, that is asked, since it may be a slip.
    - With the direction "past", all of these look backwards.

    Raises DayDoubt.
    """
    match day:
        case Away():
            return _in_reach(day, here)
        case Weekday():
            return _weekday(day, here, over=over)
        case CalendarDay(month=None):
            return _day_of_month(day, here, over=over)
        case CalendarDay():
            return _calendar_day(day, here)
        case Numbers():
            return _numbers(day, here)
        case MonthPart():
            return _month_part(day, here)
        case Edge():
            return _edge(day, here.today)


def later(day: Day | None, here: Here, *, over: bool) -> date:
    """What is meant instead of a day on the wrong side of now: the same day of another year,
    as many days on the other side, or the next that fits.
    """
    step, today = (-1 if here.direction == "past" else 1), here.today
    nearest = today + timedelta(days=step) if over else today
    if isinstance(day, CalendarDay | Numbers | MonthPart):
        wrong = day_of(day, here, over=over)
        if wrong == today:
            return nearest
        return next(
            found
            for years in range(2 * YEARS)
            if ((found := nearest_date(today.year + step * years, wrong.month, wrong.day)) - nearest).days * step >= 0
        )
    if isinstance(day, Weekday):
        return nearest + timedelta(days=step * ((step * (day.weekday - nearest.weekday())) % 7))
    if isinstance(day, Away) and (found := _in_reach(day, here)) != today:
        return today + (today - found)
    if isinstance(day, Edge):
        return _edge(replace(day, ahead=day.ahead + step), today)
    return nearest


def check_reach(day: Away, here: Here) -> None:
    """Raises DayDoubt where it is too far away."""
    if abs(day.duration.rough_days) > YEARS * 365:
        raise _too_far(here)


def _in_reach(day: Away, here: Here) -> date:
    check_reach(day, here)
    duration = day.duration
    return add_months(here.today, duration.months) + timedelta(days=duration.days)


def _too_far(here: Here) -> DayDoubt:
    first, last, written = here.today.year - YEARS, here.today.year + YEARS, here.written
    return DayDoubt(
        lambda names: text(
            "'{written}' is too far away: write a year from {first} to {last}, as in {example}.",
            written=written, first=first, last=last, example=names[0],
        ),
        here.today + timedelta(days=-1 if here.direction == "past" else 1),
    )  # fmt: skip


def _weekday(day: Weekday, here: Here, *, over: bool) -> date:
    today = here.today
    ahead = (day.weekday - today.weekday()) % 7
    back = ahead - 7
    if day.which == "of week":
        return today + timedelta(days=day.weekday - today.weekday() + 7 * day.weeks)
    if day.which == "next":
        return today + timedelta(days=ahead or 7)
    if day.which == "last":
        return today + timedelta(days=back)
    if day.weeks:
        return today + timedelta(days=ahead + 7 * day.weeks)
    if here.direction == "past":
        return today if ahead == 0 and over else today + timedelta(days=back)
    return today + timedelta(days=7 if ahead == 0 and over else ahead)


def _day_of_month(day: CalendarDay, here: Here, *, over: bool) -> date:
    today, step = here.today, -1 if here.direction == "past" else 1
    for months in range(12):
        first = add_months(today.replace(day=1), step * months)
        if 1 <= day.day <= monthrange(first.year, first.month)[1]:
            found = first.replace(day=day.day)
            passed = found == today and over if step > 0 else found == today and not over
            if (found - today).days * step >= 0 and not passed:
                return _checked(found, day.weekday, here)
    return _real(today.year, today.month, day.day, here)


def _calendar_day(day: CalendarDay, here: Here) -> date:
    month = day.month or 0
    if not 1 <= month <= 12:
        raise _no_month(day, here)
    year = _year(day.year, month, day.day, here)
    return _checked(_real(year, month, day.day, here), day.weekday, here)


def _year(year: int | None, month: int, day: int, here: Here) -> int:
    """The year that was written, or that of the coming such day."""
    if year is not None:
        if abs(year - here.today.year) > YEARS:
            raise _too_far(here)
        return year
    this = here.today.year
    away = nearest_date(this, month, day) - here.today
    if here.direction == "past":
        return this - 1 if away > _JUST_PASSED else this
    before = here.today - nearest_date(this - 1, month, day)
    if before <= _JUST_PASSED and here.direction == "future":
        return this - 1
    return this + 1 if away < (-_JUST_PASSED if here.direction == "future" else timedelta()) else this


def _real(year: int, month: int, day: int, here: Here) -> date:
    nearest = nearest_date(year, month, day)
    if nearest.day == day:
        return nearest
    name = say_month(year, month, language=here.language)
    raise DayDoubt(
        lambda names: text(
            "{month} has no {day}. Did you mean {suggestion}?", month=name, day=day, suggestion=names[0]
        ),
        nearest,
    )


def _no_month(day: CalendarDay, here: Here) -> DayDoubt:
    """Month 25 on day 12 is the 25th of December; otherwise the nearest month is December or January."""
    month = day.month or 0
    right, of = (month, day.day) if month <= 31 and 1 <= day.day <= 12 else (day.day, 12 if month else 1)
    found = nearest_date(_year(day.year, of, right, here), of, right)
    return DayDoubt(
        lambda names: text("There is no month {month}. Did you mean {suggestion}?", month=month, suggestion=names[0]),
        found,
    )


def _checked(day: date, weekday: int | None, here: Here) -> date:
    """The day, if it is the day of the week that was written with it."""
    if weekday is None or day.weekday() == weekday:
        return day
    away = (weekday - day.weekday()) % 7
    other = day + timedelta(days=away if away <= 3 else away - 7)
    language = here.language
    values = {
        "date": say_day(day, language=language, weekday=False),
        "right": say_weekday(day.weekday(), language=language),
        "wrong": say_weekday(weekday, language=language),
    }
    raise DayDoubt(
        lambda names: text(
            "{date} is a {right}, not a {wrong}. Did you mean {first} or {second}?",
            first=names[0], second=names[1], **values,
        ),
        day,
        other,
    )  # fmt: skip


def _numbers(day: Numbers, here: Here) -> date:
    """Day first in French. English has both orders: the one that makes a date, and on the weekday written, is taken."""
    in_order = CalendarDay(day.first, day.second, day.year, day.weekday)
    if day.day_first or day.first == day.second:
        return _calendar_day(in_order, here)
    swapped = CalendarDay(day.second, day.first, day.year, day.weekday)
    if not (1 <= day.first <= 12 and 1 <= day.second <= 12):
        return _calendar_day(swapped if day.second > 12 and day.first <= 12 else in_order, here)
    both = [_calendar_day(CalendarDay(option.day, option.month, day.year), here) for option in (in_order, swapped)]
    fitting = [found for found in both if day.weekday in (None, found.weekday())]
    if len(fitting) == 1:
        return fitting[0]
    written = here.written
    raise DayDoubt(
        lambda names: text(
            "'{written}' can be {first} or {second}. Which one do you mean?",
            written=written, first=names[0], second=names[1],
        ),
        *both,
    )  # fmt: skip


def _month_part(day: MonthPart, here: Here) -> date:
    number = {"start": 1, "middle": 15, "end": 31}[day.where]
    return nearest_date(_year(day.year, day.month, number, here), day.month, number)


def _edge(day: Edge, today: date) -> date:
    if day.unit in ("week", "weekend"):
        monday = today + timedelta(days=7 * day.ahead - today.weekday())
        if day.unit == "weekend":
            return max(monday + timedelta(days=5), min(today, monday + timedelta(days=6)))
        return monday + timedelta(days=6 if day.end else 0)
    if day.unit == "year":
        return date(today.year + day.ahead, 12 if day.end else 1, 31 if day.end else 1)
    first = add_months(today.replace(day=1), day.ahead)
    return nearest_date(first.year, first.month, 31 if day.end else 1)
