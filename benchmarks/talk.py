"""Members who talk with two bots on one Synapse: the program, and a bare nio bot, each in rooms of its own."""

from __future__ import annotations

import asyncio
import secrets
import signal
import sys
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from benchmarks.world import World, world
from bridge.matrix.api import MatrixApi
from tests.support.encrypted import EncryptedMember
from tests.support.house import House, build

ROOMS: Final = {"plain": False, "encrypted": True}
_PATIENCE: Final = 60.0
"""Seconds until an answer must have come."""
_BARE: Final = "bare"


@dataclass(frozen=True, slots=True)
class Side:
    """A bot that answers: its account, its process, and its rooms by kind."""

    name: str
    account: str
    process: asyncio.subprocess.Process
    rooms: Mapping[str, str]

    def freeze(self) -> None:
        """Let it do nothing until it is thawed."""
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self.process.send_signal(signal.SIGCONT)


@dataclass(frozen=True, slots=True)
class Talk:
    """The members, who are in all rooms; `apis` are other devices of theirs, past nio."""

    world: World
    house: House
    members: Sequence[EncryptedMember]
    apis: Sequence[MatrixApi]
    kunveno: Side
    bare: Side

    @property
    def sides(self) -> tuple[Side, Side]:
        return self.kunveno, self.bare


@asynccontextmanager
async def talk(members: int) -> AsyncIterator[Talk]:
    """Start Synapse and both bots, and wait until both listen."""
    async with AsyncExitStack() as stack:
        here = await stack.enter_async_context(world())
        database = f"sqlite:///{here.folder / 'kunveno.db'}"
        house = await stack.enter_async_context(
            build(here.synapse, here.folder / "registration.yaml", database, here.folder, rooms=ROOMS, members=members)
        )
        running = await stack.enter_async_context(house.program())
        await house.hears(running)
        apis = [
            await stack.enter_async_context(MatrixApi.connect(here.synapse.url, await member.another_token()))
            for member in house.members
        ]
        bare = await stack.enter_async_context(_bare(here, house.members))
        kunveno = Side("kunveno", house.bot, running.process, house.rooms)
        yield Talk(here, house, house.members, apis, kunveno, bare)


@asynccontextmanager
async def _bare(here: World, members: Sequence[EncryptedMember]) -> AsyncIterator[Side]:
    password, account = secrets.token_hex(8), f"@{_BARE}:{here.synapse.server_name}"
    await here.synapse.register_user(_BARE, password)
    first, *others = members
    rooms = {
        key: await first.create_room(account, *(member.user_id for member in others), encrypted=encrypted)
        for key, encrypted in ROOMS.items()
    }
    for member in others:
        for room in rooms.values():
            await member.join(room)
    folder = here.folder / _BARE
    await asyncio.to_thread(folder.mkdir)
    arguments = (here.synapse.url, _BARE, str(folder), *rooms.values())
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "benchmarks.echo", *arguments,
        cwd=Path(__file__).parents[1], stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        assert process.stdin is not None and process.stdout is not None  # noqa: S101 - asked for above
        process.stdin.write(f"{password}\n".encode())
        if await process.stdout.readline() != b"Ready\n":
            raise RuntimeError("the bare bot did not start")
        yield Side(_BARE, account, process, rooms)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


class Listener:
    """What comes into one room, as a member's homeserver tells it, past nio. Made by `begin`."""

    def __init__(self, api: MatrixApi, room: str, since: str) -> None:
        self._api = api
        self._filter = _only(room)
        self._room = room
        self._since = since

    @classmethod
    async def begin(cls, api: MatrixApi, room: str) -> Listener:
        answer = await api.sync(filter=_only(room) | {"presence": {"not_types": ["*", secrets.token_hex(8)]}})
        return cls(api, room, str(answer["next_batch"]))

    async def answer_to(self, event: str, sender: str) -> None:
        """Wait until `sender` answered an event. TimeoutError when that takes too long."""
        async with asyncio.timeout(_PATIENCE):
            while True:
                answer = await self._api.sync(filter=self._filter, since=self._since, timeout_ms=10_000)
                self._since = str(answer["next_batch"])
                timeline = answer.get("rooms", {}).get("join", {}).get(self._room, {}).get("timeline", {})
                if any(one["sender"] == sender and answered(one) == event for one in timeline.get("events", ())):
                    return


def answered(event: Mapping[str, Any]) -> str | None:
    """The event that an event answers; encrypted ones say it too."""
    relation = event["content"].get("m.relates_to", {})
    replied: str | None = relation.get("m.in_reply_to", {}).get("event_id")
    return replied


def _only(room: str) -> dict[str, Any]:
    nothing = {"not_types": ["*"]}
    return {
        "room": {"rooms": [room], "timeline": {"limit": 50}, "state": nothing, "ephemeral": nothing},
        "account_data": nothing,
        "presence": nothing,
    }


async def command(member: EncryptedMember, room: str, word: str) -> tuple[str, dict[str, Any]]:
    """A command as it is sent into a room: event type and content, encrypted where the room is."""
    content: dict[str, Any] = {"msgtype": "m.text", "body": f"!count {word}"}
    if not member.client.rooms[room].encrypted:
        return "m.room.message", content
    kind, encrypted = member.client.encrypt(room, "m.room.message", content)
    return str(kind), dict(encrypted)


async def round_trip(talk: Talk, listener: Listener, side: Side, kind: str) -> float:
    """Seconds from sending a command to seeing its answer."""
    room, member, api = side.rooms[kind], talk.members[0], talk.apis[0]
    event_type, content = await command(member, room, secrets.token_hex(4))
    begun = time.perf_counter()
    event = await api.send_message(room, event_type, content, secrets.token_hex(8))
    await listener.answer_to(event, side.account)
    return time.perf_counter() - begun
