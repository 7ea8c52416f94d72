"""Whether a letter has already arrived, where the homeserver may have forgotten its transaction id."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

from bridge.matrix.api import MatrixApi
from bridge.matrix.compose import LETTER
from bridge.matrix.content import Json

LEEWAY: Final = timedelta(hours=1)
"""By how much the homeserver's clock may be behind ours."""


def in_clear(event: Json) -> Json | None:
    """What an event that is not encrypted says."""
    content = event.get("content")
    return content if isinstance(content, dict) else None


async def find_letter(
    api: MatrixApi,
    room_id: str,
    handle: str,
    since: datetime,
    *,
    content_of: Callable[[Json], Json | None] = in_clear,
) -> str | None:
    """The id of our own event that is this part of a letter, looked for from the present back to `since`.

    `content_of` gives what an event says, decrypted where need be; None for what cannot be read.
    """
    oldest = (since.astimezone(UTC) - LEEWAY).timestamp() * 1000
    start: str | None = None
    while True:
        page = await api.messages(room_id, start=start, filter={"senders": [api.user_id]})
        events = [event for event in page.get("chunk", []) if isinstance(event, dict)]
        for event in events:
            content = content_of(event)
            if content is not None and content.get(LETTER) == handle:
                return str(event["event_id"])
        start = page.get("end")
        times = [event["origin_server_ts"] for event in events]
        if not isinstance(start, str) or (times and min(times) < oldest):
            return None
