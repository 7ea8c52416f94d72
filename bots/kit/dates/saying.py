"""How a date is said: in full, so that nobody has to guess which was understood."""

from __future__ import annotations

from datetime import date, datetime, time, tzinfo
from typing import Final

from babel.dates import format_date

from bots.kit.dates.english import ENGLISH
from bots.kit.dates.french import FRENCH
from bots.kit.dates.language import Language
from bots.kit.dates.values import is_repeated

LANGUAGES: Final = {language.name: language for language in (ENGLISH, FRENCH)}


def language_of(name: str) -> Language:
    """The language of a tag such as `fr` or `fr-CA`; English where it is not known."""
    return LANGUAGES.get(name.lower().replace("_", "-").partition("-")[0], ENGLISH)


def say(instant: datetime, *, language: str, zone: tzinfo, weekday: bool = True) -> str:
    """An instant on the clocks of `zone`, to the minute: "vendredi 27 novembre 2026 à 18:00".

    Of a time that the clocks show twice it says which one is meant, so that `read` understands every date said.
    """
    local = instant.astimezone(zone)
    spoken = language_of(language)
    said = spoken.joined.format(
        day=say_day(local.date(), language=language, weekday=weekday), time=say_time(local.time())
    )
    if is_repeated(local.date(), local.time(), zone):
        said += f" ({spoken.turns[local.fold]})"
    return said


def say_day(day: date, *, language: str, weekday: bool = True) -> str:
    """A day in full: "vendredi 1er janvier 2027", "Friday 1 January 2027"."""
    spoken = language_of(language)
    pattern = spoken.date_pattern if weekday else spoken.day_pattern
    if day.day == 1:
        pattern = pattern.replace("d MMMM", f"'{spoken.first_of_month}' MMMM")
    return format_date(day, pattern, locale=spoken.name)


def say_time(at: time) -> str:
    """A time of day, as everywhere in what the bots say: 18:00."""
    return f"{at:%H:%M}"


def say_month(year: int, month: int, *, language: str) -> str:
    """A month at the head of a sentence: "Février 2027"."""
    said = format_date(date(year, month, 1), "MMMM y", locale=language_of(language).name)
    return said[0].upper() + said[1:]


def say_weekday(weekday: int, *, language: str) -> str:
    """The name of a day of the week, 0 for Monday."""
    return format_date(date(2024, 1, 1 + weekday), "EEEE", locale=language_of(language).name)
