"""What a plan is made of: steps that change the homeserver, and findings that only say something. Data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from bridge.mirror.wanted import WantedRoom
from bridge.places import SPACE, BranchRoom


class Cause(StrEnum):
    """Why a step is needed."""

    REGISTER = "register"
    """Register or policy say something new."""
    DRIFT = "drift"
    """Somebody changed the room."""


@dataclass(frozen=True, slots=True)
class CreateRoom:
    """Create the room of a place."""

    place: BranchRoom
    room: WantedRoom
    version: str


@dataclass(frozen=True, slots=True)
class SetState:
    """Send a state event to the room of a place.

    A BranchRoom in `content`, or as `state_key`, stands for the id of that place's room, which may not exist before the
    plan is carried out. `before` and `after` are for people.
    """

    place: BranchRoom
    type: str
    state_key: str | BranchRoom
    content: Mapping[str, Any]
    cause: Cause
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Invite:
    """Invite an account; `admin` joins it by the power of a server administrator instead."""

    place: BranchRoom
    user_id: str
    cause: Cause
    admin: bool = False


@dataclass(frozen=True, slots=True)
class Remove:
    """Remove an account that is in the room or invited to it."""

    place: BranchRoom
    user_id: str
    cause: Cause


@dataclass(frozen=True, slots=True)
class Enter:
    """The bot accepts the invitation to a room of the mirror."""

    place: BranchRoom
    room_id: str


@dataclass(frozen=True, slots=True)
class Follow:
    """The room of a place was upgraded by somebody who had the right to: go to the new one."""

    place: BranchRoom
    old: str
    new: str
    by: str


Step = CreateRoom | SetState | Invite | Remove | Enter | Follow


def turn(step: Step) -> int:
    """When a step is carried out.

    New rooms first, those that others name before those; then the rules of rooms, so that nobody enters where the old
    rule was wider; then people.
    """
    match step:
        case Enter() | Follow():
            return 0
        case CreateRoom(place=place, room=room):
            return 1 if place.key == SPACE else 2 if all(other.key == SPACE for other in room.allow) else 3
        case SetState():
            return 4
        case Remove():
            return 5
        case Invite():
            return 6


class Kind(StrEnum):
    """What a finding is about."""

    DRIFT = "drift"
    """Somebody changed the room; the policy says to report it only."""
    BEYOND = "beyond"
    """The bot has not the power to mend it."""
    REFUSED = "refused"
    """A homeserver would refuse what policy and register ask for."""
    LOST = "lost"
    """The bot is not in the room any more."""
    AWAY = "away"
    """Somebody left or declined by themselves, and is not invited again."""
    BANNED = "banned"
    """Somebody who belongs there was banned, which is for people to undo."""
    UPGRADE = "upgrade"
    """The room was replaced by somebody who had no right to."""
    DOUBLE = "double"
    """Two rooms say that they are the same place."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that the plan does not change: what is so, and what a person can do about it."""

    place: BranchRoom
    kind: Kind
    what: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do, in an order that can be carried out, and what to know."""

    steps: tuple[Step, ...]
    findings: tuple[Finding, ...]

    def __bool__(self) -> bool:
        return bool(self.steps)

    def count(self, kind: type[Step]) -> int:
        """How many steps are of one kind."""
        return sum(isinstance(step, kind) for step in self.steps)


def places_in(value: object) -> Iterator[BranchRoom]:
    """The places that stand for room ids in the content of a state event."""
    if isinstance(value, BranchRoom):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from places_in(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from places_in(item)


def with_ids(value: Any, ids: Mapping[BranchRoom, str]) -> Any:
    """The content with every place replaced by its room id. Raises KeyError for a place that has no room."""
    if isinstance(value, BranchRoom):
        return ids[value]
    if isinstance(value, Mapping):
        return {key: with_ids(item, ids) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [with_ids(item, ids) for item in value]
    return value
