"""Confidential votes: nothing in the room, and nothing that tells who chose what."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bridge.letters import Poll
from bridge.places import Direct
from ground.database import Base
from tests.support.conversation import Stage, stage_on
from tests.support.lyon import People, members, result


async def test_a_confidential_vote(stage: Stage, people: People) -> None:
    for number in range(8):
        await stage.person(f"Member {number}", "Lyon")
    (shown,) = await people.anna.says("!vote Strike? --confidential", room="Lyon")
    assert (
        "Confidential · other members and officers will not see who chose what; whoever runs the server could" in shown
    )
    (said,) = await people.anna.taps("✅")
    assert "To vote, write !vote V1 to me privately: vote on V1 (https://matrix.to/#/@kunveno:example.org)" in said
    assert not [one for one in await stage.all_letters() if isinstance(one.content, Poll)]
    voters = list(stage.people.values())[:11]
    for place, person in enumerate(voters):
        (ballot,) = await person.says("!vote V1")
        assert "1. For\n2. Against\n3. Abstain" in ballot
        (answer,) = await person.says("1" if place % 2 else "2")
        assert answer == "Your ballot for V1 is in. Until the close you can answer again to change it."
    last = (await stage.all_letters())[-1]
    assert last.forget
    assert (await people.anna.says("!vote who V1", room="Lyon"))[0].startswith("V1 is confidential")
    assert await result(stage) == ["Lost: 5 For, 6 Against, 0 Abstain.", "11 of 12 voted (92%)."]


async def test_nothing_but_the_box_knows_what_was_chosen(stage: Stage, people: People) -> None:
    await people.anna.says("!vote Strike? --confidential", room="Lyon")
    await people.anna.taps("✅")
    seen = []
    for person, choice in ((people.bruno, "1"), (people.clara, "2"), (people.david, "3")):
        await person.says("!vote V1")
        before = await stage.db.read(rows)
        said = await person.says(choice)
        after = await stage.db.read(rows)
        assert after["vote_casts"] == 0
        seen.append((said, {table: after[table] - before[table] for table in after}))
    assert seen[0] == seen[1] == seen[2]


async def rows(session: AsyncSession) -> dict[str, int]:
    """How many rows each table has."""
    tables = Base.metadata.sorted_tables
    return {table.name: await session.scalar(select(func.count()).select_from(table)) or 0 for table in tables}


async def test_the_same_message_twice_is_one_vote_and_one_ballot(stage: Stage, people: People) -> None:
    for _ in range(2):
        await people.anna.utters("!vote Shall we?\n- Yes\n- No", room="Lyon", id="$ask")
    assert len([one for one in await stage.all_letters() if isinstance(one.content, Poll)]) == 1
    for _ in range(2):
        await people.bruno.utters("!vote V1 1", room="Lyon", id="$cast")
    assert await result(stage) == ["Carried: 1 Yes, 0 No.", "1 of 4 voted (25%)."]
    letters = [str(one) for one in await stage.all_letters()]
    assert len([said for said in letters if said.startswith("V1 · Shall we?")]) == 1


async def test_few_confidential_ballots(stage: Stage, people: People) -> None:
    await people.anna.says("!vote Strike? --confidential", room="Lyon")
    await people.anna.taps("✅")
    await people.bruno.says("!vote V1")
    await people.bruno.says("1")
    assert await result(stage) == [
        "Carried.", "1 of 4 voted (25%).", "So few ballots were cast that the numbers are not told.",
    ]  # fmt: skip


async def test_nothing_of_a_confidential_vote_is_cast_in_a_room(stage: Stage, people: People) -> None:
    await people.anna.says("!vote Strike? --confidential", room="Lyon")
    await people.anna.taps("✅")
    announced = (await stage.all_letters())[-1]
    for said in (
        await people.bruno.says("1", room="Lyon", reply_to=announced),
        await people.bruno.says("!vote V1 1", room="Lyon"),
    ):
        assert "not counted" in said[0]
        assert said[1].startswith("V1 · Strike?")
    assert all(letter.to == Direct(people.bruno.account) for letter in (await stage.all_letters())[-4:])
    assert (await result(stage))[0] == "Lost."


async def test_confidential_votes_need_a_box(database_url: str) -> None:
    from bots.vote import BOT as WITHOUT

    async with stage_on(database_url, [WITHOUT]) as stage:
        people = await members(stage)
        assert await people.anna.says("!vote Strike? --confidential", room="Lyon") == [
            "Confidential votes are not set up here. Those who run me can do that."
        ]
