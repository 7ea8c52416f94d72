"""The bot's own identity, published to a real Synapse."""

from __future__ import annotations

import secrets
import stat
from pathlib import Path

import aiohttp
import pytest
from signedjson.key import decode_signing_key_base64, get_verify_key
from signedjson.sign import sign_json, verify_signed_json
from unpaddedbase64 import encode_base64

from bridge.matrix.api import MatrixApi
from bridge.matrix.crosssigning import Identity, IdentityConflict, IdentityUnreadable, Signed, ensure, load
from kunveno.demo.synapse import EmbeddedSynapse
from tests.support.people import PATIENCE


async def _device_with_keys(api: MatrixApi, *, signed_by_itself: bool = True) -> None:
    """Upload the keys of the device, as an encrypting client does."""
    device_id = str(api.credentials.device_id)
    own = decode_signing_key_base64("ed25519", device_id, encode_base64(b"d" * 32))
    signer = own if signed_by_itself else decode_signing_key_base64("ed25519", device_id, encode_base64(b"x" * 32))
    keys = {
        "user_id": api.user_id,
        "device_id": device_id,
        "algorithms": ["m.olm.v1.curve25519-aes-sha2", "m.megolm.v1.aes-sha2"],
        "keys": {
            f"ed25519:{device_id}": encode_base64(get_verify_key(own).encode()),
            f"curve25519:{device_id}": encode_base64(b"c" * 32),
        },
    }
    await api._post("keys_upload", {"device_keys": sign_json(keys, api.user_id, signer)}, "v3", "keys", "upload")


async def test_signs_the_device_once_and_knows_it_afterwards(bot: MatrixApi, tmp_path: Path) -> None:
    await _device_with_keys(bot)
    path = tmp_path / "identity.json"
    identity = load(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert await ensure(bot, identity) is Signed.IDENTITY
    writes = bot.traffic.writes.total()
    assert await ensure(bot, load(path)) is Signed.ALREADY
    assert bot.traffic.writes.total() == writes

    answer = await bot.query_keys([bot.user_id])
    device = answer["device_keys"][bot.user_id][bot.credentials.device_id]
    verify_signed_json(device, bot.user_id, get_verify_key(identity.self_signing))
    verify_signed_json(answer["self_signing_keys"][bot.user_id], bot.user_id, get_verify_key(identity.master))


async def test_an_application_service_replaces_an_identity_that_was_lost(bot: MatrixApi) -> None:
    await _device_with_keys(bot)
    assert await ensure(bot, Identity.create()) is Signed.IDENTITY
    found = Identity.create()
    assert await ensure(bot, found) is Signed.IDENTITY
    assert await ensure(bot, found) is Signed.ALREADY


async def test_a_plain_account_keeps_its_identity(plain: MatrixApi) -> None:
    await _device_with_keys(plain)
    identity = Identity.create()
    assert await ensure(plain, identity) is Signed.IDENTITY
    with pytest.raises(IdentityConflict, match="another identity than the one kept here"):
        await ensure(plain, Identity.create())
    assert await ensure(plain, identity) is Signed.ALREADY


async def test_signs_nothing_that_the_device_did_not_sign_itself(bot: MatrixApi) -> None:
    await _device_with_keys(bot, signed_by_itself=False)
    with pytest.raises(IdentityConflict, match="did not sign"):
        await ensure(bot, Identity.create())


async def test_a_device_without_keys_is_said(bot: MatrixApi) -> None:
    with pytest.raises(IdentityConflict, match="does not show the device"):
        await ensure(bot, Identity.create())


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"master": 1, "self_signing": "", "user_signing": ""}', "\x00"])
def test_a_damaged_file_is_said_and_left_alone(tmp_path: Path, content: str) -> None:
    path = tmp_path / "identity.json"
    path.write_text(content)
    with pytest.raises(IdentityUnreadable, match="cannot be read"):
        load(path)
    assert path.read_text() == content


@pytest.fixture
async def plain(synapse: EmbeddedSynapse, http: aiohttp.ClientSession) -> MatrixApi:
    """A bot that is an account like any other, with a device."""
    localpart, password = f"plain-{secrets.token_hex(5)}", secrets.token_hex(8)
    await synapse.register_user(localpart, password)
    return MatrixApi(synapse.url, await synapse.login(localpart, password), session=http, patience=PATIENCE)
