"""How many were in the room, where somebody counted them: for a majority of those present."""

from __future__ import annotations

import json
from typing import Annotated, TypeAlias

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bots.kit.command import Option
from bots.kit.problems import BadValue
from bots.vote.majorities import Base
from bots.vote.plan import plan_of
from bots.vote.tables import VoteEventRow, VoteRow
from ground.texts import text

Present: TypeAlias = Annotated[
    int | None,
    Option(
        names={"en": ("present",), "fr": ("présents", "présent")},
        what=text("how many are in the room, for a majority of those present"),
        example={"en": "61", "fr": "61"},
    ),
]


def kept(row: VoteRow, present: int) -> str:
    """The number as it is kept with the close. Raises BadValue."""
    plan, size = plan_of(row.options, row.rules), row.roll_size or 0
    if plan.majority.of is not Base.PRESENT:
        raise BadValue(text("Those present are counted only for a majority of those present."))
    if plan.weights is not None:
        raise BadValue(text("Where ballots are weighted, those present are not counted: their weights are."))
    if not 1 <= present <= size:
        raise BadValue(text("There are {size} on the roll, so 1 to {size} can be present.", size=size))
    return json.dumps({"present": present})


async def of_vote(session: AsyncSession, vote_id: str) -> int | None:
    """How many were counted; None where nobody counted."""
    query = select(VoteEventRow.data).where(VoteEventRow.vote_id == vote_id, VoteEventRow.kind == "closed")
    data = await session.scalar(query.order_by(VoteEventRow.number.desc()).limit(1))
    present = json.loads(data or "{}").get("present")
    return present if isinstance(present, int) else None
