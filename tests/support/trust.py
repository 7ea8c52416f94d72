"""What members' clients draw their shields from: the keys that an account shows, followed as those clients follow them.

Sources: Matrix client-server API 1.13, "Cross-signing"; MSC4153 for clients that exclude devices which their owner did
not sign; the order of the questions is that of matrix-rust-sdk, which Element Web and Element X share.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from nio.crypto.sessions import InboundGroupSession
from signedjson.key import decode_verify_key_bytes
from signedjson.sign import SignatureVerifyException, verify_signed_json
from signedjson.types import VerifyKey
from unpaddedbase64 import decode_base64

_ALGORITHM: Final = "ed25519"


class Shield(Exception):
    """Why a client marks a message, or shares no key with a device."""


def signed_by_owner(shown: Mapping[str, Any], user_id: str, device_id: str) -> Mapping[str, Any]:
    """The device as the answer of `/keys/query` shows it. Raises Shield unless its owner vouches for it."""
    master = _cross_signing_key(shown, user_id, "master")
    self_signing = _cross_signing_key(shown, user_id, "self_signing", signer=master)
    device: dict[str, Any] | None = shown["device_keys"].get(user_id, {}).get(device_id)
    if device is None or (device["user_id"], device["device_id"]) != (user_id, device_id):
        raise Shield("an unknown or deleted device")
    _verify(device, user_id, _key(f"{_ALGORITHM}:{device_id}", device["keys"]), "the device did not sign its own keys")
    _verify(device, user_id, self_signing, "a device not signed by its owner")
    return device


def unshielded(shown: Mapping[str, Any], sender: str, session: InboundGroupSession) -> str:
    """The device that sent what `session` decrypts. Raises Shield unless it is the sender's, and signed by them."""
    devices: Mapping[str, Any] = shown["device_keys"].get(sender, {})
    for device_id, device in devices.items():
        if device["keys"][f"curve25519:{device_id}"] == session.sender_key:
            keys = signed_by_owner(shown, sender, device_id)["keys"]
            if keys[f"{_ALGORITHM}:{device_id}"] != session.ed25519:
                raise Shield("a key that was claimed for another device")
            if session.forwarding_chain:
                raise Shield("the authenticity cannot be guaranteed on this device")
            return device_id
    raise Shield("an unknown or deleted device")


def _cross_signing_key(
    shown: Mapping[str, Any], user_id: str, usage: str, *, signer: VerifyKey | None = None
) -> VerifyKey:
    found: dict[str, Any] | None = shown.get(f"{usage}_keys", {}).get(user_id)
    if found is None or found["user_id"] != user_id or found["usage"] != [usage] or len(found["keys"]) != 1:
        raise Shield(f"no {usage} key")
    if signer is not None:
        _verify(found, user_id, signer, f"a {usage} key that the master key did not sign")
    return _key(next(iter(found["keys"])), found["keys"])


def _key(name: str, keys: Mapping[str, str]) -> VerifyKey:
    return decode_verify_key_bytes(name, decode_base64(keys[name]))


def _verify(signed: Mapping[str, Any], user_id: str, key: VerifyKey, otherwise: str) -> None:
    try:
        verify_signed_json({**signed}, user_id, key)
    except SignatureVerifyException:
        raise Shield(otherwise) from None
