"""Ballots in confidential votes: put into a box, and counted at the close. What is decided of them stays in here.

Nothing of a ballot leaves this module but into the box and, counted, out of it: no event, no letter, no line in a log.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from bots.vote import breakdown, proxies, roll
from bots.vote.casting import in_time
from bots.vote.errors import VoteRefused
from bots.vote.roll import Entry, entries
from bots.vote.sealed import SealRow
from bots.vote.tables import CountRow, State, TurnoutRow, VoteRow
from bridge.ports import BallotBox, Emptied, Seat
from ground.texts import text
from party.branches import Tree


@dataclass(frozen=True, slots=True)
class Told:
    """What may be told of a confidential vote that is counted: `whole`, all ballots by how they are kept; `groups`, the
    branches shown together, by the one under whose name, with their ballots in `counts`; `voted`, `on_roll` by branch.

    `few`: so few ballots that the verdict alone is told. `parts`, the ballots of every branch, is for counting branch
    by branch in memory; it is never kept, sent or shown.
    """

    whole: Mapping[str, int]
    groups: Mapping[str, Sequence[str]]
    counts: Mapping[str, Mapping[str, int]]
    voted: Mapping[str, int]
    on_roll: Mapping[str, int]
    few: bool
    parts: Mapping[str, Mapping[str, int]] = field(repr=False, default_factory=dict)


def seat(vote: VoteRow, entry: Entry) -> Seat:
    """A line of the roll as the box knows it. What weighs 3 is three ballots."""
    return Seat(entry.position, entry.branch_id, entry.weight if vote.units else 1)


async def open_box(session: AsyncSession, box: BallotBox, vote: VoteRow, width: int) -> None:
    """Set up the box of a vote whose roll is frozen. `width`: of a ballot (`counting.values.width`)."""
    seats = [seat(vote, entry) for entry in await entries(session, vote.id)]
    await box.open(session, vote.id, seats, width=width)


async def cast(
    session: AsyncSession,
    box: BallotBox,
    vote: VoteRow,
    member_id: str,
    ballots: Sequence[str],
    *,
    sent_at: datetime,
    received_at: datetime,
    grace: timedelta,
) -> int:
    """Put a member's ballot into the box, and that of each member whose proxy they hold and who has not voted.

    `ballots`: one; or one for each unit of their weight, of which the first counts for those others; or one for each
    unit of their weight and of those others' (`units`), their own first. Returns for how many others it was put in.
    What is raised and what is answered says nothing of the choice. Raises VoteRefused, BoxLost.
    """
    entry = await _voter(session, vote, member_id, sent_at, received_at, grace)
    own, givers = seat(vote, entry), await _given_to(session, vote, member_id, received_at)
    whole = own.ballots + sum(seat(vote, giver).ballots for giver in givers)
    if len(ballots) not in (1, own.ballots, whole):
        raise VoteRefused(text("Give one choice for all your votes, or one for each of them."))
    theirs = ballots if len(ballots) == 1 else ballots[: own.ballots]
    # Whoever carries nothing of their own still votes for others.
    if not await box.cast(session, vote.id, own, theirs or ballots[:1], by_proxy=False, change=vote.change):
        raise VoteRefused(text("You have voted, and in this vote a ballot cannot be changed."))
    others, at = 0, own.ballots
    for giver in givers:
        there = seat(vote, giver)
        split = ballots[at : at + there.ballots] if len(ballots) == whole else ()
        others += await box.cast(session, vote.id, there, split or ballots[:1], by_proxy=True, change=vote.change)
        at += there.ballots
    return others


async def units(session: AsyncSession, vote: VoteRow, member_id: str, at: datetime) -> tuple[int, int]:
    """How many ballots a member casts: their own, and for those whose proxy they hold."""
    entry = await roll.entry(session, vote.id, member_id)
    own = 0 if entry is None else seat(vote, entry).ballots
    return own, sum(seat(vote, giver).ballots for giver in await _given_to(session, vote, member_id, at))


async def take_back(
    session: AsyncSession,
    box: BallotBox,
    vote: VoteRow,
    member_id: str,
    *,
    sent_at: datetime,
    received_at: datetime,
    grace: timedelta,
) -> bool:
    """Take a member's ballot out of the box, where ballots may be changed; those they put in for others stay.

    Returns whether there was one. Raises VoteRefused, BoxLost.
    """
    entry = await _voter(session, vote, member_id, sent_at, received_at, grace)
    if not vote.change:
        raise VoteRefused(text("In this vote a ballot cannot be changed."))
    return await box.take_back(session, vote.id, seat(vote, entry), by_proxy=False)


async def proxy_ended(session: AsyncSession, box: BallotBox, vote: VoteRow, giver_id: str) -> None:
    """A proxy ended while a vote with unit ballots is open: what was put in by it comes out."""
    entry = await roll.entry(session, vote.id, giver_id)
    if vote.confidential and vote.units and vote.state == State.OPEN and entry is not None:
        await box.take_back(session, vote.id, seat(vote, entry), by_proxy=True)


async def silent(session: AsyncSession, box: BallotBox, vote: VoteRow) -> Sequence[str]:
    """Who has not voted yet, by their ids, in the order of the roll: for reminders in private, told to nobody."""
    marks = await box.marks(session, vote.id)
    return [entry.member_id for entry in await entries(session, vote.id) if not marks[entry.position]]


async def count(
    session: AsyncSession, box: BallotBox, votes: Sequence[VoteRow], tree: Tree, top: str, *, least: int
) -> Told:
    """Count the boxes of a vote, or of all votes of a cascade at once, which closed; `top`: the branch of the first.

    Branches with fewer than `least` ballots are merged upwards; what is not merged is seen by nobody. Raises BoxLost.
    """
    parts: dict[str, dict[str, int]] = {}
    voted: dict[str, int] = {}
    on_roll: dict[str, int] = {}
    for vote in votes:
        if vote.state != State.CLOSED:
            raise ValueError("a box is not looked into before the close")
        seats = [seat(vote, entry) for entry in await entries(session, vote.id)]
        emptied: Emptied = await box.count(session, vote.id, seats)
        for branch, ballots in emptied.ballots.items():
            _add(parts.setdefault(branch, {}), ballots)
        _add(voted, emptied.voted)
        _add(on_roll, emptied.seats)
    cast_in = {branch: min(voted[branch], sum(parts.get(branch, {}).values())) for branch in on_roll}
    shown = breakdown.groups(tree, top, cast_in, least)
    counts = breakdown.merged(shown, parts)
    whole: dict[str, int] = {}
    for ballots in counts.values():
        _add(whole, ballots)
    return Told(whole, shown, counts, voted, on_roll, sum(cast_in.values()) < least, parts)


async def keep(session: AsyncSession, box: BallotBox, votes: Sequence[VoteRow], told: Told) -> None:
    """Keep what may be told, under the first of the votes, and destroy the boxes. In the transaction of the result."""
    vote = votes[0]
    counts = [
        {"vote_id": vote.id, "group_id": group, "choice": choice, "ballots": ballots}
        for group, by_choice in told.counts.items()
        for choice, ballots in sorted(by_choice.items())
    ]
    turnout = [
        {"vote_id": vote.id, "branch_id": branch, "on_roll": on_roll, "voted": told.voted.get(branch, 0)}
        for branch, on_roll in sorted(told.on_roll.items())
    ]
    for table, rows in ((CountRow, counts), (TurnoutRow, turnout)):
        if rows:
            await session.execute(insert(table), rows)
    for each in votes:
        await box.destroy(session, each.id)


async def lost(session: AsyncSession) -> Sequence[VoteRow]:
    """Open confidential votes without a box: their ballots did not come back with a backup. They are to be cancelled
    with that reason and opened anew. Only for boxes of the kind `SealedBox`."""
    query = (
        select(VoteRow)
        .outerjoin(SealRow, SealRow.vote_id == VoteRow.id)
        .where(VoteRow.confidential, VoteRow.state == State.OPEN, SealRow.vote_id.is_(None))
    )
    return (await session.scalars(query.order_by(VoteRow.number))).all()


async def _voter(
    session: AsyncSession, vote: VoteRow, member_id: str, sent_at: datetime, received_at: datetime, grace: timedelta
) -> Entry:
    """The line of somebody who may vote now. Raises VoteRefused."""
    if vote.state != State.OPEN or not in_time(sent_at, received_at, vote.closes_at, grace):
        raise VoteRefused(text("This vote is not open."))
    entry = await roll.entry(session, vote.id, member_id)
    if entry is None:
        raise VoteRefused(text("You are not on the roll of this vote."))
    return entry


async def _given_to(session: AsyncSession, vote: VoteRow, holder_id: str, at: datetime) -> Sequence[Entry]:
    """The lines of those for whom a member votes, in the order of the roll."""
    given = await proxies.of_vote(session, vote, at)
    found = [await roll.entry(session, vote.id, giver) for giver, proxy in given.items() if proxy.holder == holder_id]
    return sorted((entry for entry in found if entry is not None), key=lambda entry: entry.position)


def _add(into: dict[str, int], counts: Mapping[str, int]) -> None:
    for key, count in counts.items():
        into[key] = into.get(key, 0) + count
