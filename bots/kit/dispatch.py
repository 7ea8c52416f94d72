"""One arrival is one transaction: inbox, person, place, command, right, handler, letters, commit."""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Final, TypeAlias

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from bots.kit import applied, arriving, gathering, running
from bots.kit.attempt import FAILED, Outcome, set_aside
from bots.kit.bot import Bot, DueHandler
from bots.kit.limits import Meter, Verdict
from bots.kit.outages import is_outage, place_of
from bots.kit.surroundings import Surroundings
from bots.kit.team import Team
from bots.kit.turn import Turn, origin_of
from bots.kit.undoing import undo_bot
from bridge.letters import Applied, Arrival, Edit, FromRooms, Message, Reaction, Receipt, Redaction, inbox
from ground import due
from ground.clock import Clock
from ground.database import Database
from ground.due import Due

_LOG: Final = logging.getLogger(__name__)
_OURS: Final = (Message, Edit, Reaction, Redaction, Receipt)
"""What concerns the kit itself; the rest only bots that listen to it."""
Observe: TypeAlias = Callable[[str, Outcome, float], None]
"""Is told the name of a command that was handled, what became of it, and the seconds until that was committed."""


class Dispatcher:
    """Hands what arrives to the bots.

    `wake` is called when there may be letters to deliver, `observe` for every command that is not private.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        surroundings: Surroundings,
        bots: Sequence[Bot],
        wake: Callable[[], None],
        observe: Observe = lambda _name, _outcome, _seconds: None,
    ) -> None:
        self.team: Final = Team([*bots, undo_bot(bots)], surroundings)
        self.clock: Final = clock
        self._database = database
        self._meter = Meter(surroundings.limits)
        self._wake = wake
        self._observe = observe

    async def handle(self, arrival: Arrival) -> None:
        """Handle what arrived, once. What the program fails at is set aside.

        Raises what the database raises when it cannot be used for now: then nothing has happened, and the arrival is
        to be handed over again.
        """
        if isinstance(arrival, Applied):
            await self._carried_over(arrival)
        elif await self._concerns(arrival):
            await self._take(arrival)
            self._wake()

    async def handle_all(self, arrivals: Sequence[FromRooms]) -> None:
        """Handle arrivals of one type of `team.gathers`, in their order: all in one transaction, or where that fails
        as `handle` handles each. Raises what `handle` raises."""
        now = self.clock.now()
        try:
            await self._database.write(lambda session: gathering.take(Turn(session, now, self.team), arrivals))
        except Exception as error:
            if is_outage(error):
                raise
            _LOG.warning("%s arrivals are handled one by one: %s", len(arrivals), place_of(error))
            for arrival in arrivals:
                await self.handle(arrival)
        else:
            self._wake()

    async def _concerns(self, arrival: FromRooms | Receipt) -> bool:
        """Whether anything may have to be done: most of what people say to each other costs no transaction."""
        if type(arrival) in self.team.listens:
            return True
        match arrival:
            case Message():
                if running.speaks(self.team.kit.surroundings, arrival.place, arrival.text, arrival.html) is not None:
                    return True
                if any(look(arrival) for bot in self.team.bots.values() for look, _ in (*bot.overhears, *bot.heeds)):
                    return True
                return await self._database.read(partial(arriving.concerns, message=arrival, now=self.clock.now()))
            case Reaction():
                return arrival.to.letter is not None
        return isinstance(arrival, _OURS)

    async def _take(self, arrival: FromRooms | Receipt) -> None:
        now = self.clock.now()
        verdict = Verdict.ANSWER
        if isinstance(arrival, (Message, Edit)) and self._speaks(arrival):
            # What was missed came at its own pace, not all at once as it is handled now.
            verdict = self._meter.judge(arrival.account, arrival.place, arrival.received(now))

        turns: list[Turn] = []

        async def work(turn: Turn) -> Outcome:
            turns.append(turn)
            return await arriving.take(turn, arrival, verdict)

        began = time.perf_counter()
        outcome = await self._transact(work, arrival, arrival.id)
        for command in turns[-1].commands if turns else ():
            if not command.private:
                self._observe(command.name, outcome, time.perf_counter() - began)
        if outcome is Outcome.NOT_UNDERSTOOD and isinstance(arrival, Message):
            self._meter.not_understood(arrival.account, arrival.place, arrival.received(now))

    async def _carried_over(self, arrival: Applied) -> None:
        listened = Applied in self.team.listens
        if listened:
            await self._transact(partial(arriving.carried_over, arrival=arrival), arrival, f"applied-{arrival.number}")
        waiting = await self._database.read(lambda session: applied.until(session, arrival.number))
        for row_id in waiting:
            await self._transact(partial(arriving.applied, arrival=arrival, row_id=row_id), arrival, row_id)
        if waiting or listened:
            self._wake()

    def _speaks(self, message: Message | Edit) -> bool:
        surroundings = self.team.kit.surroundings
        return running.speaks(surroundings, message.place, message.text, message.html) is not None

    async def _transact(self, work: Callable[[Turn], Awaitable[Outcome]], arrival: Arrival, arrival_id: str) -> Outcome:
        """Do the work in a transaction. Two hands that wrote the same row are sent once more."""
        now = self.clock.now()
        try:
            try:
                return await self._database.write(lambda session: work(Turn(session, now, self.team)))
            except IntegrityError:
                return await self._database.write(lambda session: work(Turn(session, now, self.team, last=True)))
        except Exception as error:
            if is_outage(error):
                raise
            return await self._fail(arrival, arrival_id, error)

    async def _fail(self, arrival: Arrival, arrival_id: str, error: Exception) -> Outcome:
        """The kit itself failed, outside of any handler."""
        now = self.clock.now()
        kind = type(arrival).__name__.lower()

        async def work(session: AsyncSession) -> Outcome:
            turn = Turn(session, now, self.team, last=True)
            if isinstance(arrival, Applied):
                await applied.forget(session, arrival_id)
            else:
                await inbox.enter(session, arrival_id, now)
            await set_aside(turn.occasion(""), arrival_id, kind=kind, what=kind, error=error)
            if isinstance(arrival, Message) and self._speaks(arrival):
                person = await turn.speaker(arrival.account)
                if person.known:
                    request = await turn.request(person, arrival, origin_of(arrival))
                    await request.reply(FAILED)
            return Outcome.FAILED

        return await self._database.write(work)


def due_handlers(dispatcher: Dispatcher) -> Mapping[str, due.Handler]:
    """What is done with rows that fall due, for `ground.due.run`. Who runs them wakes the delivery afterwards."""

    def handler(bot: str, handle: DueHandler) -> due.Handler:
        async def run(session: AsyncSession, item: Due) -> None:
            turn = Turn(session, dispatcher.clock.now(), dispatcher.team)
            await handle(turn.occasion(bot), item)

        return run

    return {what: handler(bot, handle) for what, (bot, handle) in dispatcher.team.due.items()}
