"""What is done with an arrival, inside its transaction."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from typing import Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bots.kit import answering, gathering, notes, questions, running, who
from bots.kit.applied import AwaitingRow
from bots.kit.attempt import Outcome, attempt, attempt_alone
from bots.kit.bot import Listener
from bots.kit.limits import Verdict
from bots.kit.origin import Origin
from bots.kit.request import Occasion
from bots.kit.running import Typing
from bots.kit.turn import Turn, origin_of
from bots.kit.who import Person
from bridge.letters import Applied, Arrival, Edit, FromRooms, Message, Reaction, Receipt, Redaction, inbox
from bridge.letters.outbox import LetterRow
from bridge.places import address
from ground.texts import text

_MINUTE: Final = timedelta(minutes=1)


async def take(turn: Turn, arrival: FromRooms | Receipt, verdict: Verdict = Verdict.ANSWER) -> Outcome:
    """Handle an arrival, unless it was handled before."""
    if not await inbox.enter(turn.session, arrival.id, turn.now):
        return Outcome.NOTHING
    match arrival:
        case Message():
            outcome = await _message(turn, arrival, verdict)
        case Edit():
            if await _listeners(turn, arrival):
                return Outcome.DONE
            return await _edit(turn, arrival) if verdict is Verdict.ANSWER else Outcome.NOTHING
        case Reaction():
            outcome = await answering.tapped(turn, arrival)
        case Redaction():
            outcome = await answering.taken_back(turn, arrival)
        case Receipt():
            outcome = await _receipt(turn, arrival)
        case _:
            outcome = Outcome.NOTHING
    await _listeners(turn, arrival)
    return outcome


async def concerns(session: AsyncSession, message: Message, now: datetime) -> bool:
    """Whether a message that does not speak to the bot may concern it all the same."""
    answered = message.reply_to.letter if message.reply_to is not None else None
    if answered is not None and await questions.asked_in(session, answered) is not None:
        return True
    if await questions.awaited(session, message.account, message.place, now) is not None:
        return True
    return await who.is_claimed(session, message.account)


async def carried_over(turn: Turn, arrival: Applied) -> Outcome:
    """Tell those who listen that the mirror has carried something over."""
    await _listeners(turn, arrival)
    return Outcome.DONE


async def applied(turn: Turn, arrival: Applied, row_id: str) -> Outcome:
    """Tell a bot that what it waited for has been carried over, unless it was told before."""
    row = await turn.session.get(AwaitingRow, row_id)
    if row is None:
        return Outcome.NOTHING
    origin, given = row.asked, row.given
    bot, then = row.bot, row.then
    await turn.session.delete(row)
    await turn.session.flush()
    person = await turn.speaker(origin.account)
    branch = await turn.branch_of(person, origin.place)
    request = await turn.request(person, arrival, origin, bot, branch=branch)
    handler = turn.team.bots[bot].applied[then]
    return await attempt(
        request, lambda: handler(request, given, arrival.failed), what=f"{bot}: {then}", last=turn.last
    )


async def _message(turn: Turn, message: Message, verdict: Verdict) -> Outcome:
    surroundings = turn.team.kit.surroundings
    person = await turn.speaker(message.account, speaks=True)
    answer = await answering.written(turn, message)
    if answer is not None:
        return answer
    if await _heeded(turn, message):
        return Outcome.DONE
    spoken = running.speaks(surroundings, message.place, message.text, message.html)
    if spoken is None:
        return Outcome.NOTHING
    if verdict is not Verdict.ANSWER:
        return await _held_up(turn, person, message, verdict) if person.known else Outcome.NOTHING
    return await running.run(turn, person, message, origin_of(message), Typing(spoken, message.text, message.html))


async def _heeded(turn: Turn, message: Message) -> bool:
    """Whether a bot took a message for its own that is no command."""
    claims: list[bool | None] = []
    for bot in turn.team.bots.values():
        for listener in [then for look, then in bot.heeds if look(message)]:
            occasion = turn.occasion(bot.name)
            await attempt_alone(
                occasion,
                partial(_listen, listener, occasion, message, claims),
                arrival_id=message.id,
                kind="message",
                what=f"{bot.name}: message",
                last=turn.last,
            )
    return any(claims)


async def _held_up(turn: Turn, person: Person, message: Message, verdict: Verdict) -> Outcome:
    """It was too much: said once in a while."""
    silence = turn.team.kit.surroundings.limits.silence
    what = f"{verdict.name} {message.account} {message.place}"
    if await notes.first(turn.session, what, turn.now, within=silence if verdict is Verdict.SILENCE else _MINUTE):
        request = await turn.request(person, message, origin_of(message))
        if verdict is Verdict.SILENCE:
            await request.reply(text("I do not understand what comes so fast, and keep quiet here for a while."))
        else:
            await request.reply(text("That is a lot at once; I leave some of it out. Please write again in a minute."))
    return Outcome.REFUSED


async def _edit(turn: Turn, edit: Edit) -> Outcome:
    """A command that is changed is not run again, which is said once."""
    person = await turn.speaker(edit.account)
    surroundings = turn.team.kit.surroundings
    spoken = running.speaks(surroundings, edit.place, edit.text, edit.html) is not None
    answer = await _answer_to(turn.session, edit)
    if not person.known or not (spoken or answer is not None):
        return Outcome.NOTHING
    if await notes.first(turn.session, f"edit {edit.of.event}", turn.now):
        # An edit does not say in which thread it stands; the answer to what was written does.
        origin = Origin(edit.account, edit.place, edit.of.event, None if answer is None else answer.thread)
        request = await turn.request(person, edit, origin)
        await request.reply(text("What is changed is not done again. Please write it as a new message."))
    return Outcome.REFUSED


async def _answer_to(session: AsyncSession, edit: Edit) -> LetterRow | None:
    """What was answered to the message that was changed."""
    if not await inbox.has(session, edit.of.event):
        return None
    # Letters are looked for by their place, which has an index.
    answers = select(LetterRow).where(LetterRow.place == address(edit.place), LetterRow.answers == edit.of.event)
    return await session.scalar(answers.limit(1))


async def _receipt(turn: Turn, receipt: Receipt) -> Outcome:
    if receipt.owner not in turn.team.receipts:
        return Outcome.NOTHING
    bot, handler = turn.team.receipts[receipt.owner]
    occasion = turn.occasion(bot)
    done = await attempt_alone(
        occasion,
        partial(handler, occasion, receipt),
        arrival_id=receipt.id,
        kind="receipt",
        what=f"{bot}: {receipt.owner}",
        last=turn.last,
    )
    return Outcome.DONE if done else Outcome.FAILED


async def _listeners(turn: Turn, arrival: Arrival) -> bool:
    """Tell the bots that listen; whether one of them says that it was for it."""
    kind = type(arrival)
    claims: list[bool | None] = []
    for bot in turn.team.bots.values():
        listeners = [*bot.listens.get(kind, ())]
        if (gatherer := bot.gathers.get(kind)) is not None:
            listeners.append(gathering.alone(gatherer))
        if isinstance(arrival, Message):
            listeners += [then for look, then in bot.overhears if look(arrival)]
        for listener in listeners:
            occasion = turn.occasion(bot.name)
            await attempt_alone(
                occasion,
                partial(_listen, listener, occasion, arrival, claims),
                arrival_id=getattr(arrival, "id", None) or f"applied-{getattr(arrival, 'number', '')}",
                kind=kind.__name__.lower(),
                what=f"{bot.name}: {kind.__name__.lower()}",
                last=turn.last,
            )
    return any(claims)


async def _listen(listener: Listener, occasion: Occasion, arrival: Arrival, claims: list[bool | None]) -> None:
    claims.append(await listener(occasion, arrival))
