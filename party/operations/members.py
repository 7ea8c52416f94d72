"""Add, edit, transfer, admit, suspend and let go members; name, confirm and release their accounts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from ground.ids import new_id
from ground.texts import text
from party import branches, members
from party.days import start_of
from party.errors import NotFound, RegisterError
from party.mandates import MandateRow
from party.members import AccountRow, MemberRow, MembershipRow, Status
from party.operation import Context, Done, Need, Operation, assign
from party.operations.checks import check_account, check_email, check_locale, check_name, check_open
from party.operations.mandates import end_all

_STEPS: Final = {
    Status.APPLICANT: {Status.MEMBER, Status.LEFT},
    Status.MEMBER: {Status.SUSPENDED, Status.LEFT},
    Status.SUSPENDED: {Status.MEMBER, Status.LEFT},
    Status.LEFT: {Status.APPLICANT, Status.MEMBER},
}


@dataclass(frozen=True, slots=True)
class AddMember(Operation):
    """A new person in the register, with the branch they belong to. `number` None: the next free one is given."""

    name: str
    branch_id: str
    number: str | None = None
    email: str | None = None
    language: str | None = None
    status: Status = Status.MEMBER
    joined_on: date | None = None
    left_on: date | None = None

    async def needs(self, session: AsyncSession, context: Context) -> Sequence[Need]:
        return [Need("member.add", self.branch_id)]

    async def carry_out(self, session: AsyncSession, context: Context) -> Sequence[Done]:
        check_name(self.name)
        check_email(self.email)
        check_locale(context.policy, self.language, None)
        check_open(await branches.by_id(session, self.branch_id))
        if self.number is not None:
            await _check_number(session, self.number)
        row = MemberRow(
            id=new_id(),
            number=self.number or await _next_number(session),
            name=self.name,
            email=self.email,
            language=self.language,
            branch_id=self.branch_id,
            status=self.status,
            joined_on=self.joined_on or context.at.astimezone(context.policy.zone(None)).date(),
            left_on=self.left_on,
        )
        session.add(row)
        await session.flush()
        since = _first_instant(self.joined_on, context)
        session.add(MembershipRow(id=new_id(), member_id=row.id, branch_id=row.branch_id, since=since))
        fields = ("number", "name", "email", "language", "branch_id", "status", "joined_on")
        return [Done("member.added", row.id, row.branch_id, fields)]


@dataclass(frozen=True, slots=True)
class EditMember(Operation):
    """Give a member these particulars."""

    member_id: str
    name: str
    email: str | None
    language: str | None
    joined_on: date | None
    left_on: date | None = None

    async def needs(self, session: AsyncSession, context: Context) -> Sequence[Need]:
        return [Need("member.edit", (await members.by_id(session, self.member_id)).branch_id)]

    async def carry_out(self, session: AsyncSession, context: Context) -> Sequence[Done]:
        row = await members.by_id(session, self.member_id)
        check_name(self.name)
        check_email(self.email)
        check_locale(context.policy, self.language, None)
        changed = assign(
            row,
            name=self.name,
            email=self.email,
            language=self.language,
            joined_on=self.joined_on,
            left_on=self.left_on,
        )
        return [Done("member.edited", row.id, row.branch_id, changed)]


@dataclass(frozen=True, slots=True)
class TransferMember(Operation):
    """Make another branch the home of a member. The history keeps the former one."""

    member_id: str
    branch_id: str

    async def needs(self, session: AsyncSession, context: Context) -> Sequence[Need]:
        home = (await members.by_id(session, self.member_id)).branch_id
        return [Need("member.transfer", home), Need("member.transfer", self.branch_id)]

    async def carry_out(self, session: AsyncSession, context: Context) -> Sequence[Done]:
        row = await members.by_id(session, self.member_id)
        check_open(await branches.by_id(session, self.branch_id))
        changed = await settle(session, row, self.branch_id, context.at)
        return [Done("member.transferred", row.id, row.branch_id, changed)]


@dataclass(frozen=True, slots=True)
class SetStatus(Operation):
    """Admit an applicant, suspend or reinstate a member, let somebody leave (which ends mandates) or come back."""

    member_id: str
    status: Status

    async def needs(self, session: AsyncSession, context: Context) -> Sequence[Need]:
        return [Need("member.status", (await members.by_id(session, self.member_id)).branch_id)]

    async def carry_out(self, session: AsyncSession, context: Context) -> Sequence[Done]:
        row = await members.by_id(session, self.member_id)
        if row.status == self.status:
            return [Done("member.status", row.id, row.branch_id, ())]
        if self.status not in _STEPS[Status(row.status)]:
            raise RegisterError(
                text("Member {number} is '{now}' and cannot become '{then}'.",
                     number=row.number, now=row.status, then=self.status.value)
            )  # fmt: skip
        leaves = self.status is Status.LEFT
        if not leaves:
            check_open(await branches.by_id(session, row.branch_id))
        ended = await end_all(session, MandateRow.member_id == row.id, context) if leaves else []
        left_on = context.at.astimezone(context.policy.zone(None)).date() if leaves else None
        changed = assign(row, status=self.status.value, left_on=left_on)
        return [*ended, Done("member.status", row.id, row.branch_id, changed)]


@dataclass(frozen=True, slots=True)
class NameAccount(Operation):
    """Say that an account is a member's: claimed until it has spoken itself, or confirmed at once."""

    member_id: str
    user_id: str
    confirmed: bool = False

    async def needs(self, session: AsyncSession, context: Context) -> Sequence[Need]:
        return [Need("member.account", (await members.by_id(session, self.member_id)).branch_id)]

    async def carry_out(self, session: AsyncSession, context: Context) -> Sequence[Done]:
        member = await members.by_id(session, self.member_id)
        check_account(self.user_id)
        confirmed_at = context.at if self.confirmed else None
        row = await session.get(AccountRow, self.user_id)
        if row is None:
            session.add(
                AccountRow(user_id=self.user_id, member_id=member.id, claimed_at=context.at, confirmed_at=confirmed_at)
            )
            return [Done("account.named", member.id, member.branch_id, ("account",))]
        if row.member_id != member.id:
            raise RegisterError(text("The account {account} is another member's already.", account=self.user_id))
        changed = assign(row, confirmed_at=confirmed_at) if self.confirmed and row.confirmed_at is None else ()
        return [Done("account.confirmed", member.id, member.branch_id, changed)]


@dataclass(frozen=True, slots=True)
class ReleaseAccount(Operation):
    """An account is not, or no longer, this member's."""

    member_id: str
    user_id: str

    async def needs(self, session: AsyncSession, context: Context) -> Sequence[Need]:
        return [Need("member.account", (await members.by_id(session, self.member_id)).branch_id)]

    async def carry_out(self, session: AsyncSession, context: Context) -> Sequence[Done]:
        member = await members.by_id(session, self.member_id)
        row = await session.get(AccountRow, self.user_id)
        if row is None or row.member_id != member.id:
            raise NotFound(text("The account {account} is not this member's.", account=self.user_id))
        await session.delete(row)
        return [Done("account.released", member.id, member.branch_id, ("account",))]


async def settle(session: AsyncSession, member: MemberRow, branch_id: str, at: datetime) -> tuple[str, ...]:
    """Move a member's home and keep the history; returns the changed fields."""
    changed = assign(member, branch_id=branch_id)
    if changed:
        present = select(MembershipRow).where(MembershipRow.member_id == member.id, MembershipRow.until.is_(None))
        for membership in (await session.scalars(present)).all():
            membership.until = at
        session.add(MembershipRow(id=new_id(), member_id=member.id, branch_id=branch_id, since=at))
    return changed


def _first_instant(joined_on: date | None, context: Context) -> datetime:
    """When a first membership begins: with the day of joining where that lies before, else now."""
    if joined_on is None or joined_on == date.min:  # the first midnight of the calendar has no instant in UTC
        return context.at
    return min(start_of(joined_on, context.policy.zone(None)), context.at)


async def _check_number(session: AsyncSession, number: str) -> None:
    if not number or len(number) > 40 or not number.isprintable() or any(mark.isspace() for mark in number):
        raise RegisterError(text("A member number has no spaces and at most 40 characters, like M0042."))
    if await session.scalar(select(MemberRow.id).where(MemberRow.number == number)):
        raise RegisterError(text("There is already a member with number '{number}'.", number=number))


async def _next_number(session: AsyncSession) -> str:
    taken = (await session.scalars(select(MemberRow.number).where(MemberRow.number.regexp_match("^M[0-9]+$")))).all()
    return f"M{max((int(number[1:]) for number in taken), default=0) + 1:04}"
