"""One device that lasts, that clients trust, and that sends nothing in clear where it may not."""

from __future__ import annotations

import asyncio
import secrets
import stat
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest

from bridge.matrix.api import MatrixApi
from bridge.matrix.session import Session
from ground.clock import SystemClock
from ground.database import Database
from kunveno.demo.synapse import EmbeddedSynapse
from tests.support.encrypted import EncryptedMember
from tests.support.people import PATIENCE, NewBot
from tests.support.register import fresh

QUIET = {"room": {"timeline": {"limit": 20}}, "presence": {"not_types": ["*"]}}


@dataclass(frozen=True, slots=True)
class Home:
    """What outlives a session: the account, the folder, the database."""

    api: MatrixApi
    database: Database
    folder: Path

    @property
    def crypto(self) -> Path:
        return self.folder / "crypto"

    @property
    def signing_keys(self) -> Path:
        return self.folder / "signing-keys.json"

    def open(self, *, wait: bool = True) -> AbstractAsyncContextManager[Session]:
        return Session.open(
            self.api, self.database, SystemClock(), folder=self.crypto, signing_keys=self.signing_keys, wait=wait
        )


@pytest.fixture(params=["application service", "plain account"])
async def api(
    request: pytest.FixtureRequest, new_bot: NewBot, synapse: EmbeddedSynapse, http: aiohttp.ClientSession
) -> MatrixApi:
    """The bot's account, once as each kind."""
    if request.param == "application service":
        return await new_bot()
    localpart, password = f"plain-{secrets.token_hex(5)}", secrets.token_hex(8)
    await synapse.register_user(localpart, password)
    return MatrixApi(synapse.url, await synapse.login(localpart, password), session=http, patience=PATIENCE)


@pytest.fixture
async def home(api: MatrixApi, database_url: str, tmp_path: Path) -> AsyncIterator[Home]:
    async with Database.open(database_url) as database:
        await fresh(database)
        yield Home(api, database, tmp_path)


NewEncryptedMember = Callable[[], AbstractAsyncContextManager[EncryptedMember]]


@pytest.fixture
async def member(synapse: EmbeddedSynapse, tmp_path: Path) -> AsyncIterator[EncryptedMember]:
    async with EncryptedMember.start(synapse, tmp_path / "member") as member:
        yield member


@asynccontextmanager
async def listening(session: Session) -> AsyncIterator[None]:
    """Sync in the background, as the receiver does."""

    async def listen() -> None:
        since = None
        while True:
            answer = await session.api.sync(
                filter={**QUIET, "account_data": {"not_types": [secrets.token_hex(4)]}}, since=since,
                timeout_ms=0 if since is None else 5000,
            )  # fmt: skip
            await session.hear(answer)
            since = answer["next_batch"]
            session.ready.set()

    task = asyncio.create_task(listen())
    try:
        await session.ready.wait()
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


async def test_is_one_signed_device_over_restarts(home: Home) -> None:
    seen = set()
    for _ in range(3):
        async with home.open() as session:
            answer = await home.api.query_keys([home.api.user_id])
            device = answer["device_keys"][home.api.user_id][session.device_id]
            seen.add((session.device_id, device["keys"][f"ed25519:{session.device_id}"]))
            assert session.unsigned is None
            signer = next(iter(answer["self_signing_keys"][home.api.user_id]["keys"]))
            assert signer in device["signatures"][home.api.user_id]
    assert len(seen) == 1
    assert stat.S_IMODE(home.crypto.stat().st_mode) == 0o700
    files = [home.signing_keys, *home.crypto.iterdir()]
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}


async def test_answers_what_the_member_can_read(home: Home, member: EncryptedMember) -> None:
    room = await member.create_room(home.api.user_id)
    async with home.open() as session, listening(session):
        await home.api.join(room)
        await session.send(room, "m.room.message", {"msgtype": "m.notice", "body": "hello"}, secrets.token_hex(8))
        seen = await member.read(room, home.api.user_id, "hello")
        assert seen.encrypted
        async with member.another_device() as phone:
            await phone.sync()
            await session.send(room, "m.room.message", {"msgtype": "m.notice", "body": "anew"}, secrets.token_hex(8))
            assert (await phone.read(room, home.api.user_id, "anew")).encrypted
            assert (await member.read(room, home.api.user_id, "anew")).encrypted


async def test_a_device_added_while_nothing_ran_can_read(home: Home, member: EncryptedMember) -> None:
    room = await member.create_room(home.api.user_id)
    async with home.open() as session, listening(session):
        await home.api.join(room)
        await session.send(room, "m.room.message", {"msgtype": "m.notice", "body": "hello"}, secrets.token_hex(8))
    async with member.another_device() as phone, home.open() as session, listening(session):
        await session.send(room, "m.room.message", {"msgtype": "m.notice", "body": "anew"}, secrets.token_hex(8))
        assert (await phone.read(room, home.api.user_id, "anew")).encrypted
