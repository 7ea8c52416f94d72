"""Votes of many branches: opened in each, and the table that fills up."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial

import pytest
from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from bots.vote.tables import PlaceRow
from bridge.letters import About, Correction, PollClosing, PollEnd
from ground.ids import new_id
from party.members import MemberRow, Status
from tests.support.conversation import Stage, stage_on
from tests.support.planted import grow_wide
from tests.support.rhone import BOT, People, open_all, polls, results, said_in

ANNOUNCED = (
    "Vote V1 is open until Wednesday 2 December 2026, 15:00.\n"
    "Asked in all branches of Rhône, decided by heads: all ballots together.\n"
    "{people} can vote, 6 in all branches.\n"
    "Public vote: the names will be readable. No buttons? Reply with the number of your choice."
)


async def test_it_is_shown_and_then_opened_in_every_branch(stage: Stage, people: People) -> None:
    assert await people.rosa.says("!vote Shall we strike? --below", room="Rhône") == [
        "Please check before it opens:\n"
        "Shall we strike? For / Against / Abstain\n"
        "Public · the names will be readable\n"
        "6 members on the roll · simple majority · decided by heads: all ballots together · "
        "closes Wednesday 2 December 2026, 15:00\n"
        "It will be held in 3 branches of Rhône, each in its own room.\n"
        "✅ open   ❌ drop"
    ]
    await people.rosa.sets("✅", (await stage.all_letters())[-3])
    poll = "[poll] Shall we strike? ○ For ○ Against ○ Abstain"
    table = (
        "V1 · Shall we strike?\n"
        "Open in 0 of 3 branches of Rhône, until Wednesday 2 December 2026, 15:00.\n"
        "6 members on the roll · simple majority · decided by heads: all ballots together\n"
        "• Rhône: 0 of 1\n• Givors: 0 of 1\n• Lyon: 0 of 4"
    )
    assert await said_in(stage) == {"Rhône": [poll, table], "Lyon": [poll], "Givors": [poll]}
    await stage.passes(timedelta(seconds=1))
    assert await said_in(stage) == {
        "Rhône": [ANNOUNCED.format(people="1 member of Rhône")],
        "Lyon": [ANNOUNCED.format(people="4 members of Lyon")],
        "Givors": [ANNOUNCED.format(people="1 member of Givors")],
    }


async def test_the_table_fills_up(stage: Stage, people: People) -> None:
    by = await open_all(stage, people)
    for branch in ("Rhône", "Lyon", "Givors"):
        await stage.delivers(branch)
    await people.anna.chooses(by["Lyon"], "1")
    await people.bruno.chooses(by["Lyon"], "2")
    await people.bruno.chooses(by["Lyon"], "1")
    await people.gina.chooses(by["Givors"], "2")
    await stage.passes(timedelta(seconds=20))
    (table,) = (await said_in(stage))["Rhône"]
    assert table == (
        "[corrected] V1 · Shall we strike?\n"
        "Open in 3 of 3 branches of Rhône, until Wednesday 2 December 2026, 15:00.\n"
        "6 members on the roll · simple majority · decided by heads: all ballots together\n"
        "• Rhône: 0 of 1\n• Givors: 1 of 1\n• Lyon: 2 of 4"
    )
    await stage.passes(timedelta(days=1))
    assert await said_in(stage) == {}, "nothing has changed"


async def test_each_branch_in_its_language(stage: Stage, people: People) -> None:
    await stage.set_language("Givors", "fr")
    by = await open_all(stage, people)
    assert str(by["Lyon"]) == "[poll] Shall we strike? ○ For ○ Against ○ Abstain"
    assert str(by["Givors"]) == "[poll] Shall we strike? ○ Pour ○ Contre ○ Abstention"
    await people.gina.says("!voter V1 contre", room="Givors")
    await people.anna.says("!vote V1 for", room="Lyon")
    found = await results(stage)
    assert "In Lyon: 1 For, 0 Against, 0 Abstain." in found["Lyon"]
    assert "Givors : 0 Pour, 1 Contre, 0 Abstention." in found["Givors"].replace("\xa0", " ").replace("\u202f", " ")


async def test_a_branch_without_a_room_holds_nothing_up(database_url: str) -> None:
    from dataclasses import replace

    from tests.support.conversation import ROOMS

    tiers = ("region", "department")
    rooms = {key: replace(kind, tiers=None if kind.for_officers else tiers) for key, kind in ROOMS.items()}
    async with stage_on(database_url, [BOT], rooms=rooms) as stage:
        rosa = await stage.person("Rosa", "Rhône", offices=["secretary"])
        gina = await stage.person("Gina", "Givors")
        (shown,) = await rosa.says("!vote Shall we strike? --below", room="Rhône")
        assert "It will be held in 1 branch of Rhône, in its own room." in shown
        assert "Givors has no room for it: its members vote by writing to me privately." in shown
        assert "Lyon has no members who can vote." in shown
        await rosa.taps("✅")
        await rosa.says("!vote V1 1", room="Rhône")
        assert (await gina.says("vote V1 1"))[:1] != ["There is no vote V1."]
        assert "• By heads: 2 For, 0 Against, 0 Abstain – carried" in (await results(stage))["Rhône"]


async def test_a_branch_that_cannot_be_reached_is_named(stage: Stage, people: People) -> None:
    by = await open_all(stage, people)
    await stage.delivers("Lyon")
    await stage.passes(timedelta(minutes=1))
    assert "Not there yet: Givors, Rhône." in (await said_in(stage))["Rhône"][-1]
    await stage.loses(by["Givors"])
    await stage.passes(timedelta(minutes=20))
    await stage.delivers("Rhône")
    await stage.passes(timedelta(minutes=20))
    last = (await said_in(stage))["Rhône"][-1]
    assert "Could not be reached: Givors. Their members vote by writing !vote V1 to me." in last
    assert "Opened late: Rhône." in last
    await people.gina.says("vote V1 for")
    assert "1 of 6 voted (17%)." in (await results(stage))["Rhône"]


async def test_all_are_told_that_it_is_extended_closed_or_called_off(stage: Stage, people: People) -> None:
    by = await open_all(stage, people)
    await people.rosa.utters("!vote extend V1 4 december 20:00", room="Rhône")
    said = await said_in(stage)
    line = "V1 is extended and closes Friday 4 December 2026, 20:00."
    assert [said[branch][0] for branch in ("Rhône", "Lyon", "Givors")] == [line] * 3
    (refused,) = await people.anna.says("!vote close V1", room="Lyon")
    assert "is for" in refused or "ask" in refused
    await people.rosa.utters("!vote close V1", room="Rhône")
    closings = [one for one in await stage.all_letters() if isinstance(one.content, PollClosing)]
    assert {(one.content.of, one.to) for one in closings if isinstance(one.content, PollClosing)} == {
        (poll.id, poll.to) for poll in by.values()
    }
    await stage.said()
    await open_all(stage, people)
    await people.rosa.utters("!vote cancel V2 Too early.", room="Rhône")
    said = await said_in(stage)
    assert all("V2 is cancelled: Too early." in said[branch] for branch in ("Rhône", "Lyon", "Givors"))


async def test_a_poll_that_somebody_ends_comes_again_in_its_own_room(stage: Stage, people: People) -> None:
    by = await open_all(stage, people)
    end = PollEnd(
        id="$end", place=by["Lyon"].to, account=people.david.account, at=stage.clock.now(),
        poll=About("$poll", by["Lyon"].id),
    )  # fmt: skip
    await stage.arrives(end)
    assert set(await said_in(stage)) == {"Lyon"}
    again = await polls(stage)
    assert again["Lyon"].id != by["Lyon"].id
    assert again["Givors"].id == by["Givors"].id
    await people.david.chooses(again["Lyon"], "1")
    assert "1 of 6 voted" in (await results(stage))["Rhône"]


async def test_only_who_may_open_below_does(stage: Stage, people: People) -> None:
    await stage.person("Leo", "Lyon", offices=["secretary"])
    (said,) = await people.anna.says("!vote Shall we strike? --below", room="Lyon")
    assert "is for" in said or "ask" in said
    (said,) = await people.rosa.says("!vote Who? --below --count mandates\n- Ada\n- Bea\nmethod: schulze", room="Rhône")
    assert said.startswith("This is counted by heads:")
    (said,) = await people.rosa.says("!vote Shall we? --count mandates", room="Rhône")
    assert said.startswith("What decides among branches is said where many of them vote: with --below.")


async def test_rankings_have_no_poll_and_are_announced_everywhere(stage: Stage, people: People) -> None:
    line = "!vote Who speaks for us? --below\n- Ada\n- Bea\n- Cyd\nmethod: schulze"
    await people.rosa.says(line, room="Rhône")
    await people.rosa.taps("✅")
    await stage.said()
    await stage.passes(timedelta(seconds=1))
    said = await said_in(stage)
    assert said["Lyon"][0].startswith("Who speaks for us?\nVote V1 is open until")
    assert set(said) == {"Rhône", "Lyon", "Givors"}
    for branch in said:
        await stage.delivers(branch)
    await stage.passes(timedelta(minutes=1))
    assert "Open in 3 of 3 branches" in (await said_in(stage))["Rhône"][-1]
    await people.anna.says("!vote V1 2 > 1 > 3", room="Lyon")
    await people.gina.says("!vote V1 bac", room="Givors")
    found = await results(stage)
    assert "Chosen: Bea, decided by heads: all ballots together." in found["Rhône"]
    assert "• Givors: 1 of 1 voted" in found["Rhône"]


async def test_the_places_are_kept_once(stage: Stage, people: People) -> None:
    await open_all(stage, people)
    rows = await stage.db.read(lambda session: session.execute(select(PlaceRow.on_roll, PlaceRow.mandates)))
    assert sorted(map(tuple, rows)) == [(1, 1), (1, 1), (4, 2)]
    corrections = [one for one in await stage.all_letters() if isinstance(one.content, Correction)]
    assert not corrections


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # many, not otherwise
async def test_a_thousand_branches(database_url: str) -> None:
    async with stage_on(database_url, [BOT], tree={"France": {f"R{region}": {} for region in range(10)}}) as stage:
        await stage.db.write(
            partial(grow_wide, tree=await stage.tree(), tier="department", each=99, at=stage.clock.now())
        )
        fran = await stage.person("Fran", "France", offices=["secretary"])
        below = [branch for branch in await stage.tree() if branch.name != "France"]
        await stage.db.write(partial(add_members, branches=[branch.id for branch in below], at=stage.clock.now()))
        (shown,) = await fran.says("!vote Shall we strike? --below --count branches", room="France")
        assert "It will be held in 1,001 branches of France, each in its own room." in shown
        opened = await fran.taps("✅")
        assert sum(one.startswith("[poll]") for one in opened) == 1001
        assert "• R0 (100 branches): 0 of 100" in opened[-1]
        assert "Open in 0 of 1,001 branches of France" in opened[-1]
        await stage.passes(timedelta(minutes=2))
        announced = await stage.said()
        assert sum(one.startswith("Vote V1 is open until") for one in announced) == 1001
        await fran.says("!vote V1 for", room="France")
        await fran.says("!vote close V1", room="France")
        await stage.passes(timedelta(minutes=5))
        said = await stage.said()
        assert sum("Carried, decided by branches: one voice each." in one for one in said) == 1001
        assert sum("By branches: 1 For, 0 Against, 1,000 undecided – carried" in one for one in said) == 1001


async def add_members(session: AsyncSession, branches: Sequence[str], at: datetime) -> None:
    """A member in each branch, without an account."""
    rows = [
        {
            "id": new_id(), "number": f"T{number}", "name": f"Member {number}", "branch_id": branch,
            "status": Status.MEMBER, "joined_on": at.date(),
        }
        for number, branch in enumerate(branches)
    ]  # fmt: skip
    await session.execute(insert(MemberRow), rows)


async def test_a_quorum_is_that_of_all_branches(stage: Stage, people: People) -> None:
    await people.rosa.says("!vote Shall we strike? --below --quorum 50%", room="Rhône")
    await people.rosa.sets("✅", (await stage.all_letters())[-1])
    await stage.passes(timedelta(seconds=1))
    for branch, said in (await said_in(stage)).items():
        assert "can vote, 6 in all branches.\nRule: quorum 3 · simple majority." in said[-1], branch


async def test_the_table_goes_on_filling_up_by_taps_and_removals(stage: Stage, people: People) -> None:
    by_branch = await open_all(stage, people)
    await stage.delivers("Lyon")
    await stage.passes(timedelta(minutes=1))
    for number, person in enumerate((people.anna, people.bruno, people.clara), 1):
        await stage.passes(timedelta(hours=1))
        await person.chooses(by_branch["Lyon"], "1")
        await stage.passes(timedelta(hours=1))
        assert f"• Lyon: {number} of 4" in (await said_in(stage))["Rhône"][-1]
    await people.david.says("!vote V1 2", room="Lyon", id="$david")
    await stage.passes(timedelta(hours=1))
    assert "• Lyon: 4 of 4" in (await said_in(stage))["Rhône"][-1]
    await people.david.takes_back("$david", "Lyon")
    await stage.passes(timedelta(hours=1))
    assert "• Lyon: 3 of 4" in (await said_in(stage))["Rhône"][-1]


async def test_each_branch_gets_its_poll_again_however_many_there_are(database_url: str) -> None:
    names = [f"R{number}" for number in range(8)]
    async with stage_on(database_url, [BOT], tree={"France": {name: {} for name in names}}) as stage:
        rosa = await stage.person("Rosa", "France", offices=["secretary"])
        others = [await stage.person(f"Member of {name}", name) for name in names]
        await rosa.says("!vote Shall we strike? --below", room="France")
        await rosa.taps("✅")
        first = await polls(stage)
        for number, (name, member) in enumerate(zip(names, others, strict=True)):
            poll = About(f"$poll-{name}", first[name].id)
            end = PollEnd(
                id=f"$end-{number}", place=first[name].to, account=member.account, at=stage.clock.now(), poll=poll
            )
            await stage.arrives(end)
        again = await polls(stage)
        assert [name for name in names if again[name].id == first[name].id] == []


async def test_a_branch_that_is_lost_later_is_named_until_it_is_heard_again(stage: Stage, people: People) -> None:
    by_branch = await open_all(stage, people)
    for branch in by_branch:
        await stage.delivers(branch)
    announced = [said for said in await stage.all_letters() if said.to == by_branch["Givors"].to][-1]
    await stage.loses(announced)
    await people.anna.chooses(by_branch["Lyon"], "1")
    await stage.passes(timedelta(hours=1))
    last = (await said_in(stage))["Rhône"][-1]
    assert "Open in 2 of 3 branches of Rhône" in last
    assert "Could not be reached: Givors." in last
    await people.rosa.says("!vote extend V1 2026-12-10 20:00", room="Rhône")
    await stage.delivers("Givors")
    await people.bruno.chooses(by_branch["Lyon"], "1")
    await stage.passes(timedelta(hours=1))
    assert "Open in 3 of 3 branches of Rhône" in (await said_in(stage))["Rhône"][-1]
