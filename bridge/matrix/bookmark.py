"""How far was read, written down beside the reading: it is no loss when it lags behind."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from bridge.matrix.rooms import SyncRow
from ground.database import Database

_log = logging.getLogger(__name__)
_REST: Final = 1.0
"""Seconds between two notes. What was read since the last one comes again after a death, and the inbox knows it."""


class Bookmark:
    """The token of the last sync that was handled to its end."""

    def __init__(self, database: Database, account: str, before: Callable[[], Awaitable[None]]) -> None:
        """`before` is carried out before anything is written down."""
        self._database = database
        self._account = account
        self._before = before
        self._token: str | None = None
        self._moved = asyncio.Event()

    async def put(self, token: str) -> None:
        """All before this was handled, which is written down when this returns. Raises what the database raises."""
        self._token = token
        await self._write(token)

    def move(self, token: str) -> None:
        """All before this was handled."""
        if token != self._token:
            self._token = token
            self._moved.set()

    async def keep(self) -> None:
        """Write it down whenever it has moved, until cancelled."""
        while True:
            await self._moved.wait()
            self._moved.clear()
            token = self._token
            try:
                await self._before()
                await self._write(token)
            except (SQLAlchemyError, OSError, TimeoutError) as error:
                _log.warning("How far was read could not be written down: %s", type(error).__name__)
                self._moved.set()
            await asyncio.sleep(_REST)

    async def _write(self, token: str | None) -> None:
        async def work(session: AsyncSession) -> None:
            row = await session.get(SyncRow, self._account)
            if row is not None:
                row.token = token

        await self._database.write(work)
