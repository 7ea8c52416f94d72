"""Which commands a person may use in a place."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from bots.kit.command import Command, Where
from bots.kit.surroundings import Surroundings
from bridge.places import BranchRoom, Direct, Place
from party.branches import Branch, tree
from party.operation import Actor
from party.permissions import may, reached


def sort_of(place: Place, surroundings: Surroundings) -> frozenset[Where]:
    """What a place is to a command: a room for officers is a room of a branch too."""
    match place:
        case Direct():
            return frozenset({Where.DIRECT})
        case BranchRoom(_, key):
            kind = surroundings.rooms.get(key)
            officers = kind is not None and kind.for_officers
            return frozenset({Where.BRANCH, Where.COMMITTEE}) if officers else frozenset({Where.BRANCH})
    return frozenset()


async def usable(
    session: AsyncSession,
    surroundings: Surroundings,
    commands: Iterable[Command],
    *,
    actor: Actor,
    known: bool,
    place: Place,
    branch: Branch | None,
    now: datetime,
) -> tuple[Command, ...]:
    """The commands that may be used: in such a place, by a member or by anybody, with the right that is needed."""
    here = sort_of(place, surroundings)
    branch_id = None if branch is None else branch.id
    rights: dict[str, bool] = {}
    found = []

    async def somewhere(right: str) -> bool:
        return bool(await reached(session, surroundings.policy, actor, right, await tree(session), now))

    for command in commands:
        if not here & command.where or not (known or command.strangers):
            continue
        right = command.right
        if right is not None and right not in rights:
            rights[right] = await may(session, surroundings.policy, actor, right, branch_id, now)
        if right is None or rights[right] or (command.anywhere and await somewhere(right)):
            found.append(command)
    return tuple(found)
