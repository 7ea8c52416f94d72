"""What goes out: a letter to a place. Bots write letters; how one gets there is for the transport."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, TypeAlias

from pydantic import TypeAdapter

from bridge.places import Place

PATIENCE: Final = timedelta(days=7)
"""For how long delivery of a letter is tried."""


@dataclass(frozen=True, slots=True)
class Words:
    """A message. `html` is made by the writer and contains no markup of other people's; `mentions` are accounts.

    `notice`: it answers or informs, so clients show it quietly and bots ignore it.
    """

    plain: str
    html: str | None = None
    mentions: tuple[str, ...] = ()
    notice: bool = True


@dataclass(frozen=True, slots=True)
class Correction:
    """Other words for an earlier letter: an edit."""

    of: str
    words: Words


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """Take back an earlier letter: a redaction."""

    of: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A reaction to an earlier letter (`letter`) or to what arrived (`event`); one of the two is given."""

    key: str
    letter: str | None = None
    event: str | None = None


@dataclass(frozen=True, slots=True)
class Picture:
    """An image from the store of files, with what it shows in words (`alt`). Sizes in pixels."""

    file: str
    name: str
    mimetype: str
    width: int
    height: int
    alt: str


@dataclass(frozen=True, slots=True)
class Document:
    """A file from the store of files."""

    file: str
    name: str
    mimetype: str


@dataclass(frozen=True, slots=True)
class PollAnswer:
    """One answer: its id in responses, and what people read."""

    id: str
    text: str


@dataclass(frozen=True, slots=True)
class Poll:
    """A native poll (MSC3381). `fallback` is what clients without polls show."""

    question: str
    answers: tuple[PollAnswer, ...]
    max_selections: int
    disclosed: bool
    fallback: str


@dataclass(frozen=True, slots=True)
class PollClosing:
    """Ends the poll of an earlier letter."""

    of: str
    fallback: str


Content: TypeAlias = Words | Correction | Withdrawal | Mark | Picture | Document | Poll | PollClosing


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One thing to send. Its id, given by `outbox.put`, is the handle to it for ever.

    `answers` and `thread` are ids of arrivals. Past `deadline` (default: PATIENCE after it was written) it is given up.
    `instead` is said when the place refuses the content. `owner`, where given, gets a Receipt. `forget`: nothing of the
    content is kept once it has arrived. `vanish`: nothing of the letter is, not even to whom it went; so nothing can
    speak of it later, nobody gets a receipt, and it is in no backup.
    """

    to: Place
    content: Content
    answers: str | None = None
    thread: str | None = None
    deadline: datetime | None = None
    instead: Words | None = None
    owner: str | None = None
    forget: bool = False
    vanish: bool = False


CONTENT: Final[TypeAdapter[Content]] = TypeAdapter(Content)
