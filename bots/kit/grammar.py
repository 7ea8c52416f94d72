"""From the text of a message to what was asked: pure, and it never raises.

Two steps. `read` tells whether a message speaks to the bot, and cuts it into rows. Which command it is decides
`bots.kit.index`; `arrange` then takes the rows apart as that command needs them, since `clôture : vendredi` is an
option only where the command knows such a one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from bots.kit.matching import fold
from bots.kit.mentions import pills as mentions_in
from bots.kit.tokens import Item, Mark, Pill, Word, clean, items, plain

_BULLET: Final = re.compile(
    r"\s*(?:[-–—•‣◦▪●○·]\s+|[-•‣◦▪●○·](?=[^\W_])|[*+]\s+|\d{1,2}\s?[.)]\s+|\d{1,2}\ufe0f?\u20e3\s*)(?=\S)"
)
_LABEL: Final = re.compile(r"\s*([^\W\d_][^:\uff1a=\n]{0,38}?)\s*[:\uff1a=]")
_NAME: Final = 6
"""How many words the name of a command may have, at most."""
_QUOTATION: Final = re.compile(r"\s*>")


@dataclass(frozen=True, slots=True)
class Names:
    """How the bot is spoken to: its account, and every name that it shows."""

    account: str
    names: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a message, with what it may be: a choice behind a bullet, a value behind a label and a colon."""

    items: tuple[Item, ...]
    choice: str | None = None
    label: str | None = None
    value: tuple[Word, ...] = ()


@dataclass(frozen=True, slots=True)
class Written:
    """A message that speaks to the bot. The first row is without what says so; empty rows are none."""

    rows: tuple[Row, ...]
    by: Literal["prefix", "mention", "direct"]
    spaced: bool = False
    """Whether a space stands after the prefix; it may then be punctuation (`! attention`)."""

    @property
    def words(self) -> tuple[str, ...]:
        """The first words, folded, among which is the name of the command; empty where it begins otherwise."""
        found: list[str] = []
        for item in self.rows[0].items[:_NAME] if self.rows else ():
            if isinstance(item, Mark) or item.quoted or item.account:
                break
            found.append(fold(item.text.rstrip(":,;.!?…")))
        return tuple(found)


@dataclass(frozen=True, slots=True)
class Labelled:
    """An option that has a row of its own."""

    option: str
    label: str
    value: tuple[Word, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """What follows the name of the command: its main text with the options inside, rows of options, choices."""

    items: tuple[Item, ...] = ()
    labelled: tuple[Labelled, ...] = ()
    choices: tuple[str, ...] = ()


def read(text: str, *, html: str | None, to: Names, prefix: str = "!", direct: bool = False) -> Written | None:
    """What a message says to the bot, None where it does not speak to it.

    It does with the prefix, with a mention or the name of the bot at its beginning, and always in a direct
    conversation. Quoted lines (`> …`) at the beginning are left out.
    """
    shown = clean(text)
    pills = mentions_in(shown, html)
    start = _after_quotation(shown)
    end = _end_of_line(shown, start)
    while start < end and shown[start].isspace():
        start += 1
    line = plain(shown[:end])
    by: Literal["prefix", "mention", "direct"]
    if (after := _after_mention(line, start, to, pills)) is not None:
        by, spaced = "mention", False
        begin = _after_prefix(line, after, prefix) or after
    elif (found := _after_prefix(line, start, prefix)) is not None:
        by, begin, spaced = "prefix", found, line[found - 1].isspace()
    elif direct and start < end:
        by, begin, spaced = "direct", start, False
    else:
        return None
    return Written(_rows(shown, begin, end, pills), by, spaced)


def arrange(written: Written, skip: int, option: Callable[[str], str | None], *, choices: bool) -> Line:
    """The message without the `skip` words of the command's name.

    `option` tells which option has a (folded) name; `choices` whether the command takes any. What is neither an option
    nor a choice belongs to the main text.
    """
    first, *further = written.rows or (Row(()),)
    main = list(first.items[skip:])
    if main and main[0].raw in (":", "\uff1a"):
        main.pop(0)
    labelled: list[Labelled] = []
    listed: list[str] = []
    for row in further:
        begins_with_option = isinstance(row.items[0], Mark) and option(fold(row.items[0].name)) is not None
        known = option(fold(row.label)) if row.label else None
        if known and row.label:
            labelled.append(Labelled(known, row.label, row.value))
        elif choices and row.choice and not begins_with_option:
            listed.append(row.choice)
        else:
            main.extend(row.items)
    return Line(tuple(main), tuple(labelled), tuple(listed))


def _after_quotation(shown: str) -> int:
    """Where the first line begins that is neither quoted nor empty."""
    at = 0
    while at < len(shown):
        end = _end_of_line(shown, at)
        if shown[at:end].strip() and not _QUOTATION.match(shown, at, end):
            break
        at = end + 1
    return min(at, len(shown))


def _end_of_line(shown: str, start: int) -> int:
    end = shown.find("\n", start)
    return len(shown) if end < 0 else end


def _after_prefix(line: str, start: int, prefix: str) -> int | None:
    """Where the command begins; it begins with a letter, so that `!!!` and `!?` are none."""
    if not prefix:
        return None
    wide = "\uff01" if prefix == "!" else prefix
    size = len(prefix)
    if line[start : start + size].casefold() not in (prefix.casefold(), wide):
        return None
    after = start + size
    while after < len(line) and line[after].isspace():
        after += 1
    return after if after < len(line) and line[after].isalpha() else None


def _after_mention(line: str, start: int, to: Names, pills: Sequence[Pill]) -> int | None:
    for pill in pills:
        if pill.start == start and pill.account == to.account:
            return _after_joint(line, pill.end)
    localpart = to.account.removeprefix("@").partition(":")[0]
    for name in sorted({to.account, localpart, *to.names}, key=len, reverse=True):
        at = line[start] == "@" if start < len(line) else False
        begin = start + 1 if at and not name.startswith("@") else start
        end = begin + len(name)
        if not name or line[begin:end].casefold() != name.casefold():
            continue
        if line[end : end + 1] in (":", ",") or ((at or end == len(line)) and not line[end : end + 1].strip()):
            return _after_joint(line, end)
        joined = line[end:].lstrip()
        if joined[:1] == ":":
            return _after_joint(line, end)
    return None


def _after_joint(line: str, at: int) -> int:
    while at < len(line) and (line[at].isspace() or line[at] in ":,"):
        at += 1
    return at


def _rows(shown: str, begin: int, end: int, pills: Sequence[Pill]) -> tuple[Row, ...]:
    found = items(shown, begin, end, pills)
    rows = [Row(found)] if found else []
    gap, at = "", end
    while at < len(shown):
        gap += "\n"
        start, at = at + 1, _end_of_line(shown, at + 1)
        if not shown[start:at].strip():
            continue
        rows.append(_row(shown, start, at, pills, gap))
        gap = ""
    return tuple(rows)


def _row(shown: str, start: int, end: int, pills: Sequence[Pill], gap: str) -> Row:
    line = plain(shown[start:end])
    whole = items(shown, start, end, pills, gap=gap, sure=False)
    bullet, label = _BULLET.match(line), _LABEL.match(line)
    choice: str | None = None
    value: tuple[Word, ...] = ()
    if bullet is not None:
        choice = shown[start + bullet.end() : end].strip()
        only = items(shown, start + bullet.end(), end, pills)
        if len(only) == 1 and isinstance(only[0], Word) and only[0].quoted:
            choice = only[0].text
    if label is not None:
        value = tuple(
            item if isinstance(item, Word) else Word(item.raw, item.raw, item.gap)
            for item in items(shown, start + label.end(), end, pills)
        )
    return Row(whole, choice, label[1] if label else None, value)
