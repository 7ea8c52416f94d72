"""Dates as they are typed in English."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, Literal

from bots.kit.dates.language import YEAR, Found, Language, Units, in_figures, number, rule, year
from bots.kit.dates.phrase import Away, CalendarDay, Clock, Edge, MonthPart, Part, Phrase, Unit, Weekday, either
from bots.kit.dates.values import Duration

_WEEKDAY_NAMES: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_WEEKDAYS: Final = {
    **{name: place for place, name in enumerate(_WEEKDAY_NAMES)},
    **{name[:3]: place for place, name in enumerate(_WEEKDAY_NAMES)},
    "tues": 1, "weds": 2, "thur": 3, "thurs": 3,
}  # fmt: skip
_MONTHS: Final = {
    name: place
    for place, names in enumerate(
        (
            "january jan", "february feb", "march mar", "april apr", "may", "june jun", "july jul", "august aug",
            "september sept sep", "october oct", "november nov", "december dec",
        ),
        1,
    )
    for name in names.split()
}  # fmt: skip
_NUMBERS: Final = {
    "a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8,
    "nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "fifteen": 15, "twenty": 20, "thirty": 30, "forty": 40,
    "ninety": 90,
}  # fmt: skip
_HOURS: Final = {word: value for word, value in _NUMBERS.items() if value <= 12 and len(word) > 2}
_UNITS: Final = Units(
    numbers=_NUMBERS,
    units={
        **dict.fromkeys(("second", "seconds", "sec", "secs", "s"), Duration(0, 0, 1)),
        **dict.fromkeys(("minute", "minutes", "min", "mins", "m"), Duration(0, 0, 60)),
        **dict.fromkeys(("hour", "hours", "hr", "hrs", "h"), Duration(0, 0, 3600)),
        **dict.fromkeys(("day", "days", "d"), Duration(0, 1)),
        **dict.fromkeys(("week", "weeks", "wk", "wks", "w"), Duration(0, 7)),
        **dict.fromkeys(("fortnight", "fortnights"), Duration(0, 14)),
        **dict.fromkeys(("month", "months"), Duration(1)),
        **dict.fromkeys(("year", "years", "yr", "yrs", "y"), Duration(12)),
    },
    phrases={
        **dict.fromkeys(("half an hour", "half hour", "a half hour", "half-hour"), Duration(0, 0, 1800)),
        **dict.fromkeys(("a quarter of an hour", "quarter of an hour"), Duration(0, 0, 900)),
        **dict.fromkeys(("a couple of days",), Duration(0, 2)),
    },
    half=r"and\s+a\s+half",
    joint="and",
)
_duration = _UNITS.reader()
_DAYS: Final = {
    "today": 0, "tomorrow": 1, "tmrw": 1, "the day after tomorrow": 2, "day after tomorrow": 2, "yesterday": -1,
    "the day before yesterday": -2, "day before yesterday": -2,
}  # fmt: skip
_PARTS: Final[Mapping[str, Part]] = {
    "morning": "morning",
    "afternoon": "afternoon",
    "evening": "evening",
    "night": "evening",
}
_SPANS: Final[Mapping[str, Unit]] = {"week": "week", "month": "month", "year": "year", "weekend": "weekend"}
_WHERE: Final[Mapping[str, Literal["start", "middle", "end"]]] = {
    "start": "start", "beginning": "start", "middle": "middle", "mid": "middle", "end": "end",
}  # fmt: skip


def _away(found: Found) -> Phrase | None:
    duration = _duration(found["long"] or "")
    if duration is None:
        return None
    return Phrase(Away(-duration if found.get("ago") else duration, exact=duration.seconds != 0))


def _named_day(found: Found) -> Phrase | None:
    days = _DAYS[" ".join((found["name"] or "").split())]
    part = found.get("part")
    return Phrase(Away(Duration(0, days + (7 if found["week"] else 0))), part=_PARTS[part] if part else None)


def _this(found: Found) -> Phrase | None:
    return Phrase(Away(Duration()), part=_PARTS[found["part"] or ""])


def _weekday(found: Found) -> Phrase | None:
    weekday, before, after = _WEEKDAYS[found["weekday"] or ""], found.get("before"), found.get("after") or ""
    if after == "week":
        return Phrase(Weekday(weekday, weeks=1))
    if after == "fortnight":
        return Phrase(Weekday(weekday, weeks=2))
    if after.endswith("week"):
        return Phrase(Weekday(weekday, "of week", 1 if after.startswith("next") else 0))
    return Phrase(Weekday(weekday, "next" if before == "next" else "last" if before == "last" else "coming"))


def _date(found: Found) -> Phrase | None:
    weekday, month = found.get("weekday"), found.get("month")
    return Phrase(
        CalendarDay(
            number(found, "day"),
            _MONTHS[month] if month else None,
            year(found),
            _WEEKDAYS[weekday] if weekday else None,
        )
    )


def _edge(found: Found) -> Phrase | None:
    return Phrase(Edge(_SPANS[found["unit"] or ""], 1 if found["which"] == "next" else 0, found["edge"] == "end"))


def _month_part(found: Found) -> Phrase | None:
    return Phrase(MonthPart(_MONTHS[found["month"] or ""], year(found), _WHERE[found["edge"] or ""]))


def _unit_next(found: Found) -> Phrase | None:
    return Phrase(Edge(_SPANS[found["unit"] or ""], 1))


def _spoken(found: Found) -> Phrase | None:
    """Half past seven, quarter to eight, 7 o'clock, at 9."""
    written = found["hour"] or ""
    hour = int(written) if written.isdecimal() else _HOURS[written]
    match found.get("quarter"):
        case "half past":
            return Phrase(clock=Clock(hour, 30))
        case "quarter past":
            return Phrase(clock=Clock(hour, 15))
        case "quarter to":
            return Phrase(clock=Clock((hour - 1) % 24, 45))
        case _:
            return Phrase(clock=Clock(hour))


_WD: Final = rf"(?P<weekday>{either(_WEEKDAYS)})\.?"
_NAMED: Final = rf"(?P<weekday>{either(_WEEKDAY_NAMES)})"
_MONTH_NAME: Final = rf"(?P<month>{either(_MONTHS)})\.?"
_ORDINAL: Final = r"(?P<day>\d{1,2})(?:st|nd|rd|th)"
_NTH: Final = rf"{_ORDINAL}?"
_PART: Final = rf"(?P<part>{either(_PARTS)})"
_HOUR: Final = rf"(?P<hour>\d{{1,2}}|{either(_HOURS)})"
_BARE: Final = r"(?=\s*(?:$|[,;!?)]|in the|tomorrow|today|on ))"
_ON: Final = rf"(?:{_WD}\s*,?\s*)?(?:the )?"

ENGLISH: Final = Language(
    name="en",
    rules=(
        rule("now|right now", lambda found: Phrase(Away(Duration(), exact=True)), loose=True),
        rule(rf"(?:in|within) (?P<long>{_UNITS.pattern})(?: time)?", _away),
        rule(rf"(?P<long>{_UNITS.pattern}) (?P<ago>ago)", _away),
        rule(rf"(?P<name>{either(_DAYS)})(?P<week> week)?", _named_day),
        rule(rf"this {_PART}", _this),
        rule("tonight|tonite", lambda found: Phrase(Away(Duration()), part="evening")),
        rule(rf"(?:(?P<before>this|next|last|coming|on|this coming) )?{_NAMED}", _weekday),
        rule(rf"{_NAMED} (?P<after>week|fortnight|(?:of )?(?:this|next) week)", _weekday),
        rule(rf"(?P<after>a week) (?:on |from )?{_NAMED}", lambda found: _weekday({**found, "after": "week"})),
        rule(rf"(?:(?P<before>this|next|last) )?{_WD}", _weekday, loose=True),
        rule(rf"{_ON}{_NTH}(?: of)? {_MONTH_NAME}(?:\s*,? {YEAR})?", _date),
        rule(rf"{_ON}{_MONTH_NAME} (?:the )?{_NTH}(?![:/h\d]|\.\d|\s*[ap]\.?m)(?:(?:\s*,? |,){YEAR})?", _date),
        rule(rf"{_NAMED},? the {_ORDINAL}", _date),
        rule(rf"(?:on )?the {_ORDINAL}(?=\s*(?:$|[,;:!?.)]|at ))", _date),
        rule(
            r"(?:the )?(?P<edge>end|start|beginning) of (?:the |(?P<which>this|next) )?(?P<unit>week|month|year)", _edge
        ),
        rule(rf"(?:the )?(?P<edge>end|start|beginning|middle|mid)(?: of |-| ){_MONTH_NAME}(?: {YEAR})?", _month_part),
        rule(r"next (?P<unit>week|month|year|weekend)", _unit_next),
        rule(r"(?:this |the )?weekend", lambda found: Phrase(Edge("weekend")), loose=True),
        rule(rf"(?:in the |at )?{_PART}", lambda found: Phrase(part=_PARTS[found["part"] or ""]), loose=True),
        rule(rf"{_HOUR}\s*o'?\s*clock", _spoken),
        rule(rf"(?:a )?(?P<quarter>half past|quarter past|quarter to) {_HOUR}", _spoken),
        rule(rf"{_HOUR}(?= (?:in the|at night))", _spoken, loose=True),
        rule(rf"at {_HOUR}{_BARE}", _spoken, loose=True),
        rule("noon|midday|12 noon", lambda found: Phrase(clock=Clock(12)), loose=True),
        rule("midnight|12 midnight", lambda found: Phrase(clock=Clock(0, midnight=True)), loose=True),
        rule(r"\(?the first time\)?", lambda found: Phrase(turn=0)),
        rule(r"\(?the second time\)?", lambda found: Phrase(turn=1)),
        *in_figures(_WEEKDAYS, day_first=False),
    ),
    lead=re.compile(r"\s+|(?:[,;-]|@|(?:on|at|by|before|until|till|from|for|around|about|the|of)(?![\w']))"),
    words=frozenset(
        (
            *_WEEKDAY_NAMES,
            "today",
            "tomorrow",
            "yesterday",
            "tonight",
            *_PARTS,
            *(name for name in _MONTHS if len(name) > 4),
            "next",
            "week",
            "weeks",
            "days",
            "hours",
            "minutes",
            "midnight",
        )
    ),
    read_duration=_duration,
    date_pattern="EEEE d MMMM y",
    day_pattern="d MMMM y",
    joined="{day}, {time}",
    turns=("the first time", "the second time"),
    first_of_month="1",
    example="tomorrow 18:00",
    example_duration="2 days",
)
