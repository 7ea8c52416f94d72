"""The bot in the documentation works as the page shows it."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from bots.kit.bot import Bot
from ground.database import Base
from tests.support.conversation import stage_on
from tests.support.transcript import chats_in, play

PAGE = Path(__file__).resolve().parents[3] / "docs/developers/bots.md"


@pytest.fixture(scope="module")
def template() -> Iterator[Bot]:
    source = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text("utf-8"), re.S | re.M)[0]
    assert len([line for line in source.splitlines() if line.strip()]) < 50
    module = ModuleType("potluck")
    sys.modules["potluck"] = module
    try:
        exec(compile(source, str(PAGE), "exec"), vars(module))  # noqa: S102 - our own page
        yield module.BOT
    finally:
        del sys.modules["potluck"]
        Base.metadata.remove(Base.metadata.tables["dishes"])


async def test_the_page_is_true(template: Bot, database_url: str) -> None:
    (chat,) = chats_in(PAGE)
    async with stage_on(database_url, [template]) as stage:
        await stage.person("Anna", "Lyon")
        await stage.person("Bruno", "Lyon")
        await play(stage, chat)
