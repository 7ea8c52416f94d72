"""The organisation's signature under its records: Ed25519 (RFC 8032) over the record as it is written without it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pydantic import JsonValue

from bots.vote.record.canonical import Document, written

SEED: Final = 32
"""Bytes of the secret key."""
KEY, SIGNATURE = "key", "signature"


class Signer:
    """Signs records. What it holds is never shown."""

    def __init__(self, seed: bytes) -> None:
        """Raises ValueError where the seed is not SEED bytes."""
        if len(seed) != SEED:
            raise ValueError(f"a signing key has {SEED} bytes, not {len(seed)}")
        self._seed = seed

    def __repr__(self) -> str:
        return "Signer(…)"

    @property
    def public(self) -> str:
        """The public key, hex."""
        from nacl.signing import SigningKey

        return SigningKey(self._seed).verify_key.encode().hex()

    def signed(self, document: Document) -> bytes:
        """The record as it is written, with the public key and the signature."""
        from nacl.signing import SigningKey

        whole: dict[str, JsonValue] = {**document, KEY: self.public}
        whole[SIGNATURE] = SigningKey(self._seed).sign(written(whole)).signature.hex()
        return written(whole)


def holds(document: Mapping[str, JsonValue]) -> bool:
    """Whether the signature in a document is one of the key in it, over all the rest."""
    from nacl.exceptions import BadSignatureError
    from nacl.signing import VerifyKey

    key, signature = document.get(KEY), document.get(SIGNATURE)
    if not isinstance(key, str) or not isinstance(signature, str):
        return False
    rest = {name: value for name, value in document.items() if name != SIGNATURE}
    try:
        VerifyKey(bytes.fromhex(key)).verify(written(rest), bytes.fromhex(signature))
    except (BadSignatureError, ValueError):
        return False
    return True
