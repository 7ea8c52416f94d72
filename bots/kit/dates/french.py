"""Dates as they are typed in French."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, Literal

from bots.kit.dates.language import YEAR, Found, Language, Units, in_figures, number, rule, year
from bots.kit.dates.phrase import Away, CalendarDay, Clock, Edge, MonthPart, Part, Phrase, Unit, Weekday, either
from bots.kit.dates.values import Duration

_WEEKDAY_NAMES: Final = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
_WEEKDAYS: Final = {
    **{name: place for place, name in enumerate(_WEEKDAY_NAMES)},
    **{name[:3]: place for place, name in enumerate(_WEEKDAY_NAMES)},
}
_MONTHS: Final = {
    name: place
    for place, names in enumerate(
        (
            "janvier janv jan", "fevrier fevr fev", "mars", "avril avr", "mai", "juin", "juillet juil", "aout",
            "septembre sept sep", "octobre oct", "novembre nov", "decembre dec",
        ),
        1,
    )
    for name in names.split()
}  # fmt: skip
_NUMBERS: Final = {
    "un": 1, "une": 1, "deux": 2, "trois": 3, "quatre": 4, "cinq": 5, "six": 6, "sept": 7, "huit": 8, "neuf": 9,
    "dix": 10, "onze": 11, "douze": 12, "quinze": 15, "vingt": 20, "trente": 30, "quarante": 40, "soixante": 60,
    "cent": 100,
}  # fmt: skip
_MONTH, _DAY, _WEEK, _HOUR, _MINUTE = (
    Duration(1),
    Duration(0, 1),
    Duration(0, 7),
    Duration(0, 0, 3600),
    Duration(0, 0, 60),
)
_UNITS: Final = Units(
    numbers=_NUMBERS,
    units={
        **dict.fromkeys(("seconde", "secondes", "sec", "s"), Duration(0, 0, 1)),
        **dict.fromkeys(("minute", "minutes", "min", "mn"), _MINUTE),
        **dict.fromkeys(("heure", "heures", "h"), _HOUR),
        **dict.fromkeys(("jour", "jours", "j"), _DAY),
        **dict.fromkeys(("semaine", "semaines", "sem"), _WEEK),
        "mois": _MONTH,
        **dict.fromkeys(("an", "ans", "annee", "annees"), Duration(12)),
    },
    phrases={
        **dict.fromkeys(("une demi-heure", "une demi heure", "demi-heure"), Duration(0, 0, 1800)),
        **dict.fromkeys(("un quart d'heure", "quart d'heure"), Duration(0, 0, 900)),
        "trois quarts d'heure": Duration(0, 0, 2700),
        **dict.fromkeys(("une quinzaine", "une quinzaine de jours"), Duration(0, 14)),
    },
    half=r"et\s+demie?",
    joint="et",
)
_duration = _UNITS.reader()
_IDIOMS: Final = {"huit jours": Duration(0, 7), "quinze jours": Duration(0, 14)}
_DAYS: Final = {
    "aujourd'hui": 0, "aujourd hui": 0, "aujourdhui": 0, "demain": 1, "apres-demain": 2, "apres demain": 2,
    "hier": -1, "avant-hier": -2, "avant hier": -2,
}  # fmt: skip
_PARTS: Final[Mapping[str, Part]] = {
    **dict.fromkeys(("matin", "matinee"), "morning"),
    **dict.fromkeys(("apres-midi", "apres midi", "aprem"), "afternoon"),
    **dict.fromkeys(("soir", "soiree"), "evening"),
    "nuit": "night",
}
_SPANS: Final[Mapping[str, Unit]] = {"semaine": "week", "mois": "month", "annee": "year", "an": "year"}
_WHERE: Final[Mapping[str, Literal["start", "middle", "end"]]] = {"debut": "start", "mi": "middle", "fin": "end"}
_WEEKS: Final = {"huit": 1, "8": 1, "quinze": 2, "15": 2}


def _away(found: Found) -> Phrase | None:
    """Dans huit jours is a week and dans quinze jours two, as everybody counts; in figures days are days."""
    words = " ".join((found["long"] or "").split())
    duration = _IDIOMS.get(words) or _duration(words)
    if duration is None:
        return None
    return Phrase(Away(-duration if found["ago"] else duration, exact=duration.seconds != 0))


def _named_day(found: Found) -> Phrase | None:
    weeks = _WEEKS.get(found["weeks"] or "", 0)
    return Phrase(Away(Duration(0, _DAYS[" ".join((found["name"] or "").split())] + 7 * weeks)))


def _this(found: Found) -> Phrase | None:
    return Phrase(Away(Duration()), part=_PARTS[" ".join((found["part"] or "").split())])


def _weekday(found: Found) -> Phrase | None:
    weekday, how = _WEEKDAYS[found["weekday"] or ""], found["how"] or ""
    if found["weeks"]:
        return Phrase(Weekday(weekday, weeks=_WEEKS[found["weeks"]]))
    if how.startswith("proch"):
        return Phrase(Weekday(weekday, "next"))
    if how.startswith(("derni", "pass")):
        return Phrase(Weekday(weekday, "last"))
    if found["week"]:
        return Phrase(Weekday(weekday, "of week", 0 if found["week"].startswith("cette") else 1))
    return Phrase(Weekday(weekday))


def _date(found: Found) -> Phrase | None:
    weekday, month = found.get("weekday"), found.get("month")
    return Phrase(
        CalendarDay(
            1 if found["first"] else number(found, "day"),
            _MONTHS[month] if month else None,
            year(found),
            _WEEKDAYS[weekday] if weekday else None,
        )
    )


def _edge(found: Found) -> Phrase | None:
    return Phrase(Edge(_SPANS[found["unit"] or ""], 1 if found["next"] else 0, found["edge"] == "fin"))


def _month_part(found: Found) -> Phrase | None:
    return Phrase(MonthPart(_MONTHS[found["month"] or ""], year(found), _WHERE[found["edge"] or ""]))


def _unit_next(found: Found) -> Phrase | None:
    return Phrase(Edge(_SPANS[found["unit"] or ""], 1))


def _weekend(found: Found) -> Phrase | None:
    return Phrase(Edge("weekend", 1 if found["next"] else 0))


def _hours(found: Found) -> Phrase | None:
    written = found["hour"] or ""
    hour = int(written) if written.isdecimal() else _NUMBERS[written]
    return Phrase(clock=_quarter(Clock(hour, number(found, "minute")), found["quarter"]))


def _noon(found: Found) -> Phrase | None:
    minute = number(found, "minute")
    if found["noon"] == "midi":
        return Phrase(clock=_quarter(Clock(12, minute), found["quarter"]))
    return Phrase(clock=_quarter(Clock(0, minute, midnight=True), found["quarter"]))


def _quarter(clock: Clock, written: str | None) -> Clock:
    if not written:
        return clock
    if "moins" in written:
        return Clock((clock.hour - 1) % 24, 45)
    return Clock(clock.hour, 15 if "quart" in written else 30, midnight=clock.midnight)


_WD: Final = rf"(?P<weekday>{either(_WEEKDAYS)})\.?"
_NAMED: Final = rf"(?P<weekday>{either(_WEEKDAY_NAMES)})"
_MONTH_NAME: Final = rf"(?P<month>{either(_MONTHS)})\.?"
_NTH: Final = r"(?:(?P<first>1\s?er|premier)|(?P<day>\d{1,2}))"
_QUARTER: Final = r"(?P<quarter>et quart|et demie?|moins (?:le )?quart)"
_PART: Final = rf"(?P<part>{either(_PARTS)})"
_BARE: Final = r"(?=\s*(?:$|[,;:!?.)]))"
_NEXT: Final = r"(?P<next> prochaine?| qui vient)"

FRENCH: Final = Language(
    name="fr",
    rules=(
        rule("maintenant|tout de suite", lambda found: Phrase(Away(Duration(), exact=True)), loose=True),
        rule(rf"(?:dans|sous|d'ici|(?P<ago>il y a)) (?P<long>{either(_IDIOMS)}|{_UNITS.pattern})", _away),
        rule(rf"(?:d')?(?P<name>{either(_DAYS)})(?: en (?P<weeks>huit|quinze))?", _named_day),
        rule(rf"(?:ce|cet|cette) {_PART}", _this),
        rule("ce midi", lambda found: Phrase(Away(Duration()), clock=Clock(12))),
        rule(
            rf"(?:ce )?{_NAMED}(?: (?P<how>prochain|dernier|passe|qui vient)| en (?P<weeks>huit|quinze|8|15)"
            r"|(?: de)? (?P<week>cette semaine|la semaine (?:prochaine|qui vient)))?",
            _weekday,
        ),
        rule(rf"(?P<how>)(?P<weeks>)(?P<week>){_WD}", _weekday, loose=True),
        rule(rf"(?:{_WD}\s*,? )?(?:le )?{_NTH} {_MONTH_NAME}(?: {YEAR})?", _date),
        rule(rf"{_NAMED} (?:le )?{_NTH}(?!\s*(?:h|\d|[:/.]\d))", _date, loose=True),
        rule(rf"le {_NTH}{_BARE}", _date),
        rule(rf"le {_NTH}(?= (?:a|vers) (?:\d|midi|minuit))", _date),
        rule(
            rf"(?P<edge>fin|debut) (?:du|de ce|de cette|de l'|de la|de|d')\s*(?P<unit>mois|semaine|annee){_NEXT}?",
            _edge,
        ),
        rule(rf"(?P<edge>fin|debut|mi)[ -](?:de )?{_MONTH_NAME}(?: {YEAR})?", _month_part),
        rule(r"(?:la |le |l')?(?P<unit>semaine|mois|annee|an) (?:prochaine?|qui vient)", _unit_next),
        rule(rf"(?:ce |le )?week[ -]?end{_NEXT}?", _weekend, loose=True),
        rule(
            rf"(?:au |le |dans la |dans l'|en |du |de la |de l')?{_PART}",
            lambda found: Phrase(part=_PARTS[" ".join((found["part"] or "").split())]),
            loose=True,
        ),
        rule(rf"(?P<hour>\d{{1,2}}|{either(_NUMBERS)})\s*heures?(?: (?P<minute>\d{{2}})| {_QUARTER})?", _hours),
        rule(rf"(?P<hour>\d{{1,2}})\s*h(?P<minute>) {_QUARTER}", _hours),
        rule(rf"(?P<noon>midi|minuit)(?: (?P<minute>\d{{2}})| {_QUARTER})?", _noon, loose=True),
        rule(rf"a (?P<hour>\d{{1,2}})(?P<minute>)(?P<quarter>){_BARE}", _hours, loose=True),
        rule(r"\(?la premiere fois\)?", lambda found: Phrase(turn=0)),
        rule(r"\(?la (?:seconde|deuxieme) fois\)?", lambda found: Phrase(turn=1)),
        *in_figures(_WEEKDAYS, day_first=True),
    ),
    lead=re.compile(
        r"\s+|(?:[,;-]|(?:a partir|avant|jusqu'au|jusqu'a|d'ici|des|le|la|les|pour|au|aux|a|vers|du|de|en|dans)"
        r"(?![\w'])|d')"
    ),
    words=frozenset(
        (
            *_WEEKDAY_NAMES,
            *_DAYS,
            *_PARTS,
            *(name for name in _MONTHS if len(name) > 4),
            "prochain",
            "prochaine",
            "semaine",
            "semaines",
            "jours",
            "heures",
            "minutes",
            "minuit",
        )
    ),
    read_duration=_duration,
    date_pattern="EEEE d MMMM y",
    day_pattern="d MMMM y",
    joined="{day} à {time}",
    turns=("la première fois", "la seconde fois"),
    first_of_month="1er",
    example="demain 18h",
    example_duration="2 jours",
)
