"""The register of decisions, and who may see what of a vote."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bots.vote import bot, decisions
from bots.vote.decisions import Search
from bots.vote.policy import VotePolicy
from bots.vote.settings import Settings
from bots.vote.tables import PlaceRow, VoteRow
from bridge import files
from bridge.files import FileDataRow
from bridge.letters import Document
from bridge.places import Direct
from tests.support.conversation import NOW, Someone, Stage, find, stage_on
from tests.support.votes import decided

BOT = bot(Settings(VotePolicy()))
NOT_THERE = ["There is no vote V1. !vote list shows those there are."]


@pytest.fixture
async def stage(database_url: str) -> AsyncIterator[Stage]:
    async with stage_on(database_url, [BOT]) as stage:
        yield stage


@pytest.fixture
async def anna(stage: Stage) -> Someone:
    return await stage.person("Anna", "Lyon", offices=["secretary"])


async def keep(stage: Stage, branch: str, number: int, question: str, *options: str, days: int = 0) -> VoteRow:
    """A vote of a branch that was counted so many days ago."""
    branch_id = find(await stage.tree(), branch).id
    row = decided(branch_id, number, question, options or ("Yes", "No"), at=NOW - timedelta(days=days))

    async def work(session: AsyncSession) -> None:
        session.add(row)

    await stage.db.write(work)
    return row


async def test_newest_first_and_only_what_was_counted(stage: Stage, anna: Someone) -> None:
    assert await anna.says("!decisions", room="Lyon") == ["There is no decision of Lyon yet."]
    await keep(stage, "Lyon", 1, "Join the strike?", days=3)
    await keep(stage, "Lyon", 2, "Adopt the budget?", days=5)
    await keep(stage, "Lyon", 3, "Cancelled?")
    await keep(stage, "Givors", 4, "Elsewhere?")
    await stage.db.write(
        lambda session: session.execute(update(VoteRow).where(VoteRow.number == 3).values(state="cancelled"))
    )
    await anna.says("!vote Still open?", room="Lyon")
    assert await anna.says("!decisions", room="Lyon") == [
        "Decisions of Lyon\n"
        "• V1 · Sunday 22 November 2026 · Join the strike? · Carried.\n"
        "• V2 · Friday 20 November 2026 · Adopt the budget? · Carried."
    ]


@pytest.mark.parametrize(
    ("line", "numbers"),
    [
        ("!decisions greve", ["V1"]),
        ("!decisions GRÈVE 5", ["V1"]),
        ("!decisions “la grève”", ["V1"]),
        ("!decisions abstention", ["V2"]),
        ("!decisions lyon budget", ["V2"]),
        ("!decisions ly budget", ["V2"]),
        ("!decisions 100%", ["V3"]),
        ("!decisions le", ["V3", "V1"]),
        ("!decisions rhone --below greve", ["V4", "V1"]),
        ("!décisions rhone --dessous grève", ["V4", "V1"]),
        ("!decisions saint-etienne", []),
        ("!decisions grève budget", []),
        ("!decisions g%ve", []),
    ],
)
async def test_words(stage: Stage, anna: Someone, line: str, numbers: list[str]) -> None:
    await keep(stage, "Lyon", 1, "Participons-nous à la grève du 5 ? Elle est le 5", days=4)
    await keep(stage, "Lyon", 2, "Adopter notre budget", "Pour", "Contre", "Abstention", days=3)
    await keep(stage, "Lyon", 3, "Payer 100% le train", days=2)
    await keep(stage, "Rhône", 4, "La grève, partout", days=1)
    await keep(stage, "Givors", 5, "La grève à Givors")
    (said,) = await anna.says(line, room="Lyon")
    assert [shown.split()[1] for shown in said.splitlines() if shown.startswith("•")] == numbers


async def test_a_long_list_says_how_it_goes_on(stage: Stage, anna: Someone) -> None:
    for number in range(1, 33):
        await keep(stage, "Lyon", number, f"Question {number}", days=100 - number)
    (said,) = await anna.says("!decisions question", room="Lyon")
    assert len(said.splitlines()) == 17
    assert said.endswith("\nThere are 17 more: !decisions lyon question --page 2")
    (said,) = await anna.says("!decisions lyon question --page 2")
    assert said.endswith("\nThere are 2 more: !decisions lyon question --page 3")
    (said,) = await anna.says("!decisions lyon question --page 3")
    assert [line.split()[1] for line in said.splitlines()[1:]] == ["V2", "V1"]
    assert await anna.says("!decisions lyon --page 4") == ["There are no more decisions of Lyon."]


async def test_only_what_is_shown_is_read(stage: Stage) -> None:
    lyon = find(await stage.tree(), "Lyon").id

    async def work(session: AsyncSession) -> None:
        session.add_all([decided(lyon, number, f"Question {number}") for number in range(1, 501)])
        await session.flush()
        older = update(VoteRow).where(VoteRow.number <= 485)
        await session.execute(older.values(verdict="no verdict that could be read"))

    await stage.db.write(work)
    voice = stage.surroundings.voice(None, None)
    for search in (Search(), Search(branches=frozenset({lyon}), words=("question",))):
        found = await stage.db.read(lambda session, search=search: decisions.found(session, search, voice, most=15))  # type: ignore[misc]
        assert [one.number for one in found] == list(range(500, 485, -1))
        assert await stage.db.read(lambda session, search=search: decisions.how_many(session, search)) == 500  # type: ignore[misc]


async def test_a_vote_of_many_branches_is_listed_once_and_where_it_was_held(stage: Stage, anna: Someone) -> None:
    whole = await keep(stage, "Rhône", 1, "Everywhere?")
    await hold(stage, whole, "Rhône", "Lyon")
    for line in ("!decisions rhone --below", "!decisions lyon", "!decisions rhone"):
        (said,) = await anna.says(line)
        assert [shown.split()[1] for shown in said.splitlines()[1:]] == ["V1"], line
    assert await anna.says("!decisions givors") == ["There is no decision of Givors yet."]


async def hold(stage: Stage, vote: VoteRow, *names: str) -> None:
    """That a vote was held in the rooms of these branches too."""
    tree = await stage.tree()

    async def work(session: AsyncSession) -> None:
        for name in names:
            session.add(
                PlaceRow(
                    vote_id=vote.id, branch_id=find(tree, name).id, room="discussion", on_roll=1, mandates=1,
                    announced=True, resulted=True,
                )
            )  # fmt: skip

    await stage.db.write(work)


# -- who sees what


COMMANDS = ("show", "result", "who", "remind", "roll", "close")


async def test_a_vote_of_another_branch_is_not_there(stage: Stage, anna: Someone) -> None:
    await keep(stage, "Lyon", 1, "Join the strike?")
    beside = await stage.person("Bruno", "Givors", offices=["secretary"])
    for command in COMMANDS:
        assert await beside.says(f"!vote {command} V1") == NOT_THERE, command
        assert await beside.says(f"!vote {command} V1", room="Lyon") == NOT_THERE, command
    for line in ("!vote V1", "!vote V1 1", "!vote V1 me", "!vote V1 for Anna 1 witness Bruno", "!result V1"):
        assert await beside.says(line) == NOT_THERE, line
    assert await beside.says(f"!proxy give {beside.account} for V1") == NOT_THERE
    assert await beside.says("!vote list --in lyon") == ["There is no vote yet in Lyon."]
    assert await beside.says("!decisions lyon") == ["There is no decision of Lyon yet."]
    assert await beside.says("!decisions rhone --below") == ["There is no decision of Rhône yet."]
    assert await beside.says("!decisions export lyon") == ["There is no decision of Lyon yet."]


@pytest.mark.parametrize(
    ("home", "office"),
    [
        ("Lyon", None),
        ("Rhône", None),
        ("France", None),
        ("Givors", "secretary in Lyon"),
        ("Brest", "secretary in Rhône"),
    ],
)
async def test_whose_it_is(stage: Stage, home: str, office: str | None) -> None:
    await keep(stage, "Lyon", 1, "Join the strike?")
    them = await stage.person("Clara", home, offices=[office] if office else [])
    assert (await them.says("!vote show V1"))[0].startswith("V1 · Join the strike?")
    for line in ("!decisions lyon", "!decisions rhone --below", "!decisions france --below"):
        assert "V1 ·" in (await them.says(line))[0], line


async def test_of_the_branches_above(stage: Stage, anna: Someone) -> None:
    await keep(stage, "Rhône", 1, "Join the strike?")
    assert (await anna.says("!vote show V1"))[0].startswith("V1 · ")
    assert "V1 ·" in (await anna.says("!decisions rhone"))[0]


async def test_whoever_has_a_right_where_it_was_held_sees_it(stage: Stage) -> None:
    whole = await keep(stage, "Rhône", 1, "Everywhere?")
    them = await stage.person("Clara", "Brest", offices=["secretary in Lyon"])
    assert await them.says("!vote show V1") == NOT_THERE
    await hold(stage, whole, "Lyon")
    assert (await them.says("!vote show V1"))[0].startswith("V1 · Everywhere?")
    assert "V1 ·" in (await them.says("!decisions rhone --below"))[0]


async def test_whoever_is_on_the_roll_sees_it(stage: Stage) -> None:
    maria = await stage.person("Maria", "Rhône", offices=["secretary"])
    guest = await stage.person("Gil", "Brest", offices=["delegate in Lyon"])
    await maria.says("!vote Shall we? --who delegates below", room="Rhône")
    assert (await guest.says("!vote show V1"))[0].startswith("V1 · Shall we?")
    await stage.passes(timedelta(days=8))
    await stage.said()
    assert "V1 ·" in (await guest.says("!decisions rhone"))[0]
    assert "V1 ·" in (await guest.says("!vote list --in rhone"))[0]


async def test_administrators_see_all(stage: Stage) -> None:
    await keep(stage, "Lyon", 1, "Join the strike?")
    admin = Someone(stage, "Admin", stage.surroundings.policy.administrators[0], None)
    assert (await admin.says("!vote show V1"))[0].startswith("V1 · ")
    assert "V1 ·" in (await admin.says("!decisions france --below"))[0]


async def test_in_the_room_of_a_vote_one_is_told_why_one_cannot_vote(stage: Stage, anna: Someone) -> None:
    guest = await stage.person("Gil", "Brest")
    await anna.says("!vote Shall we?", room="Lyon")
    assert (await guest.says("!vote V1 1", room="Lyon"))[0].startswith("You were not on the roll")
    assert await guest.says("!vote V1 1") == NOT_THERE


# -- files


async def test_files_in_private_that_are_not_kept(stage: Stage, anna: Someone) -> None:
    await keep(stage, "Lyon", 1, "Join the strike?")
    await anna.utters("!decisions export", room="Lyon")
    told, text, table, said = await stage.letters()
    assert str(told) == "Decisions of Lyon\n1 decision."
    assert [str(text), str(table)] == ["[file] decisions-lyon.md", "[file] decisions-lyon.csv"]
    assert {told.to, text.to, table.to} == {Direct(anna.account)}
    assert str(said) == "I have sent you the decisions privately."
    assert isinstance(text.content, Document) and isinstance(table.content, Document)
    assert text.forget and table.forget
    for letter, begins in ((text.content, b"# Decisions of Lyon\n"), (table.content, b"\xef\xbb\xbfNumber,")):
        data = await stage.db.read(lambda session, letter=letter: files.read(session, letter.file))  # type: ignore[misc]
        assert data is not None and data.startswith(begins)
    await stage.passes(timedelta(days=2))
    assert await stage.db.read(lambda session: session.scalar(select(func.count()).select_from(FileDataRow))) == 0


async def test_one_kind_in_french(database_url: str) -> None:
    async with stage_on(database_url, [BOT], language="fr") as stage:
        anna = await stage.person("Anna", "Lyon")
        await keep(stage, "Lyon", 1, "Participons-nous à la grève ?")
        assert await anna.says("décisions exporter lyon --format tableau") == [
            "Décisions de Lyon\n1 décision.",
            "[file] decisions-lyon.csv",
        ]
