"""What `kunveno check` says of letters and arrivals."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from bridge.letters import Letter, Words, delivery, inbox, outbox
from bridge.letters.delivery import Ended
from bridge.letters.outbox import State
from bridge.matrix.rooms import UnreadRow
from bridge.places import BranchRoom
from ground.database import Database
from kunveno import check_letters
from kunveno.findings import Finding
from tests.support.register import fresh

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
DAY = timedelta(days=1)
TO = BranchRoom("01BRANCH", "discussion")


@pytest.fixture
async def db(database_url: str) -> AsyncIterator[Database]:
    async with Database.open(database_url) as db:
        await fresh(db)
        yield db


async def said(db: Database) -> list[tuple[str, str]]:
    post = await db.read(check_letters.read)
    findings: list[Finding] = list(check_letters.look(post, NOW))
    assert all(bool(finding.remedy) == (finding.level != "ok") for finding in findings)
    return [(finding.level, finding.what) for finding in findings]


async def put(db: Database, at: datetime = NOW) -> None:
    await db.write(lambda session: outbox.put(session, Letter(to=TO, content=Words("Anna's secret")), at))


async def die(db: Database, at: datetime) -> None:
    async def work(session: AsyncSession) -> None:
        rows = await delivery.waiting(session, limit=10, but_places=(), but_numbers=())
        ended = [Ended(letter=row, state=State.DEAD, outcome="refused", reason="M_FORBIDDEN") for row in rows]
        await delivery.note(session, [(one, at) for one in ended])

    await db.write(work)


async def aside(db: Database, number: int, at: datetime) -> None:
    async def work(session: AsyncSession) -> None:
        await inbox.set_aside(
            session, f"$event-{number}", at, kind="message", what="member add", reason=f"KeyError at bots.x:{number}"
        )

    await db.write(work)


async def test_nothing_is_the_matter(db: Database) -> None:
    assert await said(db) == [("ok", "no arrival was set aside"), ("ok", "all letters were delivered")]


async def test_the_last_arrivals_that_were_set_aside_are_shown(db: Database) -> None:
    for number in range(5):
        await aside(db, number, NOW - number * DAY)
    level, what = (await said(db))[0]
    assert (level, what) == (
        "warn",
        "5 arrivals could not be handled and were set aside, lastly: "
        "2026-11-27 message, member add: KeyError at bots.x:0; 2026-11-26 message, member add: KeyError at bots.x:1; "
        "2026-11-25 message, member add: KeyError at bots.x:2",
    )


async def test_what_was_set_aside_long_ago_is_no_reason_to_warn(db: Database) -> None:
    await aside(db, 1, NOW - 8 * DAY)
    assert (await said(db))[0][0] == "ok"


async def test_letters_that_are_held(db: Database) -> None:
    await put(db)
    await put(db)
    await db.write(outbox.hold_all)
    assert ("warn", "2 letters are held since a restore") in await said(db)


@pytest.mark.parametrize(("age", "level"), [(DAY, "warn"), (8 * DAY, "ok")])
async def test_letters_that_died(db: Database, age: timedelta, level: str) -> None:
    await put(db, NOW - age)
    await die(db, NOW - age)
    expected = f"1 letters could not be delivered, the last on {NOW - age:%Y-%m-%d}"
    assert (level, expected) in await said(db)


@pytest.mark.parametrize(("minutes", "warns"), [(9, False), (11, True)])
async def test_letters_that_wait(db: Database, minutes: int, warns: bool) -> None:
    await put(db, NOW - timedelta(minutes=minutes))
    found = [what for level, what in await said(db) if level == "warn"]
    assert found == (["1 letters wait, the oldest since 2026-11-27 11:49 UTC"] if warns else [])


async def test_messages_that_could_not_be_decrypted(db: Database) -> None:
    async def work(session: AsyncSession) -> None:
        session.add(
            UnreadRow(
                id="$event", room_id="!room", session_id="s", account="@anna:x.org", event=None, came_at=NOW, said=True
            )
        )
        await session.flush()

    await db.write(work)
    warned = [what for level, what in await said(db) if level == "warn"]
    assert warned == ["1 messages of the last week could not be decrypted; who wrote them was told"]
