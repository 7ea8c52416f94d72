"""How votes end: closed at their time or before it, counted once what was sent in time has come, or cancelled."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import time
from typing import Annotated, Final

from sqlalchemy import select

from bots.kit.command import Argument, Dated, Moment
from bots.kit.preferences import voices_for
from bots.kit.request import Occasion, Refusal, Request
from bots.kit.wording import Strong, When
from bots.vote import (
    branchwise,
    casting,
    confidential,
    overview,
    presence,
    presiding,
    proxies,
    reminding,
    result,
    spreading,
    tables,
)
from bots.vote.counted import Count
from bots.vote.finding import allowed, meant
from bots.vote.holding import CLOSE
from bots.vote.opening import within
from bots.vote.plan import plan_of
from bots.vote.sentences import handle
from bots.vote.settings import settings_of
from bots.vote.tables import State, VoteLetterRow, VoteRow
from bots.vote.voters import counted_ballots
from bridge.letters import Letter, PollClosing, outbox
from bridge.letters.outbox import LetterRow
from bridge.places import BranchRoom, place_at
from bridge.ports import BoxLost
from ground import due
from ground.due import Due
from ground.texts import Text, text

COUNT: Final = "vote.count"
_NUMBER: Final = Argument(what=text("the vote"), example={"en": "V12", "fr": "V12"})
_LONGEST_REASON: Final = 500


async def fell_due(occasion: Occasion, item: Due) -> None:
    """The time of the close has come."""
    row = await occasion.session.get(VoteRow, item.subject_id)
    if row is not None and row.state == State.OPEN:
        await _end(occasion, row)


async def count_due(occasion: Occasion, item: Due) -> None:
    """What was sent before the close has come by now, or does not count."""
    row = await occasion.session.get(VoteRow, item.subject_id)
    if row is not None and row.state == State.OPEN:
        await publish(occasion, row)


async def close(request: Request, number: Annotated[str, _NUMBER] = "", *, present: presence.Present = None) -> None:
    """End a vote before its time."""
    row = await _running(request, number)
    await allowed(request, "vote.close", row.branch_id)
    data = "{}" if present is None else presence.kept(row, present)
    row.closes_at = request.now
    await due.cancel(request.session, CLOSE, row.id)
    tables.note_event(request.session, row.id, "closed", actor=_actor(request), at=request.now, data=data)
    await _end(request, row)
    await request.reply(text("{number} is closed. The result follows in a moment.", number=Strong(handle(row.number))))


async def extend(
    request: Request,
    number: Annotated[str, _NUMBER],
    until: Annotated[
        Moment,
        Argument(what=text("the new close"), example={"en": "sunday 20:00", "fr": "dimanche 20h"}),
        Dated(default_time=time(20)),
    ],
) -> None:
    """Give people more time."""
    row = await _running(request, number)
    await allowed(request, "vote.extend", row.branch_id)
    at = within(request.now, until.instant)
    before = row.closes_at
    if before is None or before <= request.now or at <= before:
        raise Refusal(text("A vote can only be extended, not shortened. To end it now there is `vote close`."))
    row.closes_at = at
    await due.schedule(request.session, CLOSE, row.id, at)
    await reminding.plan(request, row)
    data = json.dumps({"from": before.isoformat(), "to": at.isoformat()})
    tables.note_event(request.session, row.id, "extended", actor=_actor(request), at=request.now, data=data)
    said = text("{number} is extended and closes {when}.", number=Strong(handle(row.number)), when=When(at))
    await _tell(request, row, said, "extension")


async def cancel(
    request: Request,
    number: Annotated[str, _NUMBER],
    reason: Annotated[
        str,
        Argument(
            what=text("the reason"),
            example={"en": "The question was not clear.", "fr": "Question peu claire."},
            rest=True,
        ),
    ],
) -> None:
    """Call a vote off; nothing of it is counted."""
    row = await _running(request, number)
    await allowed(request, "vote.cancel", row.branch_id)
    reason = reason.strip()[:_LONGEST_REASON]
    await call_off(request, row, _actor(request), reason)
    said = text("{number} is cancelled: {reason}", number=Strong(handle(row.number)), reason=reason)
    await _tell(request, row, said, "cancellation")


async def call_off(occasion: Occasion, row: VoteRow, actor: str, reason: str) -> None:
    """End a vote without a result; the ballots of a confidential one are destroyed."""
    row.state, row.closed_at = State.CANCELLED, occasion.now
    for what in (CLOSE, COUNT, reminding.REMIND):
        await due.cancel(occasion.session, what, row.id)
    tables.note_event(occasion.session, row.id, "cancelled", actor=actor, at=occasion.now, reason=reason)
    box = settings_of(occasion).box
    if row.confidential and box is not None:
        await box.destroy(occasion.session, row.id)
    await _close_polls(occasion, row)


async def publish(occasion: Occasion, row: VoteRow) -> None:
    """Count, keep the result and say it in the room."""
    row.state, row.closed_at = State.CLOSED, row.closes_at or occasion.now
    await occasion.session.flush()
    try:
        counted = await (_count_sealed if row.confidential else _count_open)(occasion, row)
    except BoxLost:
        row.state = State.CANCELLED
        tables.note_event(occasion.session, row.id, "cancelled", actor="system", at=occasion.now, reason="box lost")
        said = text(
            "{number} cannot be counted: its ballots are lost. It has to be held anew.", number=handle(row.number)
        )
        await occasion.send(place_at(row.place or ""), said, notice=False)
        await spreading.say_beside(occasion, row, said, "result")
        return
    await presiding.announce(occasion, row, counted)
    if plan_of(row.options, row.rules).by is not None:
        await overview.renew(occasion, row)
        await due.schedule(occasion.session, spreading.SPREAD, row.id, occasion.now)


async def _count_open(occasion: Occasion, row: VoteRow) -> Count:
    plan = plan_of(row.options, row.rules)
    given = await proxies.of_vote(occasion.session, row, occasion.now)
    grace = settings_of(occasion).policy.patience
    totals = await casting.totals(occasion.session, row, given, closes=row.closes_at, grace=grace)
    told = result.settle(
        plan,
        totals.profile,
        voted=totals.voted,
        roll=row.roll_size or 0,
        weight=row.roll_weight or 0,
        proxies=totals.by_proxy,
        present=await presence.of_vote(occasion.session, row.id),
        seed=row.seed or "",
        beside=totals.beside_the_poll if plan.poll else 0,
    )
    if plan.by is None:
        return told
    counted = await counted_ballots(occasion, row)
    return await branchwise.assembled(occasion, row, plan, told, casting.profile(counted), counted)


async def _count_sealed(occasion: Occasion, row: VoteRow) -> Count:
    given = settings_of(occasion)
    if given.box is None:
        raise BoxLost(row.id)
    tree = await occasion.tree()
    least = given.policy.breakdown
    told = await confidential.count(occasion.session, given.box, [row], tree, row.branch_id, least=least)
    plan = plan_of(row.options, row.rules)
    whole: Mapping[str, int] = told.whole
    counted = result.settle(
        plan, whole, voted=sum(told.voted.values()), roll=row.roll_size or 0, weight=row.roll_weight or 0, few=told.few,
        present=await presence.of_vote(occasion.session, row.id), seed=row.seed or "",
    )  # fmt: skip
    if plan.by is not None:
        counted = await branchwise.assembled_sealed(occasion, row, plan, counted, told)
    if told.few:
        told = confidential.Told({}, {}, {}, told.voted, told.on_roll, few=True)
    await confidential.keep(occasion.session, given.box, [row], told)
    return counted


async def _end(occasion: Occasion, row: VoteRow) -> None:
    """No more ballots; count when those that were sent in time have come."""
    await due.cancel(occasion.session, reminding.REMIND, row.id)
    await _close_polls(occasion, row)
    await overview.renew(occasion, row)
    grace = settings_of(occasion).policy.patience
    await due.schedule(occasion.session, COUNT, row.id, (row.closes_at or occasion.now) + grace)


async def _close_polls(occasion: Occasion, row: VoteRow) -> None:
    query = (
        select(VoteLetterRow.letter, LetterRow.place)
        .join(LetterRow, LetterRow.id == VoteLetterRow.letter)
        .where(VoteLetterRow.vote_id == row.id, VoteLetterRow.purpose == "poll")
        .order_by(LetterRow.number)
    )
    polls = [(letter, place_at(place)) for letter, place in await occasion.session.execute(query)]
    rooms = [place for _, place in polls if isinstance(place, BranchRoom)]
    voices = await voices_for(occasion.session, occasion.surroundings, rooms)
    closed = text("{number} is closed.", number=handle(row.number))
    letters = []
    for letter, place in polls:
        voice = voices[place] if isinstance(place, BranchRoom) else await occasion.voice_for(place)
        letters.append(Letter(to=place, content=PollClosing(letter, voice.say(closed))))
    await outbox.put_all(occasion.session, letters, occasion.now)


async def _running(request: Request, number: str) -> VoteRow:
    row = await meant(request, number)
    if row.state != State.OPEN or (row.closes_at is not None and row.closes_at <= request.now):
        raise Refusal(text("{number} is closed.", number=Strong(handle(row.number))))
    return row


async def _tell(request: Request, row: VoteRow, said: Text, purpose: str) -> None:
    """Say something in the rooms of a vote, and to whoever asked where that is another place."""
    room = place_at(row.place or "")
    letter = await request.send(room, said, notice=False)
    tables.note_letter(request.session, row.id, purpose, letter, request.now)
    rooms = await spreading.say_beside(request, row, said, purpose)
    await overview.renew(request, row)
    if request.place not in (room, *rooms):
        await request.reply(said)


def _actor(request: Request) -> str:
    return "administrator" if request.member is None else request.member.id
