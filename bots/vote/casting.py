"""Ballots in open votes: what is recorded, and which of it counts. Confidential ones are in `confidential.py`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import ColumnElement, case, insert, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from bots.vote.errors import VoteRefused
from bots.vote.proxies import Proxy
from bots.vote.roll import Entry
from bots.vote.tables import CastRow, RollRow, State, VoteRow
from ground.ids import new_id
from ground.texts import text
from party.members import AccountRow, MemberRow

_MOST = 500
"""Ids in one question to the database."""


class Means(StrEnum):
    """How a ballot came."""

    POLL = "poll"
    COMMAND = "command"
    REPLY = "reply"
    REACTION = "reaction"
    ENTERED = "entered"
    """By the secretary before a witness, for a member without Matrix."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cast:
    """What a member did. `id` is that of the arrival; `choice` is as `counting.values` keeps it, None where it was
    withdrawn; `spoiled`: it says nothing that the vote knows, and counts as no ballot. Instants are aware: `sent_at`
    by the sender's homeserver, `received_at` by our clock."""

    id: str
    member_id: str
    means: Means
    choice: str | None
    sent_at: datetime
    received_at: datetime
    account: str | None = None
    spoiled: bool = False


@dataclass(frozen=True, slots=True)
class Ballot:
    """The ballot of a member that counts. `choice` None: they voted, and took it back or spoiled it."""

    member_id: str
    choice: str | None
    means: Means
    spoiled: bool = False
    entered_by: str | None = None
    witness: str | None = None


@dataclass(frozen=True, slots=True)
class Counted:
    """A line of the roll with the ballot that counts for it; `holder`: who voted for them by proxy."""

    entry: Entry
    choice: str
    means: Means
    holder: str | None = None
    entered_by: str | None = None
    witness: str | None = None


def in_time(sent_at: datetime, received_at: datetime, closes: datetime | None, grace: timedelta) -> bool:
    """Whether a ballot came before the close: by the time at which it was sent, which its sender's homeserver may
    have made up, and by ours with a grace. `closes` None: there is no close yet."""
    return closes is None or (sent_at <= closes and received_at <= closes + grace)


def order(sent_at: datetime, received_at: datetime, id_: str) -> tuple[datetime, datetime, str]:
    """What the last of a member's ballots is the last by. A clock that is ahead wins nothing."""
    return min(sent_at, received_at), received_at, id_


def attribute(roll: Iterable[Entry], ballots: Mapping[str, Ballot], proxies: Mapping[str, Proxy]) -> list[Counted]:
    """The ballots that are counted, in the order of the roll. Whoever voted themselves has taken their proxy back, also
    where they withdrew their ballot or spoiled it. `ballots` by member, `proxies` by giver. Pure."""
    counted: list[Counted] = []
    for entry in roll:
        own, proxy = ballots.get(entry.member_id), proxies.get(entry.member_id)
        ballot = own if own is not None or proxy is None else ballots.get(proxy.holder)
        if ballot is None or ballot.choice is None:
            continue
        holder = proxy.holder if own is None and proxy is not None else None
        counted.append(Counted(entry, ballot.choice, ballot.means, holder, ballot.entered_by, ballot.witness))
    return counted


def beside_the_poll(counted: Sequence[Counted]) -> int:
    """How many votes clients leave out when they show the poll's winner: all that were not tapped. None where nobody
    tapped, since they show no winner then. Pure."""
    tapped = sum(one.means is Means.POLL and one.holder is None for one in counted)
    return len(counted) - tapped if tapped else 0


def profile(counted: Iterable[Counted]) -> dict[str, int]:
    """The ballots as they are kept, each with the sum of the weights of all that are alike. Pure."""
    found: dict[str, int] = {}
    for one in counted:
        found[one.choice] = found.get(one.choice, 0) + one.entry.weight
    return found


async def voters(session: AsyncSession, vote_id: str, accounts: Iterable[str]) -> dict[str, str]:
    """The members who are on the roll, by those of these accounts that are theirs and confirmed."""
    wanted, found = list(set(accounts)), dict[str, str]()
    for start in range(0, len(wanted), _MOST):
        query = (
            select(AccountRow.user_id, AccountRow.member_id)
            .join(RollRow, RollRow.member_id == AccountRow.member_id)
            .where(
                RollRow.vote_id == vote_id,
                AccountRow.confirmed_at.is_not(None),
                AccountRow.user_id.in_(wanted[start : start + _MOST]),
            )
        )
        found.update((await session.execute(query)).all())
    return found


async def record(session: AsyncSession, vote: VoteRow, casts: Sequence[Cast]) -> int:
    """Keep what members on the roll did; what is kept already is left alone. Returns how many were new.

    Nothing is refused for its time: which ones count is decided when they are counted. Where ballots may not be
    changed the first that is in time counts. Raises VoteRefused for a confidential vote.
    """
    if vote.confidential:
        raise VoteRefused(text("This vote is confidential. Write to me privately to vote."))
    by_id = {cast.id: cast for cast in casts}
    for start in range(0, len(by_id), _MOST):
        known = await session.scalars(select(CastRow.id).where(CastRow.id.in_(list(by_id)[start : start + _MOST])))
        for id_ in list(known):
            by_id.pop(id_)
    if by_id:
        await session.execute(insert(CastRow), [_columns(vote.id, cast) for cast in by_id.values()])
    return len(by_id)


async def enter(
    session: AsyncSession,
    vote: VoteRow,
    member: MemberRow,
    choice: str,
    *,
    by: MemberRow,
    witness: MemberRow,
    at: datetime,
) -> str:
    """Enter the ballot of a member without Matrix, before a witness; returns its id. Raises VoteRefused.

    The right `vote.enter` is the caller's to ask.
    """
    if vote.state != State.OPEN or not in_time(at, at, vote.closes_at, timedelta()):
        raise VoteRefused(text("This vote is not open."))
    if vote.confidential:
        raise VoteRefused(text("Nobody enters ballots for others in a confidential vote."))
    if len({member.id, by.id, witness.id}) < 3:
        raise VoteRefused(text("The voter, the witness and the one who enters the ballot are three people."))
    has_account = select(AccountRow.user_id).where(
        AccountRow.member_id == member.id, AccountRow.confirmed_at.is_not(None)
    )
    if await session.scalar(has_account.limit(1)) is not None:
        raise VoteRefused(text("{name} has an account and votes without help.", name=member.name))
    on_roll = select(RollRow.position).where(RollRow.vote_id == vote.id, RollRow.member_id == member.id)
    if await session.scalar(on_roll) is None:
        raise VoteRefused(text("{name} is not on the roll of this vote.", name=member.name))
    cast = Cast(id=new_id(), member_id=member.id, means=Means.ENTERED, choice=choice, sent_at=at, received_at=at)
    await session.execute(insert(CastRow), [_columns(vote.id, cast, by.id, witness.id)])
    return cast.id


async def take_back(session: AsyncSession, cast_id: str, account: str, at: datetime) -> bool:
    """The message of a ballot was removed by an account; only the voter's own removals count, and only in time: one
    that comes later is written down too, and decided when it is counted. Returns whether it was theirs."""
    row = await session.get(CastRow, cast_id)
    if row is None or row.means == Means.ENTERED or row.taken_back_at is not None:
        return False
    query = select(AccountRow.member_id).where(AccountRow.user_id == account, AccountRow.confirmed_at.is_not(None))
    if await session.scalar(query) != row.member_id:
        return False
    row.taken_back_at = at
    await session.flush()
    return True


async def ballots(
    session: AsyncSession, vote: VoteRow, *, closes: datetime | None, grace: timedelta
) -> dict[str, Ballot]:
    """The ballot of each member that counts as of a close (None: as of now), from all that was recorded.

    Removals after the close change nothing. Where ballots may not be changed, the first that says something counts by
    our clock, and removing it changes nothing. Who is not on the roll is left out by `attribute`.
    """
    query = select(
        CastRow.member_id, CastRow.choice, CastRow.means, CastRow.spoiled, CastRow.entered_by, CastRow.witness_id
    ).where(CastRow.vote_id == vote.id)  # fmt: skip
    stays: ColumnElement[bool] = CastRow.taken_back_at.is_(None)
    if closes is not None:
        query = query.where(CastRow.sent_at <= closes, CastRow.received_at <= closes + grace)
        stays = or_(stays, CastRow.taken_back_at > closes + grace)
    if vote.change:
        sent = case((CastRow.sent_at < CastRow.received_at, CastRow.sent_at), else_=CastRow.received_at)
        query = query.where(stays).order_by(sent, CastRow.received_at, CastRow.id)  # as `order` has it
    else:
        query = query.where(CastRow.choice.is_not(None), CastRow.spoiled.is_(False))
        query = query.order_by(CastRow.received_at.desc(), CastRow.id.desc())
    rows = {row[0]: row for row in await session.execute(query)}  # the last of each
    return {
        member: Ballot(member, None if spoiled else choice, Means(means), spoiled, entered_by, witness)
        for member, choice, means, spoiled, entered_by, witness in rows.values()
    }


def _columns(vote_id: str, cast: Cast, entered_by: str | None = None, witness: str | None = None) -> dict[str, object]:
    return {
        "id": cast.id, "vote_id": vote_id, "member_id": cast.member_id, "means": cast.means, "account": cast.account,
        "choice": cast.choice, "spoiled": cast.spoiled, "sent_at": cast.sent_at, "received_at": cast.received_at,
        "taken_back_at": None, "entered_by": entered_by, "witness_id": witness,
    }  # fmt: skip
