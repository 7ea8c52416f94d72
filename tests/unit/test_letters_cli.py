"""`kunveno letter`: what a restore set aside is looked at, sent after all, or never."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from typer.testing import CliRunner, Result

from bridge.letters import Letter, Words, delivery, outbox
from bridge.letters.delivery import Ended
from bridge.letters.outbox import LetterRow, State
from bridge.places import BranchRoom, Direct, Elsewhere
from ground.database import Database
from kunveno import migrate
from kunveno.cli import build
from kunveno.cli.exits import Exit
from party import register
from party.operation import OPERATOR
from party.operations.branches import CreateBranch
from tests.support.installation import install
from tests.support.register import POLICY

T = TypeVar("T")
Run = Callable[..., Result]
NOON = datetime(2026, 1, 27, 12, tzinfo=UTC)
TO = BranchRoom("01BRANCH", "discussion")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An installation with an empty database."""
    install(tmp_path, {"url": "http://127.0.0.1:9", "server_name": "example.org", "user_id": "@kunveno:example.org"})
    asyncio.run(_migrate(tmp_path))
    return tmp_path


@pytest.fixture
def run(folder: Path) -> Run:
    def invoke(*words: str) -> Result:
        return CliRunner().invoke(build(), ["-c", str(folder / "config.yaml"), "letter", *words])

    return invoke


def _address(folder: Path) -> str:
    return f"sqlite:///{folder}/kunveno.db"


async def _migrate(folder: Path) -> None:
    async with Database.open(_address(folder)) as db:
        await migrate.upgrade(db)


def write(folder: Path, work: Callable[[AsyncSession], Awaitable[T]]) -> T:
    async def opened() -> T:
        async with Database.open(_address(folder)) as db:
            return await db.write(work)

    return asyncio.run(opened())


def held(folder: Path, *bodies: str, owner: str | None = None) -> list[str]:
    """Letters that a restore found waiting; returns their ids."""

    async def work(session: AsyncSession) -> list[str]:
        letters = [Letter(to=TO, content=Words(body), owner=owner) for body in bodies]
        ids = [await outbox.put(session, letter, NOON) for letter in letters]
        assert await outbox.hold_all(session) == len(bodies)
        return ids

    return write(folder, work)


def states(folder: Path) -> list[str]:
    async def work(session: AsyncSession) -> list[str]:
        return list(await session.scalars(select(LetterRow.state).order_by(LetterRow.number)))

    return write(folder, work)


def test_what_is_held_is_listed_without_what_it_says(run: Run, folder: Path) -> None:
    first, second = held(folder, "Anna's secret", "another")
    result = run("list")
    assert result.exit_code == Exit.DONE
    assert result.stdout.splitlines() == [
        f"{letter}  held  2026-01-27T12:00+00:00  words to 01BRANCH/discussion" for letter in (first, second)
    ]
    assert [letter["id"] for letter in json.loads(run("list", "--json").stdout)] == [first, second]
    assert "secret" not in result.output


def test_places_are_named_as_one_finds_them(run: Run, folder: Path) -> None:
    async def work(session: AsyncSession) -> None:
        create = CreateBranch("lyon", "Lyon", "national", None)
        (done,) = await register.change(session, create, actor=OPERATOR, policy=POLICY, at=NOON)
        for to in (BranchRoom(done.subject_id, "committee"), Direct("@anna:example.org"), Elsewhere("!room")):
            await outbox.put(session, Letter(to=to, content=Words("hello")), NOON)
        await outbox.hold_all(session)

    write(folder, work)
    lines = run("list").stdout.splitlines()
    assert [line.partition(" to ")[2] for line in lines] == ["lyon/committee", "@anna:example.org", "!room"]


def test_there_may_be_none(run: Run) -> None:
    assert run("list").stdout == "There is none.\n"
    assert json.loads(run("list", "--json").stdout) == []


def test_one_is_released_and_one_dropped(run: Run, folder: Path) -> None:
    first, second = held(folder, "one", "two", owner="announce")
    assert run("release", first).stdout == "Letters that will be sent: 1.\n"
    assert run("drop", second).stdout == "Letters dropped: 1.\n"
    assert states(folder) == [State.WAITING, State.DEAD]
    assert run("list").stdout == "There is none.\n"
    assert "dropped after a restore" in run("list", "--dead").stdout
    receipts = write(folder, delivery.receipts)
    assert [(receipt.letter, receipt.outcome) for receipt in receipts] == [(second, "given_up")]


def test_all_are_released_with_a_new_term(run: Run, folder: Path) -> None:
    held(folder, "one", "two")
    assert run("release", "--all").stdout == "Letters that will be sent: 2.\n"

    async def deadlines(session: AsyncSession) -> list[datetime]:
        return list(await session.scalars(select(LetterRow.deadline)))

    assert all(deadline > datetime.now(UTC) + timedelta(days=6) for deadline in write(folder, deadlines))


def test_the_dead_are_shown_with_their_reason(run: Run, folder: Path) -> None:
    async def work(session: AsyncSession) -> None:
        await outbox.put(session, Letter(to=TO, content=Words("one")), NOON)
        row = (await session.scalars(select(LetterRow))).one()
        ended = Ended(letter=row, state=State.DEAD, outcome="refused", reason="M_FORBIDDEN")
        await delivery.note(session, [(ended, NOON)])

    write(folder, work)
    assert run("list").stdout == "There is none.\n"
    assert run("list", "--dead").stdout.rstrip().endswith("words to 01BRANCH/discussion: M_FORBIDDEN")


@pytest.mark.parametrize("what", ["release", "drop"])
def test_only_what_is_held_can_be_decided(run: Run, folder: Path, what: str) -> None:
    (letter,) = held(folder, "one")
    nothing = run(what)
    assert nothing.exit_code == Exit.USAGE
    assert "name letters by their ids, or say --all" in nothing.stderr
    unknown = run(what, letter, "01NOTHING")
    assert unknown.exit_code == Exit.REFUSED
    assert "there is no held letter 01NOTHING" in unknown.stderr
    assert states(folder) == [State.HELD]
