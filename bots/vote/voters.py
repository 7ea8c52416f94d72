"""Who voted, and who has not: names in public votes after the close, and reminders in private."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Final

from sqlalchemy import func, select

from bots.kit.command import Argument
from bots.kit.request import Occasion, Refusal, Request
from bots.kit.wording import Items, Strong, Typed, When, compose
from bots.vote import casting, confidential, proxies, roll, tables
from bots.vote.casting import Counted
from bots.vote.choices import said
from bots.vote.finding import allowed, meant
from bots.vote.plan import plan_of
from bots.vote.sentences import handle, worded
from bots.vote.settings import settings_of
from bots.vote.tables import RollRow, State, VoteEventRow, VoteRow
from bridge.letters import Letter, outbox
from bridge.places import Direct, place_at
from bridge.ports import BoxLost
from ground.texts import counted, text
from party.members import AccountRow, MemberRow

_NUMBER: Final = Argument(what=text("the vote"), example={"en": "V12", "fr": "V12"})
_BY_PROXY: Final = "{name} ({holder})"


async def counted_ballots(occasion: Occasion, row: VoteRow) -> list[Counted]:
    """The ballots of an open vote that count, as of its close."""
    grace = settings_of(occasion).policy.patience
    ballots = await casting.ballots(occasion.session, row, closes=row.closes_at, grace=grace)
    given = await proxies.of_vote(occasion.session, row, occasion.now)
    return casting.attribute(await roll.entries(occasion.session, row.id), ballots, given)


async def by_choice(occasion: Occasion, row: VoteRow, branch_id: str | None = None) -> dict[str, Sequence[str]]:
    """In a public vote that is closed: the names under each choice, in the order of the choices; whoever votes for
    another behind theirs. `branch_id`: of those alone who vote for this branch."""
    plan = worded(plan_of(row.options, row.rules), await occasion.voice_for(place_at(row.place or "")))
    names = await _names(occasion, row)
    found: dict[str, list[str]] = {}
    ballots = [one for one in await counted_ballots(occasion, row) if branch_id in (None, one.entry.branch_id)]
    for one in sorted(ballots, key=lambda one: (one.choice, names[one.entry.member_id])):
        name = names[one.entry.member_id]
        if one.holder is not None:
            name = _BY_PROXY.format(name=name, holder=names[one.holder])
        found.setdefault(said(plan, one.choice) or "—", []).append(name)
    return {choice: those for choice, those in found.items()}


async def on_roll(request: Request, number: Annotated[str, _NUMBER] = "") -> None:
    """The electoral roll, in private, for those with the right to see it."""
    row = await meant(request, number)
    await allowed(request, "vote.roll", row.branch_id)
    names = await _names(request, row)
    entries = sorted(await roll.entries(request.session, row.id), key=lambda entry: names[entry.member_id])
    lines = tuple(
        text("{name}, number {number}", name=names[entry.member_id], number=entry.number)
        if entry.weight == 1
        else text(
            "{name}, number {number}, weight {weight}",
            name=names[entry.member_id], number=entry.number, weight=entry.weight,
        )
        for entry in entries
    )  # fmt: skip
    head = counted("{count} member on the roll", "{count} members on the roll", len(entries))
    said = text("{number} · {turnout}", number=Strong(handle(row.number)), turnout=head)
    await request.whisper(said, Items(lines, most=500))


async def remind(request: Request, number: Annotated[str, _NUMBER] = "") -> None:
    """Remind those on the roll who have not voted, once, without telling anybody who they are."""
    row = await meant(request, number)
    await allowed(request, "vote.remind", row.branch_id)
    named = Strong(handle(row.number))
    if row.state != State.OPEN or row.closes_at is None or row.closes_at <= request.now:
        raise Refusal(text("{number} is closed.", number=named))
    reminded = select(func.count()).where(VoteEventRow.vote_id == row.id, VoteEventRow.kind == "reminded")
    if await request.session.scalar(reminded):
        raise Refusal(text("Those who have not voted in {number} were reminded already; once is enough.", number=named))
    actor = "administrator" if request.member is None else request.member.id
    tables.note_event(request.session, row.id, "reminded", actor=actor, at=request.now)
    letters = []
    for account in await _accounts(request, row, await _silent(request, row)):
        to = Direct(account)
        line = text(
            "You have not voted yet in {number}, “{question}”. It closes {when}. To vote, write {command} to me.",
            number=named, question=row.question, when=When(row.closes_at),
            command=Typed(text("vote {number}", number=handle(row.number))),
        )  # fmt: skip
        words = compose([line], await request.voice_for(to))
        letters.append(Letter(to=to, content=words, deadline=row.closes_at, forget=True))
    await outbox.put_all(request.session, letters, request.now)
    await request.reply(text("Those who have not voted in {number} are reminded privately.", number=named))


async def _names(occasion: Occasion, row: VoteRow) -> dict[str, str]:
    """The names of those on the roll, by member."""
    query = select(MemberRow.id, MemberRow.name).join(RollRow, RollRow.member_id == MemberRow.id)
    return dict((await occasion.session.execute(query.where(RollRow.vote_id == row.id))).all())


async def _silent(occasion: Occasion, row: VoteRow) -> Sequence[str]:
    box = settings_of(occasion).box
    if row.confidential:
        try:
            return [] if box is None else await confidential.silent(occasion.session, box, row)
        except BoxLost:
            return []
    entries = await roll.entries(occasion.session, row.id)
    ballots = await casting.ballots(occasion.session, row, closes=None, grace=settings_of(occasion).policy.patience)
    given = await proxies.of_vote(occasion.session, row, occasion.now)
    voted = {one.entry.member_id for one in casting.attribute(entries, ballots, given)}
    return [entry.member_id for entry in entries if entry.member_id not in voted]


async def _accounts(occasion: Occasion, row: VoteRow, members: Sequence[str]) -> Sequence[str]:
    """One account of each of these members, in no order that says anything."""
    query = (
        select(AccountRow.member_id, func.min(AccountRow.user_id))
        .join(RollRow, RollRow.member_id == AccountRow.member_id)
        .where(RollRow.vote_id == row.id, AccountRow.confirmed_at.is_not(None))
        .group_by(AccountRow.member_id)
    )
    found = dict((await occasion.session.execute(query)).all())
    return sorted(found[member] for member in members if member in found)
