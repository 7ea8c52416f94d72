"""Reminders: private, once, before the close, and nothing tells who got one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bots.vote import bot, reminding
from bots.vote.policy import VotePolicy
from bots.vote.sealed import SealedBox
from bots.vote.settings import Settings
from bots.vote.tables import RollRow
from bridge.letters import delivery
from bridge.letters.delivery import Ended
from bridge.letters.outbox import State
from bridge.places import Direct
from ground.database import Base
from kunveno.config import VotesSection
from tests.support.conversation import Someone, Stage, stage_on

BOT = bot(Settings(VotePolicy(remind=24), SealedBox(b"s" * 32)))
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SAID = (
    "You have not voted yet in V1, “Shall we?”. It closes Wednesday 2 December 2026, 15:00. "
    "To vote, write !vote V1 to me.\nTo get no more reminders: !reminders off"
)


@pytest.fixture
async def stage(database_url: str) -> AsyncIterator[Stage]:
    async with stage_on(database_url, [BOT]) as stage:
        await stage.person("Anna", "Lyon", offices=["secretary"])
        for name in ("Bruno", "Clara", "David"):
            await stage.person(name, "Lyon")
        yield stage


async def reminded(stage: Stage, time: timedelta) -> list[str]:
    """Let time pass, and return who was reminded then."""
    await stage.passes(time)
    return [
        next(name for name, person in stage.people.items() if Direct(person.account) == letter.to)
        for letter in await stage.letters()
        if str(letter).startswith("You have not voted")
    ]


async def opened(stage: Stage, line: str = "!vote Shall we?") -> Someone:
    anna = stage.people["Anna"]
    await anna.says(line, room="Lyon")
    if "--confidential" in line:
        await anna.taps("✅")
    return anna


async def test_a_day_before_the_close(stage: Stage) -> None:
    anna = await opened(stage)
    await anna.says("!vote V1 1", room="Lyon")
    await stage.passes(6 * DAY - HOUR)
    await stage.people["Bruno"].says("!vote V1 2", room="Lyon")
    await stage.passes(HOUR)
    letters = await stage.letters()
    assert [str(letter) for letter in letters] == [SAID, SAID]
    assert {letter.to for letter in letters} == {Direct(stage.people[name].account) for name in ("Clara", "David")}
    assert await reminded(stage, 2 * DAY) == []


@pytest.mark.parametrize(
    ("hours", "line", "after"),
    [
        (24, "!vote Shall we? --duration 48 hours", 24),
        (24, "!vote Shall we? --duration 47 hours", None),
        (2, "!vote Shall we? --duration 5 hours", 3),
        (0, "!vote Shall we?", None),
    ],
)
async def test_only_where_there_is_time(database_url: str, hours: int, line: str, after: int | None) -> None:
    async with stage_on(database_url, [bot(Settings(VotePolicy(remind=hours)))]) as stage:
        await stage.person("Anna", "Lyon", offices=["secretary"])
        await opened(stage, line)
        if after is not None:
            assert await reminded(stage, after * HOUR - timedelta(minutes=1)) == []
            assert await reminded(stage, timedelta(minutes=1)) == ["Anna"]
        assert await reminded(stage, 8 * DAY) == []


@pytest.mark.parametrize(
    ("written", "hours"), [({}, 24), ({"remind": 0}, 0), ({"remind": None}, 0), ({"remind": 3}, 3)]
)
def test_what_the_configuration_says(written: dict[str, Any], hours: int) -> None:
    assert VotePolicy(**VotesSection(**written).policy_values()).remind == hours


async def test_whoever_comes_first_reminds(stage: Stage) -> None:
    anna = await opened(stage)
    await anna.says("!vote remind V1", room="Lyon")
    assert await reminded(stage, 8 * DAY) == []
    await opened(stage)
    assert len(await reminded(stage, 6 * DAY)) == 4
    assert "once is enough" in (await anna.says("!vote remind V2", room="Lyon"))[0]


async def test_it_moves_with_the_close(stage: Stage) -> None:
    anna = await opened(stage)
    await anna.says("!vote extend V1 5 december 15:00", room="Lyon")
    assert await reminded(stage, 9 * DAY - HOUR) == []
    assert len(await reminded(stage, HOUR)) == 4
    await anna.says("!vote extend V1 12 december 15:00", room="Lyon")
    assert await reminded(stage, 20 * DAY) == []


@pytest.mark.parametrize("line", ["!vote close V1", "!vote cancel V1 No."])
async def test_it_is_dropped_with_the_vote(stage: Stage, line: str) -> None:
    anna = await opened(stage)
    await anna.says(line, room="Lyon")
    assert await reminded(stage, 8 * DAY) == []


async def test_nobody_is_reminded_late(stage: Stage) -> None:
    """As when nothing ran from before the reminder until after the close."""
    await opened(stage)
    stage.clock.advance(8 * DAY)
    assert await reminded(stage, HOUR) == []


async def test_who_wants_none_gets_none(stage: Stage) -> None:
    bruno, clara = stage.people["Bruno"], stage.people["Clara"]
    off = "I do not remind you of votes. To be reminded again: !reminders on"
    on = "I remind you, once, of a vote in which you have not voted. To stop that: !reminders off"
    assert await bruno.says("reminders") == [on]
    for _ in range(2):
        assert await bruno.says("!reminders off", room="Lyon") == [off]
        assert (await stage.all_letters())[-1].to == Direct(bruno.account)
    assert await bruno.says("reminders") == [off]
    await clara.says("reminders off")
    assert await clara.says("reminders on") == [on]
    anna = await opened(stage)
    assert sorted(await reminded(stage, 6 * DAY)) == ["Anna", "Clara", "David"]
    await opened(stage)
    await anna.utters("!vote remind V2", room="Lyon")
    assert sorted(await reminded(stage, timedelta())) == ["Anna", "Clara", "David"]


async def test_each_in_their_language(database_url: str) -> None:
    async with stage_on(database_url, [BOT]) as stage:
        await stage.person("Anna", "Lyon", offices=["secretary"])
        bruno = await stage.person("Bruno", "Lyon", language="fr")
        await opened(stage)
        await stage.passes(6 * DAY)
        (said,) = [str(letter) for letter in await stage.letters() if letter.to == Direct(bruno.account)]
        assert said.startswith("Vous n’avez pas encore voté dans V1")
        assert said.endswith("!rappels non")
        assert (await bruno.says("rappels non"))[0].endswith("!rappels oui")


async def test_a_long_roll_is_gone_through_bit_by_bit(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reminding, "step", lambda lines: 3)
    await opened(stage)
    await stage.passes(6 * DAY - timedelta(seconds=1))
    assert len(await reminded(stage, timedelta(seconds=1))) == 3
    (last,) = await stage.db.read(lambda session: _member_at(session, 3))
    who = next(person for person in stage.people.values() if person.member_id == last)
    await who.says("!vote V1 1", room="Lyon")
    assert await reminded(stage, DAY - HOUR) == []  # they voted meanwhile


async def _member_at(session: AsyncSession, position: int) -> list[str]:
    return list(await session.scalars(select(RollRow.member_id).where(RollRow.position == position)))


@pytest.mark.parametrize(("lines", "step"), [(0, 50), (50, 50), (5_000, 50), (5_001, 51), (100_000, 1_000)])
def test_how_many_lines_at_once(lines: int, step: int) -> None:
    assert reminding.step(lines) == step


@pytest.mark.parametrize("command", ["!vote remind V1", None])
async def test_once_delivered_nothing_tells_who_had_not_voted(stage: Stage, command: str | None) -> None:
    """Everything in the database is the same whoever was reminded, but for the one that says: those who had not."""
    anna = await opened(stage, "!vote Shall we? --confidential")
    bruno = stage.people["Bruno"]
    await bruno.says("!vote V1")
    await bruno.says("1")
    await deliver(stage)
    before = await stage.db.read(everything)
    if command is not None:
        await anna.utters(command, room="Lyon")
    else:
        await stage.passes(6 * DAY)
    sent = await deliver(stage)
    names = {"Anna", "Clara", "David"}
    assert {place for place, kind in sent if place.startswith("direct:")} == {
        f"direct:{stage.people[name].account}" for name in names
    }
    after = await stage.db.read(everything)
    grown = {table: after[table] - before[table] for table in after if after[table] - before[table]}
    gone = {table for table in before if before[table] - after[table]}
    assert gone == {"due"}
    if command is None:
        assert set(grown) == {"vote_events"}
    else:
        assert set(grown) == {"vote_events", "inbox", "outbox"}  # what Anna asked, and what she was answered
    told = str(grown)
    for person in stage.people.values():
        assert person.account not in told
        if person.name != "Anna":
            assert str(person.member_id) not in told


async def deliver(stage: Stage) -> list[tuple[str, str]]:
    """The bridge delivers all that waits, and notes it; returns where it went."""

    async def work(session: AsyncSession) -> list[tuple[str, str]]:
        rows = await delivery.waiting(session, limit=1000, but_places=(), but_numbers=())
        ended = [
            Ended(letter=row, state=State.DELIVERED, outcome="delivered", room_id="!room", events=(f"$of-{row.id}",))
            for row in rows
        ]
        places = [(row.place, row.kind) for row in rows]
        await delivery.note(session, [(one, stage.clock.now()) for one in ended])
        return places

    return await stage.db.write(work)


async def everything(session: AsyncSession) -> dict[str, set[str]]:
    """All rows of all tables."""
    return {
        table.name: {repr(tuple(row)) for row in await session.execute(select(table))}
        for table in Base.metadata.sorted_tables
    }
