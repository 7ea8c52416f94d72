"""Votes in the small organisation of the tests."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from bots.vote import plan, result, roll
from bots.vote.casting import Cast, Means
from bots.vote.counting.values import kept_choice
from bots.vote.electorate import Electorate, admit, electors, weighted
from bots.vote.offers import Condition
from bots.vote.roll import Roll
from bots.vote.tables import State, VoteRow, new_vote, next_number
from ground.database import Database
from party import branches
from party.members import MemberRow
from tests.support.register import NOW, Grown

CLOSES: Final = NOW + timedelta(days=1)
GRACE: Final = timedelta(minutes=1)
MEMBERS: Final[Mapping[str, str]] = {
    **{f"M{n}": "brest" for n in range(1, 5)},
    **{f"M{n}": "quimper" for n in range(5, 8)},
    **{f"M{n}": "finistere" for n in range(8, 10)},
}
"""Four in Brest, three in Quimper, two above them."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A vote that was opened, and what was published of its roll."""

    vote: str
    roll: Roll


async def opened(
    session: AsyncSession,
    grown: Grown,
    branch: str = "finistere",
    *,
    electorate: Electorate = Electorate(below=True),  # noqa: B008 - a value
    at: datetime = NOW,
    closes_at: datetime | None = CLOSES,
    conditions: Sequence[Condition] = (),
    weights: Mapping[str, int] | None = None,
    suspended: bool = False,
    confidential: bool = False,
    units: bool = False,
    change: bool = True,
) -> Opened:
    """Open a vote in a branch; `weights` by the numbers of members."""
    branch_id = grown.branches[branch]
    vote = new_vote(
        branch_id=branch_id,
        question="Join the strike?",
        options=json.dumps(["Yes", "No"]),
        rules="{}",
        electorate=electorate.kept(),
        at=at,
        confidential=confidential,
        units=units,
        change=change,
        closes_at=closes_at,
    )
    session.add(vote)
    await session.flush()
    tree = await branches.tree(session)
    found = await electors(session, electorate, tree, branch_id, at, suspended=suspended)
    by_member = {grown.members[number]: weight for number, weight in (weights or {}).items()}
    admitted = await admit(session, weighted(found, by_member), conditions, branch_id, at)
    frozen = await roll.freeze(session, vote, admitted)
    vote.state, vote.opened_at, vote.number = State.OPEN, at, await next_number(session)
    await session.flush()
    return Opened(vote.id, frozen)


async def open_vote(
    db: Database,
    grown: Grown,
    *,
    confidential: bool = False,
    units: bool = False,
    change: bool = True,
    weights: Mapping[str, int] | None = None,
) -> str:
    """Open a vote of all in Finistère in a transaction of its own; returns its id."""

    async def work(session: AsyncSession) -> str:
        done = await opened(session, grown, confidential=confidential, units=units, change=change, weights=weights)
        return done.vote

    return await db.write(work)


async def vote_of(session: AsyncSession, vote: str) -> VoteRow:
    return await session.get_one(VoteRow, vote)


async def member(session: AsyncSession, grown: Grown, number: str) -> MemberRow:
    return await session.get_one(MemberRow, grown.members[number])


def cast(
    grown: Grown,
    number: str,
    choice: str | None,
    id_: str,
    *,
    sent: datetime = NOW,
    received: datetime | None = None,
    means: Means = Means.POLL,
    spoiled: bool = False,
) -> Cast:
    """What a member did; received as it was sent where nothing is said."""
    return Cast(
        id=id_,
        member_id=grown.members[number],
        means=means,
        choice=choice,
        sent_at=sent,
        received_at=received or sent,
        spoiled=spoiled,
    )


def decided(
    branch_id: str,
    number: int,
    question: str = "Join the strike?",
    options: Sequence[str] = ("Yes", "No"),
    *,
    at: datetime = NOW,
    ballots: Mapping[str, int] | None = None,
    confidential: bool = False,
    few: bool = False,
) -> VoteRow:
    """A vote that was counted, of ten on the roll; `ballots` as they are kept."""
    made = plan.make(options, ())
    cast = {kept_choice(frozenset({0})): 2, kept_choice(frozenset({1})): 1} if ballots is None else ballots
    row = new_vote(
        branch_id=branch_id, question=question, options=json.dumps(options), rules=made.kept(), electorate="here",
        at=at, confidential=confidential, closes_at=at,
    )  # fmt: skip
    row.number, row.state, row.opened_at, row.closed_at = number, State.CLOSED, at, at
    row.roll_size = row.roll_weight = 10
    row.verdict = result.settle(made, cast, voted=sum(cast.values()), roll=10, weight=10, few=few).kept()
    return row
