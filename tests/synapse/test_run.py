"""`kunveno run` as a process of its own, on a real homeserver: what it follows, what it survives, how it ends."""

from __future__ import annotations

import asyncio
import json
import secrets
import signal
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from sqlalchemy import text

from bridge.matrix.api import Credentials, MatrixApi
from bridge.matrix.registration import Registration
from bridge.matrix.rooms import Origin, known_rooms, remember
from bridge.mirror.mirror import LOCK
from bridge.mirror.tables import asked
from bridge.places import BranchRoom
from ground import locks
from kunveno.demo.synapse import EmbeddedSynapse
from party.operations.mandates import GiveMandate
from party.policy import PartyPolicy
from tests.support.installation import Installation, Running, install, until
from tests.support.mirror import Truth
from tests.support.people import NewMember
from tests.support.register import Branches, Grown, do, grow

NewHouse = Callable[..., Installation]


@pytest.fixture
def house(tmp_path: Path, synapse: EmbeddedSynapse, registration_file: Path) -> NewHouse:
    """Makes installations of the application service, each with a bot of its own."""

    def make(name: str = "house", **options: Any) -> Installation:
        user_id = f"@kunveno-{secrets.token_hex(5)}:{synapse.server_name}"
        homeserver = {
            "url": synapse.url,
            "server_name": synapse.server_name,
            "user_id": user_id,
            "registration": str(registration_file),
        }
        return install(tmp_path / name, {**homeserver, **options.pop("homeserver", {})}, **options)

    return make


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with an account, as they see the homeserver."""

    user_id: str
    api: MatrixApi


async def planted(house: Installation, tree: Branches, *people: Person) -> tuple[Grown, PartyPolicy]:
    """Plant branches; `people` are members of the first, by the numbers 1, 2 …"""
    home = next(iter(tree))
    async with house.app() as app:
        policy = app.config.party()
        return await grow(
            app.database,
            tree,
            members={str(number): home for number, _ in enumerate(people, 1)},
            accounts={person.user_id: str(number) for number, person in enumerate(people, 1)},
            policy=policy,
            at=app.clock.now(),
        ), policy


async def room(house: Installation, branch_id: str, key: str) -> str:
    """The room of a place, as soon as there is one."""
    async with house.app() as app:

        async def look() -> str | None:
            known = (await app.database.read(known_rooms)).get(BranchRoom(branch_id, key))
            return known.room_id if known is not None else None

        return str(await until(look))


async def name_is(truth: Truth, room_id: str, name: str) -> None:
    async def look() -> bool:
        return (await truth.state(room_id)).name == name

    await until(look)


async def health(house: Installation, http: aiohttp.ClientSession) -> tuple[int, dict[str, Any]] | None:
    try:
        async with http.get(house.health) as response:
            return response.status, await response.json()
    except aiohttp.ClientConnectionError:
        return None


async def well(house: Installation, http: aiohttp.ClientSession) -> dict[str, Any]:
    """What the page says once all is well."""

    async def look() -> dict[str, Any] | None:
        answer = await health(house, http)
        return answer[1] if answer is not None and answer[0] == 200 else None

    return await until(look) or {}


async def end(running: Running) -> None:
    running.process.send_signal(signal.SIGTERM)
    try:
        assert await running.ended(seconds=5) == 0, running.lines
    except TimeoutError as error:
        raise TimeoutError("\n".join(running.lines)) from error
    assert running.lines[-1] == "Stopped."


@pytest.fixture
def new_person(new_member: NewMember) -> Callable[[], Any]:
    async def make() -> Person:
        return Person(*await new_member())

    return make


async def test_it_applies_at_the_start_and_follows_the_register(
    house: NewHouse, truth: Truth, http: aiohttp.ClientSession
) -> None:
    home = house()
    grown, _ = await planted(home, {"france": {"bretagne": {}}})
    async with home.start("run") as running:
        answer = await well(home, http)
        assert (answer["status"], answer["mirror"], answer["failed_steps"]) == ("ok", "applied", 0)
        space = await room(home, grown.branches["bretagne"], "space")
        await name_is(truth, space, "Bretagne")
        status, said = await home.call("branch", "rename", "bretagne", "Breizh")
        assert status == 0, said
        await name_is(truth, space, "Breizh")
        await name_is(truth, await room(home, grown.branches["bretagne"], "discussion"), "Discussion – Breizh")
        await end(running)


async def test_a_mandate_that_ends_takes_its_power_away(
    house: NewHouse, truth: Truth, http: aiohttp.ClientSession, new_person: Callable[[], Any]
) -> None:
    home, anna = house(), await new_person()
    grown, policy = await planted(home, {"france": {}}, anna)
    async with home.start("run") as running:
        await well(home, http)
        space = await room(home, grown.branches["france"], "space")

        async def power() -> int:
            return (await truth.state(space)).powers.get(anna.user_id, 0)

        async with home.app() as app:
            now = app.clock.now()
            give = GiveMandate(
                grown.members["1"], "secretary", grown.branches["france"], now, now + timedelta(seconds=12)
            )
            await do(app.database, give, policy=policy, at=now)

        async def has_power() -> bool:
            return await power() == 60

        async def has_none() -> bool:
            return await power() == 0

        await until(has_power, seconds=12)
        await until(has_none)
        await end(running)


async def test_what_a_powerful_account_changes_by_hand_is_put_back(
    house: NewHouse, truth: Truth, http: aiohttp.ClientSession, new_person: Callable[[], Any]
) -> None:
    home, anna, bob = house(), await new_person(), await new_person()
    grown, policy = await planted(home, {"france": {}}, anna, bob)
    async with home.app() as app:
        give = GiveMandate(grown.members["1"], "secretary", grown.branches["france"])
        await do(app.database, give, policy=policy, at=app.clock.now())
        # A space that was there before, in which Anna stands as high as the bot.
        space = await anna.api.create_room(
            {
                "name": "Old name",
                "room_version": "11",
                "creation_content": {"type": "m.space"},
                "power_level_content_override": {"users": {anna.user_id: 100, app.config.homeserver.user_id: 100}},
                "invite": [],
            }
        )
        status, said = await home.call("plan")
        assert status == 0, said
        await anna.api.invite(space, app.config.homeserver.user_id)
    status, said = await home.call("link", "france", space, "--yes")
    assert status == 0, said
    async with home.start("run") as running:
        await well(home, http)
        await name_is(truth, space, "France")
        await anna.api.put_state(space, "m.room.name", {"name": "Anna's own"})

        async def renamed_back() -> bool:
            return (await truth.state(space)).name == "France"

        await until(renamed_back)
        discussion = await room(home, grown.branches["france"], "discussion")
        for person in (anna, bob):
            await person.api.join(discussion)
        await anna.api.remove(discussion, bob.user_id)

        async def invited_again() -> bool:
            return bob.user_id in (await truth.state(discussion)).with_membership("invite")

        await until(invited_again)
        await end(running)


async def test_apply_beside_it_is_answered_by_it(house: NewHouse, http: aiohttp.ClientSession) -> None:
    home = house()
    await planted(home, {"france": {}})
    async with home.start("run") as running:
        await well(home, http)
        status, said = await home.call("apply", "--json", seconds=20)
        assert status == 0, said
        note, answer = said.split("\n", 1)
        assert "was asked to do this" in note
        assert json.loads(answer) == {"done": 0, "failed": []}
        await end(running)


async def test_apply_does_it_itself_when_the_other_is_gone(house: NewHouse) -> None:
    home = house()
    await planted(home, {"france": {}})
    async with home.app() as app, AsyncExitStack() as stack:
        await stack.enter_async_context(locks.hold(app.database, LOCK))
        async with home.start("apply") as asking:
            await asking.said("was asked to do this")
            await stack.aclose()
            assert await asking.ended() == 0, asking.lines
        assert asking.lines[-1] == "7 steps done."
        assert await app.database.read(asked) == []


async def test_a_second_one_takes_over_when_the_first_is_killed(
    house: NewHouse, truth: Truth, http: aiohttp.ClientSession, database_url: str
) -> None:
    home = house(database_url=database_url)
    grown, _ = await planted(home, {"france": {}})
    async with home.start("run") as first:
        await well(home, http)
        async with home.start("run") as second:
            await second.said("Standing by.")
            first.process.kill()
            await first.ended()
            await second.said("Running.")
            await well(home, http)
            await home.call("branch", "rename", "france", "Gaule")
            await name_is(truth, await room(home, grown.branches["france"], "space"), "Gaule")
            await end(second)


async def test_who_stands_by_can_be_stopped(house: NewHouse, http: aiohttp.ClientSession) -> None:
    home = house()
    await planted(home, {"france": {}})
    async with home.start("run") as first, home.start("run") as second:
        standing = await until(partial(_standing_by, first, second))
        assert standing is not None
        await end(standing)
        await end(first if standing is second else second)


async def _standing_by(*both: Running) -> Running | None:
    return next((one for one in both if any("Standing by." in line for line in one.lines)), None)


async def test_a_database_that_goes_away_is_come_back_to(
    house: NewHouse, truth: Truth, http: aiohttp.ClientSession, postgres: Any
) -> None:
    with postgres.database() as url:
        home = house(database_url=url)
        grown, _ = await planted(home, {"france": {}})
        async with home.start("run") as running:
            await well(home, http)
            async with home.app() as app:
                cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() "
                await app.database.read(lambda session: session.execute(text(cut + "AND pid <> pg_backend_pid()")))
            await running.said("The database cannot be used for now")
            await home.call("branch", "rename", "france", "Gaule")
            await name_is(truth, await room(home, grown.branches["france"], "space"), "Gaule")
            await end(running)


async def test_while_the_homeserver_is_away_it_is_not_well_and_can_be_stopped(
    house: NewHouse, http: aiohttp.ClientSession
) -> None:
    home = house(homeserver={"url": "http://127.0.0.1:9"})
    await planted(home, {"france": {}})
    async with home.start("run") as running:
        await running.said("Running.")
        answer = await health(home, http)
        assert answer is not None
        assert (answer[0], answer[1]["status"], answer[1]["mirror"]) == (503, "unwell", "not yet applied")
        await end(running)


async def test_a_token_that_the_homeserver_does_not_know_is_said(
    house: NewHouse, tmp_path: Path, registration_file: Path, registration: Registration
) -> None:
    other = tmp_path / "other.yaml"
    other.write_text(registration_file.read_text("utf-8").replace(registration.as_token, "f" * 64), "utf-8")  # noqa: ASYNC240
    home = house(homeserver={"registration": str(other)})
    await planted(home, {"france": {}})
    status, said = await home.call("run")
    assert status == 5
    assert "the homeserver does not know the registration" in said
    assert "Traceback" not in said


async def test_a_taken_port_is_said(house: NewHouse) -> None:
    home = house()
    await planted(home, {"france": {}})
    server = await asyncio.start_server(lambda *_: None, "127.0.0.1", home.port)
    async with server:
        status, said = await home.call("run")
    assert status == 1
    assert "address already in use" in said
    assert "Traceback" not in said


async def test_people_who_come_in_are_no_reason_to_look_again_and_again(
    house: NewHouse, http: aiohttp.ClientSession, new_person: Callable[[], Any]
) -> None:
    home = house()
    people = [await new_person() for _ in range(6)]
    grown, _ = await planted(home, {"france": {}}, *people)
    async with home.start("run") as running:
        before = (await well(home, http))["last_round"]
        space = await room(home, grown.branches["france"], "space")
        for person in people:
            await person.api.join(space)
            answer = await health(home, http)
            assert answer is not None
            assert answer[1]["last_round"] == before
        await end(running)


async def test_a_restored_register_knows_its_rooms(
    house: NewHouse, synapse: EmbeddedSynapse, registration: Registration, http: aiohttp.ClientSession, tmp_path: Path
) -> None:
    home = house()
    grown, _ = await planted(home, {"france": {"bretagne": {}}})
    status, said = await home.call("apply")
    assert status == 0, said
    status, said = await home.call("backup", str(tmp_path / "backup.tar.gz"))
    assert status == 0, said
    async with home.app() as app:
        user_id = app.config.homeserver.user_id
        # What the backup must bring back, since Matrix does not: which rooms are whose.
        await app.database.write(
            lambda session: remember(session, BranchRoom(grown.branches["france"], "space"), "!other", Origin.CREATED)
        )
    other = Installation(tmp_path / "other place", home.port)
    other.folder.mkdir()
    status, said = await other.call("restore", str(tmp_path / "backup.tar.gz"))
    assert status == 0, said
    status, said = await other.call("plan")
    assert (status, said) == (0, "Nothing to do: 8 rooms and spaces are as the register says.")
    bot = MatrixApi(synapse.url, Credentials(registration.as_token, user_id, "KUNVENO", True), session=http)
    rooms = await bot.joined_rooms()
    status, said = await other.call("apply")
    assert status == 0, said
    assert sorted(await bot.joined_rooms()) == sorted(rooms)
    assert len(rooms) == 8
