"""Questions are answered by whom they were asked, once, in time; and commands can be undone for a minute."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Annotated

import pytest

from bots.kit.bot import Bot, Data
from bots.kit.command import Argument, Command
from bots.kit.questions import answer_in
from bots.kit.request import Refusal, Request
from bridge.letters import Mark, Message, Withdrawal
from bridge.places import Direct
from ground.texts import text
from party.members import MemberRow
from tests.support.conversation import Stage, stage_on
from tests.support.transcript import play

ASKED = "Close Lyon?\n✅ close   ❌ keep"


async def close(request: Request) -> None:
    assert request.branch is not None
    answers = {"✅": text("close"), "❌": text("keep")}
    question = text("Close {branch}?", branch=request.branch.name)
    await request.ask(question, answers=answers, then="close", data={"branch": request.branch.name})


async def closed(request: Request, key: str, data: Data) -> None:
    if key == "❌":
        await request.reply(text("Then not."))
        return
    await request.undoable("close", data)
    await request.reply(text("{branch} is closed.", branch=str(data["branch"])))


async def reopen(request: Request, data: Data) -> None:
    await request.reply(text("{branch} is open again.", branch=str(data["branch"])))


async def explode(request: Request, data: Data) -> None:
    raise Refusal(text("Too late."))


async def do(request: Request) -> None:
    await request.undoable("explode")


async def greet(
    request: Request,
    who: Annotated[MemberRow, Argument(what=text("the person"))],
    other: Annotated[MemberRow | None, Argument(what=text("the other person"))] = None,
) -> None:
    assert request.branch is not None
    names = [who.name, *([other.name] if other else [])]
    await request.reply(text("Good evening, {names}, in {branch}.", names=names, branch=request.branch.name))


def command(name: str, run: object, **more: object) -> Command:
    return Command(name=name, run=run, summary=text("Something."), **more)  # type: ignore[arg-type]


BOT = Bot(
    name="test",
    commands=(
        command("close", close, right="branch.close"),
        command("whisper", close, private=True),
        command("do", do),
        command("greet", greet),
    ),
    answers={"close": closed},
    undo={"close": reopen, "explode": explode},
)


@pytest.fixture
async def stage(database_url: str) -> AsyncIterator[Stage]:
    async with stage_on(database_url, [BOT]) as stage:
        await stage.person("Anna", "Lyon", offices=["secretary"])
        await stage.person("Bruno", "Lyon", offices=["secretary"])
        yield stage


async def test_a_tap_answers_once_and_only_from_whom_it_was_asked(stage: Stage) -> None:
    anna, bruno = stage.people["Anna"], stage.people["Bruno"]
    assert await anna.says("!close", room="Lyon", id="$close", thread="$root") == [ASKED]
    (question,) = [said for said in await stage.all_letters() if str(said) == ASKED]
    assert await bruno.taps("✅", question) == []
    assert await anna.taps("🎉", question) == []
    await anna.sets("✅", question)
    (answer,) = await stage.letters()
    assert (str(answer), answer.answers, answer.thread) == ("Lyon is closed.", "$close", "$root")
    assert await anna.taps("✅", question) == []
    assert await anna.taps("❌", question) == []


async def test_the_marks_to_tap_are_set_beside_the_question(stage: Stage) -> None:
    await stage.people["Anna"].utters("!close", room="Lyon")
    question, *marks = await stage.letters(marks=True)
    assert [mark.content for mark in marks] == [Mark("✅", letter=question.id), Mark("❌", letter=question.id)]


@pytest.mark.parametrize("written", ["1", "✅", "Close", "close.", "YES", "oui", "!close"])
async def test_the_next_message_answers_by_number_word_or_mark(stage: Stage, written: str) -> None:
    anna = stage.people["Anna"]
    await anna.says("!close", room="Lyon")
    assert await anna.says(written, room="Lyon") == ["Lyon is closed."]


async def test_only_the_next_message_and_only_there(stage: Stage) -> None:
    anna, bruno = stage.people["Anna"], stage.people["Bruno"]
    await anna.says("!close", room="Lyon")
    (question,) = [said for said in await stage.all_letters() if str(said) == ASKED]
    assert await bruno.says("yes", room="Lyon") == []
    assert await anna.says("yes", room="Rhône") == []
    assert await anna.says("what do you think?", room="Lyon") == []
    assert await anna.says("yes", room="Lyon") == []
    assert await bruno.says("yes", room="Lyon", reply_to=question) == []
    assert await anna.says("No", room="Lyon", reply_to=question) == ["Then not."]


async def test_what_was_written_before_is_no_answer(stage: Stage) -> None:
    """Whoever was killed is handed over again what was said before the question was asked."""
    anna = stage.people["Anna"]
    before = Message(
        id="$ok", place=await stage.place("Lyon", anna.account), account=anna.account, at=stage.clock.now(), text="ok"
    )
    await stage.arrives(before)
    stage.clock.advance(timedelta(seconds=1))
    assert await anna.says("!close", room="Lyon") == [ASKED]
    await stage.arrives(replace(before, missed=True))
    assert await stage.said() == []
    stage.clock.advance(timedelta(seconds=1))
    assert await anna.says("ok", room="Lyon") == ["Lyon is closed."]


async def test_a_question_runs_out_and_says_so_once(stage: Stage) -> None:
    anna = stage.people["Anna"]
    await anna.says("!close", room="Lyon")
    (question,) = [said for said in await stage.all_letters() if str(said) == ASKED]
    stage.clock.advance(timedelta(minutes=10))
    late = "That question has run out, and nothing was done. Please write the command again."
    assert await anna.taps("✅", question) == [late]
    assert await anna.taps("✅", question) == []


async def test_an_answer_in_writing_that_comes_late_is_told_so(stage: Stage) -> None:
    anna = stage.people["Anna"]
    await anna.says("!close", room="Lyon")
    stage.clock.advance(timedelta(minutes=30))
    (late,) = await anna.says("yes", room="Lyon")
    assert late.startswith("That question has run out")
    assert await anna.says("yes", room="Lyon") == []


async def test_a_command_that_is_taken_back_takes_its_question_with_it(stage: Stage) -> None:
    anna = stage.people["Anna"]
    await anna.says("!close", room="Lyon", id="$close")
    (question,) = [said for said in await stage.all_letters() if str(said) == ASKED]
    await anna.takes_back("$close", room="Lyon")
    assert [said.content for said in (await stage.all_letters())[-1:]] == [Withdrawal(question.id)]
    assert await anna.taps("✅", question) == []


async def test_the_right_is_asked_again_when_the_answer_comes(stage: Stage) -> None:
    anna = stage.people["Anna"]
    await anna.says("!close", room="Lyon")
    (question,) = [said for said in await stage.all_letters() if str(said) == ASKED]
    await stage.loses_offices(anna)
    (answer,) = await anna.taps("✅", question)
    assert answer.startswith("In Lyon that is for these offices")


async def test_what_is_private_is_answered_in_writing_and_directly(stage: Stage) -> None:
    anna = stage.people["Anna"]
    await anna.utters("!whisper", room="Lyon")
    (question,) = await stage.letters(marks=True)
    assert (question.to, str(question)) == (Direct(anna.account), "Close Lyon?\n1. close   2. keep")
    assert await anna.taps("✅", question) == []
    assert await anna.says("1", room="Lyon") == []
    assert await anna.says("1") == ["Lyon is closed."]


async def test_an_ambiguous_name_is_asked_back_and_the_command_goes_on(stage: Stage) -> None:
    for name in ("Jeanne Le Goff", "Jeanne Martin", "Karim Haddad", "Karim Benali"):
        await stage.person(name, "Lyon")
    await play(
        stage,
        """
        → Anna (Lyon): !greet jeanne karim --in brest
        ← Who is meant by 'jeanne'?
          1️⃣ Jeanne Le Goff (Lyon)
          2️⃣ Jeanne Martin (Lyon)
        · Anna: 2️⃣
        ← Who is meant by 'karim'?
          1️⃣ Karim Benali (Lyon)
          2️⃣ Karim Haddad (Lyon)
        → Anna (Lyon): 1
        ← Good evening, Jeanne Martin, Karim Benali, in Brest.
        """,
    )


async def test_what_was_done_can_be_undone_for_a_minute_by_the_same_person(stage: Stage) -> None:
    nothing = "There is nothing to undo: that is possible for a minute, and not for everything."
    anna, bruno = stage.people["Anna"], stage.people["Bruno"]
    await anna.says("!close", room="Lyon")
    await anna.says("yes", room="Lyon")
    assert await bruno.says("!undo", room="Lyon") == [nothing]
    assert await anna.says("!annuler", room="Lyon") == ["Lyon is open again."]
    assert await anna.says("!undo", room="Lyon") == [nothing]
    await anna.says("!close", room="Lyon")
    await anna.says("yes", room="Lyon")
    stage.clock.advance(timedelta(minutes=1))
    assert await anna.says("!undo", room="Lyon") == [nothing]


async def test_what_cannot_be_undone_can_be_tried_again(stage: Stage) -> None:
    anna = stage.people["Anna"]
    await anna.says("!do", room="Lyon")
    assert await anna.says("!undo", room="Lyon") == ["Too late."]
    assert await anna.says("!undo", room="Lyon") == ["Too late."]


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("✅", "✅"), ("✅\ufe0f", "✅"), ("Oui !", "✅"), ("2", "2️⃣"), ("2️⃣", "2️⃣"), ("2\u20e3", "2️⃣"), ("2.", "2️⃣"),
        ("hélène", "2️⃣"), ("HELENE", "2️⃣"), ("22", None), ("", None), (".", None), ("hélène et moi", None),
    ],
)  # fmt: skip
def test_answers_are_read_as_telephones_write_them(written: str, key: str | None) -> None:
    assert answer_in((("✅", "ouvrir"), ("2️⃣", "Hélène")), written) == key
