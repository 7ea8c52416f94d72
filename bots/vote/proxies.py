"""Proxies: one member votes for another, who asked and was accepted. The rules are pure; the rows are below them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from bots.vote.errors import VoteRefused
from bots.vote.tables import ProxyRow, RollRow, State, VoteRow
from ground.ids import new_id
from ground.texts import Text, counted, text


class Stage(StrEnum):
    """How far a proxy is."""

    OFFERED = "offered"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    ENDED = "ended"
    """Taken back by its giver, given up by its holder, or replaced."""


@dataclass(frozen=True, slots=True)
class Proxy:
    """`giver` lets `holder` vote (ids of members): in `vote`, or where that is None in all that close before `until`
    (None: for ever). Instants are aware."""

    id: str
    giver: str
    holder: str
    vote: str | None
    until: datetime | None
    stage: Stage
    offered_at: datetime

    def running(self, at: datetime) -> bool:
        """Whether it is offered or accepted, and not over."""
        return self.stage in (Stage.OFFERED, Stage.ACCEPTED) and (self.until is None or self.until > at)

    def meets(self, other: Proxy) -> bool:
        """Whether there may be a vote for which both stand."""
        return self.vote is None or other.vote is None or self.vote == other.vote

    def holds_in(self, vote: str, closes: datetime) -> bool:
        """Whether it is accepted for a vote that closes at this instant."""
        if self.stage is not Stage.ACCEPTED:
            return False
        return self.vote == vote if self.vote is not None else self.until is None or self.until > closes


def refusal(new: Proxy, others: Iterable[Proxy], at: datetime, most: int) -> Text | None:
    """Why a proxy can be neither offered nor accepted, to whoever offers or accepts it; None when it can.

    `others`: those of its giver and its holder, itself may be among them. `most`: for how many one member may vote.
    """
    if most == 0:
        return text("There is no voting by proxy here.")
    if new.giver == new.holder:
        return text("You vote for yourself without a proxy.")
    against = [other for other in others if other.id != new.id and other.running(at) and other.meets(new)]
    if any(other.giver == new.holder for other in against):
        return text("Whoever has given a proxy cannot hold one.")
    if any(other.holder == new.giver and other.stage is Stage.ACCEPTED for other in against):
        return text("Whoever holds a proxy cannot give one: it would be handed on.")
    if _load(new, against) >= most:
        return counted(
            "Nobody may vote for more than {count} other member.",
            "Nobody may vote for more than {count} other members.",
            most,
        )
    return None


def in_force(proxies: Iterable[Proxy], on_roll: Collection[str], vote: str, closes: datetime) -> dict[str, Proxy]:
    """The proxies that hold in a vote, by giver: both on its roll, one for this very vote before one for all, and the
    latest before others."""
    chosen: dict[str, Proxy] = {}
    for proxy in sorted(proxies, key=lambda proxy: (proxy.vote is not None, proxy.offered_at, proxy.id)):
        if proxy.holds_in(vote, closes) and proxy.giver in on_roll and proxy.holder in on_roll:
            chosen[proxy.giver] = proxy
    holders = {proxy.holder for proxy in chosen.values()}
    return {giver: proxy for giver, proxy in chosen.items() if giver not in holders}


def _load(new: Proxy, against: Iterable[Proxy]) -> int:
    """For how many others, in one vote at most, the holder of a new proxy votes already."""
    always: set[str] = set()
    by_vote: dict[str, set[str]] = {}
    for other in against:
        if other.holder != new.holder or other.giver == new.giver or other.stage is not Stage.ACCEPTED:
            continue
        (always if other.vote is None else by_vote.setdefault(other.vote, set())).add(other.giver)
    return max((len(always | givers) for givers in by_vote.values()), default=len(always))


async def offer(
    session: AsyncSession,
    giver_id: str,
    holder_id: str,
    *,
    vote: VoteRow | None,
    until: datetime | None = None,
    at: datetime,
    most: int,
) -> Proxy:
    """Offer a proxy, in place of the giver's others for the same vote (or for all). Raises VoteRefused."""
    new = Proxy(new_id(), giver_id, holder_id, None if vote is None else vote.id, until, Stage.OFFERED, at)
    if until is not None and until <= at:
        raise VoteRefused(text("That is over already: a proxy is given until a later day."))
    if vote is not None:
        await _check_vote(session, vote, giver_id, holder_id)
    others = await _of_members(session, (giver_id, holder_id))
    same = [other for other in others if other.giver == giver_id and other.vote == new.vote and other.running(at)]
    if (why := refusal(new, [other for other in others if other not in same], at, most)) is not None:
        raise VoteRefused(why)
    for other in same:
        await _end(session, other.id, Stage.ENDED, at)
    session.add(
        ProxyRow(
            id=new.id, giver_id=giver_id, holder_id=holder_id, vote_id=new.vote, until=until, state=new.stage,
            offered_at=at,
        )
    )  # fmt: skip
    await session.flush()
    return new


async def accept(session: AsyncSession, proxy_id: str, holder_id: str, *, at: datetime, most: int) -> Proxy:
    """Accept a proxy that was offered to `holder_id`; the second time nothing happens. Raises VoteRefused."""
    row = await _offered(session, proxy_id, holder_id, at)
    if row.state == Stage.OFFERED:
        others = await _of_members(session, (row.giver_id, row.holder_id))
        if (why := refusal(_proxy(row), others, at, most)) is not None:
            raise VoteRefused(why)
        if row.vote_id is not None:
            _check_open(await session.get_one(VoteRow, row.vote_id))
        row.state, row.answered_at = Stage.ACCEPTED, at
        await session.flush()
    return _proxy(row)


async def decline(session: AsyncSession, proxy_id: str, holder_id: str, *, at: datetime) -> Proxy:
    """Say no to a proxy that was offered, or give one up that was accepted. Raises VoteRefused."""
    row = await _offered(session, proxy_id, holder_id, at)
    row.answered_at = row.answered_at or at
    await _end(session, row.id, Stage.DECLINED if row.state == Stage.OFFERED else Stage.ENDED, at)
    return _proxy(row)


async def take_back(session: AsyncSession, giver_id: str, vote_id: str | None, *, at: datetime) -> Sequence[Proxy]:
    """Take back what a member gave for a vote, or (None) for all; returns it as it was."""
    mine = [
        proxy
        for proxy in await _of_members(session, (giver_id,))
        if proxy.giver == giver_id and proxy.vote == vote_id and proxy.running(at)
    ]
    for proxy in mine:
        await _end(session, proxy.id, Stage.ENDED, at)
    return mine


async def giver_of(session: AsyncSession, proxy_id: str) -> str:
    """Who offered a proxy; nobody where there is none."""
    row = await session.get(ProxyRow, proxy_id)
    return "" if row is None else row.giver_id


async def given_and_held(session: AsyncSession, member_id: str, at: datetime) -> Sequence[Proxy]:
    """What runs of a member's, given or held."""
    return [proxy for proxy in await _of_members(session, (member_id,)) if proxy.running(at)]


async def of_vote(session: AsyncSession, vote: VoteRow, at: datetime) -> Mapping[str, Proxy]:
    """The proxies that hold in a vote, by giver: as of its close, or of `at` while it is open. What was accepted or
    taken back later changes nothing. None in a confidential vote without unit ballots."""
    if vote.confidential and not vote.units:
        return {}
    as_of = vote.closed_at or at
    query = select(ProxyRow).where(
        ProxyRow.state.in_([Stage.ACCEPTED, Stage.ENDED]),
        ProxyRow.answered_at <= as_of,
        or_(ProxyRow.ended_at.is_(None), ProxyRow.ended_at > as_of),
        or_(ProxyRow.vote_id.is_(None), ProxyRow.vote_id == vote.id),
    )
    proxies = [replace(_proxy(row), stage=Stage.ACCEPTED) for row in await session.scalars(query)]
    if not proxies:
        return {}
    roll = set(await session.scalars(select(RollRow.member_id).where(RollRow.vote_id == vote.id)))
    return in_force(proxies, roll, vote.id, vote.closed_at or vote.closes_at or at)


async def _check_vote(session: AsyncSession, vote: VoteRow, giver_id: str, holder_id: str) -> None:
    _check_open(vote)
    if vote.confidential and not vote.units:
        raise VoteRefused(
            text("There is no voting by proxy in a confidential vote: your holder would know your ballot.")
        )
    query = select(RollRow.member_id).where(RollRow.vote_id == vote.id, RollRow.member_id.in_([giver_id, holder_id]))
    on_roll = set(await session.scalars(query))
    if giver_id not in on_roll:
        raise VoteRefused(text("You are not on the roll of this vote, so there is nothing to give a proxy for."))
    if holder_id not in on_roll:
        raise VoteRefused(text("A proxy goes to somebody who is on the roll of this vote too."))


def _check_open(vote: VoteRow) -> None:
    if vote.state != State.OPEN:
        raise VoteRefused(text("This vote is not open."))


async def _offered(session: AsyncSession, proxy_id: str, holder_id: str, at: datetime) -> ProxyRow:
    """The row of a proxy that runs, for its holder. Raises VoteRefused."""
    row = await session.get(ProxyRow, proxy_id)
    if row is None or row.holder_id != holder_id or not _proxy(row).running(at):
        raise VoteRefused(text("This proxy is not offered any more."))
    return row


async def _of_members(session: AsyncSession, members: Collection[str]) -> Sequence[Proxy]:
    """All that these members gave or hold, oldest first; of votes only those that are open."""
    query = (
        select(ProxyRow)
        .outerjoin(VoteRow, VoteRow.id == ProxyRow.vote_id)
        .where(
            or_(ProxyRow.giver_id.in_(members), ProxyRow.holder_id.in_(members)),
            ProxyRow.state.in_([Stage.OFFERED, Stage.ACCEPTED]),
            or_(ProxyRow.vote_id.is_(None), VoteRow.state == State.OPEN),
        )
    )
    return [_proxy(row) for row in await session.scalars(query.order_by(ProxyRow.offered_at, ProxyRow.id))]


async def _end(session: AsyncSession, proxy_id: str, stage: Stage, at: datetime) -> None:
    row = await session.get_one(ProxyRow, proxy_id)
    row.state, row.ended_at = stage, at
    await session.flush()


def _proxy(row: ProxyRow) -> Proxy:
    return Proxy(row.id, row.giver_id, row.holder_id, row.vote_id, row.until, Stage(row.state), row.offered_at)
