"""What arrives is handled once, by whom it is for, and what cannot be is said."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Annotated

import pytest
from sqlalchemy.exc import OperationalError

from bots.kit.bot import Bot
from bots.kit.command import Argument, Command, Where
from bots.kit.request import Refusal, Request
from bots.kit.surroundings import Limits
from bridge.letters import Message, inbox
from bridge.places import Direct
from ground.texts import text
from party import members
from party.members import MemberRow, Status
from party.operations.branches import CreateBranch
from tests.support.conversation import Stage, stage_on
from tests.support.transcript import play


async def echo(request: Request, words: Annotated[str, Argument(what=text("the words"), rest=True)]) -> None:
    await request.reply(text("You said: {words}", words=words))


async def found(request: Request, name: Annotated[str, Argument(what=text("the name"))]) -> None:
    assert request.branch is not None
    await request.change(CreateBranch(name.lower(), name, "section", request.branch.id))
    if name == "Nowhere":
        raise Refusal(text("There is no such place."), example="found Vienne")
    if name == "Broken":
        raise RuntimeError("secret words")
    await request.reply(text("{name} is founded in {branch}.", name=name, branch=request.branch.name))


async def whereami(request: Request) -> None:
    await request.reply(text("{branch}", branch=request.branch.name if request.branch else "nowhere"))


async def fail(request: Request) -> None:
    raise OperationalError("SELECT", {}, Exception("gone"))


async def dues(request: Request) -> None:
    await request.reply(text("You owe nothing."))


async def greet(request: Request, who: Annotated[MemberRow, Argument(what=text("the person"))]) -> None:
    await request.reply(text("Good evening, {name}.", name=who.name))


BOT = Bot(
    name="test",
    commands=(
        Command(name="echo", run=echo, summary=text("Say it again."), aliases={"fr": ("redire",)}),
        Command(name="found", run=found, summary=text("Found a section."), right="branch.create"),
        Command(name="where", run=whereami, summary=text("Where am I?"), strangers=True),
        Command(name="fail", run=fail, summary=text("Lose the database.")),
        Command(name="dues", run=dues, summary=text("What do I owe?"), private=True),
        Command(name="secret", run=dues, summary=text("A secret."), where=frozenset({Where.DIRECT})),
        Command(name="council", run=dues, summary=text("For officers."), where=frozenset({Where.COMMITTEE})),
        Command(name="greet", run=greet, summary=text("Greet somebody.")),
    ),
)


@pytest.fixture
async def stage(database_url: str) -> AsyncIterator[Stage]:
    async with stage_on(database_url, [BOT]) as stage:
        yield stage


async def test_a_command_is_answered_where_it_was_typed(stage: Stage) -> None:
    anna = await stage.person("Anna", "Lyon")
    assert await anna.says("!echo Good evening", room="Lyon") == ["You said: Good evening"]
    assert await anna.says("echo Good evening") == ["You said: Good evening"]
    assert await anna.says("Good evening", room="Lyon") == []
    assert stage.woken


async def test_an_answer_is_a_reply_in_the_thread_and_a_notice(stage: Stage) -> None:
    anna = await stage.person("Anna", "Lyon")
    await anna.utters("!echo hello", room="Lyon", thread="$root", id="$question")
    (letter,) = await stage.letters()
    assert (letter.answers, letter.thread, letter.forget) == ("$question", "$root", False)
    assert letter.words is not None and letter.words.notice and not letter.words.mentions


async def test_what_arrives_twice_is_handled_once(stage: Stage) -> None:
    anna = await stage.person("Anna", "Lyon")
    assert await anna.says("!echo hello", room="Lyon", id="$same") == ["You said: hello"]
    assert await anna.says("!echo hello", room="Lyon", id="$same") == []


async def test_what_arrives_many_times_at_once_has_one_effect_and_one_answer(stage: Stage) -> None:
    anna = await stage.person("Anna", "Rhône", offices=["secretary"])
    place = await stage.place("Rhône", anna.account)
    arrivals = [
        Message(id=f"$m{number}", place=place, account=anna.account, at=stage.clock.now(), text=f"!found S{number}")
        for number in range(8)
    ]
    await asyncio.gather(*(stage.arrives(arrival) for arrival in arrivals * 3))
    assert sorted(await stage.said()) == [f"S{number} is founded in Rhône." for number in range(8)]
    assert await stage.db.read(inbox.count_aside) == 0


async def test_a_right_one_does_not_have_is_refused_with_who_has_it(stage: Stage) -> None:
    anna = await stage.person("Anna", "Lyon")
    await stage.person("Bruno", "Rhône", offices=["secretary"])
    refused = "In Lyon that is for these offices: Secretary, Chair.\nYou can ask Bruno."
    assert await anna.says("!found Vienne", room="Lyon") == [refused]
    assert await anna.says("!found", room="Lyon") == [refused]


async def test_the_branch_is_that_of_the_room_of_the_only_office_or_home(stage: Stage) -> None:
    anna = await stage.person("Anna", "Lyon", offices=["delegate in Loire"])
    bruno = await stage.person("Bruno", "Lyon", offices=["delegate in Loire", "delegate in Brest"])
    assert await anna.says("!where", room="Brest/committee") == ["Brest"]
    assert await anna.says("where") == ["Loire"]
    assert await bruno.says("where") == ["Lyon"]
    assert await bruno.says("where --in quimper") == ["Quimper"]
    assert await bruno.says("!where --dans Quimper", room="Brest") == ["Quimper"]


async def test_a_refusal_undoes_what_the_handler_did_and_is_said(stage: Stage) -> None:
    anna = await stage.person("Anna", "Rhône", offices=["secretary"])
    assert await anna.says("!found Nowhere", room="Rhône") == ["There is no such place.\n!found Vienne"]
    assert await anna.says("!found Vienne", room="Rhône") == ["Vienne is founded in Rhône."]
    assert "nowhere" not in [branch.slug for branch in await stage.tree()]
    assert await anna.says("!found Vienne", room="Rhône") == ["There is already a branch 'vienne'."]


async def test_a_failure_is_set_aside_without_what_was_written_and_stops_nothing(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    anna = await stage.person("Anna", "Rhône", offices=["secretary"])
    (answer,) = await anna.says("!found Broken", room="Rhône", id="$broken")
    assert answer.startswith("Something went wrong on my side, and nothing was done.")
    assert await anna.says("!echo still here", room="Rhône") == ["You said: still here"]
    assert "broken" not in [branch.slug for branch in await stage.tree()]
    (aside,) = await stage.db.read(inbox.aside)
    assert (aside.id, aside.kind, aside.what) == ("$broken", "message", "found")
    assert aside.reason.startswith("RuntimeError at ")
    assert "secret words" not in aside.reason + caplog.text


async def test_a_database_that_fails_lets_the_arrival_be_tried_again(stage: Stage) -> None:
    anna = await stage.person("Anna", "Lyon")
    with pytest.raises(OperationalError):
        await anna.says("!fail", room="Lyon", id="$again")
    assert not await stage.db.read(lambda session: inbox.has(session, "$again"))
    assert await anna.says("!echo hello", room="Lyon", id="$again") == ["You said: hello"]


async def test_private_things_are_answered_in_the_direct_conversation_and_not_kept(stage: Stage) -> None:
    anna = await stage.person("Anna", "Lyon")
    await anna.utters("!dues", room="Lyon")
    (letter,) = await stage.letters()
    assert (letter.to, letter.forget, letter.answers) == (Direct(anna.account), True, None)


async def test_a_command_in_the_wrong_place_says_where_it_works(stage: Stage) -> None:
    await stage.person("Anna", "Lyon", offices=["secretary"])
    await play(
        stage,
        """
        → Anna (Lyon): !secret
        ← That is between us: write secret to me privately.
        → Anna: council
        ← That works in the rooms of officers: write !council there.
        → Anna (Lyon/committee): !council
        ← You owe nothing.
        """,
    )


async def test_strangers_are_answered_directly_and_once_a_day(stage: Stage) -> None:
    zoe = stage.stranger("Zoé")
    assert await zoe.says("!where", room="Lyon") == []
    assert await zoe.says("where") == ["nowhere"]
    assert await zoe.says("echo hello") == ["I do not know you yet. You can write to me: where"]
    assert await zoe.says("hello?") == []
    stage.clock.advance(timedelta(days=1))
    assert len(await zoe.says("hello?")) == 1


async def test_who_has_left_is_a_stranger_and_an_administrator_is_none(stage: Stage) -> None:
    gone = await stage.person("Gone", "Lyon", status=Status.LEFT)
    assert await gone.says("!echo hello", room="Lyon") == []
    admin = await stage.person("Admin", "Lyon", account="@admin:example.org", status=Status.LEFT)
    assert await admin.says("!echo hello", room="Lyon") == ["You said: hello"]
    assert await admin.says("where") == ["France"]


async def test_a_claimed_account_is_confirmed_by_its_first_message(stage: Stage) -> None:
    anna = await stage.person("Anna", "Lyon", confirmed=False)
    assert await anna.says("Good evening", room="Lyon") == []
    row = await stage.db.read(lambda session: members.of_account(session, anna.account))
    assert row is not None and row.id == anna.member_id


async def test_an_unknown_command_is_answered_with_the_nearest(stage: Stage) -> None:
    anna = await stage.person("Anna", "Lyon")
    assert await anna.says("!eco hello", room="Lyon") == ["I do not know eco. Did you mean this?\n!echo hello"]
    assert await anna.says("!!!", room="Lyon") == []


async def test_a_room_that_is_no_place_is_told_once_a_day(stage: Stage) -> None:
    anna = await stage.person("Anna", "Lyon")
    assert len(await anna.says("!where", room="elsewhere")) == 1
    assert await anna.says("!where", room="elsewhere") == []


async def test_an_edit_does_not_run_the_command_again_and_says_so_once(stage: Stage) -> None:
    anna = await stage.person("Anna", "Lyon")
    sentence = "What is changed is not done again. Please write it as a new message."
    await anna.says("!echo hello", room="Lyon", id="$one")
    assert await anna.edits("$one", "!echo hallo", room="Lyon") == [sentence]
    assert await anna.edits("$one", "!echo hullo", room="Lyon") == []
    await anna.says("!echo hello", room="Lyon", id="$two")
    assert await anna.edits("$two", "never mind", room="Lyon") == [sentence]
    await anna.says("just talk", room="Lyon", id="$three")
    assert await anna.edits("$three", "just more talk", room="Lyon") == []


async def test_an_edit_in_a_thread_is_answered_there(stage: Stage) -> None:
    anna = await stage.person("Anna", "Lyon")
    await anna.says("!echo hello", room="Lyon", id="$one", thread="$root")
    await anna.edits("$one", "!echo hallo", room="Lyon")
    assert [(letter.answers, letter.thread) for letter in (await stage.all_letters())[-2:]] == [("$one", "$root")] * 2


async def test_who_writes_too_much_is_told_once_and_the_others_are_answered(database_url: str) -> None:
    limits = Limits(person=3, person_every=timedelta(seconds=2))
    async with stage_on(database_url, [BOT], limits=limits) as stage:
        anna, bruno = await stage.person("Anna", "Lyon"), await stage.person("Bruno", "Lyon")
        answers = [await anna.says(f"!echo {number}", room="Lyon") for number in range(6)]
        assert [len(answer) for answer in answers] == [1, 1, 1, 1, 0, 0]
        assert "a lot at once" in answers[3][0]
        assert await bruno.says("!echo hello", room="Lyon") == ["You said: hello"]
        stage.clock.advance(timedelta(seconds=2))
        assert await anna.says("!echo hello", room="Lyon") == ["You said: hello"]
        assert await stage.db.read(lambda session: inbox.has(session, "$event-6"))


async def test_what_came_while_nobody_heard_is_not_taken_for_much_at_once(database_url: str) -> None:
    """It is handled at once, but was written over hours."""
    limits = Limits(person=3, person_every=timedelta(seconds=2), not_understood=3)
    async with stage_on(database_url, [BOT], limits=limits) as stage:
        anna = await stage.person("Anna", "Lyon")
        lyon = await stage.place("Lyon", anna.account)
        for number in range(20):
            what = f"!echo {number}" if number % 2 else f"!nonsense {number}"
            at = stage.clock.now() - timedelta(hours=8) + number * timedelta(minutes=20)
            await stage.arrives(
                Message(id=f"$missed-{number}", place=lyon, account=anna.account, at=at, missed=True, text=what)
            )
        said = await stage.said()
        assert [each for each in said if each.startswith("You said")] == [f"You said: {n}" for n in range(1, 20, 2)]
        assert len(said) == 20


async def test_a_machine_that_answers_our_answers_meets_silence(stage: Stage) -> None:
    parrot = await stage.person("Parrot", "Lyon")
    heard = await parrot.says("hello there")
    for _ in range(20):
        heard = await parrot.says(heard[0]) if heard else []
        stage.clock.advance(timedelta(seconds=2))
    assert heard == []
    last = [str(letter) for letter in await stage.all_letters()][-1]
    assert last == "I do not understand what comes so fast, and keep quiet here for a while."
    stage.clock.advance(timedelta(minutes=11))
    assert await parrot.says("where") == ["Lyon"]
