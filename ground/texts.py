"""Sentences for people: written once in English, translated whole, filled in last.

A sentence is a `Text`, a value that can be stored, compared and carried by an exception; a `Translator` says it in one
language. Catalogues are gettext `.po` files, read by Babel, so there is nothing to compile.
"""

from __future__ import annotations

import gettext
import io
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

SOURCE_LANGUAGE = "en"

_ELIDED: Final[Mapping[str, re.Pattern[str]]] = {"fr": re.compile(r"\b([Dd])e ((?:\*\*)?\{(\w+)\})")}
"""What loses its vowel before a name that begins with one, by language: "les salons d’Amiens". Before an h it stays:
only the ear knows whether that one is mute."""


@dataclass(frozen=True, slots=True)
class Text:
    """A translatable sentence: the English message and what fills its `{places}`.

    `plural` and `count` are given together where the sentence depends on a number. A value that is itself a Text is
    said in the same language.
    """

    message: str
    values: Mapping[str, object] = field(default_factory=dict)
    plural: str | None = None
    count: int = 1

    def __str__(self) -> str:
        return ENGLISH.say(self)


def text(message: str, /, **values: object) -> Text:
    """A sentence, marked for the catalogue by being written as `text("…")`."""
    return Text(message, values)


def counted(singular: str, plural: str, count: int, /, **values: object) -> Text:
    """A sentence that depends on `count`, which also fills `{count}`."""
    return Text(singular, {"count": count, **values}, plural, count)


class Translator:
    """Says sentences in one language; what the catalogue lacks is said in English."""

    def __init__(self, language: str, catalogue: gettext.NullTranslations) -> None:
        self.language = language
        self._catalogue = catalogue

    def say(self, sentence: Text, show: Callable[[object], object] | None = None) -> str:
        """The sentence in this language, filled in. `show` makes of each value what stands in its place."""
        if sentence.plural is None:
            message = self._catalogue.gettext(sentence.message)
        else:
            message = self._catalogue.ngettext(sentence.message, sentence.plural, sentence.count)
        if (elided := _ELIDED.get(self.language)) is not None:
            message = elided.sub(lambda found: self._joined(found, sentence.values), message)
        return message.format(**{key: self._shown(value, show) for key, value in sentence.values.items()})

    def _joined(self, found: re.Match[str], values: Mapping[str, object]) -> str:
        value = values.get(found[3])
        while isinstance(value, (list, tuple)) and value:
            value = value[0]
        begins = unicodedata.normalize("NFKD", str(self._shown(value, None)))[:1].casefold()
        return f"{found[1]}’{found[2]}" if begins and begins in "aeiouæœ" else found[0]

    def _shown(self, value: object, show: Callable[[object], object] | None) -> object:
        if isinstance(value, Text):
            return self.say(value, show)
        return value if show is None else show(value)


ENGLISH = Translator(SOURCE_LANGUAGE, gettext.NullTranslations())


def load_translators(locale: Path, domain: str = "kunveno") -> dict[str, Translator]:
    """All languages found below `locale` (`LANGUAGE/LC_MESSAGES/DOMAIN.po`), English always among them."""
    translators = {SOURCE_LANGUAGE: ENGLISH}
    for path in sorted(locale.glob(f"*/LC_MESSAGES/{domain}.po")):
        with path.open("rb") as file:
            catalogue = read_po(file)
        compiled = io.BytesIO()
        write_mo(compiled, catalogue)
        compiled.seek(0)
        language = path.parent.parent.name
        translators[language] = Translator(language, gettext.GNUTranslations(compiled))
    return translators
