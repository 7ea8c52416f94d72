"""Give and end mandates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncSession

from ground.ids import new_id
from ground.texts import text
from party import branches, mandates, members
from party.branches import BranchRow
from party.errors import RegisterError
from party.mandates import MandateRow
from party.members import MemberRow, Status
from party.operation import Context, Done, Need, Operation, assign
from party.operations.checks import check_open


@dataclass(frozen=True, slots=True)
class GiveMandate(Operation):
    """A member holds an office in a branch from `starts_at` (None: now) until just before `ends_at` (None: open)."""

    member_id: str
    office: str
    branch_id: str
    starts_at: datetime | None = None
    ends_at: datetime | None = None

    async def needs(self, session: AsyncSession, context: Context) -> Sequence[Need]:
        return [Need("mandate.give", self.branch_id)]

    async def carry_out(self, session: AsyncSession, context: Context) -> Sequence[Done]:
        member, branch = await members.by_id(session, self.member_id), await branches.by_id(session, self.branch_id)
        if self.office not in context.policy.offices:
            known = ", ".join(context.policy.offices)
            raise RegisterError(
                text("There is no office '{office}'; the offices are {offices}.", office=self.office, offices=known)
            )
        starts_at = self.starts_at or context.at
        _check_period(starts_at, self.ends_at)
        _check_holder(member, branch, self.ends_at, context.at)
        await _check_free(session, member, self.office, branch, starts_at, self.ends_at)
        row = MandateRow(
            id=new_id(),
            member_id=member.id,
            office=self.office,
            branch_id=branch.id,
            starts_at=starts_at,
            ends_at=self.ends_at,
        )
        session.add(row)
        fields = ("member_id", "office", "branch_id", "starts_at", "ends_at")
        return [Done("mandate.given", row.id, branch.id, fields)]


@dataclass(frozen=True, slots=True)
class EndMandate(Operation):
    """Set the end of a mandate (None: open again). `ends_at` may lie ahead; one that has not begun is cancelled."""

    mandate_id: str
    ends_at: datetime | None

    async def needs(self, session: AsyncSession, context: Context) -> Sequence[Need]:
        return [Need("mandate.end", (await mandates.by_id(session, self.mandate_id)).branch_id)]

    async def carry_out(self, session: AsyncSession, context: Context) -> Sequence[Done]:
        row = await mandates.by_id(session, self.mandate_id)
        if self.ends_at is not None and context.at < row.starts_at and self.ends_at <= row.starts_at:
            return [Done("mandate.cancelled", row.id, row.branch_id, assign(row, ends_at=row.starts_at))]
        _check_period(row.starts_at, self.ends_at)
        member, branch = await members.by_id(session, row.member_id), await branches.by_id(session, row.branch_id)
        if row.ends_at is not None and (self.ends_at is None or self.ends_at > row.ends_at):
            _check_holder(member, branch, self.ends_at, context.at)
        await _check_free(session, member, row.office, branch, row.starts_at, self.ends_at, itself=row.id)
        return [Done("mandate.ended", row.id, row.branch_id, assign(row, ends_at=self.ends_at))]


async def end_all(session: AsyncSession, which: ColumnElement[bool], context: Context) -> list[Done]:
    """End what is in force; what is still to come ends before it begins, and so never is."""
    rows = (await session.scalars(select(MandateRow).where(which))).all()
    return [
        Done("mandate.ended", row.id, row.branch_id, assign(row, ends_at=context.at))
        for row in rows
        if row.ends_at is None or row.ends_at > context.at
    ]


def _check_period(starts_at: datetime, ends_at: datetime | None) -> None:
    if ends_at is not None and ends_at <= starts_at:
        raise RegisterError(text("A mandate ends after it begins."))


def _check_holder(member: MemberRow, branch: BranchRow, ends_at: datetime | None, at: datetime) -> None:
    """Who has left, or a closed branch, has mandates only that are over."""
    if ends_at is not None and ends_at <= at:
        return
    check_open(branch)
    if member.status not in {Status.MEMBER, Status.SUSPENDED}:
        raise RegisterError(
            text("Member {number} is '{status}' and cannot hold an office.",
                 number=member.number, status=member.status)
        )  # fmt: skip


async def _check_free(
    session: AsyncSession,
    member: MemberRow,
    office: str,
    branch: BranchRow,
    starts_at: datetime,
    ends_at: datetime | None,
    itself: str = "",
) -> None:
    query = select(MandateRow).where(
        MandateRow.member_id == member.id, MandateRow.office == office, MandateRow.branch_id == branch.id
    )
    for other in (await session.scalars(query)).all():
        if other.id == itself or (other.ends_at is not None and other.ends_at <= other.starts_at):
            continue
        if (ends_at is None or other.starts_at < ends_at) and (other.ends_at is None or starts_at < other.ends_at):
            raise RegisterError(
                text("Member {number} already is {office} of '{slug}' in that period.",
                     number=member.number, office=office, slug=branch.slug)
            )  # fmt: skip
