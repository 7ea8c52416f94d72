"""Nothing is lost and nothing is done twice: commands in bursts, a program killed at random, a network gone mad.

KUNVENO_COMMANDS, KUNVENO_KILLS and KUNVENO_MINUTES say how much (on PostgreSQL a quarter), KUNVENO_SEED repeats a run.
"""

from __future__ import annotations

import asyncio
import os
import random
import secrets
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import pytest

from bridge.matrix.api import Credentials, MatrixApi
from bridge.matrix.content import Json
from bridge.matrix.rooms import known_rooms
from bridge.places import BranchRoom
from kunveno.demo.synapse import EmbeddedSynapse
from tests.support import counting
from tests.support.encrypted import EncryptedMember
from tests.support.installation import Installation, Running, install, until
from tests.support.register import grow
from tests.support.trouble import TroubleProxy

COMMANDS = int(os.environ.get("KUNVENO_COMMANDS", "500"))
KILLS = int(os.environ.get("KUNVENO_KILLS", "20"))
MINUTES = float(os.environ.get("KUNVENO_MINUTES", "2"))
SEED = int(os.environ.get("KUNVENO_SEED", "0")) or random.SystemRandom().randrange(1, 10**9)
MEMBERS = 5
ROOMS = {"plain-1": False, "plain-2": False, "plain-3": False, "secret-1": True, "secret-2": True}
"""Kinds of rooms, and whether they are encrypted."""
PATIENCE = float(os.environ.get("KUNVENO_PATIENCE", "120"))
"""Seconds until every command must have been answered once nothing is in the way any more."""


@dataclass(slots=True)
class House:
    """An installation with its rooms, its members in them, and what they have sent."""

    installation: Installation
    bot: str
    rooms: dict[str, str]
    members: list[EncryptedMember]
    reader: MatrixApi
    """The homeserver as a member sees it."""
    sent: list[tuple[str, str, str]] = field(default_factory=list)
    """Event, account and word, in the order of sending per account."""

    def program(self) -> AbstractAsyncContextManager[Running]:
        """The program with the counting bot, as a process of its own."""
        return self.installation.start_module("tests.support.counting", str(self.installation.config))

    async def hears(self) -> None:
        """Wait until the program has heard all that happened before it started."""

        async def look() -> bool:
            try:
                async with aiohttp.ClientSession() as http, http.get(self.installation.health) as answer:
                    return bool((await answer.json()).get("messages") == "heard")
            except aiohttp.ClientConnectionError:
                return False

        await until(look)

    async def send(self, number: int, words: Sequence[str], chance: random.Random) -> None:
        """Have a member send commands one after another, each in some room."""
        member = self.members[number]
        for word in words:
            key = chance.choice(list(ROOMS))
            event = await member.say(self.rooms[key], f"!count {word}")
            self.sent.append((event, member.user_id, word))

    async def send_all(self, commands: int, chance: random.Random) -> None:
        """Have all members send at the same time."""
        per_member = [[f"m{member}-{number}" for number in range(commands // MEMBERS)] for member in range(MEMBERS)]
        await asyncio.gather(*(self.send(number, words, chance) for number, words in enumerate(per_member)))

    async def answers(self) -> Counter[str]:
        """How many answers of the bot each event has, as a member's homeserver tells."""
        answers: Counter[str] = Counter()
        for room in self.rooms.values():
            for event in await everything(self.reader, room):
                if event["sender"] == self.bot and event["type"] in {"m.room.message", "m.room.encrypted"}:
                    relation = event["content"].get("m.relates_to", {})
                    answers[relation.get("m.in_reply_to", {}).get("event_id", "")] += 1
        return answers

    async def check(self, running: Running) -> None:
        """Every command had one effect and one answer, in order per person."""
        try:
            await self._check()
        except TimeoutError as error:
            raise TimeoutError("\n".join(running.lines)) from error

    async def _check(self) -> None:
        async with self.installation.app() as app:

            async def effects() -> bool:
                return len(await counting.counted(app.database)) >= len(self.sent)

            await until(effects, seconds=PATIENCE)

            async def answered() -> bool:
                return not {event for event, _, _ in self.sent} - set(await self.answers())

            await until(answered, seconds=PATIENCE)
            counted = await counting.counted(app.database)
        assert counting.twice([event for event, _, _ in counted]) == []
        assert set(counted) == set(self.sent)
        for member in self.members:
            own = [word for _, account, word in counted if account == member.user_id]
            assert own == [word for _, account, word in self.sent if account == member.user_id]
        answers = await self.answers()
        assert {event: answers[event] for event, _, _ in self.sent if answers[event] != 1} == {}


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


NewHouse = Callable[..., AbstractAsyncContextManager[House]]


@pytest.fixture
def house(
    tmp_path: Path,
    synapse: EmbeddedSynapse,
    registration_file: Path,
    database_url: str,
) -> NewHouse:
    """Makes a house whose members are in all its rooms."""

    @asynccontextmanager
    async def make(url: str | None = None) -> AsyncIterator[House]:
        bot = f"@kunveno-{secrets.token_hex(5)}:{synapse.server_name}"
        kinds = {
            key: {"name": {"en": f"{key} {{branch}}"}, "who": "members", "encrypted": encrypted}
            for key, encrypted in ROOMS.items()
        }
        homeserver = {
            "url": url or synapse.url,
            "server_name": synapse.server_name,
            "user_id": bot,
            "registration": str(registration_file),
        }
        installation = install(
            tmp_path / "house",
            homeserver,
            database_url=database_url.replace("+aiosqlite", "").replace("+asyncpg", ""),
            mirror={"rooms": kinds},
            bots={"burst": 10_000, "per_minute": 60_000},
        )
        async with AsyncExitStack() as stack, installation.app() as app:
            members = [
                await stack.enter_async_context(EncryptedMember.start(synapse, tmp_path / f"member-{number}"))
                for number in range(MEMBERS)
            ]
            grown = await grow(
                app.database,
                {"france": {}},
                members={str(number): "france" for number, _ in enumerate(members)},
                accounts={member.user_id: str(number) for number, member in enumerate(members)},
                policy=app.config.party(),
                at=app.clock.now(),
            )
            await counting.make_table(app.database)
            status, said = await installation.call("apply")
            assert status == 0, said
            known = await app.database.read(known_rooms)
            rooms = {key: str(known[BranchRoom(grown.branches["france"], key)].room_id) for key in ROOMS}
            for member in members:
                for room in rooms.values():
                    await member.join(room)
            reader = Credentials(members[0].client.access_token, members[0].user_id, None, application_service=False)
            api = await stack.enter_async_context(MatrixApi.connect(synapse.url, reader))
            yield House(installation, bot, rooms, members, api)

    return make


async def test_killed_at_random_moments(house: NewHouse, database_url: str) -> None:
    chance = random.Random(SEED)  # noqa: S311 - chooses when to kill
    share = 1 if database_url.startswith("sqlite") else 4
    commands, kills = COMMANDS // share, KILLS // share
    async with house() as lively:
        async with lively.program():
            await lively.hears()
        began = time.monotonic()
        sending = asyncio.create_task(lively.send_all(commands, chance))
        for number in range(kills):
            async with lively.program() as running:
                await running.said("Running")
                await asyncio.sleep(chance.uniform(0, 4))
                running.process.send_signal(signal.SIGKILL)
                await running.ended()
            print(f"seed {SEED}: kill {number + 1} at {time.monotonic() - began:.1f} s, {len(lively.sent)} sent")
        await sending
        async with lively.program() as running:
            await lively.check(running)
        print(f"{len(lively.sent)} commands, {kills} kills, {time.monotonic() - began:.0f} s")


async def test_bursts_while_nothing_runs(house: NewHouse) -> None:
    chance = random.Random(SEED)  # noqa: S311 - chooses rooms
    async with house() as quiet:
        async with quiet.program():
            await quiet.hears()
        await quiet.send_all(COMMANDS * 3 // 5, chance)
        async with quiet.program() as running:
            await quiet.check(running)


async def test_a_network_gone_mad(house: NewHouse, synapse: EmbeddedSynapse, database_url: str) -> None:
    chance = random.Random(SEED)  # noqa: S311 - chooses what goes wrong
    minutes = MINUTES if database_url.startswith("sqlite") else MINUTES / 4
    async with (
        TroubleProxy.between(synapse.url, chance) as proxy,
        house(proxy.url) as shaken,
        shaken.program() as running,
    ):
        await shaken.hears()
        proxy.troubled = True
        ends = time.monotonic() + minutes * 60
        round_ = 0
        while time.monotonic() < ends:
            round_ += 1
            words = [[f"m{member}-{round_}-{number}" for number in range(4)] for member in range(MEMBERS)]
            await asyncio.gather(*(shaken.send(number, some, chance) for number, some in enumerate(words)))
            await asyncio.sleep(chance.uniform(0, 2))
        proxy.troubled = False
        print(f"seed {SEED}: {len(shaken.sent)} commands; {dict(proxy.did)}")
        assert min(proxy.did[kind] for kind in ("limited", "bad_gateway", "dropped", "doubled", "late")) > 0
        await shaken.check(running)
