"""Mentions as the clients write them: a link in the formatted text, and only a name in the plain one."""

from __future__ import annotations

import html as markup
import re
from collections.abc import Iterator
from itertools import islice
from typing import Final
from urllib.parse import unquote

from bots.kit.tokens import Pill, clean, plain

_LINK: Final = re.compile(
    r"<a\s[^<>]{0,600}?\bhref\s*=\s*[\"']?(?P<href>[^\"'<>\s]{1,600})[^<>]{0,600}>(?P<name>.{0,600}?)</a\s*>",
    re.I | re.S,
)
_TAG: Final = re.compile(r"<[^<>]{0,1000}>")
_TARGET: Final = re.compile(
    r"(?:https?://(?:www\.)?matrix\.to/#/|matrix:u/)(?P<account>[^/?]{1,255})(?:[/?].*)?", re.I | re.S
)
_WRITTEN: Final = re.compile(r"\[(?P<name>[^\]\n]{1,255})\]\((?P<href>[^)\s]{1,600})\)")
_LONGEST: Final = 100_000
_MOST: Final = 50


def pills(shown: str, html: str | None) -> tuple[Pill, ...]:
    """The mentions in a cleaned plain text: the links of the formatted one, found again by their names, and links
    written as Markdown."""
    found = [*_in_markdown(shown)]
    for account, name, skip in _links((html or "")[:_LONGEST]):
        place = _place(shown, account, name, skip, found)
        if place is not None:
            found.append(place)
    return tuple(sorted(found, key=lambda pill: pill.start))


def _in_markdown(shown: str) -> Iterator[Pill]:
    for match in islice(_WRITTEN.finditer(shown), _MOST):
        account = _account(match["href"])
        if account is not None:
            yield Pill(match.start(), match.end(), account, match["name"].removeprefix("@") or account)


def _links(html: str) -> Iterator[tuple[str, str, int]]:
    """Account and name of each link to a person, and how often the name stands in the text before it."""
    for match in islice(_LINK.finditer(html), _MOST):
        account = _account(markup.unescape(match["href"]))
        name = _text(match["name"]).strip()
        if account is not None and name:
            yield account, name, _text(html[: match.start()]).count(name)


def _text(html: str) -> str:
    return plain(clean(markup.unescape(_TAG.sub("", html))))


def _account(href: str) -> str | None:
    target = _TARGET.fullmatch(href)
    if target is None:
        return None
    account = unquote(target["account"], errors="ignore")
    if href[:7].lower() == "matrix:":
        account = "@" + account
    return account if account.startswith("@") and ":" in account else None


def _place(shown: str, account: str, name: str, skip: int, taken: list[Pill]) -> Pill | None:
    """Where that name stands after as many of its like as in the formatted text; else the account itself."""
    text = plain(shown)
    places = [match.start() for match in re.finditer(re.escape(name), text)]
    for start in places[skip:] or places[-1:]:
        begin = start - 1 if start and text[start - 1] == "@" else start
        end = start + len(name)
        if all(end <= pill.start or pill.end <= begin for pill in taken):
            return Pill(begin, end, account, name.removeprefix("@") or account)
    start = text.find(account)
    if start >= 0 and all(start + len(account) <= pill.start or pill.end <= start for pill in taken):
        return Pill(start, start + len(account), account, name)
    return None
