"""What arrives: a closed union. An arrival names an account and a place; who that is, the reader finds out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final, Literal, TypeAlias

from bridge.places import Place


@dataclass(frozen=True, slots=True)
class About:
    """What an arrival speaks of: the id of an event, and our own letter where it is one of ours."""

    event: str
    letter: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """What every arrival from a room has: an id, unique for ever; where; by whom; when by the sender's server (UTC)."""

    id: str
    place: Place
    account: str
    at: datetime
    encrypted: bool = False
    """Whether it came encrypted; what came in clear, such as a reaction, was readable by the homeserver."""
    missed: bool = False
    """Whether it came while the program heard nothing: then only its sender's server says when."""

    def received(self, now: datetime) -> datetime:
        """When it reached us, now being the instant at which it is handled (UTC)."""
        return min(self.at, now) if self.missed else now

    def follows(self, at: datetime) -> bool:
        """Whether it can have been said in view of what was said at an instant of our clock. What is handed over again
        after a death was perhaps sent before it; of what comes now, no sender's clock is asked."""
        return not self.missed or self.at >= at


@dataclass(frozen=True, slots=True, kw_only=True)
class Message(Happened):
    """Somebody wrote. `text` is without the quotation of what it replies to."""

    text: str
    html: str | None = None
    mentions: tuple[str, ...] = ()
    """Accounts mentioned, in the order of their pills where there are pills."""
    reply_to: About | None = None
    thread: str | None = None
    """The id of the event that the thread hangs on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit(Happened):
    """Somebody changed what they wrote."""

    of: About
    text: str
    html: str | None = None
    mentions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reaction(Happened):
    """Somebody set a mark, such as ✅, beside something. Always in clear."""

    to: About
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PollResponse(Happened):
    """Somebody chose in a poll; no answers withdraw the choice."""

    poll: About
    answers: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PollEnd(Happened):
    """Somebody ended a poll."""

    poll: About


@dataclass(frozen=True, slots=True, kw_only=True)
class Redaction(Happened):
    """Somebody took back an event."""

    of: About


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined(Happened):
    """An account entered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Left(Happened):
    """An account is gone: it declined an invitation, left by itself, or was removed by another (`by`)."""

    how: Literal["declined", "left", "removed"]
    by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment(Happened):
    """Somebody sent a file. `source` is for the transport alone to read; `size` is in bytes, as the sender says."""

    name: str
    mimetype: str
    size: int | None
    source: str
    reply_to: About | None = None
    thread: str | None = None


NO_ROOM: Final = "there is no room for it"
"""The reason of a receipt where the place has no room, or had none until the letter's deadline."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What became of a letter that asked for a receipt. `owner` is who asked."""

    id: str
    letter: str
    owner: str
    outcome: Literal["delivered", "refused", "given_up"]
    reason: str | None = None


class Hindrance(StrEnum):
    """What may stand in the way of a change in Matrix, as far as people are helped by knowing it."""

    POWER = "power"
    """The account has not the power, or is not in the room."""
    AWAY = "away"
    """The homeserver does not answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """The mirror has carried the register over to Matrix up to change number `number`.

    `failed`: the branches where something could not be done.
    """

    number: int
    at: datetime
    failed: frozenset[str] = frozenset()
    why: Mapping[str, Hindrance] = field(default_factory=dict)
    """What stood in the way, by branch, where it is one of these."""


FromRooms: TypeAlias = Message | Edit | Reaction | PollResponse | PollEnd | Redaction | Joined | Left | Attachment
Arrival: TypeAlias = FromRooms | Receipt | Applied
