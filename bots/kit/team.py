"""All bots together: their commands, and whose is what."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final, TypeVar

from bots.kit.bot import Bot
from bots.kit.command import Command, Option
from bots.kit.hooks import Hooks
from bots.kit.index import Index, common_option
from bots.kit.parameters import Kind, Parameter
from bots.kit.request import Kit
from bots.kit.surroundings import Surroundings
from ground.texts import text

T = TypeVar("T")

IN: Final = common_option("in_", Kind.BRANCH, Option(names={"en": ("in",), "fr": ("dans",)}, what=text("the branch")))
"""The option of every command that says for which branch it is meant."""


class Team:
    """The bots that work here, in the order given. Raises ValueError where two claim the same."""

    def __init__(self, bots: Sequence[Bot], surroundings: Surroundings) -> None:
        self.bots: Mapping[str, Bot] = _by_name(bots)
        self._owners = {id(command): bot.name for bot in bots for command in bot.commands}
        self.due = _gathered(bots, lambda bot: bot.due)
        self.receipts = _gathered(bots, lambda bot: bot.receipts)
        self.listens = frozenset(kind for bot in bots for kind in (*bot.listens, *bot.gathers))
        self.gathers = frozenset(kind for bot in bots for kind in bot.gathers)
        self.index = Index((command for bot in bots for command in bot.commands), (IN,))
        self.kit = Kit(surroundings, Hooks(hooked for bot in bots for hooked in bot.hooks), self.index.commands)

    def owner(self, command: Command) -> str:
        """The name of the bot whose command it is."""
        return self._owners[id(command)]


def common() -> Sequence[Parameter]:
    """The options that every command has."""
    return (IN,)


def _by_name(bots: Sequence[Bot]) -> Mapping[str, Bot]:
    named = {bot.name: bot for bot in bots}
    if len(named) != len(bots):
        raise ValueError("two bots have the same name")
    return named


def _gathered(bots: Sequence[Bot], what: Callable[[Bot], Mapping[str, T]]) -> Mapping[str, tuple[str, T]]:
    """Everything of one sort by its key, each with the name of its bot."""
    gathered: dict[str, tuple[str, T]] = {}
    for bot in bots:
        for key, value in what(bot).items():
            if key in gathered:
                raise ValueError(f"{key} is claimed by the bots {gathered[key][0]} and {bot.name}")
            gathered[key] = bot.name, value
    return gathered
