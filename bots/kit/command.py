"""A command is data: its name, what it takes, who may use it where, and the handler that runs it."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, TypeAlias

from sqlalchemy.ext.asyncio import AsyncSession

from bots.kit.parameters import (
    Argument,
    Dated,
    Handler,
    Kind,
    Moment,
    OfficeKey,
    Option,
    Parameter,
    TierKey,
    parameters_of,
)
from ground.texts import Text
from party.members import MemberRow

__all__ = [
    "EVERYWHERE",
    "Argument",
    "Command",
    "Dated",
    "Handler",
    "Kind",
    "Moment",
    "OfficeKey",
    "Option",
    "Parameter",
    "TierKey",
    "Where",
]


class Where(StrEnum):
    """Where a command may be used."""

    BRANCH = "branch"
    """In any room of a branch."""
    COMMITTEE = "committee"
    """In a room that is for officers only."""
    DIRECT = "direct"
    """In the direct conversation with the bot."""


EVERYWHERE: Final = frozenset(Where)

Admits: TypeAlias = Callable[[AsyncSession, str, str], Awaitable[MemberRow | None]]
"""Who an account is, by the first word behind the name of a command, if that is theirs though they are no member."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Command:
    """What people type to have something done."""

    name: str
    """The English words, as in `branch create`."""
    run: Handler
    """Called with the request, then with what was typed: arguments by position, options by keyword."""
    summary: Text
    """One line for the list of commands."""
    aliases: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Further names by language; the first of a language is the one shown there."""
    examples: Mapping[str, str] = field(default_factory=dict)
    """A whole correct line for each language, without prefix."""
    right: str | None = None
    """An action of `party.policy.ACTIONS`, asked for in the branch of the request; None for every member."""
    anywhere: bool = False
    """Whether the right is enough in any branch: for a command that names its branch, and whose handler asks there."""
    where: frozenset[Where] = EVERYWHERE
    listed: frozenset[Where] = EVERYWHERE
    """Where the list of commands shows it."""
    strangers: bool = False
    """Whether accounts of nobody in the register may use it."""
    admits: Admits | None = None
    """For whom it is that is no member any more: who was on the roll of a vote votes in it."""
    private: bool = False
    """Whether what was typed is not kept, and the answer is given in the direct conversation."""
    takes: re.Pattern[str] | None = None
    """What the word after the name has to be (folded), where one follows: else the words are no name, but the beginning
    of what a shorter command takes: `vote who V12`, and `vote Who goes?`."""
    meant_by: Callable[[str], str | None] | None = None
    """The line that somebody means who writes privately what names no command; None where it is not this one."""
    details: Text | None = None
    """More about it, for the help of this one command."""
    parameters: tuple[Parameter, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "parameters", parameters_of(self.run))

    def shown(self, language: str) -> str:
        """The name shown in a language, else the English one."""
        return next(iter(self.aliases.get(language, ())), self.name)

    def names(self) -> Iterator[tuple[str, str]]:
        """Every language and name, the English name first."""
        yield "en", self.name
        for language, names in self.aliases.items():
            for name in names:
                yield language, name

    @property
    def arguments(self) -> tuple[Parameter, ...]:
        """What is written without its name, in order."""
        return tuple(parameter for parameter in self.parameters if parameter.argument)

    @property
    def options(self) -> tuple[Parameter, ...]:
        """What is written with its name."""
        return tuple(parameter for parameter in self.parameters if parameter.option)
