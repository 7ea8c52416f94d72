"""Rows of memberships: for each member that they name, the whole history of branches."""

from __future__ import annotations

from datetime import UTC, datetime

from ground.texts import text
from party.days import read_from, read_until
from party.errors import RegisterError
from party.exchange.desk import Desk
from party.exchange.forms import Row
from party.operations.history import Period, RecordHistory

_NEVER = datetime.max.replace(tzinfo=UTC)


async def take(desk: Desk, rows: list[Row]) -> None:
    """Record the histories. A bad row spoils the history of its member, and is the one that is named."""
    histories: dict[str, list[tuple[Period, Row]]] = {}
    spoilt: set[str] = set()
    for row in rows:
        number = row.word("member") or ""
        try:
            histories.setdefault(desk.member_id(number), []).append((await _period(desk, row), row))
        except RegisterError as error:
            desk.refuse(row, error)
            spoilt.add(desk.member_ids.get(number, ""))
        desk.advance(1)
    for member_id, history in histories.items():
        if member_id not in spoilt:
            history.sort(key=lambda pair: (pair[0].since, pair[0].until or _NEVER))
            periods = tuple(period for period, _ in history)
            await desk.attempt(history[-1][1], lambda m=member_id, p=periods: _record(desk, m, p), counts=False)  # type: ignore[misc]


async def _period(desk: Desk, row: Row) -> Period:
    branch = await desk.branch(row.word("branch"))
    zone = desk.policy.zone(branch.timezone)
    since, until = row.word("since"), row.word("until")
    if since is None:
        raise RegisterError(text("The column '{column}' is empty.", column="since"))
    return Period(read_from(since, zone), read_until(until, zone) if until is not None else None, branch.id)


async def _record(desk: Desk, member_id: str, periods: tuple[Period, ...]) -> str:
    done = await desk.change(RecordHistory(member_id, periods))
    how = "changed" if done.changed else "unchanged"
    tally = getattr(desk, how)
    tally["memberships"] = tally.get("memberships", 0) + len(periods)
    return how
