"""Fixtures of the mirror's tests: organisations of a test's own on the shared homeserver."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path

import aiohttp
import pytest

from bridge.matrix.api import MatrixApi
from bridge.mirror.policy import MirrorPolicy
from kunveno.demo.synapse import EmbeddedSynapse
from tests.support.mirror import NewWorld, Truth, World, world
from tests.support.people import NewBot
from tests.support.register import Branches


@pytest.fixture(scope="session")
async def truth(synapse: EmbeddedSynapse, http: aiohttp.ClientSession) -> Truth:
    """The shared homeserver as its administrator sees it."""
    token = await synapse.register_user(f"admin-{secrets.token_hex(4)}", secrets.token_hex(8), admin=True)
    return Truth(synapse.url, token, http)


@pytest.fixture
async def new_world(tmp_path: Path, new_bot: NewBot, truth: Truth) -> AsyncIterator[NewWorld]:
    """Plants organisations; on SQLite unless a database is given."""
    async with AsyncExitStack() as stack:

        async def make(
            tree: Branches,
            *,
            people: Mapping[str, tuple[str, str]] | None = None,
            mandates: Sequence[tuple[str, str, str]] = (),
            mirror_policy: MirrorPolicy | None = None,
            database_url: str | None = None,
            api: MatrixApi | None = None,
        ) -> World:
            url = database_url or f"sqlite:///{tmp_path / secrets.token_hex(4)}.db"
            return await stack.enter_async_context(
                world(
                    url, api or await new_bot(), truth, tree,
                    mirror_policy=mirror_policy, people=people, mandates=mandates,
                )
            )  # fmt: skip

        yield make
