"""The transaction: nothing is lost, nothing half-done stays, readers only read; on both kinds of database."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError, IntegrityError, StatementError
from sqlalchemy.ext.asyncio import AsyncSession

from bridge.mirror.tables import MirrorRequestRow
from ground.database import Database, DatabaseUrlError, parse_url
from party import changes, journal
from party.changes import ChangeRow
from party.journal import JournalRow
from tests.support.register import NOW, fresh

ROOT = Path(__file__).resolve().parents[2]
INCREMENTS = """
import asyncio, sys
from ground.database import Database
from tests.unit.test_database import increment

async def main():
    async with Database.open(sys.argv[1]) as db:
        for _ in range(25):
            await db.write(increment)

asyncio.run(main())
"""


@pytest.fixture
async def db(database_url: str) -> AsyncIterator[Database]:
    async with Database.open(database_url) as db:
        await fresh(db)
        yield db


async def increment(session: AsyncSession) -> int:
    """Read, think, write: what loses updates where transactions are not serial."""
    row = await session.get(MirrorRequestRow, "counter")
    if row is None:
        row = MirrorRequestRow(id="counter", asked_at=NOW, outcome="0")
        session.add(row)
    count = int(row.outcome or 0)
    await asyncio.sleep(0)
    row.outcome = str(count + 1)
    return count + 1


async def counter(session: AsyncSession) -> int:
    row = await session.get(MirrorRequestRow, "counter")
    return int(row.outcome or 0) if row else 0


async def test_of_fifty_increments_at_once_none_is_lost(db: Database) -> None:
    results = await asyncio.gather(*(db.write(increment) for _ in range(50)))
    assert sorted(results) == list(range(1, 51))
    assert await db.read(counter) == 50


async def test_of_increments_by_two_processes_none_is_lost(db: Database, database_url: str) -> None:
    async def run() -> tuple[int | None, str]:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", INCREMENTS, database_url, cwd=ROOT, stderr=asyncio.subprocess.PIPE
        )
        _, complaint = await process.communicate()
        return process.returncode, complaint.decode()

    assert list(await asyncio.gather(run(), run())) == [(0, ""), (0, "")]
    assert await db.read(counter) == 50


async def test_what_raises_undoes_all_of_it(db: Database) -> None:
    async def work(session: AsyncSession) -> None:
        await increment(session)
        await session.flush()
        raise LookupError

    with pytest.raises(LookupError):
        await db.write(work)
    assert await db.read(counter) == 0
    assert await db.write(increment) == 1


async def test_who_is_cancelled_finishes_the_transaction_in_hand(db: Database) -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def work(session: AsyncSession) -> int:
        begun.set()
        await go_on.wait()
        return await increment(session)

    writing = asyncio.create_task(db.write(work))
    await begun.wait()
    writing.cancel()
    await asyncio.sleep(0)
    assert not writing.done()
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await writing
    assert await db.read(counter) == 1


async def test_a_reader_cannot_write_and_a_writer_after_it_can(db: Database) -> None:
    for _ in range(2):
        with pytest.raises(DBAPIError):
            await db.read(increment)
        assert await db.read(counter) == 0
    assert await db.write(increment) == 1


async def test_a_reader_sees_one_snapshot(db: Database) -> None:
    async def work(session: AsyncSession) -> tuple[int, int]:
        before = await counter(session)
        await db.write(increment)
        session.expire_all()
        return before, await counter(session)

    await db.write(increment)
    assert await db.read(work) == (1, 1)
    assert await db.read(counter) == 2


async def test_work_that_another_got_in_between_of_runs_again(db: Database) -> None:
    if db.is_sqlite:
        pytest.skip("on SQLite nobody gets in between: writers wait for their turn")
    runs = 0

    async def work(session: AsyncSession) -> int:
        nonlocal runs
        runs += 1
        await counter(session)
        if runs == 1:
            await db.write(increment)
        return await increment(session)

    await db.write(increment)
    assert await db.write(work) == 3
    assert runs == 2


async def test_other_errors_of_the_database_are_not_tried_again(db: Database) -> None:
    runs = 0

    async def work(session: AsyncSession) -> None:
        nonlocal runs
        runs += 1
        session.add(MirrorRequestRow(id="counter", asked_at=NOW))

    await db.write(work)
    with pytest.raises(DBAPIError):
        await db.write(work)
    assert runs == 2


async def test_an_error_of_the_database_shows_no_values(db: Database) -> None:
    async def work(session: AsyncSession) -> None:
        session.add(MirrorRequestRow(id="counter", asked_at=NOW, outcome="Jeanne"))
        await session.flush()
        session.expunge_all()
        session.add(MirrorRequestRow(id="counter", asked_at=NOW, outcome="Jeanne"))
        await session.flush()

    with pytest.raises(DBAPIError) as raised:
        await db.write(work)
    assert "mirror_requests" in str(raised.value)
    assert "Jeanne" not in str(raised.value)


async def test_a_reader_of_the_feed_misses_nothing_under_many_writers(db: Database) -> None:
    writers = 30

    async def write(number: int) -> None:
        async def work(session: AsyncSession) -> None:
            for _ in range(2):
                await changes.append(session, at=NOW, kind="test", subject_id=f"{number}", branch_id=None)
                await session.flush()
                await asyncio.sleep(0)

        await db.write(work)

    async def poll() -> list[int]:
        seen: list[int] = []

        async def look(session: AsyncSession) -> list[int]:
            return [entry.number for entry in await changes.after(session, seen[-1] if seen else 0, limit=7)]

        while len(seen) < 2 * writers:
            seen += await db.read(look)
        return seen

    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
        reader = group.create_task(poll())
        for number in range(writers):
            group.create_task(write(number))
    everything = list(
        await db.read(lambda session: session.scalars(select(ChangeRow.number).order_by(ChangeRow.number)))
    )
    assert reader.result() == everything
    assert len(everything) == 2 * writers
    assert await db.read(changes.last_number) == everything[-1]


async def test_instants_are_stored_aware_and_come_back_in_utc(db: Database) -> None:
    paris = timezone(timedelta(hours=2))

    async def work(session: AsyncSession) -> None:
        instant = datetime(2026, 7, 1, 14, 0, 0, 5, tzinfo=paris)
        journal.write(session, at=instant, actor="system", kind="k", subject_id="s", branch_id=None, fields=["f"])

    await db.write(work)
    (entry,) = await db.read(lambda session: journal.about(session, "s"))
    assert entry.at == datetime(2026, 7, 1, 12, 0, 0, 5, tzinfo=UTC)
    assert entry.at.utcoffset() == timedelta(0)
    earlier = JournalRow.at < datetime(2026, 7, 1, 14, 0, 0, 6, tzinfo=paris)
    assert await db.read(lambda session: session.scalar(select(JournalRow.subject_id).where(earlier))) == "s"


async def test_a_naive_instant_is_refused(db: Database) -> None:
    async def work(session: AsyncSession) -> None:
        naive = NOW.replace(tzinfo=None)
        journal.write(session, at=naive, actor="system", kind="k", subject_id="s", branch_id=None, fields=["f"])

    with pytest.raises(StatementError, match="naive"):
        await db.write(work)


@pytest.mark.parametrize(
    ("address", "driver"),
    [
        ("sqlite:///kunveno.db", "sqlite+aiosqlite"),
        ("sqlite+aiosqlite:///kunveno.db", "sqlite+aiosqlite"),
        ("postgresql://u:p@localhost/kunveno", "postgresql+asyncpg"),
        ("postgresql+psycopg://u:p@localhost/kunveno", "postgresql+asyncpg"),
        ("postgres://u:p@localhost/kunveno", "postgresql+asyncpg"),
    ],
)
def test_an_address_gets_the_driver_that_is_used(address: str, driver: str) -> None:
    assert parse_url(address).drivername == driver


@pytest.mark.parametrize("address", ["", "kunveno.db", "mysql://localhost/kunveno", "sqlite://", "sqlite:///:memory:"])
def test_an_address_that_cannot_be_used_is_answered_with_one_that_can(address: str) -> None:
    with pytest.raises(DatabaseUrlError, match=r"sqlite:///kunveno\.db"):
        parse_url(address)


def test_a_refused_address_does_not_show_its_password() -> None:
    with pytest.raises(DatabaseUrlError) as caught:
        parse_url("mysql://kunveno:hunter2@localhost/kunveno")
    assert "hunter2" not in str(caught.value)


async def test_what_was_deleted_leaves_the_files_of_sqlite(tmp_path: Path) -> None:
    path, words = tmp_path / "kunveno.db", "a word that is to be forgotten"

    def held() -> bool:
        return any(words.encode() in each.read_bytes() for each in tmp_path.iterdir())

    async def write(session: AsyncSession) -> None:
        session.add(MirrorRequestRow(id="one", asked_at=NOW, outcome=words))

    async def remove(session: AsyncSession) -> None:
        await session.delete(await session.get_one(MirrorRequestRow, "one"))

    async with Database.open(f"sqlite:///{path}") as db:
        await fresh(db)
        await db.write(increment)
        await db.write(write)
        await db.forget_older_pages()
        assert held()
        await db.write(remove)
        assert held()  # on the old page, which the log has not reached

        async def read(session: AsyncSession) -> int:
            found = await counter(session)
            await db.forget_older_pages()  # somebody reads: it waits a second, and leaves it for the next time
            return found

        await db.read(read)
        await db.write(increment)
        await db.forget_older_pages()
        assert not held()
        assert await db.read(counter) == 2


async def test_a_statement_with_its_rows_is_one_visit_to_the_thread(tmp_path: Path) -> None:
    """As are many rows; what SQLite says of them is there, and errors are its own."""
    async with Database.open(f"sqlite:///{tmp_path / 'kunveno.db'}") as db:
        visits = 0

        async def work(session: AsyncSession) -> tuple[int, int, list[int]]:
            nonlocal visits
            driver: Any = (await (await session.connection()).get_raw_connection()).driver_connection
            visit = driver._execute

            async def counted(*arguments: Any) -> Any:
                nonlocal visits
                visits += 1
                return await visit(*arguments)

            driver._execute = counted
            try:
                await session.execute(text("CREATE TABLE numbers (number INTEGER PRIMARY KEY)"))
                many = text("INSERT INTO numbers VALUES (:number)")
                await session.execute(many, [{"number": number} for number in range(200)])
                one: Any = await session.execute(many, {"number": 300})
                found = list(await session.scalars(text("SELECT number FROM numbers ORDER BY number")))
                changed: Any = await session.execute(text("UPDATE numbers SET number = -number WHERE number < 50"))
                return one.lastrowid, changed.rowcount, found
            finally:
                driver._execute = visit

        assert await db.write(work) == (300, 50, [*range(200), 300])
        assert visits == 5
        with pytest.raises(IntegrityError):
            await db.write(lambda session: session.execute(text("INSERT INTO numbers VALUES (60)")))
        assert await db.read(lambda session: session.scalar(text("SELECT count(*) FROM numbers"))) == 201


async def test_many_rows_are_read_in_portions(tmp_path: Path) -> None:
    """All of them, all but a few, or none after the first ones; afterwards the transaction can be ended."""
    numbers = text(
        "WITH RECURSIVE numbers(number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM numbers WHERE number < 2500)"
        " SELECT number FROM numbers"
    )

    async def streamed(session: AsyncSession) -> list[list[int]]:
        rows = (await session.stream(numbers)).scalars()
        return [list(some) async for some in rows.partitions(700)]

    async def left(session: AsyncSession) -> int:
        rows, number = (await session.stream(numbers)).scalars(), 0
        async for number in rows:
            if number == 1200:
                break
        await rows.close()
        return number

    async with Database.open(f"sqlite:///{tmp_path / 'kunveno.db'}") as db:
        assert list(await db.read(lambda session: session.scalars(numbers))) == [*range(1, 2501)]
        portions = await db.read(streamed)
        assert [len(some) for some in portions] == [700, 700, 700, 400]
        assert [number for some in portions for number in some] == [*range(1, 2501)]
        assert await db.read(left) == 1200
        assert await db.read(lambda session: session.scalar(numbers)) == 1
        await db.write(lambda session: session.execute(text("CREATE TABLE after_it (number INTEGER)")))
