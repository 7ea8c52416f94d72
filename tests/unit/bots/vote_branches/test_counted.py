"""Votes of many branches: counted in every way, and told where it may be."""

from __future__ import annotations

import json
from datetime import timedelta
from functools import partial

import pytest

from bots.vote import bot
from bots.vote.apportion import Apportionment
from bots.vote.policy import VotePolicy
from bots.vote.record.signing import Signer
from bots.vote.record.verify import verify
from bots.vote.sealed import SealedBox
from bots.vote.settings import Settings
from bridge import files
from bridge.letters import Document
from tests.support.conversation import Stage, find, stage_on
from tests.support.rhone import WEEK, People, open_all, results, said_in


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
