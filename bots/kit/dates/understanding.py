"""From the phrase of a date to the moment it means, or to what is wrong with it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta, timezone

from bots.kit.dates.days import DayDoubt, Here, check_reach, day_of, later
from bots.kit.dates.phrase import Away, Clock, Phrase
from bots.kit.dates.saying import say, say_day, say_time
from bots.kit.dates.times import ENDS, USUAL, TimeOfDay, is_small_hours, time_of_day
from bots.kit.dates.values import DateProblem, Duration, Understood, is_skipped, place
from ground.texts import text


def understand(phrase: Phrase, here: Here) -> Understood:
    """The moment of a phrase that was read here. Raises DateProblem."""
    if phrase.clock and phrase.clock.offset is not None:
        there = replace(here, zone=timezone(phrase.clock.offset))
    else:
        there = here
    try:
        if isinstance(phrase.day, Away) and phrase.day.exact:
            return _exact(phrase.day, here)
        return _on_a_day(phrase, here, there)
    except DayDoubt as doubt:
        at = _time(phrase, there)
        options = [_moment(option, at, phrase, there) for option in doubt.days]
        names = [said(option, here, weekday=len(options) > 1) for option in options]
        raise DateProblem(doubt.ask(names), *options) from None


def said(moment: Understood, here: Here, *, weekday: bool = True) -> str:
    """How a moment is named in a question: without time where none was written and none is usual."""
    if moment.all_day and here.default_time is None:
        day = moment.instant.astimezone(here.zone).date()
        return say_day(day, language=here.language, weekday=weekday)
    return say(moment.instant, language=here.language, zone=here.zone, weekday=weekday)


def _exact(day: Away, here: Here) -> Understood:
    check_reach(day, here)
    whole_minutes = day.duration.seconds % 60 == 0 and day.duration != Duration()
    start = _to_minute(here.now) if whole_minutes else here.now
    moment = Understood(day.duration.after(start, here.zone), all_day=False)
    if _is_wrong_side(moment, here):
        raise _wrong_side(moment, Understood((-day.duration).after(start, here.zone), all_day=False), here)
    return moment


def _on_a_day(phrase: Phrase, here: Here, there: Here) -> Understood:
    at = _time(phrase, there)
    over = _is_over(_moment(there.today, at, phrase, there), here)
    day = day_of(phrase.day or Away(Duration()), there, over=over)
    moment = _moment(day, at, phrase, there)
    wrong_side = _is_wrong_side(moment, here)
    if at is not None and at.wrong:
        if wrong_side:
            moment = _moment(later(phrase.day, there, over=over), at, phrase, there)
        raise _wrong_time(phrase.clock or Clock(at.at.hour, at.at.minute), at, moment, here)
    if wrong_side:
        raise _wrong_side(moment, _instead(phrase, at, there, over=over), here)
    if at is not None:
        _check_clocks(day, at, moment, there)
    return moment


def _time(phrase: Phrase, here: Here) -> TimeOfDay | None:
    """The time of day that was written; the hours after midnight are tonight's where it is such an hour now."""
    if phrase.clock:
        late = isinstance(phrase.day, Away) and is_small_hours(here.now.astimezone(here.zone).hour)
        return time_of_day(phrase.clock, phrase.part, small_hours=late)
    return TimeOfDay(time(USUAL[phrase.part])) if phrase.part else None


def _moment(day: date, at: TimeOfDay | None, phrase: Phrase, here: Here) -> Understood:
    if at is None:
        return Understood(place(day, here.default_time or time(), here.zone), all_day=True)
    wall = at.at.replace(fold=phrase.turn or 0)
    return Understood(place(day + timedelta(days=at.days), wall, here.zone), all_day=False)


def _to_minute(instant: datetime) -> datetime:
    return instant.astimezone(UTC).replace(second=0, microsecond=0)


def _is_over(moment: Understood, here: Here) -> bool:
    """Whether a moment of today has gone by; today has not, where no time counts."""
    if moment.all_day and (here.default_time is None or here.direction == "past"):
        return here.direction == "past"
    return moment.instant < _to_minute(here.now)


def _is_wrong_side(moment: Understood, here: Here) -> bool:
    if here.direction == "any":
        return False
    if moment.all_day and (here.default_time is None or here.direction == "past"):
        day, today = moment.instant.astimezone(here.zone).date(), here.today
        return day > today if here.direction == "past" else day < today
    return moment.instant > here.now if here.direction == "past" else moment.instant < _to_minute(here.now)


def _instead(phrase: Phrase, at: TimeOfDay | None, here: Here, *, over: bool) -> Understood:
    """The moment to suggest for one on the wrong side of now: later this evening where that is left of "ce soir"."""
    hour = here.now.astimezone(here.zone).hour + 1
    if over and phrase.part and not phrase.clock and phrase.day == Away(Duration()) and hour < ENDS[phrase.part]:
        return _moment(here.today, TimeOfDay(time(hour)), phrase, here)
    return _moment(later(phrase.day, here, over=over), at, phrase, here)


def _wrong_side(moment: Understood, instead: Understood, here: Here) -> DateProblem:
    values = {"date": said(moment, here), "suggestion": said(instead, here)}
    if here.direction == "past":
        return DateProblem(text("{date} is still to come. Did you mean {suggestion}?", **values), instead)
    return DateProblem(text("{date} has passed. Did you mean {suggestion}?", **values), instead)


def _wrong_time(clock: Clock, at: TimeOfDay, nearest: Understood, here: Here) -> DateProblem:
    suggestion = said(nearest, here, weekday=False)
    if at.wrong == "not then":
        return DateProblem(
            text(
                "In '{written}' the hour and the part of the day do not fit. Did you mean {suggestion}?",
                written=here.written, suggestion=suggestion,
            ),
            nearest,
        )  # fmt: skip
    written = f"{clock.hour:02}:{clock.minute:02}"
    return DateProblem(
        text("No clock shows {time}. Did you mean {suggestion}?", time=written, suggestion=suggestion), nearest
    )


def _check_clocks(day: date, at: TimeOfDay, moment: Understood, here: Here) -> None:
    """Raises DateProblem where the clocks skip that time on that day."""
    day += timedelta(days=at.days)
    if is_skipped(day, at.at, here.zone):
        raise DateProblem(
            text(
                "On {day} the clocks go forward and skip {time}. Did you mean {suggestion}?",
                day=say_day(day, language=here.language, weekday=False),
                time=say_time(at.at),
                suggestion=said(moment, here, weekday=False),
            ),
            moment,
        )
