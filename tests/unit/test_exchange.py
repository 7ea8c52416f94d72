"""Import and export, as whoever keeps the register sees them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from ground.clock import FixedClock
from ground.database import Base, Database
from party import branches, members, register
from party.errors import RegisterError
from party.exchange.importing import Outcome, take
from party.exchange.reading import read_files
from party.exchange.writing import export, save
from party.journal import JournalRow
from party.mandates import next_change
from party.members import Status
from party.operation import OPERATOR, Operation
from party.operations.branches import CloseBranch, CreateBranch, EditBranch, MergeBranches, MoveBranch
from party.operations.mandates import EndMandate, GiveMandate
from party.operations.members import AddMember, NameAccount, ReleaseAccount, SetStatus, TransferMember
from party.policy import Office, PartyPolicy, Tier

POLICY = PartyPolicy(
    language="fr",
    timezone="Europe/Paris",
    tiers={key: Tier(name={"en": key}) for key in ("national", "region", "department", "section")},
    offices={key: Office(name={"en": key}) for key in ("secretary", "treasurer")},
)
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)

BRANCHES = "slug,name,tier,parent\nloire,Loire,department,ara\nfrance,France,national,\nara,Rhône-Alpes,region,france\n"
MEMBERS = (
    "number,name,branch,email,claimed_accounts\n"
    "M1,Anna,loire,anna@example.org,@anna:example.org @anna2:example.org\n"
    "M2,Bruno,ara,,\n"
)
MANDATES = "member,office,branch,from,until\nM1,secretary,loire,2026-01-01,2027-06-30\n"


class Desk:
    """A register, and the files that go in and out."""

    def __init__(self, folder: Path, database: Database) -> None:
        self.folder, self.database, self.clock = folder, database, FixedClock(NOW)

    def write(self, **files: str) -> list[Path]:
        paths = []
        for name, content in files.items():
            path = self.folder / f"{name.replace('_', '.')}"
            path = path if path.suffix else path.with_suffix(".csv")
            path.write_bytes(content.encode())
            paths.append(path)
        return paths

    async def take(self, paths: list[Path], *, skip_bad: bool = False, dry_run: bool = False) -> Outcome:
        return await take(
            self.database, read_files(paths), policy=POLICY, clock=self.clock, skip_bad=skip_bad, dry_run=dry_run
        )

    async def export(self, form: Literal["csv", "yaml"] = "csv") -> Mapping[str, bytes]:
        return await self.database.read(lambda session: export(session, POLICY, form=form))

    async def export_text(self, name: str) -> str:
        return (await self.export())[name].decode()

    async def change(self, operation: Operation) -> str:
        async def work(session: AsyncSession) -> str:
            done = await register.change(session, operation, actor=OPERATOR, policy=POLICY, at=self.clock.now())
            return done[-1].subject_id

        return await self.database.write(work)

    async def branch_id(self, slug: str) -> str:
        return (await self.database.read(lambda session: branches.by_slug(session, slug))).id

    async def member_id(self, number: str) -> str:
        return (await self.database.read(lambda session: members.by_number(session, number))).id

    async def journal_size(self) -> int:
        async def work(session: AsyncSession) -> int:
            return await session.scalar(select(func.count()).select_from(JournalRow)) or 0

        return await self.database.read(work)


async def make_tables(database: Database) -> None:
    async with database.engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)


@pytest.fixture
async def desk(tmp_path: Path, database_url: str) -> AsyncIterator[Desk]:
    """A register on each kind of database."""
    async with Database.open(database_url) as database:
        await make_tables(database)
        yield Desk(tmp_path, database)


def said(outcome: Outcome) -> list[str]:
    return [f"{Path(row.file).name}:{row.line}: {row.why}" for row in outcome.bad]


async def test_takes_rows_in_any_order(desk: Desk) -> None:
    outcome = await desk.take(desk.write(mandates=MANDATES, members=MEMBERS, branches=BRANCHES))
    assert (outcome.taken, outcome.added) == (True, {"branches": 3, "members": 2, "mandates": 1})
    assert "M1,Anna,anna@example.org,,loire,member,2026-11-22,,,@anna2:example.org @anna:example.org" in (
        await desk.export_text("members.csv")
    )


async def test_a_second_run_changes_nothing(desk: Desk) -> None:
    paths = desk.write(branches=BRANCHES, members=MEMBERS, mandates=MANDATES)
    await desk.take(paths)
    before = await desk.journal_size()
    desk.clock.advance(timedelta(days=1))
    outcome = await desk.take(paths)
    assert not outcome.added
    assert not outcome.changed
    assert outcome.unchanged == {"branches": 3, "members": 2, "mandates": 1}
    assert await desk.journal_size() == before


async def test_every_bad_row_is_named_and_nothing_is_changed(desk: Desk) -> None:
    paths = desk.write(
        branches=BRANCHES + "Bad Slug,X,region,france\nx,X,region,nowhere\nloire,Twice,department,ara\n",
        members='number,name,branch\nM1,Anna,loire\nM2,"two\nlines",loire\nM3,Carla,nowhere\nM4,Dora\n',
        mandates="member,office,branch,from\nM1,king,loire,2026-01-01\nM1,secretary,loire,01/02/2026\n",
    )
    outcome = await desk.take(paths)
    assert not outcome.taken
    assert said(outcome) == [
        "branches.csv:5: 'Bad Slug' is no slug: write small letters, digits and dashes, like seine-saint-denis.",
        "branches.csv:6: There is no branch 'nowhere'.",
        f"branches.csv:7: This stands twice, first in {desk.folder}/branches.csv:2.",
        "mandates.csv:2: There is no office 'king'; the offices are secretary, treasurer.",
        "mandates.csv:3: '01/02/2026' is no date; write one like 2027-06-30.",
        "members.csv:3: A name is needed, on one line, without spaces around it, at most 200 characters.",
        "members.csv:5: There is no branch 'nowhere'.",
        "members.csv:6: This row has 2 cells instead of 3.",
    ]
    assert await desk.export_text("branches.csv") == "slug,name,tier,parent,language,timezone,code,status,merged_into\n"


async def test_skip_bad_takes_the_good_rows_whole(desk: Desk) -> None:
    members_file = MEMBERS + "M3,Carla,ara,carla@example.org,@carla:example.org @anna:example.org\nM4,Dora,loire,,\n"
    outcome = await desk.take(desk.write(branches=BRANCHES, members=members_file), skip_bad=True)
    assert said(outcome) == ["members.csv:4: The account @anna:example.org is another member's already."]
    written = await desk.export_text("members.csv")
    assert "M4,Dora" in written
    assert "carla" not in written


async def test_a_bad_change_leaves_nothing_behind_when_skipped(desk: Desk) -> None:
    await desk.take(desk.write(branches=BRANCHES, members=MEMBERS))
    changed = "number,name,branch,status\nM1,Anna Other,ara,applicant\nM2,Bruno Other,loire,member\n"
    outcome = await desk.take(desk.write(members=changed), skip_bad=True)
    assert said(outcome) == ["members.csv:2: Member M1 is 'member' and cannot become 'applicant'."]
    written = await desk.export_text("members.csv")
    assert "M1,Anna,anna@example.org,,loire" in written
    assert "M2,Bruno Other,,,loire" in written


async def test_a_dry_run_says_and_does_nothing(desk: Desk) -> None:
    outcome = await desk.take(desk.write(branches=BRANCHES), dry_run=True)
    assert (outcome.taken, outcome.added) == (False, {"branches": 3})
    assert await desk.journal_size() == 0


async def test_a_missing_column_leaves_alone_and_an_empty_cell_clears(desk: Desk) -> None:
    await desk.take(desk.write(branches=BRANCHES, members=MEMBERS))
    await desk.take(desk.write(members="number,name,branch\nM1,Anna B.,loire\n"))
    assert "M1,Anna B.,anna@example.org" in await desk.export_text("members.csv")
    await desk.take(desk.write(members="number,name,branch,email,claimed_accounts\nM1,Anna B.,loire,,\n"))
    assert "M1,Anna B.,,,loire,member,2026-11-22,,,\n" in await desk.export_text("members.csv")


async def test_takes_what_spreadsheets_write(desk: Desk) -> None:
    branches_file = '\ufeffSlug;NAME;Tier;Parent\r\nfrance;"France; la grande";national;\r\n\r\n'
    outcome = await desk.take(desk.write(branches=branches_file))
    assert outcome.added == {"branches": 1}
    assert "France; la grande" in await desk.export_text("branches.csv")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("slug,name,teir,parent\n", "branches.csv:1: The first line has to name the columns."),
        ("slug,name,tier,parent,lang\n", "branches.csv:1: There is no column 'lang' in branches; there is language"),
        ("slug,name,tier,parent,name\n", "branches.csv:1: The column 'name' stands twice."),
        ('slug,name,tier,parent\na,"b"c,d,\n', "branches.csv:2: This is no CSV"),
        ("", "branches.csv:1: The first line has to name the columns."),
        ("slug,name,tier,parent\n,X,national,\n", "branches.csv:2: The column 'slug' is empty."),
        ("slug,name,tier,parent\na,A,region,b\nb,B,region,a\n", "branches.csv:2: 'a' is under itself"),
    ],
)
async def test_says_what_is_wrong_with_a_file(desk: Desk, content: str, expected: str) -> None:
    outcome = await desk.take(desk.write(branches=content))
    assert said(outcome)[0].startswith(expected)


async def test_a_file_that_is_not_utf8_is_named_with_its_line(desk: Desk) -> None:
    path = desk.folder / "branches.csv"
    path.write_bytes(b"slug,name,tier,parent\nfrance,Fran\xe7e,national,\n")
    assert said(await desk.take([path])) == ["branches.csv:2: This is not written in UTF-8; save the file as UTF-8."]


async def test_yaml_keeps_what_looks_like_numbers_and_names_bad_rows(desk: Desk) -> None:
    content = (
        "branches:\n"
        "  - {slug: france, name: No, tier: national, parent: null, code: 0042}\n"
        "members:\n"
        "  - {number: 0007, name: Null Nix, branch: france, joined_on: 2026-01-02,\n"
        '     confirmed_accounts: ["@a:b"]}\n'
        "  - {number: 8, nom: X, branch: france}\n"
        "  - text\n"
        "strange: []\n"
    )
    outcome = await desk.take(desk.write(all_yaml=content), skip_bad=True)
    assert said(outcome) == [
        "all.yaml:6: There is no column 'nom' in members; there is number, name, email, language, branch, status, "
        "joined_on, left_on, confirmed_accounts, claimed_accounts.",
        "all.yaml:7: Write keys here: number, name, branch.",
        "all.yaml:8: Write lists under the keys branches, members, mandates, memberships.",
    ]
    assert "france,No,national,,,,0042,open," in await desk.export_text("branches.csv")
    assert "0007,Null Nix,,,france,member,2026-01-02,,@a:b," in await desk.export_text("members.csv")


async def test_until_counts_its_day_whole(desk: Desk) -> None:
    await desk.take(desk.write(branches=BRANCHES, members=MEMBERS, mandates=MANDATES))

    async def ends(session: AsyncSession) -> datetime | None:
        return await next_change(session, NOW)

    assert await desk.database.read(ends) == datetime(2027, 6, 30, 22, tzinfo=UTC)


async def test_a_mandate_is_ended_and_followed_in_one_import(desk: Desk) -> None:
    first = "member,office,branch,from,until\nM1,secretary,loire,2026-01-01,\n"
    await desk.take(desk.write(branches=BRANCHES, members=MEMBERS, mandates=first))
    later = (
        "member,office,branch,from,until\nM1,secretary,loire,2027-01-01,\nM1,secretary,loire,2026-01-01,2026-12-31\n"
    )
    outcome = await desk.take(desk.write(mandates=later))
    assert (said(outcome), outcome.added, outcome.changed) == ([], {"mandates": 1}, {"mandates": 1})


async def test_an_account_can_change_hands_in_one_import(desk: Desk) -> None:
    await desk.take(desk.write(branches=BRANCHES, members=MEMBERS))
    swapped = "number,name,branch,claimed_accounts\nM2,Bruno,ara,@anna:example.org\nM1,Anna,loire,@anna2:example.org\n"
    assert said(await desk.take(desk.write(members=swapped))) == []


async def test_a_confirmed_account_is_not_made_claimed_again(desk: Desk) -> None:
    paths = desk.write(branches=BRANCHES, members=MEMBERS)
    await desk.take(paths)
    await desk.change(NameAccount(await desk.member_id("M1"), "@anna:example.org", confirmed=True))
    assert not (await desk.take(paths)).changed


async def test_members_of_a_merged_branch_follow_it(desk: Desk) -> None:
    closing = (
        "slug,name,tier,parent,status,merged_into\n"
        "france,France,national,,open,\nara,A,region,france,open,\n"
        "loire,Loire,department,ara,closed,rhone\nrhone,Rhône,department,ara,open,\n"
    )
    paths = desk.write(branches=closing, members=MEMBERS)
    assert (await desk.take(paths)).taken
    assert "M1,Anna,anna@example.org,,rhone" in await desk.export_text("members.csv")
    assert not (await desk.take(paths)).changed


async def test_export_is_readable_by_its_owner_alone(desk: Desk) -> None:
    await desk.take(desk.write(branches=BRANCHES, members=MEMBERS))
    for path in save(await desk.export(), desk.folder / "out"):
        assert path.stat().st_mode & 0o777 == 0o600


NAMES = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=8)
STEPS = st.lists(st.tuples(st.integers(0, 12), *[st.integers(0, 5)] * 3, NAMES), max_size=40)
TIERS = list(POLICY.tiers)


async def _live(desk: Desk, steps: list[tuple[int, int, int, int, str]]) -> None:
    """Let a register live: whatever is refused is passed over."""
    homes: list[str] = [await desk.change(CreateBranch("top", "Top", "national", None))]
    people: list[str] = []
    mandates: list[str] = []

    def of(ids: list[str], number: int) -> str:
        return ids[number % len(ids)] if ids else "nobody"

    for kind, first, second, third, name in steps:
        desk.clock.advance(timedelta(hours=7 * third, microseconds=1))
        day = NOW + timedelta(days=300 * (first - 2), hours=second)
        operations: list[Operation] = [
            CreateBranch(f"b{len(homes)}", name, TIERS[third % 4], of(homes, first), code=name, timezone="Asia/Tokyo"),
            CreateBranch(f"r{len(homes)}", name, "national", None),
            EditBranch(of(homes, first), name, "en", None, None),
            MoveBranch(of(homes, first), of(homes, second), TIERS[third % 4]),
            MergeBranches(of(homes, first), of(homes, second)),
            CloseBranch(of(homes, first)),
            AddMember(name, of(homes, first), f"{name}{len(people)}", None, None, joined_on=date(2020, 1, 1 + third)),
            TransferMember(of(people, first), of(homes, second)),
            SetStatus(of(people, first), list(Status)[second % 4]),
            NameAccount(of(people, first), f"@u{second}:x.org", confirmed=third % 2 == 0),
            ReleaseAccount(of(people, first), f"@u{second}:x.org"),
            GiveMandate(
                of(people, third),
                "secretary",
                of(homes, second),
                day,
                day + timedelta(days=90 * third) if third else None,
            ),
            EndMandate(of(mandates, first), desk.clock.now() if second % 2 else None),
        ]
        operation = operations[kind]
        try:
            made = await desk.change(operation)
        except RegisterError:
            continue
        {CreateBranch: homes, AddMember: people, GiveMandate: mandates}.get(type(operation), []).append(made)


async def test_no_branch_that_is_closed_moves_and_nobody_comes_back_to_one(desk: Desk) -> None:
    await desk.take(desk.write(branches=BRANCHES, members="number,name,branch,status\nM1,Anna,loire,left\n"))
    await desk.change(CloseBranch(await desk.branch_id("loire")))
    with pytest.raises(RegisterError, match="'loire' is closed"):
        await desk.change(MoveBranch(await desk.branch_id("loire"), await desk.branch_id("france")))
    with pytest.raises(RegisterError, match="'loire' is closed"):
        await desk.change(SetStatus(await desk.member_id("M1"), Status.MEMBER))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
async def test_importing_an_export_and_exporting_again_gives_the_same_bytes(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[int, int, int, int, str]]
) -> None:
    folder = tmp_path_factory.mktemp("round")
    async with Database.open(f"sqlite:///{folder}/one.db") as one:
        await make_tables(one)
        desk = Desk(folder, one)
        await _live(desk, steps)
        written = await desk.export()
        forms: tuple[Literal["csv", "yaml"], ...] = ("csv", "yaml")
        for form in forms:
            paths = save(await desk.export(form), folder / form)
            async with Database.open(f"sqlite:///{folder}/{form}.db") as two:
                await make_tables(two)
                other = Desk(folder, two)
                other.clock.instant = desk.clock.instant + timedelta(days=1)
                outcome = await other.take(paths)
                assert (said(outcome), outcome.taken) == ([], True)
                assert await other.export() == written
                before = await other.journal_size()
                again = await other.take(paths)
                assert (said(again), again.added, again.changed) == ([], {}, {})
                assert await other.journal_size() == before
