"""Adoption: map rooms that exist already to the places of a branch, and let go of them again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from bridge.matrix.api import Forbidden, MatrixApi, MatrixError
from bridge.matrix.rooms import Origin, known_rooms, remember
from bridge.mirror.found import MARKER, FoundRoom, Marker, room_from_state
from bridge.mirror.mirror import Mirror
from bridge.mirror.policy import BOT_POWER
from bridge.mirror.tables import identity
from bridge.places import SPACE, BranchRoom
from bridge.ports import NoLink

_NEEDS: Final = {
    "m.room.name": "set its name",
    "m.room.topic": "set its topic",
    "m.room.join_rules": "say who may enter",
    "m.room.encryption": "switch encryption on",
    "m.room.power_levels": "give officers their power",
    "m.space.parent": "say which space it hangs under",
    MARKER: "mark it as a room of the branch",
}
_NO_ENTRANCE: Final = {400, 403, 404}
"""HTTP statuses of a join: not an id, not allowed, or no such room as far as this homeserver knows."""


class LinkError(Exception):
    """A room cannot be linked; the text says why and what helps, `why` the same for a program."""

    def __init__(self, text: str, why: NoLink) -> None:
        super().__init__(text)
        self.why = why


@dataclass(frozen=True, slots=True)
class Candidate:
    """A room that may be linked: what it is now, and what the bot could not do in it."""

    place: BranchRoom
    room_id: str
    name: str
    lacks: tuple[str, ...]


async def candidate(mirror: Mirror, place: BranchRoom, address: str) -> Candidate:
    """Look at the room at `address` (an alias `#…` or an id `!…`).

    Changes nothing but that the bot enters the room, if it is invited or anyone may.

    Raises LinkError when there is no such room, the bot cannot enter it, it is a space where a room is meant or the
    other way round, or it is linked already.
    """
    room_id = await _resolve(mirror.api, address)
    known = await mirror.database.read(known_rooms)
    for other, memory in known.items():
        if memory.room_id == room_id and other != place:
            raise LinkError(
                f"{address} is already the room '{other.key}' of another branch; unlink it there first", NoLink.TAKEN
            )
        if other == place and memory.room_id not in {None, room_id}:
            raise LinkError(
                f"this branch already has a room '{place.key}'; let it go first with `kunveno unlink`", NoLink.FULL
            )
    try:
        await mirror.api.join(room_id if address.startswith("!") else address)
    except MatrixError as error:
        if error.status not in _NO_ENTRANCE:
            raise
        raise LinkError(
            f"the bot cannot enter {address}: invite {mirror.api.user_id} there, then try again", NoLink.NO_ENTRANCE
        ) from None
    events = await mirror.api.room_state(room_id)
    found = room_from_state(room_id, events, mirror.api.user_id)
    is_space = any(event["type"] == "m.room.create" and event["content"].get("type") == "m.space" for event in events)
    if is_space != (place.key == SPACE):
        what, meant = ("a space", "a room") if is_space else ("a room", "a space")
        raise LinkError(f"{address} is {what}, and {meant} is meant for '{place.key}'", NoLink.OTHER_KIND)
    return Candidate(place, room_id, found.name, _lacks(found, mirror.api.user_id, is_space=is_space))


async def link(mirror: Mirror, candidates: Sequence[Candidate]) -> None:
    """From now on these rooms are the rooms of their places. The next plan says what changes in them."""
    me = await mirror.database.write(identity)
    for one in candidates:
        await _remember(mirror, one.place, one.room_id, Origin.LINKED)
        try:
            await mirror.api.put_state(one.room_id, MARKER, Marker(me.organisation, one.place).content())
        except Forbidden:
            continue  # said beforehand, in `lacks`; the memory in the database is enough


async def unlink(mirror: Mirror, places: Sequence[BranchRoom]) -> Mapping[BranchRoom, str]:
    """Let go of the rooms of these places: nothing is destroyed, nobody removed, and none made in their stead until
    something is linked again. Returns the rooms let go."""
    known = await mirror.database.read(known_rooms)
    me = await mirror.database.write(identity)
    gone: dict[BranchRoom, str] = {}
    for place in places:
        memory = known.get(place)
        if memory is None or memory.room_id is None:
            continue
        await _remember(mirror, place, None, Origin.RELEASED)
        gone[place] = memory.room_id
        try:
            await mirror.api.put_state(memory.room_id, MARKER, {})
            if memory.origin is Origin.CREATED:
                await mirror.api.delete_alias(me.alias(place, mirror.server))
        except MatrixError:
            continue  # the bot may have been thrown out: the place is free all the same
    return gone


async def _remember(mirror: Mirror, place: BranchRoom, room_id: str | None, origin: Origin) -> None:
    await mirror.database.write(lambda session: remember(session, place, room_id, origin))


async def _resolve(api: MatrixApi, address: str) -> str:
    if address.startswith("!"):
        return address
    if not address.startswith("#"):
        raise LinkError(
            f"'{address}' is no room: write its address, like #lyon:example.org, or its id, like !abc…", NoLink.NO_ROOM
        )
    room_id = await api.resolve_alias(address)
    if room_id is None:
        raise LinkError(f"there is no room with the address {address}", NoLink.NO_ROOM)
    return room_id


def _lacks(found: FoundRoom, bot: str, *, is_space: bool) -> tuple[str, ...]:
    """What the bot has not the power to do in a room."""
    own = found.level(bot)
    needs = dict(_NEEDS)
    if is_space:
        del needs["m.room.encryption"]
        needs["m.space.child"] = "hang rooms and branches under it"
    lacks = [what for kind, what in needs.items() if own < found.needed(kind)]
    if own < BOT_POWER and needs["m.room.power_levels"] not in lacks:
        lacks.append(needs["m.room.power_levels"])
    lacks += [
        what
        for act, what in (("invite", "invite members"), ("kick", "remove who does not belong there"))
        if own < found.needed_to(act)
    ]
    return tuple(lacks)
