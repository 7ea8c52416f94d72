"""The bots that are installed: values under the entry-point group `kunveno.bots`."""

from __future__ import annotations

from collections.abc import Collection
from importlib.metadata import entry_points
from typing import Final

from bots import vote
from bots.kit.bot import Bot
from bots.vote.chart.studio import Studio
from bots.vote.policy import VotePolicy
from bots.vote.sealed import SealedBox
from bots.vote.settings import SETTINGS, Settings
from kunveno import ballot_secret, record_key
from kunveno.config import Config

GROUP: Final = "kunveno.bots"


class BotUnusable(Exception):
    """A bot cannot be used; the text says which, and why."""


def bots(disabled: Collection[str] = ()) -> tuple[Bot, ...]:
    """All installed bots but those that the configuration switches off, by their names. Raises BotUnusable."""
    found: dict[str, Bot] = {}
    for entry in sorted(entry_points(group=GROUP), key=lambda entry: entry.name):
        if entry.name in disabled:
            continue
        try:
            bot = entry.load()
        except (ImportError, AttributeError) as error:
            raise BotUnusable(f"the bot {entry.name} ({entry.value}) cannot be loaded: {error}") from error
        if not isinstance(bot, Bot):
            raise BotUnusable(f"the bot {entry.name} ({entry.value}) is no bots.kit.bot.Bot")
        if bot.name in found:
            raise BotUnusable(f"two bots are called {bot.name}; switch one off in bots.disabled")
        found[bot.name] = bot
    return tuple(found.values())


def team(config: Config) -> tuple[Bot, ...]:
    """The bots that the configuration leaves on, and what some of them are given.

    Raises BotUnusable and SecretUnusable.
    """
    installed = bots(config.bots.disabled)
    if all(bot.name != vote.BOT.name for bot in installed):
        return installed
    settings = Settings(
        VotePolicy(**config.votes.policy_values()),
        SealedBox(ballot_secret.kept(config.votes.secret)),
        record_key.kept(config.votes.key),
        Studio(),
    )
    return (*installed, Bot(name="vote-settings", hooks=(SETTINGS.by(lambda: settings),)))
