"""Who is where in the register at one instant: all that the mirror needs of it, as one value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from party.branches import Tree, tree
from party.mandates import MandateRow, in_force
from party.members import AccountRow, MemberRow, Status


@dataclass(frozen=True, slots=True)
class Person:
    """A member and the accounts that stand for them."""

    member_id: str
    branch_id: str
    status: Status
    accounts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class HeldOffice:
    """A mandate in force."""

    member_id: str
    office: str
    branch_id: str


@dataclass(frozen=True, slots=True)
class Roster:
    """The tree, everyone who has an account, and the mandates in force at the instant it was read."""

    tree: Tree
    people: Sequence[Person]
    offices: Sequence[HeldOffice]


async def read_roster(session: AsyncSession, at: datetime, *, claimed: bool = True) -> Roster:
    """Read it on one snapshot. Without `claimed`, accounts that have not spoken yet are left out."""
    query = select(AccountRow.member_id, AccountRow.user_id).order_by(AccountRow.user_id)
    if not claimed:
        query = query.where(AccountRow.confirmed_at.is_not(None))
    accounts: dict[str, list[str]] = {}
    for member_id, user_id in await session.execute(query):
        accounts.setdefault(member_id, []).append(user_id)
    members = await session.execute(select(MemberRow.id, MemberRow.branch_id, MemberRow.status))
    people = [
        Person(member_id, branch_id, Status(status), tuple(accounts[member_id]))
        for member_id, branch_id, status in members
        if member_id in accounts
    ]
    mandates = await session.execute(
        select(MandateRow.member_id, MandateRow.office, MandateRow.branch_id).where(in_force(at))
    )
    offices = [HeldOffice(*values) for values in mandates]
    return Roster(await tree(session), people, offices)
