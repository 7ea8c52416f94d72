"""In which language, and on which clock, something is said."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from decimal import Decimal
from fractions import Fraction
from typing import Final

from babel.core import Locale, UnknownLocaleError
from babel.numbers import format_currency, format_decimal, format_percent

from bots.kit.dates import say, say_day
from bots.kit.parts import Code, Day, Link, Percent, Pill, Strong, Typed, When
from ground.money import Money
from ground.texts import SOURCE_LANGUAGE, Text, Translator
from party.called import Called

LINKS: Final = "https://matrix.to/#/"
"""Where a link to an account leads, unless the organisation has its own."""

_UNSEEN: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufff9-\ufffb]")
"""Marks that nobody sees and that move or turn round what follows them."""
_EVERYBODY: Final = re.compile("@(?=room)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Voice:
    """How a place is spoken to: its language and time zone, and the prefix with which commands are shown there."""

    translator: Translator
    language: str
    zone: tzinfo
    prefix: str = "!"
    links: str = LINKS

    def say(self, sentence: Text) -> str:
        """The sentence as plain text, its values as this language writes them."""
        return self.translator.say(sentence, self.show)

    def show(self, value: object) -> str:
        """A value as plain text. What people wrote stays as it is, but for marks that nobody sees."""
        match value:
            case str():
                return literally(value)
            case Text():
                return self.say(value)
            case Pill(name=words) | Strong(words=words) | Code(words=words):
                return literally(words)
            case Typed(line):
                return literally(self.prefix) + self.show(line)
            case Link(label, url):
                words = self.show(label)
                return words if words == url else f"{words} ({literally(url)})"
            case When(instant, all_day):
                return self._day(instant.astimezone(self.zone).date()) if all_day else self._instant(instant)
            case datetime():
                return self._instant(value)
            case Day(day):
                return self._day(day)
            case date():
                return self._day(value)
            case Called():
                return literally(value.name(self.language))
            case list() | tuple():
                return self._enumeration(value)
        return self._number(value)

    def _number(self, value: object) -> str:
        match value:
            case Money(cents, currency):
                return format_currency(Decimal(cents) / 100, currency, locale=self._locale())
            case Percent(share) | (Fraction() as share):
                return format_percent(round(share * 100) / Decimal(100), locale=self._locale())
            case bool():
                return str(value)
            case int() | float() | Decimal():
                return format_decimal(value, locale=self._locale())
        return literally(str(value))

    def _instant(self, instant: datetime) -> str:
        return say(instant, language=self.language, zone=self.zone)

    def _day(self, day: date) -> str:
        return say_day(day, language=self.language)

    def _enumeration(self, values: Iterable[object]) -> str:
        return ", ".join(map(self.show, values))

    def _locale(self) -> Locale:
        try:
            return Locale.parse(self.language)
        except (UnknownLocaleError, ValueError):
            return Locale.parse(SOURCE_LANGUAGE)


def literally(words: str) -> str:
    """What somebody wrote, fit to be repeated: nobody is called by it, and it moves nothing around it."""
    return _EVERYBODY.sub("@\u2060", _UNSEEN.sub("", words))
