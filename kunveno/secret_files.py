"""Secrets of 32 random bytes in files of their own, made at the first start and read by their owner alone."""

from __future__ import annotations

import os
from pathlib import Path
from secrets import token_bytes, token_hex
from typing import Final

SIZE: Final = 32
"""Bytes."""
_OTHERS: Final = 0o077


class SecretUnusable(Exception):
    """The file cannot be used; the text says why and what helps."""


def kept(path: Path, *, named: str, lost: str) -> bytes:
    """The secret in the file at `path`, which is made where there is none.

    `named`: what is kept there, `lost`: what becomes of things if it is moved away. Raises SecretUnusable.
    """
    try:
        if not path.exists():
            _make(path)
        mode = path.stat().st_mode
        secret = path.read_bytes()
    except OSError as error:
        raise SecretUnusable(f"{path}: {error.strerror}; the {named} is kept there") from None
    if mode & _OTHERS:
        raise SecretUnusable(f"{path} can be read by others on this machine; run: chmod 600 {path}")
    if len(secret) != SIZE:
        raise SecretUnusable(
            f"{path} holds no {named} ({len(secret)} bytes instead of {SIZE}); put the former file back, or "
            f"move it away: {lost}"
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
