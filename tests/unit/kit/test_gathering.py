"""What comes together is one transaction; what cannot be is handled one by one."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

import pytest
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncSession

from bots.kit.bot import Bot
from bots.kit.request import Occasion
from bridge.letters import About, PollResponse, inbox
from ground.ids import new_id
from ground.texts import text
from tests.support.conversation import Stage, stage_on


class Ballots:
    """A bot that says what came, and how much of it together; at what it fails as long as that is in `bad`."""

    def __init__(self) -> None:
        self.bad: dict[str, Exception] = {}
        self.together: list[list[str]] = []

    async def come(self, occasion: Occasion, responses: Sequence[PollResponse]) -> None:
        self.together.append([response.answers[0] for response in responses])
        for response in responses:
            if (error := self.bad.get(response.answers[0])) is not None:
                raise error
            await occasion.send(response.place, text("{answer} came.", answer=response.answers[0]))


async def noticed(occasion: Occasion, response: PollResponse) -> None:
    await occasion.send(response.place, text("{answer} was noticed.", answer=response.answers[0]))


@pytest.fixture
def ballots() -> Ballots:
    return Ballots()


@pytest.fixture
async def stage(database_url: str, ballots: Ballots) -> AsyncIterator[Stage]:
    bots = [
        Bot(name="ballots", gathers={PollResponse: ballots.come}),
        Bot(name="other", listens={PollResponse: (noticed,)}),
    ]
    async with stage_on(database_url, bots) as stage:
        yield stage


async def responses(stage: Stage, *answers: str) -> list[PollResponse]:
    place, at = await stage.place("Lyon", ""), stage.clock.now()
    return [
        PollResponse(
            id=f"$of-{answer}", place=place, account="@bruno:example.org", at=at, poll=About("$poll"), answers=(answer,)
        )
        for answer in answers
    ]


async def waiting(stage: Stage, *answers: str) -> list[str]:
    """Those that would be handled if they came again."""

    async def work(session: AsyncSession) -> list[str]:
        return [answer for answer in answers if not await inbox.has(session, f"$of-{answer}")]

    return await stage.db.read(work)


async def test_what_comes_together_is_handled_together_and_once(stage: Stage, ballots: Ballots) -> None:
    three = await responses(stage, "a", "b", "c")
    await stage.dispatcher.handle(three[1])
    assert await stage.said() == ["b came.", "b was noticed."]
    await stage.dispatcher.handle_all([*three, three[2]])
    await stage.dispatcher.handle_all(three)
    await stage.dispatcher.handle(three[0])
    assert ballots.together == [["b"], ["a", "c"]]
    assert await stage.said() == ["a came.", "c came.", "a was noticed.", "c was noticed."]


async def test_one_that_is_bad_stops_no_others(stage: Stage, ballots: Ballots) -> None:
    ballots.bad["b"] = RuntimeError("secret words")
    await stage.dispatcher.handle_all(await responses(stage, "a", "b", "c"))
    assert ballots.together == [["a", "b", "c"], ["a"], ["b"], ["c"]]
    said = await stage.said()
    assert [line for line in said if line.endswith("came.")] == ["a came.", "c came."]
    assert [line for line in said if line.endswith("noticed.")] == [
        "a was noticed.",
        "b was noticed.",
        "c was noticed.",
    ]
    (aside,) = await stage.db.read(inbox.aside)
    assert (aside.id, aside.kind, aside.what) == ("$of-b", "pollresponse", "ballots: pollresponse")
    assert "secret" not in aside.reason


async def test_a_database_that_fails_leaves_all_to_be_handed_over_again(stage: Stage, ballots: Ballots) -> None:
    ballots.bad["b"] = OperationalError("SELECT", {}, Exception("gone"))
    with pytest.raises(OperationalError):
        await stage.dispatcher.handle_all(await responses(stage, "a", "b", "c"))
    assert await waiting(stage, "a", "b", "c") == ["a", "b", "c"]
    assert await stage.said() == []
    ballots.bad.clear()
    await stage.dispatcher.handle_all(await responses(stage, "a", "b", "c"))
    assert len(await stage.said()) == 6


async def test_the_dispatcher_is_woken_once_for_all(stage: Stage) -> None:
    before = len(stage.woken)
    await stage.dispatcher.handle_all(await responses(stage, *(new_id() for _ in range(50))))
    assert len(stage.woken) == before + 1
