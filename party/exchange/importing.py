"""Rows into the register, in one transaction, every change through `register.change`.

The order of rows does not matter. What the files do not name stays as it is; a column that a file does not have is left
alone, an empty cell clears it. Trees that are closed as a whole come first, so that there never are two tops.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from sqlalchemy.ext.asyncio import AsyncSession

from ground.clock import Clock
from ground.database import Database
from party.exchange import branches, mandates, members, memberships
from party.exchange.desk import Desk
from party.exchange.forms import BadRow, Kind
from party.exchange.reading import Reading
from party.policy import PartyPolicy


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an import did, or with `taken` False would have done: how many rows of each kind, and the bad rows."""

    taken: bool
    added: dict[Kind, int] = field(default_factory=dict)
    changed: dict[Kind, int] = field(default_factory=dict)
    unchanged: dict[Kind, int] = field(default_factory=dict)
    bad: list[BadRow] = field(default_factory=list)


class _GiveUp(Exception):
    """Undoes the transaction."""

    def __init__(self, outcome: Outcome) -> None:
        self.outcome = outcome


def _ignore(_rows: int) -> None:
    """No progress is shown."""


async def take(
    database: Database,
    reading: Reading,
    *,
    policy: PartyPolicy,
    clock: Clock,
    skip_bad: bool = False,
    dry_run: bool = False,
    advance: Callable[[int], object] = _ignore,
) -> Outcome:
    """Take what was read into the register, as the operator.

    Nothing is changed when any row is bad, unless `skip_bad`, nor in a `dry_run`. `advance` is told of rows done.
    """

    async def work(session: AsyncSession) -> Outcome:
        desk = Desk(session, policy, clock.now(), careful=skip_bad, advance=advance)
        desk.bad.extend(reading.bad)
        await desk.fetch(reading)
        people = members.prepared(desk, reading.of("members"))
        for batch in branches.rounds(desk, reading.of("branches")):
            await branches.take(desk, batch.rows)
            at_home = [row for row in people if batch.is_home(desk.home(row.word("branch")))]
            await members.take(desk, at_home)
            await branches.close(desk, batch.rows)
        await mandates.take(desk, reading.of("mandates"))
        await memberships.take(desk, reading.of("memberships"))
        taken = not dry_run and (skip_bad or not desk.bad)
        bad = sorted(desk.bad, key=lambda row: (row.file, row.line))
        outcome = Outcome(taken, desk.added, desk.changed, desk.unchanged, bad)
        if not taken:
            raise _GiveUp(outcome)
        return outcome

    try:
        return await database.write(work)
    except _GiveUp as given_up:
        return given_up.outcome
