"""Identifiers: random, sortable by the time they were made, safe in file names and room aliases."""

from __future__ import annotations

import secrets
import time

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32, lower case: no i, l, o, u


def new_id() -> str:
    """A new identifier: 26 characters, 48 bits of milliseconds and 80 random bits (the ULID layout)."""
    return encode((time.time_ns() // 1_000_000) << 80 | secrets.randbits(80), 26)


def encode(number: int, length: int) -> str:
    """`number` in Crockford's base 32, lower case, padded to `length` characters.

    Raises OverflowError when it does not fit.
    """
    digits = []
    for _ in range(length):
        number, digit = divmod(number, 32)
        digits.append(_ALPHABET[digit])
    if number:
        raise OverflowError(f"the number does not fit into {length} characters")
    return "".join(reversed(digits))
