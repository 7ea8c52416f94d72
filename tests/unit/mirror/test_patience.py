"""When the mirror looks at the world because of what a sync brought."""

from __future__ import annotations

from typing import Any

import pytest

from bridge.mirror.watch import COMINGS, _patience

BOT = "@kunveno:example.org"


def event(kind: str, sender: str = "@anna:example.org", key: str | None = "", **content: Any) -> dict[str, Any]:
    return {"type": kind, "sender": sender, "content": content} | ({} if key is None else {"state_key": key})


NAMED = event("m.room.name", name="Anna's own")
CAME = event("m.room.member", key="@anna:example.org", membership="join")
WENT = event("m.room.member", key="@anna:example.org", membership="leave")
WROTE = event("m.room.message", key=None, body="hello")
OWN = event("m.room.name", BOT, name="France")


def room(*timeline: dict[str, Any], limited: bool = False, state: tuple[dict[str, Any], ...] = ()) -> dict[str, Any]:
    return {"timeline": {"events": list(timeline), "limited": limited}, "state": {"events": list(state)}}


@pytest.mark.parametrize(
    ("rooms", "patience"),
    [
        ([], None),
        ([room()], None),
        ([room(WROTE, OWN)], None),
        ([room(NAMED)], 0.0),
        ([room(WENT)], 0.0),
        ([room(CAME)], COMINGS),
        ([room(CAME), room(WROTE)], COMINGS),
        ([room(CAME), room(NAMED)], 0.0),
        ([room(WROTE, limited=True)], None),
        ([room(WROTE, limited=True, state=(NAMED,))], 0.0),
        ([room(WROTE, limited=True, state=(OWN,))], None),
        ([room(WROTE, limited=True, state=(CAME,))], None),
        ([room(CAME, limited=True)], 0.0),
        ([room(WROTE, state=(CAME, NAMED))], None),
    ],
)
def test_news_in_rooms(rooms: list[dict[str, Any]], patience: float | None) -> None:
    assert _patience({"join": {f"!{number}": one for number, one in enumerate(rooms)}}, BOT) == patience


@pytest.mark.parametrize("way", ["invite", "leave"])
def test_the_bot_itself_comes_or_goes(way: str) -> None:
    assert _patience({way: {"!room": {}}}, BOT) == 0.0


def test_an_answer_without_rooms() -> None:
    assert _patience({}, BOT) is None
