"""When two words are the same to people, and which known word is nearly the one they wrote."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from difflib import get_close_matches
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


def fold(written: str) -> str:
    """The text without capitals, accents, typography and marks that take no room; white space is one space."""
    letters = unicodedata.normalize("NFKD", written.translate(_SAME).casefold())
    kept = (letter for letter in letters if unicodedata.category(letter) not in ("Mn", "Cf", "Cs"))
    return " ".join("".join(kept).casefold().translate(_SAME).split())


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that was probably meant, None where none is close. All are folded."""
    return next(iter(get_close_matches(word[:60], list(known), n=1, cutoff=_CLOSE)), None)
