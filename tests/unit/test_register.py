"""The one door: asked, carried out, fed and journaled in one transaction, with nothing personal in the record."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from ground.database import Database
from party import changes, journal, members, register
from party.changes import ChangeRow, FeedEntry
from party.errors import NotAllowed
from party.journal import JournalRow
from party.members import Status
from party.operation import OPERATOR, SYSTEM, Actor
from party.operations.branches import CreateBranch, EditBranch, MergeBranches
from party.operations.mandates import GiveMandate
from party.operations.members import AddMember, EditMember, NameAccount, ReleaseAccount, SetStatus, TransferMember
from tests.support.register import ADMINISTRATOR, NOW, POLICY, do, fresh, grow, refused, written


@pytest.fixture
async def db(database_url: str) -> AsyncIterator[Database]:
    async with Database.open(database_url) as db:
        await fresh(db)
        yield db


async def test_a_change_is_fed_and_journaled_with_who_when_and_what(db: Database) -> None:
    grown = await grow(db, members={"M1": "brest"}, mandates=[("M1", "secretary", "bretagne")])
    before = await db.read(changes.last_number)
    at = NOW + timedelta(hours=1)
    branch = grown.branches["brest"]
    await do(db, EditBranch(branch, "Brest même", "br", None, None), actor=grown.person("M1"), at=at)
    (entry,) = await db.read(lambda session: changes.after(session, before))
    assert (entry.at, entry.kind, entry.subject_id, entry.branch_id) == (at, "branch.edited", branch, branch)
    line = (await db.read(lambda session: journal.about(session, branch)))[-1]
    assert (line.at, line.actor, line.kind) == (at, grown.members["M1"], "branch.edited")
    assert line.fields == ("language", "name")


@pytest.mark.parametrize(
    ("actor", "label"),
    [
        (OPERATOR, "operator"),
        (SYSTEM, "system"),
        (Actor("person", "01m"), "01m"),
        (Actor("person", "01m", ADMINISTRATOR), "01m"),
        (Actor("person", account=ADMINISTRATOR), "administrator"),
        (Actor("person", account="@x:example.org"), "stranger"),
    ],
)
def test_the_journal_names_an_actor_by_id_or_role(actor: Actor, label: str) -> None:
    assert actor.label(POLICY) == label


async def test_without_the_right_nothing_changes(db: Database) -> None:
    grown = await grow(db, members={"M1": "brest"}, mandates=[("M1", "treasurer", "bretagne")])
    before = await written(db)
    refusals = {
        EditBranch(grown.branches["bretagne"], "X", None, None, None): "branch.edit",
        CreateBranch("x", "X", "section", grown.branches["finistere"]): "branch.create",
        AddMember("X", grown.branches["bretagne"]): "member.add",
        GiveMandate(grown.members["M1"], "chair", grown.branches["france"]): "mandate.give",
    }
    for operation, action in refusals.items():
        with pytest.raises(NotAllowed):
            await do(db, operation, actor=grown.person("M1"))
        sentence = await refused(db, operation, actor=grown.person("M1"))
        assert sentence == f"You have not the right to do that there ({action})."
    assert await written(db) == before


async def test_both_ends_of_a_transfer_and_of_a_merger_need_the_right(db: Database) -> None:
    grown = await grow(db, members={"M1": "brest", "M2": "brest"}, mandates=[("M1", "secretary", "bretagne")])
    ids, actor = grown.branches, grown.person("M1")
    await refused(db, TransferMember(grown.members["M2"], ids["caen"]), actor=actor)
    await refused(db, MergeBranches(ids["brest"], ids["caen"]), actor=actor)
    await refused(db, MergeBranches(ids["caen"], ids["brest"]), actor=actor)
    assert (await do(db, TransferMember(grown.members["M2"], ids["vannes"]), actor=actor))[0].changed
    assert (await do(db, MergeBranches(ids["brest"], ids["quimper"]), actor=actor))[-1].changed


async def test_what_fails_later_in_the_transaction_leaves_no_trace(db: Database) -> None:
    grown = await grow(db)
    before = await written(db)

    async def work(session: AsyncSession) -> None:
        operation = CreateBranch("lannion", "Lannion", "section", grown.branches["finistere"])
        await register.change(session, operation, actor=OPERATOR, policy=POLICY, at=NOW)
        raise LookupError

    with pytest.raises(LookupError):
        await db.write(work)
    assert await written(db) == before


async def test_neither_journal_nor_feed_holds_anything_personal(db: Database) -> None:
    grown = await grow(db, {"france": {"bretagne": {}}}, members={"M1": "france"})
    branch, actor = grown.branches["bretagne"], Actor("person", account=ADMINISTRATOR)
    personal = ["Jeanne", "Le Goff", "jeanne", "example", "0612", "2001", "Personne", ADMINISTRATOR]
    (added,) = await do(db, AddMember("Jeanne Le Goff", branch, "0612", "jeanne@example.org", "br"), actor=actor)
    member = added.subject_id
    row = await db.read(lambda session: members.by_id(session, member))
    await do(db, EditMember(member, "Jeanne Personne", "j@example.net", None, row.joined_on), actor=actor)
    await do(db, NameAccount(member, "@jeanne:example.org"), actor=actor)
    await do(db, NameAccount(member, "@jeanne:example.org", confirmed=True), actor=actor)
    await do(db, GiveMandate(member, "chair", branch), actor=actor)
    await do(db, TransferMember(member, grown.branches["france"]), actor=actor)
    await do(db, ReleaseAccount(member, "@jeanne:example.org"), actor=actor)
    await do(db, SetStatus(member, Status.LEFT), actor=actor)

    async def everything(session: AsyncSession) -> list[str]:
        cells = []
        for table in (JournalRow, ChangeRow):
            rows = (await session.execute(select(*table.__table__.columns))).all()
            assert len(rows) > 9
            cells += [str(cell) for row in rows for name, cell in row._mapping.items() if name != "at"]
        return cells

    for cell in await db.read(everything):
        assert not [word for word in personal if word in cell and not cell.isdigit()], cell


async def test_the_feed_is_read_in_pieces(db: Database) -> None:
    await grow(db)
    whole = await db.read(lambda session: changes.after(session, 0))
    pieces = list(await db.read(lambda session: changes.after(session, 0, limit=4)))

    async def following(session: AsyncSession) -> Sequence[FeedEntry]:
        return await changes.after(session, pieces[-1].number, limit=4)

    while piece := await db.read(following):
        pieces += piece
    assert pieces == list(whole)
    assert len(whole) == 10
    assert await db.read(changes.last_number) == whole[-1].number
