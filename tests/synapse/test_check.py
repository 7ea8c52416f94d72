"""`kunveno check` on real homeservers: what it finds, and the remedy."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import yaml

from bridge.letters import inbox
from bridge.matrix import crosssigning
from bridge.matrix.api import Credentials, MatrixApi
from bridge.matrix.registration import Registration
from bridge.mirror.mirror import LOCK
from ground import locks
from kunveno import check_device
from kunveno.check_homeserver import homeserver
from kunveno.checks import look
from kunveno.config import load
from kunveno.demo.synapse import EmbeddedSynapse
from kunveno.findings import Finding
from tests.support.installation import Installation, free_port, install, until
from tests.support.mirror import Truth
from tests.support.register import grow

NewHouse = Callable[..., Installation]


@pytest.fixture
def house(tmp_path: Path, synapse: EmbeddedSynapse, registration_file: Path) -> NewHouse:
    """Makes installations of the application service; `changed` replaces keys of the section homeserver."""

    def make(changed: Mapping[str, Any] | None = None, **options: Any) -> Installation:
        section = {
            "url": synapse.url,
            "server_name": synapse.server_name,
            "user_id": f"@kunveno-{secrets.token_hex(5)}:{synapse.server_name}",
            "registration": str(registration_file),
        }
        return install(tmp_path / secrets.token_hex(4), {**section, **(changed or {})}, **options)

    return make


async def found(home: Installation, *, probe: bool = False) -> list[Finding]:
    async with home.app() as app:
        return await homeserver(app.config, app.database, probe=probe)


async def fault(home: Installation, *, probe: bool = False, level: str = "bad") -> Finding:
    """The one finding of this level."""
    findings = await found(home, probe=probe)
    faults = [finding for finding in findings if finding.level == level]
    assert len(faults) == 1, findings
    assert faults[0].remedy
    return faults[0]


def said(findings: Sequence[Finding]) -> str:
    return "\n".join(f"{finding.level}: {finding.what}" for finding in findings)


async def mirrored(home: Installation) -> None:
    async with home.app() as app:
        await grow(app.database, {"france": {}}, policy=app.config.party(), at=app.clock.now())
    status, lines = await home.call("apply")
    assert status == 0, lines


def as_bot(home: Installation, registration: Registration, session: aiohttp.ClientSession) -> MatrixApi:
    where = load(home.config, {}).homeserver
    credentials = Credentials(registration.as_token, where.user_id, "KUNVENO", application_service=True)
    return MatrixApi(where.url, credentials, session=session)


async def test_a_sound_installation(
    house: NewHouse, registration: Registration, http: aiohttp.ClientSession, synapse: EmbeddedSynapse
) -> None:
    home = house()
    assert "is not there yet; the first `kunveno apply` makes it" in said(await found(home))
    await mirrored(home)
    bot = as_bot(home, registration, http)
    rooms = sorted(await bot.joined_rooms())
    findings = await found(home, probe=True)
    assert {finding.level for finding in findings} == {"ok"}
    text = said(findings)
    for expected in (
        f"{synapse.url} answers",
        f"the homeserver is {synapse.server_name} and knows the registration",
        f"knows the account {bot.user_id}",
        "new rooms have version",
        "members are invited",
        "the account is not throttled",
        "nobody works the mirror now",
        "the account is in all 4 mirrored rooms",
    ):
        assert expected in text
    assert sorted(await bot.joined_rooms()) == rooms
    status, lines = await home.call("check")
    assert status == 0, lines


async def test_a_registration_that_the_homeserver_does_not_know(
    house: NewHouse, tmp_path: Path, registration_file: Path, registration: Registration
) -> None:
    other = tmp_path / "other.yaml"
    text = registration_file.read_text("utf-8")  # noqa: ASYNC240 - a small file
    other.write_text(text.replace(registration.as_token, "f" * 64), "utf-8")
    home = house({"registration": str(other)})
    assert "does not know the registration" in (await fault(home)).what
    status, lines = await home.call("check")
    assert status == 5
    assert f"BAD   the homeserver does not know the registration {other}" in lines
    assert "→ name this very file in app_service_config_files" in lines


async def test_what_is_wrong_in_the_registration(house: NewHouse, tmp_path: Path, registration_file: Path) -> None:
    document = yaml.safe_load(registration_file.read_text("utf-8"))  # noqa: ASYNC240 - a small file
    home = house({"registration": str(tmp_path / "changed.yaml")})
    localpart = load(home.config, {}).homeserver.user_id[1:].partition(":")[0]
    for change, expected in (
        ({"rate_limited": True}, "leaves the account throttled"),
        ({"sender_localpart": localpart}, "has the account itself as sender"),
        ({"namespaces": {**document["namespaces"], "users": []}}, "users like @kunveno-"),
        ({"namespaces": {**document["namespaces"], "aliases": [{"regex": "#("}]}}, "aliases like #kunveno-"),
    ):
        (tmp_path / "changed.yaml").write_text(yaml.safe_dump({**document, **change}), "utf-8")
        assert expected in (await fault(home)).what


async def test_a_homeserver_that_is_down_is_said_at_once(house: NewHouse) -> None:
    home = house({"url": f"http://127.0.0.1:{free_port()}"})
    began = time.monotonic()
    finding = await fault(home)
    assert time.monotonic() - began < 8
    assert "is no homeserver that can be reached" in finding.what
    assert "does the homeserver run?" in finding.remedy


async def test_what_is_no_homeserver(house: NewHouse, synapse: EmbeddedSynapse) -> None:
    home = house({"url": f"{synapse.url}/_matrix/static"})
    assert "is no homeserver that can be reached" in (await fault(home)).what


async def test_a_wrong_server_name(house: NewHouse, synapse: EmbeddedSynapse) -> None:
    home = house({"server_name": "other.localhost", "user_id": "@kunveno-x:other.localhost"})
    findings = await found(home)
    assert f"bad: the homeserver is {synapse.server_name}, not other.localhost" in said(findings)


async def test_a_throttled_account_is_found_by_probing(house: NewHouse, limited_synapse: EmbeddedSynapse) -> None:
    localpart = f"plain-{secrets.token_hex(4)}"
    token = await limited_synapse.register_user(localpart, secrets.token_hex(8))
    user_id = f"@{localpart}:{limited_synapse.server_name}"
    home = house({"url": limited_synapse.url, "account": "account", "user_id": user_id, "token_file": "token"})
    (home.folder / "token").write_text(token)
    assert "a plain account is throttled on most homeservers" in (await fault(home, level="warn")).what
    assert (await fault(home, probe=True, level="warn")).what.startswith("the account is throttled")
    async with aiohttp.ClientSession() as session:
        credentials = Credentials(token, user_id, None, application_service=False)
        api = MatrixApi(limited_synapse.url, credentials, session=session)
        assert await api.joined_rooms() == []
    (home.folder / "token").write_text("wrong")
    finding = await fault(home)
    assert "refuses the token" in finding.what
    assert finding.remedy == "write a valid one"


async def test_who_joins_members_must_be_an_administrator(
    house: NewHouse, registration: Registration, http: aiohttp.ClientSession, truth: Truth
) -> None:
    home = house(mirror={"join": "admin"})
    await mirrored(home)
    assert "is no administrator of the homeserver" in (await fault(home)).what
    bot = as_bot(home, registration, http)
    url = f"{truth.url}/_synapse/admin/v2/users/{bot.user_id}"
    headers = {"Authorization": f"Bearer {truth.token}"}
    async with http.put(url, json={"admin": True}, headers=headers) as answer:
        assert answer.status == 200, await answer.text()
    assert "whoever has its token rules the whole homeserver" in (await fault(home, level="warn")).what


async def test_what_the_homeserver_has_to_accept_by_itself_is_said(house: NewHouse) -> None:
    home = house(mirror={"join": "auto_accept"})
    await mirrored(home)
    assert "auto_accept_invites: {enabled: true" in (await fault(home, level="warn")).remedy


async def test_rooms_that_were_lost_and_who_works_the_mirror(
    house: NewHouse, registration: Registration, http: aiohttp.ClientSession
) -> None:
    home = house()
    await mirrored(home)
    bot = as_bot(home, registration, http)
    await bot.leave((await bot.joined_rooms())[0])
    assert (await fault(home, level="warn")).what == "of 4 mirrored rooms, the account is not in 1"
    async with home.app() as app, locks.hold(app.database, LOCK):
        assert "another process works the mirror" in said(await homeserver(app.config, app.database))


async def test_a_container_asks_whether_it_is_well(house: NewHouse) -> None:
    home = house()
    await mirrored(home)
    status, lines = await home.call("check", "--quick")
    assert status == 1
    assert "no running service answers" in lines
    async with home.start("run"):

        async def well() -> bool:
            return (await home.call("check", "--quick"))[0] == 0

        assert await until(well)


async def looked(home: Installation) -> list[Finding]:
    return await look(load(home.config, {}))


async def ran(home: Installation) -> None:
    """Run the program until its device is signed."""
    async with home.start("run") as running:

        async def well() -> bool:
            return (await home.call("check", "--quick"))[0] == 0

        await until(well)
        running.process.terminate()
        assert await running.ended() == 0


async def test_the_device_and_its_identity(
    house: NewHouse, registration: Registration, http: aiohttp.ClientSession
) -> None:
    home = house()
    await mirrored(home)
    assert "the account has no device of its own here yet; the first `kunveno run` makes and signs it" in said(
        await looked(home)
    )
    assert not (home.folder / "crypto").exists()
    await ran(home)
    keys = home.folder / "signing-keys.json"
    kept = keys.read_bytes()
    identity = crosssigning.load(keys)
    assert f"ok: the device KUNVENO is signed by the account's identity {identity.fingerprint}" in said(
        await looked(home)
    )
    async with home.start("run") as running:
        await running.said("Running.")
        await until(lambda: _says(home, "a process is this device now"))
    assert "no process is this device now" in said(await looked(home))

    keys.unlink()
    gone = await fault(home)
    assert "the signing keys are gone, so that nobody can sign the device KUNVENO" in gone.what
    assert not keys.exists()
    crosssigning.load(keys)  # another one
    assert "the account has another identity than the one in" in (await fault(home)).what
    keys.write_bytes(b"{}")
    assert "the bot's signing keys cannot be read" in (await fault(home)).what
    keys.write_bytes(kept)
    (home.folder / "crypto" / "device").write_text("ANOTHER")
    assert "the device ANOTHER is not signed" in (await fault(home)).what


async def _says(home: Installation, what: str) -> bool:
    return what in said(await looked(home))


async def test_keys_that_others_can_read(house: NewHouse) -> None:
    home = house(administrators=["@anna:example.org"])
    await mirrored(home)
    await ran(home)
    crypto = home.folder / "crypto"
    assert {finding.level for finding in check_device.files(load(home.config, {}).homeserver)} == {"ok"}
    crypto.chmod(0o750)
    (crypto / "pickle-key").chmod(0o644)
    (home.folder / "signing-keys.json").chmod(0o640)
    warned = [finding for finding in await looked(home) if finding.level == "warn"]
    assert [finding.remedy for finding in warned] == [
        f"chmod 700 {crypto}",
        f"chmod 600 {crypto / 'pickle-key'}",
        f"chmod 600 {home.folder / 'signing-keys.json'}",
    ]


async def test_letters_and_arrivals_are_told(house: NewHouse) -> None:
    home = house(administrators=["@anna:example.org"])
    await mirrored(home)
    async with home.app() as app:
        await app.database.write(
            lambda session: inbox.set_aside(
                session, "$event", app.clock.now(), kind="message", what="member add", reason="KeyError at bots.x:1"
            )
        )
    warned = [finding.what for finding in await looked(home) if finding.level == "warn"]
    assert len(warned) == 1
    assert warned[0].startswith("1 arrivals could not be handled")
    assert warned[0].endswith("message, member add: KeyError at bots.x:1")
    assert "all letters were delivered" in said(await looked(home))
