"""Where letters go, and why they go nowhere; and for how long what failed is put off."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from bridge.matrix.backoff import Backoff
from bridge.matrix.rooms import DirectRoomRow, DirectState, Origin, remember
from bridge.matrix.whereto import Nowhere, whereto
from bridge.places import BranchRoom, Direct, Elsewhere, Place
from ground.database import Database
from party.operations.branches import CloseBranch
from tests.support.register import do, fresh, grow


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with Database.open(database_url) as database:
        await fresh(database)
        yield database


async def where(database: Database, place: Place) -> str:
    return str(await database.read(lambda session: whereto(session, place)))


async def test_a_room_or_the_reason_why_there_is_none(database: Database) -> None:
    ids = (await grow(database, {"france": {"lyon": {}}})).branches
    lyon = BranchRoom(ids["lyon"], "main")
    assert await where(database, Elsewhere("!a")) == "!a"
    assert await where(database, BranchRoom("unknown", "main")) == Nowhere.NEVER
    assert await where(database, lyon) == Nowhere.NOT_YET
    await database.write(lambda session: remember(session, lyon, "!lyon", Origin.CREATED))
    assert await where(database, lyon) == "!lyon"
    await database.write(lambda session: remember(session, lyon, None, Origin.RELEASED))
    assert await where(database, lyon) == Nowhere.NEVER
    other = BranchRoom(ids["lyon"], "committee")
    assert await where(database, other) == Nowhere.NOT_YET
    await do(database, CloseBranch(ids["lyon"]))
    assert await where(database, other) == Nowhere.NEVER


async def test_a_direct_conversation_is_known_or_opened_on_demand(database: Database) -> None:
    anna = Direct("@anna:x")
    assert await where(database, anna) == Nowhere.ON_DEMAND
    row = DirectRoomRow(id="1", account="@anna:x", room_id="!direct", state=DirectState.OPEN)

    async def add(session: object) -> None:
        session.add(row)  # type: ignore[attr-defined]

    await database.write(add)
    assert await where(database, anna) == "!direct"


async def test_what_fails_again_is_put_off_for_longer() -> None:
    backoff = Backoff[str](10.0, 60.0)
    now = asyncio.get_running_loop().time()
    assert backoff.put_off() == set()
    waits = []
    for failures in range(1, 6):
        assert backoff.failed("a") == failures
        waits.append(round(backoff._until["a"] - now))
    assert waits == [10, 20, 40, 60, 60]
    backoff.failed("b")
    assert backoff.put_off() == {"a", "b"}
    backoff.succeeded("a")
    assert backoff.put_off() == {"b"}
    backoff.hurry()
    assert backoff.put_off() == set()
    assert (backoff.failed("a"), backoff.failed("b")) == (1, 2)
