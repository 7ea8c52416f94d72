"""Offices are held from an instant until another, and end with nobody doing anything."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Final

import pytest

from ground.database import Database
from party import mandates
from party.members import Status
from party.operations.branches import CloseBranch
from party.operations.mandates import EndMandate, GiveMandate
from party.operations.members import SetStatus
from party.permissions import may
from tests.support.register import NOW, POLICY, Grown, do, fresh, grow, refused, written

MOMENT = timedelta(microseconds=1)


def day(number: int | None) -> datetime | None:
    return None if number is None else NOW + timedelta(days=number)


def on(number: int) -> datetime:
    return NOW + timedelta(days=number)


@pytest.fixture
async def db(database_url: str) -> AsyncIterator[Database]:
    async with Database.open(database_url) as db:
        await fresh(db)
        yield db


@pytest.fixture
async def grown(db: Database) -> Grown:
    return await grow(db, {"france": {"bretagne": {"finistere": {}}, "closed": {}}}, members={"M1": "france"})


async def give(db: Database, grown: Grown, start: int | None, end: int | None, slug: str = "bretagne") -> str:
    operation = GiveMandate(grown.members["M1"], "secretary", grown.branches[slug], day(start), day(end))
    return (await do(db, operation))[0].subject_id


async def test_rights_come_and_go_with_the_dates_alone(db: Database, grown: Grown) -> None:
    async def can(at: datetime) -> bool:
        actor, below = grown.person("M1"), grown.branches["finistere"]
        return await db.read(lambda session: may(session, POLICY, actor, "branch.edit", below, at))

    await give(db, grown, 10, 20)
    before = await written(db)
    assert not await can(on(10) - MOMENT)
    assert await can(on(10))
    assert await can(on(20) - MOMENT)
    assert not await can(on(20))
    assert await written(db) == before


async def test_the_next_change_is_the_next_beginning_or_end(db: Database, grown: Grown) -> None:
    async def after(at: datetime) -> datetime | None:
        return await db.read(lambda session: mandates.next_change(session, at))

    assert await after(NOW) is None
    await give(db, grown, 10, 20)
    await give(db, grown, 15, None, "finistere")
    instants, at = [], NOW
    while (following := await after(at)) is not None:
        instants.append(following)
        at = following
    assert instants == [on(10), on(15), on(20)]


async def test_who_holds_what_at_an_instant(db: Database, grown: Grown) -> None:
    first = await give(db, grown, None, 20)
    second = await give(db, grown, 20, None)
    bretagne, member = grown.branches["bretagne"], grown.members["M1"]
    for at, expected in ((on(-1), []), (NOW, [first]), (on(19), [first]), (on(20), [second])):
        held_in = await db.read(lambda session, at=at: mandates.held_in(session, bretagne, at))  # type: ignore[misc]
        held_by = await db.read(lambda session, at=at: mandates.held_by(session, member, at))  # type: ignore[misc]
        assert [row.id for row in held_in] == [row.id for row in held_by] == expected


@pytest.mark.parametrize(
    ("start", "end", "free"),
    [
        (0, 10, True),
        (20, 30, True),
        (20, None, True),
        (0, 11, False),
        (19, None, False),
        (12, 15, False),
        (5, 25, False),
        (None, None, False),
        (10, 20, False),
    ],
)
async def test_periods_of_one_office_do_not_overlap(
    db: Database, grown: Grown, start: int | None, end: int | None, free: bool
) -> None:
    await give(db, grown, 10, 20)
    await give(db, grown, start, end, "finistere")
    operation = GiveMandate(grown.members["M1"], "secretary", grown.branches["bretagne"], day(start), day(end))
    if free:
        assert (await do(db, operation))[0].changed
    else:
        assert await refused(db, operation) == "Member M1 already is secretary of 'bretagne' in that period."


async def test_an_end_is_set_moved_and_taken_back(db: Database, grown: Grown) -> None:
    mandate = await give(db, grown, None, None)
    assert [done.fields for done in await do(db, EndMandate(mandate, on(5)))] == [("ends_at",)]
    assert [done.fields for done in await do(db, EndMandate(mandate, on(5)))] == [()]
    assert [done.fields for done in await do(db, EndMandate(mandate, None))] == [("ends_at",)]
    assert await refused(db, EndMandate(mandate, NOW)) == "A mandate ends after it begins."
    assert await refused(db, EndMandate("none", NOW)) == "That mandate does not exist."


async def test_a_mandate_that_has_not_begun_is_cancelled(db: Database, grown: Grown) -> None:
    mandate = await give(db, grown, 10, 20)
    done = await do(db, EndMandate(mandate, NOW))
    assert [(deed.kind, deed.fields) for deed in done] == [("mandate.cancelled", ("ends_at",))]
    assert not await db.read(lambda session: mandates.held_by(session, grown.members["M1"], on(10)))
    assert not await db.read(lambda session: mandates.held_by(session, grown.members["M1"], on(15)))
    await give(db, grown, 12, 14)


async def test_a_longer_mandate_does_not_run_into_the_next(db: Database, grown: Grown) -> None:
    first = await give(db, grown, 0, 10)
    await give(db, grown, 20, 30)
    await do(db, EndMandate(first, on(20)))
    for end in (on(21), None):
        sentence = await refused(db, EndMandate(first, end))
        assert sentence == "Member M1 already is secretary of 'bretagne' in that period."


NOT_GIVEN: Final[list[tuple[str, str, int | None, int | None, str]]] = [
    ("pope", "bretagne", None, None, "There is no office 'pope'; the offices are secretary, treasurer,"),
    ("secretary", "closed", None, None, "'closed' is closed."),
    ("secretary", "nowhere", None, None, "That branch does not exist any more."),
    ("secretary", "bretagne", 10, 10, "A mandate ends after it begins."),
    ("secretary", "bretagne", None, -1, "A mandate ends after it begins."),
]


async def test_what_cannot_be_given(db: Database, grown: Grown) -> None:
    await do(db, CloseBranch(grown.branches["closed"]))
    for office, slug, start, end, sentence in NOT_GIVEN:
        branch_id = grown.branches.get(slug, slug)
        refusal = await refused(db, GiveMandate(grown.members["M1"], office, branch_id, day(start), day(end)))
        assert refusal.startswith(sentence)


async def test_who_has_left_holds_nothing_and_gets_nothing_but_what_is_over(db: Database, grown: Grown) -> None:
    mandate = await give(db, grown, None, None)
    to_come = await give(db, grown, 10, None, "finistere")
    await do(db, SetStatus(grown.members["M1"], Status.LEFT), at=on(1))
    for at in (on(1), on(20)):
        assert not await db.read(lambda session, at=at: mandates.held_by(session, grown.members["M1"], at))  # type: ignore[misc]
    give_again = GiveMandate(grown.members["M1"], "chair", grown.branches["bretagne"])
    sentence = "Member M1 is 'left' and cannot hold an office."
    assert await refused(db, give_again, at=on(2)) == sentence
    assert await refused(db, EndMandate(mandate, None), at=on(2)) == sentence
    assert await refused(db, EndMandate(to_come, on(30)), at=on(2)) == sentence
    over = GiveMandate(grown.members["M1"], "chair", grown.branches["bretagne"], on(-10), on(-5))
    assert (await do(db, over, at=on(2)))[0].changed


async def test_a_mandate_in_a_closed_branch_stays_ended(db: Database, grown: Grown) -> None:
    mandate = await give(db, grown, None, None, "closed")
    await do(db, CloseBranch(grown.branches["closed"]), at=on(1))
    for end in (None, on(9)):
        assert await refused(db, EndMandate(mandate, end), at=on(2)) == "'closed' is closed."
