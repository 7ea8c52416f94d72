"""A bot is a value: what it can be asked, and what it does when something happens."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from pydantic import JsonValue

from bots.kit.command import Command
from bots.kit.hooks import Hooked
from bots.kit.request import Occasion, Request
from bridge.letters import Arrival, Message, Receipt
from ground.due import Due

Data: TypeAlias = Mapping[str, JsonValue]
AnswerHandler: TypeAlias = Callable[[Request, str, Data], Awaitable[None]]
UndoHandler: TypeAlias = Callable[[Request, Data], Awaitable[None]]
AppliedHandler: TypeAlias = Callable[[Request, Data, frozenset[str]], Awaitable[None]]
DueHandler: TypeAlias = Callable[[Occasion, Due], Awaitable[None]]
Listener: TypeAlias = Callable[[Occasion, Any], Awaitable[bool | None]]
"""Called with the arrival of the type under which it is listed. One that is told of an edit says whether it heeds it;
of an edit that nobody heeds the person is told that commands are not run again."""
Gatherer: TypeAlias = Callable[[Occasion, Sequence[Any]], Awaitable[None]]
"""Called with arrivals of the type under which it is listed, in their order: those that came together, or one."""
Look: TypeAlias = Callable[[Message], bool]
"""A quick look at a message, before anything is read or written."""
ReceiptHandler: TypeAlias = Callable[[Occasion, Receipt], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bot:
    """What is collected under the entry-point group `kunveno.bots`. Everything is called inside a transaction."""

    name: str
    commands: tuple[Command, ...] = ()
    answers: Mapping[str, AnswerHandler] = field(default_factory=dict)
    """What `Request.ask(then=…)` names."""
    undo: Mapping[str, UndoHandler] = field(default_factory=dict)
    """What `Request.undoable` names."""
    applied: Mapping[str, AppliedHandler] = field(default_factory=dict)
    """What `Request.after_applied` names; it is given the ids of the branches where something could not be done."""
    due: Mapping[str, DueHandler] = field(default_factory=dict)
    """What `ground.due.schedule` names, as in `vote.close`."""
    listens: Mapping[type[Arrival], Sequence[Listener]] = field(default_factory=dict)
    """Whoever listens to `Message` has everything that anybody says cost a transaction; see `overhears`."""
    gathers: Mapping[type[Arrival], Gatherer] = field(default_factory=dict)
    """What many people do at the same moment, such as voting: those that came together are one transaction. Where that
    fails each is handled alone, so that one that is bad stops no others."""
    overhears: Sequence[tuple[Look, Listener]] = ()
    """Messages that do not speak to the bot and concern it all the same: those that a look picks out."""
    heeds: Sequence[tuple[Look, Listener]] = ()
    """Messages that a look picks out and that may be for this bot though they name no command, such as a ballot: asked
    before a command is looked for; where the listener returns True, none is."""
    receipts: Mapping[str, ReceiptHandler] = field(default_factory=dict)
    """By the owner that a letter names."""
    hooks: tuple[Hooked, ...] = ()
    """What it does on the occasions of other bots."""
    tables: tuple[str, ...] = ()
    """The names of its tables."""
