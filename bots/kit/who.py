"""Who speaks, and which branch they mean."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bridge.places import BranchRoom, Place
from party import register
from party.branches import Branch, BranchRow, BranchStatus, as_value
from party.errors import RegisterError
from party.mandates import held_by
from party.members import AccountRow, MemberRow, Status
from party.operation import SYSTEM, Actor
from party.operations.members import NameAccount
from party.policy import PartyPolicy


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with an account. `member` is None for strangers, applicants and those who have left."""

    account: str
    member: MemberRow | None
    actor: Actor
    known: bool
    """Whether they are a member or an administrator."""


async def person(
    session: AsyncSession, policy: PartyPolicy, account: str, *, spoke_at: datetime | None = None
) -> Person:
    """Who has an account. One that was only claimed is confirmed where it is known when it spoke."""
    query = select(AccountRow, MemberRow).join(MemberRow, MemberRow.id == AccountRow.member_id)
    found = (await session.execute(query.where(AccountRow.user_id == account))).first()
    row: MemberRow | None = None
    if found is not None:
        claim, member = found
        confirmed = claim.confirmed_at is not None
        if not confirmed and spoke_at is not None:
            confirmed = await _confirm(session, policy, claim, spoke_at)
        row = member if confirmed else None
    here = row if row is not None and row.status in (Status.MEMBER, Status.SUSPENDED) else None
    actor = Actor("person", None if row is None else row.id, account)
    return Person(account, here, actor, known=here is not None or account in policy.administrators)


async def is_claimed(session: AsyncSession, account: str) -> bool:
    """Whether an account was named for a member and has not spoken yet."""
    row = await session.get(AccountRow, account)
    return row is not None and row.confirmed_at is None


async def branch_of(session: AsyncSession, person: Person, place: Place, at: datetime) -> Branch | None:
    """The branch that a person means in a place.

    That of the room; elsewhere that of their only office, else their home; for administrators who are no members, the
    top of the tree.
    """
    if isinstance(place, BranchRoom):
        branch_id: str | None = place.branch_id
    elif person.member is not None:
        offices = {mandate.branch_id for mandate in await held_by(session, person.member.id, at)}
        branch_id = offices.pop() if len(offices) == 1 else person.member.branch_id
    elif person.known:
        top = select(BranchRow.id).where(BranchRow.parent_id.is_(None), BranchRow.status == BranchStatus.OPEN)
        branch_id = await session.scalar(top.order_by(BranchRow.created_at).limit(1))
    else:
        branch_id = None
    row = None if branch_id is None else await session.get(BranchRow, branch_id)
    return None if row is None else as_value(row)


async def _confirm(session: AsyncSession, policy: PartyPolicy, claim: AccountRow, at: datetime) -> bool:
    """Whether an account that speaks is the member's now; else it stays claimed until somebody sees to it."""
    operation = NameAccount(claim.member_id, claim.user_id, confirmed=True)
    try:
        async with session.begin_nested():
            await register.change(session, operation, actor=SYSTEM, policy=policy, at=at)
    except RegisterError:
        return False
    return True
