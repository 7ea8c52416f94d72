"""The way to the homeserver: whose account the program uses there, made ready when it is used for the first time."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Final

import aiohttp

from bridge.matrix.api import (
    Credentials,
    MatrixApi,
    MatrixError,
    TokenRefused,
    Unavailable,
    login_password,
    register_application_service_user,
)
from bridge.matrix.registration import load_registration
from bridge.mirror.mirror import Mirror
from kunveno.app import App
from kunveno.config import Homeserver

DEVICE_NAME: Final = "Kunveno"
FIRST_ANSWER: Final = timedelta(seconds=15)
"""How long a command waits for a homeserver that does not answer at all."""
THROTTLED_PATIENCE: Final = timedelta(hours=2)
"""For how long a plain account waits for one request: a homeserver may let it create one room a minute."""
THROTTLED_CONCURRENCY: Final = 2


class AccountUnusable(Exception):
    """The account cannot be used; the text says why and what helps."""


@asynccontextmanager
async def open_mirror(app: App, *, wait: timedelta = FIRST_ANSWER) -> AsyncIterator[Mirror]:
    """The mirror of the configuration, connected.

    `wait`: how long the homeserver has for its first answer. Raises AccountUnusable, RegistrationUnreadable and
    MatrixError.
    """
    homeserver, policy = app.config.homeserver, app.config.mirror_policy()
    if homeserver.account == "account":
        policy = policy.model_copy(update={"concurrency": min(policy.concurrency, THROTTLED_CONCURRENCY)})
    await _answers(homeserver, wait)
    async with open_api(homeserver) as api:
        yield Mirror(app.database, api, app.config.party(), policy, homeserver.server_name, app.clock)


@asynccontextmanager
async def open_api(homeserver: Homeserver) -> AsyncIterator[MatrixApi]:
    """The homeserver as the bot's account sees it, the account being known to work."""
    if homeserver.account == "application_service":
        token = load_registration(homeserver.registration).as_token
        credentials = Credentials(token, homeserver.user_id, homeserver.device_id, application_service=True)
        async with MatrixApi.connect(homeserver.url, credentials) as api:
            await _ready(api, homeserver, token)
            yield api
        return
    credentials = await _plain(homeserver)
    async with MatrixApi.connect(homeserver.url, credentials, patience=THROTTLED_PATIENCE) as api:
        yield api


async def _answers(homeserver: Homeserver, wait: timedelta) -> None:
    """Raises AccountUnusable when nothing answers there within the time."""
    nobody = Credentials("", "", None, application_service=False)
    async with MatrixApi.connect(homeserver.url, nobody, patience=wait) as api:
        try:
            await api.versions()
        except Unavailable as error:
            raise AccountUnusable(
                f"{error}; is homeserver.url right ({homeserver.url}), and does the homeserver run?"
            ) from None


async def _ready(api: MatrixApi, homeserver: Homeserver, token: str) -> None:
    """Register the user and the device of the application service, unless they are there."""
    try:
        await api.whoami()
    except TokenRefused:
        raise AccountUnusable(
            f"the homeserver does not know the registration {homeserver.registration}; name this file in the "
            "homeserver's app_service_config_files and restart it"
        ) from None
    except MatrixError as error:
        if error.status not in {400, 401, 403, 404}:
            raise
        localpart = homeserver.user_id[1:].partition(":")[0]
        async with aiohttp.ClientSession() as session:
            await register_application_service_user(homeserver.url, token, localpart, session=session)
        await api.put_device(DEVICE_NAME)
        await api.set_displayname(DEVICE_NAME)


async def _plain(homeserver: Homeserver) -> Credentials:
    """The credentials of a plain account: its token, or the one that its password gives, which is kept."""
    kept = homeserver.token_file
    if kept is None and homeserver.password_file is not None:
        kept = homeserver.password_file.with_name(f"{homeserver.password_file.name}.token")
    token = _secret(kept) if kept is not None and kept.exists() else None
    if token is not None:
        credentials = Credentials(token, homeserver.user_id, None, application_service=False)
        async with MatrixApi.connect(homeserver.url, credentials) as api:
            try:
                known = await api.whoami()
            except TokenRefused:
                if homeserver.password_file is None:
                    raise AccountUnusable(f"the homeserver refuses the token in {kept}; write a valid one") from None
            else:
                if known != homeserver.user_id:
                    raise AccountUnusable(f"the token in {kept} is that of {known}, not of {homeserver.user_id}")
                return credentials
    if homeserver.password_file is None:
        raise AccountUnusable(f"there is no token in {kept}; write one there, in one line")
    password = _secret(homeserver.password_file)
    async with aiohttp.ClientSession() as session:
        try:
            credentials = await login_password(
                homeserver.url, homeserver.user_id, password, homeserver.device_id, DEVICE_NAME, session=session
            )
        except MatrixError as error:
            if error.status != 403:
                raise
            raise AccountUnusable(f"the homeserver refuses the password in {homeserver.password_file}") from None
    if kept is not None:
        _keep(kept, credentials.token)
    return replace(credentials, device_id=None)


def _secret(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise AccountUnusable(f"{path} cannot be read ({error.strerror})") from None


def _keep(path: Path, token: str) -> None:
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(token + "\n")
