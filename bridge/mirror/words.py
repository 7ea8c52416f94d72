"""What a room is and should be, in words for people. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from bridge.mirror.found import MARKER

NONE: Final = "none"
_MOST: Final = 6
"""How many parts of one thing are said; the rest is counted."""
_LONGEST: Final = 200
"""Characters of a name or topic that are shown."""

_NAMES: Final = {
    "m.room.name": "name",
    "m.room.topic": "topic",
    "m.room.encryption": "encryption",
    "m.room.join_rules": "who may enter:",
    "m.room.history_visibility": "who may read it:",
    "m.room.guest_access": "guests:",
    "m.room.power_levels": "power:",
}
_QUOTED: Final = frozenset({"m.room.name", "m.room.topic"})
_ENTRANCES: Final = {"invite": "who is invited", "knock": "who is invited or knocks", "public": "anyone"}


def name(kind: str) -> str:
    """What people call a type of state event."""
    return _NAMES.get(kind, kind)


def change(kind: str, before: str, after: str) -> str:
    """For example `name 'Rhone' → 'Rhône'`."""
    return f"{name(kind)} {_pairs(kind, before, after, ' → ')}"


def difference(kind: str, before: str, after: str) -> str:
    """The same as a sentence, for a difference that stays."""
    if kind == MARKER:
        return "it is not marked as the room of this branch"
    if kind == "m.space.parent":
        if after:
            return f"it does not say that {after} is the space above it"
        return f"it says that {before} is the space above it, which is not so"
    said = _pairs(kind, before, after, ", not ")
    return f"{name(kind)} {said}" if name(kind).endswith(":") else f"its {name(kind)} is {said}"


def entrance(rule: str, allow: Iterable[str]) -> str:
    """A join rule and the rooms whose members may enter."""
    if rule not in {"restricted", "knock_restricted"}:
        return _ENTRANCES.get(rule, f"'{rule}'")
    knocking = "who knocks, and " if rule == "knock_restricted" else ""
    return f"{knocking}members of {_few(sorted(allow)) or 'no other room'}"


def powers(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[str, str]:
    """What is different between two contents of `m.room.power_levels`, part by part in the same order."""
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


def one_line(text: str) -> str:
    """The text without what would break a line or move a cursor: anybody may have written parts of it."""
    return text if text.isprintable() else "".join(char if char.isprintable() else "�" for char in text)


def _few(parts: list[str]) -> str:
    more = len(parts) - _MOST
    return ", ".join(parts if more <= 0 else [*parts[:_MOST], f"and {more} more"])


def _pairs(kind: str, before: str, after: str, arrow: str) -> str:
    olds, news = before.split(", "), after.split(", ")
    if kind != "m.room.power_levels" or not (before and after) or len(olds) != len(news):
        return f"{_value(kind, before)}{arrow}{_value(kind, after)}"
    sides = zip(olds, news, strict=True)
    return "; ".join(old if old == new else f"{old}{arrow}{new.rpartition(' ')[2]}" for old, new in sides)


def _value(kind: str, value: str) -> str:
    if not value:
        return NONE
    if kind not in _QUOTED:
        return value
    return f"'{value}'" if len(value) <= _LONGEST else f"'{value[:_LONGEST]}…'"
