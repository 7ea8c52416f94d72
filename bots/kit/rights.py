"""A right one does not have: said with courtesy, and with who has it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bots.kit.parts import Line
from bots.kit.surroundings import Surroundings
from bots.kit.voice import Voice
from ground.texts import counted, text
from party.branches import as_value, by_id, path_to_root
from party.errors import NotFound
from party.mandates import MandateRow, in_force
from party.members import MemberRow, Status
from party.policy import Reach

_MOST = 3
"""How many people are named."""


async def refusal(
    session: AsyncSession, surroundings: Surroundings, voice: Voice, action: str, branch_id: str | None, at: datetime
) -> tuple[Line, ...]:
    """Whose office it is to do something in a branch, and who holds it there."""
    offices = surroundings.policy.offices
    entitled = [key for key, office in offices.items() if office.reach(action) is not None]
    branch = None if branch_id is None else await _name(session, branch_id)
    if branch_id is None or branch is None or not entitled:
        return (text("That is for the administrators."),)
    names = [surroundings.office(key, voice.language) for key in entitled]
    whose: Line = counted(
        "In {branch} that is for the office {offices}.",
        "In {branch} that is for these offices: {offices}.",
        len(names),
        branch=branch,
        offices=names,
    )
    holders = await _holders(session, surroundings, entitled, action, branch_id, at)
    if not holders:
        return (whose, text("Nobody holds it there for now; the branch above may act."))
    return (whose, text("You can ask {people}.", people=holders[:_MOST]))


async def _name(session: AsyncSession, branch_id: str) -> str | None:
    try:
        return as_value(await by_id(session, branch_id)).name
    except NotFound:
        return None


async def _holders(
    session: AsyncSession, surroundings: Surroundings, entitled: list[str], action: str, branch_id: str, at: datetime
) -> list[str]:
    """The names of those who may, the nearest to the branch first."""
    path = await path_to_root(session, branch_id)
    query = (
        select(MandateRow.branch_id, MandateRow.office, MemberRow.name)
        .join(MemberRow, MemberRow.id == MandateRow.member_id)
        .where(MandateRow.branch_id.in_(path), MandateRow.office.in_(entitled), in_force(at))
        .where(MemberRow.status == Status.MEMBER)
    )
    found = [
        (path.index(held_in), entitled.index(office), name)
        for held_in, office, name in await session.execute(query)
        if held_in == branch_id or surroundings.policy.offices[office].reach(action) is Reach.BELOW
    ]
    return list(dict.fromkeys(name for _, _, name in sorted(found)))
