"""What is on the homeserver now, as values. Reading it is one request, whatever the number of rooms."""

from __future__ import annotations

import asyncio
import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from typing import Any, Final

from bridge.matrix.api import MatrixApi
from bridge.places import BranchRoom

MARKER: Final = "org.kunveno.place"
"""State event that says which place of which organisation a room is."""

STATE_TYPES: Final = (
    "m.room.create",
    "m.room.name",
    "m.room.topic",
    "m.room.encryption",
    "m.room.join_rules",
    "m.room.history_visibility",
    "m.room.guest_access",
    "m.room.power_levels",
    "m.room.member",
    "m.room.tombstone",
    "m.space.child",
    "m.space.parent",
    MARKER,
)
_BREATH: Final = 20
"""Rooms that are looked through between two breaths of the event loop."""
_RECENT: Final = 30
"""State events of a room that are laid over the state before them."""
_NONE: Final[Mapping[Any, Any]] = {}
_LEVEL_MAPS: Final = frozenset({"users", "events", "notifications"})
_LEVELS: Final = frozenset({"users_default", "events_default", "state_default", "ban", "invite", "kick", "redact"})
_LEVEL_TEXT: Final = re.compile(r"\s*[+-]?[0-9]{1,16}\s*", re.ASCII)
_LARGEST_LEVEL: Final = 2**53 - 1
"""Matrix specification, canonical JSON."""
_LONGEST_VERSION: Final = 32
"""Characters. Matrix specification, room versions."""
_CREATORS_ABOVE_ALL: Final = 12
"""From this room version on, those who created a room stand above its power levels."""


class Gone(StrEnum):
    """How somebody who is not in a room went."""

    LEFT = "left"
    """By themselves; also an invitation declined."""
    REMOVED = "removed"
    BANNED = "banned"


@dataclass(frozen=True, slots=True)
class Departure:
    """How somebody went, and by whose hand."""

    how: Gone
    by: str


@dataclass(frozen=True, slots=True)
class Marker:
    """The content of the marker."""

    organisation: str
    place: BranchRoom

    def content(self) -> dict[str, str]:
        """As a state event has it."""
        return {"organisation": self.organisation, "branch": self.place.branch_id, "key": self.place.key}


@dataclass(frozen=True, slots=True)
class Tombstone:
    """The room was replaced by `replacement`; `sender` said so."""

    sender: str
    replacement: str


@dataclass(frozen=True, slots=True)
class FoundRoom:
    """A room that the bot has joined, as it is."""

    room_id: str
    version: str = "1"
    creators: frozenset[str] = frozenset()
    name: str = ""
    topic: str = ""
    encrypted: bool = False
    join_rule: str = "invite"
    allow: frozenset[str] = frozenset()
    readable_by_all: bool = False
    """Whether anybody can read it without entering."""
    guests: bool = False
    """Whether guests, who have no account, may enter."""
    power: Mapping[str, Any] = field(default_factory=dict)
    children: Mapping[str, str] = field(default_factory=dict)
    """Room id → order."""
    parents: frozenset[str] = frozenset()
    marker: Marker | None = None
    tombstone: Tombstone | None = None
    joined: frozenset[str] = frozenset()
    invited: frozenset[str] = frozenset()
    gone: Mapping[str, Departure] = field(default_factory=dict)
    foreign: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """(type, state key) → sender, of the state events that the bot did not send."""

    @property
    def creators_above_all(self) -> bool:
        """Whether the creators have more power than any level (room version 12 and later)."""
        return _creators_above_all(self.version)

    def level(self, user_id: str) -> float:
        """The power of an account; infinite for a creator where creators stand above all."""
        if self.creators_above_all and user_id in self.creators:
            return float("inf")
        if not self.power:  # Matrix specification: without the event, the creator has 100 and everybody else 0
            return 100 if user_id in self.creators else 0
        users: Mapping[str, int] = self.power.get("users", _NONE)
        default: int = self.power.get("users_default", 0)
        return users.get(user_id, default)

    def needed(self, event_type: str) -> int:
        """The power needed to send a state event of this type."""
        if not self.power:
            return 0
        events: Mapping[str, int] = self.power.get("events", _NONE)
        return events.get(event_type, self.power.get("state_default", 50))

    def needed_to(self, act: str) -> int:
        """The power needed to `invite`, `kick`, `ban`."""
        level: int = self.power.get(act, 0 if act == "invite" else 50)
        return level


@cache
def _creators_above_all(version: str) -> bool:
    return not version.isdecimal() or int(version) >= _CREATORS_ABOVE_ALL


@dataclass(frozen=True, slots=True)
class Found:
    """All rooms that the bot has joined, by their ids, and those it is invited to."""

    rooms: Mapping[str, FoundRoom]
    invitations: frozenset[str] = frozenset()
    exact: bool = True
    """Whether the homeserver gave the current state (MSC4222). Without it, the latest events are laid over the state
    before them, which is the same but where two were sent at the same moment; `read_room` is always right."""


async def read_world(api: MatrixApi) -> Found:
    """Read the state of every joined room, as it is at this moment, in one request.

    Synapse answers an identical `/sync` from a cache for two minutes, hence the nonce in the filter.
    """
    nothing = {"not_types": ["*"]}
    room = {
        "state": {"types": list(STATE_TYPES), "lazy_load_members": False},
        "timeline": {"limit": _RECENT, "types": list(STATE_TYPES)},
        "ephemeral": nothing,
        "account_data": nothing,
    }
    answer = await api.sync(
        filter={"room": room, "account_data": nothing, "presence": {"not_types": ["*", str(uuid.uuid4())]}},
        full_state=True,
        state_after=True,
    )
    rooms = answer.get("rooms", {})
    found: dict[str, FoundRoom] = {}
    exact = True
    for number, (room_id, room) in enumerate(rooms.get("join", {}).items()):
        if number % _BREATH == 0:
            await asyncio.sleep(0)
        events, present = _state_of(room)
        found[room_id] = room_from_state(room_id, events, api.user_id)
        exact = exact and present
    return Found(found, frozenset(rooms.get("invite", {})), exact)


async def read_room(api: MatrixApi, room_id: str) -> FoundRoom:
    """The current state of one room."""
    return room_from_state(room_id, await api.room_state(room_id), api.user_id)


def _state_of(room: Mapping[str, Any]) -> tuple[Sequence[Mapping[str, Any]], bool]:
    """The state events of a room, and whether the homeserver says that they are the current ones."""
    for name in ("state_after", "org.matrix.msc4222.state_after"):
        if name in room:
            return room[name]["events"], True
    recent = [event for event in room["timeline"]["events"] if "state_key" in event]
    latest = {(event["type"], event["state_key"]): event for event in (*room["state"]["events"], *recent)}
    return list(latest.values()), False


def room_from_state(room_id: str, events: Sequence[Mapping[str, Any]], bot: str) -> FoundRoom:
    """A room from its state events. What is malformed counts as absent, as for any client."""
    joined: list[str] = []
    invited: list[str] = []
    gone: dict[str, Departure] = {}
    foreign: dict[tuple[str, str], str] = {}
    state: dict[str, Mapping[str, Any]] = {}
    children: dict[str, str] = {}
    parents: list[str] = []
    tombstone: Tombstone | None = None
    creators: set[str] = set()
    for event in events:
        kind, key, content, sender = (event.get(name) for name in ("type", "state_key", "content", "sender"))
        if not (isinstance(kind, str) and isinstance(key, str) and isinstance(sender, str)):
            continue
        if not isinstance(content, dict):
            content = _NONE
        if kind == "m.room.member":
            match content.get("membership"):
                case "join":
                    joined.append(key)
                case "invite":
                    invited.append(key)
                case "leave":
                    gone[key] = Departure(Gone.LEFT if sender == key else Gone.REMOVED, sender)
                case "ban":
                    gone[key] = Departure(Gone.BANNED, sender)
            continue
        if sender != bot:
            foreign[kind, key] = sender
        if kind == "m.space.child":
            if _has_via(content):
                children[key] = content["order"] if isinstance(content.get("order"), str) else ""
        elif kind == "m.space.parent":
            if _has_via(content):
                parents.append(key)
        elif key == "":
            state[kind] = content
            if kind == "m.room.create":
                creators = {sender, *_strings(content.get("additional_creators"))}
            elif kind == "m.room.tombstone" and (replacement := _string(content.get("replacement_room"))):
                tombstone = Tombstone(sender, replacement)
    rules = state.get("m.room.join_rules", _NONE)
    return FoundRoom(
        room_id=room_id,
        version=_version(state.get("m.room.create", _NONE).get("room_version")),
        creators=frozenset(creators),
        name=_string(state.get("m.room.name", _NONE).get("name")),
        topic=_string(state.get("m.room.topic", _NONE).get("topic")),
        encrypted=bool(_string(state.get("m.room.encryption", _NONE).get("algorithm"))),
        join_rule=_string(rules.get("join_rule")) or "invite",
        allow=_allowed(rules),
        readable_by_all=state.get("m.room.history_visibility", _NONE).get("history_visibility") == "world_readable",
        guests=state.get("m.room.guest_access", _NONE).get("guest_access") == "can_join",
        power=_power(state.get("m.room.power_levels", _NONE)),
        children=children,
        parents=frozenset(parents),
        marker=_marker(state.get(MARKER, _NONE)),
        tombstone=tombstone,
        joined=frozenset(joined),
        invited=frozenset(invited),
        gone=gone,
        foreign=foreign,
    )


def _marker(content: Mapping[str, Any]) -> Marker | None:
    values = [content.get(name) for name in ("organisation", "branch", "key")]
    match values:
        case [str(organisation), str(branch), str(key)]:
            return Marker(organisation, BranchRoom(branch, key))
        case _:
            return None


def _allowed(rules: Mapping[str, Any]) -> frozenset[str]:
    allow = rules.get("allow")
    if not isinstance(allow, list):
        return frozenset()
    return frozenset(
        entry["room_id"]
        for entry in allow
        if isinstance(entry, dict)
        and entry.get("type") == "m.room_membership"
        and isinstance(entry.get("room_id"), str)
    )


def _version(value: object) -> str:
    return value if isinstance(value, str) and 0 < len(value) <= _LONGEST_VERSION else "1"


def _power(content: Mapping[str, Any]) -> Mapping[str, Any]:
    """Power levels, all of them whole numbers or maps of such."""
    power: dict[str, Any] = {}
    for key, value in content.items():
        if isinstance(value, dict):
            if key not in _LEVELS:
                levels = ((name, _level(given)) for name, given in value.items())
                power[key] = {name: level for name, level in levels if level is not None}
        elif key not in _LEVEL_MAPS and (level := _level(value)) is not None:
            power[key] = level
    return power


def _level(value: object) -> int | None:
    """Room versions before 10 took text too."""
    if isinstance(value, str) and _LEVEL_TEXT.fullmatch(value):
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) <= _LARGEST_LEVEL:
        return value
    return None


def _has_via(content: Mapping[str, Any]) -> bool:
    return bool(_strings(content.get("via")))


def _strings(value: object) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def _string(value: object) -> str:
    return value if isinstance(value, str) else ""
