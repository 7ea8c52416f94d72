"""May somebody do something somewhere? One question, one function."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from party.branches import path_to_root
from party.mandates import held_by
from party.members import MemberRow, Status
from party.operation import Actor
from party.policy import PartyPolicy, Reach


@dataclass(frozen=True, slots=True)
class Held:
    """An office held in a branch."""

    office: str
    branch_id: str


async def may(
    session: AsyncSession, policy: PartyPolicy, actor: Actor, action: str, branch_id: str | None, at: datetime
) -> bool:
    """Whether `actor` may do `action` in the branch at the instant `at` (aware, UTC).

    `branch_id` None asks above the whole tree, where only administrators act. A member who is suspended, has left or
    is still an applicant has no rights, whatever mandates the register shows.
    """
    if actor.kind != "person":
        return True
    if actor.account is not None and actor.account in policy.administrators:
        return True
    if actor.member_id is None or branch_id is None:
        return False
    member = await session.get(MemberRow, actor.member_id)
    if member is None or member.status != Status.MEMBER:
        return False
    mandates = await held_by(session, actor.member_id, at)
    if not mandates:
        return False
    path = await path_to_root(session, branch_id)
    return decide(policy, [Held(mandate.office, mandate.branch_id) for mandate in mandates], action, path)


def decide(policy: PartyPolicy, held: Iterable[Held], action: str, path: Iterable[str]) -> bool:
    """The rule itself: `path` is the branch in question, then its parent, and so on to the root."""
    branch, *ancestors = path
    for mandate in held:
        office = policy.offices.get(mandate.office)
        reach = office.reach(action) if office else None
        if reach is not None and mandate.branch_id == branch:
            return True
        if reach is Reach.BELOW and mandate.branch_id in ancestors:
            return True
    return False
