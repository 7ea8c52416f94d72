"""What people are told of what they can do, in which language, and the welcome."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest

from bots.announce import BOT as ANNOUNCE
from bots.branches import BOT as BRANCHES
from bots.entrance import BOT as ENTRANCE
from bots.help import BOT as HELP
from bots.help.rules import APART, SETTLED, welcome_at
from bots.kit.preferences import voice_for
from bridge.places import Direct
from party.members import Status
from party.operations.members import NameAccount, SetStatus
from tests.support.conversation import BOT, NOW, Someone, Stage, stage_on
from tests.support.register import do

HALF_A_MINUTE = timedelta(seconds=30)


@pytest.fixture
async def stage(database_url: str) -> AsyncIterator[Stage]:
    async with stage_on(database_url, [HELP, BRANCHES, ANNOUNCE, ENTRANCE]) as stage:
        yield stage


async def language_of(stage: Stage, room: str) -> str:
    place = await stage.place(room, BOT)
    voice = await stage.db.read(lambda session: voice_for(session, stage.surroundings, place))
    return voice.language


def welcome(name: str, branch: str) -> str:
    return (
        f"Hello {name}! I look after the rooms of {branch}, and I help in them.\n"
        "!help shows what you can do in a room. Here you may leave out the sign before it.\n"
        "!branch says where you are and who holds the offices there.\n"
        "!language fr makes me speak French to you.\n"
        "What was written before you came is encrypted for those who were there: you may not be able to read it."
    )


async def test_help_shows_what_one_may_do_there(stage: Stage) -> None:
    anna = await stage.person("Anna", "Lyon", offices=["secretary"])
    bob = await stage.person("Bob", "Lyon")
    (for_anna,) = await anna.says("!help", room="Lyon")
    (for_bob,) = await bob.says("!help", room="Lyon")
    for line in ("• !help: What you can do here.", "• !undo: Undo what you did last, within a minute."):
        assert line in for_anna.splitlines()
        assert line in for_bob.splitlines()
    assert "• !announce: " in for_anna
    assert "!announce" not in for_bob
    (elsewhere,) = await anna.says("!help", room="Brest")
    assert "!announce" not in elsewhere


async def test_much_is_shown_by_kinds(stage: Stage) -> None:
    anna = await stage.person("Anna", "Lyon", offices=["secretary"])
    (said,) = await anna.says("!help", room="Lyon")
    assert len(said.splitlines()) < 25
    assert "!announce list" not in said
    *_, more, kinds = said.splitlines()
    assert more.startswith("More about one of them: !help ")
    assert kinds.startswith("There is more of these kinds: !help branch, ")
    assert "!help announce" in kinds
    (said,) = await anna.says("!help announce", room="Lyon")
    assert "• !announce retract: Take an announcement back from everywhere." in said.splitlines()
    (said,) = await anna.says("!help mandate", room="Lyon")
    assert "• !mandate end: End an office now, or with a last day." in said.splitlines()


async def test_help_of_one_command(stage: Stage) -> None:
    anna = await stage.person("Anna", "Lyon", offices=["secretary"])
    assert await anna.says("!help language", room="Lyon") == [
        "The language that I speak in this room or, in our direct conversation, with you.\n"
        "!language [<the language>]\n"
        "In a room this is for those who may change its branch.\n"
        "For example: !language French\n"
        "Also understood: langue"
    ]
    assert await anna.says("!help !Langue", room="Lyon") == await anna.says("!help language", room="Lyon")
    (undo,) = await anna.says("!help undo", room="Lyon")
    assert undo.startswith("Undo what you did last, within a minute.")


async def test_help_of_what_is_not_for_you_or_not_there(stage: Stage) -> None:
    await stage.person("Anna", "Lyon", offices=["secretary"])
    bob = await stage.person("Bob", "Lyon")
    (said,) = await bob.says("!help announce", room="Lyon")
    assert "Secretary" in said
    assert "Anna" in said
    assert await bob.says("!help cheese", room="Lyon") == ["I know no command cheese. !help shows those there are."]


async def test_help_speaks_the_language_of_the_room(stage: Stage) -> None:
    admin = await stage.person("Anna", "Lyon", offices=["secretary"])
    await admin.says("!language français", room="Lyon")
    (said,) = await admin.says("!aide", room="Lyon")
    assert "• !aide" in said


async def test_the_language_of_a_room_is_for_those_who_may_edit_its_branch(stage: Stage) -> None:
    anna = await stage.person("Anna", "Lyon", offices=["secretary"])
    bob = await stage.person("Bob", "Lyon")
    (said,) = await bob.says("!language fr", room="Lyon")
    assert "Secretary" in said
    assert await bob.says("!language", room="Lyon") == ["I speak English here. I know: English, français."]
    await anna.says("!langue French", room="Lyon")
    assert await language_of(stage, "Lyon") == "fr"
    assert await language_of(stage, "Lyon/committee") == "en"
    await anna.says("!undo", room="Lyon")
    assert await language_of(stage, "Lyon") == "en"


async def test_ones_own_language(stage: Stage) -> None:
    bob = await stage.person("Bob", "Lyon")
    await bob.says("language fr")
    (said,) = await bob.says("aide")
    assert "• !aide" in said
    (said,) = await bob.says("!help", room="Lyon")
    assert "• !help: " in said
    await bob.says("langue anglais")
    (said,) = await bob.says("help")
    assert "• !help: " in said


async def test_a_language_that_is_not_spoken(stage: Stage) -> None:
    bob = await stage.person("Bob", "Lyon")
    assert await bob.says("!language Klingon", room="Lyon") == [
        "I do not speak Klingon. I know: English, français.\n!language en"
    ]


async def test_who_comes_into_a_first_room_is_welcomed_directly_and_once(stage: Stage) -> None:
    bob = await stage.person("Bob", "Lyon")
    assert await bob.joins("Lyon") == []
    assert await bob.joins("Lyon/announcements") == []
    await stage.passes(HALF_A_MINUTE)
    (said,) = await stage.letters()
    assert str(said) == welcome("Bob", "Lyon")
    assert said.to == Direct(bob.account)
    await bob.joins("Brest")
    await bob.joins()
    await bob.says("hello")
    await stage.passes(timedelta(days=1))
    assert not [each for each in await stage.all_letters() if str(each) == welcome("Bob", "Lyon")][1:]


async def test_an_account_that_was_only_named_is_welcomed_too(stage: Stage) -> None:
    bob = await stage.person("Bob", "Lyon", confirmed=False)
    await bob.joins("Lyon")
    await stage.passes(HALF_A_MINUTE)
    assert await stage.said() == [welcome("Bob", "Lyon")]


async def test_a_second_account_is_no_second_person(stage: Stage) -> None:
    bob = await stage.person("Bob", "Lyon")
    assert bob.member_id is not None
    await do(stage.db, NameAccount(bob.member_id, "@bob2:example.org", confirmed=True))
    await bob.joins("Lyon")
    await Someone(stage, "Bob", "@bob2:example.org", bob.member_id).joins("Lyon")
    await stage.passes(HALF_A_MINUTE)
    assert await stage.said() == [welcome("Bob", "Lyon")]


@pytest.mark.parametrize("status", [Status.SUSPENDED, Status.LEFT])
async def test_who_is_no_member_meanwhile_is_not_welcomed(stage: Stage, status: Status) -> None:
    bob = await stage.person("Bob", "Lyon")
    await bob.joins("Lyon")
    assert bob.member_id is not None
    await do(stage.db, SetStatus(bob.member_id, status), at=stage.clock.now())
    await stage.passes(HALF_A_MINUTE)
    assert await stage.said() == []


async def test_who_writes_first_is_answered_and_welcomed(stage: Stage) -> None:
    bob = await stage.person("Bob", "Lyon")
    assert (await bob.says("language"))[1:] == [welcome("Bob", "Lyon")]
    assert len(await bob.says("language")) == 1


async def test_a_greeting_is_answered_by_the_welcome_alone(stage: Stage) -> None:
    bob = await stage.person("Bob", "Lyon")
    assert await bob.says("Bonjour !") == [welcome("Bob", "Lyon")]
    assert await bob.says("Bonjour !") == ["Hello! !help shows what you can ask me."]


@pytest.mark.parametrize("written", ["Merci !", "thank you", "OK, merci", "👍", "🙏🏽❤️", "…", "D’accord."])
async def test_thanks_want_no_answer(stage: Stage, written: str) -> None:
    bob = await stage.person("Bob", "Lyon")
    await bob.joins()
    await stage.said()
    assert await bob.says(written) == []


async def test_what_is_no_command_at_all_is_answered_with_courtesy(stage: Stage) -> None:
    bob = await stage.person("Bob", "Lyon")
    await bob.joins()
    await stage.said()
    lost = ["I did not understand that. !help shows what you can ask me."]
    for written in ("When do we meet?", "?", "merci pour hier, mais quand ?", "thanks help"):
        assert await bob.says(written) == lost
    assert await bob.says("!merci") == ["I do not know merci. What I can do here: !help"]
    assert await bob.says("halp") == ["I do not know halp. Did you mean this?\n!help"]
    assert await bob.says("!merci", room="Lyon") == ["I do not know merci. What I can do here: !help"]


async def test_strangers_are_told_how_to_come_in(stage: Stage) -> None:
    stranger = stage.stranger()
    assert await stranger.says("Good evening") == [
        "Hello! I work for an organisation, and I do not know your account yet.\n"
        "If you were sent a code, write it to me like this: !join CODE\n"
        "If you have none, ask whoever looks after your branch for one."
    ]
    assert not [said for said in await stranger.says("Anybody there?") if "Hello!" in said]
    assert await stranger.says("Good evening", room="Lyon") == []
    assert await stranger.joins("Lyon") == []
    await stage.passes(HALF_A_MINUTE)
    assert await stage.said() == []


async def test_a_hundred_who_come_at_once_are_welcomed_one_after_the_other(stage: Stage) -> None:
    people = [await stage.person(f"Person {number}", "Lyon") for number in range(30)]
    for person in people:
        await person.joins("Lyon")
    await stage.passes(SETTLED)
    assert len(await stage.said()) == 1
    await stage.passes(APART * 9)
    assert len(await stage.said()) == 9
    await stage.passes(APART * 100)
    assert len(await stage.said()) == 20
    tos = [said.to for said in await stage.all_letters()]
    assert tos == [Direct(person.account) for person in people]


@pytest.mark.parametrize(
    ("last", "expected"),
    [
        (None, NOW + SETTLED),
        (NOW - timedelta(days=1), NOW + SETTLED),
        (NOW + SETTLED - APART, NOW + SETTLED),
        (NOW + SETTLED, NOW + SETTLED + APART),
        (NOW + timedelta(hours=5), NOW + timedelta(hours=5) + APART),
    ],
)
def test_when_to_welcome(last: datetime | None, expected: datetime) -> None:
    assert welcome_at(NOW, last) == expected
