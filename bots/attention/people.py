"""Members who decline, leave or stay silent: noticed as it happens, shown once, all of a while in one letter."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from sqlalchemy import delete, exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bots.attention import staff, telling
from bots.attention.rules import ANSWERS, in_charge
from bots.attention.tables import NoticedRow, SeenRow
from bots.kit.request import Occasion
from bots.kit.wording import Items, Line, Strong
from bridge.letters import Joined, Left
from bridge.letters.outbox import LetterRow, State
from bridge.places import BranchRoom, Direct, address, place_at
from ground import due
from ground.due import Due, DueRow
from ground.texts import Text, counted, text
from party import branches, mandates
from party.branches import Branch
from party.members import AccountRow, MemberRow, Status

SHOW: Final = "attention.show"
SILENT: Final = "attention.silent"

CALM: Final = timedelta(minutes=15)
"""Whoever leaves ten rooms in a row, or comes back at once, is one line of one letter, or none."""
SILENCE: Final = timedelta(days=14)
"""After so long without an answer somebody should ask."""
AGAIN: Final = timedelta(days=7)
"""Who came back for so long is shown once more when they leave once more."""
ALL: Final = "all"
"""The subject of what is done for everybody at once."""
_DIRECT: Final = "direct"
_WINDOW: Final = timedelta(days=7)


class Kind(StrEnum):
    """What is noticed."""

    DECLINED = "declined"
    LEFT = "left"
    SILENT = "silent"
    """Never came into a room of their branch."""
    UNANSWERED = "unanswered"
    """Never answered a direct message."""


@dataclass(frozen=True, slots=True)
class _News:
    """What is new about one member: the branches where it happened, by kind."""

    name: str
    places: dict[Kind, set[Branch]]


async def on_left(occasion: Occasion, arrival: Left) -> None:
    """An account is gone from a room. What others did to it is none of this."""
    if arrival.how == "removed":
        return
    member = await _member(occasion.session, arrival.account)
    if member is None or not await _in_use(occasion.session, member, arrival.account):
        return
    kind = Kind.DECLINED if arrival.how == "declined" else Kind.LEFT
    match arrival.place:
        case BranchRoom(branch_id) if await _belongs(occasion, member, branch_id):
            await notice(occasion, member, kind, branch_id)
        case Direct():
            await notice(occasion, member, Kind.UNANSWERED, member.branch_id)


async def on_joined(occasion: Occasion, arrival: Joined) -> None:
    """An account came in: whatever was noticed of it there is mended."""
    member = await _member(occasion.session, arrival.account)
    if member is None:
        return
    match arrival.place:
        case BranchRoom(branch_id):
            await _saw(occasion.session, arrival.account, branch_id)
            await _mended(occasion, member, branch_id)
        case Direct():
            await _saw(occasion.session, arrival.account, _DIRECT)


async def notice(occasion: Occasion, member: MemberRow, kind: Kind, branch_id: str) -> None:
    """Have it shown to those who answer for the member, unless it was already."""
    if await occasion.session.get(NoticedRow, (member.id, kind.value, branch_id)) is not None:
        return
    occasion.session.add(NoticedRow(member_id=member.id, kind=kind.value, branch_id=branch_id, at=occasion.now))
    await occasion.session.flush()
    await once(occasion.session, SHOW, occasion.now + CALM)


async def once(session: AsyncSession, what: str, at: datetime) -> None:
    """Have something done at an instant, unless it is to be done anyhow."""
    if not await session.scalar(select(exists().where(DueRow.what == what, DueRow.subject_id == ALL))):
        await due.schedule(session, what, ALL, at)


async def show(occasion: Occasion, _item: Due) -> None:
    """What is new about members, in one letter for each branch that is the home of some of them."""
    session, tree = occasion.session, await occasion.tree()
    query = (
        select(NoticedRow, MemberRow)
        .join(MemberRow, MemberRow.id == NoticedRow.member_id)
        .where(NoticedRow.told_at.is_(None))
        .order_by(MemberRow.name, MemberRow.id, NoticedRow.kind, NoticedRow.branch_id)
    )
    news: dict[str, dict[str, _News]] = {}
    for row, member in (await session.execute(query)).all():
        row.told_at = occasion.now
        if member.status in {Status.MEMBER, Status.SUSPENDED} and row.branch_id in tree:
            one = news.setdefault(member.branch_id, {}).setdefault(member.id, _News(member.name, {}))
            one.places.setdefault(Kind(row.kind), set()).add(tree[row.branch_id])
    officers = await staff.officers(session, occasion.now)
    for home, of_members in news.items():
        path = [branch.id for branch in tree.path(home)]
        letters: dict[telling.Charge, list[str]] = {}
        for member_id in of_members:
            charge = in_charge(occasion.policy, officers, path, ANSWERS, but=member_id)
            letters.setdefault(charge, []).append(member_id)
        for charge, member_ids in letters.items():
            items = [sentence for one in member_ids for sentence in _sentences(of_members[one], path)]
            await telling.tell(occasion, charge, officers, _letter(tree[home].name, items), about=member_ids)


def _letter(branch: str, items: Sequence[Text]) -> tuple[Line, ...]:
    return (
        text("**For your attention** in {branch}:", branch=branch),
        Items(tuple(items), most=40),
        text("I do not invite them again by myself. Perhaps somebody should talk to them."),
    )


def _sentences(news: _News, path: Sequence[str]) -> Iterable[Text]:
    """A sentence for each kind; the nearest branch is named first."""
    for kind, where in news.places.items():
        on_path = [branch for one in path for branch in where if branch.id == one]
        places = [branch.name for branch in [*on_path, *sorted(where - set(on_path), key=lambda one: one.name)]]
        match kind:
            case Kind.DECLINED:
                yield text("{name} declined an invitation to {branches}.", name=Strong(news.name), branches=places)
            case Kind.LEFT:
                yield text("{name} left rooms of {branches}.", name=Strong(news.name), branches=places)
            case Kind.SILENT:
                yield counted(
                    "{name} was invited to {branches} {count} day ago and has not come in.",
                    "{name} was invited to {branches} {count} days ago and has not come in.",
                    SILENCE.days,
                    name=Strong(news.name),
                    branches=places,
                )
            case Kind.UNANSWERED:
                yield text("{name} has not answered my direct messages.", name=Strong(news.name))


async def expect(occasion: Occasion, member_id: str) -> None:
    """Look after a while whether the member has come into a room of their branch."""
    await due.schedule(occasion.session, SILENT, member_id, occasion.now + SILENCE)


async def silent(occasion: Occasion, item: Due) -> None:
    """Has the member (the subject) come in meanwhile?"""
    session = occasion.session
    member = await session.get(MemberRow, item.subject_id)
    if member is None or member.status != Status.MEMBER:
        return
    accounts = select(AccountRow.user_id).where(AccountRow.member_id == member.id)
    if await session.scalar(select(func.count()).select_from(accounts.subquery())) == 0:
        return
    came = select(SeenRow.account).where(SeenRow.account.in_(accounts), SeenRow.place == member.branch_id)
    declined = select(NoticedRow.kind).where(
        NoticedRow.member_id == member.id, NoticedRow.branch_id == member.branch_id
    )
    if await session.scalar(came.limit(1)) is None and await session.scalar(declined.limit(1)) is None:
        await notice(occasion, member, Kind.SILENT, member.branch_id)


async def unanswered(occasion: Occasion) -> None:
    """Notice the members who let a direct message wait, among the letters that were delivered long enough ago.

    Whoever came into the direct conversation, or wrote something there that we answered, does not.
    """
    session, until = occasion.session, occasion.now - SILENCE
    written = (
        select(LetterRow.place)
        .where(
            LetterRow.state == State.DELIVERED,
            LetterRow.done_at <= until,
            LetterRow.done_at > until - _WINDOW,
            LetterRow.place.like(address(Direct("%"))),
        )
        .distinct()
    )
    for kept in (await session.scalars(written)).all():
        place = place_at(kept)
        assert isinstance(place, Direct)  # noqa: S101 - the query asks for these alone
        member = await _member(session, place.account)
        if member is None or member.status != Status.MEMBER or not await _in_use(session, member, place.account):
            continue
        answered = select(LetterRow.id).where(LetterRow.place == kept, LetterRow.answers.is_not(None)).limit(1)
        came = await session.get(SeenRow, (place.account, _DIRECT)) is not None
        if not came and await session.scalar(answered) is None:
            await notice(occasion, member, Kind.UNANSWERED, member.branch_id)


async def forget(session: AsyncSession) -> None:
    """Drop what is remembered of accounts that are nobody's any more."""
    await session.execute(delete(SeenRow).where(SeenRow.account.not_in(select(AccountRow.user_id))))


async def _member(session: AsyncSession, account: str) -> MemberRow | None:
    """Whose account this is, also while it is only claimed: that is how somebody who never comes in is found."""
    query = select(MemberRow).join(AccountRow, AccountRow.member_id == MemberRow.id)
    return await session.scalar(query.where(AccountRow.user_id == account))


async def _in_use(session: AsyncSession, member: MemberRow, account: str) -> bool:
    """Whether this is the account that the member uses: the last one that was confirmed, or one of those claimed."""
    query = select(AccountRow.user_id).where(AccountRow.member_id == member.id, AccountRow.confirmed_at.is_not(None))
    last = await session.scalar(query.order_by(AccountRow.confirmed_at.desc(), AccountRow.user_id.desc()).limit(1))
    return last is None or last == account


async def _belongs(occasion: Occasion, member: MemberRow, branch_id: str) -> bool:
    """Whether the register has the member in rooms of a branch: at home, above, or by an office."""
    if member.status not in {Status.MEMBER, Status.SUSPENDED}:
        return False
    if branch_id in await branches.path_to_root(occasion.session, member.branch_id):
        return True
    held = await mandates.held_by(occasion.session, member.id, occasion.now)
    return any(mandate.branch_id == branch_id for mandate in held)


async def _saw(session: AsyncSession, account: str, place: str) -> None:
    if await session.get(SeenRow, (account, place)) is None:
        session.add(SeenRow(account=account, place=place))
        await session.flush()


async def _mended(occasion: Occasion, member: MemberRow, branch_id: str) -> None:
    """Forget what was not shown yet, and what was shown long ago; what was just shown is not shown again."""
    rows = await occasion.session.scalars(
        select(NoticedRow).where(NoticedRow.member_id == member.id, NoticedRow.branch_id == branch_id)
    )
    for row in rows.all():
        if row.told_at is None or row.told_at <= _ago(occasion.now):
            await occasion.session.delete(row)


def _ago(now: datetime) -> datetime:
    return now - AGAIN
