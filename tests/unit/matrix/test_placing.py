"""The place of a room is known for a moment, and no longer."""

from __future__ import annotations

from functools import partial

from bridge.matrix.placing import MOMENT, Places
from bridge.matrix.rooms import Origin, remember
from bridge.places import BranchRoom, Elsewhere
from ground.database import Database
from tests.support.register import fresh, grow

ROOM = "!room:example.org"


async def test_a_room_that_changes_hands_is_seen_after_a_moment(database_url: str) -> None:
    now = 100.0
    async with Database.open(database_url) as database:
        await fresh(database)
        branch = (await grow(database, {"lyon": {}})).branches["lyon"]
        before, after = BranchRoom(branch, "discussion"), BranchRoom(branch, "committee")
        places = Places(database, lambda: now)
        assert await places.of([ROOM]) == {ROOM: Elsewhere(ROOM)}

        await database.write(partial(remember, place=before, room_id=ROOM, origin=Origin.LINKED))
        assert await places.of([ROOM, "!other"]) == {ROOM: before, "!other": Elsewhere("!other")}

        await database.write(partial(remember, place=before, room_id=None, origin=Origin.RELEASED))
        await database.write(partial(remember, place=after, room_id=ROOM, origin=Origin.LINKED))
        now += MOMENT / 2
        assert await places.of([ROOM]) == {ROOM: before}
        now += MOMENT / 2
        assert await places.of([ROOM]) == {ROOM: after}
        assert await places.of([]) == {}
