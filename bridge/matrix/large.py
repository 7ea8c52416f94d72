"""JSON that may be large: decoded piece by piece, so that nobody waits for the whole of it."""

from __future__ import annotations

import asyncio
import json
import re
from typing import Final

_DECODER: Final = json.JSONDecoder()
_SPACE: Final = re.compile(r"[ \t\n\r]*")
_PIECES: Final = 3
"""So deep are objects decoded member by member: in the answer of a sync, `rooms`, `join`, and each room."""
_PORTION: Final = 1 << 18
"""Characters that are decoded between two breaths of the event loop."""


async def decode(raw: bytes) -> object:
    """The JSON value. Raises ValueError when it is none, also for bytes that are no UTF-8."""
    if len(raw) <= _PORTION:
        return json.loads(raw)
    reader = _Reader(raw.decode())
    value, end = await reader.value(reader.skip(0), 0)
    if reader.skip(end) != len(reader.text):
        raise ValueError("something stands after the JSON value")
    return value


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self._rested = 0

    def skip(self, at: int) -> int:
        found = _SPACE.match(self.text, at)
        return at if found is None else found.end()

    async def value(self, at: int, depth: int) -> tuple[object, int]:
        """The value that begins here, and where it ends."""
        if depth < _PIECES and self.text[at : at + 1] == "{":
            return await self._object(at, depth)
        value, end = _DECODER.raw_decode(self.text, at)
        if end - self._rested > _PORTION:
            self._rested = end
            await asyncio.sleep(0)
        return value, end

    async def _object(self, at: int, depth: int) -> tuple[dict[str, object], int]:
        members: dict[str, object] = {}
        at = self.skip(at + 1)
        if self.text[at : at + 1] == "}":
            return members, at + 1
        while True:
            name, at = _DECODER.raw_decode(self.text, at)
            at = self.skip(at)
            if not isinstance(name, str) or self.text[at : at + 1] != ":":
                raise ValueError("an object has no such member")
            members[name], at = await self.value(self.skip(at + 1), depth + 1)
            at = self.skip(at)
            if self.text[at : at + 1] == "}":
                return members, at + 1
            if self.text[at : at + 1] != ",":
                raise ValueError("an object does not go on like this")
            at = self.skip(at + 1)
