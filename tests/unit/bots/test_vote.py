"""Votes in the rooms: opened, voted in, closed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

import pytest
from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bots.kit.bot import Bot
from bots.vote import bot
from bots.vote.offers import MAY_VOTE, Electors
from bots.vote.policy import VotePolicy
from bots.vote.sealed import SealedBox, SealRow
from bots.vote.settings import Settings
from bots.vote.tables import VoteEventRow
from bridge.letters import About, Message, Poll, PollAnswer, PollClosing, PollEnd, PollResponse, Redaction
from bridge.places import BranchRoom, Direct
from ground.database import Base
from ground.texts import Text, text
from party.members import MemberRow, Status
from party.operations.members import NameAccount, SetStatus
from tests.support.conversation import ROOMS, Someone, Stage, find, stage_on
from tests.support.register import do
from tests.support.said import Said

GRACE = timedelta(seconds=60)
BOT = bot(Settings(VotePolicy(), SealedBox(b"s" * 32)))


PROXY = "• by proxy: Clara for Bruno"
FEW = "So few ballots were cast that the numbers are not told."
ONE_BESIDE = "1 vote was given outside the poll, which does not show it."


@dataclass
class People:
    anna: Someone
    bruno: Someone
    clara: Someone
    david: Someone


@pytest.fixture
async def stage(database_url: str) -> AsyncIterator[Stage]:
    async with stage_on(database_url, [BOT]) as stage:
        yield stage


@pytest.fixture
async def people(stage: Stage) -> People:
    return await members(stage)


async def members(stage: Stage) -> People:
    return People(
        await stage.person("Anna", "Lyon", offices=["secretary"]),
        await stage.person("Bruno", "Lyon"),
        await stage.person("Clara", "Lyon"),
        await stage.person("David", "Lyon"),
    )


async def latest(stage: Stage, kind: type) -> Said:
    return [said for said in await stage.all_letters() if isinstance(said.content, kind)][-1]


def head(said: str) -> str:
    """Without the line of the fingerprint, which is another each time."""
    return "\n".join(line for line in said.splitlines() if not line.startswith(("Fingerprint", "Empreinte")))


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


# -- casting


async def open_one(stage: Stage, people: People, line: str = "!vote Shall we?\n- Yes\n- No") -> Said:
    await people.anna.says(line, room="Lyon")
    return await latest(stage, Poll)


async def result(stage: Stage) -> list[str]:
    """Let the time pass, and return what is said of the numbers."""
    await stage.passes(timedelta(days=8))
    return (await stage.said())[-1].splitlines()[1:]


async def test_one_member_counts_once_and_the_last_choice_counts(stage: Stage, people: People) -> None:
    poll = await open_one(stage, people)
    await people.bruno.chooses(poll, "1")
    stage.clock.advance(timedelta(seconds=1))
    await people.bruno.says("!vote V1 2", room="Lyon")
    stage.clock.advance(timedelta(seconds=1))
    await people.clara.chooses(poll, "2")
    assert await result(stage) == ["Lost: 0 Yes, 2 No.", "2 of 4 voted (50%).", ONE_BESIDE]


async def test_many_choose_at_the_same_moment(stage: Stage, people: People) -> None:
    """Together in one transaction: the last choice of each counts, also where clocks are ahead; strangers are told."""
    poll = await open_one(stage, people)
    eve = await stage.person("Eve", "Lyon")
    await stage.said()
    ahead = timedelta(minutes=5)
    chosen = [
        (people.anna, "2", ahead), (people.anna, "1", ahead), (people.bruno, "1", timedelta()), (eve, "1", timedelta()),
        (people.clara, "7", timedelta()), (people.david, "2", timedelta()), (people.bruno, "2", timedelta()),
    ]  # fmt: skip
    place = await stage.place("Lyon", people.anna.account)
    about = About(f"$of-{poll.id}", poll.id)
    responses = [
        PollResponse(
            # The later an event, the smaller its id: it is not what the last is told by.
            id=f"${9 - number}", place=place, account=person.account, at=stage.clock.now() + early, poll=about,
            answers=(answer,),
        )
        for number, (person, answer, early) in enumerate(chosen)
    ]  # fmt: skip
    await stage.dispatcher.handle_all(responses[:4])
    stage.clock.advance(timedelta(milliseconds=1))
    await stage.dispatcher.handle_all(responses)
    (said,) = await stage.said()
    assert said.startswith("V1: You were not on the roll when the vote opened")
    assert await result(stage) == ["Lost: 1 Yes, 2 No.", "3 of 4 voted (75%)."]


async def test_every_way_to_vote(stage: Stage, people: People) -> None:
    poll = await open_one(stage, people)
    announced = [said for said in await stage.all_letters() if str(said).startswith("Vote V1")][-1]
    await people.anna.chooses(poll, "1")
    await people.bruno.says("2", room="Lyon", reply_to=announced)
    await people.clara.says("yes", room="Lyon", reply_to=poll)
    await people.david.says("!vote V1 no")
    assert await result(stage) == [
        "Lost: 2 Yes, 2 No.",
        "Equal, 2 for and 2 against. All stays as it is: lost.",
        "4 of 4 voted (100%).",
        "3 votes were given outside the poll, which does not show them.",
    ]


async def test_words_beside_a_vote_are_no_ballot(stage: Stage, people: People) -> None:
    poll = await open_one(stage, people)
    assert await people.bruno.says("Two of us are away", room="Lyon", reply_to=poll) == []
    assert await people.bruno.says("1", room="Lyon") == []
    assert await result(stage) == ["Nobody voted: nothing is decided.", "0 of 4 voted (0%)."]


@pytest.mark.parametrize(
    ("answers", "counted"),
    [((), False), (("7",), False), (("1", "2"), True), (("2", "1"), True)],
    ids=["withdrawn", "unknown", "too many", "too many, other way"],
)
async def test_what_a_response_may_hold(stage: Stage, people: People, answers: tuple[str, ...], counted: bool) -> None:
    poll = await open_one(stage, people)
    await people.bruno.chooses(poll, "1")
    stage.clock.advance(timedelta(seconds=1))
    await people.bruno.chooses(poll, *answers)
    assert (await result(stage))[-1] == ("1 of 4 voted (25%)." if counted else "0 of 4 voted (0%).")


async def test_a_mark_counts_where_the_room_is_not_encrypted(database_url: str) -> None:
    from dataclasses import replace

    rooms = {key: replace(kind, encrypted=False) for key, kind in ROOMS.items()}
    async with stage_on(database_url, [BOT], rooms=rooms) as stage:
        people = await members(stage)
        poll = await open_one(stage, people)
        assert await people.bruno.taps("2️⃣", poll) == []
        assert await people.clara.taps("👍", poll) == []
        assert await result(stage) == ["Lost: 0 Yes, 1 No.", "1 of 4 voted (25%)."]


async def test_a_mark_in_an_encrypted_room_is_not_counted(stage: Stage, people: People) -> None:
    poll = await open_one(stage, people)
    said = await people.bruno.taps("2️⃣", poll)
    assert said[0] == "A mark is not counted in V1: it is not encrypted."
    assert await result(stage) == ["Nobody voted: nothing is decided.", "0 of 4 voted (0%)."]


async def test_only_the_voter_takes_a_ballot_back(stage: Stage, people: People) -> None:
    await open_one(stage, people)
    for person in (people.bruno, people.clara):
        await person.says("!vote V1 1", room="Lyon", id=f"$of-{person.name}")
    await people.anna.takes_back("$of-Bruno", "Lyon")
    await people.clara.takes_back("$of-Clara", "Lyon")
    assert await result(stage) == ["Carried: 1 Yes, 0 No.", "1 of 4 voted (25%)."]


async def test_what_is_removed_after_the_close_has_counted(stage: Stage, people: People) -> None:
    """Nobody waits for the result and then takes a ballot out of it."""
    await open_one(stage, people)
    for person in (people.bruno, people.clara):
        await person.says("!vote V1 1", room="Lyon", id=f"$of-{person.name}")
    closes = stage.clock.now() + timedelta(days=7)
    await stage.passes(timedelta(days=7, seconds=20))
    await people.bruno.takes_back("$of-Bruno", "Lyon")
    before = Redaction(
        id="$removed", place=await stage.place("Lyon", people.clara.account), account=people.clara.account,
        at=closes - timedelta(seconds=1), of=About("$of-Clara"),
    )  # fmt: skip
    await stage.arrives(before)
    await stage.passes(GRACE)
    assert (await stage.said())[-1].endswith("Carried: 1 Yes, 0 No.\n1 of 4 voted (25%).")


async def test_what_came_while_nobody_heard_counts_by_the_time_of_its_sender(stage: Stage, people: People) -> None:
    poll = await open_one(stage, people)
    closes = stage.clock.now() + timedelta(days=7)
    stage.clock.advance(timedelta(days=8))
    lyon = await stage.place("Lyon", people.bruno.account)
    for seconds, person, choice in ((-5, people.bruno, "1"), (5, people.david, "2")):
        at = closes + timedelta(seconds=seconds)
        response = PollResponse(
            id=f"$of-{person.name}", place=poll.to, account=person.account, at=at, missed=True,
            poll=About("$poll", poll.id), answers=(choice,),
        )  # fmt: skip
        await stage.arrives(response)
    at = closes - timedelta(seconds=3)
    typed = Message(id="$typed", place=lyon, account=people.clara.account, at=at, missed=True, text="!vote V1 1")
    await stage.arrives(typed)
    assert [said for said in await stage.said() if "after the close" in said] == [
        "V1: your choice came after the close and is not counted."
    ]
    await stage.passes(GRACE)
    assert (await stage.said())[-1].split("\n")[1:3] == ["Carried: 2 Yes, 0 No.", "2 of 4 voted (50%)."]


async def test_late_by_timestamp_or_by_receipt(stage: Stage, people: People) -> None:
    poll = await open_one(stage, people)
    closes = stage.clock.now() + timedelta(days=7)
    await stage.passes(timedelta(days=7, seconds=30))
    await stage.said()
    early = Message(
        id="$early", place=poll.to, account=people.bruno.account, at=closes - timedelta(seconds=1), text="!vote V1 1"
    )
    await stage.arrives(early)
    assert await stage.said() == []
    assert await people.clara.chooses(poll, "1") == ["V1: your choice came after the close and is not counted."]
    await stage.passes(GRACE)
    assert (await stage.said())[-1].endswith("Carried: 1 Yes, 0 No.\n1 of 4 voted (25%).")
    stage.clock.advance(timedelta(minutes=1))
    assert (await people.david.chooses(poll, "1"))[0].startswith("V1: your choice came after")


async def test_a_foreign_end_is_said_and_the_poll_is_posted_again(stage: Stage, people: People) -> None:
    poll = await open_one(stage, people)
    await people.bruno.chooses(poll, "1")
    end = PollEnd(
        id="$end", place=poll.to, account=people.david.account, at=stage.clock.now(), poll=About("$poll", poll.id)
    )
    await stage.arrives(end)
    said = await stage.said()
    assert said == [
        "Somebody ended the poll of V1, but the vote goes on. All ballots so far stay.",
        "[poll] Shall we? ○ Yes ○ No",
    ]
    again = await latest(stage, Poll)
    assert again.id != poll.id
    gone = Redaction(
        id="$gone", place=poll.to, account=people.david.account, at=stage.clock.now(), of=About("$2", again.id)
    )
    await stage.arrives(gone)
    third = await latest(stage, Poll)
    assert third.id not in (poll.id, again.id)
    await people.clara.chooses(third, "2")
    assert (await result(stage))[-1] == "2 of 4 voted (50%)."


async def test_our_own_end_and_strangers_change_nothing(stage: Stage, people: People) -> None:
    poll = await open_one(stage, people)
    await stage.said()
    own = stage.surroundings.account
    end = PollEnd(id="$end", place=poll.to, account=own, at=stage.clock.now(), poll=About("$poll", poll.id))
    await stage.arrives(end)
    assert await stage.said() == []
    assert await stage.stranger().chooses(poll, "1") == ["V1: only members can vote."]
    assert await stage.stranger().chooses(poll, "2") == []
    assert (await result(stage))[-1] == "0 of 4 voted (0%)."


async def test_a_poll_is_posted_again_only_so_often(stage: Stage, people: People) -> None:
    await open_one(stage, people)
    for number in range(8):
        poll = await latest(stage, Poll)
        end = PollEnd(
            id=f"$end{number}", place=poll.to, account=people.david.account, at=stage.clock.now(),
            poll=About("$poll", poll.id),
        )  # fmt: skip
        await stage.arrives(end)
    assert len([one for one in await stage.all_letters() if isinstance(one.content, Poll)]) == 6
    assert (await stage.said())[-1] == "The poll of V1 was ended again. The vote goes on: write !vote V1 1."


async def test_who_is_not_on_the_roll_is_told_in_private(stage: Stage, people: People) -> None:
    poll = await open_one(stage, people)
    eva = await stage.person("Eva", "Lyon")
    for _ in range(2):
        await eva.chooses(poll, "1")
    (letter,) = [said for said in await stage.all_letters() if said.to == Direct(eva.account)]
    assert str(letter).startswith("V1: You were not on the roll when the vote opened")
    assert (await eva.says("!vote V1 1", room="Lyon"))[-1].startswith("You were not on the roll")
    assert (await stage.all_letters())[-1].to == Direct(eva.account)
    assert (await result(stage))[-1] == "0 of 4 voted (0%)."


async def test_a_ballot_that_stays(stage: Stage, people: People) -> None:
    await open_one(stage, people, "!vote Shall we?\n- Yes\n- No\n--no-change")
    await people.bruno.says("!vote V1 1", room="Lyon")
    stage.clock.advance(timedelta(seconds=1))
    await people.bruno.says("!vote V1 2", room="Lyon")
    assert (await result(stage))[0] == "Carried: 1 Yes, 0 No."


async def test_a_ranking(stage: Stage, people: People) -> None:
    (said,) = await people.anna.says("!vote Who?\n- Ada\n- Grace\n- Emmy\nmethod: stv\nseats: 2", room="Lyon")
    assert "single transferable vote, 2 seats" in said
    assert "3. Emmy" in said
    for person, ballot in ((people.anna, "2 > 1"), (people.bruno, "ba"), (people.clara, "Grace > Emmy")):
        await person.says(f"!vote V1 {ballot}", room="Lyon")
    assert (await people.david.says("!vote V1 Zoe", room="Lyon"))[0].startswith("I do not read 'Zoe' as a ranking.")
    said_lines = await result(stage)
    assert said_lines[0] == "In this order: Grace, Ada."
    assert said_lines[-1] == "3 of 4 voted (75%)."


async def test_a_question_of_one_word_that_is_a_command_too(stage: Stage, people: People) -> None:
    """With options it is the question; without, people only punctuate."""
    said = await people.anna.says("!vote Who? --closes friday", room="Lyon")
    assert said[0].startswith("[poll] Who? ○ For")
    said = await people.anna.says("!vote Result? --live", room="Lyon")
    assert said[0].startswith("[poll] Result? ○ For")
    assert await people.clara.says("!vote who? V1", room="Lyon") == ["V1 · 0 of 4 voted (0%)."]


async def test_more_choices_than_a_poll_has_answers(stage: Stage, people: People) -> None:
    choices = "\n".join(f"- Place {number}" for number in range(1, 22))
    said = await people.anna.says(f"!vote Where?\n{choices}", room="Lyon")
    assert not any("[poll]" in each for each in said)
    assert "21. Place 21" in said[-1]
    assert await people.bruno.says("!vote V1 21", room="Lyon") == []
    assert (await result(stage))[0] == "Place 21: 1 of 1."


async def test_approval(stage: Stage, people: People) -> None:
    poll = await open_one(stage, people, "!vote Which days?\n- Friday\n- Saturday\n- Sunday\nmax: 2")
    assert isinstance(poll.content, Poll) and poll.content.max_selections == 2
    await people.bruno.chooses(poll, "1", "3")
    await people.clara.says("!vote V1 3", room="Lyon")
    assert await result(stage) == [
        "Sunday: 2 of 2.", "• Sunday: 2 ✓", "• Friday: 1", "• Saturday: 0", "2 of 4 voted (50%).", ONE_BESIDE,
    ]  # fmt: skip


async def test_one_member_with_two_accounts(stage: Stage, people: People) -> None:
    poll = await open_one(stage, people)
    other = f"{people.bruno.account.partition(':')[0]}2:example.org"
    name = NameAccount(people.bruno.member_id or "", other, confirmed=False)
    await do(stage.db, name, at=stage.clock.now())
    await people.bruno.chooses(poll, "1")
    stage.clock.advance(timedelta(seconds=1))
    await Someone(stage, "Bruno", other, people.bruno.member_id).chooses(poll, "2")
    assert await result(stage) == ["Lost: 0 Yes, 1 No.", "1 of 4 voted (25%)."]


async def test_the_roll_is_that_of_the_opening(stage: Stage, people: People) -> None:
    suspended = await stage.person("Sam", "Lyon", status=Status.SUSPENDED)
    poll = await open_one(stage, people)
    assert await suspended.chooses(poll, "1") == ["V1: You cannot vote while your membership is suspended."]
    await do(stage.db, SetStatus(people.bruno.member_id or "", Status.SUSPENDED), at=stage.clock.now())
    await people.bruno.chooses(poll, "1")
    assert await result(stage) == ["Carried: 1 Yes, 0 No.", "1 of 4 voted (25%)."]


async def test_who_votes(stage: Stage, people: People) -> None:
    maria = await stage.person("Maria", "Rhône", offices=["secretary", "delegate in Givors"])
    _, said = await maria.says("!vote Shall we? --who below", room="Rhône")
    assert "5 members of Rhône can vote." in said
    _, said = await maria.says("!vote Shall we? --who delegates below", room="Rhône")
    assert "1 member of Rhône can vote." in said
    poll = await latest(stage, Poll)
    said = (await people.anna.chooses(poll, "1"))[0]
    assert said.startswith("V2: Only those who held a certain office")
    await maria.chooses(poll, "2")
    assert await result(stage) == ["Lost: 0 For, 1 Against, 0 Abstain.", "1 of 1 voted (100%)."]


# -- confidential votes


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


# -- closing


async def test_close_before_its_time(stage: Stage, people: People) -> None:
    poll = await open_one(stage, people)
    await people.bruno.chooses(poll, "1")
    assert (await people.bruno.says("!vote close V1", room="Lyon"))[0].startswith("In Lyon that is for")
    assert await people.anna.says("!vote close V1", room="Lyon") == [
        "[poll ended]",
        "V1 is closed. The result follows in a moment.",
    ]
    assert await people.anna.says("!vote close V1", room="Lyon") == ["V1 is closed."]
    await stage.passes(GRACE)
    assert (await stage.said())[-1].endswith("Carried: 1 Yes, 0 No.\n1 of 4 voted (25%).")
    await stage.passes(timedelta(days=10))
    assert await stage.said() == []


async def test_extend(stage: Stage, people: People) -> None:
    await open_one(stage, people)
    assert await people.anna.says("!vote extend V1 5 december 20:00", room="Lyon") == [
        "V1 is extended and closes Saturday 5 December 2026, 20:00."
    ]
    assert "not shortened" in (await people.anna.says("!vote extend V1 friday", room="Lyon"))[0]
    events = await stage.db.read(lambda session: session.scalars(select(VoteEventRow.kind)))
    assert "extended" in list(events)
    await stage.passes(timedelta(days=8))
    assert await stage.said() == []
    await stage.passes(timedelta(days=3))
    assert (await stage.said())[0] == "[poll ended]"


async def test_cancel(stage: Stage, people: People) -> None:
    await open_one(stage, people)
    assert (await people.anna.says("!vote cancel V1", room="Lyon"))[0].startswith("What is missing: the reason.")
    assert await people.anna.says("!vote cancel V1 The question was not clear.", room="Lyon") == [
        "[poll ended]",
        "V1 is cancelled: The question was not clear.",
    ]
    assert await people.bruno.says("!vote V1 1", room="Lyon") == ["V1 is closed."]
    await stage.passes(timedelta(days=10))
    assert await stage.said() == []
    assert await people.bruno.says("!result V1", room="Lyon") == [
        "V1 · Shall we?\nCancelled: The question was not clear."
    ]


async def test_looking_at_votes(stage: Stage, people: People) -> None:
    await open_one(stage, people)
    await people.bruno.says("!vote V1 1", room="Lyon")
    assert await people.clara.says("!vote list", room="Lyon") == [
        "Votes of Lyon:\n• V1 · open until Wednesday 2 December 2026, 15:00 · Shall we?"
    ]
    (shown,) = await people.clara.says("!vote show V1", room="Lyon")
    assert head(shown) == (
        "V1 · Shall we?\n1. Yes\n2. No\nPublic · the names will be readable\n"
        "4 members on the roll · simple majority · closes Wednesday 2 December 2026, 15:00\nTo vote: !vote V1"
    )
    assert await people.clara.says("!vote who V1", room="Lyon") == ["V1 · 1 of 4 voted (25%)."]
    assert (await people.clara.says("!result V1", room="Lyon"))[0].startswith("V1 is open until")
    await stage.passes(timedelta(days=8))
    await stage.said()
    assert await people.clara.says("!vote list", room="Lyon") == ["Votes of Lyon:\n• V1 · Carried. · Shall we?"]
    assert await people.clara.says("!result V1", room="Lyon") == [
        "V1 · Shall we?\nCarried: 1 Yes, 0 No.\n1 of 4 voted (25%).\nClosed on Wednesday 2 December 2026."
    ]
    assert await people.clara.says("!vote who V1", room="Lyon") == ["V1 · 1 of 4 voted (25%).\n• Yes: Bruno"]


async def test_the_proof_of_being_on_the_roll(stage: Stage, people: People) -> None:
    await open_one(stage, people)
    (said,) = await people.bruno.says("!vote V1 me", room="Lyon")
    assert said.startswith("You are on the roll of V1, which counts 4.")
    assert (await stage.all_letters())[-1].to == Direct(people.bruno.account)
    eva = await stage.person("Eva", "Lyon")
    assert (await eva.says("!vote V1 me", room="Lyon"))[0].startswith("V1: You were not on the roll")


async def test_the_roll_is_for_those_with_the_right(stage: Stage, people: People) -> None:
    await open_one(stage, people)
    assert (await people.bruno.says("!vote roll V1", room="Lyon"))[0].startswith("In Lyon that is for")
    (said,) = await people.anna.says("!vote roll V1", room="Lyon")
    assert [line.split(",")[0] for line in said.splitlines()] == [
        "V1 · 4 members on the roll", "• Anna", "• Bruno", "• Clara", "• David",
    ]  # fmt: skip
    assert (await stage.all_letters())[-1].to == Direct(people.anna.account)


async def test_a_ballot_in_private(stage: Stage, people: People) -> None:
    options = "".join(f"\n- {letter}{letter}" for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    await people.anna.says(f"!vote Who?{options}\nmethod: schulze", room="Lyon")
    await stage.said()
    (ballot,) = await people.bruno.says("!vote V1")
    assert "1. AA" in ballot
    assert (await people.bruno.says("vote list"))[0].startswith("Votes of Lyon")
    assert await people.bruno.says("2 > 1") == []
    assert (await result(stage))[0] == "BB is elected."


async def test_ballots_lost_with_the_secret(stage: Stage, people: People) -> None:
    await people.anna.says("!vote Strike? --confidential", room="Lyon")
    await people.anna.taps("✅")
    await people.bruno.says("!vote V1")
    await stage.db.write(lambda session: session.execute(delete(SealRow)))
    assert await people.bruno.says("1") == ["The ballots of V1 are lost. It has to be held anew."]
    assert await people.anna.says("!vote remind V1", room="Lyon") != []
    await stage.passes(timedelta(days=8))
    assert await stage.said() == ["V1 cannot be counted: its ballots are lost. It has to be held anew."]
    assert (await people.anna.says("!vote list", room="Lyon"))[0].endswith("V1 · cancelled · Strike?")


async def test_reminders_are_private_and_once(stage: Stage, people: People) -> None:
    poll = await open_one(stage, people)
    await people.bruno.chooses(poll, "1")
    await people.anna.says("!vote V1 2", room="Lyon")
    await people.anna.utters("!vote remind V1", room="Lyon")
    *reminders, said = await stage.letters()
    assert {letter.to for letter in reminders} == {Direct(people.clara.account), Direct(people.david.account)}
    assert str(said) == "Those who have not voted in V1 are reminded privately."
    assert "once is enough" in (await people.anna.says("!vote remind V1", room="Lyon"))[0]


async def test_a_ballot_entered_before_a_witness(stage: Stage, people: People) -> None:
    jeanne = await stage.person("Jeanne Martin", "Lyon", confirmed=False)
    await open_one(stage, people)
    line = f'!vote V1 for "Jeanne Martin" 2 witness {people.bruno.account}'
    assert await people.anna.says(line, room="Lyon") == ["V1 · entered for Jeanne Martin: No. Witness: Bruno."]
    assert (await people.bruno.says(line, room="Lyon"))[0].startswith("In Lyon that is for")
    assert (
        "has an account"
        in (await people.anna.says(f"!vote V1 for Clara 2 witness {people.bruno.account}", room="Lyon"))[0]
    )
    assert jeanne.member_id is not None
    assert await result(stage) == ["Lost: 0 Yes, 1 No.", "1 of 5 voted (20%)."]


# -- proxies


async def test_a_proxy(stage: Stage, people: People) -> None:
    asked, told = await people.bruno.says(f"!proxy give {people.clara.account} for V1", room="Lyon"), None
    assert asked == ["There is no vote V1. !vote list shows those there are."]
    poll = await open_one(stage, people)
    await stage.said()
    await people.bruno.utters(f"!proxy give {people.clara.account} for V1", room="Lyon")
    asked_letter, told = await stage.letters()
    assert asked_letter.to == Direct(people.clara.account)
    assert str(asked_letter) == "Bruno asks you to vote for them in V1.\n✅ accept   ❌ decline"
    assert (told.to, str(told)) == (Direct(people.bruno.account), "Clara is asked, and you are told the answer.")
    assert await people.bruno.taps("✅", asked_letter) == []
    assert await people.clara.taps("✅", asked_letter) == [
        "You vote for Bruno. Your own ballot counts for both.",
        "Clara votes for you. If you vote yourself, that counts instead.",
    ]
    assert await people.bruno.says("!proxy list") == ["• Clara votes for you, in V1."]
    await people.clara.chooses(poll, "2")
    assert await result(stage) == [
        "Lost: 0 Yes, 2 No.",
        "2 of 4 voted (50%).",
        "1 of them by proxy.",
        ONE_BESIDE,
        PROXY,
    ]
    assert await people.anna.says("!vote who V1", room="Lyon") == [
        "V1 · 2 of 4 voted (50%).\n• No: Bruno (Clara), Clara"
    ]


async def test_who_votes_takes_the_proxy_back(stage: Stage, people: People) -> None:
    poll = await open_one(stage, people)
    await stage.said()
    await people.bruno.utters(f"!proxy give {people.clara.account}", room="Lyon")
    asked, _ = await stage.letters()
    await people.clara.taps("✅", asked)
    await people.clara.chooses(poll, "2")
    await people.bruno.chooses(poll, "1")
    assert (await result(stage))[0] == "Lost: 1 Yes, 1 No."


async def test_a_proxy_that_is_declined_or_taken_back(stage: Stage, people: People) -> None:
    poll = await open_one(stage, people)
    await stage.said()
    await people.bruno.utters(f"!proxy give {people.clara.account}", room="Lyon")
    asked, _ = await stage.letters()
    assert await people.clara.taps("❌", asked) == ["You do not vote for Bruno.", "Clara does not vote for you."]
    await people.bruno.utters(f"!proxy give {people.david.account}", room="Lyon")
    asked, _ = await stage.letters()
    await people.david.taps("✅", asked)
    assert await people.bruno.says("!proxy end") == ["Bruno has taken the proxy back.", "Your proxy is taken back."]
    for person in (people.clara, people.david):
        await person.chooses(poll, "1")
    assert (await result(stage))[0] == "Carried: 2 Yes, 0 No."


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


# -- conditions of other bots


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


# -- the direct conversation


async def test_whoever_left_after_the_opening_votes_directly(stage: Stage, people: People) -> None:
    """Joining or leaving later changes nothing."""
    await open_one(stage, people)
    await people.anna.says("!vote Strike? --confidential", room="Lyon")
    await people.anna.taps("✅")
    await do(stage.db, SetStatus(people.bruno.member_id or "", Status.LEFT), at=stage.clock.now())
    stranger = stage.stranger("Eve")
    assert await people.bruno.says("vote V1 1") == []  # but a mark
    assert "Strike?" in (await people.bruno.says("!voter V2"))[0]
    assert await people.bruno.says("1") == [
        "Your ballot for V2 is in. Until the close you can answer again to change it."
    ]
    assert "do not know you" in (await people.bruno.says("vote list"))[0]
    assert "do not know you" in (await stranger.says("vote V1 1"))[0]
    assert await result(stage) == ["Carried.", "1 of 4 voted (25%).", FEW]
    (shown,) = await people.anna.says("!vote result V1", room="Lyon")
    assert "Carried: 1 Yes, 0 No.\n1 of 4 voted (25%)." in shown


async def test_whoever_opens_the_direct_conversation_finds_their_ballot(stage: Stage, people: People) -> None:
    """The link of a confidential vote leads there."""
    await people.anna.says("!vote Strike? --confidential", room="Lyon")
    await people.anna.taps("✅")
    (ballot,) = await people.bruno.joins()
    assert ballot.startswith("V1 · Strike?\n1. For\n2. Against")
    assert await people.bruno.joins() == [], "once"
    assert await people.bruno.says("1") == [
        "Your ballot for V1 is in. Until the close you can answer again to change it."
    ]
    assert await stage.stranger("Eve").joins() == []
