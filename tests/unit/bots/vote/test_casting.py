"""Ballots in public votes: by every way, and which of them counts."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bridge.letters import About, Message, Poll, PollEnd, PollResponse, Redaction
from bridge.places import Direct
from party.members import Status
from party.operations.members import NameAccount, SetStatus
from tests.support.conversation import ROOMS, Someone, Stage, stage_on
from tests.support.lyon import BOT, GRACE, ONE_BESIDE, People, latest, members, open_one, result
from tests.support.register import do


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
