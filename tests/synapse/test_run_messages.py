"""`kunveno run` and what members write: taken over, come back to, stopped, refused; and what is logged of it.

KUNVENO_STOPS says how often it is stopped at a random moment, KUNVENO_SEED repeats a run.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import secrets
import signal
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import yaml
from aiohttp import web

from kunveno.demo.synapse import EmbeddedSynapse
from party.branches import tree
from party.operations.branches import EditBranch
from tests.support.faults import Drop, Fault, FaultProxy
from tests.support.house import House, build, everything
from tests.support.installation import SOON, Installation, Running, install, until
from tests.support.register import do, grow

SECRET, PLAIN = {"secret": True}, {"plain": False}
STOPS = int(os.environ.get("KUNVENO_STOPS", "4"))
SEED = int(os.environ.get("KUNVENO_SEED", "0")) or random.SystemRandom().randrange(1, 10**9)
TAKEN_OVER = 10.0
"""Seconds within which a standby works; its own start was over before."""
NewHouse = Callable[..., AbstractAsyncContextManager[House]]


class Wire(FaultProxy):
    """The way to the homeserver, which can be cut."""

    cut = False
    lost = 0
    """Requests that met the cut."""

    async def before(self, request: web.Request) -> Fault | None:
        self.lost += self.cut
        return Drop() if self.cut else None


@pytest.fixture
def house(synapse: EmbeddedSynapse, registration_file: Path, database_url: str, tmp_path: Path) -> NewHouse:
    """Makes a house of one member."""

    def make(rooms: dict[str, bool], **options: Any) -> AbstractAsyncContextManager[House]:
        return build(synapse, registration_file, database_url, tmp_path, rooms=rooms, members=1, **options)

    return make


@pytest.fixture
def sqlite_only(database_url: str) -> None:
    """For what has nothing to do with databases."""
    if not database_url.startswith("sqlite"):
        pytest.skip("the same on every database")


async def answered(house: House, room: str, event: str, *, seconds: float = SOON) -> None:
    """Wait until the bot has answered an event, and see that it did so once."""

    async def look() -> bool:
        return await _answers(house, room, event) > 0

    await until(look, seconds=seconds)
    assert await _answers(house, room, event) == 1


async def _answers(house: House, room: str, event: str) -> int:
    return sum(
        one["sender"] == house.bot
        and one["content"].get("m.relates_to", {}).get("m.in_reply_to", {}).get("event_id") == event
        for one in await everything(house.reader, room)
    )


async def health(installation: Installation) -> dict[str, Any]:
    try:
        async with aiohttp.ClientSession() as http, http.get(installation.health) as answer:
            return dict(await answer.json())
    except aiohttp.ClientConnectionError:
        return {}


async def stop(running: Running) -> None:
    running.process.send_signal(signal.SIGTERM)
    try:
        assert await running.ended(seconds=5) == 0, running.lines
    except TimeoutError as error:
        raise TimeoutError("\n".join(running.lines)) from error


async def test_a_standby_answers_once_the_first_is_killed(house: NewHouse) -> None:
    async with house(SECRET) as home:
        member, room, program = home.members[0], home.rooms["secret"], home.installation.start
        async with program("run") as first:
            await home.hears(first)
            async with program("run") as second:
                await second.said("Standing by.")
                await answered(home, room, await member.say(room, "!branch"))
                first.process.kill()
                killed = time.monotonic()
                event = await member.say(room, "!branch")
                await second.said("Running.")
                assert time.monotonic() - killed < TAKEN_OVER
                await answered(home, room, event)
                assert (await member.read(room, home.bot, "France")).encrypted
                await stop(second)


async def test_it_may_be_stopped_amid_commands(house: NewHouse) -> None:
    async with house(PLAIN) as home:
        async with home.program() as running:
            await home.hears(running)
            sending = asyncio.create_task(home.send(40, random.Random(7), within=4.0))  # noqa: S311 - chooses rooms
            await until(partial(_some_done, home))
            await stop(running)
            assert running.lines[-1] == "Stopped."
        await sending
        async with home.program() as running:
            await home.check(running, seconds=60)


async def test_it_stops_at_any_moment(house: NewHouse) -> None:
    chance = random.Random(SEED)  # noqa: S311 - chooses when to stop
    async with house(PLAIN) as home:
        branches = await home.app.database.read(tree)
        (branch,) = branches
        for number in range(STOPS):
            async with home.installation.start("run") as running:
                await running.said("Running.")
                rename = EditBranch(branch.id, f"France {number}", None, None, None)
                await do(home.app.database, rename, policy=home.app.config.party(), at=home.app.clock.now())
                await home.members[0].say(home.rooms["plain"], "!branch")
                await asyncio.sleep(chance.uniform(0, 3))
                await stop(running)


async def _some_done(home: House) -> bool:
    return len(home.sent) > (await home.unfinished()).commands + 3


@pytest.mark.usefixtures("sqlite_only")
async def test_a_homeserver_that_goes_away_is_come_back_to(house: NewHouse, synapse: EmbeddedSynapse) -> None:
    async with Wire.start(synapse.url) as wire, house(SECRET, url=wire.url) as home:
        assert isinstance(wire, Wire)
        member, room, installation = home.members[0], home.rooms["secret"], home.installation
        wire.cut = True
        early = await member.say(room, "!branch")
        async with installation.start("run") as running:
            await running.said("Running.")
            assert (await health(installation))["mirror"] == "not yet applied"
            wire.cut = False
            await home.hears(running)
            now = await member.say(room, "!branch")
            await answered(home, room, now)
            before, wire.cut = wire.lost, True
            away = await member.say(room, "!branch")

            async def missed() -> bool:
                return wire.lost > before + 2

            await until(missed)
            wire.cut = False
            await answered(home, room, away, seconds=60)
            wire.cut = True
            await stop(running)
            wire.cut = False
        # What was written before the account had ever listened is not for it.
        assert await _answers(home, room, early) == 0


@asynccontextmanager
async def plain(synapse: EmbeddedSynapse, folder: Path) -> AsyncIterator[tuple[Installation, str]]:
    """An installation on an account like any other, and the account's token."""
    localpart, password = f"plain-{secrets.token_hex(5)}", secrets.token_hex(8)
    await synapse.register_user(localpart, password)
    credentials = await synapse.login(localpart, password)
    installation = install(
        folder,
        {
            "url": synapse.url, "server_name": synapse.server_name, "account": "account",
            "user_id": credentials.user_id, "token_file": "token",
        },
    )  # fmt: skip
    token = folder / "token"
    token.write_text(credentials.token, "utf-8")
    token.chmod(0o600)
    async with installation.app() as app:
        await grow(app.database, {"france": {}}, policy=app.config.party(), at=app.clock.now())
    yield installation, credentials.token


async def test_a_token_that_is_not_valid_any_more_ends_it(
    synapse: EmbeddedSynapse, tmp_path: Path, http: aiohttp.ClientSession
) -> None:
    async with plain(synapse, tmp_path / "plain") as (installation, token):
        async with installation.start("run") as running:

            async def heard() -> bool:
                return (await health(installation)).get("messages") == "heard"

            await until(heard)
            headers = {"Authorization": f"Bearer {token}"}
            async with http.post(f"{synapse.url}/_matrix/client/v3/logout", headers=headers, json={}) as answer:
                assert answer.status == 200
            assert await running.ended(seconds=60) == 5, running.lines
        said = "\n".join(running.lines)
        assert "the homeserver does not accept the account's token any more" in said
        assert "Traceback" not in said
        assert token not in said
        status, said = await installation.call("run")
        assert status == 5
        assert "the homeserver refuses the token in" in said


@pytest.mark.usefixtures("sqlite_only")
async def test_nobody_and_nothing_that_was_said_is_in_the_log(house: NewHouse, tmp_path: Path) -> None:
    async with house(SECRET) as home:
        config = yaml.safe_load(home.installation.config.read_text("utf-8"))
        config["log"] = {"format": "json", "level": "debug"}
        home.installation.config.write_text(yaml.safe_dump(config), "utf-8")
        member, room = home.members[0], home.rooms["secret"]
        async with home.installation.start("run") as running:
            await home.hears(running)
            lines = ("!branch Zinnober", "!Zinnober", "!member find Zinnober", "just Zinnober", "!help")
            events = [await member.say(room, line) for line in lines]
            await answered(home, room, events[-1])
            async with aiohttp.ClientSession() as http:
                url = home.installation.health.replace("/health", "/metrics")

                async def counted() -> str:
                    async with http.get(url) as answer:
                        page = await answer.text()
                    return page if 'kunveno_commands_total{command="help",outcome="done"} 1.0' in page else ""

                metrics = await until(counted)
            for line in (
                "kunveno_device_signed 1.0",
                'kunveno_arrivals_total{kind="message"} 5.0',
                "kunveno_set_aside 0.0",
            ):
                assert line in metrics.splitlines()
            await stop(running)
        said = [json.loads(line) for line in running.lines]
        assert said[-1]["message"] == "Stopped."
        for page in ("\n".join(running.lines), metrics):
            for private in ("Zinnober", member.user_id, member.user_id[1:].partition(":")[0]):
                assert private not in page


@pytest.mark.usefixtures("sqlite_only")
async def test_two_programs_are_never_one_device(house: NewHouse) -> None:
    """Another database does not help: the folder of the keys has one user."""
    async with house(PLAIN) as home, home.installation.start("run") as first:
        await home.hears(first)
        config = yaml.safe_load(home.installation.config.read_text("utf-8"))
        other = install(home.installation.folder / "other", config["homeserver"])
        moved = yaml.safe_load(other.config.read_text("utf-8"))
        moved["homeserver"]["crypto"] = str(home.installation.folder / "crypto")
        other.config.write_text(yaml.safe_dump(moved), "utf-8")
        async with other.app() as app:
            await grow(app.database, {"france": {}}, policy=app.config.party(), at=app.clock.now())
        async with other.start("run") as second:
            await second.said("crypto. Standing by.")
            await stop(second)
        await stop(first)
