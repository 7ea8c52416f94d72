"""Confidential ballots: counted once, and nothing in the database tells whose is whose."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any, Final, TypeAlias

import pytest
from sqlalchemy import select
from sqlalchemy.dialects import sqlite as dialect
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.schema import CreateTable

from bots.vote import breakdown, confidential, proxies, roll
from bots.vote.confidential import Told
from bots.vote.counting.values import Kind, kept_ranking, width
from bots.vote.errors import VoteRefused
from bots.vote.sealed import SECRET, SHEET, SealedBox, SealRow
from bots.vote.tables import CountRow, State, TurnoutRow
from bridge.ports import BallotBox, BoxLost, Mark, Seat, Secrecy
from ground.database import Base, Database
from kunveno.backup import REGISTER, backup, unpack
from party import branches
from party.branches import Branch, Tree
from tests.support.pages import State as Rows
from tests.support.pages import files, states
from tests.support.register import NOW, Grown, fresh, grow
from tests.support.votes import CLOSES, GRACE, MEMBERS, open_vote, vote_of

BOX: Final = SealedBox(b"s" * SECRET)
SEALED: Final = {"vote_ballot_sheets", "vote_mark_sheets"}
OPTIONS: Final = 20
WIDTH: Final = width(Kind.RANKING, OPTIONS)
SECOND: Final = timedelta(seconds=1)
LATE: Final = CLOSES + GRACE + SECOND


def ranked(chance: Random) -> str:
    """A ballot that is found again wherever it stands in clear."""
    options = list(range(OPTIONS))
    chance.shuffle(options)
    return kept_ranking(tuple((option,) for option in options))


@pytest.fixture
async def db(database_url: str) -> AsyncIterator[Database]:
    async with Database.open(database_url) as db:
        await fresh(db)
        yield db


@pytest.fixture
async def grown(db: Database) -> Grown:
    return await grow(db, members=MEMBERS)


async def open_box(
    db: Database, grown: Grown, *, units: bool = False, change: bool = True, weights: Mapping[str, int] | None = None
) -> str:
    vote = await open_vote(db, grown, confidential=True, units=units, change=change, weights=weights)

    async def work(session: AsyncSession) -> None:
        await confidential.open_box(session, BOX, await vote_of(session, vote), WIDTH)

    await db.write(work)
    return vote


async def cast(
    db: Database, grown: Grown, vote: str, number: str, *ballots: str, sent: datetime = NOW, received: datetime = NOW
) -> int:
    async def work(session: AsyncSession) -> int:
        return await confidential.cast(
            session, BOX, await vote_of(session, vote), grown.members[number], ballots,
            sent_at=sent, received_at=received, grace=GRACE,
        )  # fmt: skip

    return await db.write(work)


async def take_back(db: Database, grown: Grown, vote: str, number: str) -> bool:
    async def work(session: AsyncSession) -> bool:
        return await confidential.take_back(
            session, BOX, await vote_of(session, vote), grown.members[number],
            sent_at=NOW, received_at=NOW, grace=GRACE,
        )  # fmt: skip

    return await db.write(work)


async def count(db: Database, *votes: str, keep: bool = False, least: int = 2) -> Told:
    """Close the votes and count them."""

    async def work(session: AsyncSession) -> Told:
        rows = [await vote_of(session, vote) for vote in votes]
        for row in rows:
            row.state, row.closed_at = State.CLOSED, CLOSES
        tree = await branches.tree(session)
        told = await confidential.count(session, BOX, rows, tree, rows[0].branch_id, least=least)
        if keep:
            await confidential.keep(session, BOX, rows, told)
        return told

    return await db.write(work)


def filled(ballots: Mapping[str, int]) -> dict[str, int]:
    return {ballot.ljust(WIDTH): count for ballot, count in ballots.items()}


async def silent(db: Database, grown: Grown, vote: str) -> set[str]:
    numbers = {id_: number for number, id_ in grown.members.items()}

    async def work(session: AsyncSession) -> set[str]:
        return {numbers[id_] for id_ in await confidential.silent(session, BOX, await vote_of(session, vote))}

    return await db.read(work)


def test_it_is_a_ballot_box_that_promises_no_more_than_it_holds() -> None:
    box: BallotBox = BOX
    assert box.secrecy is Secrecy.CONFIDENTIAL
    assert box.page("V", Seat(0, "x")) is None
    with pytest.raises(ValueError, match="32 bytes"):
        SealedBox(b"short")


async def test_each_member_counts_once_with_their_last_choice(db: Database, grown: Grown) -> None:
    vote = await open_box(db, grown)
    for number, ballot in (("M1", "ab"), ("M2", "ab"), ("M1", "ba"), ("M5", "a=b"), ("M8", ""), ("M1", "b")):
        assert await cast(db, grown, vote, number, ballot) == 0
    assert await silent(db, grown, vote) == {"M3", "M4", "M6", "M7", "M9"}
    told = await count(db, vote)
    assert told.whole == filled({"ab": 1, "b": 1, "a=b": 1, "": 1})
    ids = grown.branches
    assert told.voted == {ids["brest"]: 2, ids["quimper"]: 1, ids["finistere"]: 1}
    assert told.on_roll == {ids["brest"]: 4, ids["quimper"]: 3, ids["finistere"]: 2}


async def test_taken_back_it_is_no_ballot_and_may_be_given_again(db: Database, grown: Grown) -> None:
    vote = await open_box(db, grown)
    assert not await take_back(db, grown, vote, "M1")
    await cast(db, grown, vote, "M1", "ab")
    await cast(db, grown, vote, "M2", "ba")
    assert await take_back(db, grown, vote, "M1")
    assert not await take_back(db, grown, vote, "M1")
    assert await silent(db, grown, vote) == {f"M{n}" for n in range(3, 10)}  # they have been here: no reminder
    await cast(db, grown, vote, "M2", "b")
    assert (await count(db, vote)).whole == filled({"b": 1})


async def test_where_nothing_may_be_changed(db: Database, grown: Grown) -> None:
    vote = await open_box(db, grown, change=False)
    await cast(db, grown, vote, "M1", "ab")
    with pytest.raises(VoteRefused, match="cannot be changed"):
        await cast(db, grown, vote, "M1", "ba")
    with pytest.raises(VoteRefused, match="cannot be changed"):
        await take_back(db, grown, vote, "M1")
    assert (await count(db, vote)).whole == filled({"ab": 1})


async def test_not_late_not_before_not_by_others(db: Database, grown: Grown) -> None:
    vote = await open_box(db, grown)
    await cast(db, grown, vote, "M1", "ab", sent=CLOSES, received=CLOSES + GRACE)
    for sent, received in ((CLOSES + SECOND, CLOSES + SECOND), (CLOSES, LATE)):
        with pytest.raises(VoteRefused, match="not open"):
            await cast(db, grown, vote, "M2", "ab", sent=sent, received=received)
    grown.members["nobody"] = "01m82e045zaarvjkw3rgsghe8k"
    with pytest.raises(VoteRefused, match="not on the roll"):
        await cast(db, grown, vote, "nobody", "ab")
    await count(db, vote)
    with pytest.raises(VoteRefused, match="not open"):
        await cast(db, grown, vote, "M2", "ab")


async def test_nothing_is_counted_before_the_close(db: Database, grown: Grown) -> None:
    vote = await open_box(db, grown)

    async def work(session: AsyncSession) -> None:
        row = await vote_of(session, vote)
        await confidential.count(session, BOX, [row], await branches.tree(session), row.branch_id, least=2)

    with pytest.raises(ValueError, match="before the close"):
        await db.write(work)


async def test_a_ballot_that_does_not_fit_says_nothing_of_what_it_was(db: Database, grown: Grown) -> None:
    vote = await open_box(db, grown)
    for wrong in ("a" * (WIDTH + 1), "a\0b", "aé"):
        with pytest.raises(ValueError) as caught:
            await cast(db, grown, vote, "M1", wrong)
        assert wrong not in str(caught.value)
    with pytest.raises(VoteRefused, match="one choice for all"):
        await cast(db, grown, vote, "M1", "ab", "ba")


async def test_weights_are_refused_unless_they_are_so_many_ballots(db: Database, grown: Grown) -> None:
    with pytest.raises(VoteRefused, match="would betray its ballot"):
        await open_box(db, grown, weights={"M1": 3})
    vote = await open_box(db, grown, units=True, weights={"M1": 3, "M2": 2, "M3": 0})
    await cast(db, grown, vote, "M1", "ab", "ab", "ba")
    await cast(db, grown, vote, "M2", "ba")
    await cast(db, grown, vote, "M3", "ba")
    told = await count(db, vote)
    assert told.whole == filled({"ab": 2, "ba": 3})
    assert sum(told.voted.values()) == 3


async def give(db: Database, grown: Grown, giver: str, holder: str, vote: str) -> None:
    async def work(session: AsyncSession) -> None:
        ids = grown.members
        row = await vote_of(session, vote)
        new = await proxies.offer(session, ids[giver], ids[holder], vote=row, at=NOW, most=3)
        await proxies.accept(session, new.id, ids[holder], at=NOW, most=3)

    await db.write(work)


async def test_a_proxy_votes_for_those_who_have_not_and_voting_in_person_takes_it_back(
    db: Database, grown: Grown
) -> None:
    vote = await open_box(db, grown, units=True)
    for giver in ("M1", "M2", "M3"):
        await give(db, grown, giver, "M4", vote)
    await cast(db, grown, vote, "M1", "ab")
    assert await cast(db, grown, vote, "M4", "ba") == 2  # M1 has voted
    await cast(db, grown, vote, "M2", "")
    assert await cast(db, grown, vote, "M4", "b") == 1
    assert (await count(db, vote)).whole == filled({"ab": 1, "": 1, "b": 2})


async def test_what_was_put_in_by_a_proxy_comes_out_when_it_ends(db: Database, grown: Grown) -> None:
    vote = await open_box(db, grown, units=True)
    await give(db, grown, "M1", "M4", vote)
    await give(db, grown, "M2", "M4", vote)
    await cast(db, grown, vote, "M4", "ba")
    await cast(db, grown, vote, "M2", "ab")

    async def end(session: AsyncSession) -> None:
        row = await vote_of(session, vote)
        for giver in ("M1", "M2"):
            await proxies.take_back(session, grown.members[giver], vote, at=NOW)
            await confidential.proxy_ended(session, BOX, row, grown.members[giver])

    await db.write(end)
    assert (await count(db, vote)).whole == filled({"ba": 1, "ab": 1})


async def test_few_are_merged_upwards_and_only_that_is_kept(db: Database, grown: Grown) -> None:
    vote = await open_box(db, grown)
    for number, ballot in (("M1", "a"), ("M2", "a"), ("M3", "b"), ("M5", "b"), ("M8", "a")):
        await cast(db, grown, vote, number, ballot)
    told = await count(db, vote, keep=True, least=3)
    ids = grown.branches
    assert told.groups == {ids["finistere"]: (ids["finistere"], ids["quimper"], ids["brest"])}
    assert told.counts == {ids["finistere"]: filled({"a": 3, "b": 2})}
    assert not told.few
    assert "parts" not in repr(told)

    async def kept(session: AsyncSession) -> tuple[list[tuple[Any, ...]], dict[str, int]]:
        counts = await session.execute(select(CountRow.group_id, CountRow.choice, CountRow.ballots))
        turnout = await session.execute(select(TurnoutRow.branch_id, TurnoutRow.voted))
        return sorted(tuple(row) for row in counts), dict(turnout.all())

    counts, turnout = await db.read(kept)
    assert [(group, choice.rstrip(), ballots) for group, choice, ballots in counts] == [
        (ids["finistere"], "a", 3), (ids["finistere"], "b", 2),
    ]  # fmt: skip
    assert turnout == {ids["brest"]: 3, ids["quimper"]: 1, ids["finistere"]: 1}
    with pytest.raises(BoxLost):
        await db.read(lambda session: BOX.marks(session, vote))


async def test_with_enough_ballots_a_branch_is_shown_apart(db: Database, grown: Grown) -> None:
    vote = await open_box(db, grown)
    for number, ballot in (("M1", "a"), ("M2", "a"), ("M5", "b"), ("M6", "b"), ("M8", "a"), ("M9", "b")):
        await cast(db, grown, vote, number, ballot)
    told = await count(db, vote, least=2)
    ids = grown.branches
    assert told.groups == {ids[slug]: (ids[slug],) for slug in ("finistere", "quimper", "brest")}
    assert told.counts[ids["brest"]] == filled({"a": 2})


async def test_a_vote_of_few_is_marked_as_such(db: Database, grown: Grown) -> None:
    vote = await open_box(db, grown)
    await cast(db, grown, vote, "M1", "a")
    assert (await count(db, vote, least=10)).few


async def test_many_voters_are_on_several_sheets(db: Database, grown: Grown) -> None:
    size = 2 * SHEET + 77
    vote = await open_vote(db, grown, confidential=True)
    seats = [Seat(n, "x" if n % 2 else "y") for n in range(size)]
    chance = Random(7)  # noqa: S311 - spreads voters
    voters = chance.sample(range(size), 40)

    async def work(session: AsyncSession) -> None:
        await BOX.open(session, vote, seats, width=2)
        for n in voters:
            assert await BOX.cast(session, vote, seats[n], ["ab" if n % 2 else "b"], by_proxy=False, change=True)

    await db.write(work)
    marks = await db.read(lambda session: BOX.marks(session, vote))
    assert [n for n, mark in enumerate(marks) if mark is Mark.VOTED] == sorted(voters)
    assert len(marks) == size
    emptied = await db.read(lambda session: BOX.count(session, vote, seats))
    odd = sum(n % 2 for n in voters)
    assert emptied.ballots == {"x": {"ab": odd}, "y": {"b ": 40 - odd}}
    sheets = await rows_of(db)
    assert [len(sheets[table]) for table in sorted(SEALED)] == [2, 2]


# What the database tells. The one who looks at it has every state that it was ever in, and all of its files.

Changed: TypeAlias = dict[str, list[tuple[tuple[Any, ...] | None, tuple[Any, ...] | None]]]


async def rows_of(db: Database) -> Rows:
    """All rows of all tables, as a copy of the database shows them."""

    async def work(session: AsyncSession) -> Rows:
        return {
            table.name: {str(row[0]): tuple(row) for row in await session.execute(select(table))}
            for table in Base.metadata.sorted_tables
        }

    return await db.read(work)


def difference(before: Rows, after: Rows) -> Changed:
    """The rows that are not the same in two copies, by table: (before, after)."""
    changed: Changed = {}
    for table in before.keys() | after.keys():
        old, new = before.get(table, {}), after.get(table, {})
        pairs = [(old.get(key), new.get(key)) for key in sorted(old.keys() | new.keys())]
        if found := [pair for pair in pairs if pair[0] != pair[1]]:
            changed[table] = found
    return changed


def alike(before: bytes, after: bytes) -> int:
    """The longest run of bytes that two contents have at the same place."""
    longest = run = 0
    for one, other in zip(before, after, strict=True):
        run = run + 1 if one == other else 0
        longest = max(longest, run)
    return longest


def check_blind(copies: Iterable[Rows], voters: int) -> int:
    """Nothing but two whole sheets differs between any two copies, whatever was cast between them; returns how many
    copies there were."""
    all_copies = list(copies)
    for number, before in enumerate(all_copies):
        for after in all_copies[number + 1 :]:
            changed = difference(before, after)
            assert set(changed) == SEALED
            for pairs in changed.values():
                ((old, new),) = pairs  # all voters are on one sheet
                assert old is not None
                assert new is not None
                assert old[:-1] == new[:-1]
                assert alike(old[-1], new[-1]) < 6  # by chance; a place of 1 voter alone would be longer
    last = all_copies[-1]
    (ballots,), (marks,) = (last[table].values() for table in sorted(SEALED))
    assert len(ballots[-1]) == 24 + 16 + voters * (16 + WIDTH)  # nonce, seal, a name and a paper for each
    assert len(marks[-1]) == 24 + 16 + voters
    assert ballots[0] != marks[0]
    return len(all_copies)


def readable(copies: Sequence[Rows], ballots: Iterable[str], members: Mapping[str, str]) -> dict[str, str]:
    """What somebody reads from the copies: members who came to be in one between two of them, beside the ballots that
    did. This is what would find the pairing where it can be found."""
    wanted, found = list(ballots), {}
    for before, after in pairwise(copies):
        new = [cell for pairs in difference(before, after).values() for _, row in pairs for cell in row or ()]
        clear = [cell for cell in new if isinstance(cell, str)]
        clear += [cell.decode("latin-1") for cell in new if isinstance(cell, bytes)]
        chosen = [ballot for ballot in wanted if any(ballot in cell for cell in clear)]
        voted = [number for number, id_ in members.items() if any(id_ in cell for cell in clear)]
        if len(chosen) == len(voted) == 1:
            found[voted[0]] = chosen[0]
    return found


@pytest.mark.parametrize("seed", range(3))
async def test_copies_after_each_ballot_do_not_tell_whose_it_was(db: Database, grown: Grown, seed: int) -> None:
    chance = Random(seed)  # noqa: S311 - chooses what is cast
    vote = await open_box(db, grown)
    voters = chance.choices(list(MEMBERS), k=5)  # some change their ballots
    voters.append(voters[-1])
    ballots = [ranked(chance) for _ in voters]
    ballots[-1] = ballots[-2]  # and somebody says the same again
    copies = [await rows_of(db)]
    for number, ballot in zip(voters, ballots, strict=True):
        await cast(db, grown, vote, number, ballot)
        copies.append(await rows_of(db))
    assert check_blind(copies, len(MEMBERS)) == 7
    assert readable(copies, ballots, grown.members) == {}
    last = dict(zip(voters, ballots, strict=True))
    told = await count(db, vote)
    assert {ballot.rstrip() for ballot in told.whole} == set(last.values())  # all of it was there


def test_the_one_who_looks_would_see_ballots_that_are_kept_in_clear() -> None:
    """A box as it must not be: two tables without a common key or order, whose rows are written as they come."""
    members, ballots = {"M1": "id-one", "M2": "id-two"}, ["abc", "cba"]
    blank: Rows = {"voted": {"1": ("1", ""), "2": ("2", "")}, "ballots": {"x": ("x", ""), "y": ("y", "")}}
    one: Rows = {
        **blank,
        "voted": {**blank["voted"], "1": ("1", "id-one")},
        "ballots": {"x": ("x", "cba"), "y": ("y", "")},
    }
    two: Rows = {
        "voted": {**one["voted"], "2": ("2", "id-two")},
        "ballots": {"x": ("x", "cba"), "y": ("y", "abc")},
    }
    assert readable([blank, one, two], ballots, members) == {"M1": "cba", "M2": "abc"}
    with pytest.raises(AssertionError):
        check_blind([blank, one], 2)


@pytest.fixture
async def sqlite(tmp_path: Path) -> AsyncIterator[Database]:
    async with Database.open(f"sqlite:///{tmp_path / 'kunveno.db'}") as db:
        await fresh(db)
        yield db


def place(db: Database) -> Path:
    assert db.path is not None
    return db.path


@pytest.mark.parametrize("seed", range(3))
async def test_the_files_with_the_log_do_not_tell_whose_ballot_it_was(
    sqlite: Database, tmp_path: Path, seed: int
) -> None:
    """The write-ahead log holds every state since it began: whoever has the files once has them all."""
    chance = Random(seed)  # noqa: S311 - chooses what is cast
    grown = await grow(sqlite, members=MEMBERS)
    vote = await open_box(sqlite, grown)
    await sqlite.forget_older_pages()
    voters = chance.sample(list(MEMBERS), 2)
    ballots = [ranked(chance) for _ in range(2)]
    for number, ballot in zip(voters, ballots, strict=True):
        await cast(sqlite, grown, vote, number, ballot)
    copies = list(states(place(sqlite), tmp_path / "copy.db"))
    assert check_blind(copies, len(MEMBERS)) == 3  # before, between and after
    assert readable(copies, ballots, grown.members) == {}
    everything = files(place(sqlite))
    for ballot in ballots:
        assert ballot.encode() not in everything
    assert len(await silent(sqlite, grown, vote)) == 7


async def test_with_the_files_alone_nobody_opens_the_box(sqlite: Database) -> None:
    grown = await grow(sqlite, members=MEMBERS)
    vote = await open_box(sqlite, grown)
    await cast(sqlite, grown, vote, "M1", "ab")
    with pytest.raises(BoxLost):
        await sqlite.read(lambda session: SealedBox(b"t" * SECRET).marks(session, vote))


async def test_after_the_close_nothing_of_the_box_is_in_the_files(sqlite: Database) -> None:
    grown = await grow(sqlite, members=MEMBERS)
    vote = await open_box(sqlite, grown)
    await cast(sqlite, grown, vote, "M1", "ab")
    half = await sqlite.read(lambda session: session.scalar(select(SealRow.half)))
    assert half is not None
    assert half in files(place(sqlite))
    await count(sqlite, vote, keep=True)
    await sqlite.forget_older_pages()
    assert half not in files(place(sqlite))
    sheets = await rows_of(sqlite)
    assert not any(sheets[table] for table in (*SEALED, "vote_seals"))


def test_sheets_have_no_row_numbers(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "x.db") as connection:
        for name in SEALED:
            table = Base.metadata.tables[name]
            connection.execute(str(CreateTable(table).compile(dialect=dialect.dialect())))
            with pytest.raises(sqlite3.OperationalError, match="no such column: rowid"):
                connection.execute(f"SELECT rowid FROM {name}")  # noqa: S608


async def test_no_table_of_the_box_holds_a_time_a_number_or_a_member() -> None:
    columns = {
        name: {column.name: str(column.type) for column in Base.metadata.tables[name].columns}
        for name in (*SEALED, "vote_seals")
    }
    sheet = {"key": "VARCHAR(32)", "vote_id": "VARCHAR(26)", "content": "BLOB"}
    assert columns == {
        "vote_ballot_sheets": sheet,
        "vote_mark_sheets": sheet,
        "vote_seals": {"vote_id": "VARCHAR(26)", "half": "BLOB", "seats": "INTEGER", "width": "INTEGER"},
    }


async def test_no_ballot_is_in_a_backup_and_the_vote_is_found_without_its_box(
    db: Database, grown: Grown, tmp_path: Path
) -> None:
    vote = await open_box(db, grown)
    counted = await open_box(db, grown)
    for one in (vote, counted):
        await cast(db, grown, one, "M1", "ab")
    await count(db, counted, keep=True)
    manifest = await backup(db, {}, tmp_path / "backup.tar.gz", NOW)
    assert {name: rows for name, rows in manifest.rows.items() if name.startswith("vote")} == {
        "votes": 2, "vote_roll": 18, "vote_counts": 1, "vote_turnout": 3, "vote_seals": 0, "vote_ballot_sheets": 0,
        "vote_mark_sheets": 0, "vote_events": 0, "vote_letters": 0, "vote_turned_away": 0, "vote_proxies": 0,
        "vote_places": 0, "vote_casts": 0,
    }  # fmt: skip
    folder = tmp_path / "unpacked"
    folder.mkdir()
    opened = await unpack(tmp_path / "backup.tar.gz", folder)
    async with Database.open(f"sqlite:///{opened.folder / REGISTER}") as copy:
        assert [row.id for row in await copy.read(confidential.lost)] == [vote]
    assert await db.read(confidential.lost) == []


# Which branches are shown together.


def tree_of(*edges: tuple[str, str | None]) -> Tree:
    return Tree([Branch(name, name, name, "tier", parent) for name, parent in edges])


HOUSE: Final = tree_of(
    ("top", None),
    ("north", "top"),
    ("south", "top"),
    ("n1", "north"),
    ("n2", "north"),
    ("s1", "south"),
    ("s2", "south"),
)


@pytest.mark.parametrize(
    ("ballots", "expected"),
    [
        ({"n1": 10, "n2": 12}, {"n1": {"n1"}, "n2": {"n2"}}),
        ({"n1": 9, "n2": 12}, {"top": {"n1", "n2"}}),  # 9 alone would be the difference to the whole
        ({"n1": 9, "n2": 4, "s1": 30}, {"north": {"n1", "n2"}, "s1": {"s1"}}),
        ({"n1": 3, "n2": 4, "s1": 30, "s2": 11}, {"top": {"n1", "n2", "s2"}, "s1": {"s1"}}),
        ({"top": 2, "n1": 20, "s1": 20, "s2": 8}, {"top": {"top", "s2"}, "n1": {"n1"}, "s1": {"s1"}}),
        ({"top": 3}, {"top": {"top"}}),
        ({"n1": 0, "n2": 10}, {"top": {"n1", "n2"}}),
        ({}, {}),
    ],
)
def test_branches_that_are_shown_together(ballots: dict[str, int], expected: dict[str, set[str]]) -> None:
    found = breakdown.groups(HOUSE, "top", ballots, 10)
    assert {group: set(members) for group, members in found.items()} == expected


def test_no_group_is_small_and_together_they_are_the_whole() -> None:
    chance = Random(1)  # noqa: S311 - chooses numbers
    for _ in range(500):
        ballots = {branch.id: chance.choice([0, 1, 4, 9, 10, 25]) for branch in HOUSE if chance.random() < 0.8}
        found = breakdown.groups(HOUSE, "top", ballots, 10)
        shown = [branch for members in found.values() for branch in members]
        assert sorted(shown) == sorted(ballots)
        if sum(ballots.values()) >= 10:
            assert all(sum(ballots[branch] for branch in members) >= 10 for members in found.values()), ballots
        counts = breakdown.merged(found, {branch: {"a": count} for branch, count in ballots.items()})
        assert sum(count for by_choice in counts.values() for count in by_choice.values()) == sum(ballots.values())


async def test_the_roll_of_a_confidential_vote_is_proved_like_any_other(db: Database, grown: Grown) -> None:
    vote = await open_box(db, grown)

    async def work(session: AsyncSession) -> bool:
        proof = await roll.proof(session, await vote_of(session, vote), grown.members["M1"])
        return proof is not None and roll.check(proof)

    assert await db.read(work)
