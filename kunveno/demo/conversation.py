"""People of the demonstration who write to the bot, as their clients would."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

from bridge.matrix.api import MatrixApi
from kunveno.demo.installation import BOT
from kunveno.demo.synapse import EmbeddedSynapse

_PATIENCE: Final = 60
"""Looks, half a second apart, until the bot has answered."""


class NoAnswer(Exception):
    """The bot does not answer."""


class Conversation:
    """Somebody's direct conversation with the bot."""

    def __init__(self, api: MatrixApi, room: str) -> None:
        self._api = api
        self._room = room

    @classmethod
    @asynccontextmanager
    async def of(cls, synapse: EmbeddedSynapse, user: str, password: str) -> AsyncIterator[Conversation]:
        """Log in, and open a conversation."""
        credentials = await synapse.login(user[1:].partition(":")[0], password)
        async with MatrixApi.connect(synapse.url, credentials) as api:
            yield cls(api, await api.create_room({"preset": "private_chat", "is_direct": True, "invite": [BOT]}))

    async def asks(self, line: str) -> str:
        """Write a line; what the bot answers. Raises NoAnswer."""
        return str((await self._answer_to(await self.writes(line)))["content"]["body"])

    async def writes(self, line: str) -> str:
        """Write a line; returns the event's id."""
        content = {"msgtype": "m.text", "body": line}
        return await self._api.send_message(self._room, "m.room.message", content, uuid.uuid4().hex)

    async def confirms(self, line: str) -> str:
        """Write a line that the bot asks about, and say yes; what it had asked. Raises NoAnswer."""
        question = await self._answer_to(await self.writes(line))
        mark = {"m.relates_to": {"rel_type": "m.annotation", "event_id": question["event_id"], "key": "✅"}}
        await self._api.send_message(self._room, "m.reaction", mark, uuid.uuid4().hex)
        return str(question["content"]["body"])

    async def votes(self, line: str) -> None:
        """Write a ballot; done once the bot has marked it. Raises NoAnswer."""
        event = await self.writes(line)
        await self._seen(lambda said: said["content"].get("m.relates_to", {}).get("event_id") == event)

    async def _answer_to(self, event: str) -> Mapping[str, Any]:
        def answers(said: Mapping[str, Any]) -> bool:
            relation = said["content"].get("m.relates_to", {}).get("m.in_reply_to", {})
            return bool(relation.get("event_id") == event)

        return await self._seen(answers)

    async def _seen(self, fits: Callable[[Mapping[str, Any]], bool]) -> Mapping[str, Any]:
        for _ in range(_PATIENCE):
            for said in (await self._api.messages(self._room))["chunk"]:
                if said["sender"] == BOT and fits(said):
                    found: Mapping[str, Any] = said
                    return found
            await asyncio.sleep(0.5)
        raise NoAnswer
