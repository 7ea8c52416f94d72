"""Who holds which office and can be written to, as the rules want to know it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bots.attention.rules import Officer
from party.mandates import MandateRow, in_force
from party.members import AccountRow, MemberRow, Status


async def officers(
    session: AsyncSession, at: datetime, *, in_branches: Sequence[str] | None = None
) -> Mapping[str, Sequence[Officer]]:
    """The officers in good standing at an instant, by branch; of all branches where none are named."""
    held = (
        select(MandateRow.member_id, MandateRow.office, MandateRow.branch_id)
        .join(MemberRow, MemberRow.id == MandateRow.member_id)
        .where(in_force(at), MemberRow.status == Status.MEMBER)
        .order_by(MandateRow.starts_at, MandateRow.id)
    )
    if in_branches is not None:
        held = held.where(MandateRow.branch_id.in_(in_branches))
    rows = (await session.execute(held)).all()
    accounts = await _accounts(session, {member_id for member_id, _, _ in rows})
    found: dict[str, list[Officer]] = {}
    for member_id, office, branch_id in rows:
        found.setdefault(branch_id, []).append(Officer(member_id, office, branch_id, accounts.get(member_id)))
    return found


async def _accounts(session: AsyncSession, member_ids: set[str]) -> Mapping[str, str]:
    """Where members are written to: the account that was confirmed last, which is the one in use."""
    query = (
        select(AccountRow.member_id, AccountRow.user_id)
        .where(AccountRow.member_id.in_(sorted(member_ids)), AccountRow.confirmed_at.is_not(None))
        .order_by(AccountRow.confirmed_at, AccountRow.user_id)
    )
    return {member_id: user_id for member_id, user_id in await session.execute(query)}
