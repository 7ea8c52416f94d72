"""The pages about talking with the bot and about announcements: what they show is what happens."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from bots.announce import BOT as ANNOUNCE
from bots.branches import BOT as BRANCHES
from bots.entrance import BOT as ENTRANCE
from bots.help import BOT as HELP
from bots.kit.surroundings import Limits
from tests.support.conversation import Stage, stage_on
from tests.support.transcript import chats_in, play

DOCS = Path(__file__).resolve().parents[3] / "docs"
FREELY = Limits(person=None, room=None, not_understood=None)


def pages(path: str) -> Sequence[Path]:
    return DOCS / path, DOCS / "fr" / path


def language(page: Path) -> str:
    return "fr" if "fr" in page.parts else "en"


async def played(stage: Stage, page: Path, *, least: int) -> None:
    chats = list(chats_in(page))
    assert len(chats) >= least
    for chat in chats:
        await play(stage, chat)


@pytest.mark.parametrize("page", pages("organisers/announcements.md"), ids=["en", "fr"])
async def test_announcements(database_url: str, page: Path) -> None:
    async with stage_on(database_url, [ANNOUNCE], language=language(page), limits=FREELY) as stage:
        await stage.person("Anna", "Rhône", offices=["secretary"])
        await stage.person("Bruno", "Lyon", offices=["secretary"])
        await played(stage, page, least=4)


@pytest.mark.parametrize("page", pages("members/commands.md"), ids=["en", "fr"])
async def test_commands(database_url: str, page: Path) -> None:
    bots = [BRANCHES, ANNOUNCE, ENTRANCE, HELP]
    async with stage_on(database_url, bots, language=language(page), limits=FREELY) as stage:
        await stage.person("Bruno", "Lyon")
        await stage.person("Chloé", "Lyon")
        stage.stranger("Dana")
        await played(stage, page, least=5)


@pytest.mark.parametrize("page", pages("organisers/announcements.md"), ids=["en", "fr"])
def test_the_page_names_every_command(page: Path) -> None:
    text = page.read_text("utf-8")
    for command in ANNOUNCE.commands:
        assert f"!{command.shown(language(page))}" in text
