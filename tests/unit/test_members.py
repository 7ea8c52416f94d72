"""People, their accounts, the branches they belong to."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from itertools import product

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from ground.database import Database
from party import members
from party.errors import NotFound
from party.members import Status
from party.operations.branches import CloseBranch
from party.operations.members import AddMember, EditMember, NameAccount, ReleaseAccount, SetStatus, TransferMember
from tests.support.register import NOW, Branches, Grown, do, fresh, grow, refused, written

JEANNE = "@jeanne:example.org"
SMALL: Branches = {"france": {"bretagne": {}, "normandie": {}, "closed": {}}}
STEPS = {
    ("applicant", "member"),
    ("applicant", "left"),
    ("member", "suspended"),
    ("member", "left"),
    ("suspended", "member"),
    ("suspended", "left"),
    ("left", "applicant"),
    ("left", "member"),
}


@pytest.fixture
async def db(database_url: str) -> AsyncIterator[Database]:
    async with Database.open(database_url) as db:
        await fresh(db)
        yield db


@pytest.fixture
async def grown(db: Database) -> Grown:
    grown = await grow(db, SMALL, members={"M1": "bretagne", "M2": "normandie"})
    await do(db, CloseBranch(grown.branches["closed"]))
    return grown


async def status(db: Database, number: str) -> str:
    return (await db.read(lambda session: members.by_number(session, number))).status


async def test_a_member_is_added_as_asked(db: Database, grown: Grown) -> None:
    home = grown.branches["bretagne"]
    (done,) = await do(db, AddMember("Jeanne Le Goff", home, "42-a", "jeanne@example.org", "br", Status.APPLICANT))
    row = await db.read(lambda session: members.by_id(session, done.subject_id))
    assert (row.number, row.name, row.email, row.language) == ("42-a", "Jeanne Le Goff", "jeanne@example.org", "br")
    assert (row.status, row.branch_id, row.joined_on, row.left_on) == ("applicant", home, date(2026, 3, 1), None)
    (membership,) = await db.read(lambda session: members.memberships(session, row.id))
    assert (membership.branch_id, membership.since, membership.until) == (home, NOW, None)


@pytest.mark.parametrize(
    ("joined_on", "since"),
    [
        (date(2019, 7, 1), datetime(2019, 6, 30, 22, 0, tzinfo=UTC)),  # midnight in Paris
        (date(2026, 3, 1), datetime(2026, 2, 28, 23, 0, tzinfo=UTC)),
        (date(2026, 3, 2), NOW),
        (date.min, NOW),
    ],
)
async def test_a_first_membership_begins_with_the_day_of_joining(
    db: Database, grown: Grown, joined_on: date, since: datetime
) -> None:
    (done,) = await do(db, AddMember("Anne", grown.branches["bretagne"], joined_on=joined_on))
    (membership,) = await db.read(lambda session: members.memberships(session, done.subject_id))
    assert membership.since == since


async def test_the_day_of_joining_is_that_of_the_organisations_zone(db: Database, grown: Grown) -> None:
    late = datetime(2026, 3, 1, 23, 30, tzinfo=UTC)  # half past midnight in Paris
    await do(db, AddMember("Night Owl", grown.branches["france"], "OWL"), at=late)
    assert (await db.read(lambda session: members.by_number(session, "OWL"))).joined_on == date(2026, 3, 2)


async def test_numbers_are_given_out_after_the_highest(db: Database, grown: Grown) -> None:
    async def add(number: str | None = None) -> str:
        (done,) = await do(db, AddMember("Somebody", grown.branches["france"], number))
        return (await db.read(lambda session: members.by_id(session, done.subject_id))).number

    assert await add() == "M0003"
    assert await add("M0041") == "M0041"
    assert await add("MX99") == "MX99"
    assert [await add(), await add()] == ["M0042", "M0043"]
    assert await add("M9999") == "M9999"
    assert await add() == "M10000"


async def test_who_cannot_be_added(db: Database, grown: Grown) -> None:
    home = grown.branches["france"]
    before = await written(db)
    for operation, sentence in (
        (AddMember("X", home, "M1"), "There is already a member with number 'M1'."),
        (AddMember("X", home, ""), "A member number has no spaces"),
        (AddMember("X", home, "M 1"), "A member number has no spaces"),
        (AddMember("X", home, "9" * 41), "A member number has no spaces"),
        (AddMember("", home), "A name is needed"),
        (AddMember("X", grown.branches["closed"]), "'closed' is closed."),
        (AddMember("X", "nowhere"), "That branch does not exist any more."),
        (AddMember("X", home, email="jeanne"), "That is no e-mail address"),
        (AddMember("X", home, email="jeanne@example\0.org"), "That is no e-mail address"),
        (AddMember("X", home, language="french"), "'french' is no language code"),
    ):
        assert (await refused(db, operation)).startswith(sentence)
    assert await written(db) == before


async def test_a_refusal_does_not_repeat_the_address(db: Database, grown: Grown) -> None:
    assert "secret" not in await refused(db, AddMember("X", grown.branches["france"], email="secret@nowhere"))


async def test_editing_tells_what_is_different(db: Database, grown: Grown) -> None:
    edit = EditMember(grown.members["M1"], "Person M1", "p@example.org", None, date(2020, 1, 1))
    assert [done.fields for done in await do(db, edit)] == [("email", "joined_on")]
    assert [done.fields for done in await do(db, edit)] == [()]


async def test_the_steps_from_status_to_status(db: Database, grown: Grown) -> None:
    for now, then in product(Status, Status):
        number = f"{now}-{then}"
        (added,) = await do(db, AddMember("X", grown.branches["france"], number, status=now))
        operation = SetStatus(added.subject_id, then)
        if (now.value, then.value) in STEPS:
            assert "status" in (await do(db, operation))[-1].fields
            assert await status(db, number) == then
        elif now is then:
            assert not (await do(db, operation))[-1].changed
        else:
            assert await refused(db, operation) == f"Member {number} is '{now}' and cannot become '{then}'."


async def test_leaving_is_dated_and_coming_back_takes_the_date_away(db: Database, grown: Grown) -> None:
    await do(db, SetStatus(grown.members["M1"], Status.LEFT))
    assert (await db.read(lambda session: members.by_number(session, "M1"))).left_on == date(2026, 3, 1)
    await do(db, SetStatus(grown.members["M1"], Status.MEMBER))
    assert (await db.read(lambda session: members.by_number(session, "M1"))).left_on is None


async def test_transfers_keep_the_history(db: Database, grown: Grown) -> None:
    one, other = grown.branches["bretagne"], grown.branches["normandie"]
    days = [NOW + timedelta(days=day) for day in (0, 10, 20)]
    await do(db, TransferMember(grown.members["M1"], other), at=days[1])
    assert [done.fields for done in await do(db, TransferMember(grown.members["M1"], other), at=days[1])] == [()]
    await do(db, TransferMember(grown.members["M1"], one), at=days[2])
    history = await db.read(lambda session: members.memberships(session, grown.members["M1"]))
    assert [(row.branch_id, row.since, row.until) for row in history] == [
        (one, days[0], days[1]),
        (other, days[1], days[2]),
        (one, days[2], None),
    ]
    assert await refused(db, TransferMember(grown.members["M1"], grown.branches["closed"])) == "'closed' is closed."


async def test_an_account_is_claimed_then_confirmed(db: Database, grown: Grown) -> None:
    async def owner() -> str | None:
        row = await db.read(lambda session: members.of_account(session, JEANNE))
        return row.number if row else None

    member = grown.members["M1"]
    assert [done.kind for done in await do(db, NameAccount(member, JEANNE))] == ["account.named"]
    assert await owner() is None
    assert not (await do(db, NameAccount(member, JEANNE)))[0].changed
    later = NOW + timedelta(days=1)
    assert [done.kind for done in await do(db, NameAccount(member, JEANNE, confirmed=True), at=later)] == [
        "account.confirmed"
    ]
    assert await owner() == "M1"
    assert not (await do(db, NameAccount(member, JEANNE, confirmed=True)))[0].changed
    (account,) = await db.read(lambda session: members.accounts(session, member))
    assert (account.claimed_at, account.confirmed_at) == (NOW, later)
    await do(db, ReleaseAccount(member, JEANNE))
    assert await owner() is None


async def test_an_account_is_one_members_only(db: Database, grown: Grown) -> None:
    one, other = grown.members["M1"], grown.members["M2"]
    await do(db, NameAccount(one, JEANNE))
    before = await written(db)
    assert await refused(db, NameAccount(other, JEANNE)) == f"The account {JEANNE} is another member's already."
    assert await refused(db, NameAccount(other, JEANNE, confirmed=True)) == (
        f"The account {JEANNE} is another member's already."
    )
    assert await refused(db, ReleaseAccount(other, JEANNE)) == f"The account {JEANNE} is not this member's."
    assert await written(db) == before
    await do(db, ReleaseAccount(one, JEANNE))
    await do(db, NameAccount(other, JEANNE))


async def test_what_is_no_account(db: Database, grown: Grown) -> None:
    for account in ("jeanne", "@jeanne", "@jeanne:", "#jeanne:example.org", "@jé:example.org", "@a b:c"):
        sentence = await refused(db, NameAccount(grown.members["M1"], account))
        assert sentence == f"'{account}' is no Matrix account; write one like @jeanne:example.org."


async def test_members_are_counted_where_they_are_at_home(db: Database, grown: Grown) -> None:
    home = grown.branches["bretagne"]
    for number, kind in (("A", Status.APPLICANT), ("S", Status.SUSPENDED), ("L", Status.LEFT)):
        await do(db, AddMember("X", home, number, status=kind))
    assert await db.read(members.counts) == {home: 2, grown.branches["normandie"]: 1}


async def test_who_is_not_there_is_not_found(db: Database) -> None:
    async def work(session: AsyncSession) -> None:
        await members.by_number(session, "M7")

    with pytest.raises(NotFound, match="no member with number 'M7'"):
        await db.read(work)
    assert await refused(db, SetStatus("nobody", Status.LEFT)) == "That member is not in the register any more."
