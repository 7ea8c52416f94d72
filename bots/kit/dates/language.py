"""What every language shares: rules, durations, and the dates and times that are written in figures."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction

from bots.kit.dates.phrase import CalendarDay, Clock, Numbers, Phrase, either
from bots.kit.dates.values import Duration

Found = Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class Rule:
    """A pattern over folded text, and what it means; `build` answers None where it means nothing after all.

    A `loose` rule is too easily met by chance in a longer text, and holds there only together with another.
    """

    pattern: re.Pattern[str]
    build: Callable[[Found], Phrase | None]
    loose: bool = False


def rule(pattern: str, build: Callable[[Found], Phrase | None], *, loose: bool = False) -> Rule:
    """A rule for whole words; a space in the pattern stands for any number of spaces."""
    spaced = pattern.replace(" ", r"\s+")
    return Rule(re.compile(rf"(?:{spaced})(?!\w)"), build, loose)


@dataclass(frozen=True, slots=True)
class Units:
    """How a language counts time: `numbers` in words, `units` by name, whole phrases, and what stands between."""

    numbers: Mapping[str, int]
    units: Mapping[str, Duration]
    phrases: Mapping[str, Duration]
    half: str
    joint: str

    @property
    def pattern(self) -> str:
        """A pattern for a duration, to stand in a rule."""
        item = self._item()
        return rf"(?:{item}(?:(?:\s*,\s*|\s+)?(?:{self.joint}\s+)?{item}){{0,6}})"

    def _item(self, *, named: bool = False) -> str:
        number = rf"(?:\d{{1,6}}(?:[.,]\d{{1,2}})?|{either(self.numbers)}(?=\s))"
        phrase, units = either(self.phrases), either(self.units)
        minutes = rf"\d\d(?!\d|[.,:/]\d|\s*{units}(?![a-z]))"
        half = rf"\s+{self.half}"
        if named:
            number, phrase, units = f"(?P<number>{number})", f"(?P<phrase>{phrase})", f"(?P<unit>{units})"
            minutes, half = f"(?P<minutes>{minutes})", f"(?P<half>{half})"
        return rf"(?:(?:{phrase}|{number}\s*{units})(?:\s*{minutes}|{half})?(?![a-z]))"

    def reader(self) -> Callable[[str], Duration | None]:
        """A function from folded text that is wholly a duration to that duration, None for any other."""
        whole, item = re.compile(self.pattern), re.compile(self._item(named=True))

        def read(words: str) -> Duration | None:
            if not whole.fullmatch(words):
                return None
            total = Duration()
            for found in item.finditer(words):
                part = self._value(found.groupdict())
                if part is None:
                    return None
                total += part
            return total

        return read

    def _value(self, found: Found) -> Duration | None:
        if phrase := found["phrase"]:
            unit, amount = self.phrases[" ".join(phrase.split())], Fraction(1)
        else:
            number, unit = found["number"] or "", self.units[found["unit"] or ""]
            counted = self.numbers.get(number)
            amount = Fraction(number.replace(",", ".") if counted is None else counted)
        if found["minutes"] and (phrase or unit.seconds != 3600):
            return None
        if found["half"]:
            amount += Fraction(1, 2)
        months, days = unit.months * amount, unit.days * amount
        if months.denominator != 1:
            return None
        seconds = unit.seconds * amount + (days - int(days)) * 86_400 + 60 * int(found["minutes"] or 0)
        return Duration(int(months), int(days), int(seconds))


def _iso(found: Found) -> Phrase | None:
    return Phrase(CalendarDay(number(found, "day"), number(found, "month"), number(found, "year")))


def _iso_time(found: Found) -> Phrase | None:
    zone, offset = found["zone"], None
    if zone == "z":
        offset = timedelta()
    elif zone:
        hours, minutes = int(zone[1:3]), int(zone[3:].lstrip(":") or 0)
        if hours > 15 or minutes > 59:
            return None
        offset = timedelta(hours=hours, minutes=minutes) * (-1 if zone[0] == "-" else 1)
    at = Clock(number(found, "hour"), number(found, "minute"), number(found, "second"), offset=offset)
    return Phrase(CalendarDay(number(found, "day"), number(found, "month"), number(found, "year")), clock=at)


def _clock(found: Found) -> Phrase | None:
    half = found.get("half")
    return Phrase(
        clock=Clock(
            number(found, "hour"), number(found, "minute"), half=None if not half else "pm" if half[0] == "p" else "am"
        )
    )


def number(found: Found, name: str) -> int:
    """The figures found under that name, 0 where there are none."""
    return int(found.get(name) or 0)


def year(found: Found) -> int | None:
    """The year found; one of two figures is of this century."""
    written = found.get("year")
    return None if not written else int(written) + (2000 if len(written) == 2 else 0)


YEAR = r"(?P<year>\d{4})(?![\d:]|\s*h\b)"
FIRST_TIME, SECOND_TIME = 0, 1


def in_figures(weekdays: Mapping[str, int], *, day_first: bool) -> tuple[Rule, ...]:
    """Dates and times in figures: ISO 8601, 25/12/2026, 25.12., 18:30, 18h30, 7.30 pm."""

    def numbers(found: Found) -> Phrase | None:
        first, second, weekday = number(found, "first"), number(found, "second"), found["weekday"]
        on = None if weekday is None else weekdays[weekday]
        return Phrase(Numbers(first, second, year(found), on, day_first))

    def dotted(found: Found) -> Phrase | None:
        return numbers({**found, "year": None}) if 1 <= number(found, "second") <= 12 else None

    def short(found: Found) -> Phrase | None:
        return numbers({**found, "year": None})

    iso = r"(?P<year>\d{4})-(?P<month>\d{1,2})-(?P<day>\d{1,2})"
    wall = r"(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>[0-5]\d)(?:[.,]\d{1,9})?)?"
    on = rf"(?:(?P<weekday>{either(weekdays)})\.?\s*,?\s*)?"
    two = r"(?P<first>\d{1,2})"
    return (
        rule(rf"{iso}(?:t|\s+){wall}\s*(?P<zone>z|[+-]\d{{2}}:?\d{{2}}|[+-]\d{{2}})?", _iso_time),
        rule(iso, _iso),
        rule(rf"{on}{two}(?P<mark>[/.-])(?P<second>\d{{1,2}})(?P=mark)(?P<year>\d{{4}}|\d\d)", numbers),
        rule(rf"{on}{two}/(?P<second>\d{{1,2}})(?![/\d])", short),
        rule(rf"{on}{two}\.(?P<second>\d{{1,2}})\.?(?!\d|\s*[ap]\.?m)", dotted, loose=True),
        rule(r"(?P<hour>\d{1,2})(?:[:.h](?P<minute>\d{2}))?\s*(?P<half>[ap])\.?\s?m\.?", _clock),
        rule(r"(?P<hour>\d{1,2}):(?P<minute>\d{2})(?!:\d)", _clock),
        rule(r"(?P<hour>\d{1,2})\s*h(?:\s*(?P<minute>\d{2})\s*(?:min|mn|m)?)?(?!\s*\d)", _clock),
        rule(r"(?P<hour>\d{1,2})\.(?P<minute>\d{2})(?!\.?\d)", _clock, loose=True),
    )


@dataclass(frozen=True, slots=True)
class Language:
    """All that is known of dates in one language; `lead` is what may stand before and between the parts of one."""

    name: str
    rules: tuple[Rule, ...]
    lead: re.Pattern[str]
    words: frozenset[str]
    read_duration: Callable[[str], Duration | None]
    date_pattern: str
    day_pattern: str
    joined: str
    turns: tuple[str, str]
    first_of_month: str
    example: str
    example_duration: str
