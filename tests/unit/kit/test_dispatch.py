"""What arrives is handled once, by whom it is for, and what cannot be is said."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated

import pytest

from bots.kit.bot import Bot
from bots.kit.command import Argument, Command
from bots.kit.request import Request
from ground.texts import text
from tests.support.conversation import Stage, stage_on


async def echo(request: Request, words: Annotated[str, Argument(what=text("the words"), rest=True)]) -> None:
    await request.reply(text("You said: {words}", words=words))


COMMANDS = (Command(name="echo", run=echo, summary=text("Say it again."), aliases={"fr": ("redire",)}),)
ECHO = Bot(name="echo", commands=COMMANDS)


@pytest.fixture
async def stage(database_url: str) -> AsyncIterator[Stage]:
    async with stage_on(database_url, [ECHO]) as stage:
        yield stage


async def test_a_command_is_answered_where_it_was_typed(stage: Stage) -> None:
    anna = await stage.person("Anna", "Lyon")
    assert await anna.says("!echo Good evening", room="Lyon") == ["You said: Good evening"]
    assert await anna.says("echo Good evening") == ["You said: Good evening"]
    assert await anna.says("Good evening", room="Lyon") == []
