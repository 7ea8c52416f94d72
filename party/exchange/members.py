"""Rows of members, with their accounts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from ground.texts import text
from party.days import read_day
from party.errors import RegisterError
from party.exchange.desk import Desk, once
from party.exchange.forms import Row
from party.members import MemberRow, Status
from party.operation import Operation
from party.operations.members import AddMember, EditMember, NameAccount, ReleaseAccount, SetStatus, TransferMember


def prepared(desk: Desk, rows: list[Row]) -> list[Row]:
    """The rows that can be told apart, those first that let go of an account, which another row may then take."""
    return sorted(once(desk, rows, "number"), key=lambda row: not any(_released(desk, row)))


async def take(desk: Desk, rows: list[Row]) -> None:
    """Add, edit, transfer, set the status, name and release accounts."""
    for row in rows:
        await desk.attempt(row, lambda row=row: _take(desk, row))  # type: ignore[misc]


async def _take(desk: Desk, row: Row) -> str:
    number = row.word("number") or ""
    branch_id = desk.branch_id(desk.home(row.word("branch")))
    status = _status(row)
    present = await desk.member(number) if number in desk.member_ids else None
    if present is None:
        member_id = await _add(desk, row, number, branch_id, status)
        changed = True
    else:
        member_id = present.id
        changed = await _change(desk, row, present, branch_id, status)
    accounts = dict(desk.accounts.get(member_id, {}))
    for account in _released(desk, row):
        await desk.change(ReleaseAccount(member_id, account))
        del accounts[account]
        changed = True
    for column, confirmed in (("confirmed_accounts", True), ("claimed_accounts", False)):
        for account in row.words(column):
            if account not in accounts or (confirmed and not accounts[account]):
                await desk.change(NameAccount(member_id, account, confirmed))
                accounts[account] = confirmed
                changed = True
    if changed:
        desk.accounts[member_id] = accounts
        desk.member_ids[number] = member_id
    return "added" if present is None else "changed" if changed else "unchanged"


async def _add(desk: Desk, row: Row, number: str, branch_id: str, status: Status | None) -> str:
    joined_on, left_on = _day(row, "joined_on"), _day(row, "left_on")
    name, email, language = row.word("name") or "", row.word("email"), row.word("language")
    added = await desk.change(
        AddMember(name, branch_id, number, email, language, status or Status.MEMBER, joined_on, left_on)
    )
    if joined_on is None and "joined_on" in row.cells:
        await desk.change(EditMember(added.subject_id, name, email, language, None, left_on))
    return added.subject_id


async def _change(desk: Desk, row: Row, present: MemberRow, branch_id: str, status: Status | None) -> bool:
    changes: list[Operation] = []
    if branch_id != present.branch_id:
        changes.append(TransferMember(present.id, branch_id))
    if status is not None and status != present.status:
        changes.append(SetStatus(present.id, status))
    particulars = (
        row.word("name") or "",
        row.either("email", present.email),
        row.either("language", present.language),
        _day(row, "joined_on") if "joined_on" in row.cells else present.joined_on,
    )
    left_on = _day(row, "left_on") if "left_on" in row.cells else present.left_on
    if "left_on" not in row.cells and SetStatus(present.id, Status.LEFT) in changes:
        left_on = desk.at.astimezone(desk.policy.zone(None)).date()
    now = (present.name, present.email, present.language, present.joined_on)
    if (*now, present.left_on) != (*particulars, left_on):
        changes.append(EditMember(present.id, *particulars, left_on))
    for change in changes:
        await desk.change(change)
    return bool(changes)


def _released(desk: Desk, row: Row) -> Iterator[str]:
    """The accounts that the row takes from its member. One that is confirmed already is not made claimed again."""
    member_id = desk.member_ids.get(row.word("number") or "")
    named = {*row.words("confirmed_accounts"), *row.words("claimed_accounts")}
    for account, confirmed in desk.accounts.get(member_id or "", {}).items():
        if account not in named and ("confirmed_accounts" if confirmed else "claimed_accounts") in row.cells:
            yield account


def _status(row: Row) -> Status | None:
    written = row.word("status")
    if written is None:
        return None
    if written not in set(Status):
        raise RegisterError(
            text("'{status}' is no status; write one of {known}.", status=written, known=", ".join(Status))
        )
    return Status(written)


def _day(row: Row, column: str) -> date | None:
    written = row.word(column)
    return read_day(written) if written is not None else None
