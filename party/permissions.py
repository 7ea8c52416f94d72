"""May somebody do something somewhere? One question, one function."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from party.branches import Tree, path_to_root
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
    if _may_everything(policy, actor):
        return True
    if branch_id is None:
        return False
    held = await _held(session, actor, at)
    return bool(held) and decide(policy, held, action, await path_to_root(session, branch_id))


async def reached(
    session: AsyncSession, policy: PartyPolicy, actor: Actor, action: str, tree: Tree, at: datetime
) -> frozenset[str]:
    """The ids of the branches of the tree in which `actor` may do `action`: `may`, asked of all of them at once."""
    if _may_everything(policy, actor):
        return frozenset(branch.id for branch in tree)
    held = await _held(session, actor, at)
    if not held:
        return frozenset()
    return frozenset(
        branch.id for branch in tree if decide(policy, held, action, [up.id for up in tree.path(branch.id)])
    )


def _may_everything(policy: PartyPolicy, actor: Actor) -> bool:
    return actor.kind != "person" or (actor.account is not None and actor.account in policy.administrators)


async def _held(session: AsyncSession, actor: Actor, at: datetime) -> Sequence[Held]:
    """The offices that count for a person: none, unless they are a member in good standing."""
    if actor.member_id is None:
        return ()
    member = await session.get(MemberRow, actor.member_id)
    if member is None or member.status != Status.MEMBER:
        return ()
    return [Held(mandate.office, mandate.branch_id) for mandate in await held_by(session, actor.member_id, at)]


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
