"""A bot whose every command leaves a row that can be counted, and the program with that bot alone.

`python -m tests.support.counting CONFIG` runs it until it is stopped or killed.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections import Counter
from pathlib import Path
from typing import Annotated, Final

from sqlalchemy import BigInteger, Column, Integer, MetaData, String, Table, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from bots.kit.bot import Bot
from bots.kit.command import Argument, Command
from bots.kit.request import Request
from bridge.letters import Message
from ground.clock import SystemClock
from ground.database import Database
from ground.texts import text

_NUMBER: Final = BigInteger().with_variant(Integer, "sqlite")
COUNTS: Final = Table(
    "counts",
    MetaData(),  # not among the tables of the program
    Column("number", _NUMBER, primary_key=True),
    Column("arrival", String(255)),
    Column("account", String(255)),
    Column("word", String(60)),
)


async def count(request: Request, word: Annotated[str, Argument(what=text("a word"))]) -> None:
    """Leave a row, and say so."""
    assert isinstance(request.arrival, Message)
    await request.session.execute(insert(COUNTS).values(arrival=request.arrival.id, account=request.account, word=word))
    await request.reply(text("Counted {word}.", word=word))


BOT: Final = Bot(name="counting", commands=(Command(name="count", run=count, summary=text("Count a word.")),))


async def make_table(database: Database) -> None:
    """Make the table of the counts."""
    async with database.engine.begin() as connection:
        await connection.run_sync(COUNTS.metadata.create_all)


async def counted(database: Database) -> list[tuple[str, str, str]]:
    """Arrival, account and word of each command that had an effect, in the order of the effects."""

    async def work(session: AsyncSession) -> list[tuple[str, str, str]]:
        rows = await session.execute(
            select(COUNTS.c.arrival, COUNTS.c.account, COUNTS.c.word).order_by(COUNTS.c.number)
        )
        return [(arrival, account, word) for arrival, account, word in rows]

    return await database.read(work)


def twice(arrivals: list[str]) -> list[str]:
    """Those that stand there more than once."""
    return [arrival for arrival, times in Counter(arrivals).items() if times > 1]


async def _main(config: Path) -> None:
    from kunveno import logs
    from kunveno.app import open_app
    from kunveno.config import load
    from kunveno.service import serve

    logs.set_up("text", "info")
    async with open_app(load(config, os.environ), SystemClock()) as app:
        await serve(app, print, bots=(BOT,))


if __name__ == "__main__":
    asyncio.run(_main(Path(sys.argv[1])))
