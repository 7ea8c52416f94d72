"""Languages by the names that people give them. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from babel.core import Locale

from bots.kit.matching import fold


def own_name(code: str) -> str:
    """What a language calls itself: français, English."""
    return name_in(code, code)


def name_in(code: str, language: str) -> str:
    """What a language is called in another one: French, anglais."""
    return Locale.parse(code).get_display_name(language) or code


def language_meant(written: str, spoken: Iterable[str]) -> str | None:
    """The code of the language of that name, in any of the languages that are spoken; None for any other."""
    codes, wanted = list(spoken), fold(written)
    for code in codes:
        names = {fold(name_in(code, other)) for other in codes}
        if wanted == code or wanted in names or wanted.partition("-")[0] == code:
            return code
    return None
