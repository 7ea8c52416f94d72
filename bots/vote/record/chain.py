"""The chain over what happened and what was cast: each entry's hash holds the one before it. Pure.

The first hash before all is that of what was asked, so that no chain fits another question. An entry's hash is the
SHA-256 of the hash before it (32 bytes) and the entry without its hash, on one line of UTF-8 (`canonical.line`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Final

from pydantic import JsonValue

from bots.vote.record.canonical import Document, line

HASH: Final = "hash"
HEAD: Final = ("vote", "branch", "question", "choices", "rules", "secrecy", "electorate", "opened")
"""What was asked: the members of the whole that the chain begins with."""


def start(document: Document) -> bytes:
    """The hash before the first entry."""
    return hashlib.sha256(line({key: document[key] for key in HEAD}).encode()).digest()


def linked(before: bytes, entries: Iterable[Document]) -> list[dict[str, JsonValue]]:
    """The entries, each with its hash."""
    made: list[dict[str, JsonValue]] = []
    for entry in entries:
        before = _hash(before, entry)
        made.append({**entry, HASH: before.hex()})
    return made


def broken(before: bytes, entries: Sequence[Document]) -> int | None:
    """The first entry (from 1) whose hash is not what it should be."""
    for number, entry in enumerate(entries, 1):
        before = _hash(before, {key: value for key, value in entry.items() if key != HASH})
        if entry[HASH] != before.hex():
            return number
    return None


def _hash(before: bytes, entry: Document) -> bytes:
    return hashlib.sha256(before + line(dict(entry)).encode()).digest()
