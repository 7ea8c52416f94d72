"""An installation whose members write in its rooms, and what must have come of it: one effect and one answer each."""

from __future__ import annotations

import asyncio
import random
import secrets
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import aiohttp

from bridge.letters import outbox
from bridge.matrix.api import Credentials, MatrixApi
from bridge.matrix.content import Json
from bridge.matrix.rooms import known_rooms
from bridge.places import BranchRoom
from kunveno.app import App
from kunveno.demo.synapse import EmbeddedSynapse
from tests.support import counting
from tests.support.encrypted import EncryptedMember
from tests.support.installation import Installation, Running, install, until
from tests.support.register import grow

ROOMS: Final = {"plain-1": False, "plain-2": False, "plain-3": False, "secret-1": True, "secret-2": True}
"""Kinds of rooms, and whether they are encrypted."""
_UNHURRIED: Final = {"burst": 10_000, "per_minute": 60_000}


@dataclass(frozen=True, slots=True)
class Command:
    """What a member sent: the event, the account, the room and the word that was to be counted."""

    event: str
    account: str
    room: str
    word: str


@dataclass(frozen=True, slots=True)
class Unfinished:
    """What a program left behind: commands without an effect, and letters that were not delivered."""

    commands: int
    letters: int


@dataclass(slots=True)
class House:
    """An installation, its rooms by kind, its members in them, and what they have sent, in the order of sending."""

    installation: Installation
    app: App
    bot: str
    rooms: dict[str, str]
    members: list[EncryptedMember]
    reader: MatrixApi
    """The homeserver as a member sees it."""
    sent: list[Command] = field(default_factory=list)

    def program(self) -> AbstractAsyncContextManager[Running]:
        """The program with the counting bot, as a process of its own."""
        return self.installation.start_module("tests.support.counting", str(self.installation.config))

    def suite(self) -> AbstractAsyncContextManager[Running]:
        """The program as it is installed, with all its bots."""
        return self.installation.start("run")

    async def hears(self, running: Running, *, seconds: float = 60.0) -> None:
        """Wait until the program has heard all that happened before it started."""

        async def look() -> bool:
            try:
                async with aiohttp.ClientSession() as http, http.get(self.installation.health) as answer:
                    return bool((await answer.json()).get("messages") == "heard")
            except aiohttp.ClientConnectionError:
                return False

        try:
            await until(look, seconds=seconds)
        except TimeoutError as error:
            raise TimeoutError("\n".join(running.lines)) from error

    async def send(self, commands: int, chance: random.Random, *, within: float = 0.0, busiest: int = 1) -> None:
        """Have all members send at once, each one command after another into rooms by chance, spread over `within`
        seconds. The first plain and the first encrypted room get `busiest` times as many as the others."""
        shares = [commands // len(self.members) + (n < commands % len(self.members)) for n in range(len(self.members))]
        weights = [busiest if key in {"plain-1", "secret-1"} else 1 for key in self.rooms]
        asked = [chance.choices(list(self.rooms.values()), weights, k=share) for share in shares]
        pauses = [[chance.uniform(0, 2 * within / max(share, 1)) for _ in range(share)] for share in shares]
        await asyncio.gather(*map(self._send, self.members, asked, pauses))

    async def _send(self, member: EncryptedMember, rooms: Sequence[str], pauses: Sequence[float]) -> None:
        for room, pause in zip(rooms, pauses, strict=True):
            await asyncio.sleep(pause)
            word = secrets.token_hex(4)
            self.sent.append(Command(await member.say(room, f"!count {word}"), member.user_id, room, word))

    async def unfinished(self) -> Unfinished:
        """How much there is still to do, which nobody does while no program runs."""
        done = len(await counting.counted(self.app.database))
        return Unfinished(len(self.sent) - done, (await self.app.database.read(outbox.counts)).waiting)

    async def check(self, running: Running, *, seconds: float) -> None:
        """Every command had one effect and one answer, in the order of sending per person, at the latest now."""

        async def finished() -> bool:
            return await self.unfinished() == Unfinished(0, 0)

        try:
            await until(finished, seconds=seconds)
        except TimeoutError as error:
            raise TimeoutError("\n".join([str(await self.unfinished()), *running.lines])) from error
        effects = await counting.counted(self.app.database)
        assert counting.twice([event for event, _, _ in effects]) == []
        assert set(effects) == {(command.event, command.account, command.word) for command in self.sent}
        answered = {room: await self._answered(room) for room in self.rooms.values()}
        for member in self.members:
            own = [command for command in self.sent if command.account == member.user_id]
            assert [word for _, account, word in effects if account == member.user_id] == [one.word for one in own]
            for room, events in answered.items():
                asked = [command.event for command in own if command.room == room]
                assert [event for event in events if event in set(asked)] == asked
        total = Counter(event for events in answered.values() for event in events)
        assert total == Counter(command.event for command in self.sent)

    async def _answered(self, room: str) -> list[str]:
        """The events that the bot answered, in the order of the answers, as a member's homeserver tells."""
        return [
            event["content"].get("m.relates_to", {}).get("m.in_reply_to", {}).get("event_id", "")
            for event in reversed(await everything(self.reader, room))
            if event["sender"] == self.bot and event["type"] in {"m.room.message", "m.room.encrypted"}
        ]


async def everything(api: MatrixApi, room: str) -> list[Json]:
    """All events of a room, newest first."""
    events: list[Json] = []
    start: str | None = None
    while True:
        page = await api.messages(room, start=start, limit=500)
        events += page["chunk"]
        start = page.get("end")
        if start is None or not page["chunk"]:
            return events


@asynccontextmanager
async def build(
    synapse: EmbeddedSynapse,
    registration: Path,
    database_url: str,
    folder: Path,
    *,
    url: str | None = None,
    rooms: Mapping[str, bool] = ROOMS,
    members: int = 5,
    votes: Mapping[str, Any] | None = None,
) -> AsyncIterator[House]:
    """A branch with rooms of these kinds, and members who have joined them. `url`: where the program finds Synapse.

    `votes`: that section of the configuration. The first member is the secretary.
    """
    bot = f"@kunveno-{secrets.token_hex(5)}:{synapse.server_name}"
    kinds: dict[str, Any] = {
        key: {"name": {"en": f"{key} {{branch}}"}, "who": "members", "encrypted": encrypted}
        for key, encrypted in rooms.items()
    }
    homeserver = {
        "url": url or synapse.url,
        "server_name": synapse.server_name,
        "user_id": bot,
        "registration": str(registration),
    }
    plain_url = database_url.replace("+aiosqlite", "").replace("+asyncpg", "")
    installation = install(
        folder / "house", homeserver, database_url=plain_url, mirror={"rooms": kinds}, bots=_UNHURRIED, votes=votes
    )
    async with AsyncExitStack() as stack, installation.app() as app:
        people = [
            await stack.enter_async_context(EncryptedMember.start(synapse, folder / f"member-{number}"))
            for number in range(members)
        ]
        grown = await grow(
            app.database,
            {"france": {}},
            members={str(number): "france" for number, _ in enumerate(people)},
            mandates=[("0", "secretary", "france")],
            accounts={member.user_id: str(number) for number, member in enumerate(people)},
            policy=app.config.party(),
            at=app.clock.now(),
        )
        await counting.make_table(app.database)
        status, said = await installation.call("apply", seconds=180)
        assert status == 0, said
        known = await app.database.read(known_rooms)
        ids = {key: str(known[BranchRoom(grown.branches["france"], key)].room_id) for key in rooms}
        await asyncio.gather(*(_enter(member, list(ids.values())) for member in people))
        reader = Credentials(people[0].client.access_token, people[0].user_id, None, application_service=False)
        api = await stack.enter_async_context(MatrixApi.connect(synapse.url, reader))
        yield House(installation, app, bot, ids, people, api)


async def _enter(member: EncryptedMember, rooms: Sequence[str]) -> None:
    for room in rooms:
        await member.join(room)
