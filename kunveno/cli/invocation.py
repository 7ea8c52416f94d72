"""What every command knows of its call: the configuration's path, the language; and how it gets to work."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import typer

if TYPE_CHECKING:
    from ground.texts import Translator
    from kunveno.app import App
    from kunveno.config import Config

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Invocation:
    """The global options of one call."""

    config_path: Path
    language: str

    def config(self) -> Config:
        """The configuration. Raises ConfigError."""
        from kunveno.config import load

        return load(self.config_path, os.environ)

    def translators(self) -> dict[str, Translator]:
        """All languages that there are."""
        from ground.texts import load_translators
        from kunveno.resources import LOCALE

        return load_translators(LOCALE)

    def translator(self) -> Translator:
        """Says the sentences of the floors below in the language asked for, English where there is no other."""
        from ground.texts import ENGLISH

        return self.translators().get(self.language, ENGLISH)

    def run(self, work: Callable[[App], Awaitable[T]], *, create: bool = False) -> T:
        """Carry out `work` with the database open; `create` makes a database that is not there yet."""
        from ground.clock import SystemClock
        from kunveno.app import open_app

        async def opened() -> T:
            async with open_app(self.config(), SystemClock(), create=create) as app:
                return await work(app)

        return asyncio.run(opened())


def of(ctx: typer.Context) -> Invocation:
    """The invocation of a command's context."""
    return ctx.ensure_object(Invocation)
