"""The stage of votes of many branches."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.support.conversation import Stage, stage_on
from tests.support.rhone import BOT, People, members


@pytest.fixture
async def stage(database_url: str) -> AsyncIterator[Stage]:
    async with stage_on(database_url, [BOT]) as stage:
        yield stage


@pytest.fixture
async def people(stage: Stage) -> People:
    return await members(stage)
