"""Dates as people type them, each understood as they mean it."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bots.kit.dates import Understood, read, say, say_day

PARIS = ZoneInfo("Europe/Paris")
MONTREAL = ZoneInfo("America/Montreal")
# A Wednesday: 16:00 in Paris, 10:00 in Montreal.
NOW = datetime(2026, 11, 25, 15, 0, tzinfo=UTC)


def local(understood: Understood, zone: ZoneInfo) -> str:
    """The day, and the time if one was written, on the clocks there."""
    assert understood.instant.utcoffset() == UTC.utcoffset(None)
    pattern = "%Y-%m-%d" if understood.all_day else "%Y-%m-%d %H:%M"
    return understood.instant.astimezone(zone).strftime(pattern)


FRENCH = [
    ("demain 18h", "2026-11-26 18:00"),
    ("demain à 18 h 30", "2026-11-26 18:30"),
    ("aujourd'hui 20h", "2026-11-25 20:00"),
    ("ce soir", "2026-11-25 19:00"),
    ("ce soir 21h", "2026-11-25 21:00"),
    ("ce soir à 9h", "2026-11-25 21:00"),
    ("ce soir minuit", "2026-11-26 00:00"),
    ("cette nuit à 2h", "2026-11-26 02:00"),
    ("demain matin", "2026-11-26 09:00"),
    ("demain après-midi", "2026-11-26 14:00"),
    ("demain 3h de l'après-midi", "2026-11-26 15:00"),
    ("après-demain 9h", "2026-11-27 09:00"),
    ("18h demain", "2026-11-26 18:00"),
    ("à 20h", "2026-11-25 20:00"),
    ("vendredi", "2026-11-27"),
    ("vendredi 18h", "2026-11-27 18:00"),
    ("ven. 18h", "2026-11-27 18:00"),
    ("ce vendredi à 18h", "2026-11-27 18:00"),
    ("jusqu'au vendredi 18h", "2026-11-27 18:00"),
    ("vendredi soir", "2026-11-27 19:00"),
    ("vendredi prochain à 19h30", "2026-11-27 19:30"),
    ("vendredi qui vient", "2026-11-27"),
    ("vendredi de la semaine prochaine", "2026-12-04"),
    ("vendredi 27 à 18h", "2026-11-27 18:00"),
    ("vendredi 27 novembre", "2026-11-27"),
    ("mercredi 18h", "2026-11-25 18:00"),
    ("mercredi 9h30", "2026-12-02 09:30"),
    ("mercredi prochain", "2026-12-02"),
    ("lundi en huit", "2026-12-07"),
    ("mercredi en huit", "2026-12-02"),
    ("mardi en quinze", "2026-12-15"),
    ("demain en huit", "2026-12-03"),
    ("mardi en 8", "2026-12-08"),
    ("sous huit jours", "2026-12-02"),
    ("le 31 à minuit", "2027-01-01 00:00"),
    ("le 31 à midi", "2026-12-31 12:00"),
    ("fin d'année", "2026-12-31"),
    ("le 3 mars à 18h", "2027-03-03 18:00"),
    ("le 1er mars", "2027-03-01"),
    ("premier mars", "2027-03-01"),
    ("3 mars 2027", "2027-03-03"),
    ("mercredi 3 mars 2027, 18h", "2027-03-03 18:00"),
    ("le 15 à 18h", "2026-12-15 18:00"),
    ("le 31", "2026-12-31"),
    ("25/12 20h30", "2026-12-25 20:30"),
    ("3/4", "2027-04-03"),
    ("25/12/2026", "2026-12-25"),
    ("25/12/26", "2026-12-25"),
    ("25.12.2026", "2026-12-25"),
    ("25.12. 20.30", "2026-12-25 20:30"),
    ("dans 3 jours", "2026-11-28"),
    ("dans 3 jours à 18h", "2026-11-28 18:00"),
    ("dans deux semaines", "2026-12-09"),
    ("dans huit jours", "2026-12-02"),
    ("dans quinze jours", "2026-12-09"),
    ("dans 15 jours", "2026-12-10"),
    ("dans un mois", "2026-12-25"),
    ("dans un an", "2027-11-25"),
    ("minuit", "2026-11-26 00:00"),
    ("demain à midi", "2026-11-26 12:00"),
    ("demain midi et demi", "2026-11-26 12:30"),
    ("demain, six heures et quart", "2026-11-26 06:15"),
    ("demain 8 heures moins le quart", "2026-11-26 07:45"),
    ("demain 8 heures du soir", "2026-11-26 20:00"),
    ("la semaine prochaine", "2026-11-30"),
    ("le mois prochain", "2026-12-01"),
    ("l'année prochaine", "2027-01-01"),
    ("ce week-end", "2026-11-28"),
    ("fin du mois", "2026-11-30"),
    ("fin du mois prochain", "2026-12-31"),
    ("fin de l'année", "2026-12-31"),
    ("fin mars", "2027-03-31"),
    ("fin février 2028", "2028-02-29"),
    ("mi-janvier", "2027-01-15"),
    ("31 décembre minuit", "2027-01-01 00:00"),
    ("31 décembre 0h", "2026-12-31 00:00"),
    ("31 décembre 24h", "2027-01-01 00:00"),
    # As telephones write, and hurried people.
    ("DEMAIN 18H", "2026-11-26 18:00"),
    ("Demain à 18h00.", "2026-11-26 18:00"),
    ("demain 18 heures", "2026-11-26 18:00"),
    ("demain\u00a0à 18\u202fh\u202f30\u202f!", "2026-11-26 18:30"),
    ("aujourd’hui 20h", "2026-11-25 20:00"),
    ("apres demain 9h", "2026-11-27 09:00"),
    ("3 fevrier", "2027-02-03"),
    ("15 aout 12h", "2027-08-15 12:00"),
    ("15 aou\u0302t 12h", "2027-08-15 12:00"),
    ("1ᵉʳ mars", "2027-03-01"),
    ("  « demain 18h »  ", "2026-11-26 18:00"),
    # English in a French room.
    ("Friday 7pm", "2026-11-27 19:00"),
    ("demain 6pm", "2026-11-26 18:00"),
]

ENGLISH = [
    ("a week on Tuesday", "2026-12-08"),
    ("a week from Friday at 7pm", "2026-12-04 19:00"),
    ("tomorrow 6pm", "2026-11-26 18:00"),
    ("tomorrow at 18:30", "2026-11-26 18:30"),
    ("today 8pm", "2026-11-25 20:00"),
    ("tonight", "2026-11-25 19:00"),
    ("tonight at 9", "2026-11-25 21:00"),
    ("tonight at 12", "2026-11-26 00:00"),
    ("tonight at 1", "2026-11-26 01:00"),
    ("tomorrow morning", "2026-11-26 09:00"),
    ("tomorrow at 9 in the evening", "2026-11-26 21:00"),
    ("the day after tomorrow at 9am", "2026-11-27 09:00"),
    ("friday", "2026-11-27"),
    ("Friday 7pm", "2026-11-27 19:00"),
    ("fri 7 p.m.", "2026-11-27 19:00"),
    ("by Friday at 19:00", "2026-11-27 19:00"),
    ("next Friday 7pm", "2026-11-27 19:00"),
    ("next Wednesday", "2026-12-02"),
    ("this Friday", "2026-11-27"),
    ("Friday next week", "2026-12-04"),
    ("monday week", "2026-12-07"),
    ("Monday fortnight", "2026-12-14"),
    ("tomorrow week", "2026-12-03"),
    ("in 3 days", "2026-11-28"),
    ("in 2 weeks", "2026-12-09"),
    ("in a fortnight", "2026-12-09"),
    ("March 3 at 6pm", "2027-03-03 18:00"),
    ("March 3rd, 2027 at 6 pm", "2027-03-03 18:00"),
    ("3 March 2027", "2027-03-03"),
    ("the 3rd of March", "2027-03-03"),
    ("Wednesday the 3rd of March", "2027-03-03"),
    ("the 15th at 6pm", "2026-12-15 18:00"),
    ("Dec 25 8.30pm", "2026-12-25 20:30"),
    ("tomorrow half past seven", "2026-11-26 07:30"),
    ("tomorrow 7 o'clock", "2026-11-26 07:00"),
    ("tomorrow noon", "2026-11-26 12:00"),
    ("tomorrow 12am", "2026-11-26 00:00"),
    ("tomorrow 12pm", "2026-11-26 12:00"),
    ("midnight", "2026-11-26 00:00"),
    ("end of the month", "2026-11-30"),
    ("end of March", "2027-03-31"),
    ("next week", "2026-11-30"),
    ("25/12", "2026-12-25"),
    ("12/25", "2026-12-25"),
    ("5/5", "2027-05-05"),
    ("Saturday 3/4", "2027-04-03"),
    ("2026-12-01", "2026-12-01"),
    ("2026-12-01 19:00", "2026-12-01 19:00"),
    ("2026-12-01T19:00", "2026-12-01 19:00"),
    ("demain 18h", "2026-11-26 18:00"),
]


@pytest.mark.parametrize("zone", [PARIS, MONTREAL], ids=str)
@pytest.mark.parametrize(("written", "meant"), FRENCH)
def test_french(written: str, meant: str, zone: ZoneInfo) -> None:
    assert local(read(written, language="fr", zone=zone, now=NOW), zone) == meant


@pytest.mark.parametrize("zone", [PARIS, MONTREAL], ids=str)
@pytest.mark.parametrize(("written", "meant"), ENGLISH)
def test_english(written: str, meant: str, zone: ZoneInfo) -> None:
    assert local(read(written, language="en", zone=zone, now=NOW), zone) == meant


@pytest.mark.parametrize(
    ("written", "language", "minutes"),
    [
        ("dans 1h30", "fr", 90),
        ("dans une heure", "fr", 60),
        ("dans une demi-heure", "fr", 30),
        ("dans deux heures et demie", "fr", 150),
        ("dans 2 jours et 3 heures", "fr", 51 * 60),
        ("tout de suite", "fr", 0),
        ("in an hour", "en", 60),
        ("in 90 minutes", "en", 90),
        ("in an hour and a half", "en", 90),
        ("now", "en", 0),
    ],
)
def test_hours_and_minutes_from_now_are_exact(written: str, language: str, minutes: int) -> None:
    for zone in (PARIS, MONTREAL):
        understood = read(written, language=language, zone=zone, now=NOW)
        assert not understood.all_day
        assert (understood.instant - NOW).total_seconds() == 60 * minutes


@pytest.mark.parametrize(
    ("written", "instant"),
    [
        ("2026-12-01T19:00Z", datetime(2026, 12, 1, 19, 0, tzinfo=UTC)),
        ("2026-12-01T19:00:00+01:00", datetime(2026, 12, 1, 18, 0, tzinfo=UTC)),
        ("2026-12-01 19:00 -0500", datetime(2026, 12, 2, 0, 0, tzinfo=UTC)),
        ("2026-12-01T19:00:00.000-05", datetime(2026, 12, 2, 0, 0, tzinfo=UTC)),
    ],
)
def test_an_offset_counts_more_than_the_zone_of_the_branch(written: str, instant: datetime) -> None:
    for zone in (PARIS, MONTREAL):
        assert read(written, language="en", zone=zone, now=NOW).instant == instant


@pytest.mark.parametrize(
    ("now", "written", "meant"),
    [
        # On a Friday.
        ("2026-11-27 10:00", "vendredi 18h", "2026-11-27 18:00"),
        ("2026-11-27 19:00", "vendredi 18h", "2026-12-04 18:00"),
        ("2026-11-27 10:00", "vendredi prochain à 18h", "2026-12-04 18:00"),
        # Year's end.
        ("2026-12-31 23:30", "demain", "2027-01-01"),
        ("2026-12-31 23:30", "dans 1h", "2027-01-01 00:30"),
        ("2026-12-31 10:00", "fin du mois", "2026-12-31"),
        ("2026-12-30 10:00", "vendredi", "2027-01-01"),
        ("2026-12-31 10:00", "le 2 janvier", "2027-01-02"),
        ("2026-12-31 10:00", "fin du mois prochain", "2027-01-31"),
        ("2026-12-31 10:00", "le mois prochain", "2027-01-01"),
        # The end of months, and 29 February.
        ("2027-01-31 10:00", "dans un mois", "2027-02-28"),
        ("2028-01-31 10:00", "dans un mois", "2028-02-29"),
        ("2028-02-28 10:00", "demain", "2028-02-29"),
        ("2027-02-28 10:00", "demain", "2027-03-01"),
        ("2028-02-29 10:00", "dans un an", "2029-02-28"),
        ("2028-02-01 10:00", "fin du mois", "2028-02-29"),
        ("2027-04-01 10:00", "29 février", "2028-02-29"),
        # Clocks go forward in Paris at 02:00 on 28 March 2027, back at 03:00 on 31 October 2027.
        ("2027-03-27 18:00", "demain 18h", "2027-03-28 18:00"),
        ("2027-03-27 18:00", "dans 1 jour à 18h", "2027-03-28 18:00"),
        ("2027-03-28 01:30", "dans une heure", "2027-03-28 03:30"),
        ("2027-03-28 00:30", "ce soir 21h", "2027-03-28 21:00"),
        ("2027-10-30 18:00", "demain 18h", "2027-10-31 18:00"),
        ("2027-10-30 18:00", "demain 2h30", "2027-10-31 02:30"),
        ("2027-10-30 18:00", "demain", "2027-10-31"),
        # After midnight it still is this night.
        ("2026-11-27 01:00", "cette nuit à 3h", "2026-11-27 03:00"),
        ("2026-11-27 00:30", "demain 9h", "2026-11-28 09:00"),
    ],
)
def test_days_that_calendars_trip_over(now: str, written: str, meant: str) -> None:
    clock = datetime.fromisoformat(now).replace(tzinfo=PARIS)
    assert local(read(written, language="fr", zone=PARIS, now=clock), PARIS) == meant


def test_a_time_that_comes_twice_is_the_first() -> None:
    before = datetime(2027, 10, 30, 12, 0, tzinfo=UTC)
    first = read("demain 2h30", language="fr", zone=PARIS, now=before)
    assert first.instant == datetime(2027, 10, 31, 0, 30, tzinfo=UTC)
    second = read("demain 2h30 (la seconde fois)", language="fr", zone=PARIS, now=before)
    assert second.instant == datetime(2027, 10, 31, 1, 30, tzinfo=UTC)


def test_today_is_where_the_branch_is() -> None:
    late = datetime(2026, 11, 25, 23, 30, tzinfo=UTC)
    assert local(read("demain", language="fr", zone=PARIS, now=late), PARIS) == "2026-11-27"
    assert local(read("demain", language="fr", zone=MONTREAL, now=late), MONTREAL) == "2026-11-26"


def test_a_day_without_time_begins_when_the_caller_says() -> None:
    understood = read("vendredi", language="fr", zone=PARIS, now=NOW, default_time=time(18))
    assert understood == Understood(datetime(2026, 11, 27, 17, 0, tzinfo=UTC), all_day=True)
    today = read("mercredi", language="fr", zone=PARIS, now=NOW, default_time=time(9))
    assert today.instant == datetime(2026, 12, 2, 8, 0, tzinfo=UTC), "nine o'clock has passed today"


def test_a_day_may_begin_after_midnight() -> None:
    """Where the clocks go forward at midnight, a day without time begins at one."""
    santiago = ZoneInfo("America/Santiago")
    understood = read("2026-09-06", language="en", zone=santiago, now=datetime(2026, 9, 1, tzinfo=UTC))
    assert understood.instant.astimezone(santiago).isoformat() == "2026-09-06T01:00:00-03:00"


@pytest.mark.parametrize(
    ("written", "language", "meant"),
    [
        ("hier 18h", "fr", "2026-11-24 18:00"),
        ("avant-hier", "fr", "2026-11-23"),
        ("il y a 3 jours", "fr", "2026-11-22"),
        ("il y a une heure", "fr", "2026-11-25 15:00"),
        ("vendredi", "fr", "2026-11-20"),
        ("vendredi dernier à 18h", "fr", "2026-11-20 18:00"),
        ("mercredi 9h", "fr", "2026-11-25 09:00"),
        ("mercredi 18h", "fr", "2026-11-18 18:00"),
        ("3 mars", "fr", "2026-03-03"),
        ("31 décembre", "fr", "2025-12-31"),
        ("le 28", "fr", "2026-10-28"),
        ("yesterday", "en", "2026-11-24"),
        ("2 days ago", "en", "2026-11-23"),
        ("last Friday", "en", "2026-11-20"),
        ("aujourd'hui", "fr", "2026-11-25"),
    ],
)
def test_looking_back(written: str, language: str, meant: str) -> None:
    understood = read(written, language=language, zone=PARIS, now=NOW, direction="past")
    assert local(understood, PARIS) == meant


def test_either_direction() -> None:
    for written, meant in [("hier", "2026-11-24"), ("demain", "2026-11-26"), ("vendredi", "2026-11-27")]:
        assert local(read(written, language="fr", zone=PARIS, now=NOW, direction="any"), PARIS) == meant


@pytest.mark.parametrize(("page", "language"), [("members", "en"), ("fr/members", "fr")])
def test_the_table_for_members(page: str, language: str) -> None:
    text = (Path(__file__).parents[3] / "docs" / page / "commands.md").read_text("utf-8")
    now = datetime(2026, 11, 25, 15, 0, tzinfo=PARIS)
    rows = re.findall(r"^\| (`.*`) \| (.* 202.*) \|$", text, re.MULTILINE)
    assert len(rows) == 7
    for written, meant in rows:
        found = [read(one, language=language, zone=PARIS, now=now) for one in re.findall(r"`([^`]+)`", written)]
        said = [
            say_day(one.instant.astimezone(PARIS).date(), language=language)
            if one.all_day
            else say(one.instant, language=language, zone=PARIS)
            for one in found
        ]
        assert ", ".join(said) == meant
