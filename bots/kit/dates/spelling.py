"""The word that was meant, where one letter is wrong."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from typing import Final

_WORD: Final = re.compile(r"(?<![a-z])[a-z]{4,20}(?![a-z])")
_LONGEST: Final = 120


def corrected(words: str, known: frozenset[str]) -> str | None:
    """The folded text with each unknown word replaced by the known one that differs by one letter; None if none is."""
    if len(words) > _LONGEST:
        return None
    right = _WORD.sub(lambda match: _nearest(match.group(), known), words)
    return None if right == words else right


def _nearest(word: str, known: frozenset[str]) -> str:
    """The only known word that differs by one letter, or by two neighbours that changed places; else the word."""
    if word in known:
        return word
    index = _index(known)
    near = {other for form in (word, *_shortened(word)) for other in index.get(form, ())}
    return near.pop() if len(near) == 1 else word


@cache
def _index(known: frozenset[str]) -> dict[str, set[str]]:
    """Each known word under itself and under each form that lacks one of its letters."""
    index: dict[str, set[str]] = {}
    for word in known:
        for form in (word, *_shortened(word)):
            index.setdefault(form, set()).add(word)
    return index


def _shortened(word: str) -> Iterable[str]:
    return (word[:place] + word[place + 1 :] for place in range(len(word)))
