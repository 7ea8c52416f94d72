"""What `kunveno check` asks the homeserver: is it there, does it know the account, what does it let the account do."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Final, Literal
from urllib.parse import quote

from bridge.matrix.api import Credentials, MatrixApi, MatrixError, TokenRefused
from bridge.matrix.registration import RegistrationUnreadable, load_registration
from bridge.matrix.rooms import known_rooms
from bridge.mirror.mirror import LOCK
from ground import locks
from ground.database import Database
from kunveno import check_device
from kunveno.check_registration import registration_file
from kunveno.config import Config, Homeserver
from kunveno.connection import AccountUnusable, open_api
from kunveno.findings import Finding

_PATIENCE: Final = timedelta(seconds=2)
_ANSWER: Final = 15.0
"""Seconds in which a homeserver has to say who it is."""
_CLEANING: Final = timedelta(minutes=2)
_PROBES: Final = 15
"""State events of a probe: more than a homeserver lets a throttled account send at once."""
_NEEDED: Final = (1, 10)
_ANONYMOUS: Final = Credentials("", "", None, application_service=False)
_ROOM_VERSIONS: Final = ("10", "11", "12")


class _Api(MatrixApi):
    """With the one question that only a check asks."""

    async def is_server_admin(self) -> bool:
        """Whether the account is an administrator of the homeserver (Synapse's admin API)."""
        path = f"/_synapse/admin/v1/users/{quote(self.user_id, safe='')}/admin"
        try:
            answer = await self._request("GET", "is_server_admin", path, shape=dict, reads=True)
        except MatrixError as error:
            if error.status in {401, 403, 404}:
                return False
            raise
        return answer.get("admin") is True


async def homeserver(config: Config, database: Database | None, *, probe: bool = False) -> list[Finding]:
    """All findings about the homeserver, the account and the rooms.

    `probe` creates a room, sends state to it, and leaves it. `database` None leaves out what is remembered of rooms.
    """
    findings = await _reachable(config.homeserver)
    if any(finding.level == "bad" for finding in findings):
        return findings
    try:
        async with _account(config.homeserver, findings) as api:
            if api is None and probe:
                findings.append(_warn("the limits were not tried", "mend the above first, or run `kunveno apply`"))
            if api is not None:
                findings += await _versions(api, config)
                findings += await _join(api, config)
                findings += await _probe(config.homeserver, api) if probe else _limits(config.homeserver)
                findings += await _rooms(api, database) if database is not None else []
                findings.append(await check_device.trust(api, config.homeserver))
    except AccountUnusable as error:
        what, _, remedy = str(error).partition("; ")
        findings.append(_bad(what, remedy or "correct homeserver.user_id, or give the account that it names"))
    except RegistrationUnreadable as error:
        findings.append(Finding("bad", "configuration", str(error), "write it anew with `kunveno init`"))
    except MatrixError as error:
        findings.append(_bad(f"the homeserver does not do what it is asked: {error}", "look into its log"))
    return findings


async def _reachable(where: Homeserver) -> list[Finding]:
    remedy = "is homeserver.url right, and does the homeserver run?"
    try:
        async with asyncio.timeout(_ANSWER), MatrixApi.connect(where.url, _ANONYMOUS, patience=_PATIENCE) as api:
            versions = (await api.versions()).get("versions")
    except TimeoutError:
        return [_bad(f"{where.url} does not answer within {_ANSWER:.0f} seconds", remedy)]
    except MatrixError as error:
        return [_bad(f"{where.url} is no homeserver that can be reached: {error.message}", remedy)]
    known = [_number(version) for version in versions] if isinstance(versions, list) else []
    newest = max(known, default=(0, 0))
    said = f"{where.url} answers, and speaks Matrix up to {newest[0]}.{newest[1]}"
    if newest < _NEEDED:
        return [_warn(said, "Kunveno is written for Matrix 1.10 and later: update the homeserver")]
    return [_ok(said)]


@asynccontextmanager
async def _account(where: Homeserver, findings: list[Finding]) -> AsyncIterator[_Api | None]:
    """The homeserver as the account sees it; None when it cannot be asked."""
    if where.account == "account":
        async with open_api(where) as opened, _Api.connect(where.url, opened.credentials, patience=_PATIENCE) as api:
            findings.append(_ok(f"the homeserver knows the account {where.user_id}"))
            yield api
        return
    registration = load_registration(where.registration)
    findings += registration_file(where, registration)
    service = Credentials(registration.as_token, "", None, application_service=False)
    async with MatrixApi.connect(where.url, service, patience=_PATIENCE) as api:
        try:
            sender = await api.whoami()
        except TokenRefused:
            findings.append(
                _bad(
                    f"the homeserver does not know the registration {where.registration}",
                    "name this very file in app_service_config_files of the homeserver, and restart it",
                )
            )
            yield None
            return
    server = sender.partition(":")[2]
    if server != where.server_name:
        findings.append(
            _bad(
                f"the homeserver is {server}, not {where.server_name}",
                f"write {server} in homeserver.server_name, and an account of it in homeserver.user_id",
            )
        )
        yield None
        return
    findings.append(_ok(f"the homeserver is {server} and knows the registration"))
    bot = Credentials(registration.as_token, where.user_id, None, application_service=True)
    async with _Api.connect(where.url, bot, patience=_PATIENCE) as api:
        try:
            await api.whoami()
        except MatrixError as error:
            if "not registered" not in error.message:
                findings.append(
                    _bad(
                        f"the application service may not speak as {where.user_id}: {error.message}",
                        f"give the homeserver the registration {where.registration} as it is now, and restart it",
                    )
                )
            else:
                findings.append(_ok(f"{where.user_id} is not there yet; the first `kunveno apply` makes it"))
            yield None
            return
        findings.append(_ok(f"the homeserver knows the account {where.user_id}"))
        yield api


async def _versions(api: _Api, config: Config) -> list[Finding]:
    said = (await api.capabilities()).get("m.room_versions", {})
    available, default = list(said.get("available", {})), str(said.get("default", "1"))
    wanted = config.mirror_policy().room_version
    usable = [version for version in _ROOM_VERSIONS if version in available]
    if wanted is not None and wanted not in available:
        remedy = f"write one of {', '.join(usable)} in mirror.room_version" if usable else "update the homeserver"
        return [_bad(f"the homeserver makes no rooms of version {wanted}", remedy)]
    if wanted is None and default not in _ROOM_VERSIONS:
        remedy = f"write {usable[-1]} in mirror.room_version" if usable else "update the homeserver"
        return [_warn(f"the homeserver makes rooms of version {default}, with which Kunveno is not tried", remedy)]
    return [_ok(f"new rooms have version {wanted or default}")]


async def _join(api: _Api, config: Config) -> list[Finding]:
    """How members get in, and what that way hands over."""
    match config.mirror_policy().join:
        case "invite":
            return [_ok("members are invited, and come in when they accept: nobody is made to join")]
        case "auto_accept":
            return [
                _warn(
                    "members are to come in by themselves: that is up to the homeserver, and cannot be seen from here; "
                    "people of this homeserver are then joined to whatever anyone of it invites them to",
                    "in Synapse's configuration: auto_accept_invites: {enabled: true, only_from_local_users: true}, "
                    "and higher rc_joins.local, which else lets in about ten rooms a member at first",
                )
            ]
        case "admin":
            if await api.is_server_admin():
                return [
                    _warn(
                        f"{api.user_id} is an administrator of the homeserver and joins its members itself: "
                        "whoever has its token rules the whole homeserver",
                        "guard the secrets accordingly, or write mirror.join: invite",
                    )
                ]
            return [
                _bad(
                    f"mirror.join is admin, but {api.user_id} is no administrator of the homeserver",
                    "make it one (in Synapse: PUT /_synapse/admin/v2/users/USER with admin: true), "
                    "or write mirror.join: invite",
                )
            ]


def _limits(where: Homeserver) -> list[Finding]:
    if where.account == "application_service":
        return [_ok("the account is exempt from limits as far as the file says; `kunveno check --probe` tries it")]
    return [_throttled(False)]


def _throttled(proven: bool) -> Finding:
    return _warn(
        ("the account is throttled" if proven else "a plain account is throttled on most homeservers")
        + ": by Synapse's usual limits it makes a room a minute, so that 500 rooms take some 9 hours",
        "be patient (`kunveno apply` says beforehand how long it takes), ask the homeserver's administrator for an "
        "exemption, or use an application service",
    )


async def _probe(where: Homeserver, account: MatrixApi) -> list[Finding]:
    """Send more than a throttled account may, into a room of its own, and leave it."""
    credentials, room_id, throttled = account.credentials, None, False
    try:
        async with MatrixApi.connect(where.url, credentials, patience=timedelta(0)) as api:
            room_id = await api.create_room({"preset": "private_chat", "name": "Kunveno: probe"})
            for number in range(_PROBES):
                await api.put_state(room_id, "org.kunveno.probe", {"number": number})
    except MatrixError as error:
        if error.status != 429:
            raise
        throttled = True
    finally:
        if room_id is not None:
            async with MatrixApi.connect(where.url, credentials, patience=_CLEANING) as api:
                await api.leave(room_id)
                await api.forget(room_id)
    if not throttled:
        return [_ok(f"the account is not throttled: it made a room and sent {_PROBES} events at once, then left it")]
    if where.account == "account":
        return [_throttled(True)]
    return [
        _bad(
            "the application service is throttled",
            f"write rate_limited: false in {where.registration}, and restart the homeserver, which reads it only then",
        )
    ]


async def _rooms(api: MatrixApi, database: Database) -> list[Finding]:
    """Who works the mirror, and whether its rooms are still ours."""
    async with locks.hold(database, LOCK) as held:
        free = held
    findings = [_ok("nobody works the mirror now" if free else "another process works the mirror")]
    known = {room.room_id for room in (await database.read(known_rooms)).values() if room.room_id is not None}
    lost = known - set(await api.joined_rooms())
    if lost:
        findings.append(
            _warn(
                f"of {len(known)} mirrored rooms, the account is not in {len(lost)}",
                "`kunveno plan` names them: invite the account there again, or let go of them with `kunveno unlink`",
            )
        )
    elif known:
        findings.append(_ok(f"the account is in all {len(known)} mirrored rooms"))
    else:
        findings.append(_ok("no room is mirrored yet"))
    return findings


def _number(version: object) -> tuple[int, int]:
    found = re.fullmatch(r"v(\d+)\.(\d+)", str(version))
    return (int(found[1]), int(found[2])) if found else (0, 0)


def _finding(level: Literal["ok", "warn", "bad"], what: str, remedy: str = "") -> Finding:
    return Finding(level, "homeserver", what, remedy)


def _ok(what: str) -> Finding:
    return _finding("ok", what)


def _warn(what: str, remedy: str) -> Finding:
    return _finding("warn", what, remedy)


def _bad(what: str, remedy: str) -> Finding:
    return _finding("bad", what, remedy)
