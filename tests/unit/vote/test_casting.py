"""Ballots in open votes: one member counts once, and which of what they did counts."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Mapping
from datetime import datetime, timedelta
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as some
from sqlalchemy.ext.asyncio import AsyncSession

from bots.vote import casting, roll
from bots.vote.casting import Ballot, Cast, Means, in_time, order
from bots.vote.errors import VoteRefused
from bots.vote.proxies import Proxy, Stage
from bots.vote.roll import Entry
from bots.vote.tables import CastRow, State
from ground.database import Database
from tests.support.register import NOW, Grown, fresh, grow
from tests.support.votes import CLOSES, GRACE, MEMBERS, cast, member, open_vote, vote_of

SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)
ACCOUNTS = {"@one:example.org": "M1", "@one:elsewhere.org": "M1", "@two:example.org": "M2", "@caen:example.org": "M99"}


@pytest.fixture
async def db(database_url: str) -> AsyncIterator[Database]:
    async with Database.open(database_url) as db:
        await fresh(db)
        yield db


@pytest.fixture
async def grown(db: Database) -> Grown:
    return await grow(db, members={**MEMBERS, "M99": "caen"}, accounts=ACCOUNTS)


async def record(db: Database, vote: str, *casts: Cast) -> int:
    async def work(session: AsyncSession) -> int:
        return await casting.record(session, await vote_of(session, vote), casts)

    return await db.write(work)


async def choices(db: Database, grown: Grown, vote: str, closes: datetime | None = CLOSES) -> dict[str, str | None]:
    """What counts, by the numbers of members."""
    numbers = {id_: number for number, id_ in grown.members.items()}

    async def work(session: AsyncSession) -> dict[str, str | None]:
        found = await casting.ballots(session, await vote_of(session, vote), closes=closes, grace=GRACE)
        return {numbers[id_]: ballot.choice for id_, ballot in found.items()}

    return await db.read(work)


async def remove(db: Database, id_: str, account: str, at: datetime = NOW) -> bool:
    async def work(session: AsyncSession) -> bool:
        when = {"sent_at": at, "received_at": at}
        return await casting.take_back(session, id_, account, **when, grace=GRACE) is not None

    return await db.write(work)


async def test_the_last_counts_by_whatever_means_and_account(db: Database, grown: Grown) -> None:
    vote = await open_vote(db, grown)
    assert await record(
        db,
        vote,
        cast(grown, "M1", "a", "$1"),
        cast(grown, "M1", "b", "$3", sent=NOW + 2 * SECOND, means=Means.REACTION),
        cast(grown, "M1", "a", "$2", sent=NOW + SECOND, means=Means.COMMAND),
        cast(grown, "M2", "a", "$4"),
    ) == 4  # fmt: skip
    assert await choices(db, grown, vote) == {"M1": "b", "M2": "a"}


async def test_what_comes_twice_is_kept_once(db: Database, grown: Grown) -> None:
    vote = await open_vote(db, grown)
    one = cast(grown, "M1", "a", "$1")
    assert await record(db, vote, one) == 1
    assert await record(db, vote, one, one, cast(grown, "M2", "b", "$2")) == 1
    assert await choices(db, grown, vote) == {"M1": "a", "M2": "b"}


async def test_late_by_the_sender_or_by_our_clock_is_late(db: Database, grown: Grown) -> None:
    vote = await open_vote(db, grown)
    await record(
        db,
        vote,
        cast(grown, "M1", "a", "$1", sent=CLOSES),
        cast(grown, "M1", "b", "$2", sent=CLOSES + SECOND),
        cast(grown, "M2", "a", "$3", sent=CLOSES - HOUR, received=CLOSES + GRACE),
        cast(grown, "M2", "b", "$4", sent=CLOSES - SECOND, received=CLOSES + GRACE + SECOND),
        cast(grown, "M3", "b", "$5", sent=CLOSES - HOUR, received=CLOSES + HOUR),
    )
    assert await choices(db, grown, vote) == {"M1": "a", "M2": "a"}
    assert await choices(db, grown, vote, CLOSES + HOUR) == {"M1": "b", "M2": "b", "M3": "b"}  # it was extended
    assert await choices(db, grown, vote, None) == {"M1": "b", "M2": "b", "M3": "b"}


async def test_a_clock_that_is_ahead_wins_nothing(db: Database, grown: Grown) -> None:
    vote = await open_vote(db, grown)
    await record(
        db,
        vote,
        cast(grown, "M1", "a", "$1", sent=NOW + HOUR, received=NOW),
        cast(grown, "M1", "b", "$2", sent=NOW + SECOND),
    )
    assert await choices(db, grown, vote) == {"M1": "b"}


async def test_withdrawn_or_spoiled_last_is_no_choice_and_they_have_voted(db: Database, grown: Grown) -> None:
    vote = await open_vote(db, grown)
    await record(
        db,
        vote,
        cast(grown, "M1", "a", "$1"),
        cast(grown, "M1", None, "$2", sent=NOW + SECOND),
        cast(grown, "M2", "a", "$3"),
        cast(grown, "M2", None, "$4", sent=NOW + SECOND, spoiled=True),
        cast(grown, "M3", None, "$5", spoiled=True),
        cast(grown, "M3", "", "$6", sent=NOW + SECOND),  # an abstention is a choice
    )
    assert await choices(db, grown, vote) == {"M1": None, "M2": None, "M3": ""}


async def test_only_the_voters_own_removal_counts_and_brings_back_what_was_before(db: Database, grown: Grown) -> None:
    vote = await open_vote(db, grown)
    await record(db, vote, cast(grown, "M1", "a", "$1"), cast(grown, "M1", "b", "$2", sent=NOW + SECOND))
    assert not await remove(db, "$2", "@two:example.org")
    assert not await remove(db, "$2", "@moderator:example.org")
    assert not await remove(db, "$unknown", "@one:example.org")
    assert await choices(db, grown, vote) == {"M1": "b"}
    assert await remove(db, "$2", "@one:elsewhere.org")  # another account of theirs
    assert not await remove(db, "$2", "@one:example.org")
    assert await choices(db, grown, vote) == {"M1": "a"}
    assert await remove(db, "$1", "@one:example.org")
    assert await choices(db, grown, vote) == {}


async def test_removed_after_the_close_still_counts(db: Database, grown: Grown) -> None:
    vote = await open_vote(db, grown)
    await record(db, vote, cast(grown, "M1", "a", "$1"))
    assert await remove(db, "$1", "@one:example.org", CLOSES + GRACE + SECOND)
    assert await choices(db, grown, vote) == {"M1": "a"}
    assert await choices(db, grown, vote, CLOSES + HOUR) == {}


async def test_where_nothing_may_be_changed_the_first_counts(db: Database, grown: Grown) -> None:
    vote = await open_vote(db, grown, change=False)
    await record(
        db,
        vote,
        cast(grown, "M1", None, "$0", spoiled=True),
        cast(grown, "M1", "a", "$1", sent=NOW + HOUR),
        cast(grown, "M1", "b", "$2", sent=NOW, received=NOW + 2 * HOUR),  # says that it was sent before
    )
    assert await remove(db, "$1", "@one:example.org")
    assert await choices(db, grown, vote) == {"M1": "a"}


async def test_accounts_are_voters_where_they_are_on_the_roll(db: Database, grown: Grown) -> None:
    vote = await open_vote(db, grown)
    accounts = [*ACCOUNTS, "@stranger:example.org"]
    found = await db.read(lambda session: casting.voters(session, vote, accounts))
    assert found == {account: grown.members[number] for account, number in ACCOUNTS.items() if number != "M99"}


async def enter(db: Database, grown: Grown, vote: str, voter: str, by: str, witness: str, at: datetime = NOW) -> str:
    async def work(session: AsyncSession) -> str:
        row = await vote_of(session, vote)
        people = [await member(session, grown, number) for number in (voter, by, witness)]
        return await casting.enter(session, row, people[0], "b", by=people[1], witness=people[2], at=at)

    return await db.write(work)


async def test_the_secretary_enters_a_ballot_before_a_witness_and_it_is_shown_as_such(
    db: Database, grown: Grown
) -> None:
    vote = await open_vote(db, grown)
    id_ = await enter(db, grown, vote, "M3", "M1", "M2")
    assert not await remove(db, id_, "@one:example.org")

    async def work(session: AsyncSession) -> Ballot:
        found = await casting.ballots(session, await vote_of(session, vote), closes=CLOSES, grace=GRACE)
        return found[grown.members["M3"]]

    assert await db.read(work) == Ballot(
        grown.members["M3"], "b", Means.ENTERED, False, grown.members["M1"], grown.members["M2"]
    )


@pytest.mark.parametrize(
    ("people", "why"),
    [
        (("M3", "M1", "M1"), "three people"),
        (("M3", "M3", "M1"), "three people"),
        (("M3", "M1", "M3"), "three people"),
        (("M2", "M1", "M4"), "Person M2 has an account"),
    ],
)
async def test_a_ballot_is_not_entered(db: Database, grown: Grown, people: tuple[str, str, str], why: str) -> None:
    vote = await open_vote(db, grown)
    with pytest.raises(VoteRefused, match=why):
        await enter(db, grown, vote, *people)


async def test_no_ballot_is_entered_for_others_or_late_or_where_it_is_confidential(db: Database) -> None:
    grown = await grow(db, members={**MEMBERS, "M98": "caen"})
    vote = await open_vote(db, grown)
    with pytest.raises(VoteRefused, match="Person M98 is not on the roll"):
        await enter(db, grown, vote, "M98", "M1", "M2")
    with pytest.raises(VoteRefused, match="not open"):
        await enter(db, grown, vote, "M3", "M1", "M2", CLOSES + SECOND)
    confidential = await open_vote(db, grown, confidential=True)
    with pytest.raises(VoteRefused, match="confidential"):
        await enter(db, grown, confidential, "M3", "M1", "M2")
    with pytest.raises(VoteRefused, match="confidential"):
        await record(db, confidential, cast(grown, "M1", "a", "$1"))


async def test_weights_and_proxies_are_counted(db: Database, grown: Grown) -> None:
    vote = await open_vote(db, grown, weights={"M1": 5, "M4": 3})
    await record(db, vote, cast(grown, "M1", "a", "$1"), cast(grown, "M2", "b", "$2"), cast(grown, "M3", "b", "$3"))
    ids = grown.members
    held = {ids["M4"]: Proxy("p", ids["M4"], ids["M1"], vote, None, Stage.ACCEPTED, NOW)}

    async def work(session: AsyncSession) -> tuple[dict[str, int], list[str | None]]:
        ballots = await casting.ballots(session, await vote_of(session, vote), closes=CLOSES, grace=GRACE)
        found = casting.attribute(await roll.entries(session, vote), ballots, held)
        return casting.profile(found), [one.holder for one in found if one.entry.member_id == ids["M4"]]

    assert await db.read(work) == ({"a": 8, "b": 2}, [ids["M1"]])


@pytest.mark.parametrize("change", [True, False])
async def test_the_database_adds_up_what_is_attributed(db: Database, grown: Grown, change: bool) -> None:
    """Ballots changed, withdrawn, spoiled, removed and late, by members who gave proxies and who did not."""
    vote = await open_vote(db, grown, weights={"M1": 5, "M2": 2, "M6": 3}, change=change)
    chance = random.Random(7)  # noqa: S311 - chooses ballots
    for n in range(60):
        sent = CLOSES + chance.randint(-9, 2) * HOUR / 4
        received = max(sent + chance.randint(-1, 1) * SECOND, NOW)
        choice = chance.choice(["a", "b", "c", None])
        number = chance.choice([*list(MEMBERS)[:7], "M99"])
        one = cast(grown, number, choice, f"${n}", sent=sent, received=received, spoiled=chance.random() < 0.1)
        await record(db, vote, one)
    for n in range(0, 60, 4):
        await db.write(partial(_removed, id_=f"${n}", at=CLOSES + chance.randint(-9, 2) * HOUR / 4))
    ids = grown.members
    pairs = {"M8": "M1", "M9": "M2", "M3": "M4", "M5": "M8", "M6": "M99"}
    held = {ids[giver]: proxy(ids[giver], ids[holder]) for giver, holder in pairs.items()}

    async def work(session: AsyncSession, closes: datetime | None, held: Mapping[str, Proxy]) -> None:
        row = await vote_of(session, vote)
        ballots = await casting.ballots(session, row, closes=closes, grace=GRACE)
        counted = casting.attribute(await roll.entries(session, vote), ballots, held)
        totals = await casting.totals(session, row, held, closes=closes, grace=GRACE)
        assert dict(totals.profile) == casting.profile(counted) != {}
        assert totals.voted == len(counted)
        assert totals.by_proxy == sum(one.holder is not None for one in counted) <= len(held)

    for closes in (CLOSES, CLOSES - HOUR, CLOSES - 2 * HOUR, None):
        for some_held in ({}, held):
            await db.read(partial(work, closes=closes, held=some_held))


async def _removed(session: AsyncSession, id_: str, at: datetime) -> None:
    row = await session.get_one(CastRow, id_)
    row.taken_back_at = at


LINES = [Entry(n, f"m{n}", f"{n}", "x", 1) for n in range(4)]


def proxy(giver: str, holder: str) -> Proxy:
    return Proxy(giver, giver, holder, None, None, Stage.ACCEPTED, NOW)


def ballot(member_id: str, choice: str | None) -> tuple[str, Ballot]:
    return member_id, Ballot(member_id, choice, Means.POLL)


def test_who_votes_in_person_takes_the_proxy_back_even_with_an_empty_hand() -> None:
    held = {f"m{n}": proxy(f"m{n}", "m0") for n in (1, 2, 3)}
    ballots = dict([ballot("m0", "a"), ballot("m1", "b"), ballot("m2", None)])
    assert [(one.entry.member_id, one.choice, one.holder) for one in casting.attribute(LINES, ballots, held)] == [
        ("m0", "a", None), ("m1", "b", None), ("m3", "a", "m0"),
    ]  # fmt: skip


def test_a_holder_who_does_not_vote_votes_for_nobody() -> None:
    assert casting.attribute(LINES, {}, {"m1": proxy("m1", "m0")}) == []
    nothing = dict([ballot("m0", None), ballot("not on the roll", "a")])
    assert casting.attribute(LINES, nothing, {"m1": proxy("m1", "m0")}) == []


@given(
    some.lists(
        some.tuples(some.integers(0, 3), some.integers(-90, 90), some.integers(-90, 90), some.sampled_from("ab")),
        max_size=12,
    )
)
def test_each_member_counts_once_and_nothing_that_is_late(casts: list[tuple[int, int, int, str]]) -> None:
    """Against a reckoning of another kind: cast by cast, in the order in which they count."""
    instants = [
        (member, CLOSES + sent * SECOND, CLOSES + received * SECOND, str(n), choice)
        for n, (member, sent, received, choice) in enumerate(casts)
    ]
    kept = [one for one in instants if in_time(one[1], one[2], CLOSES, GRACE)]
    assert all(sent <= CLOSES and received <= CLOSES + GRACE for _, sent, received, *_ in kept)
    last = {one[0]: one[4] for one in sorted(kept, key=lambda one: order(one[1], one[2], one[3]))}
    ballots = dict(ballot(f"m{n}", choice) for n, choice in last.items())
    counted = casting.attribute(LINES, ballots, {})
    assert sum(casting.profile(counted).values()) == len(last) <= 4
    assert {one.entry.member_id: one.choice for one in counted} == {f"m{n}": choice for n, choice in last.items()}


async def test_a_vote_that_is_closed_takes_no_entered_ballot(db: Database, grown: Grown) -> None:
    vote = await open_vote(db, grown)

    async def close(session: AsyncSession) -> None:
        (await vote_of(session, vote)).state = State.CLOSED

    await db.write(close)
    with pytest.raises(VoteRefused, match="not open"):
        await enter(db, grown, vote, "M3", "M1", "M2")
