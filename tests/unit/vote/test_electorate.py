"""Who may vote: frozen at the opening, by the register at that instant."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from bots.vote import electorate, roll, weights
from bots.vote.electorate import Elector, Electorate, electorate_of, electors
from bots.vote.errors import VoteRefused
from bots.vote.offers import MAY_VOTE, Electors
from ground.database import Database
from ground.texts import Text, text
from party import branches
from party.members import Status
from party.operations.mandates import EndMandate, GiveMandate
from party.operations.members import AddMember, SetStatus, TransferMember
from tests.support.register import NOW, Grown, do, fresh, grow
from tests.support.votes import MEMBERS, member, opened, vote_of


@pytest.fixture
async def db(database_url: str) -> AsyncIterator[Database]:
    async with Database.open(database_url) as db:
        await fresh(db)
        yield db


async def found(db: Database, grown: Grown, wanted: Electorate, branch: str, *, suspended: bool = False) -> list[str]:
    async def work(session: AsyncSession) -> list[str]:
        tree = await branches.tree(session)
        those = await electors(session, wanted, tree, grown.branches[branch], NOW, suspended=suspended)
        return [one.number for one in those]

    return await db.read(work)


async def on_roll(db: Database, vote: str) -> list[str]:
    return sorted(line.number for line in await db.read(lambda session: roll.entries(session, vote)))


@pytest.mark.parametrize("named", [500, 0])
async def test_members_of_the_branch_and_of_those_below(
    db: Database, named: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(electorate, "_NAMED", named)
    grown = await grow(db, members=MEMBERS)
    assert await found(db, grown, Electorate(), "brest") == ["M1", "M2", "M3", "M4"]
    assert await found(db, grown, Electorate(), "finistere") == ["M8", "M9"]
    assert await found(db, grown, Electorate(below=True), "finistere") == [
        "M8", "M9", "M1", "M2", "M3", "M4", "M5", "M6", "M7",
    ]  # fmt: skip
    assert await found(db, grown, Electorate(below=True), "morbihan") == []


async def test_holders_of_an_office_each_once_and_only_while_they_hold_it(db: Database) -> None:
    mandates = [("M1", "delegate", "brest"), ("M5", "delegate", "quimper"), ("M5", "delegate", "brest")]
    mandates.append(("M2", "treasurer", "brest"))
    grown = await grow(db, members=MEMBERS, mandates=mandates, at=NOW - timedelta(days=1))
    delegates = Electorate(below=True, office="delegate")
    assert await found(db, grown, delegates, "finistere") == ["M1", "M5"]
    assert await found(db, grown, Electorate(office="delegate"), "finistere") == []
    assert await found(db, grown, Electorate(office="delegate"), "quimper") == ["M5"]
    await do(db, EndMandate(grown.mandates[0], NOW))
    await do(db, GiveMandate(grown.members["M2"], "delegate", grown.branches["brest"], starts_at=NOW + timedelta(1)))
    assert await found(db, grown, delegates, "finistere") == ["M5"]


async def test_suspended_members_follow_the_policy_and_never_vote_as_officers(db: Database) -> None:
    grown = await grow(db, members=MEMBERS, mandates=[("M1", "delegate", "brest")])
    await do(db, SetStatus(grown.members["M1"], Status.SUSPENDED))
    assert await found(db, grown, Electorate(), "brest") == ["M2", "M3", "M4"]
    assert await found(db, grown, Electorate(), "brest", suspended=True) == ["M1", "M2", "M3", "M4"]
    assert await found(db, grown, Electorate(office="delegate"), "brest", suspended=True) == []


async def test_joining_moving_or_leaving_later_changes_nothing(db: Database) -> None:
    grown = await grow(db, members=MEMBERS)
    vote = (await db.write(lambda session: opened(session, grown, "brest"))).vote
    later = NOW + timedelta(hours=1)
    await do(db, TransferMember(grown.members["M1"], grown.branches["quimper"]), at=later)
    await do(db, SetStatus(grown.members["M2"], Status.LEFT), at=later)
    await do(db, AddMember("New", grown.branches["brest"], "M99"), at=later)
    await do(db, TransferMember(grown.members["M5"], grown.branches["brest"]), at=later)
    assert await on_roll(db, vote) == ["M1", "M2", "M3", "M4"]


async def test_a_condition_of_another_bot_keeps_people_off_the_roll_and_says_why(db: Database) -> None:
    grown = await grow(db, members=MEMBERS)
    asked: list[Electors] = []

    async def dues(_session: AsyncSession, those: Electors) -> Mapping[str, Text]:
        asked.append(those)
        return {grown.members["M2"]: text("Your dues of {year} are not paid.", year=2026), "somebody else": text("x")}

    async def badge(_session: AsyncSession, those: Electors) -> Mapping[str, Text]:
        asked.append(those)
        return {one: text("You have no badge.") for one in (grown.members["M2"], grown.members["M3"])}

    done = await db.write(lambda session: opened(session, grown, "brest", conditions=[dues, badge]))
    assert await on_roll(db, done.vote) == ["M1", "M4"]
    first, second = asked[-2:]  # the work may have run again
    assert sorted(first.members) == sorted(grown.members[number] for number in ("M1", "M2", "M3", "M4"))
    assert sorted(second.members) == sorted(grown.members[number] for number in ("M1", "M3", "M4"))

    async def why(session: AsyncSession) -> list[str | None]:
        vote = await vote_of(session, done.vote)
        numbers = ("M1", "M2", "M3", "M5")
        said = [await roll.why_not(session, vote, await member(session, grown, number)) for number in numbers]
        return [None if one is None else str(one) for one in said]

    assert await db.read(why) == [
        None,
        "Your dues of 2026 are not paid.",
        "You have no badge.",
        "You were not on the roll when the vote opened: it is for those who were members there then.",
    ]


async def test_whoever_may_not_vote_is_told_why(db: Database) -> None:
    grown = await grow(db, members=MEMBERS, mandates=[("M1", "delegate", "brest")])
    await do(db, SetStatus(grown.members["M3"], Status.SUSPENDED))

    async def work(session: AsyncSession) -> list[str]:
        done = await opened(session, grown, "brest", electorate=Electorate(office="delegate"))
        vote = await vote_of(session, done.vote)
        return [str(await roll.why_not(session, vote, await member(session, grown, number))) for number in ("M2", "M3")]

    assert await db.write(work) == [
        "Only those who held a certain office when the vote opened can vote; you did not.",
        "You cannot vote while your membership is suspended.",
    ]


async def test_an_empty_roll_opens_nothing(db: Database) -> None:
    grown = await grow(db, members=MEMBERS)
    with pytest.raises(VoteRefused, match="the roll would be empty"):
        await db.write(lambda session: opened(session, grown, "vannes"))


async def test_delegates_carry_the_members_of_their_branches(db: Database) -> None:
    grown = await grow(db, members=MEMBERS)
    tree = await db.read(branches.tree)
    ids = grown.branches
    those = [
        Elector("a", "2", ids["finistere"]), Elector("b", "1", ids["finistere"]), Elector("c", "3", ids["brest"]),
        Elector("d", "4", ids["vannes"]),
    ]  # fmt: skip
    carried = weights.from_register(
        those, tree, {ids["brest"]: 40, ids["quimper"]: 30, ids["finistere"]: 3, ids["caen"]: 7}
    )
    assert carried == {
        "b": 17,
        "a": 16,
        "c": 40,
        "d": 0,
    }  # Caen has nobody here; Quimper's are those of the branch above


def test_weights_given_at_the_opening() -> None:
    those = [Elector("a", "101", "x"), Elector("b", "102", "x")]
    assert weights.given(those, {"102": 12}) == {"b": 12}
    with pytest.raises(VoteRefused, match="Member 103 is not on the roll"):
        weights.given(those, {"103": 1})
    with pytest.raises(VoteRefused, match="between 0 and 100000, not -1"):
        weights.given(those, {"101": -1})


@pytest.mark.parametrize(
    "wanted", [Electorate(), Electorate(below=True), Electorate(office="x-y"), Electorate(below=True, office="d")]
)
def test_an_electorate_is_kept_and_read_again(wanted: Electorate) -> None:
    assert electorate_of(wanted.kept()) == wanted


def test_other_bots_register_conditions_by_name() -> None:
    assert MAY_VOTE.name == "vote.may_vote"
