"""Votes in a room: asked, shown, opened."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bots.kit.bot import Bot
from bots.vote.offers import MAY_VOTE, Electors
from bridge.letters import Poll, PollAnswer, PollClosing
from bridge.places import BranchRoom, Direct
from ground.texts import Text, text
from party.members import MemberRow
from tests.support.conversation import Stage, find, stage_on
from tests.support.lyon import BOT, GRACE, People, head, latest, members, open_one, result


async def test_a_show_of_hands(stage: Stage, people: People) -> None:
    poll, said = await people.anna.says(
        "!vote Shall we join the strike on the 5th?\n- Yes\n- No\ncloses: friday 18:00", room="Lyon"
    )
    assert poll == "[poll] Shall we join the strike on the 5th? ○ Yes ○ No"
    assert head(said) == (
        "Vote V1 is open until Friday 27 November 2026, 18:00.\n"
        "4 members of Lyon can vote.\n"
        "Public vote: the names will be readable. No buttons? Reply with the number of your choice."
    )
    letter = await latest(stage, Poll)
    assert letter.to == BranchRoom(find(await stage.tree(), "Lyon").id, "discussion")
    assert letter.content == Poll(
        "Shall we join the strike on the 5th?",
        (PollAnswer("1", "Yes"), PollAnswer("2", "No")),
        1,
        False,
        "V1 · Shall we join the strike on the 5th?\n1. Yes\n2. No\n"
        "Reply with the number of your choice, or write !vote V1 1.",
    )
    for person, answer in ((people.anna, "1"), (people.bruno, "2"), (people.clara, "1")):
        assert await person.chooses(letter, answer) == []
    await stage.passes(timedelta(days=2, hours=3))
    assert await stage.said() == ["[poll ended]"]
    assert (await latest(stage, PollClosing)).content == PollClosing(letter.id, "V1 is closed.")
    await stage.passes(GRACE)
    assert await stage.said() == [
        "V1 · Shall we join the strike on the 5th?\nCarried: 2 Yes, 1 No.\n3 of 4 voted (75%)."
    ]


async def test_votes_that_the_poll_does_not_show_are_said(stage: Stage, people: People) -> None:
    """Clients count the taps in a poll by themselves: beside the result, a smaller number needs a word."""
    await people.anna.says("!vote Shall we?\n- Yes\n- No\ncloses: friday 18:00", room="Lyon")
    assert await people.anna.chooses(await latest(stage, Poll), "1") == []
    await people.bruno.says("!vote V1 no", room="Lyon")
    await people.clara.says("!vote V1 no", room="Lyon")
    await stage.passes(timedelta(days=2, hours=3))
    await stage.passes(GRACE)
    result = (await stage.said())[-1]
    assert result.splitlines()[1:] == [
        "Lost: 1 Yes, 2 No.",
        "3 of 4 voted (75%).",
        "2 votes were given outside the poll, which does not show them.",
    ]
    assert result in (await people.david.says("!result V1", room="Lyon"))[0]


async def test_without_choices(stage: Stage, people: People) -> None:
    poll, said = await people.anna.says("!vote Adopt the minutes?", room="Lyon")
    assert poll == "[poll] Adopt the minutes? ○ For ○ Against ○ Abstain"
    assert "open until Wednesday 2 December 2026, 15:00" in said


async def test_choices_on_the_line(stage: Stage, people: People) -> None:
    poll, said = await people.anna.says('!vote "When?" Friday "On Saturday" --duration 3 days', room="Lyon")
    assert poll == "[poll] When? ○ Friday ○ On Saturday"
    assert "Rule: one choice, the most votes win." in said
    assert "open until Saturday 28 November 2026, 15:00" in said


async def test_numbers_stay(stage: Stage, people: People) -> None:
    for number in (1, 2):
        _, said = await people.anna.says("!vote Again?", room="Lyon")
        assert said.startswith(f"Vote V{number} ")
    await people.anna.says("!vote cancel V2 Once is enough.", room="Lyon")
    _, said = await people.anna.says("!vote Again?", room="Lyon")
    assert said.startswith("Vote V3 ")


async def test_a_formal_vote_is_shown_before_it_is_opened(stage: Stage, people: People) -> None:
    line = '!vote "Adopt the 2027 budget" --majority 2/3 --quorum 50% --closes sunday 20:00'
    assert await people.anna.says(line, room="Lyon") == [
        "Please check before it opens:\n"
        "Adopt the 2027 budget For / Against / Abstain\n"
        "Public · the names will be readable\n"
        "4 members on the roll · quorum 2 · 2/3 of votes cast · closes Sunday 29 November 2026, 20:00\n"
        "✅ open   ❌ drop"
    ]
    poll, said = await people.anna.taps("✅")
    assert poll.startswith("[poll] Adopt the 2027 budget")
    assert "Rule: quorum 2 · 2/3 of votes cast." in said
    assert await people.anna.taps("✅") == []
    letter = await latest(stage, Poll)
    for person, answer in ((people.anna, "1"), (people.bruno, "1"), (people.clara, "2"), (people.david, "3")):
        await person.chooses(letter, answer)
    await stage.passes(timedelta(days=5))
    assert (await stage.said())[-1] == (
        "V1 · Adopt the 2027 budget\n"
        "Carried: 2 For, 1 Against, 1 Abstain.\n"
        "Quorum 50 %: 4 of 4 voted, reached.\n"
        "Majority 2/3 of 3 cast: 2 needed, 2 for: carried.\n"
        "1 abstention, not counted among the votes cast.\n"
        "4 of 4 voted (100%)."
    )


async def test_no_is_no(stage: Stage, people: People) -> None:
    await people.anna.says("!vote Budget? --quorum 2", room="Lyon")
    assert await people.anna.taps("❌") == ["Dropped. Nothing was opened."]
    await people.anna.says("!vote Budget? --quorum 2", room="Lyon")
    await stage.passes(timedelta(hours=2))
    assert await people.anna.says("!vote list", room="Lyon") == ["There is no vote yet in Lyon."]


async def test_the_quorum_is_not_reached(stage: Stage, people: People) -> None:
    await people.anna.says("!vote Budget? --quorum 3", room="Lyon")
    await people.anna.taps("✅")
    await people.bruno.says("!vote V1 1", room="Lyon")
    await stage.passes(timedelta(days=8))
    assert (await stage.said())[-1] == (
        "V1 · Budget?\nNot decided: 1 For, 0 Against, 0 Abstain.\n"
        "Quorum 3: 1 of 4 voted, 3 needed: not reached. Nothing is decided.\n1 of 4 voted (25%)."
    )


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("!vote Budget --close friday", "I know `--closes`, not `--close`. Try:\n!vote Budget --closes friday"),
        ("!vote", "What is missing: the question. For example:\n!vote Shall we join the strike? --closes friday 18:00"),
        ("!vote Who?\n- Ada\n- Ada", "“Ada” stands there twice."),
        ("!vote Who?\n- Ada", "A vote has two choices or more."),
        ("!vote Budget --majority many", "I do not read 'many' as a majority. Write for example: simple, absolute, 2/3, or absolute of roll"),  # noqa: E501
        ("!vote Who?\n- Ada\n- Bob\nmajority: 2/3", "A majority is asked for where the choices are yes and no, or for and against."),  # noqa: E501
        ("!vote Who?\n- Ada\n- Bob\nseats: 3", "There are 2 choices, so there can be 1 to 2 seats."),
        ("!vote Who?\n- Ada\n- Bob\nseats: 0", "There are 2 choices, so there can be 1 to 2 seats."),
        ("!vote Who?\n- Ada\n- Bob\nmax: 0", "There are 2 choices, so one can choose 1 to 2."),
        ("!vote V99999999999 1", "There is no vote V99999999999. !vote list shows those there are."),
        ("!vote show V99999999999", "There is no vote V99999999999. !vote list shows those there are."),
        ("!vote close", "Which vote? Write its number, for example V12, or reply to it."),
        ("!vote Shall we? --who pirates", "I do not know who “pirates” are. Write below, or one of: Secretary, Treasurer, Clerk, Auditor, Chair, Delegate"),  # noqa: E501
        ("!vote Shall we? --who delegates", "Nobody could vote: the roll would be empty."),
        ("!vote Shall we? --duration 3 years", "A vote is open for a year at most."),
        ("!vote ?", "The question is missing."),
        ("!vote Budget --closes friday --duration 3 days", "Give either the close or the duration."),
        ("!vote V7 1", "There is no vote V7. !vote list shows those there are."),
        ("!vote close V7", "There is no vote V7. !vote list shows those there are."),
    ],
)  # fmt: skip
async def test_a_slip_of_the_hand(stage: Stage, people: People, line: str, said: str) -> None:
    (heard,) = await people.anna.says(line, room="Lyon")
    assert heard.replace("`", "") == said.replace("`", "")
    assert not [letter for letter in await stage.all_letters() if isinstance(letter.content, Poll)]


async def test_questions_that_begin_like_a_command(stage: Stage, people: People) -> None:
    for line in ("Who goes to Paris?", "List of candidates?", "Close the office on Fridays?", "Show the film?"):
        poll, _ = await people.anna.says(f"!vote {line}", room="Lyon")
        assert poll.startswith(f"[poll] {line}")


async def test_who_may_open(stage: Stage, people: People) -> None:
    (said,) = await people.bruno.says("!vote Shall we?", room="Lyon")
    assert "You can ask Anna." in said
    (said,) = await people.anna.says("!vote Shall we?", room="Givors")
    assert said.startswith("In Givors that is for")


async def test_held_where_members_are(stage: Stage, people: People) -> None:
    poll, _, told = await people.anna.says("!vote Shall we?", room="Lyon/committee")
    assert poll.startswith("[poll]")
    assert told == "V1 is open in Discussion – Lyon."
    assert (await latest(stage, Poll)).to == BranchRoom(find(await stage.tree(), "Lyon").id, "discussion")


async def test_in_french(database_url: str) -> None:
    async with stage_on(database_url, [BOT], language="fr") as stage:
        people = await members(stage)
        poll, *_ = await people.anna.says(
            "!voter Participons-nous à la grève du 5 ?\n- Oui\n- Non\nclôture : vendredi 18h", room="Lyon"
        )
        assert poll == "[poll] Participons-nous à la grève du 5 ? ○ Oui ○ Non"
        await people.bruno.chooses(await latest(stage, Poll), "1")
        await people.clara.says("!voter V1 non", room="Lyon")
        await people.anna.says("!voter clôturer V1", room="Lyon")
        await stage.passes(GRACE)
        await stage.said()
        (said,) = await people.clara.says("!résultat V1", room="Lyon")
        assert said.startswith("V1 · Participons-nous à la grève du 5 ?\n")


async def test_another_bot_says_who_may_vote(database_url: str) -> None:
    """Such as one that knows who has paid; it tells nobody but them."""

    async def paid(session: AsyncSession, electors: Electors) -> Mapping[str, Text]:
        query = select(MemberRow.id).where(MemberRow.id.in_(electors.members), MemberRow.name == "Bruno")
        return {member: text("Your dues are not paid.") for member in await session.scalars(query)}

    dues = Bot(name="dues", commands=(), hooks=(MAY_VOTE.by(paid),))
    async with stage_on(database_url, [BOT, dues]) as stage:
        people = await members(stage)
        poll = await open_one(stage, people)
        assert await people.bruno.says("!vote V1 1", room="Lyon") == ["Your dues are not paid."]
        assert (await stage.all_letters())[-1].to == Direct(people.bruno.account)
        await people.clara.chooses(poll, "1")
        await people.bruno.chooses(poll, "2")
        assert await result(stage) == ["Carried: 1 Yes, 0 No.", "1 of 3 voted (33%)."]
