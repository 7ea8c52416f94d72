"""What cannot be, has passed, or may mean two things is asked back, with what would be right."""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import Final
from zoneinfo import ZoneInfo

import pytest

from bots.kit.dates import DateProblem, Direction, find, read, read_duration
from ground.texts import load_translators
from kunveno.messages import LOCALE

PARIS = ZoneInfo("Europe/Paris")
# A Wednesday, 16:00 in Paris.
NOW = datetime(2026, 11, 25, 15, 0, tzinfo=UTC)
TRANSLATORS: Final = load_translators(LOCALE)


def asked(
    written: str,
    language: str,
    *,
    now: datetime = NOW,
    direction: Direction = "future",
    zone: ZoneInfo = PARIS,
    default_time: time | None = None,
) -> str:
    """The sentence that the person gets, with plain spaces."""
    with pytest.raises(DateProblem) as problem:
        read(written, language=language, zone=zone, now=now, direction=direction, default_time=default_time)
    for suggestion in problem.value.suggestions:
        assert direction == "any" or (suggestion.instant >= now) == (direction == "future") or suggestion.all_day
    return TRANSLATORS[language].say(problem.value.text).replace("\u202f", " ").replace("\u00a0", " ")


@pytest.mark.parametrize(
    ("written", "sentence"),
    [
        # No such day.
        ("31 février 19h", "Février 2027 n’a pas de 31. Vouliez-vous dire le 28 février 2027 à 19:00 ?"),
        ("31 février", "Février 2027 n’a pas de 31. Vouliez-vous dire le 28 février 2027 ?"),
        ("30/02", "Février 2027 n’a pas de 30. Vouliez-vous dire le 28 février 2027 ?"),
        ("29 février 2027", "Février 2027 n’a pas de 29. Vouliez-vous dire le 28 février 2027 ?"),
        ("le 31 avril 2027 à 8h", "Avril 2027 n’a pas de 31. Vouliez-vous dire le 30 avril 2027 à 08:00 ?"),
        ("0 mars", "Mars 2027 n’a pas de 0. Vouliez-vous dire le 1er mars 2027 ?"),
        ("2026-11-31", "Novembre 2026 n’a pas de 31. Vouliez-vous dire le 30 novembre 2026 ?"),
        ("25/13/2026", "Il n’y a pas de mois 13. Vouliez-vous dire le 25 décembre 2026 ?"),
        ("12/25 18h", "Il n’y a pas de mois 25. Vouliez-vous dire le 25 décembre 2026 à 18:00 ?"),
        (
            "3 mars 3027",
            "« 3 mars 3027 » est trop loin : écrivez une année entre 1926 et 2126, par exemple 26 novembre 2026.",
        ),
        # No such time.
        ("demain 25:00", "Aucune horloge n’indique 25:00. Vouliez-vous dire le 26 novembre 2026 à 23:00 ?"),
        ("demain 18h75", "Aucune horloge n’indique 18:75. Vouliez-vous dire le 26 novembre 2026 à 18:59 ?"),
        ("9h75", "Aucune horloge n’indique 09:75. Vouliez-vous dire le 26 novembre 2026 à 09:59 ?"),
        (
            "demain matin 18h",
            "Dans « demain matin 18h », l’heure et le moment de la journée ne vont pas ensemble. "
            "Vouliez-vous dire le 26 novembre 2026 à 18:00 ?",
        ),
        (
            "28 mars 2027 2h30",
            "Le 28 mars 2027, on avance les horloges et 02:30 n’existe pas. "
            "Vouliez-vous dire le 28 mars 2027 à 03:30 ?",
        ),
        # It has passed.
        (
            "aujourd’hui 9h",
            "Le mercredi 25 novembre 2026 à 09:00 est déjà passé. "
            "Vouliez-vous dire le jeudi 26 novembre 2026 à 09:00 ?",
        ),
        (
            "midi",
            "Le mercredi 25 novembre 2026 à 12:00 est déjà passé. "
            "Vouliez-vous dire le jeudi 26 novembre 2026 à 12:00 ?",
        ),
        (
            "25 novembre 9h",
            "Le mercredi 25 novembre 2026 à 09:00 est déjà passé. "
            "Vouliez-vous dire le jeudi 26 novembre 2026 à 09:00 ?",
        ),
        (
            "20 novembre 18h",
            "Le vendredi 20 novembre 2026 à 18:00 est déjà passé. "
            "Vouliez-vous dire le samedi 20 novembre 2027 à 18:00 ?",
        ),
        ("3 mars 2026", "Le mardi 3 mars 2026 est déjà passé. Vouliez-vous dire le mercredi 3 mars 2027 ?"),
        ("29/02/2024", "Le jeudi 29 février 2024 est déjà passé. Vouliez-vous dire le dimanche 28 février 2027 ?"),
        ("hier", "Le mardi 24 novembre 2026 est déjà passé. Vouliez-vous dire le jeudi 26 novembre 2026 ?"),
        ("il y a 3 jours", "Le dimanche 22 novembre 2026 est déjà passé. "
        "Vouliez-vous dire le samedi 28 novembre 2026 ?"),
        (
            "il y a 1 h",
            "Le mercredi 25 novembre 2026 à 15:00 est déjà passé. "
            "Vouliez-vous dire le mercredi 25 novembre 2026 à 17:00 ?",
        ),
        (
            "vendredi dernier",
            "Le vendredi 20 novembre 2026 est déjà passé. Vouliez-vous dire le vendredi 27 novembre 2026 ?",
        ),
        ("début du mois", "Le dimanche 1er novembre 2026 est déjà passé. "
        "Vouliez-vous dire le mardi 1er décembre 2026 ?"),
        (
            "2026-11-25T10:00Z",
            "Le mercredi 25 novembre 2026 à 11:00 est déjà passé. "
            "Vouliez-vous dire le jeudi 26 novembre 2026 à 11:00 ?",
        ),
        # Two things that do not agree.
        (
            "vendredi 3 mars 2027",
            "Le 3 mars 2027 est un mercredi, et non un vendredi. "
            "Vouliez-vous dire le mercredi 3 mars 2027 ou le vendredi 5 mars 2027 ?",
        ),
        # Not understood.
        ("vendrdi 18h", "Je ne reconnais pas de date dans « vendrdi 18h ». "
                        "Vouliez-vous dire le vendredi 27 novembre 2026 à 18:00 ?"),
        ("deamin 18h", "Je ne reconnais pas de date dans « deamin 18h ». "
                       "Vouliez-vous dire le jeudi 26 novembre 2026 à 18:00 ?"),
        ("bientôt", "Je ne reconnais pas de date dans « bientôt ». Écrivez par exemple : demain 18h"),
        ("", "Je ne reconnais pas de date dans «  ». Écrivez par exemple : demain 18h"),
    ],
)  # fmt: skip
def test_french(written: str, sentence: str) -> None:
    assert asked(written, "fr") == sentence


@pytest.mark.parametrize(
    ("written", "sentence"),
    [
        ("31 February 7pm", "February 2027 has no 31. Did you mean 28 February 2027, 19:00?"),
        ("3/4", "'3/4' can be Saturday 3 April 2027 or Thursday 4 March 2027. Which one do you mean?"),
        (
            "3/4/2027 7pm",
            "'3/4/2027 7pm' can be Saturday 3 April 2027, 19:00 or Thursday 4 March 2027, 19:00. "
            "Which one do you mean?",
        ),
        ("31/31", "There is no month 31. Did you mean 31 December 2026?"),
        ("tomorrow 13am", "In 'tomorrow 13am' the hour and the part of the day do not fit. "
                          "Did you mean 26 November 2026, 13:00?"),
        (
            "Friday 3 March 2027",
            "3 March 2027 is a Wednesday, not a Friday. Did you mean Wednesday 3 March 2027 or Friday 5 March 2027?",
        ),
        ("noon", "Wednesday 25 November 2026, 12:00 has passed. Did you mean Thursday 26 November 2026, 12:00?"),
        ("tomorow 6pm", "I do not read 'tomorow 6pm' as a date. Did you mean Thursday 26 November 2026, 18:00?"),
        ("soon", "I do not read 'soon' as a date. Write for example: tomorrow 18:00"),
    ],
)  # fmt: skip
def test_english(written: str, sentence: str) -> None:
    assert asked(written, "en") == sentence


def test_an_evening_that_has_begun_has_hours_left() -> None:
    now = datetime(2026, 11, 25, 18, 30, tzinfo=UTC)
    assert asked("ce soir", "fr", now=now) == (
        "Le mercredi 25 novembre 2026 à 19:00 est déjà passé. Vouliez-vous dire le mercredi 25 novembre 2026 à 20:00 ?"
    )
    assert asked("this evening", "en", now=now.replace(hour=22, minute=30)) == (
        "Wednesday 25 November 2026, 19:00 has passed. Did you mean Thursday 26 November 2026, 19:00?"
    )


def test_in_january_a_day_of_last_december_has_passed() -> None:
    assert asked("20 décembre", "fr", now=datetime(2027, 1, 5, tzinfo=UTC)) == (
        "Le dimanche 20 décembre 2026 est déjà passé. Vouliez-vous dire le lundi 20 décembre 2027 ?"
    )


def test_a_day_to_come_where_one_gone_by_is_meant() -> None:
    assert asked("demain", "fr", direction="past") == (
        "Le jeudi 26 novembre 2026 n’est pas encore passé. Vouliez-vous dire le mardi 24 novembre 2026 ?"
    )
    assert asked("3 March 2027", "en", direction="past") == (
        "Wednesday 3 March 2027 is still to come. Did you mean Tuesday 3 March 2026?"
    )


def test_the_usual_time_counts_where_no_time_is_written() -> None:
    assert asked("aujourd'hui", "fr", default_time=time(9)) == (
        "Le mercredi 25 novembre 2026 à 09:00 est déjà passé. Vouliez-vous dire le jeudi 26 novembre 2026 à 09:00 ?"
    )


def test_clocks_of_other_places_go_forward_on_other_days() -> None:
    montreal = ZoneInfo("America/Montreal")
    assert asked("March 14 2027 at 2:30 am", "en", zone=montreal) == (
        "On 14 March 2027 the clocks go forward and skip 02:30. Did you mean 14 March 2027, 03:30?"
    )


def test_a_long_text_is_shown_short() -> None:
    sentence = asked("la grande réunion " * 20, "fr")
    assert len(sentence) < 140
    assert "…" in sentence


@pytest.mark.parametrize("written", ["", "trois lunes", "1.5 months", "1h5", "deux"])
def test_no_duration(written: str) -> None:
    with pytest.raises(DateProblem) as problem:
        read_duration(written, language="fr")
    said = TRANSLATORS["fr"].say(problem.value.text)
    assert said.startswith("Je ne reconnais pas de durée")
    assert read_duration(said.rpartition("\u00a0: ")[2], language="fr")


@pytest.mark.parametrize("written", ["0 h", "101 ans", "999999 jours"])
def test_no_length(written: str) -> None:
    with pytest.raises(DateProblem, match="at most 100 years"):
        read_duration(written, language="fr")


def test_a_date_that_cannot_be_is_found_in_a_text() -> None:
    with pytest.raises(DateProblem, match="has no 31"):
        find("réunion 31 février 19h", language="fr", zone=PARIS, now=NOW)
