"""Who may do what in a mirrored room: the contents of power-level events. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from bridge.mirror.found import MARKER, FoundRoom
from bridge.mirror.policy import BOT_POWER, MirrorPolicy
from bridge.mirror.wanted import WantedRoom

MODERATION: Final = 50
"""The level from which officers may invite, remove, ban, redact, pin and set the picture of a room."""

_OURS: Final = (
    "m.room.name",
    "m.room.topic",
    "m.room.canonical_alias",
    "m.room.join_rules",
    "m.room.history_visibility",
    "m.room.guest_access",
    "m.room.power_levels",
    "m.room.encryption",
    "m.room.tombstone",
    "m.room.server_acl",
    "m.space.child",
    "m.space.parent",
    MARKER,
)
"""What only the bot sets, for the register decides it."""


@cache
def base(posting: int) -> Mapping[str, Any]:
    """Everything but `users`; one value for all rooms, not to be changed.

    `posting` is the level needed to write; reactions stay open to all.
    """
    events = dict.fromkeys(_OURS, BOT_POWER)
    if 0 < posting < BOT_POWER:
        events |= {"m.reaction": 0, "m.room.redaction": 0}
    return {
        "users_default": 0,
        "events_default": posting,
        "state_default": MODERATION,
        "invite": MODERATION,
        "kick": MODERATION,
        "ban": MODERATION,
        "redact": MODERATION,
        "notifications": {"room": MODERATION},
        "events": events,
    }


def for_new_room(room: WantedRoom, bot: str, *, creators_above_all: bool) -> dict[str, Any]:
    """The power levels with which a room is created."""
    users = {user: level for user, level in room.power.items() if user != bot}
    if not creators_above_all:
        users[bot] = BOT_POWER
    return {**base(room.posting), "users": users}


def mended(room: WantedRoom, found: FoundRoom, bot: str, policy: MirrorPolicy) -> dict[str, Any]:
    """The power levels that a room should have, given those it has.

    What the policy says nothing of stays: levels of other event types, accounts that are kept, and what the bot cannot
    lower, be it an account or the level of an event type.
    """
    wanted = base(room.posting)
    present: Mapping[str, int] = found.power.get("users", {})
    users = {user: level for user, level in room.power.items() if user != bot}
    own, creators_above_all = found.level(bot), found.creators_above_all
    for user, level in present.items():
        if user == bot:
            users[user] = int(level) if creators_above_all else max(int(level), BOT_POWER)
        elif level > users.get(user, 0) and (policy.keeps(user) or level >= own):
            users[user] = level
    if bot not in users and not (creators_above_all and bot in found.creators):
        users[bot] = BOT_POWER
    if creators_above_all and not found.creators.isdisjoint(users):
        users = {user: level for user, level in users.items() if user not in found.creators}
    events = _beside(found.power.get("events", {}), wanted["events"], own)
    notifications = _beside(found.power.get("notifications", {}), wanted["notifications"], own)
    return {**found.power, **wanted, "events": events, "notifications": notifications, "users": users}


def _beside(present: Mapping[str, int], wanted: Mapping[str, int], own: float) -> Mapping[str, int]:
    """What is wanted, beside what is there and not spoken of or out of reach: in room version 12, tombstones are at
    150, which only creators may change."""
    if wanted.items() <= present.items():
        return present
    return {**present, **{key: level for key, level in wanted.items() if present.get(key, 0) <= own}}


def needed_to_change(before: Mapping[str, Any], after: Mapping[str, Any]) -> int:
    """The level that is needed to send one content after another (Matrix specification, authorisation rules)."""
    changed = (level for key, level in before.items() if isinstance(level, int) and after.get(key) != level)
    return max(BOT_POWER, *changed, 0)


def above_the_bot(room: WantedRoom, found: FoundRoom, bot: str, policy: MirrorPolicy) -> list[str]:
    """Accounts with more power than they should have that the bot cannot lower."""
    own = found.level(bot)
    holders: Mapping[str, float] = found.power.get("users", {})
    if found.creators_above_all:
        holders = {**holders, **dict.fromkeys(found.creators, math.inf)}
    return sorted(
        user
        for user, level in holders.items()
        if level >= own and user != bot and level > room.power.get(user, 0) and not policy.keeps(user)
    )
