"""Write down the former branches of a member, known from elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from sqlalchemy.ext.asyncio import AsyncSession

from ground.ids import new_id
from ground.texts import text
from party import members
from party.errors import RegisterError
from party.members import MembershipRow
from party.operation import Context, Done, Need, Operation


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """A member belonged to a branch from an instant until just before another (None: still)."""

    since: datetime
    until: datetime | None
    branch_id: str


@dataclass(frozen=True, slots=True)
class RecordHistory(Operation):
    """Make these periods, oldest first, the whole history of a member. The last is the present."""

    member_id: str
    periods: tuple[Period, ...]

    async def needs(self, session: AsyncSession, context: Context) -> Sequence[Need]:
        return [Need("member.transfer", (await members.by_id(session, self.member_id)).branch_id)]

    async def carry_out(self, session: AsyncSession, context: Context) -> Sequence[Done]:
        member = await members.by_id(session, self.member_id)
        if not self.periods or self.periods[-1].until is not None or self.periods[-1].branch_id != member.branch_id:
            raise RegisterError(
                text("The history of member {number} has to end, open, with the present branch.", number=member.number)
            )
        for earlier, later in pairwise(self.periods):
            if earlier.until is None or not earlier.since <= earlier.until <= later.since:
                raise RegisterError(
                    text("The history of member {number} overlaps or runs backwards.", number=member.number)
                )
        present = await members.memberships(session, member.id)
        if [Period(row.since, row.until, row.branch_id) for row in present] == list(self.periods):
            return [Done("member.history", member.id, member.branch_id, ())]
        for row in present:
            await session.delete(row)
        session.add_all(
            MembershipRow(
                id=new_id(), member_id=member.id, branch_id=period.branch_id, since=period.since, until=period.until
            )
            for period in self.periods
        )
        return [Done("member.history", member.id, member.branch_id, ("memberships",))]
