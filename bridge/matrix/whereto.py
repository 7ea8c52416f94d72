"""Where letters go: the room of a place, or why there is none."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import TypeAlias

from sqlalchemy.ext.asyncio import AsyncSession

from bridge.matrix.rooms import MirroredRoomRow, Origin, room_for
from bridge.places import BranchRoom, Direct, Elsewhere, Place
from party.branches import BranchRow, BranchStatus


class Nowhere(StrEnum):
    """Why a place has no room that we know of."""

    NOT_YET = "not yet"
    """The mirror may still make it."""
    NEVER = "never"
    """The branch is not there, or closed, or the place was let go."""
    ON_DEMAND = "on demand"
    """A direct conversation that is not open: whoever writes has it opened."""


Whereto: TypeAlias = Callable[[AsyncSession, Place], Awaitable[str | Nowhere]]


async def whereto(session: AsyncSession, place: Place) -> str | Nowhere:
    """The id of a place's room, or why there is none."""
    match place:
        case Elsewhere(room):
            return room
        case Direct():
            return await room_for(session, place) or Nowhere.ON_DEMAND
        case BranchRoom(branch_id, key):
            row = await session.get(MirroredRoomRow, (branch_id, key))
            if row is not None and row.room_id is not None:
                return row.room_id
            branch = await session.get(BranchRow, branch_id)
            gone = branch is None or branch.status == BranchStatus.CLOSED
            released = row is not None and row.origin == Origin.RELEASED
            return Nowhere.NEVER if gone or released else Nowhere.NOT_YET
