"""The folder that holds a device's secrets: its name, its keys, and a lock, so that one process alone is this device.

Never restore it from a copy: keys that were used once would be used again. Without it the bot becomes a new device.
"""

from __future__ import annotations

import asyncio
import os
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ground import locks

_STANDBY: Final = 0.5
"""Seconds between two tries of a standby."""


class SessionBusy(Exception):
    """Another process is this device."""


@dataclass(frozen=True, slots=True)
class CryptoFolder:
    """The files of a device."""

    path: Path

    @classmethod
    @asynccontextmanager
    async def hold(
        cls, path: Path, *, wait: bool, on_standby: Callable[[], None] = lambda: None
    ) -> AsyncIterator[CryptoFolder]:
        """Make the folder where it is missing, and hold its lock for the block.

        `wait`: stand by until the lock is free, told once by `on_standby`. Raises SessionBusy otherwise, OSError.
        """
        _make(path)
        waiting = False
        while True:
            with locks.hold_file(path / "lock") as had:
                if had:
                    yield cls(path)
                    return
            if not wait:
                raise SessionBusy(f"another process works with {path}")
            if not waiting:
                waiting = True
                on_standby()
            await asyncio.sleep(_STANDBY)

    def device_id(self) -> str | None:
        """The device whose keys are here; None in a new folder."""
        try:
            return (self.path / "device").read_text("utf-8").strip() or None
        except FileNotFoundError:
            return None

    def keep_device_id(self, device_id: str) -> None:
        """Say whose keys are here, before there are any."""
        _keep(self.path / "device", device_id)

    def pickle_key(self) -> str:
        """What the keys are encrypted with on the disk; made when there is none."""
        path = self.path / "pickle-key"
        try:
            return path.read_text("utf-8").strip()
        except FileNotFoundError:
            key = secrets.token_urlsafe(32)
            _keep(path, key)
            return key

    def database(self) -> Path:
        """The file of the keys, readable by nobody else before anything is written into it."""
        path = self.path / "keys.db"
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        return path


def _make(path: Path) -> None:
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.chmod(0o700)


def _keep(path: Path, content: str) -> None:
    """Write a file of mode 0600, whole or not at all."""
    partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    with open(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(content + "\n")
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
