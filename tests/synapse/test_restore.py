"""A backup taken while the bot works, restored elsewhere: a new device that members trust, and nothing done twice."""

from __future__ import annotations

import re
import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import aiohttp
import pytest
import yaml
from aiohttp import web

from bridge.letters import outbox
from kunveno.demo.synapse import EmbeddedSynapse
from tests.support import counting
from tests.support.encrypted import EncryptedMember
from tests.support.faults import Fault, FaultProxy, Reply
from tests.support.house import House, build, everything
from tests.support.installation import Installation, Running, until

ROOMS = {"plain": False, "secret": True}


class Gate(FaultProxy):
    """Lets nothing be said in rooms that are shut."""

    shut: frozenset[str] = frozenset()

    async def before(self, request: web.Request) -> Fault | None:
        if "/send/" in request.path and any(room in unquote(request.path) for room in self.shut):
            return Reply(502)
        return await super().before(request)


@pytest.fixture
async def gate(synapse: EmbeddedSynapse) -> AsyncIterator[Gate]:
    async with Gate.start(synapse.url) as gate:
        assert isinstance(gate, Gate)
        yield gate


@pytest.fixture
async def house(
    gate: Gate, synapse: EmbeddedSynapse, registration_file: Path, database_url: str, tmp_path: Path
) -> AsyncIterator[House]:
    """Two rooms, one of them encrypted, and one member; the program finds the homeserver behind the gate."""
    async with build(synapse, registration_file, database_url, tmp_path, url=gate.url, rooms=ROOMS, members=1) as house:
        yield house


@pytest.fixture
def other(house: House, tmp_path: Path, database_url: str, request: pytest.FixtureRequest) -> Iterator[Elsewhere]:
    """Another machine, with an empty database of the same sort."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    config = yaml.safe_load(house.installation.config.read_text("utf-8"))
    if database_url.startswith("sqlite"):
        yield _elsewhere(folder, config, "sqlite:///kunveno.db", house)
        return
    with request.getfixturevalue("postgres").database() as url:
        yield _elsewhere(folder, config, url, house)


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """An installation that is not there yet but for its configuration."""

    installation: Installation

    def program(self) -> AbstractAsyncContextManager[Running]:
        return self.installation.start_module("tests.support.counting", str(self.installation.config))

    async def hears(self, running: Running) -> None:
        async def look() -> bool:
            try:
                async with aiohttp.ClientSession() as http, http.get(self.installation.health) as answer:
                    said = await answer.json()
                    return bool(said.get("messages") == "heard" and said.get("device") == "signed")
            except aiohttp.ClientConnectionError:
                return False

        try:
            await until(look)
        except TimeoutError as error:
            raise TimeoutError("\n".join(running.lines)) from error


def _elsewhere(folder: Path, config: dict[str, Any], url: str, house: House) -> Elsewhere:
    config["database"]["url"] = url.replace("+asyncpg", "")
    installation = Installation(folder, house.installation.port)
    installation.config.write_text(yaml.safe_dump(config), "utf-8")
    return Elsewhere(installation)


async def count(member: EncryptedMember, room: str, word: str) -> str:
    """Send a command; returns its event."""
    return await member.say(room, f"!count {word}")


async def answers(house: House, room: str, event: str) -> int:
    """How often the bot answered an event."""
    said = [
        one["content"].get("m.relates_to", {}).get("m.in_reply_to", {}).get("event_id")
        for one in await everything(house.reader, room)
        if one["sender"] == house.bot and one["type"] in {"m.room.message", "m.room.encrypted"}
    ]
    return said.count(event)


async def done(house: House, word: str) -> bool:
    return word in [counted for _, _, counted in await counting.counted(house.app.database)]


async def waiting(house: House) -> int:
    return (await house.app.database.read(outbox.counts)).waiting


async def ok(installation: Installation, *words: str) -> str:
    status, said = await installation.call(*words)
    assert status == 0, said
    return said


def signed(said: str) -> tuple[str, str]:
    """The device and the identity that a check names."""
    found = re.search(r"the device (\S+) is signed by the account's identity (\S+)", said)
    assert found, said
    return found[1], found[2]


async def test_elsewhere_it_is_a_new_device_and_does_nothing_twice(
    house: House, other: Elsewhere, gate: Gate, tmp_path: Path
) -> None:
    member, plain, secret = house.members[0], house.rooms["plain"], house.rooms["secret"]
    archive = tmp_path / f"{secrets.token_hex(4)}.tar.gz"
    async with house.program() as running:
        await house.hears(running)
        first = await count(member, secret, "first")
        assert (await member.read(secret, house.bot, "Counted first")).encrypted
        gate.shut = frozenset({plain, secret})
        waits = {room: await count(member, room, f"waits-{number}") for number, room in enumerate((plain, secret))}

        async def both_wait() -> bool:
            return await waiting(house) == 2

        await until(both_wait)
        await ok(house.installation, "backup", str(archive))
        gate.shut = frozenset({secret})
        await member.read(plain, house.bot, "Counted waits-0")
        since = await count(member, plain, "since")
        await member.read(plain, house.bot, "Counted since")
        before = signed(await ok(house.installation, "check"))
        running.process.kill()
        await running.ended()
    gate.shut = frozenset()
    missed = await count(member, secret, "missed")

    assert "2 letters had not gone out" in await ok(other.installation, "restore", str(archive))
    assert not (other.installation.folder / "crypto").exists()
    assert (await ok(other.installation, "plan")).startswith("Nothing to do")
    async with other.installation.app() as app, other.program() as running:
        await counting.make_table(app.database)
        await other.hears(running)
        after = signed(await ok(other.installation, "check"))
        assert before[0] != after[0]
        assert before[1] == after[1]
        last = await count(member, secret, "last")
        assert (await member.read(secret, house.bot, "Counted last")).encrypted
        assert [word for _, _, word in await counting.counted(app.database)] == ["last"]

        held = (await ok(other.installation, "letter", "list")).splitlines()
        assert [line.partition(" to ")[2] for line in held] == ["france/plain", "france/secret"]
        assert "2 letters are held since a restore" in await ok(other.installation, "check")
        assert "Letters that will be sent: 2." in await ok(other.installation, "letter", "release", "--all")
        await member.read(secret, house.bot, "Counted waits-1")

        async def none_waits() -> bool:
            counts = await app.database.read(outbox.counts)
            return (counts.waiting, counts.held) == (0, 0)

        await until(none_waits)
        assert [word for _, _, word in await counting.counted(app.database)] == ["last"]
    for room, event, times in (
        (secret, first, 1), (plain, waits[plain], 1), (secret, waits[secret], 1), (plain, since, 1),
        (secret, missed, 0), (secret, last, 1),
    ):  # fmt: skip
        assert await answers(house, room, event) == times
