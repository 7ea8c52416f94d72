"""Wires the floors together: what a command works with once the configuration is read."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from ground.clock import Clock
from ground.database import Database, parse_url
from kunveno import migrate
from kunveno.config import Config
from party import register
from party.operation import OPERATOR, Actor, Done, Operation


class DatabaseUnusable(Exception):
    """The database cannot be reached, is not there, or has old tables; the text says what helps."""


@dataclass(frozen=True, slots=True)
class App:
    """The configuration, the open database and the clock."""

    config: Config
    database: Database
    clock: Clock

    async def change(self, session: AsyncSession, operation: Operation, actor: Actor = OPERATOR) -> Sequence[Done]:
        """Change the register now, inside a transaction of the caller's. Raises RegisterError."""
        return await register.change(session, operation, actor=actor, policy=self.config.party(), at=self.clock.now())


@asynccontextmanager
async def open_app(config: Config, clock: Clock, *, create: bool = False) -> AsyncIterator[App]:
    """Open the database of the configuration; `create` makes a missing one, or missing tables, first.

    Raises DatabaseUnusable.
    """
    async with open_database(config, create=create) as database:
        yield App(config, database, clock)


@asynccontextmanager
async def open_database(config: Config, *, create: bool = False) -> AsyncIterator[Database]:
    """The database of the configuration, reachable and with the tables of this version. Raises DatabaseUnusable."""
    try:
        address = config.database.address()
    except OSError as error:
        raise DatabaseUnusable(
            f"{config.database.password_file}: {error.strerror}; the password of the database is read there"
        ) from None
    url = parse_url(address)
    kind = url.get_backend_name()
    name = url.database if kind == "sqlite" else url.set(drivername=kind).render_as_string()
    try:
        async with Database.open(address) as database:
            if database.path is not None:
                _place(database.path, create=create)
            await _prepare(database, str(name), create=create)
            yield database
    except ModuleNotFoundError as error:
        if error.name != "asyncpg":
            raise
        raise DatabaseUnusable("PostgreSQL needs one package more: pip install 'kunveno[postgres]'") from None


def _place(path: Path, *, create: bool) -> None:
    """Make an empty database file that its owner alone can read: it will hold personal data."""
    if path.exists():
        return
    if not create:
        raise DatabaseUnusable(f"there is no database at {path} yet; `kunveno init` or `kunveno import` makes it")
    try:
        path.touch(mode=0o600)
    except OSError as error:
        raise DatabaseUnusable(f"no database can be made at {path}: {error.strerror}") from None


async def _prepare(database: Database, name: str, *, create: bool) -> None:
    try:
        pending = await migrate.pending(database)
        if pending and create:
            await migrate.upgrade(database)
    except DBAPIError as error:
        raise DatabaseUnusable(f"the database {name} cannot be used: {error.orig}") from None
    except OSError as error:
        raise DatabaseUnusable(f"the database {name} cannot be reached: {error.strerror or error}") from None
    if pending and not create:
        raise DatabaseUnusable(
            f"the tables of the database {name} are missing or older; make a backup, then run `kunveno migrate`"
        )
