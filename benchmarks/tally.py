"""A million ranked ballots from the rows of the database to the verdict, by Schulze and by STV."""

from __future__ import annotations

import asyncio
import multiprocessing
import resource
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final

from sqlalchemy import create_engine, func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from benchmarks.result import Result
from bots.vote.counting.count import Rules, chunks_of, count_kept
from bots.vote.counting.outcome import Method, Outcome
from bots.vote.counting.values import LETTERS
from bots.vote.tables import CountRow
from ground.database import Database
from party import branches, members  # noqa: F401 - the tables to which theirs refer

BALLOTS, OPTIONS, SEATS, GROUPS = 1_000_000, 10, 3, 100
SECONDS, TIMES_FASTER = 3.0, 5.0
TIMES: Final = 3
"""The fastest counts: what else runs on the machine only ever adds."""
PATIENCE: Final = 40.0
"""After so many seconds another program is stopped, and what it took is said to be at least that."""
VOTE: Final = "0" * 26
NAMES: Final = tuple(f"Candidate {number}" for number in range(1, OPTIONS + 1))


@dataclass(frozen=True, slots=True)
class Measured:
    """Seconds from rows to verdict, of them `read` in the database; and who won."""

    seconds: float
    read: float
    winners: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Ours:
    """What counting took. `peak`: the most memory, in bytes, that its process ever had."""

    rows: int
    schulze: Measured
    stv: Measured
    peak: int


@dataclass(frozen=True, slots=True)
class Theirs:
    """What another program took from ballots in memory; `whole` tells that it came to an end."""

    seconds: float
    whole: bool
    winners: tuple[int, ...] = ()

    def shown(self) -> str:
        """For people."""
        return f"{'' if self.whole else 'over '}{self.seconds:.1f}"


def run() -> Result:
    """The seconds that both counts take together, each from the rows."""
    with tempfile.TemporaryDirectory(prefix="kunveno-tally-") as folder:
        spawn = multiprocessing.get_context("spawn")
        path = Path(folder, "tally.db")
        with ProcessPoolExecutor(1, mp_context=spawn) as process:
            rows = process.submit(fill, path).result()
        with ProcessPoolExecutor(1, mp_context=spawn) as process:
            ours = process.submit(measure, path, rows).result()
    schulze, stv = _patiently(pref_voting), _patiently(stvpoll)
    for mine, other in ((ours.schulze, schulze), (ours.stv, stv)):
        if other.whole and set(mine.winners) != set(other.winners):
            raise AssertionError(f"the counts differ: {mine.winners} and {other.winners}")
    seconds = ours.schulze.seconds + ours.stv.seconds
    faster = schulze.seconds / ours.schulze.seconds, stv.seconds / ours.stv.seconds
    return Result(
        "tally",
        seconds,
        SECONDS,
        "s",
        ok=seconds < SECONDS and min(faster) >= TIMES_FASTER,
        rows=(
            (f"{BALLOTS:,} ballots, {OPTIONS} options", "Schulze", f"STV, {SEATS} seats", "at most"),
            (
                "from rows to verdict, s",
                f"{ours.schulze.seconds:.2f}",
                f"{ours.stv.seconds:.2f}",
                f"{SECONDS:.2f} both",
            ),
            ("of that reading, s", f"{ours.schulze.read:.2f}", f"{ours.stv.read:.2f}", ""),
            ("pref-voting, s", schulze.shown(), "", ""),
            ("stvpoll, s", "", stv.shown(), ""),
            ("times faster, at least", *(f"{times:.0f}" for times in faster), f"{TIMES_FASTER:.0f} or more"),
            ("peak memory, MiB", f"{ours.peak / (1 << 20):.0f}", "", ""),
        ),
        detail={
            "ballots": BALLOTS,
            "options": OPTIONS,
            "rows": ours.rows,
            "schulze_s": round(ours.schulze.seconds, 3),
            "stv_s": round(ours.stv.seconds, 3),
            "read_s": [round(ours.schulze.read, 3), round(ours.stv.read, 3)],
            "pref_voting_s": round(schulze.seconds, 2),
            "pref_voting_ended": schulze.whole,
            "stvpoll_s": round(stv.seconds, 2),
            "stvpoll_ended": stv.whole,
            "times_faster": [round(times, 1) for times in faster],
            "peak_bytes": ours.peak,
        },
    )


def orders() -> Any:
    """The ballots: each a whole order of the options, nearly all different, some options liked better."""
    import numpy as np

    chance = np.random.default_rng(2026)
    liked = chance.gumbel(size=(BALLOTS, OPTIONS)).astype(np.float32) + np.linspace(1, 0, OPTIONS, dtype=np.float32)
    return np.argsort(-liked, axis=1)


def fill(path: Path) -> int:
    """Write the ballots as the vote keeps them when it closes; returns how many rows that makes."""
    kept = ["".join(LETTERS[option] for option in order) for order in orders().tolist()]
    found = Counter((f"{number % GROUPS:026}", choice) for number, choice in enumerate(kept))
    # The vote and the branches that they belong to make no difference to the count, and are left out.
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        CountRow.metadata.create_all(connection)
        connection.execute(
            insert(CountRow),
            [
                {"vote_id": VOTE, "group_id": group, "choice": choice, "ballots": ballots}
                for (group, choice), ballots in found.items()
            ],
        )
    engine.dispose()
    return len(found)


def measure(path: Path, rows: int) -> Ours:
    """Count, three times each way."""
    schulze, stv = (
        min(
            (asyncio.run(_measure(f"sqlite:///{path}", rules)) for _ in range(TIMES)),
            key=lambda measured: measured.seconds,
        )
        for rules in (
            Rules(method=Method.SCHULZE, names=NAMES),
            Rules(method=Method.STV, names=NAMES, seats=SEATS),
        )
    )
    unit = 1 if sys.platform == "darwin" else 1024  # getrusage(2) counts in bytes there, in kilobytes elsewhere
    return Ours(rows, schulze, stv, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit)


async def _measure(address: str, rules: Rules) -> Measured:
    async with Database.open(address) as database:
        begun = time.perf_counter()
        chunks = await database.read(_chunks)
        read = time.perf_counter()
        outcome: Outcome = count_kept(rules, chunks)
        end = time.perf_counter()
    if outcome.ballots != BALLOTS:
        raise AssertionError(f"{outcome.ballots} ballots were counted, not {BALLOTS}")
    return Measured(end - begun, read - begun, outcome.winners)


async def _chunks(session: AsyncSession) -> list[tuple[str, int]]:
    """The ballots as `count_kept` takes them: the database joins those that are the only one of their kind."""
    ones = await session.scalar(
        select(func.aggregate_strings(CountRow.choice, "\n")).where(CountRow.vote_id == VOTE, CountRow.ballots == 1)
    )
    others = await session.execute(
        select(CountRow.choice, CountRow.ballots).where(CountRow.vote_id == VOTE, CountRow.ballots != 1)
    )
    return [*([] if ones is None else [(ones, 1)]), *chunks_of((choice, ballots) for choice, ballots in others)]


def pref_voting(ballots: list[tuple[int, ...]]) -> Iterator[tuple[int, ...]]:
    """Schulze by pref-voting: ready at the first value, the winners are the second."""
    from pref_voting.margin_based_methods import beat_path
    from pref_voting.profiles import Profile

    beat_path(Profile([[0, 1], [1, 0]]))  # what it compiles when it is first used is not counted
    yield ()
    yield tuple(beat_path(Profile(ballots)))


def stvpoll(ballots: list[tuple[int, ...]]) -> Iterator[tuple[int, ...]]:
    """Scottish STV by stvpoll: ready at the first value, the winners are the second."""
    from stvpoll.scottish_stv import calculate_scottish_stv

    yield ()
    yield calculate_scottish_stv(tuple(range(OPTIONS)), Counter(ballots), SEATS).elected_as_tuple()


Program = Callable[[list[tuple[int, ...]]], Iterator[tuple[int, ...]]]
_PROGRAMS: Final[Mapping[str, Program]] = {"pref_voting": pref_voting, "stvpoll": stvpoll}


def _patiently(program: Program) -> Theirs:
    """Let another program count in a process of its own, for as long as patience lasts."""
    spawn = multiprocessing.get_context("spawn")
    here, there = spawn.Pipe()
    process = spawn.Process(target=_count_there, args=(there, program.__name__), daemon=True)
    process.start()
    there.close()
    try:
        here.recv()  # its ballots are in memory
        if not here.poll(PATIENCE):
            return Theirs(PATIENCE, whole=False)
        seconds, winners = here.recv()
        return Theirs(seconds, whole=True, winners=winners)
    finally:
        process.kill()
        process.join()


def _count_there(there: Connection, name: str) -> None:
    counting = _PROGRAMS[name](list(map(tuple, orders().tolist())))
    next(counting)
    there.send(None)
    begun = time.perf_counter()
    winners = next(counting)
    there.send((time.perf_counter() - begun, tuple(int(winner) for winner in winners)))
