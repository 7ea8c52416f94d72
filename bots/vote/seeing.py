"""Who may see a vote. What somebody may not see is answered as if it were not there.

A vote is seen by the members of its branch, of the branches below and of those above it; by all on its roll; by whoever
has one of the rights of votes in the branch, or in one where a vote of many branches is held; and by administrators.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import ColumnElement, false, select

from bots.kit.request import Request
from bots.vote.tables import PlaceRow, RollRow, VoteRow
from party.branches import path_to_root
from party.permissions import reached
from party.policy import ACTIONS

_RIGHTS: Final = tuple(sorted(action for action in ACTIONS if action.startswith("vote.")))


async def sees(request: Request, row: VoteRow) -> bool:
    """Whether the person may see a vote."""
    if await sees_all_of(request, row.branch_id):
        return True
    mine = select(VoteRow.id).where(VoteRow.id == row.id, on_roll(request))
    if await request.session.scalar(mine) is not None:
        return True
    held = set(await request.session.scalars(select(PlaceRow.branch_id).where(PlaceRow.vote_id == row.id)))
    return bool(held) and not held.isdisjoint(await branches_seen(request))


async def is_held_in(request: Request, row: VoteRow, branch_id: str) -> bool:
    """Whether a vote is held in the room of a branch."""
    return row.branch_id == branch_id or await request.session.get(PlaceRow, (row.id, branch_id)) is not None


async def sees_all_of(request: Request, branch_id: str) -> bool:
    """Whether the person may see every vote of a branch."""
    if request.member is not None:
        home = request.member.branch_id
        if home in await path_to_root(request.session, branch_id):
            return True
        if branch_id in await path_to_root(request.session, home):
            return True
    for action in _RIGHTS:
        if await request.may(action, branch_id):
            return True
    return False


async def branches_seen(request: Request) -> frozenset[str]:
    """The branches of which the person may see every vote: `sees_all_of`, asked of all at once."""
    tree = await request.tree()
    seen: set[str] = set()
    if request.member is not None:
        home = request.member.branch_id
        seen.update(branch.id for branch in (*tree.path(home), *tree.below(home)))
    for action in _RIGHTS:
        if len(seen) < len(tree):
            seen |= await reached(request.session, request.policy, request.actor, action, tree, request.now)
    return frozenset(seen)


def on_roll(request: Request) -> ColumnElement[bool]:
    """That the person is on the roll of a vote."""
    if request.member is None:
        return false()
    mine = select(RollRow.position).where(RollRow.vote_id == VoteRow.id, RollRow.member_id == request.member.id)
    return mine.exists()
