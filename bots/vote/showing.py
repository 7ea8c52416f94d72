"""What is shown of votes: lists, one vote, its result, its turnout, and the proof that one is on the roll."""

from __future__ import annotations

import json
from typing import Annotated, Final

from sqlalchemy import or_, select

from bots.kit.command import Argument
from bots.kit.request import Refusal, Request
from bots.kit.wording import Code, Day, Gap, Items, Line, Strong, Typed, When
from bots.vote import branchwise, casting, declared, result, roll, seeing, sentences
from bots.vote.counted import count_of
from bots.vote.finding import home, meant
from bots.vote.plan import plan_of
from bots.vote.sentences import handle, worded
from bots.vote.tables import PlaceRow, State, VoteEventRow, VoteRow
from bots.vote.voters import by_choice
from ground.texts import Text, text

_NUMBER: Final = Argument(what=text("the vote"), example={"en": "V12", "fr": "V12"})
_LATEST: Final = 10
_EXCERPT: Final = 80


async def listed(request: Request) -> None:
    """The open votes of the branch, as far as one may see them, and the latest that ended."""
    branch = home(request)
    session = request.session
    held = select(PlaceRow.vote_id).where(PlaceRow.branch_id == branch.id)
    ours = select(VoteRow).where(
        or_(VoteRow.branch_id == branch.id, VoteRow.id.in_(held)), VoteRow.state != State.DRAFT
    )
    if not await seeing.sees_all_of(request, branch.id):
        ours = ours.where(seeing.on_roll(request))
    running = await session.scalars(ours.where(VoteRow.state == State.OPEN).order_by(VoteRow.number.desc()))
    ended = await session.scalars(
        ours.where(VoteRow.state != State.OPEN).order_by(VoteRow.number.desc()).limit(_LATEST)
    )
    items = [_item(request, row) for row in [*running, *ended]]
    if not items:
        raise Refusal(text("There is no vote yet in {branch}.", branch=branch.name))
    await request.reply(text("Votes of {branch}:", branch=Strong(branch.name)), Items(tuple(items), most=30))


async def show(request: Request, number: Annotated[str, _NUMBER] = "") -> None:
    """The question, the choices and the rules of a vote."""
    row = await meant(request, number)
    plan = worded(plan_of(row.options, row.rules), request.voice)
    lines: list[Line] = [
        text("{number} · {question}", number=Strong(handle(row.number)), question=row.question),
        *sentences.numbered(plan),
        sentences.secrecy_of(row.confidential),
    ]
    if row.closes_at is not None:
        lines.append(sentences.conditions(plan, row.roll_size or 0, row.closes_at))
    lines += declared.rules(plan, weight=row.roll_weight or 0, units=row.units, seed=row.seed)
    lines.append(text("Fingerprint of the roll: {root}", root=Code(row.roll_root or "")))
    if row.state == State.OPEN:
        lines.append(text("To vote: {command}", command=Typed(text("vote {number}", number=handle(row.number)))))
    else:
        lines += [Gap(), *await _outcome(request, row)]
    await request.reply(*lines)


async def told(request: Request, number: Annotated[str, _NUMBER] = "") -> None:
    """The result of a vote that ended."""
    row = await meant(request, number)
    if row.state == State.OPEN:
        when = row.closes_at or request.now
        raise Refusal(text("{number} is open until {when}.", number=Strong(handle(row.number)), when=When(when)))
    head = text("{number} · {question}", number=Strong(handle(row.number)), question=row.question)
    await request.reply(head, *await _outcome(request, row))


async def turnout(request: Request, number: Annotated[str, _NUMBER] = "") -> None:
    """How many voted; in public votes also who, once they are closed."""
    row = await meant(request, number)
    size = row.roll_size or 0
    number_said = Strong(handle(row.number))
    if row.state == State.OPEN:
        if row.confidential:
            raise Refusal(text("{number} is confidential: how many voted is told at the close.", number=number_said))
        ballots = await casting.ballots(request.session, row, closes=None, grace=request.now - request.now)
        voted = sum(ballot.choice is not None for ballot in ballots.values())
        await request.reply(text("{number} · {turnout}", number=number_said, turnout=sentences.turnout(voted, size)))
        return
    if row.verdict is None:
        raise Refusal(*await _outcome(request, row))
    counted = count_of(row.verdict)
    head = text("{number} · {turnout}", number=number_said, turnout=sentences.turnout(counted.voted, size))
    if row.confidential:
        await request.reply(head, text("It was confidential: who voted is not told."))
        return
    here = request.branch if request.branch is not None and plan_of(row.options, row.rules).by is not None else None
    found = await by_choice(request, row, None if here is None or here.id == row.branch_id else here.id)
    names = tuple(text("{choice}: {names}", choice=choice, names=these) for choice, these in found.items())
    await request.reply(head, Items(names, most=100))


async def prove(request: Request, row: VoteRow) -> None:
    """Give a member the proof that they are on the roll, privately."""
    number = Strong(handle(row.number))
    if request.member is None:
        raise Refusal(text("Only members can vote."))
    proof = await roll.proof(request.session, row, request.member.id)
    if proof is None:
        why = await roll.why_not(request.session, row, request.member)
        await request.whisper(text("{number}: {why}", number=number, why=why or ""))
        return
    kept = {
        "number": proof.number,
        "branch": proof.branch_id,
        "weight": proof.weight,
        "salt": proof.salt,
        "position": proof.position,
        "size": proof.size,
        "beside": list(proof.beside),
        "root": proof.root,
    }
    await request.whisper(
        text("You are on the roll of {number}, which counts {size}.", number=number, size=proof.size),
        text("Proof, to be checked against the fingerprint that was announced:"),
        Code(json.dumps(kept, ensure_ascii=False)),
    )


async def _outcome(request: Request, row: VoteRow) -> tuple[Line, ...]:
    if row.state == State.CANCELLED or row.verdict is None:
        query = select(VoteEventRow.reason).where(VoteEventRow.vote_id == row.id, VoteEventRow.kind == "cancelled")
        reason = await request.session.scalar(query.limit(1))
        return (text("Cancelled: {reason}", reason=reason or "—"),)
    day = (row.closed_at or request.now).astimezone(request.voice.zone).date()
    plan, counted = worded(plan_of(row.options, row.rules), request.voice), count_of(row.verdict)
    rows = await branchwise.rows(request, plan, counted)
    return *result.lines(plan, counted), *rows, text("Closed on {day}.", day=Day(day))


def _item(request: Request, row: VoteRow) -> Text:
    number, question = Strong(handle(row.number)), row.question[:_EXCERPT]
    if row.state == State.OPEN and row.closes_at is not None:
        return text(
            "{number} · open until {when} · {question}", number=number, when=When(row.closes_at), question=question
        )
    if row.state == State.CANCELLED or row.verdict is None:
        return text("{number} · cancelled · {question}", number=number, question=question)
    verdict = result.short(worded(plan_of(row.options, row.rules), request.voice), count_of(row.verdict))
    return text("{number} · {verdict} · {question}", number=number, verdict=verdict, question=question)
