"""Rows of mandates, told apart by member, office, branch and beginning."""

from __future__ import annotations

from datetime import datetime

from ground.texts import text
from party.days import read_from, read_until
from party.errors import RegisterError
from party.exchange.desk import Desk, MandateKey, once
from party.exchange.forms import Row
from party.mandates import by_id
from party.operations.mandates import EndMandate, GiveMandate


async def take(desk: Desk, rows: list[Row]) -> None:
    """Set the end of mandates that there are, then give new ones."""
    fresh: list[Row] = []
    for row in once(desk, rows, "member", "office", "branch", "from"):
        try:
            is_new = (await _key(desk, row)) not in desk.mandate_ids
        except RegisterError as error:
            desk.refuse(row, error)
            continue
        if is_new:
            fresh.append(row)
        else:
            await desk.attempt(row, lambda row=row: _end(desk, row))  # type: ignore[misc]
    for row in fresh:
        await desk.attempt(row, lambda row=row: _give(desk, row))  # type: ignore[misc]


async def _key(desk: Desk, row: Row) -> MandateKey:
    branch = await desk.branch(row.word("branch"))
    starts_at = read_from(row.word("from") or "", desk.policy.zone(branch.timezone))
    return desk.member_id(row.word("member")), row.word("office") or "", branch.id, starts_at


async def _until(desk: Desk, row: Row) -> datetime | None:
    branch = await desk.branch(row.word("branch"))
    written = row.word("until")
    return read_until(written, desk.policy.zone(branch.timezone)) if written is not None else None


async def _give(desk: Desk, row: Row) -> str:
    key = await _key(desk, row)
    member_id, office, branch_id, starts_at = key
    if key in desk.mandate_ids:
        raise RegisterError(text("This is the same mandate as another row's."))
    given = await desk.change(GiveMandate(member_id, office, branch_id, starts_at, await _until(desk, row)))
    desk.mandate_ids[key] = given.subject_id
    return "added"


async def _end(desk: Desk, row: Row) -> str:
    mandate_id = desk.mandate_ids[await _key(desk, row)]
    if "until" not in row.cells:
        return "unchanged"
    present = await by_id(desk.session, mandate_id)
    until = await _until(desk, row)
    if present.ends_at == until:
        return "unchanged"
    await desk.change(EndMandate(mandate_id, until))
    return "changed"
