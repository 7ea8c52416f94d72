"""Contents of the state events of mirrored rooms, and what a homeserver would refuse. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from bridge.mirror.found import MARKER, Marker
from bridge.mirror.power import for_new_room
from bridge.mirror.wanted import JoinRule, WantedRoom
from bridge.places import SPACE, BranchRoom

LATEST: Final = 12
LARGEST_CONTENT: Final = 62_000
"""Bytes. A whole event may have 65,536 (Matrix specification, size limits); its envelope takes the rest."""

_RULES_SINCE: Final = {
    JoinRule.KNOCK: 7,
    JoinRule.RESTRICTED: 8,
    JoinRule.KNOCK_RESTRICTED: 10,
}
"""Room version → join rules, from the Matrix specification."""
_ROOM_ID_STAND_IN: Final = "!" + "x" * 60


def number(version: str) -> int:
    """A room version as a number; unstable ones count as the latest."""
    return int(version) if version.isdecimal() else LATEST


def knows_rule(version: str, rule: JoinRule) -> bool:
    """Whether rooms of a version can have a join rule."""
    return number(version) >= _RULES_SINCE.get(rule, 1)


def join_rules(room: WantedRoom) -> dict[str, Any]:
    """`m.room.join_rules`; places stand for room ids."""
    content: dict[str, Any] = {"join_rule": room.join_rule.value}
    if room.join_rule in {JoinRule.RESTRICTED, JoinRule.KNOCK_RESTRICTED}:
        content["allow"] = [{"type": "m.room_membership", "room_id": place} for place in room.allow]
    return content


def hanging(server: str, order: str) -> dict[str, Any]:
    """`m.space.child`."""
    return {"via": [server], "order": order}


def parenting(server: str) -> dict[str, Any]:
    """`m.space.parent`."""
    return {"via": [server], "canonical": True}


def history() -> dict[str, Any]:
    """`m.room.history_visibility`: members read what was written before they came."""
    return {"history_visibility": "shared"}


def guests() -> dict[str, Any]:
    """`m.room.guest_access`: nobody without an account."""
    return {"guest_access": "forbidden"}


def encryption() -> dict[str, Any]:
    """`m.room.encryption`."""
    return {"algorithm": "m.megolm.v1.aes-sha2"}


def creation(
    room: WantedRoom, *, bot: str, server: str, organisation: str, alias_localpart: str, version: str
) -> dict[str, Any]:
    """The body of `POST /createRoom`, places standing for room ids; everything but members is in it.

    Marker and alias go in the request itself: whatever dies in the middle, the room can be told from an orphan.
    """
    state: list[dict[str, Any]] = [
        {"type": MARKER, "content": Marker(organisation, room.place).content()},
        {"type": "m.room.join_rules", "content": join_rules(room)},
        {"type": "m.room.history_visibility", "content": history()},
        {"type": "m.room.guest_access", "content": guests()},
        {"type": "m.room.canonical_alias", "content": {}},  # the alias is for the mirror's eyes, not for people's
    ]
    if room.encrypted:
        state.append({"type": "m.room.encryption", "content": encryption()})
    if room.parent is not None:
        state.append({"type": "m.space.parent", "state_key": room.parent, "content": parenting(server)})
    above_all = number(version) >= LATEST
    content: dict[str, Any] = {
        "preset": "private_chat",
        "visibility": "private",
        "name": room.name,
        "room_alias_name": alias_localpart,
        "room_version": version,
        "power_level_content_override": for_new_room(room, bot, creators_above_all=above_all),
        "initial_state": [{"state_key": "", **event} for event in state],
    }
    if room.topic:
        content["topic"] = room.topic
    if room.place.key == SPACE:
        content["creation_content"] = {"type": "m.space"}
    return content


def for_size(room: WantedRoom, bot: str, version: str) -> dict[str, dict[str, Any]]:
    """The contents of a new room that grow with the organisation, by event type."""
    power = for_new_room(room, bot, creators_above_all=number(version) >= LATEST)
    return {"m.room.join_rules": join_rules(room), "m.room.power_levels": power}


def size(content: object) -> int:
    """Bytes of a content as canonical JSON, places counted as room ids."""
    text = json.dumps(_stand_in(content), ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return len(text.encode(errors="surrogatepass"))


def _stand_in(value: object) -> object:
    if isinstance(value, BranchRoom):
        return _ROOM_ID_STAND_IN
    if isinstance(value, Mapping):
        return {key: _stand_in(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_stand_in(item) for item in value]
    return value


def refusal(kind: str, content: Mapping[str, Any]) -> tuple[str, str] | None:
    """Why a homeserver would refuse the content of a state event, and what to change; None when it would not."""
    bytes_ = size(content)
    if bytes_ <= LARGEST_CONTENT:
        return None
    if kind == "m.room.join_rules":
        entries = len(content.get("allow", ()))
        return (
            f"its join rule would have to name {entries} rooms ({bytes_:,} bytes of at most {LARGEST_CONTENT:,})",
            "restrict this kind of room to lower tiers (`rooms.<key>.tiers`), or make it `who: officers`",
        )
    if kind == "m.room.power_levels":
        entries = len(content.get("users", ()))
        return (
            f"{entries:,} accounts would have a power of their own ({bytes_:,} bytes of at most {LARGEST_CONTENT:,})",
            "give fewer offices a power (`mirror.power`), or suspended members `remove` instead of `mute`",
        )
    return f"its {kind} would have {bytes_:,} bytes of at most {LARGEST_CONTENT:,}", "shorten it"
