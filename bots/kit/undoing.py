"""`!undo`: a slip of the hand is taken back by the same person, within a minute."""

from __future__ import annotations

from collections.abc import Iterable

from bots.kit import undo
from bots.kit.bot import Bot
from bots.kit.command import Command
from bots.kit.request import Refusal, Request
from ground.texts import text


def undo_bot(bots: Iterable[Bot]) -> Bot:
    """The bot whose one command undoes what the others did."""
    handlers = {(bot.name, what): handler for bot in bots for what, handler in bot.undo.items()}

    async def run(request: Request) -> None:
        row = await undo.take(request.session, request.account, request.now)
        handler = None if row is None else handlers.get((row.bot, row.what))
        if row is None or handler is None:
            raise Refusal(text("There is nothing to undo: that is possible for a minute, and not for everything."))
        request.bot = row.bot
        await handler(request, row.given)

    command = Command(
        name="undo",
        run=run,
        summary=text("Undo what you did last, within a minute."),
        aliases={"fr": ("annuler",)},
        examples={"en": "undo", "fr": "annuler"},
    )
    return Bot(name="undo", commands=(command,))
