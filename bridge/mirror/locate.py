"""Which of the rooms found is which place: what is remembered first, then what the rooms say themselves. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from bridge.matrix.rooms import Known, Origin
from bridge.mirror.found import MARKER, Found, FoundRoom
from bridge.places import BranchRoom


@dataclass(frozen=True, slots=True)
class Located:
    """The rooms by their places. `unremembered` were recognised by their marker alone: a process died after it had
    created them. `lost` are remembered, but the bot is not in them; of these, `invited` are those it may enter.
    `replaced` are the ids of rooms that were upgraded, and are no place any more."""

    rooms: Mapping[BranchRoom, FoundRoom]
    linked: frozenset[BranchRoom] = frozenset()
    released: frozenset[BranchRoom] = frozenset()
    unremembered: frozenset[BranchRoom] = frozenset()
    lost: Mapping[BranchRoom, str] = field(default_factory=dict)
    invited: frozenset[BranchRoom] = frozenset()
    doubles: tuple[tuple[BranchRoom, str], ...] = ()
    replaced: Mapping[str, BranchRoom] = field(default_factory=dict)


def locate(found: Found, known: Mapping[BranchRoom, Known], organisation: str) -> Located:
    """Match rooms and places.

    A marker counts only if the bot itself wrote it: anybody may make a room, copy a marker into it and invite the bot.
    """
    rooms: dict[BranchRoom, FoundRoom] = {}
    lost: dict[BranchRoom, str] = {}
    for place, memory in known.items():
        if memory.room_id is None:
            continue
        room = found.rooms.get(memory.room_id)
        if room is None:
            lost[place] = memory.room_id
        else:
            rooms[place] = room
    used = {room.room_id for room in rooms.values()}
    released = frozenset(place for place, memory in known.items() if memory.origin is Origin.RELEASED)
    unremembered: set[BranchRoom] = set()
    doubles: list[tuple[BranchRoom, str]] = []
    replaced: dict[str, BranchRoom] = {}
    for room_id in sorted(found.rooms.keys() - used):
        room = found.rooms[room_id]
        if room.marker is None or room.marker.organisation != organisation or (MARKER, "") in room.foreign:
            continue
        place = room.marker.place
        if room.tombstone is not None:
            replaced[room_id] = place
            continue
        if place in released:
            continue
        if place in rooms or place in lost:
            doubles.append((place, room_id))
        else:
            rooms[place] = room
            unremembered.add(place)
    return Located(
        rooms,
        frozenset(place for place, memory in known.items() if memory.origin is Origin.LINKED),
        released,
        frozenset(unremembered),
        lost,
        frozenset(place for place, room_id in lost.items() if room_id in found.invitations),
        tuple(doubles),
        replaced,
    )
