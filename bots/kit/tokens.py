"""A line of text as words and options, with what phones and people put around them."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias


@dataclass(frozen=True, slots=True)
class Word:
    """A word, several words in quotation marks, or a mention."""

    text: str
    """What it says, without the quotation marks."""
    raw: str
    """As it was typed."""
    gap: str = ""
    """The white space before it, as typed."""
    quoted: bool = False
    account: str | None = None
    """Who is mentioned."""


@dataclass(frozen=True, slots=True)
class Mark:
    """The name of an option, written `--name`, or with the dash that phones make of it."""

    name: str
    raw: str
    gap: str = ""
    sure: bool = True
    """Whether it can be nothing else; a dash may be punctuation."""


Item: TypeAlias = Word | Mark


@dataclass(frozen=True, slots=True)
class Pill:
    """A mention, and where it stands in the text."""

    start: int
    end: int
    account: str
    name: str


_DROPPED: Final = frozenset("\u00ad\u200b\u200e\u200f\u2060\ufeff")
"""Marks without width that change nothing. Joiners stay, since emoji and scripts need them."""
_BIDI: Final = frozenset(map(chr, (*range(0x202A, 0x202F), *range(0x2066, 0x206A))))
_BREAKS: Final = re.compile("\r\n?|[\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")

_QUOTES: Final[Mapping[str, str]] = {
    **dict.fromkeys('"“”„‟″', '"“”‟″'),
    "«": "»",
    "\u2039": "\u203a",
    "'": "'’",
    "‘": "'’",
}
_SINGLE: Final = frozenset("'‘")
_AFTER: Final = re.compile(r"[,;:.!?…)]*(?=\s|$)")
_MARK: Final = re.compile(r"([-–—\u2212]{2}|[–—])([^\W\d_][\w'’-]*)(?:([=:])|(?=\s|$))")
_WORD: Final = re.compile(r"\S+")


def clean(written: str) -> str:
    """The text without what cannot be seen or kept: controls, marks without width, halves of surrogates."""
    lines = _BREAKS.sub("\n", written).replace("\t", " ")
    return "".join(character for character in lines if _is_kept(character))


def _is_kept(character: str) -> bool:
    if character in _DROPPED or character in _BIDI:
        return False
    return character == "\n" or unicodedata.category(character) not in ("Cc", "Cs")


def plain(shown: str) -> str:
    """The cleaned text with every white space an ordinary one; each character keeps its place."""
    return "".join(" " if character.isspace() and character != "\n" else character for character in shown)


def items(
    shown: str, start: int, end: int, pills: Iterable[Pill] = (), *, gap: str = "", sure: bool = True
) -> tuple[Item, ...]:
    """The words and options of `shown[start:end]`, a part of one line. `gap` is what stands before the part."""
    part = shown[start:end]  # alone, so that many lines cost no more than they are long
    inside = (pill for pill in pills if start <= pill.start and pill.end <= end)
    moved = [Pill(pill.start - start, pill.end - start, pill.account, pill.name) for pill in inside]
    return tuple(_items(part, plain(part), sorted(moved, key=lambda pill: pill.start), gap, sure))


def _items(shown: str, text: str, pills: Sequence[Pill], gap: str, sure: bool) -> Iterable[Item]:
    waiting = deque(pills)
    closings = _Closings(text)
    at = 0
    while at < len(text):
        if text[at].isspace():
            gap += shown[at]
            at += 1
            continue
        while waiting and waiting[0].start < at:
            waiting.popleft()
        item, at = _item(shown, text, at, waiting[0] if waiting else None, closings, gap, sure)
        gap = ""
        yield item


def _item(
    shown: str, text: str, at: int, pill: Pill | None, closings: _Closings, gap: str, sure: bool
) -> tuple[Item, int]:
    if pill is not None and pill.start == at:
        after = _AFTER.match(text, pill.end)
        end = after.end() if after else pill.end
        return Word(pill.name, shown[at:end], gap, account=pill.account), end
    stop = pill.start if pill is not None else len(text)
    if (mark := _MARK.match(text, at, stop)) is not None:
        dashes, name, _ = mark.groups()
        return Mark(name, shown[at : mark.end()], gap, sure and dashes == "--"), mark.end()
    if text[at] in _QUOTES and (found := closings.after(at)) is not None:
        close, end = found
        return Word(shown[at + 1 : close].strip(), shown[at:end], gap, quoted=True), end
    word = _WORD.match(text, at, stop)
    end = word.end() if word else at + 1
    raw = shown[at:end]
    opened = raw[0] in _QUOTES and raw[0] not in _SINGLE
    return Word(raw[1:] if opened and len(raw) > 1 else raw, raw, gap), end


class _Closings:
    """Where quotations may close: before white space, the end, or punctuation that white space follows."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._places: dict[str, list[int]] = {}

    def after(self, opening: int) -> tuple[int, int] | None:
        """Where the quotation that is opened there closes, and where it ends with the punctuation that follows it."""
        mark = self._text[opening]
        places = self._of(_QUOTES[mark], single=mark in _SINGLE)
        at = bisect_right(places, opening + (1 if mark in _SINGLE else 0))
        if at == len(places):
            return None
        after = _AFTER.match(self._text, places[at] + 1)
        return places[at], after.end() if after else places[at] + 1

    def _of(self, closers: str, *, single: bool) -> list[int]:
        if closers not in self._places:
            text = self._text
            self._places[closers] = [
                place
                for place, character in enumerate(text)
                if character in closers
                and _AFTER.match(text, place + 1)
                and not (single and text[max(0, place - 1)].isspace())
            ]
        return self._places[closers]


def quoted(written: str) -> str:
    """The text as one word: in quotation marks where it needs them."""
    inside = " ".join(written.split())
    if len(found := items(inside, 0, len(inside))) == 1 and isinstance(found[0], Word) and found[0].text == inside:
        return inside
    for opening, closing in ('""', "«»", "“”", "''"):
        if (whole := f"{opening}{inside}{closing}") and items(whole, 0, len(whole)) == (
            Word(inside, whole, quoted=True),
        ):
            return whole
    return '"' + re.sub('["“”‟″]', "'", inside) + '"'


def as_typed(found: Iterable[Item]) -> str:
    """The text of these items with the white space between them, not around them."""
    return "".join(item.gap + item.raw for item in found).strip()
