"""Proxies: given, accepted, at most so many, never handed on, and taken back."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from bots.vote import proxies
from bots.vote.errors import VoteRefused
from bots.vote.proxies import Proxy, Stage, in_force, refusal
from bots.vote.tables import State
from ground.database import Database
from tests.support.register import NOW, Grown, fresh, grow
from tests.support.votes import CLOSES, MEMBERS, open_vote, vote_of

DAY = timedelta(days=1)


@pytest.fixture
async def db(database_url: str) -> AsyncIterator[Database]:
    async with Database.open(database_url) as db:
        await fresh(db)
        yield db


@pytest.fixture
async def grown(db: Database) -> Grown:
    return await grow(db, members={**MEMBERS, "M99": "caen"})


async def give(
    db: Database,
    grown: Grown,
    giver: str,
    holder: str,
    vote: str | None = None,
    *,
    until: datetime | None = None,
    most: int = 1,
    accept: bool = True,
    at: datetime = NOW,
) -> str:
    async def work(session: AsyncSession) -> str:
        row = None if vote is None else await vote_of(session, vote)
        ids = grown.members
        new = await proxies.offer(session, ids[giver], ids[holder], vote=row, until=until, at=at, most=most)
        return new.id

    id_ = await db.write(work)
    if accept:
        await say_yes(db, grown, id_, holder, most=most, at=at)
    return id_


async def say_yes(db: Database, grown: Grown, id_: str, holder: str, *, most: int = 1, at: datetime = NOW) -> Proxy:
    return await db.write(lambda session: proxies.accept(session, id_, grown.members[holder], at=at, most=most))


async def held(db: Database, grown: Grown, vote: str, at: datetime = NOW) -> dict[str, str]:
    """Who votes for whom, by the numbers of members: giver to holder."""
    numbers = {id_: number for number, id_ in grown.members.items()}

    async def work(session: AsyncSession) -> dict[str, str]:
        found = await proxies.of_vote(session, await vote_of(session, vote), at)
        return {numbers[giver]: numbers[proxy.holder] for giver, proxy in found.items()}

    return await db.read(work)


async def test_a_proxy_counts_once_it_is_accepted(db: Database, grown: Grown) -> None:
    vote = await open_vote(db, grown)
    id_ = await give(db, grown, "M1", "M2", vote, accept=False)
    assert await held(db, grown, vote) == {}
    await say_yes(db, grown, id_, "M2")
    await say_yes(db, grown, id_, "M2")  # tapped twice
    assert await held(db, grown, vote) == {"M1": "M2"}


async def test_only_its_holder_accepts(db: Database, grown: Grown) -> None:
    vote = await open_vote(db, grown)
    id_ = await give(db, grown, "M1", "M2", vote, accept=False)
    with pytest.raises(VoteRefused, match="not offered any more"):
        await say_yes(db, grown, id_, "M3")
    with pytest.raises(VoteRefused, match="not offered any more"):
        await say_yes(db, grown, "01m82e045zaarvjkw3rgsghe8k", "M2")


async def test_declined_given_up_or_taken_back_it_is_over(db: Database, grown: Grown) -> None:
    vote = await open_vote(db, grown)
    ids = grown.members
    first = await give(db, grown, "M1", "M2", vote, accept=False)
    declined = await db.write(lambda session: proxies.decline(session, first, ids["M2"], at=NOW))
    assert declined.stage is Stage.DECLINED
    second = await give(db, grown, "M1", "M2", vote)
    given_up = await db.write(lambda session: proxies.decline(session, second, ids["M2"], at=NOW))
    assert given_up.stage is Stage.ENDED
    assert await held(db, grown, vote) == {}
    third = await give(db, grown, "M1", "M2", vote)
    taken = await db.write(lambda session: proxies.take_back(session, ids["M1"], vote, at=NOW))
    assert [(one.id, one.stage) for one in taken] == [(third, Stage.ACCEPTED)]
    assert await held(db, grown, vote) == {}
    with pytest.raises(VoteRefused, match="not offered any more"):
        await say_yes(db, grown, third, "M2")


async def test_at_most_so_many_for_one_holder(db: Database, grown: Grown) -> None:
    vote = await open_vote(db, grown)
    await give(db, grown, "M1", "M2", vote)
    with pytest.raises(VoteRefused, match=r"more than 1 other member\."):
        await give(db, grown, "M3", "M2", vote)
    with pytest.raises(VoteRefused, match=r"more than 1 other member\."):
        await give(db, grown, "M3", "M2")  # for all votes, so for this one too
    await give(db, grown, "M3", "M2", vote, most=2)
    with pytest.raises(VoteRefused, match=r"more than 2 other members\."):
        await give(db, grown, "M4", "M2", vote, most=2)
    other = await open_vote(db, grown)
    await give(db, grown, "M4", "M2", other)
    assert await held(db, grown, other) == {"M4": "M2"}


async def test_two_offers_at_once_and_only_one_is_accepted(db: Database, grown: Grown) -> None:
    vote = await open_vote(db, grown)
    first = await give(db, grown, "M1", "M2", vote, accept=False)
    second = await give(db, grown, "M3", "M2", vote, accept=False)
    await say_yes(db, grown, second, "M2")
    with pytest.raises(VoteRefused, match="more than 1"):
        await say_yes(db, grown, first, "M2")


async def test_no_chains(db: Database, grown: Grown) -> None:
    vote = await open_vote(db, grown)
    await give(db, grown, "M1", "M2", vote)
    with pytest.raises(VoteRefused, match="would be handed on"):
        await give(db, grown, "M2", "M3", vote)
    with pytest.raises(VoteRefused, match="would be handed on"):
        await give(db, grown, "M2", "M3")
    with pytest.raises(VoteRefused, match="has given a proxy cannot hold one"):
        await give(db, grown, "M3", "M1", vote)
    other = await open_vote(db, grown)
    await give(db, grown, "M2", "M3", other)  # another vote is another matter


async def test_no_chain_is_closed_by_accepting_later(db: Database, grown: Grown) -> None:
    vote = await open_vote(db, grown)
    first = await give(db, grown, "M1", "M2", vote, accept=False)
    second = await give(db, grown, "M2", "M3", vote, accept=False)
    await say_yes(db, grown, second, "M3")
    with pytest.raises(VoteRefused, match="has given a proxy cannot hold one"):
        await say_yes(db, grown, first, "M2")


async def test_a_new_one_replaces_the_former_and_one_for_the_vote_comes_before_one_for_all(
    db: Database, grown: Grown
) -> None:
    vote = await open_vote(db, grown)
    await give(db, grown, "M1", "M2")
    await give(db, grown, "M1", "M3", until=CLOSES + DAY)
    assert await held(db, grown, vote) == {"M1": "M3"}
    await give(db, grown, "M1", "M4", vote)
    assert await held(db, grown, vote) == {"M1": "M4"}
    await db.write(lambda session: proxies.take_back(session, grown.members["M1"], vote, at=NOW))
    assert await held(db, grown, vote) == {"M1": "M3"}
    (running,) = await db.read(lambda session: proxies.given_and_held(session, grown.members["M3"], NOW))
    assert (running.vote, running.until) == (None, CLOSES + DAY)


async def test_until_a_day(db: Database, grown: Grown) -> None:
    vote = await open_vote(db, grown)
    await give(db, grown, "M1", "M2", until=CLOSES - timedelta(minutes=1))
    assert await held(db, grown, vote) == {}
    with pytest.raises(VoteRefused, match="over already"):
        await give(db, grown, "M1", "M2", until=NOW)


async def test_what_is_accepted_or_taken_back_after_the_close_changes_nothing(db: Database, grown: Grown) -> None:
    vote = await open_vote(db, grown)
    await give(db, grown, "M1", "M2")
    later = await give(db, grown, "M3", "M4", accept=False)

    async def close(session: AsyncSession) -> None:
        row = await vote_of(session, vote)
        row.state, row.closed_at = State.CLOSED, CLOSES

    await db.write(close)
    after = CLOSES + timedelta(seconds=1)
    await say_yes(db, grown, later, "M4", at=after)
    await db.write(lambda session: proxies.take_back(session, grown.members["M1"], None, at=after))
    assert await held(db, grown, vote, after) == {"M1": "M2"}
    other = await open_vote(db, grown)
    assert await held(db, grown, other, after) == {"M3": "M4"}


async def test_both_are_on_the_roll_of_the_vote(db: Database, grown: Grown) -> None:
    vote = await open_vote(db, grown)
    with pytest.raises(VoteRefused, match="somebody who is on the roll"):
        await give(db, grown, "M1", "M99", vote)
    with pytest.raises(VoteRefused, match="You are not on the roll"):
        await give(db, grown, "M99", "M1", vote)
    await give(db, grown, "M1", "M99")
    assert await held(db, grown, vote) == {}


async def test_refused_where_it_makes_no_sense(db: Database, grown: Grown) -> None:
    vote = await open_vote(db, grown)
    with pytest.raises(VoteRefused, match="without a proxy"):
        await give(db, grown, "M1", "M1", vote)
    with pytest.raises(VoteRefused, match="no voting by proxy here"):
        await give(db, grown, "M1", "M2", vote, most=0)
    confidential = await open_vote(db, grown, confidential=True)
    with pytest.raises(VoteRefused, match="your holder would know your ballot"):
        await give(db, grown, "M1", "M2", confidential)
    await give(db, grown, "M1", "M2")
    assert await held(db, grown, confidential) == {}  # one for all votes does not hold there either
    units = await open_vote(db, grown, confidential=True, units=True)
    assert await held(db, grown, units) == {"M1": "M2"}

    async def close(session: AsyncSession) -> None:
        (await vote_of(session, vote)).state = State.CLOSED

    await db.write(close)
    with pytest.raises(VoteRefused, match="not open"):
        await give(db, grown, "M3", "M4", vote)


def proxy(giver: str, holder: str, vote: str | None = None, stage: Stage = Stage.ACCEPTED) -> Proxy:
    return Proxy(f"{giver}{holder}{vote}", giver, holder, vote, None, stage, NOW)


def test_a_chain_that_came_about_all_the_same_ends_at_its_first_link() -> None:
    """Given for all votes before, and for this one, by people who were elsewhere then: whoever holds gives nothing."""
    found = in_force([proxy("a", "b"), proxy("b", "c", "V")], {"a", "b", "c"}, "V", CLOSES)
    assert {giver: one.holder for giver, one in found.items()} == {"a": "b"}


def test_the_limit_counts_people_not_proxies() -> None:
    others = [proxy("a", "h"), proxy("a", "h", "V"), proxy("b", "h", "W")]
    assert refusal(proxy("c", "h", "V", Stage.OFFERED), others, NOW, 2) is None
    assert refusal(proxy("c", "h", "W", Stage.OFFERED), others, NOW, 2) is not None
    assert refusal(proxy("c", "h", None, Stage.OFFERED), others, NOW, 2) is not None
    assert refusal(proxy("c", "h", "X", Stage.OFFERED), others, NOW, 2) is None
