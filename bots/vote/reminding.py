"""Reminders to those on the roll who have not voted: privately, once, before the close. Nobody is told who they are."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Annotated, Final, Literal

from sqlalchemy import func, select

from bots.kit.command import Argument
from bots.kit.preferences import voices_of
from bots.kit.request import Occasion, Refusal, Request
from bots.kit.voice import Voice
from bots.kit.wording import Line, Strong, Typed, When, compose
from bots.vote import casting, confidential, proxies, roll, tables
from bots.vote.finding import allowed, meant
from bots.vote.sentences import handle
from bots.vote.settings import settings_of
from bots.vote.tables import RollRow, State, UnremindedRow, VoteEventRow, VoteRow
from bridge.letters import Letter, Words, outbox
from bridge.places import Direct
from bridge.ports import BoxLost
from ground import due
from ground.due import Due
from ground.texts import Text, text
from party.members import AccountRow

REMIND: Final = "vote.remind"
"""Falls due when those who have not voted are to be reminded."""
GO_ON: Final = "vote.remind.next"
"""Falls due when the next lines of a long roll are gone through; of the vote's id, a colon and the first line."""
APART: Final = timedelta(seconds=5)
"""Between two of those: what others are answered goes before."""
_LINES: Final = 50
_STEPS: Final = 100
_NUMBER: Final = Argument(what=text("the vote"), example={"en": "V12", "fr": "V12"})


async def plan(occasion: Occasion, row: VoteRow) -> None:
    """Have those reminded who will not have voted in a vote that opens, or closes later than it was to."""
    if row.closes_at is None or await _begun(occasion, row):
        return
    at = settings_of(occasion).policy.reminds_at(row.opened_at or occasion.now, row.closes_at)
    if at is None:
        await due.cancel(occasion.session, REMIND, row.id)
    else:
        await due.schedule(occasion.session, REMIND, row.id, at, grace=row.closes_at - at)


async def fell_due(occasion: Occasion, item: Due) -> None:
    """The time of the reminder has come."""
    row = await occasion.session.get(VoteRow, item.subject_id)
    if row is not None and _runs(occasion, row) and not await _begun(occasion, row):
        await _begin(occasion, row, "system")


async def go_on(occasion: Occasion, item: Due) -> None:
    """The next lines of a long roll."""
    vote, _, first = item.subject_id.partition(":")
    row = await occasion.session.get(VoteRow, vote)
    if row is not None and _runs(occasion, row):
        await _some(occasion, row, int(first))


async def remind(request: Request, number: Annotated[str, _NUMBER] = "") -> None:
    """Remind those on the roll who have not voted, once, without telling anybody who they are."""
    row = await meant(request, number)
    await allowed(request, "vote.remind", row.branch_id)
    named = Strong(handle(row.number))
    if not _runs(request, row):
        raise Refusal(text("{number} is closed.", number=named))
    if await _begun(request, row):
        raise Refusal(text("Those who have not voted in {number} were reminded already; once is enough.", number=named))
    await due.cancel(request.session, REMIND, row.id)
    await _begin(request, row, "administrator" if request.member is None else request.member.id)
    await request.reply(text("Those who have not voted in {number} are reminded privately.", number=named))


async def switch(
    request: Request,
    wanted: Annotated[
        Literal["on", "off"] | None,
        Argument(
            what=text("on or off"),
            example={"en": "off", "fr": "non"},
            words={
                "on": {"en": ("on", "yes"), "fr": ("oui", "activer")},
                "off": {"en": ("off", "no"), "fr": ("non", "désactiver")},
            },
        ),
    ] = None,
) -> None:
    """Whether the person is reminded of votes, and how they change that."""
    if request.member is None:
        raise Refusal(text("Only members can vote."))
    row = await request.session.get(UnremindedRow, request.member.id)
    if wanted == "on" and row is not None:
        await request.session.delete(row)
    elif wanted == "off" and row is None:
        request.session.add(UnremindedRow(member_id=request.member.id))
    if wanted == "off" or (wanted is None and row is not None):
        other = Typed(text("reminders on"))
        said = text("I do not remind you of votes. To be reminded again: {command}", command=other)
    else:
        other = Typed(text("reminders off"))
        said = text("I remind you, once, of a vote in which you have not voted. To stop that: {command}", command=other)
    await request.whisper(said)


def step(lines: int) -> int:
    """How many lines of a roll of so many are gone through at once. It says nothing of who has not voted. Pure."""
    return max(_LINES, -(-lines // _STEPS))


def sentences(row: VoteRow) -> tuple[Line, ...]:
    """What a reminder says. Pure."""
    number = handle(row.number)
    what: Text = text(
        "You have not voted yet in {number}, “{question}”. It closes {when}. To vote, write {command} to me.",
        number=Strong(number), question=row.question, when=When(row.closes_at) if row.closes_at else "",
        command=Typed(text("vote {number}", number=number)),
    )  # fmt: skip
    return what, text("To get no more reminders: {command}", command=Typed(text("reminders off")))


def _runs(occasion: Occasion, row: VoteRow) -> bool:
    return row.state == State.OPEN and row.closes_at is not None and row.closes_at > occasion.now


async def _begun(occasion: Occasion, row: VoteRow) -> bool:
    query = select(func.count()).where(VoteEventRow.vote_id == row.id, VoteEventRow.kind == "reminded")
    return bool(await occasion.session.scalar(query))


async def _begin(occasion: Occasion, row: VoteRow, actor: str) -> None:
    tables.note_event(occasion.session, row.id, "reminded", actor=actor, at=occasion.now)
    await _some(occasion, row, 0)


async def _some(occasion: Occasion, row: VoteRow, first: int) -> None:
    """Remind those of the next lines of the roll, and come back for the lines after them."""
    size = row.roll_size or 0
    after = first + step(size)
    silent = await _silent(occasion, row)
    accounts = await _accounts(occasion, row, first, after, silent)
    voices = await voices_of(occasion.session, occasion.surroundings, accounts)
    said: dict[Voice, Words] = {}
    letters = []
    for account in accounts:
        voice = voices[account]
        if voice not in said:
            said[voice] = compose(sentences(row), voice)
        # Kept, the letter would tell who had not voted when it was written.
        letters.append(Letter(to=Direct(account), content=said[voice], deadline=row.closes_at, vanish=True))
    await outbox.put_all(occasion.session, letters, occasion.now)
    if after < size and row.closes_at is not None:
        at = occasion.now + APART
        await due.schedule(occasion.session, GO_ON, f"{row.id}:{after}", at, grace=row.closes_at - at)


async def _silent(occasion: Occasion, row: VoteRow) -> Collection[str]:
    """The members on the roll who have not voted, nor has anybody for them."""
    box = settings_of(occasion).box
    if row.confidential:
        try:
            return frozenset() if box is None else frozenset(await confidential.silent(occasion.session, box, row))
        except BoxLost:
            return frozenset()
    entries = await roll.entries(occasion.session, row.id)
    ballots = await casting.ballots(occasion.session, row, closes=None, grace=settings_of(occasion).policy.patience)
    given = await proxies.of_vote(occasion.session, row, occasion.now)
    voted = {one.entry.member_id for one in casting.attribute(entries, ballots, given)}
    return frozenset(entry.member_id for entry in entries if entry.member_id not in voted)


async def _accounts(
    occasion: Occasion, row: VoteRow, first: int, after: int, members: Collection[str]
) -> Sequence[str]:
    """An account of each of these members whose lines are among those, unless they want no reminders; in no order that
    says anything."""
    query = (
        select(AccountRow.member_id, func.min(AccountRow.user_id))
        .join(RollRow, RollRow.member_id == AccountRow.member_id)
        .outerjoin(UnremindedRow, UnremindedRow.member_id == AccountRow.member_id)
        .where(RollRow.vote_id == row.id, RollRow.position >= first, RollRow.position < after)
        .where(AccountRow.confirmed_at.is_not(None), UnremindedRow.member_id.is_(None))
        .group_by(AccountRow.member_id)
    )
    return sorted(account for member, account in await occasion.session.execute(query) if member in members)
