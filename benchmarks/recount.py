"""A hundred thousand poll responses from the rows of the database to the result."""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from sqlalchemy import create_engine, insert
from sqlalchemy.ext.asyncio import AsyncSession

from bots.vote import casting, plan, proxies, result
from bots.vote.casting import Means
from bots.vote.counted import Count
from bots.vote.counting.values import kept_choice
from bots.vote.electorate import Electorate
from bots.vote.tables import CastRow, RollRow, State, VoteRow
from ground.database import Database
from kunveno.migrate import metadata

RESPONSES = 100_000
LONGEST: Final = 2.0
"""Seconds."""
TIMES: Final = 3
_VOTE: Final = "0" * 26
_AT: Final = datetime(2026, 11, 27, 12, tzinfo=UTC)
_GRACE: Final = timedelta(minutes=1)
_CHOICES: Final = ("For", "Against", "Abstain")


@dataclass(frozen=True, slots=True)
class Recount:
    """The seconds of the slower of two votes: everybody answered once, or each of half as many twice."""

    responses: int
    seconds: float
    processor: float
    """Of these, what the processor worked: on a machine that does much else the others are waiting."""


def recount() -> Recount:
    """Count both, each in a process of its own."""
    spawn = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory(prefix="kunveno-recount-") as folder, ProcessPoolExecutor(1, spawn) as process:
        taken = [process.submit(_counted, Path(folder, f"{each}.db"), each).result() for each in (1, 2)]
    return Recount(RESPONSES, *max(taken))


def _counted(path: Path, each: int) -> tuple[float, float]:
    """The fastest of three counts: what else runs on the machine only ever adds."""
    _fill(path, each)
    return min(asyncio.run(_measure(f"sqlite:///{path}", each)) for _ in range(TIMES))


def _fill(path: Path, each: int) -> None:
    """A vote that is over, its roll, and `each` responses of every member on it."""
    members = [f"{number:026}" for number in range(RESPONSES // each)]
    made = plan.make((), _CHOICES)
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:  # members and branches make no difference to the count, and are left out
        metadata().create_all(connection)
        connection.execute(
            insert(VoteRow),
            {
                "id": _VOTE, "number": 1, "branch_id": _VOTE, "state": State.OPEN, "confidential": False,
                "units": False, "change": True, "question": "Shall we?", "options": json.dumps(made.options),
                "rules": made.kept(), "electorate": Electorate().kept(), "created_at": _AT, "opened_at": _AT,
                "closes_at": _AT + timedelta(days=1), "roll_size": len(members), "roll_weight": len(members),
            },
        )  # fmt: skip
        connection.execute(
            insert(RollRow),
            [
                {
                    "vote_id": _VOTE, "position": number, "member_id": member, "number": str(number),
                    "branch_id": _VOTE, "weight": 1,
                }
                for number, member in enumerate(members)
            ],
        )  # fmt: skip
        connection.execute(insert(CastRow), [_cast(members, number) for number in range(RESPONSES)])
    engine.dispose()


def _cast(members: list[str], number: int) -> dict[str, Any]:
    at = _AT + timedelta(milliseconds=number)
    return {
        "id": f"${number:043}", "vote_id": _VOTE, "member_id": members[number % len(members)], "means": Means.POLL,
        "choice": kept_choice(frozenset({number % 7 % 3})), "spoiled": False, "sent_at": at,
        "received_at": at + timedelta(milliseconds=100),
    }  # fmt: skip


async def _measure(address: str, each: int) -> tuple[float, float]:
    async with Database.open(address) as database:
        begun, worked = time.perf_counter(), time.process_time()
        counted = await database.read(_count)
        taken = time.perf_counter() - begun, time.process_time() - worked
    if counted.voted != RESPONSES // each:
        raise AssertionError(f"{counted.voted} voted, not {RESPONSES // each}")
    return taken


async def _count(session: AsyncSession) -> Count:
    """What is done when the grace after the close is over."""
    vote = await session.get_one(VoteRow, _VOTE)
    given = await proxies.of_vote(session, vote, _AT)
    totals = await casting.totals(session, vote, given, closes=vote.closes_at, grace=_GRACE)
    return result.settle(
        plan.plan_of(vote.options, vote.rules),
        totals.profile,
        voted=totals.voted,
        roll=vote.roll_size or 0,
        weight=vote.roll_weight or 0,
        proxies=totals.by_proxy,
    )
