"""What a room is and should be, in words for people. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from bridge.mirror.found import MARKER

NONE: Final = "none"
_MOST: Final = 6
"""How many parts of one thing are said; the rest is counted."""

_NAMES: Final = {
    "m.room.name": "name",
    "m.room.topic": "topic",
    "m.room.encryption": "encryption",
    "m.room.join_rules": "entrance",
    "m.room.power_levels": "power",
}
_QUOTED: Final = frozenset({"m.room.name", "m.room.topic"})
_ENTRANCES: Final = {
    "invite": "by invitation",
    "knock": "by invitation, or knocking",
    "public": "open to anyone",
}


def name(kind: str) -> str:
    """What people call a type of state event."""
    return _NAMES.get(kind, kind)


def change(kind: str, before: str, after: str) -> str:
    """For example `name 'Rhone' → 'Rhône'`."""
    return f"{name(kind)} {_value(kind, before)} → {_value(kind, after)}"


def difference(kind: str, before: str, after: str) -> str:
    """The same as a sentence, for a difference that stays."""
    if kind == MARKER:
        return "it is not marked as the room of this branch"
    if kind == "m.space.parent":
        if after:
            return f"it does not say that {after} is the space above it"
        return f"it says that {before} is the space above it, which is not so"
    return f"its {name(kind)} is {_value(kind, before)}, not {_value(kind, after)}"


def entrance(rule: str, allow: Iterable[str]) -> str:
    """A join rule and the rooms whose members may enter."""
    if rule not in {"restricted", "knock_restricted"}:
        return _ENTRANCES.get(rule, f"'{rule}'")
    knocking = ", or knocking" if rule == "knock_restricted" else ""
    return f"for members of {_few(sorted(allow)) or NONE}{knocking}"


def powers(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[str, str]:
    """What is different between two contents of `m.room.power_levels`."""
    old, new = dict(_levels(before)), dict(_levels(after))
    keys = sorted(key for key in old.keys() | new.keys() if old.get(key) != new.get(key))
    return _side(keys, old, before), _side(keys, new, after)


def _side(keys: Iterable[tuple[str, str]], levels: Mapping[tuple[str, str], Any], content: Mapping[str, Any]) -> str:
    default = {"users": content.get("users_default", 0)}
    return _few([f"{key} {levels.get((part, key), default.get(part, NONE))}" for part, key in keys])


def _levels(content: Mapping[str, Any]) -> Iterator[tuple[tuple[str, str], Any]]:
    for key, value in content.items():
        if isinstance(value, Mapping):
            yield from (((key, part), level) for part, level in value.items())
        else:
            yield ("", key), value


def _few(parts: list[str]) -> str:
    more = len(parts) - _MOST
    return ", ".join(parts) if more <= 0 else f"{', '.join(parts[:_MOST])} and {more} more"


def _value(kind: str, value: str) -> str:
    if not value:
        return NONE
    return f"'{value}'" if kind in _QUOTED else value
