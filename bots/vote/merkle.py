"""Merkle trees as in RFC 9162 (Certificate Transparency), section 2.1, over SHA-256. Pure.

Whoever has the root and the size of a list can be shown that one line is in it, without being shown another.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence


def leaf(content: bytes) -> bytes:
    """The hash of a line."""
    return hashlib.sha256(b"\x00" + content).digest()


def root(leaves: Sequence[bytes]) -> bytes:
    """The root over the hashes of the lines."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    return _fold(leaves)


def path(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """What has to be known beside line `index` (from 0) to come to the root: from the bottom to the top.

    Raises IndexError where there is no such line.
    """
    if not 0 <= index < len(leaves):
        raise IndexError(f"there is no line {index} among {len(leaves)}")
    beside: list[bytes] = []
    while len(leaves) > 1:
        split = _split(len(leaves))
        left, right = leaves[:split], leaves[split:]
        if index < split:
            beside.append(_fold(right))
            leaves = left
        else:
            beside.append(_fold(left))
            leaves, index = right, index - split
    beside.reverse()
    return beside


def leads_to(hashed: bytes, index: int, size: int, beside: Sequence[bytes], expected: bytes) -> bool:
    """Whether the line with this hash is at `index` of a list of `size` lines whose root is `expected`
    (RFC 9162, section 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    here, last, found = index, size - 1, hashed
    for other in beside:
        if last == 0:
            return False
        if here & 1 or here == last:
            found = _node(other, found)
            while not here & 1 and here:
                here, last = here >> 1, last >> 1
        else:
            found = _node(found, other)
        here, last = here >> 1, last >> 1
    return last == 0 and found == expected


def _fold(leaves: Sequence[bytes]) -> bytes:
    """The root of at least one leaf: pairs are joined level by level, what has no partner goes up as it is."""
    level = list(leaves)
    while len(level) > 1:
        odd = level[-1:] if len(level) % 2 else []
        level = [_node(left, right) for left, right in zip(level[::2], level[1::2], strict=False)] + odd
    return level[0]


def _split(size: int) -> int:
    """The largest power of two below `size` (at least 2)."""
    return 1 << (size - 1).bit_length() - 1


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()
