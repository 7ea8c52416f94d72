"""The secret of confidential ballots: 32 random bytes in a file, in no database and in no backup."""

from __future__ import annotations

import os
from pathlib import Path
from secrets import token_bytes, token_hex
from typing import Final

SIZE: Final = 32
"""Bytes; `bots.vote.sealed.SECRET`."""
_OTHERS: Final = 0o077


class BallotSecretUnusable(Exception):
    """The file cannot be used; the text says why and what helps."""


def kept(path: Path) -> bytes:
    """The secret in the file at `path`, which is made where there is none. Raises BallotSecretUnusable."""
    try:
        if not path.exists():
            _make(path)
        mode = path.stat().st_mode
        secret = path.read_bytes()
    except OSError as error:
        raise BallotSecretUnusable(
            f"{path}: {error.strerror}; the secret of confidential ballots is kept there"
        ) from None
    if mode & _OTHERS:
        raise BallotSecretUnusable(f"{path} can be read by others on this machine; run: chmod 600 {path}")
    if len(secret) != SIZE:
        raise BallotSecretUnusable(
            f"{path} holds no secret of ballots ({len(secret)} bytes instead of {SIZE}); put the former file back, or "
            "move it away: confidential votes that are open have to be held again then"
        )
    return secret


def _make(path: Path) -> None:
    """Written whole or not at all, and never over another process's."""
    partial = path.with_name(f".{path.name}.{token_hex(4)}.partial")
    try:
        with open(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(token_bytes(SIZE))
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(partial, path)
        except FileExistsError:
            return
    finally:
        partial.unlink(missing_ok=True)
