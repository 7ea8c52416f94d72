"""What votes offer other bots: a say in who may vote."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeAlias

from sqlalchemy.ext.asyncio import AsyncSession

from bots.kit.hooks import Hook
from ground.texts import Text


@dataclass(frozen=True, slots=True)
class Electors:
    """Members, by id, who are about to be on the roll of a vote that opens in a branch at the instant `at` (UTC)."""

    branch_id: str
    members: Sequence[str]
    at: datetime


Condition: TypeAlias = Callable[[AsyncSession, Electors], Awaitable[Mapping[str, Text]]]
"""Says who of them may not vote, by id, and why: a sentence that speaks to that member and is shown to nobody else."""

MAY_VOTE: Final = Hook[Condition]("vote.may_vote")
"""A condition to vote, such as dues paid. Asked once for each vote, when it opens; all of them have to be met."""
