"""In their order; together where that is wanted; and nothing that one fails at is lost for the others."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from bridge.letters import Arrival, FromRooms, PollResponse, inbox
from bridge.matrix.content import Json
from bridge.matrix.handover import MOST, Desk, Handover
from bridge.places import Elsewhere
from ground.clock import FixedClock
from ground.database import Database
from tests.support.register import NOW, fresh

ROOM = Elsewhere("!room")


@dataclass
class Taken:
    """Notes what is handed over, and fails at what it is told to."""

    all: list[list[str]] = field(default_factory=list)
    bad: dict[str, Exception] = field(default_factory=dict)

    async def one(self, arrival: FromRooms) -> None:
        self._take([arrival])

    async def many(self, arrivals: Sequence[FromRooms]) -> None:
        self._take(arrivals)

    def _take(self, arrivals: Sequence[FromRooms]) -> None:
        self.all.append([arrival.id for arrival in arrivals])
        for arrival in arrivals:
            if arrival.id in self.bad:
                raise self.bad[arrival.id]


@pytest.fixture
async def db(tmp_path: Path) -> AsyncIterator[Database]:
    async with Database.open(f"sqlite:///{tmp_path / 'kunveno.db'}") as db:
        await fresh(db)
        yield db


def handover(db: Database, taken: Taken, *, together: bool = True) -> Handover:
    kinds: frozenset[type[Arrival]] = frozenset({PollResponse} if together else ())
    return Handover(db, FixedClock(NOW), Desk(taken.one, kinds, taken.many), random.Random(1))  # noqa: S311


def response(id_: str) -> Json:
    return _event(
        id_,
        "org.matrix.msc3381.poll.response",
        {"m.relates_to": {"event_id": "$poll"}, "org.matrix.msc3381.poll.response": {"answers": ["1"]}},
    )


def message(id_: str) -> Json:
    return _event(id_, "m.room.message", {"msgtype": "m.text", "body": "!help"})


def _event(id_: str, kind: str, content: dict[str, Any]) -> Json:
    sent = int(NOW.timestamp() * 1000)
    return {"event_id": id_, "type": kind, "sender": "@ada:example.org", "origin_server_ts": sent, "content": content}


async def add(over: Handover, *events: Json) -> None:
    for event in events:
        await over.guarded(event, over.add(event, ROOM, encrypted=False))


async def test_those_of_a_kind_come_together_and_none_overtakes(db: Database) -> None:
    taken = Taken()
    over = handover(db, taken)
    await add(over, response("1"), response("2"), message("3"), {"type": "m.nonsense"}, response("4"))
    assert taken.all == [["1", "2"], ["3"]]
    assert over.hurried
    await over.finish()
    await over.finish()
    assert taken.all == [["1", "2"], ["3"], ["4"]]


async def test_nobody_gets_more_together_than_is_good(db: Database) -> None:
    taken = Taken()
    over = handover(db, taken)
    await add(over, *(response(str(number)) for number in range(MOST + 2)))
    await over.finish()
    assert [len(some) for some in taken.all] == [MOST, 2]
    assert not over.hurried


async def test_together_only_where_that_is_wanted(db: Database) -> None:
    taken = Taken()
    await add(handover(db, taken, together=False), response("1"), response("2"))
    assert taken.all == [["1"], ["2"]]


async def test_what_cannot_be_taken_together_is_handed_over_one_by_one(db: Database) -> None:
    taken = Taken(bad={"2": RuntimeError("stumbled")})
    over = handover(db, taken)
    await add(over, response("1"), response("2"), response("3"))
    await over.finish()
    assert taken.all == [["1", "2", "3"], ["1"], ["2"], ["2"], ["2"], ["3"]]
    (aside,) = await db.read(inbox.aside)
    assert (aside.id, aside.kind) == ("2", "pollresponse")


async def test_a_database_that_is_away_is_not_taken_for_their_fault(db: Database) -> None:
    taken = Taken(bad={"2": ConnectionRefusedError()})
    over = handover(db, taken)
    await add(over, response("1"), response("2"))
    with pytest.raises(ConnectionRefusedError):
        await over.finish()
    assert taken.all == [["1", "2"]]
    assert await db.read(inbox.aside) == []


async def test_an_arrival_alone_goes_the_ordinary_way(db: Database) -> None:
    taken = Taken()
    over = handover(db, taken)
    await over.now(message("1"), ROOM, encrypted=True)
    assert taken.all == [["1"]]
