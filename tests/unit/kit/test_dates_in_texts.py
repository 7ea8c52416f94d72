"""Dates inside longer texts, durations, and dates as they are said."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bots.kit.dates import DateProblem, Duration, find, read, read_duration, say, say_day

PARIS = ZoneInfo("Europe/Paris")
ZONES = [PARIS, *map(ZoneInfo, ("America/Montreal", "Asia/Kathmandu", "Australia/Lord_Howe", "UTC"))]
# A Wednesday, 16:00 in Paris.
NOW = datetime(2026, 11, 25, 15, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("words", "said", "rest"),
    [
        ("Réunion publique vendredi 18h", "vendredi 27 novembre 2026 à 18:00", "Réunion publique"),
        ("vendredi 18h Réunion publique", "vendredi 27 novembre 2026 à 18:00", "Réunion publique"),
        ("Demain à 18 h : tractage", "jeudi 26 novembre 2026 à 18:00", "tractage"),
        ("Réunion, le 3 mars à 18h.", "mercredi 3 mars 2027 à 18:00", "Réunion"),
        ("Fête du 14 juillet", "mercredi 14 juillet 2027 à 00:00", "Fête"),
        ("Réunion du vendredi 4 décembre 2026 à 18 h 30", "vendredi 4 décembre 2026 à 18:30", "Réunion"),
        ("Rappeler la trésorière dans 1h30", "mercredi 25 novembre 2026 à 17:30", "Rappeler la trésorière"),
        ("dans 1h30 rappeler la trésorière", "mercredi 25 novembre 2026 à 17:30", "rappeler la trésorière"),
        ("Meeting on Friday 27 November 2026, 18:00", "vendredi 27 novembre 2026 à 18:00", "Meeting"),
        ("Salle 12 sam 18h", "samedi 28 novembre 2026 à 18:00", "Salle 12"),
        ("Repas demain midi", "jeudi 26 novembre 2026 à 12:00", "Repas"),
        ("demain", "jeudi 26 novembre 2026 à 00:00", ""),
    ],
)
def test_a_date_at_either_end_of_a_text(words: str, said: str, rest: str) -> None:
    found = find(words, language="fr", zone=PARIS, now=NOW)
    assert found is not None
    assert (say(found[0].instant, language="fr", zone=PARIS), found[1]) == (said, rest)


@pytest.mark.parametrize(
    "words",
    [
        "",
        "Budget",
        "Salle 12",
        "Ordre du jour",
        "Repas de midi",
        "Le monde de demain",
        "Majorité des 2/3",
        "mon anniversaire",
        "La nuit",
        "Manifestation samedi 14h, place Bellecour",
    ],
)
def test_texts_that_have_no_date_at_either_end(words: str) -> None:
    assert find(words, language="fr", zone=PARIS, now=NOW) is None


@pytest.mark.parametrize(
    ("written", "language", "duration"),
    [
        ("2 h", "fr", Duration(seconds=7200)),
        ("1h30", "fr", Duration(seconds=5400)),
        ("1 H 30", "fr", Duration(seconds=5400)),
        ("1 h 30 min", "fr", Duration(seconds=5400)),
        ("1,5 h", "fr", Duration(seconds=5400)),
        ("une heure et demie", "fr", Duration(seconds=5400)),
        ("un quart d’heure", "fr", Duration(seconds=900)),
        ("90 secondes", "fr", Duration(seconds=90)),
        ("3 jours", "fr", Duration(days=3)),
        ("quinze jours", "fr", Duration(days=15)),
        ("une quinzaine", "fr", Duration(days=14)),
        ("deux semaines", "fr", Duration(days=14)),
        ("3 mois", "fr", Duration(months=3)),
        ("un an et demi", "fr", Duration(months=18)),
        ("2 jours et 12 heures", "fr", Duration(days=2, seconds=43_200)),
        ("2 weeks", "en", Duration(days=14)),
        ("a fortnight", "en", Duration(days=14)),
        ("a month", "en", Duration(months=1)),
        ("half an hour", "en", Duration(seconds=1800)),
        ("an hour and a half", "en", Duration(seconds=5400)),
        ("for 1 year, 2 months and 3 days", "en", Duration(months=14, days=3)),
        ("2 weeks", "fr", Duration(days=14)),
        ("deux semaines", "en", Duration(days=14)),
    ],
)
def test_durations(written: str, language: str, duration: Duration) -> None:
    assert read_duration(written, language=language) == duration


def test_a_day_is_a_day_also_when_the_clocks_change() -> None:
    evening = datetime(2027, 3, 27, 18, 0, tzinfo=PARIS)
    assert Duration(days=1).after(evening, PARIS) - evening == timedelta(hours=23)
    assert Duration(seconds=86_400).after(evening, PARIS) - evening == timedelta(hours=24)
    assert Duration(months=1).after(datetime(2028, 1, 31, 18, 0, tzinfo=PARIS), PARIS) == datetime(
        2028, 2, 29, 18, 0, tzinfo=PARIS
    )


def test_dates_are_said_in_full() -> None:
    instant = datetime(2026, 11, 27, 17, 0, tzinfo=UTC)
    assert say(instant, language="fr", zone=PARIS) == "vendredi 27 novembre 2026 à 18:00"
    assert say(instant, language="en", zone=PARIS) == "Friday 27 November 2026, 18:00"
    assert say(instant, language="fr-CA", zone=ZoneInfo("America/Montreal")) == "vendredi 27 novembre 2026 à 12:00"
    assert say_day(datetime(2027, 1, 1, tzinfo=UTC).date(), language="fr") == "vendredi 1er janvier 2027"
    twice = datetime(2027, 10, 31, 1, 30, tzinfo=UTC)
    assert say(twice, language="fr", zone=PARIS) == "dimanche 31 octobre 2027 à 02:30 (la seconde fois)"
    assert say(twice - timedelta(hours=1), language="en", zone=PARIS) == (
        "Sunday 31 October 2027, 02:30 (the first time)"
    )


minutes = st.integers(-40 * 525_600, 40 * 525_600).map(lambda minutes: NOW + timedelta(minutes=minutes))
languages = st.sampled_from(["fr", "en"])


@given(minutes, languages, languages, st.sampled_from(ZONES))
def test_whatever_is_said_is_understood(instant: datetime, said_in: str, read_in: str, zone: ZoneInfo) -> None:
    said = say(instant, language=said_in, zone=zone)
    assert read(said, language=read_in, zone=zone, now=NOW, direction="any").instant == instant


@given(st.sampled_from(ZONES), st.integers(2000, 2060), st.integers(0, 8784 * 60), languages)
def test_also_around_every_clock_change(zone: ZoneInfo, year: int, minute: int, language: str) -> None:
    start = datetime(year, 1, 1, tzinfo=UTC) + timedelta(minutes=minute)
    change = next(
        (
            at
            for hours in range(24 * 200)
            if _offset(at := start + timedelta(hours=hours), zone) != _offset(start, zone)
        ),
        start,
    )
    for minutes_after in range(-90, 91, 15):
        instant = change + timedelta(minutes=minutes_after)
        said = say(instant, language=language, zone=zone)
        assert read(said, language=language, zone=zone, now=NOW, direction="any").instant == instant


def _offset(instant: datetime, zone: ZoneInfo) -> timedelta | None:
    return instant.astimezone(zone).utcoffset()


PIECES = """
demain ce soir vendredi prochain dernier lundi en huit le la du 1er 31 février mars 2027 18h 18h75 25:00 25/12 3/4
12.25 dans il y a 3 jours 9999 mois ans une heure et demie midi minuit fin mi- semaine prochaine , . : - ( ' à d'
tomorrow next friday week at 9 am pm tonight in 2 weeks ago the 3rd of Feb noon 2026-12-01 T19:00 Z +99:99 +15:00
0001-01-01 9999-12-31 99/99 0/0 24h 24:30 12am 13am half past seven o'clock la première fois the second time ½ ² ٣
"""
anything = st.one_of(
    st.text(max_size=200),
    st.lists(st.sampled_from(PIECES.split()), max_size=8).map(" ".join),
    st.lists(st.sampled_from(PIECES.split()), max_size=8).map("".join),
)
moments = st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@given(anything, languages, st.sampled_from(ZONES), moments, st.sampled_from(["future", "past", "any"]))
def test_any_text_is_a_date_or_a_problem_that_can_be_said(
    words: str, language: str, zone: ZoneInfo, now: datetime, direction: str
) -> None:
    askings: list[Callable[[], object]] = [
        lambda: read(words, language=language, zone=zone, now=now, direction=direction),  # type: ignore[arg-type]
        lambda: find(words, language=language, zone=zone, now=now),
        lambda: read_duration(words, language=language),
    ]
    for ask in askings:
        try:
            ask()
        except DateProblem as problem:
            assert str(problem.text)
            for suggestion in problem.suggestions:
                assert suggestion.instant.tzinfo is UTC


def test_hostile_text_is_answered() -> None:
    """Each of these would keep an expression that tries everything busy for years."""
    hostile = [
        "le " * 60,
        "1/" * 60,
        "demain, " * 15,
        "dans 1 jour et " * 8,
        "1h " * 40,
        "1h, " * 30,
        "1 h et " * 17,
        "a" * 5000,
        "\u0301" * 5000,
        "9" * 5000,
    ]
    for words in hostile:
        with suppress(DateProblem):
            read(words, language="fr", zone=PARIS, now=NOW)
        with suppress(DateProblem):
            find(words, language="en", zone=PARIS, now=NOW)
        with suppress(DateProblem):
            read_duration(words, language="fr")
