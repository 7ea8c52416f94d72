"""Accounts on the tests' homeserver: bots of the application service, and people."""

from __future__ import annotations

import random
import secrets
from collections.abc import Awaitable, Callable
from datetime import timedelta

import aiohttp

from bridge.matrix.api import Credentials, MatrixApi, register_application_service_user
from bridge.matrix.registration import Registration
from kunveno.demo.synapse import EmbeddedSynapse

PATIENCE = timedelta(seconds=30)


class Hasty(random.Random):
    """Makes a client's own waits a twentieth of the longest it may choose; what a homeserver asks for it waits."""

    def uniform(self, a: float, b: float) -> float:
        return a + (b - a) / 20


NewBot = Callable[[], Awaitable[MatrixApi]]
"""Makes a bot that has seen no room yet."""
NewMember = Callable[[], Awaitable[tuple[str, MatrixApi]]]
"""Makes a person: their user id, and the homeserver as they see it."""


async def make_bot(synapse: EmbeddedSynapse, registration: Registration, session: aiohttp.ClientSession) -> MatrixApi:
    """A new user `@kunveno-…` of the application service, with a device."""
    localpart = f"kunveno-{secrets.token_hex(5)}"
    await register_application_service_user(synapse.url, registration.as_token, localpart, session=session)
    user_id = f"@{localpart}:{synapse.server_name}"
    credentials = Credentials(registration.as_token, user_id, "KUNVENO", application_service=True)
    bot = MatrixApi(synapse.url, credentials, session=session, patience=PATIENCE)
    await bot.put_device("Kunveno")
    return bot


async def make_member(synapse: EmbeddedSynapse, session: aiohttp.ClientSession) -> tuple[str, MatrixApi]:
    """A new person with an account of their own, and the homeserver as they see it."""
    localpart = f"member-{secrets.token_hex(5)}"
    token = await synapse.register_user(localpart, secrets.token_hex(8))
    user_id = f"@{localpart}:{synapse.server_name}"
    credentials = Credentials(token, user_id, None, application_service=False)
    return user_id, MatrixApi(synapse.url, credentials, session=session, patience=PATIENCE)
