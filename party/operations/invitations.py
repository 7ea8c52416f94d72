"""Invite a member by a code, take the code back, use it; and let go of an account of one's own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from ground.texts import text
from party import invitations, members
from party.errors import NotFound, RegisterError
from party.invitations import LASTS, MOST_DAYS, InvitationRow
from party.members import AccountRow, Status
from party.operation import Context, Done, Need, Operation
from party.operations.checks import check_account
from party.operations.members import NameAccount


@dataclass(frozen=True, slots=True)
class Invite(Operation):
    """Make `code` (from `invitations.new_code`) good for a member, once, for as long as `lasts`.

    A code that was made before is taken back: there is one open code a member at most.
    """

    member_id: str
    code: str = field(repr=False)
    lasts: timedelta = LASTS

    async def needs(self, session: AsyncSession, context: Context) -> Sequence[Need]:
        return [Need("member.account", (await members.by_id(session, self.member_id)).branch_id)]

    async def carry_out(self, session: AsyncSession, context: Context) -> Sequence[Done]:
        member = await members.by_id(session, self.member_id)
        if member.status == Status.LEFT:
            raise RegisterError(
                text("Member {number} has left and cannot be invited. Make them a member again first.",
                     number=member.number)
            )  # fmt: skip
        if not timedelta(0) < self.lasts <= timedelta(days=MOST_DAYS + 2):
            raise RegisterError(text("A code is good for 1 to {most} days.", most=MOST_DAYS))
        canonical = invitations.read_code(self.code)
        if canonical is None:
            raise ValueError("this is no code")
        await _take_back(session, self.member_id, context)
        session.add(
            InvitationRow(
                digest=invitations.digest_of(canonical),
                member_id=member.id,
                made_at=context.at,
                expires_at=context.at + self.lasts,
            )
        )
        return [Done("member.invited", member.id, member.branch_id, ("invitation",))]


@dataclass(frozen=True, slots=True)
class RevokeInvitation(Operation):
    """Take back the open code of a member: it was lost, stolen, or sent to the wrong address."""

    member_id: str

    async def needs(self, session: AsyncSession, context: Context) -> Sequence[Need]:
        return [Need("member.account", (await members.by_id(session, self.member_id)).branch_id)]

    async def carry_out(self, session: AsyncSession, context: Context) -> Sequence[Done]:
        member = await members.by_id(session, self.member_id)
        changed = await _take_back(session, member.id, context)
        return [Done("invitation.revoked", member.id, member.branch_id, changed)]


@dataclass(frozen=True, slots=True)
class Join(Operation):
    """An account shows the code of a member: it is the member's from now on, confirmed, and the code is spent.

    Whoever holds the code may do this; no right is needed. Raises CodeRefused.
    """

    code: str = field(repr=False)
    account: str

    async def needs(self, session: AsyncSession, context: Context) -> Sequence[Need]:
        return []

    async def carry_out(self, session: AsyncSession, context: Context) -> Sequence[Done]:
        check_account(self.account)
        row, member = await invitations.usable(session, self.code, self.account, context.at)
        named = await NameAccount(member.id, self.account, confirmed=True).carry_out(session, context)
        row.used_at, row.used_by = context.at, self.account
        return [*named, Done("invitation.used", member.id, member.branch_id, ("invitation",))]


@dataclass(frozen=True, slots=True)
class GiveUpCode(Operation):
    """Somebody wrote an open code where others could read it: it is good for nothing from now on.

    No right is needed to make a code useless that one knows.
    """

    code: str = field(repr=False)

    async def needs(self, session: AsyncSession, context: Context) -> Sequence[Need]:
        return []

    async def carry_out(self, session: AsyncSession, context: Context) -> Sequence[Done]:
        row = await invitations.by_code(session, self.code)
        if row is None or invitations.standing(row, context.at) is not None:
            return []
        row.revoked_at = context.at
        member = await members.by_id(session, row.member_id)
        return [Done("invitation.revoked", member.id, member.branch_id, ("invitation",))]


@dataclass(frozen=True, slots=True)
class DropAccount(Operation):
    """A member lets go of an account of their own, writing from another one that stays theirs."""

    account: str

    async def needs(self, session: AsyncSession, context: Context) -> Sequence[Need]:
        return []

    async def carry_out(self, session: AsyncSession, context: Context) -> Sequence[Done]:
        row = await session.get(AccountRow, self.account)
        if row is None or context.actor.member_id is None or row.member_id != context.actor.member_id:
            raise NotFound(text("The account {account} is none of yours.", account=self.account))
        if row.user_id == context.actor.account:
            raise RegisterError(
                text("You are writing from {account}. Please write this from the account that you keep.",
                     account=self.account)
            )  # fmt: skip
        member = await members.by_id(session, row.member_id)
        await session.delete(row)
        return [Done("account.released", member.id, member.branch_id, ("account",))]


async def _take_back(session: AsyncSession, member_id: str, context: Context) -> tuple[str, ...]:
    """Revoke what is open; returns the changed fields."""
    rows = await invitations.open_ones(session, member_id, context.at)
    for row in rows:
        row.revoked_at = context.at
    return ("invitation",) if rows else ()
