"""What happened in rooms, oldest first and without gaps."""

from __future__ import annotations

import heapq
import logging
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final

from bridge.matrix.api import MatrixApi
from bridge.matrix.content import Json
from bridge.matrix.errors import Forbidden, MatrixError, NotFound, TokenRefused
from bridge.matrix.read import instant

_log = logging.getLogger(__name__)

_PAGE: Final = 100
_PAGES: Final = 500
"""Pages that are read to fill one gap, at most."""


async def complete(
    api: MatrixApi, room_id: str, room: Json, since: str | None, oldest: datetime, *, gives_up: bool = False
) -> list[Json]:
    """The events of a room in a sync, oldest first; what a gap left out is read from the room's past.

    The past is read back to the sync before (`since`), to the bot's own coming, or to a page with nothing after
    `oldest`. Raises MatrixError, but TokenRefused alone with `gives_up`: then what could not be read is left out.
    """
    timeline = room.get("timeline", {})
    events = _events(timeline.get("events"))
    token = timeline.get("prev_batch")
    if not timeline.get("limited") or since is None or not isinstance(token, str):
        return events
    older: list[Json] = []
    try:
        for _ in range(_PAGES):
            page = await api.messages(room_id, start=token, end=since, limit=_PAGE)
            chunk = _events(page.get("chunk"))
            older += chunk
            token = page.get("end")
            if not chunk or not isinstance(token, str):
                break
            if any(comes(event, api.user_id) for event in chunk):
                break
            if all((sent := instant(event)) is not None and sent < oldest for event in chunk):
                break
    except (Forbidden, NotFound) as error:
        _log.warning("The past of a room may not be read: %s", error.errcode)
    except TokenRefused:
        raise
    except MatrixError as error:
        if not gives_up:
            raise
        _log.error("The past of a room cannot be read, and what it says is lost: %s", error)
    return [*reversed(older), *events]


def comes(event: Json, account: str, *, invited: bool = False) -> bool:
    """Whether it is the event by which an account comes into the room, or was invited."""
    if event.get("type") != "m.room.member" or event.get("state_key") != account:
        return False
    content, unsigned = event.get("content"), event.get("unsigned")
    before = unsigned.get("prev_content") if isinstance(unsigned, dict) else None
    was = before.get("membership") if isinstance(before, dict) else None
    now = content.get("membership") if isinstance(content, dict) else None
    return (now == "invite" and was not in {"join", "invite"}) if invited else (now == "join" and was != "join")


def since_entry(events: Sequence[Json], account: str, *, invited: bool) -> Sequence[Json]:
    """The events after the account came into the room, where they tell of it: with `invited`, since its invitation."""
    entry = next((number for number, event in enumerate(events) if comes(event, account)), None)
    if entry is None:
        return events
    if invited:
        earlier = (number for number in range(entry) if comes(events[number], account, invited=True))
        entry = max(earlier, default=entry)
    return events[entry + 1 :]


def interleave(rooms: Mapping[str, Sequence[Json]]) -> Iterator[tuple[str, Json]]:
    """The events of all rooms by their time, each room in its own order: what one person wrote here and there stays in
    order."""

    def timed(room_id: str) -> Iterator[tuple[float, str, int, Json]]:
        latest = 0.0
        for number, event in enumerate(rooms[room_id]):
            sent = event.get("origin_server_ts")
            if isinstance(sent, int):
                latest = max(latest, sent)
            yield latest, room_id, number, event

    merged = heapq.merge(*map(timed, rooms), key=lambda item: item[:3])
    return ((room_id, event) for _, room_id, _, event in merged)


def _events(value: object) -> list[Json]:
    return [event for event in value if isinstance(event, dict)] if isinstance(value, list) else []
