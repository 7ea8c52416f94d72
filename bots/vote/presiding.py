"""Votes that the chair decides where they are equal: whoever holds that office is asked in private, and has some days.

The result that leaves it open is said at once; a second one follows when the chair has decided, or has not in time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from pydantic import JsonValue
from sqlalchemy import func, select

from bots.kit import questions
from bots.kit.origin import Origin
from bots.kit.questions import NUMBERS, Question
from bots.kit.request import Occasion, Request
from bots.kit.wording import Line, Strong, When
from bots.vote import result, tables
from bots.vote.counted import Count, count_of
from bots.vote.plan import plan_of
from bots.vote.preferring import Preferring
from bots.vote.sentences import handle, worded
from bots.vote.settings import settings_of
from bots.vote.tables import State, VoteRow
from bots.vote.telling import tell
from bridge.letters import Letter, Mark
from bridge.places import Direct
from ground import due
from ground.due import Due
from ground.texts import text
from party.mandates import MandateRow, in_force
from party.members import AccountRow, MemberRow, Status

DECIDED: Final = "vote.chair"
LAPSE: Final = "vote.lapse"
"""Falls due when the chair has not decided in time."""
DECIDES_WITHIN: Final = timedelta(days=7)


async def chairs(occasion: Occasion, branch_id: str) -> Mapping[str, str]:
    """Who may be asked to decide in a branch, by member, with an account of theirs; by the numbers of members."""
    query = (
        select(MemberRow.id, func.min(AccountRow.user_id))
        .join(MandateRow, MandateRow.member_id == MemberRow.id)
        .join(AccountRow, AccountRow.member_id == MemberRow.id)
        .where(MandateRow.branch_id == branch_id, MandateRow.office == settings_of(occasion).policy.chair)
        .where(in_force(occasion.now), MemberRow.status == Status.MEMBER, AccountRow.confirmed_at.is_not(None))
        .group_by(MemberRow.id, MemberRow.number)
        .order_by(MemberRow.number)
    )
    return dict((await occasion.session.execute(query)).all())


async def announce(occasion: Occasion, row: VoteRow, counted: Count) -> None:
    """Say what a vote came to; where the chair has to decide, ask."""
    plan = plan_of(row.options, row.rules)
    if not result.tied(plan, counted):
        await tell(occasion, row, counted)
        return
    asked = await chairs(occasion, row.branch_id)
    if not asked:
        await tell(occasion, row, result.lapsed(plan, counted))
        return
    until = occasion.now + DECIDES_WITHIN
    said = text("The chair is asked, and has until {when}. After that all stays as it is.", when=When(until))
    await tell(occasion, row, counted, said, kind="tied")
    await due.schedule(occasion.session, LAPSE, row.id, until)
    for account in asked.values():
        await _ask(occasion, row, counted, account, until)


async def decided(request: Request, key: str, data: Mapping[str, JsonValue]) -> None:
    """The chair said who comes next."""
    row = await request.session.get(VoteRow, data["id"])
    waiting = None if row is None else _waiting(row)
    if row is None or waiting is None or data["step"] != _step(waiting):
        await request.reply(text("That is decided already."))
        return
    if request.member is None or request.member.id not in await chairs(request, row.branch_id):
        await request.reply(text("That is for an office which you do not hold."))
        return
    plan = plan_of(row.options, row.rules)
    preferring = _preferring(row, waiting)
    after = preferring.next(preferring.candidates[_place(key)])
    if after.candidates:
        waiting = replace(waiting, placed=after.placed)
    else:
        waiting = result.settled(plan, replace(waiting, chair=tuple(after.order), placed=()))
    tables.note_event(request.session, row.id, "tie_decided", actor=request.member.id, at=request.now)
    row.verdict = waiting.kept()
    if result.tied(plan, waiting):
        until = await _until(request, row)
        await _ask(request, row, waiting, request.account, until)
        return
    await due.cancel(request.session, LAPSE, row.id)
    await request.reply(text("You have decided {number}. The result is said in its room.", number=handle(row.number)))
    await tell(request, row, waiting)


async def not_decided(occasion: Occasion, item: Due) -> None:
    """The chair had its time: all stays as it is."""
    row = await occasion.session.get(VoteRow, item.subject_id)
    waiting = None if row is None else _waiting(row)
    if row is not None and waiting is not None:
        await tell(occasion, row, result.lapsed(plan_of(row.options, row.rules), waiting))


def _waiting(row: VoteRow) -> Count | None:
    """The count that the chair has to complete; None where there is none, or not any more."""
    if row.state != State.CLOSED or row.verdict is None:
        return None
    counted = count_of(row.verdict)
    return counted if result.tied(plan_of(row.options, row.rules), counted) else None


def _preferring(row: VoteRow, waiting: Count) -> Preferring:
    return Preferring(waiting.chair, waiting.placed, result.tied(plan_of(row.options, row.rules), waiting))


def _step(waiting: Count) -> list[int]:
    """How far the chair is: an answer to an earlier question decides nothing."""
    return [*waiting.chair, -1, *waiting.placed]


async def _ask(occasion: Occasion, row: VoteRow, waiting: Count, account: str, until: datetime) -> None:
    to = Direct(account)
    plan = worded(plan_of(row.options, row.rules), await occasion.voice_for(to))
    options = [plan.options[option] for option in _preferring(row, waiting).candidates]
    answers = tuple(
        (NUMBERS[place] if place < len(NUMBERS) else f"{place + 1}.", option) for place, option in enumerate(options)
    )
    lines: list[Line] = [
        text("{number} · {question}", number=Strong(handle(row.number)), question=row.question),
        text("{tied} are equal. You decide who comes first, until {when}.", tied=options, when=When(until)),
        *(f"{key} {option}" for key, option in answers),
    ]
    letter = await occasion.send(to, *lines, mentions=(account,))
    data: Mapping[str, JsonValue] = {"id": row.id, "step": [*_step(waiting)]}
    question = Question(bot=occasion.bot, then=DECIDED, data=data, answers=answers, origin=Origin(account, to))
    await questions.wait(occasion.session, letter, to, question, occasion.now, until)
    for key, _ in answers[: len(NUMBERS)]:
        await occasion.put(Letter(to=to, content=Mark(key, letter=letter), deadline=until))


async def _until(occasion: Occasion, row: VoteRow) -> datetime:
    query = select(due.DueRow.at).where(due.DueRow.what == LAPSE, due.DueRow.subject_id == row.id)
    return await occasion.session.scalar(query) or occasion.now


def _place(key: str) -> int:
    """The place of an answer among the candidates."""
    return NUMBERS.index(key) if key in NUMBERS else int(key.rstrip(".")) - 1
