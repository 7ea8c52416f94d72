"""When two words are the same to people, and which known word is nearly the one they wrote."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher, get_close_matches
from typing import Final

_SAME: Final = str.maketrans(
    {
        **dict.fromkeys("\u2018\u2019\u02bc\u0060\u00b4\u2032\uff07", "'"),
        **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212_", "-"),
        "œ": "oe", "Œ": "oe", "æ": "ae", "Æ": "ae", "ø": "o", "Ø": "o", "ł": "l", "Ł": "l", "đ": "d", "Đ": "d",
        "\u0131": "i",
    }
)  # fmt: skip
_CLOSE: Final = 0.74
_SHORT: Final = 4
"""Up to so many letters, words are alike only where one slip lies between them: `lion` is no slip of `link`."""


def fold(written: str) -> str:
    """The text without capitals, accents, typography and marks that take no room; white space is one space."""
    letters = unicodedata.normalize("NFKD", written.translate(_SAME).casefold())
    kept = (letter for letter in letters if unicodedata.category(letter) not in ("Mn", "Cf", "Cs"))
    return " ".join("".join(kept).casefold().translate(_SAME).split())


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that was probably meant, None where none is close. All are folded."""
    return next(iter(get_close_matches(word[:60], list(known), n=1, cutoff=_CLOSE)), None)


def nearest_name(words: Sequence[str], known: Iterable[Sequence[str]]) -> tuple[str, ...] | None:
    """The name of as many words that was probably meant, each of them nearly as written. All are folded."""
    best: tuple[float, tuple[str, ...]] | None = None
    for name in known:
        likeness = _likeness(words, name) if len(name) == len(words) else 0.0
        if likeness and (best is None or likeness > best[0]):
            best = likeness, tuple(name)
    return best[1] if best else None


def _likeness(words: Sequence[str], name: Sequence[str]) -> float:
    """How much alike the words are, one by one; nothing where one of them is another word."""
    total = 0.0
    for word, right in zip(words, name, strict=True):
        ratio = 1.0 if word == right else SequenceMatcher(None, right, word[:60]).ratio()
        near = _one_slip(word, right) if 2 < len(right) <= _SHORT else ratio >= _CLOSE
        if not near:
            return 0.0
        total += ratio
    return total


def _one_slip(word: str, right: str) -> bool:
    """Whether at most one letter is missing, too many, or another one, or two are the wrong way round."""
    if len(word) == len(right):
        wrong = [place for place, (one, other) in enumerate(zip(word, right, strict=True)) if one != other]
        swapped = (
            len(wrong) == 2
            and wrong[0] + 1 == wrong[1]
            and word[wrong[0]] + word[wrong[1]] == (right[wrong[1]] + right[wrong[0]])
        )
        return len(wrong) <= 1 or swapped
    longer, shorter = sorted((word, right), key=len, reverse=True)
    return len(longer) == len(shorter) + 1 and any(
        longer[:place] + longer[place + 1 :] == shorter for place in range(len(longer))
    )
