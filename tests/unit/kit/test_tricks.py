"""What people and their servers may try: clocks that are wrong, floods of changes, names of others."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from bots.announce import BOT as ANNOUNCE
from bots.branches import BOT as BRANCHES
from bots.entrance import BOT as ENTRANCE
from bots.kit import keeping
from bots.kit.questions import QuestionRow
from bots.kit.surroundings import Limits
from bridge.letters import Message, Words
from tests.support.conversation import Stage, stage_on


@pytest.fixture
async def stage(database_url: str) -> AsyncIterator[Stage]:
    limits = Limits(person=3, person_every=timedelta(minutes=1), room=None, not_understood=None)
    async with stage_on(database_url, [BRANCHES, ANNOUNCE, ENTRANCE], limits=limits) as stage:
        await stage.person("Anna", "Rhône", offices=["secretary"])
        await stage.person("Bruno", "Lyon")
        await stage.person("Mallory", "Lyon", account="@mallory:elsewhere.org")
        yield stage


@pytest.mark.parametrize(
    "at", [datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)], ids=["past", "future"]
)
async def test_an_answer_counts_whatever_the_clock_of_its_server_says(stage: Stage, at: datetime) -> None:
    anna = stage.people["Anna"]
    await anna.says("!announce --below Picket at noon", "Rhône")
    place = await stage.place("Rhône", anna.account)
    await stage.arrives(Message(id="$answer", place=place, account=anna.account, at=at, text="no"))
    assert await stage.said() == ["Dropped. Nothing was sent."]


async def test_many_changed_messages_are_not_all_answered(stage: Stage) -> None:
    mallory = stage.people["Mallory"]
    said = [await mallory.edits(f"$unknown-{number}", "!branch", "Lyon") for number in range(10)]
    assert sum(map(len, said)) <= 4


async def test_a_mention_counts_and_not_the_name_it_shows(stage: Stage) -> None:
    html = '!mandate give <a href="https://matrix.to/#/@mallory:elsewhere.org">Bruno</a> treasurer --in lyon'
    said = await stage.people["Anna"].says("!mandate give Bruno treasurer --in lyon", "Rhône", html=html)
    assert said[0].startswith("Mallory holds the office Treasurer in Lyon.")


async def test_only_who_was_asked_answers_and_only_with_the_right_still_there(stage: Stage) -> None:
    anna, bruno = stage.people["Anna"], stage.people["Bruno"]
    await anna.says("!announce --below Picket at noon", "Rhône")
    question = [said for said in await stage.all_letters() if isinstance(said.content, Words)][-1]
    assert await bruno.taps("✅", question) == []
    assert await bruno.says("yes", "Rhône", reply_to=question) == []
    await stage.loses_offices(anna)
    (refused,) = await anna.taps("✅", question)
    assert refused.startswith("In Rhône that is for these offices")
    assert await anna.taps("✅", question) == []


async def test_spaces_that_phones_put_in_are_spaces_of_a_name(stage: Stage) -> None:
    anna = stage.people["Anna"]
    said = await anna.says("!branch create Lyon\u00a03 --tier section", "Rhône")
    assert said[0].startswith("The branch Lyon 3 (section) is created")
    said = await anna.says("!branch rename lyon-3 Lyon\u202f4", "Rhône")
    assert said[0].startswith("The branch Lyon 3 is called Lyon 4 now.")
    said = await anna.says("!member add Zoé\u00a0Martin", "Rhône/committee")
    assert said[0].startswith("Zoé Martin is a member now")


async def test_what_was_typed_privately_is_forgotten_when_nobody_answers(stage: Stage) -> None:
    """The question which of two people is meant keeps the command that it read."""
    await stage.person("Bruno", "Givors", account="@other:example.org")
    await stage.people["Anna"].says("member invite Bruno")

    async def kept(at: datetime) -> int:
        await stage.db.write(lambda session: keeping.forget(session, at))
        return await stage.db.read(lambda session: session.scalar(select(func.count()).select_from(QuestionRow))) or 0

    assert await kept(stage.clock.now() + timedelta(minutes=30)) == 1
    assert await kept(stage.clock.now() + timedelta(hours=2)) == 0


async def test_a_change_of_what_was_answered_is_told_once(stage: Stage) -> None:
    anna = stage.people["Anna"]
    await anna.says("branch", id="$asked")
    assert await anna.edits("$asked", "branches?") == [
        "What is changed is not done again. Please write it as a new message."
    ]
    assert await anna.edits("$asked", "branches!") == []


async def test_what_is_answered_privately_is_not_kept_here(stage: Stage) -> None:
    """Such as what the register knows of somebody: once it has arrived, it is in the conversation alone."""
    anna = stage.people["Anna"]
    await anna.says("member show Bruno")
    await anna.says("!member show Bruno", "Rhône")
    cards = [said for said in await stage.all_letters() if "Account: @bruno" in str(said)]
    assert [card.forget for card in cards] == [True, True]
