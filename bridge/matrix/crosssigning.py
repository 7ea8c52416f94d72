"""The bot's own cross-signing identity, so that clients trust its device (Matrix specification, "Cross-signing").

Three keys: the master key signs the self-signing key, which signs the device, and the user-signing key, which the
specification wants beside it. They are kept in one file of mode 0600: whoever has it can make devices that speak as the
bot; whoever loses it has to reset the identity, and members are warned.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import Enum
from pathlib import Path
from typing import Any, Final

from signedjson.key import (
    decode_signing_key_base64,
    decode_verify_key_bytes,
    encode_signing_key_base64,
    get_verify_key,
)
from signedjson.sign import SignatureVerifyException, sign_json, verify_signed_json
from signedjson.types import SigningKey
from unpaddedbase64 import decode_base64, encode_base64

from bridge.matrix.api import MatrixApi

_ALGORITHM: Final = "ed25519"


class IdentityConflict(Exception):
    """The account has another identity than the one kept here; the text says what helps."""


class IdentityUnreadable(Exception):
    """The file of the keys cannot be used; the text says why."""


class Signed(Enum):
    """What had to be done."""

    ALREADY = "already"
    """The device was signed by this identity."""
    DEVICE = "device"
    """The device is new and was signed."""
    IDENTITY = "identity"
    """The identity is new: its keys were published and the device signed."""


@dataclass(frozen=True, slots=True)
class Identity:
    """The three secret keys. The public key is the key's version, as the specification has it."""

    master: SigningKey
    self_signing: SigningKey
    user_signing: SigningKey

    @classmethod
    def create(cls) -> Identity:
        """A new identity."""
        return cls(*(_key(secrets.token_bytes(32)) for _ in fields(cls)))

    def public(self, user_id: str) -> dict[str, Any]:
        """The body that publishes it: `POST /keys/device_signing/upload`."""
        master = _public(self.master, user_id, "master")
        others = {
            f"{usage}_key": sign_json(_public(key, user_id, usage), user_id, self.master)
            for usage, key in (("self_signing", self.self_signing), ("user_signing", self.user_signing))
        }
        return {"master_key": master, **others}

    def is_published_in(self, answer: Mapping[str, Any], user_id: str) -> bool | None:
        """Whether the answer of `/keys/query` has this identity; None when it has none at all."""
        present = answer.get("master_keys", {}).get(user_id)
        if present is None:
            return None
        mine = {name: self.public(user_id)[f"{name}_key"]["keys"] for name in ("master", "self_signing")}
        theirs = {name: answer.get(f"{name}_keys", {}).get(user_id, {}).get("keys") for name in mine}
        return mine == theirs

    def has_signed(self, answer: Mapping[str, Any], user_id: str, device_id: str) -> bool:
        """Whether the answer of `/keys/query` shows the device with a valid signature of this identity."""
        device = answer.get("device_keys", {}).get(user_id, {}).get(device_id)
        try:
            verify_signed_json({**device}, user_id, get_verify_key(self.self_signing))
        except (KeyError, TypeError, ValueError, SignatureVerifyException):
            return False
        return True

    @property
    def fingerprint(self) -> str:
        """What people compare: the public half of the master key."""
        return str(self.master.version)


def load(path: Path) -> Identity:
    """The identity kept at `path`, made when there is none. Raises IdentityUnreadable; never replaces a file."""
    return kept(path) or _keep(Identity.create(), path)


def kept(path: Path) -> Identity | None:
    """The identity kept at `path`; None when there is none. Raises IdentityUnreadable."""
    try:
        content = json.loads(path.read_text("utf-8"))
        return Identity(*(_key(decode_base64(str(content[field.name]))) for field in fields(Identity)))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it does not hold the three keys"
        raise IdentityUnreadable(f"{path}: the bot's signing keys cannot be read: {reason}") from None


async def ensure(api: MatrixApi, identity: Identity) -> Signed:
    """Publish the identity and sign the device of the credentials, whatever of it is missing.

    The device's keys are on the homeserver already. Raises IdentityConflict when the account has another identity and
    may not replace it, and when the homeserver shows a device that did not sign itself.
    """
    user_id, device_id = api.user_id, api.credentials.device_id
    answer = await api.query_keys([user_id])
    published = identity.is_published_in(answer, user_id)
    if not published:
        if published is False and not api.credentials.application_service:
            raise IdentityConflict(
                f"{user_id} has another identity than the one kept here; restore the file of its signing keys, or "
                "reset the account's identity in a client"
            )
        await api.publish_signing_keys(identity.public(user_id))
    device = answer.get("device_keys", {}).get(user_id, {}).get(device_id)
    if device is None:
        raise IdentityConflict(f"the homeserver does not show the device {device_id} of {user_id}")
    _check_self_signed(device, user_id, str(device_id))
    signer = f"{_ALGORITHM}:{identity.self_signing.version}"
    if published and signer in device["signatures"].get(user_id, {}):
        return Signed.ALREADY
    bare = {key: value for key, value in device.items() if key not in {"signatures", "unsigned"}}
    signed = sign_json(bare, user_id, identity.self_signing)
    await api.publish_signatures({user_id: {str(device_id): signed}})
    return Signed.DEVICE if published else Signed.IDENTITY


def _check_self_signed(device: Mapping[str, Any], user_id: str, device_id: str) -> None:
    """Sign nothing that the homeserver made up: a device's keys are signed by the device itself."""
    name = f"{_ALGORITHM}:{device_id}"
    try:
        key = decode_verify_key_bytes(name, decode_base64(device["keys"][name]))
        verify_signed_json({**device}, user_id, key)
    except (KeyError, ValueError, SignatureVerifyException):
        raise IdentityConflict(f"the homeserver shows keys of {device_id} that this device did not sign") from None


def _public(key: SigningKey, user_id: str, usage: str) -> dict[str, Any]:
    return {"user_id": user_id, "usage": [usage], "keys": {f"{_ALGORITHM}:{key.version}": key.version}}


def _key(seed: bytes) -> SigningKey:
    """A key whose version is its public half, unpadded base64."""
    key = decode_signing_key_base64(_ALGORITHM, "0", encode_base64(seed))
    version = encode_base64(get_verify_key(key).encode())
    return decode_signing_key_base64(_ALGORITHM, version, encode_base64(seed))


def _keep(identity: Identity, path: Path) -> Identity:
    content = {field.name: encode_signing_key_base64(getattr(identity, field.name)) for field in fields(Identity)}
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        json.dump(content, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    return identity
