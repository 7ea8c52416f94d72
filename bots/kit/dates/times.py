"""Which time of day a phrase means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time
from typing import Final, Literal

from bots.kit.dates.phrase import Clock, Part

USUAL: Final[Mapping[Part, int]] = {"morning": 9, "afternoon": 14, "evening": 19, "night": 22}
"""The hour that a part of the day means where no time is written."""

ENDS: Final[Mapping[Part, int]] = {"morning": 12, "afternoon": 18, "evening": 24, "night": 24}

_DAWN: Final = 5


@dataclass(frozen=True, slots=True)
class TimeOfDay:
    """A time, so many `days` after the day it is written with; `wrong` where this is only the nearest right one."""

    at: time
    days: int = 0
    wrong: Literal["no such time", "not then"] | None = None


def time_of_day(clock: Clock, part: Part | None, *, small_hours: bool = False) -> TimeOfDay:
    """The time meant, half a day later where the part of the day says so: "tonight at 9" is 21:00.

    The word midnight, and 24:00, end the day they are written with: "31 décembre minuit" is where the year ends, and
    00:00 where a day begins. After "tonight" the hours before five belong to the next day, unless it is that late
    already (`small_hours`).
    """
    minute, second = min(clock.minute, 59), clock.second
    if clock.minute > 59 or clock.hour > 24 or (clock.hour == 24 and clock.minute > 0):
        return TimeOfDay(time(min(clock.hour, 23), minute), wrong="no such time")
    if clock.midnight or clock.hour == 24:
        return TimeOfDay(time(0, minute), days=1)
    hour = clock.hour
    if clock.half is not None:
        if clock.half == "am" and hour > 12:
            return TimeOfDay(time(hour, minute), wrong="not then")
        hour = hour % 12 + (12 if clock.half == "pm" else 0) if hour <= 12 else hour
    at = time(hour, minute, second)
    match part:
        case "afternoon" if hour < 12 and clock.half is None and hour > 0:
            return TimeOfDay(at.replace(hour=hour + 12))
        case "evening" | "night" if hour == 12 and clock.half is None:
            return TimeOfDay(at.replace(hour=0), days=1)
        case "evening" | "night" if _DAWN <= hour < 12 and clock.half is None:
            return TimeOfDay(at.replace(hour=hour + 12))
        case "evening" | "night" if hour < _DAWN:
            return TimeOfDay(at, days=0 if small_hours else 1)
    fits = {
        None: True,
        "morning": hour <= 12,
        "afternoon": 12 <= hour < 20,
        "evening": hour >= 17,
        "night": hour >= 17,
    }
    return TimeOfDay(at, wrong=None if fits[part] else "not then")


def is_small_hours(hour: int) -> bool:
    """Whether people still call it night."""
    return hour < _DAWN
