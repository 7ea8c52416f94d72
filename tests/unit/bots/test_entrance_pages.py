"""The pages about getting in: what they show is what happens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from bots.entrance import BOT, inviting
from party import register
from party.operation import OPERATOR, Operation
from party.operations.invitations import Invite
from party.operations.members import NameAccount, ReleaseAccount
from tests.support.conversation import SERVER, Someone, Stage, stage_on
from tests.support.transcript import chats_in, play

DOCS = Path(__file__).resolve().parents[3] / "docs"
CODE = "7K3M-Q9TX-2BWD"
"""The one in the pages."""


def pages(path: str) -> Sequence[Path]:
    return DOCS / path, DOCS / "fr" / path


async def change(stage: Stage, operation: Operation) -> None:
    async def work(session: AsyncSession) -> None:
        policy = stage.surroundings.policy
        await register.change(session, operation, actor=OPERATOR, policy=policy, at=stage.clock.now())

    await stage.db.write(work)


async def without_account(stage: Stage, name: str) -> Someone:
    someone = await stage.person(name, "Loire")
    await change(stage, ReleaseAccount(str(someone.member_id), someone.account))
    return someone


@pytest.mark.parametrize("page", pages("members/index.md"), ids=["en", "fr"])
async def test_members(database_url: str, page: Path) -> None:
    getting_in, two_accounts = chats_in(page)
    async with stage_on(database_url, [BOT], language=getting_in.language) as stage:
        ada = await without_account(stage, "Ada")
        await change(stage, Invite(str(ada.member_id), CODE))
        await play(stage, getting_in)
        other = f"@ada2:{SERVER}"
        await change(stage, NameAccount(str(ada.member_id), other, confirmed=True))
        stage.people["Ada"] = replace(ada, account=other)
        await play(stage, two_accounts)


@pytest.mark.parametrize("page", pages("organisers/index.md"), ids=["en", "fr"])
async def test_organisers(database_url: str, page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inviting, "new_code", lambda: CODE)
    (chat,) = chats_in(page)
    async with stage_on(database_url, [BOT], language=chat.language) as stage:
        await stage.person("Anna", "Loire", offices=["secretary"])
        await without_account(stage, "Jeanne Dupont")
        await play(stage, chat)
