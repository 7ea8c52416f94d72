"""The register into files: sorted and stable, so that two exports of the same register are the same bytes.

Mandates that never were in force, because their branch closed before they began, are not written.
"""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Literal

import yaml
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from party.branches import BranchRow, Tree, as_value
from party.days import write_from, write_until
from party.exchange.forms import FORMS, Cell, Form, Kind
from party.mandates import MandateRow
from party.members import AccountRow, MemberRow, MembershipRow
from party.policy import PartyPolicy

YAML_NAME = "register.yaml"
Cells = dict[str, Cell]


async def export(
    session: AsyncSession, policy: PartyPolicy, *, form: Literal["csv", "yaml"] = "csv"
) -> Mapping[str, bytes]:
    """The files of an export, by their names: a CSV file for each form, or one YAML file."""
    branches = {row.id: row for row in await session.scalars(select(BranchRow))}
    members = {row.id: row for row in await session.scalars(select(MemberRow))}
    tables: dict[Kind, list[Cells]] = {
        "branches": _branches(branches),
        "members": await _members(session, branches, members),
        "mandates": await _mandates(session, policy, branches, members),
        "memberships": await _memberships(session, policy, branches, members),
    }
    if form == "csv":
        return {f"{kind}.csv": _csv(FORMS[kind], rows) for kind, rows in tables.items()}
    return {YAML_NAME: _yaml(tables)}


def save(files: Mapping[str, bytes], folder: Path) -> list[Path]:
    """Write files into a folder, made when missing, readable by their owner alone. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, content in files.items():
        partial = folder / f".{name}.partial"
        partial.unlink(missing_ok=True)
        with open(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
        written.append(partial.replace(folder / name))
    return written


def _branches(rows: Mapping[str, BranchRow]) -> list[Cells]:
    tree = Tree(as_value(row) for row in rows.values())
    return [
        {
            "slug": row.slug,
            "name": row.name,
            "tier": row.tier,
            "parent": rows[row.parent_id].slug if row.parent_id else None,
            "language": row.language,
            "timezone": row.timezone,
            "code": row.code,
            "status": row.status,
            "merged_into": rows[row.merged_into_id].slug if row.merged_into_id else None,
        }
        for row in (rows[branch.id] for _, branch in tree.top_down())
    ]


async def _members(
    session: AsyncSession, branches: Mapping[str, BranchRow], members: Mapping[str, MemberRow]
) -> list[Cells]:
    accounts: dict[tuple[str, bool], list[str]] = {}
    for account in await session.scalars(select(AccountRow).order_by(AccountRow.user_id)):
        accounts.setdefault((account.member_id, account.confirmed_at is not None), []).append(account.user_id)
    return [
        {
            "number": row.number,
            "name": row.name,
            "email": row.email,
            "language": row.language,
            "branch": branches[row.branch_id].slug,
            "status": row.status,
            "joined_on": row.joined_on.isoformat() if row.joined_on else None,
            "left_on": row.left_on.isoformat() if row.left_on else None,
            "confirmed_accounts": tuple(sorted(accounts.get((row.id, True), ()))),
            "claimed_accounts": tuple(sorted(accounts.get((row.id, False), ()))),
        }
        for row in sorted(members.values(), key=lambda row: row.number)
    ]


async def _mandates(
    session: AsyncSession, policy: PartyPolicy, branches: Mapping[str, BranchRow], members: Mapping[str, MemberRow]
) -> list[Cells]:
    cells: list[tuple[tuple[object, ...], Cells]] = []
    for row in await session.scalars(select(MandateRow)):
        if row.ends_at is not None and row.ends_at <= row.starts_at:
            continue
        branch, member = branches[row.branch_id], members[row.member_id]
        zone = policy.zone(branch.timezone)
        cells.append(
            (
                (branch.slug, row.office, row.starts_at, member.number),
                {
                    "member": member.number,
                    "office": row.office,
                    "branch": branch.slug,
                    "from": write_from(row.starts_at, zone),
                    "until": write_until(row.ends_at, zone) if row.ends_at else None,
                },
            )
        )
    return _sorted(cells)


async def _memberships(
    session: AsyncSession, policy: PartyPolicy, branches: Mapping[str, BranchRow], members: Mapping[str, MemberRow]
) -> list[Cells]:
    cells: list[tuple[tuple[object, ...], Cells]] = []
    for row in await session.scalars(select(MembershipRow)):
        branch, member = branches[row.branch_id], members[row.member_id]
        zone = policy.zone(branch.timezone)
        end = row.until or datetime.max.replace(tzinfo=row.since.tzinfo)
        cells.append(
            (
                (member.number, row.since, end, branch.slug),
                {
                    "member": member.number,
                    "branch": branch.slug,
                    "since": write_from(row.since, zone),
                    "until": write_until(row.until, zone) if row.until else None,
                },
            )
        )
    return _sorted(cells)


def _sorted(cells: Iterable[tuple[tuple[object, ...], Cells]]) -> list[Cells]:
    return [row for _, row in sorted(cells, key=lambda pair: pair[0])]


def _csv(form: Form, rows: Iterable[Cells]) -> bytes:
    columns = list(form.columns)
    file = io.StringIO()
    lines = csv.writer(file, lineterminator="\n")
    lines.writerow(columns)
    for row in rows:
        cells = (row[column] for column in columns)
        lines.writerow([" ".join(cell) if isinstance(cell, tuple) else cell for cell in cells])
    return file.getvalue().encode()


def _yaml(tables: Mapping[Kind, Iterable[Cells]]) -> bytes:
    plain = {
        kind: [
            {column: list(cell) if isinstance(cell, tuple) else cell for column, cell in row.items()} for row in rows
        ]
        for kind, rows in tables.items()
    }
    return yaml.safe_dump(plain, sort_keys=False, allow_unicode=True, width=1000).encode()
