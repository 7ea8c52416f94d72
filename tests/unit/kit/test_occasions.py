"""What bots do unasked: when somebody joins, a letter has arrived, a time has come, the mirror has carried over."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Final

import pytest

from bots.kit import preferences
from bots.kit.bot import Bot, Data
from bots.kit.command import Command
from bots.kit.dispatch import Dispatcher
from bots.kit.hooks import Hook
from bots.kit.request import Occasion, Request
from bridge.letters import Correction, Joined, Letter, Receipt, Words, inbox
from bridge.places import BranchRoom
from ground import due
from ground.due import Due
from ground.texts import text
from party.branches import by_id
from party.members import MemberRow
from party.operations.branches import EditBranch
from tests.support.conversation import ROOMS, Stage, stage_on

GREETING: Final = Hook[Callable[[Occasion, str], Awaitable[None]]]("test.greeting")


async def welcome(occasion: Occasion, joined: Joined) -> None:
    await occasion.send(joined.place, text("Welcome."), owner="welcome")
    for greet in occasion.offered(GREETING):
        await greet(occasion, joined.account)


async def rename(request: Request) -> None:
    assert request.branch is not None
    row = await by_id(request.session, request.branch.id)
    await request.change(EditBranch.rename(row, "Lugdunum"))
    letter = await request.reply(text("Renaming."))
    await request.after_applied("renamed", {"letter": letter})


async def renamed(request: Request, data: Data, failed: frozenset[str]) -> None:
    assert request.branch is not None
    await request.correct(str(data["letter"]), text("Renamed, not everywhere.") if failed else text("Renamed."))
    await request.reply(text("It is {branch} now.", branch=request.branch.name))


async def remind(request: Request) -> None:
    at = request.now + timedelta(hours=1)
    await due.schedule(request.session, "test.remind", f"{request.account}", at)
    await request.reply(text("I shall remind you."))


async def reminded(occasion: Occasion, item: Due) -> None:
    tree = await occasion.tree()
    lyon = next(branch for branch in tree if branch.name == "Lyon")
    await occasion.send(BranchRoom(lyon.id, "discussion"), text("Now."))


async def arrived(occasion: Occasion, receipt: Receipt) -> None:
    tree = await occasion.tree()
    lyon = next(branch for branch in tree if branch.name == "Lyon")
    await occasion.send(BranchRoom(lyon.id, "committee"), text("The letter was {what}.", what=receipt.outcome))


async def breaks(occasion: Occasion, joined: Joined) -> None:
    await occasion.send(joined.place, text("This is undone."))
    raise RuntimeError("broken")


async def greeted(occasion: Occasion, account: str) -> None:
    await occasion.put(Letter(to=occasion_place(account), content=Words(f"Hello {account}")))


def occasion_place(account: str) -> BranchRoom:
    return BranchRoom("a branch", account)


async def hello(request: Request) -> None:
    await request.reply(text("There are {count} members.", count=1482))


BOT = Bot(
    name="test",
    commands=(
        Command(name="rename", run=rename, summary=text("Rename."), right="branch.edit"),
        Command(name="remind", run=remind, summary=text("Remind me.")),
        Command(name="hello", run=hello, summary=text("Hello.")),
    ),
    applied={"renamed": renamed},
    due={"test.remind": reminded},
    listens={Joined: (welcome,)},
    receipts={"welcome": arrived},
)
BROKEN = Bot(name="broken", listens={Joined: (breaks,)})
OTHER = Bot(name="other", hooks=(GREETING.by(greeted),))


@pytest.fixture
async def stage(database_url: str) -> AsyncIterator[Stage]:
    async with stage_on(database_url, [BROKEN, BOT, OTHER]) as stage:
        await stage.person("Anna", "Lyon", offices=["secretary"])
        yield stage


async def test_somebody_joins_and_one_bot_that_breaks_keeps_the_others_from_nothing(stage: Stage) -> None:
    assert await stage.people["Anna"].joins("Lyon") == ["Welcome.", "Hello @anna:example.org"]
    (aside,) = await stage.db.read(inbox.aside)
    assert (aside.kind, aside.what) == ("joined", "broken: joined")


async def test_a_letter_has_arrived(stage: Stage) -> None:
    await stage.people["Anna"].utters("hello")
    await stage.arrives(Joined(id="$j", place=await stage.place("Lyon", ""), account="@x:y", at=stage.clock.now()))
    letter = next(said for said in await stage.letters() if str(said) == "Welcome.")
    receipt = Receipt(id="$r", letter=letter.id, owner="welcome", outcome="delivered")
    await stage.arrives(receipt)
    await stage.arrives(receipt)
    assert await stage.said() == ["The letter was delivered."]
    await stage.receipt(letter, "nobody")
    assert await stage.said() == []


async def test_what_falls_due_is_said_at_its_time(stage: Stage) -> None:
    assert await stage.people["Anna"].says("!remind", room="Lyon") == ["I shall remind you."]
    await stage.passes(timedelta(minutes=59))
    assert await stage.said() == []
    await stage.passes(timedelta(minutes=1))
    assert await stage.said() == ["Now."]


async def test_once_it_has_been_carried_over_it_is_said_where_it_was_asked(stage: Stage) -> None:
    anna = stage.people["Anna"]
    assert await anna.says("!rename", room="Lyon", id="$rename", thread="$root") == ["Renaming."]
    await stage.is_applied()
    corrected, said = await stage.letters()
    assert isinstance(corrected.content, Correction) and corrected.content.words.plain == "Renamed."
    assert (str(said), said.answers, said.thread) == ("It is Lugdunum now.", "$rename", "$root")
    await stage.is_applied()
    assert await stage.said() == []


async def test_what_could_not_be_carried_over_is_known(stage: Stage) -> None:
    await stage.people["Anna"].says("!rename", room="Lyon")
    await stage.is_applied("Lugdunum")
    assert (await stage.said())[0] == "[corrected] Renamed, not everywhere."


async def test_a_place_is_spoken_to_as_it_asked_else_as_the_branch_else_as_everybody(stage: Stage) -> None:
    anna = await stage.person("Bruno", "Lyon", language="fr")
    room = await stage.place("Lyon", "")

    async def language(place: object) -> str:
        voice = await stage.db.read(lambda session: preferences.voice_for(session, stage.surroundings, place))  # type: ignore[arg-type]
        return voice.language

    async def prefer(subject: object, wanted: str | None) -> None:
        await stage.db.write(lambda session: preferences.prefer(session, subject, wanted))  # type: ignore[arg-type]

    member = await stage.db.read(lambda session: session.get_one(MemberRow, anna.member_id))
    direct = await stage.place(None, anna.account)
    assert (await language(room), await language(direct)) == ("en", "fr")
    await prefer(room, "fr")
    await prefer(member, "en")
    assert (await language(room), await language(direct)) == ("fr", "en")
    await prefer(room, None)
    await prefer(member, None)
    await stage.set_language("Lyon", "fr")
    assert (await language(room), await language(direct)) == ("fr", "fr")
    assert await stage.people["Anna"].says("!hello", room="Lyon") == ["There are 1\u202f482 members."]


async def test_two_bots_may_not_claim_the_same(stage: Stage) -> None:
    for bots in ([BOT, BOT], [BOT, Bot(name="b", due={"test.remind": reminded})]):
        with pytest.raises(ValueError, match="bots"):
            Dispatcher(stage.db, stage.clock, stage.surroundings, bots, lambda: None)


def test_rooms_have_names_and_are_of_tiers() -> None:
    assert ROOMS["committee"].for_officers and not ROOMS["discussion"].for_officers
    assert ROOMS["discussion"].of_tier("section")
