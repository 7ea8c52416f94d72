"""The pages about branches, members and offices: what they show is what happens."""

from __future__ import annotations

from pathlib import Path

import pytest

from bots.branches import BOT
from bots.kit.surroundings import Limits
from tests.support.conversation import Stage, stage_on
from tests.support.transcript import chats_in, play

DOCS = Path(__file__).resolve().parents[3] / "docs"
PAGES = [DOCS / "organisers" / "branches.md", DOCS / "fr" / "organisers" / "branches.md"]


@pytest.mark.parametrize("page", PAGES, ids=["en", "fr"])
async def test_what_the_page_shows_happens(database_url: str, page: Path) -> None:
    chats = list(chats_in(page))
    assert len(chats) >= 5
    options = {"language": chats[0].language, "limits": Limits(person=None, room=None, not_understood=None)}
    async with stage_on(database_url, [BOT], **options) as stage:
        await people(stage)
        for chat in chats:
            await play(stage, chat)


@pytest.mark.parametrize("page", PAGES, ids=["en", "fr"])
def test_the_page_names_every_command(page: Path) -> None:
    language = "fr" if "fr" in page.parts else "en"
    text = page.read_text("utf-8")
    for command in BOT.commands:
        assert f"!{command.shown(language)}" in text


async def people(stage: Stage) -> None:
    await stage.person("Anna", "Rhône", offices=["secretary"])
    await stage.person("Bruno", "Lyon")
