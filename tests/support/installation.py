"""A whole installation in a folder: a configuration, a database, and the commands as processes of their own."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeVar

import yaml

from ground.clock import SystemClock
from kunveno.app import App, open_app
from kunveno.config import load

T = TypeVar("T")
ROOT: Final = Path(__file__).resolve().parents[2]
SOON: Final = 60.0
"""Seconds within which anything here has happened, also on a machine that is busy with much else."""
ENDING: Final = 30.0
"""Seconds that a killed process has until it is gone, with all that it said."""
TIERS: Final = ("national", "region", "department", "section")


async def until(look: Callable[[], Awaitable[T]], *, seconds: float = SOON) -> T:
    """Look again and again until there is something true to see, and return it. TimeoutError after `seconds`."""
    found: T | None = None
    try:
        async with asyncio.timeout(seconds):  # a look that does not come back counts too
            while True:
                if found := await look():
                    return found
                await asyncio.sleep(0.1)
    except TimeoutError as error:
        raise TimeoutError(f"not so within {seconds} s; last seen: {found!r}") from error


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(slots=True)
class Running:
    """A process of `kunveno`, and what it has said so far."""

    process: asyncio.subprocess.Process
    lines: list[str] = field(default_factory=list)

    async def said(self, what: str) -> str:
        """The line that has `what` in it, as soon as it is there."""

        async def look() -> str | None:
            return next((line for line in self.lines if what in line), None)

        try:
            return str(await until(look))
        except TimeoutError as error:
            raise TimeoutError("\n".join(self.lines)) from error

    async def ended(self, *, seconds: float = SOON) -> int:
        async with asyncio.timeout(seconds):
            return await self.process.wait()


@dataclass(frozen=True, slots=True)
class Installation:
    """The folder of a configuration."""

    folder: Path
    port: int

    @property
    def config(self) -> Path:
        return self.folder / "config.yaml"

    @property
    def health(self) -> str:
        return f"http://127.0.0.1:{self.port}/health"

    @asynccontextmanager
    async def app(self) -> AsyncIterator[App]:
        """The installation as this process sees it; makes the tables."""
        async with open_app(load(self.config, {}), SystemClock(), create=True) as app:
            yield app

    def start(self, *arguments: str) -> AbstractAsyncContextManager[Running]:
        """Start a command; it is killed at the end of the block if it still runs."""
        return self.start_module("kunveno", "--config", str(self.config), *arguments)

    @asynccontextmanager
    async def start_module(self, module: str, *arguments: str) -> AsyncIterator[Running]:
        """Start a module as a program; it is killed at the end of the block if it still runs."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", module, *arguments,
            cwd=ROOT, env={**os.environ, "PYTHONUNBUFFERED": "1"},
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        running = Running(process)
        reader = asyncio.create_task(_read(running))
        try:
            yield running
        finally:
            if process.returncode is None:
                process.kill()
            async with asyncio.timeout(ENDING):
                await reader  # first: while it does not read, nobody hears of the end
                await process.wait()

    async def call(self, *arguments: str, seconds: float = SOON) -> tuple[int, str]:
        """Run a command to its end: its exit status, and all that it said."""
        async with self.start(*arguments) as running:
            status = await running.ended(seconds=seconds)
        return status, "\n".join(running.lines)


async def _read(running: Running) -> None:
    assert running.process.stdout is not None
    async for line in running.process.stdout:
        running.lines.append(line.decode().rstrip())


def install(
    folder: Path,
    homeserver: Mapping[str, Any],
    *,
    database_url: str | None = None,
    mirror: Mapping[str, Any] | None = None,
    administrators: Sequence[str] = (),
    bots: Mapping[str, Any] | None = None,
    votes: Mapping[str, Any] | None = None,
) -> Installation:
    """Write a configuration into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    installation = Installation(folder, free_port())
    config = {
        "organisation": {
            "name": "Test",
            "language": "en",
            "timezone": "Europe/Paris",
            "administrators": list(administrators),
            "tiers": {tier: {"name": {"en": tier}} for tier in TIERS},
            "offices": {"secretary": {"name": {"en": "Secretary"}, "may": {"*": "below"}}},
        },
        "homeserver": dict(homeserver),
        "database": {"url": database_url or "sqlite:///kunveno.db"},
        "mirror": {"power": {"secretary": 60}, **(mirror or {})},
        "bots": dict(bots or {}),
        "votes": dict(votes or {}),
        "web": {"port": installation.port},
    }
    installation.config.write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")
    return installation
