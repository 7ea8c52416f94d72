"""Arrivals that came together, in one transaction: for what many people do at the same moment."""

from __future__ import annotations

from collections.abc import Sequence

from bots.kit.bot import Gatherer, Listener
from bots.kit.request import Occasion
from bots.kit.turn import Turn
from bridge.letters import FromRooms, inbox


async def take(turn: Turn, arrivals: Sequence[FromRooms]) -> None:
    """Handle arrivals of one type, but for those that were handled before.

    What a bot raises is raised here: then nothing of it stays, and each arrival is to be handled alone.
    """
    entered = await inbox.enter_all(turn.session, [arrival.id for arrival in arrivals], turn.now)
    # The homeserver may tell of the same event twice.
    new = list({arrival.id: arrival for arrival in arrivals if arrival.id in entered}.values())
    if not new:
        return
    kind = type(new[0])
    for bot in turn.team.bots.values():
        occasion = turn.occasion(bot.name)
        if (gatherer := bot.gathers.get(kind)) is not None:
            await gatherer(occasion, new)
        for listener in bot.listens.get(kind, ()):
            for arrival in new:
                await listener(occasion, arrival)


def alone(gatherer: Gatherer) -> Listener:
    """A listener that gives each arrival to a gatherer by itself."""

    async def listen(occasion: Occasion, arrival: FromRooms) -> None:
        await gatherer(occasion, [arrival])

    return listen
