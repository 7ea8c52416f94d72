"""Understanding a date as it was typed, or saying what is wrong with it."""

from __future__ import annotations

from datetime import datetime, time, tzinfo
from typing import Final

from bots.kit.dates.days import YEARS, Here
from bots.kit.dates.language import Language
from bots.kit.dates.matching import longest, whole
from bots.kit.dates.phrase import Phrase, composed, folded
from bots.kit.dates.saying import LANGUAGES, language_of
from bots.kit.dates.spelling import corrected
from bots.kit.dates.understanding import said, understand
from bots.kit.dates.values import DateProblem, Direction, Duration, Understood
from ground.texts import text

_AROUND: Final = " \t\r\n.,;:!?…\"«»“”()[]'-"
_SHOWN: Final = 60


def read(
    written: str,
    *,
    language: str,
    zone: tzinfo,
    now: datetime,
    direction: Direction = "future",
    default_time: time | None = None,
) -> Understood:
    """The moment that somebody wrote, for people in `zone`, at `now` (aware).

    `language` (`fr`, `en`) is tried first, the other one second. Where no time is written, the day begins at
    `default_time`, or at midnight. `direction` says whether a moment to come is meant, one gone by, or either. A time
    that the clocks show twice is the first of the two. The rules for each phrase stand with `day_of` and `time_of_day`.

    Raises DateProblem.
    """
    words, shown = _prepared(written)
    here = Here(language, zone, now, direction, default_time, shown)
    phrase = _phrase(words, language)
    if phrase is not None:
        return understand(phrase, here)
    raise _notunderstand(words, here)


def find(
    words: str,
    *,
    language: str,
    zone: tzinfo,
    now: datetime,
    direction: Direction = "future",
    default_time: time | None = None,
) -> tuple[Understood, str] | None:
    """The date at the end or the beginning of a longer text, the longer of the two, and the text that is left.

    None where there is none. Raises DateProblem where there is one that cannot be, as `read` does.
    """
    line = composed(words).strip()
    bare = folded(line).rstrip(_AROUND)
    found = [place for spoken in _languages(language) if (place := longest(bare, spoken))]
    if not found:
        return None
    start, end, phrase = max(found, key=lambda place: place[1] - place[0])
    here = Here(language, zone, now, direction, default_time, line[start:end])
    rest = line[end:] if start == 0 else line[:start]
    return understand(phrase, here), _trimmed(rest, leading=start == 0)


def read_duration(written: str, *, language: str) -> Duration:
    """A length of time: "2 h", "1h30", "3 jours", "une heure et demie", "2 weeks", "a month".

    Raises DateProblem.
    """
    words, shown = _prepared(written)
    for spoken in _languages(language):
        duration = spoken.read_duration(words.removeprefix("pendant ").removeprefix("for "))
        if duration is None:
            continue
        if 0 < duration.rough_days <= YEARS * 365:
            return duration
        raise DateProblem(
            text(
                "A duration is more than nothing and at most {years} years. Write for example: {example}",
                years=YEARS, example=language_of(language).example_duration,
            )
        )  # fmt: skip
    raise DateProblem(
        text(
            "I do not read '{written}' as a duration. Write for example: {example}",
            written=shown, example=language_of(language).example_duration,
        )
    )  # fmt: skip


def _prepared(written: str) -> tuple[str, str]:
    """The folded words, and what to show of them."""
    line = " ".join(composed(written).split())
    shown = line if len(line) <= _SHOWN else line[: _SHOWN - 1] + "…"
    return folded(line).strip(_AROUND), shown


def _languages(first: str) -> list[Language]:
    spoken = language_of(first)
    return [spoken, *(other for other in LANGUAGES.values() if other is not spoken)]


def _phrase(words: str, language: str) -> Phrase | None:
    return next((found for spoken in _languages(language) if (found := whole(words, spoken))), None)


def _trimmed(rest: str, *, leading: bool) -> str:
    """What is left of the text, without the marks and small words that joined it to the date."""
    if leading:
        return rest.lstrip(" .,;:-–—").strip()
    return rest.rstrip(" ,;:-–—(@").strip()


def _notunderstand(words: str, here: Here) -> DateProblem:
    for spoken in _languages(here.language):
        right = corrected(words, spoken.words)
        phrase = whole(right, spoken) if right else None
        if phrase is not None:
            try:
                meant = understand(phrase, here)
            except DateProblem as problem:
                return problem
            return DateProblem(
                text(
                    "I do not read '{written}' as a date. Did you mean {suggestion}?",
                    written=here.written, suggestion=said(meant, here),
                ),
                meant,
            )  # fmt: skip
    return DateProblem(
        text(
            "I do not read '{written}' as a date. Write for example: {example}",
            written=here.written, example=language_of(here.language).example,
        )
    )  # fmt: skip
