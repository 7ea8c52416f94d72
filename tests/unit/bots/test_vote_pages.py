"""The pages about votes: what they show is what happens."""

from __future__ import annotations

from pathlib import Path

import pytest

from bots.kit.surroundings import Limits
from bots.vote import BOT, bot
from bots.vote.record.signing import Signer
from bots.vote.settings import Settings
from tests.support.conversation import stage_on
from tests.support.transcript import chats_in, play

DOCS = Path(__file__).resolve().parents[3] / "docs"
BELOW = [DOCS / "organisers" / "assemblies.md", DOCS / "fr" / "organisers" / "assemblies.md"]
RECORDS = [DOCS / "organisers" / "records.md", DOCS / "fr" / "organisers" / "records.md"]
PAGES = [DOCS / "organisers" / "votes.md", DOCS / "fr" / "organisers" / "votes.md"]


@pytest.mark.parametrize("page", PAGES, ids=["en", "fr"])
async def test_what_the_page_shows_happens(database_url: str, page: Path) -> None:
    chats = list(chats_in(page))
    assert len(chats) >= 2
    limits = Limits(person=None, room=None, not_understood=None)
    async with stage_on(database_url, [BOT], language=chats[0].language, limits=limits) as stage:
        await stage.person("Anna", "Lyon", offices=["secretary"])
        for name in ("Bruno", "Clara", "David"):
            await stage.person(name, "Lyon")
        for chat in chats:
            await play(stage, chat)


@pytest.mark.parametrize("page", BELOW, ids=["en", "fr"])
async def test_what_is_shown_of_many_branches_happens(database_url: str, page: Path) -> None:
    chats = list(chats_in(page))
    assert len(chats) >= 4
    async with stage_on(database_url, [BOT], language=chats[0].language) as stage:
        await stage.person("Rosa", "Rhône", offices=["secretary"])
        for name in ("Anna", "Bruno", "Clara", "David"):
            await stage.person(name, "Lyon")
        await stage.person("Gina", "Givors")
        for chat in chats:
            await play(stage, chat)


@pytest.mark.parametrize("page", RECORDS, ids=["en", "fr"])
async def test_what_the_page_of_records_shows_happens(database_url: str, page: Path) -> None:
    [chat] = chats_in(page)
    with_records = bot(Settings(signer=Signer(b"k" * 32)))
    async with stage_on(database_url, [with_records], language=chat.language) as stage:
        await stage.person("Anna", "Lyon", offices=["secretary"])
        for name in ("Bruno", "Clara"):
            await stage.person(name, "Lyon")
        await play(stage, chat)


@pytest.mark.parametrize("page", PAGES, ids=["en", "fr"])
def test_the_page_names_every_command(page: Path) -> None:
    language = "fr" if "fr" in page.parts else "en"
    text = page.read_text("utf-8")
    for command in BOT.commands:
        assert f"!{command.shown(language)}" in text
