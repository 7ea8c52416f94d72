"""Ballots in open votes: what is recorded, and which of it counts. Confidential ones are in `confidential.py`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from sqlalchemy import ColumnElement, Subquery, case, func, insert, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from bots.vote.errors import VoteRefused
from bots.vote.proxies import Proxy
from bots.vote.roll import Entry, entries
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


_MEANS: Final = {means.value: means for means in Means}


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


@dataclass(frozen=True, slots=True)
class Totals:
    """What the ballots that count come to: as they are kept, with the weight of all that are alike; `voted`, `by_proxy`
    and `tapped` (in a poll, by the voters themselves) are lines of the roll."""

    profile: Mapping[str, int]
    voted: int
    by_proxy: int
    tapped: int

    @property
    def beside_the_poll(self) -> int:
        """How many votes clients leave out when they show the poll's winner. None where nobody tapped, since they show
        no winner then."""
        return self.voted - self.tapped if self.tapped else 0


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


def profile(counted: Iterable[Counted]) -> dict[str, int]:
    """The ballots as they are kept, each with the sum of the weights of all that are alike. Pure."""
    found: dict[str, int] = {}
    for one in counted:
        found[one.choice] = found.get(one.choice, 0) + one.entry.weight
    return found


async def voters(session: AsyncSession, vote_id: str, accounts: Iterable[str]) -> dict[str, str]:
    """The members who are on the roll, by those of these accounts that are theirs and confirmed."""
    found: dict[str, str] = {}
    for portion in _portions(set(accounts)):
        query = (
            select(AccountRow.user_id, AccountRow.member_id)
            .join(RollRow, RollRow.member_id == AccountRow.member_id)
            .where(
                RollRow.vote_id == vote_id,
                AccountRow.confirmed_at.is_not(None),
                AccountRow.user_id.in_(portion),
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
    for portion in _portions(by_id):
        for id_ in (await session.scalars(select(CastRow.id).where(CastRow.id.in_(portion)))).all():
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


async def take_back(
    session: AsyncSession, cast_id: str, account: str, *, sent_at: datetime, received_at: datetime, grace: timedelta
) -> VoteRow | None:
    """The message of a ballot was removed by an account; only the voter's own removals count, and only in time: one
    that comes later is written down as of when it came, and decided when it is counted. Returns the vote if it was
    theirs."""
    row = await session.get(CastRow, cast_id)
    if row is None or row.means == Means.ENTERED or row.taken_back_at is not None:
        return None
    query = select(AccountRow.member_id).where(AccountRow.user_id == account, AccountRow.confirmed_at.is_not(None))
    if await session.scalar(query) != row.member_id:
        return None
    vote = await session.get_one(VoteRow, row.vote_id)
    timely = in_time(sent_at, received_at, vote.closes_at, grace)
    row.taken_back_at = min(sent_at, received_at) if timely else received_at
    await session.flush()
    return vote


async def ballots(
    session: AsyncSession, vote: VoteRow, *, closes: datetime | None, grace: timedelta
) -> dict[str, Ballot]:
    """The ballot of each member that counts as of a close (None: as of now), from all that was recorded.

    Removals after the close change nothing. Where ballots may not be changed, the first that says something counts by
    our clock, and removing it changes nothing. Who is not on the roll is left out by `attribute`.
    """
    return await _of(session, _last(vote, closes, grace))


async def totals(
    session: AsyncSession, vote: VoteRow, proxies: Mapping[str, Proxy], *, closes: datetime | None, grace: timedelta
) -> Totals:
    """What `profile` of `attribute` comes to, own ballots being added up by the database."""
    last = _last(vote, closes, grace)
    query = (
        select(
            last.c.choice,
            func.sum(RollRow.weight),
            func.count(),
            func.sum(case((last.c.means == Means.POLL, 1), else_=0)),
        )
        .join(RollRow, RollRow.member_id == last.c.member_id)
        .where(RollRow.vote_id == vote.id, last.c.place == 1, last.c.spoiled.is_(False), last.c.choice.is_not(None))
        .group_by(last.c.choice)
    )
    own = (await session.execute(query)).all()
    by_proxy: list[Counted] = []
    for portion in _portions(proxies):
        holders = (proxies[giver].holder for giver in portion)
        known = await _of(session, last, sorted({*portion, *holders}))
        givers = await entries(session, vote.id, [giver for giver in portion if giver not in known])
        by_proxy += attribute(givers, known, proxies)
    found = profile(by_proxy)
    for choice, weight, _, _ in own:
        found[choice] = found.get(choice, 0) + int(weight)
    return Totals(
        found,
        sum(voted for _, _, voted, _ in own) + len(by_proxy),
        len(by_proxy),
        sum(int(tapped) for *_, tapped in own),
    )


async def _of(session: AsyncSession, last: Subquery, members: Sequence[str] | None = None) -> dict[str, Ballot]:
    """The ballots that count, of all or of some."""
    columns = (last.c.member_id, last.c.choice, last.c.means, last.c.spoiled, last.c.entered_by, last.c.witness_id)
    query = select(*columns).where(last.c.place == 1)
    if members is not None:
        query = query.where(last.c.member_id.in_(members))
    return {
        member: Ballot(member, None if spoiled else choice, _MEANS[means], spoiled, entered_by, witness)
        for member, choice, means, spoiled, entered_by, witness in await session.execute(query)
    }


def _last(vote: VoteRow, closes: datetime | None, grace: timedelta) -> Subquery:
    """What members did in time; at `place` 1 of each what counts, as `ballots` says."""
    where = [CastRow.vote_id == vote.id]
    stays: ColumnElement[bool] = CastRow.taken_back_at.is_(None)
    if closes is not None:
        where += [CastRow.sent_at <= closes, CastRow.received_at <= closes + grace]
        stays = or_(stays, CastRow.taken_back_at > closes)
    if vote.change:
        where.append(stays)
        sent = case((CastRow.sent_at < CastRow.received_at, CastRow.sent_at), else_=CastRow.received_at)
        by = [sent.desc(), CastRow.received_at.desc(), CastRow.id.desc()]  # as `order` has it
    else:
        where += [CastRow.choice.is_not(None), CastRow.spoiled.is_(False)]
        by = [CastRow.received_at.asc(), CastRow.id.asc()]
    place = func.row_number().over(partition_by=CastRow.member_id, order_by=by).label("place")
    columns = (
        CastRow.member_id, CastRow.choice, CastRow.means, CastRow.spoiled, CastRow.entered_by, CastRow.witness_id
    )  # fmt: skip
    return select(*columns, place).where(*where).subquery()


def _portions(ids: Iterable[str]) -> Iterator[list[str]]:
    """Ids for one question after the other."""
    wanted = list(ids)
    return (wanted[start : start + _MOST] for start in range(0, len(wanted), _MOST))


def _columns(vote_id: str, cast: Cast, entered_by: str | None = None, witness: str | None = None) -> dict[str, object]:
    return {
        "id": cast.id, "vote_id": vote_id, "member_id": cast.member_id, "means": cast.means, "account": cast.account,
        "choice": cast.choice, "spoiled": cast.spoiled, "sent_at": cast.sent_at, "received_at": cast.received_at,
        "taken_back_at": None, "entered_by": entered_by, "witness_id": witness,
    }  # fmt: skip
