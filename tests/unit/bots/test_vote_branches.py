"""Votes of many branches: opened in each, counted in every way."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

import pytest
from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from bots.vote import bot
from bots.vote.apportion import Apportionment
from bots.vote.policy import VotePolicy
from bots.vote.record.signing import Signer
from bots.vote.record.verify import verify
from bots.vote.sealed import SealedBox
from bots.vote.settings import Settings
from bots.vote.tables import PlaceRow
from bridge import files
from bridge.letters import Correction, Document, Poll, PollClosing, Words
from bridge.places import BranchRoom
from ground.ids import new_id
from party.members import MemberRow, Status
from tests.support.conversation import Someone, Stage, find, stage_on
from tests.support.planted import grow_wide
from tests.support.said import Said

BOT = bot(Settings(VotePolicy(mandate_members=2), SealedBox(b"s" * 32)))
WEEK = timedelta(days=8)


@dataclass
class People:
    """Rhône has Rosa (its secretary), Lyon four members, Givors one."""

    rosa: Someone
    anna: Someone
    bruno: Someone
    clara: Someone
    david: Someone
    gina: Someone


@pytest.fixture
async def stage(database_url: str) -> AsyncIterator[Stage]:
    async with stage_on(database_url, [BOT]) as stage:
        yield stage


@pytest.fixture
async def people(stage: Stage) -> People:
    return People(
        await stage.person("Rosa", "Rhône", offices=["secretary"]),
        await stage.person("Anna", "Lyon"),
        await stage.person("Bruno", "Lyon"),
        await stage.person("Clara", "Lyon"),
        await stage.person("David", "Lyon"),
        await stage.person("Gina", "Givors"),
    )


async def polls(stage: Stage) -> dict[str, Said]:
    """The latest poll of each branch, by its name."""
    tree = await stage.tree()
    found = {}
    for said in await stage.all_letters():
        if isinstance(said.content, Poll) and isinstance(said.to, BranchRoom):
            found[tree[said.to.branch_id].name] = said
    return found


async def open_all(stage: Stage, people: People, line: str = "!vote Shall we strike? --below") -> dict[str, Said]:
    await people.rosa.says(line, room="Rhône")
    await people.rosa.taps("✅")
    await stage.passes(timedelta(seconds=1))
    await stage.said()
    return await polls(stage)


async def results(stage: Stage) -> dict[str, str]:
    """Let the time pass; what is then said of the result, by branch."""
    await stage.passes(WEEK)
    tree = await stage.tree()
    found = {}
    for said in await stage.letters():
        if isinstance(said.content, Words) and isinstance(said.to, BranchRoom):
            found[tree[said.to.branch_id].name] = str(said)
    return found


ANNOUNCED = (
    "Vote V1 is open until Wednesday 2 December 2026, 15:00.\n"
    "Asked in all branches of Rhône, decided by heads: all ballots together.\n"
    "{people} can vote, 6 in all branches.\n"
    "Public vote: the names will be readable. No buttons? Reply with the number of your choice."
)


def without_fingerprint(said: str) -> str:
    return "\n".join(line for line in said.splitlines() if not line.startswith("Fingerprint"))


async def said_in(stage: Stage) -> dict[str, list[str]]:
    """What was said since the last look, by branch."""
    tree = await stage.tree()
    found: dict[str, list[str]] = {}
    for said in await stage.letters():
        if isinstance(said.to, BranchRoom):
            found.setdefault(tree[said.to.branch_id].name, []).append(without_fingerprint(str(said)))
    return found


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


async def test_each_branch_reads_its_own_numbers_and_those_of_all(stage: Stage, people: People) -> None:
    by = await open_all(stage, people, "!vote Shall we strike? --below --count double")
    for person, branch, answer in (
        (people.anna, "Lyon", "1"),
        (people.bruno, "Lyon", "1"),
        (people.clara, "Lyon", "1"),
        (people.gina, "Givors", "2"),
        (people.rosa, "Rhône", "2"),
    ):
        assert await person.chooses(by[branch], answer) == []
    found = await results(stage)
    whole = (
        "Lost, decided by double majority: of heads and of branches.\n"
        "• By heads: 3 For, 2 Against, 0 Abstain – carried\n"
        "• By branches: 1 For, 2 Against – lost\n"
        "• By mandates: 2 For, 2 Against, 0 Abstain – lost\n"
        "5 of 6 voted (83%)."
    )
    assert found["Rhône"] == (
        f"V1 · Shall we strike?\n{whole}\n"
        "• Lyon: 3 For, 0 Against, 0 Abstain · 3 of 4\n"
        "• Givors: 0 For, 1 Against, 0 Abstain · 1 of 1\n"
        "• Rhône: 0 For, 1 Against, 0 Abstain · 1 of 1"
    )
    assert found["Lyon"] == (
        "V1 · Shall we strike?\nIn Lyon: 3 For, 0 Against, 0 Abstain.\n3 of 4 voted (75%).\n"
        f"In all 3 branches of Rhône:\n{whole}"
    )
    assert set(found) == {"Rhône", "Lyon", "Givors"}
    (said,) = await people.gina.says("!vote result V1", room="Givors")
    assert said.startswith(f"V1 · Shall we strike?\n{whole}\n• Lyon: 3 For")
    (said,) = await people.gina.says("!vote who V1", room="Givors")
    assert said == "V1 · 5 of 6 voted (83%).\n• Against: Gina"


@pytest.mark.parametrize(("way", "result"), [("heads", "Carried"), ("branches", "Lost"), ("structures", "Lost")])
async def test_what_was_declared_decides(stage: Stage, people: People, way: str, result: str) -> None:
    by = await open_all(stage, people, f"!vote Shall we strike? --below --count {way}")
    await people.anna.chooses(by["Lyon"], "1")
    await people.bruno.chooses(by["Lyon"], "1")
    await people.clara.chooses(by["Lyon"], "1")
    await people.gina.chooses(by["Givors"], "2")
    await people.rosa.chooses(by["Rhône"], "2")
    assert (await results(stage))["Rhône"].splitlines()[1].startswith(f"{result}, decided by")


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
    from bridge.letters import About, PollEnd

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


async def test_confidential_ballots_of_few_are_told_together(database_url: str) -> None:
    box = SealedBox(b"s" * 32)
    async with stage_on(database_url, [bot(Settings(VotePolicy(breakdown=3), box))]) as stage:
        rosa = await stage.person("Rosa", "Rhône", offices=["secretary"])
        lyon = [await stage.person(name, "Lyon") for name in ("Anna", "Bruno", "Clara", "David")]
        gina = await stage.person("Gina", "Givors")
        for way in ("branches", "mandates", "double"):
            asked = f"!vote Shall we strike? --below --count {way} --confidential"
            assert await rosa.says(asked, room="Rhône") == [
                "Givors, Rhône have fewer than 3 voters, so that their ballots could be guessed. "
                "Write --count heads, or leave --confidential out."
            ]
        await rosa.says("!vote Shall we strike? --below --confidential", room="Rhône")
        await rosa.taps("✅")
        await stage.passes(timedelta(seconds=30))
        said = (await said_in(stage))["Rhône"]
        assert "other members and officers will not see" in said[0]
        assert all("•" not in each for each in said), "no turnout before the close"
        for person, choice in [*((one, "1") for one in lyon), (gina, "2"), (rosa, "2")]:
            await person.says("vote V1")
            await person.says(choice)
        found = await results(stage)
        assert found["Rhône"].splitlines()[1:] == [
            "Carried, decided by heads: all ballots together.",
            "• By heads: 4 For, 2 Against, 0 Abstain – carried",
            "6 of 6 voted (100%).",
        ]
        assert "In Givors" not in found["Givors"], "one ballot is not told apart"


@pytest.mark.parametrize("way", ["heads", "mandates", "double"])
async def test_its_record_can_be_counted_again(database_url: str, way: str) -> None:
    signing = bot(Settings(VotePolicy(mandate_members=2), SealedBox(b"s" * 32), Signer(b"k" * 32)))
    async with stage_on(database_url, [signing]) as stage:
        rosa = await stage.person("Rosa", "Rhône", offices=["secretary"])
        lyon = [await stage.person(name, "Lyon") for name in ("Anna", "Bruno", "Clara")]
        gina = await stage.person("Gina", "Givors")
        await rosa.says(f"!vote Shall we strike? --below --count {way}", room="Rhône")
        await rosa.taps("✅")
        for person, choice in (*((one, "for") for one in lyon), (gina, "against")):
            await person.says(f"vote V1 {choice}")
        await stage.passes(WEEK)
        (file,) = [said for said in await stage.all_letters() if isinstance(said.content, Document)]
        assert isinstance(file.content, Document)
        told = [str(said) for said in await stage.all_letters() if "All of it, signed: !vote record V1" in str(said)]
        assert len(told) == 2, "where the file is not"
        kept = await stage.db.read(partial(files.read, file=file.content.file))
        assert kept is not None
        report = verify(kept)
        assert report.passed, [said for check in report.checks for said in check.wrong]
        known = json.loads(kept)
        assert {ballot["branch"] for ballot in known["entries"] if ballot["kind"] == "ballot"} == {
            find(await stage.tree(), name).id for name in ("Lyon", "Givors")
        }


@pytest.mark.parametrize(
    ("way", "least", "counted_all"),
    [("branches", 1, True), ("double", 1, True), ("heads", 1, True), ("heads", 3, True), ("branches", 2, False)],
)
async def test_a_confidential_record_can_be_counted_again(
    database_url: str, way: str, least: int, *, counted_all: bool
) -> None:
    """By branches too, where the ballots of each are told; that all is compared shows where the file lies."""
    policy = VotePolicy(mandate_members=2, breakdown=least)
    async with stage_on(database_url, [bot(Settings(policy, SealedBox(b"s" * 32), Signer(b"k" * 32)))]) as stage:
        rosa = await stage.person("Rosa", "Rhône", offices=["secretary"])
        await stage.person("Rita", "Rhône")
        lyon = [await stage.person(name, "Lyon") for name in ("Anna", "Bruno", "Clara")]
        givors = [await stage.person(name, "Givors") for name in ("Gina", "Gus")]
        await rosa.says(f"!vote Shall we strike? --below --count {way} --confidential", room="Rhône")
        await rosa.taps("✅")
        await stage.passes(timedelta(seconds=30))
        for person, choice in (*((one, "1") for one in lyon), *((one, "2") for one in givors), (rosa, "2")):
            await person.says("vote V1")
            await person.says(choice)
        await stage.passes(WEEK)
        (file,) = [said for said in await stage.all_letters() if isinstance(said.content, Document)]
        assert isinstance(file.content, Document)
        kept = await stage.db.read(partial(files.read, file=file.content.file))
        assert kept is not None
        report = verify(kept)
        assert report.passed, [said for check in report.checks for said in check.wrong]
        (check,) = [check for check in report.checks if check.name == "count"]
        assert ("only the tally of heads" not in check.note) is counted_all
        measures = [one["by"] for one in json.loads(kept)["verdict"]["measures"]]
        assert measures == (["heads", "branches", "mandates"] if least == 1 else ["heads", way][: 1 + (way != "heads")])


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
    from bridge.letters import About, PollEnd

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


@pytest.mark.parametrize(
    ("how", "said", "totals"),
    [
        (Apportionment.REMAINDER, "largest remainder", "2 For, 1 Against"),
        (Apportionment.DHONDT, "D’Hondt", "3 For, 0 Against"),
    ],
)
async def test_how_mandates_are_split_is_announced_and_stays(
    database_url: str, how: Apportionment, said: str, totals: str
) -> None:
    async with stage_on(database_url, [bot(Settings(VotePolicy(mandate_members=2, apportionment=how)))]) as stage:
        rosa = await stage.person("Rosa", "Rhône", offices=["secretary"])
        lyon = [await stage.person(name, "Lyon") for name in ("Anna", "Bruno", "Clara", "David", "Eva")]
        (preview,) = await rosa.says("!vote Shall we strike? --below --count mandates", room="Rhône")
        words = f"decided by mandates: each branch’s are split by its votes ({said})"
        assert words in preview
        await rosa.taps("✅")
        await stage.passes(timedelta(seconds=1))
        for each in lyon:
            await each.says(f"!vote V1 {2 if each.name == 'Eva' else 1}", room="Lyon")
        found = await results(stage)
        assert f"Carried, {words}." in found["Rhône"]
        assert f"• By mandates: {totals}, 0 Abstain" in found["Rhône"]


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
