"""Which place a room is, known for a moment: a conversation is many syncs, and branches' rooms hardly change hands."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from functools import partial
from typing import Final

from bridge.matrix.rooms import places_in
from bridge.places import BranchRoom, Place
from ground.database import Database

MOMENT: Final = 2.0
"""Seconds for which a room of a branch is taken for what it was. Others are looked up each time."""


class Places:
    """The places of rooms."""

    def __init__(self, database: Database, seconds: Callable[[], float] = time.monotonic) -> None:
        self._database = database
        self._seconds = seconds
        self._known: dict[str, tuple[BranchRoom, float]] = {}

    async def of(self, room_ids: Iterable[str]) -> dict[str, Place]:
        """The place of each room, Elsewhere for the place of nothing."""
        now = self._seconds()
        self._known = {room_id: known for room_id, known in self._known.items() if now - known[1] < MOMENT}
        wanted = set(room_ids)
        places: dict[str, Place] = {room_id: place for room_id, (place, _) in self._known.items() if room_id in wanted}
        if missing := sorted(wanted - places.keys()):
            read = await self._database.read(partial(places_in, room_ids=missing))
            self._known |= {room_id: (place, now) for room_id, place in read.items() if isinstance(place, BranchRoom)}
            places |= read
        return places
