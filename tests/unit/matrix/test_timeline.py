"""Rooms without gaps, and what came before the bot left out."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

import pytest

from bridge.matrix.api import Forbidden, MatrixApi
from bridge.matrix.content import Json
from bridge.matrix.errors import Unavailable
from bridge.matrix.receive import Receiver
from bridge.matrix.session import Session
from bridge.matrix.timeline import complete, interleave, since_entry
from ground.clock import FixedClock
from ground.database import Database

BOT, ADA = "@kunveno:example.org", "@ada:example.org"
NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)
CLOCK = FixedClock(NOON)


def said(number: int, at: int | None = None) -> Json:
    sent = int(NOON.timestamp() * 1000) + (number if at is None else at)
    return {"type": "m.room.message", "event_id": f"${number}", "sender": ADA, "origin_server_ts": sent}


def member(membership: str, before: str | None = None, account: str = BOT) -> Json:
    unsigned = {} if before is None else {"prev_content": {"membership": before}}
    content = {"membership": membership}
    return {
        "type": "m.room.member", "state_key": account, "content": content, "unsigned": unsigned,
        "origin_server_ts": int(NOON.timestamp() * 1000),
    }  # fmt: skip


class Past:
    """A room's past, in pages, newest first."""

    user_id = BOT

    def __init__(self, *pages: list[Json]) -> None:
        self._pages = pages
        self.asked: list[str] = []

    async def messages(self, room_id: str, *, start: str, end: str, limit: int) -> Json:
        self.asked.append(start)
        number = int(start.removeprefix("t"))
        if number >= len(self._pages):
            raise Forbidden("not in the room", errcode="M_FORBIDDEN", status=403)
        last = number == len(self._pages) - 1
        return {"chunk": self._pages[number], "start": start} | ({} if last else {"end": f"t{number + 1}"})

    async def fill(
        self, *events: Json, limited: bool = True, since: str | None = "s", gives_up: bool = False
    ) -> list[Any]:
        room = {"timeline": {"events": list(events), "limited": limited, "prev_batch": "t0"}}
        filled = await complete(cast("MatrixApi", self), "!room", room, since, NOON, gives_up=gives_up)
        return [event.get("event_id", event["type"]) for event in filled]


async def test_a_gap_is_filled_oldest_first() -> None:
    past = Past([said(4), said(3)], [said(2), said(1)])
    assert await past.fill(said(5), said(6)) == ["$1", "$2", "$3", "$4", "$5", "$6"]


async def test_nothing_is_asked_without_a_gap_or_at_the_very_first_sync() -> None:
    past = Past([said(1)])
    assert await past.fill(said(2), limited=False) == ["$2"]
    assert await past.fill(said(2), since=None) == ["$2"]
    assert past.asked == []


async def test_the_past_ends_where_the_bot_came() -> None:
    past = Past([said(4)], [member("join", "invite"), said(2)], [said(1)])
    await past.fill(said(5))
    assert past.asked == ["t0", "t1"]


async def test_the_past_ends_with_a_page_of_old_events_only() -> None:
    past = Past([said(4), said(3, -10)], [said(2, -20), said(1, -30)], [said(0, -40)])
    await past.fill(said(5))
    assert past.asked == ["t0", "t1"]


async def test_a_past_that_may_not_be_read_is_left_out() -> None:
    assert await Past().fill(said(5)) == ["$5"]


class Broken(Past):
    """A room at whose past the homeserver stumbles."""

    async def messages(self, room_id: str, *, start: str, end: str, limit: int) -> Json:
        if start != "t0":
            raise Unavailable("Internal server error", errcode="M_UNKNOWN", status=500)
        return await super().messages(room_id, start=start, end=end, limit=limit)


async def test_a_past_that_cannot_be_read_is_asked_for_again_and_in_the_end_left_out() -> None:
    past = Broken([said(4)], [said(3)])
    with pytest.raises(Unavailable):
        await past.fill(said(5))
    assert await past.fill(said(5), gives_up=True) == ["$4", "$5"]


async def test_one_room_keeps_nobody_from_the_others_for_ever() -> None:
    receiver = Receiver(
        cast("Session", SimpleNamespace(api=Broken([said(4)], [said(3)]))), cast("Database", None), CLOCK
    )
    room = {"timeline": {"events": [said(5)], "limited": True, "prev_batch": "t0"}}
    for _ in range(3):
        with pytest.raises(Unavailable):
            await receiver._complete("!room", room, "s", NOON)
    assert [event["event_id"] for event in await receiver._complete("!room", room, "s", NOON)] == ["$4", "$5"]


def test_only_what_came_after_the_bot() -> None:
    events = [said(1), member("invite"), said(2), member("join", "invite"), said(3)]
    assert [event.get("event_id") for event in since_entry(events, BOT, invited=False)] == ["$3"]
    assert [event.get("event_id") for event in since_entry(events, BOT, invited=True)] == ["$2", None, "$3"]
    again = [said(1), member("join", "join"), said(2)]
    assert since_entry(again, BOT, invited=False) == again


def test_rooms_are_interleaved_by_time_and_each_stays_in_its_order() -> None:
    rooms = {"!a": [said(1), said(4), said(2), said(6)], "!b": [said(3), said(5)], "!c": [{"type": "untimed"}]}
    order = [(room, event.get("event_id")) for room, event in interleave(rooms)]
    assert order == [
        ("!c", None), ("!a", "$1"), ("!b", "$3"), ("!a", "$4"), ("!a", "$2"), ("!b", "$5"), ("!a", "$6"),
    ]  # fmt: skip
