"""Finding the phrase of a date in a text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from bots.kit.dates.language import Language
from bots.kit.dates.phrase import Away, Phrase

REACH: Final = 120
"""How many characters of a text may belong to a date."""

_MOST_LEADS: Final = 8
_WORD: Final = re.compile(r"(?<!\w)[\w(]")
_FRACTION: Final = re.compile(r"(?:.*\s)?[1-4]/[2-5]\.?")
_OF: Final = re.compile(r"d(?:e\s|')")


def whole(words: str, language: Language) -> Phrase | None:
    """The phrase that the folded text is, from its first character to its last."""
    if len(words) > REACH:
        return None
    return next((phrase for end, phrase, _ in _phrases(words, 0, language) if end == len(words)), None)


def longest(words: str, language: Language) -> tuple[int, int, Phrase] | None:
    """The longest phrase that begins or ends the folded text: from where, to where, and the phrase."""
    found: list[tuple[int, int, Phrase]] = []
    for start in (match.start() for match in _WORD.finditer(words, max(0, len(words) - REACH))):
        ends = [phrase for end, phrase, firm in _phrases(words, start, language) if end == len(words) and firm]
        if ends:
            found.append((start, len(words), ends[0]))
            break
    begins = [(end, phrase) for end, phrase, firm in _phrases(words[:REACH], 0, language) if firm]
    if begins:
        end, phrase = max(begins, key=lambda found: found[0])
        found.append((0, end, phrase))
    found = [(start, end, phrase) for start, end, phrase in found if not _by_chance(words, start, end, phrase)]
    return max(found, key=lambda found: found[1] - found[0], default=None)


def _by_chance(words: str, start: int, end: int, phrase: Phrase) -> bool:
    """Whether it names something else: a majority of 2/3, the world of tomorrow."""
    if phrase.clock or phrase.part:
        return False
    written = words[start:end]
    return bool(_FRACTION.fullmatch(written) or (isinstance(phrase.day, Away) and _OF.match(written)))


def _phrases(words: str, start: int, language: Language) -> Iterator[tuple[int, Phrase, bool]]:
    """Every phrase that begins there: where it ends, and whether it is firm, more than one loose word."""
    yield from _more(words, start, Phrase(), False, 0, language)


def _more(
    words: str, at: int, phrase: Phrase, firm: bool, count: int, language: Language
) -> Iterator[tuple[int, Phrase, bool]]:
    for place in _places(words, at, language):
        for rule in language.rules:
            match = rule.pattern.match(words, place)
            if match is None or match.end() == place:
                continue
            piece = rule.build(match.groupdict())
            joined = piece and phrase.joined(piece)
            if not joined:
                continue
            sure = firm or not rule.loose
            yield from _more(words, match.end(), joined, sure, count + 1, language)
            if joined.day or joined.clock:
                yield match.end(), joined, sure or count > 0


def _places(words: str, at: int, language: Language) -> Iterator[int]:
    """That place, and those after each word that may lead to a part of a date."""
    yield at
    for _ in range(_MOST_LEADS):
        match = language.lead.match(words, at)
        if match is None or match.end() == at:
            return
        at = match.end()
        yield at
