"""Answers to questions: only from whom they were asked, only once, only for a while."""

from __future__ import annotations

from bots.kit import questions, rights, running
from bots.kit.attempt import Outcome, attempt
from bots.kit.questions import Question, QuestionRow, State
from bots.kit.request import Request
from bots.kit.running import AGAIN
from bots.kit.turn import Turn
from bridge.letters import Letter, Message, Reaction, Redaction, Withdrawal
from bridge.places import place_at
from ground.texts import text
from party.branches import BranchRow, as_value


async def tapped(turn: Turn, reaction: Reaction) -> Outcome:
    """Somebody set a mark beside something: perhaps the answer to a question."""
    letter = reaction.to.letter
    row = None if letter is None else await questions.asked_in(turn.session, letter)
    if row is None or row.account != reaction.account or not row.marks:
        return Outcome.NOTHING
    key = questions.answer_in(questions.question_of(row).answers, reaction.key)
    return Outcome.NOTHING if key is None else await _answered(turn, row, reaction, key)


async def written(turn: Turn, message: Message) -> Outcome | None:
    """Somebody wrote: perhaps the answer to a question, as a reply to it or as their next message there.

    None where it is none.
    """
    letter = message.reply_to.letter if message.reply_to is not None else None
    row = None if letter is None else await questions.asked_in(turn.session, letter)
    if row is not None and row.account == message.account:
        key = questions.answer_in(questions.question_of(row).answers, _without_prefix(turn, message.text))
        return None if key is None else await _answered(turn, row, message, key)
    row = await questions.awaited(turn.session, message.account, message.place, turn.now)
    if row is None or not message.follows(row.asked_at):
        return None
    question = questions.question_of(row)
    thread = None if question.origin.elsewhere else question.origin.thread
    if letter is None and message.thread == thread:
        key = questions.answer_in(question.answers, _without_prefix(turn, message.text))
        if key is not None:
            return await _answered(turn, row, message, key)
    row.next = False
    return None


async def taken_back(turn: Turn, redaction: Redaction) -> Outcome:
    """The message that made us ask was taken back, and so are our questions."""
    rows = await questions.withdraw(turn.session, redaction.of.event)
    occasion = turn.occasion("")
    for row in rows:
        await occasion.put(Letter(to=place_at(row.place), content=Withdrawal(row.letter)))
    return Outcome.DONE if rows else Outcome.NOTHING


async def _answered(turn: Turn, row: QuestionRow, arrival: Message | Reaction, key: str) -> Outcome:
    if row.state != State.OPEN:
        return Outcome.NOTHING
    question = questions.question_of(row)
    person = await turn.speaker(row.account)
    branch_row = None if row.branch_id is None else await turn.session.get(BranchRow, row.branch_id)
    request = await turn.request(
        person,
        arrival,
        question.origin,
        question.bot,
        branch=None if branch_row is None else as_value(branch_row),
        question=row.letter,
        need=question.need,
    )
    late = turn.now >= row.expires
    row.state = State.EXPIRED if late else State.ANSWERED
    if question.origin.private:
        row.data = "{}"
    if late:
        await request.reply(text("That question has run out, and nothing was done. Please write the command again."))
        return Outcome.REFUSED
    return await _carry_out(turn, request, question, key)


async def _carry_out(turn: Turn, request: Request, question: Question, key: str) -> Outcome:
    person = await turn.speaker(request.account)
    if question.then == AGAIN:
        return await running.again(turn, person, request.arrival, question.origin, question.data, key)
    if question.need is not None and not await turn.allowed(person, question.need, request.branch):
        lines = await rights.refusal(
            request.session, request.surroundings, request.voice, question.need, question.branch_id, request.now
        )
        await request.reply(*lines)
        return Outcome.REFUSED
    handler = turn.team.bots[question.bot].answers[question.then]
    what = f"{question.bot}: {question.then}"
    return await attempt(request, lambda: handler(request, key, question.data), what=what, last=turn.last)


def _without_prefix(turn: Turn, words: str) -> str:
    return words.strip().removeprefix(turn.team.kit.surroundings.prefix)
