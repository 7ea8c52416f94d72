"""Mandates: give, end, show."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from ground.texts import text
from kunveno.app import App
from kunveno.cli import output
from kunveno.cli.register.common import change, period
from party import branches, members
from party.branches import BranchRow
from party.days import read_from, read_until, write_from, write_until
from party.errors import NotFound, RegisterError
from party.mandates import MandateRow
from party.members import MemberRow
from party.operation import Operation
from party.operations.mandates import EndMandate, GiveMandate
from party.policy import PartyPolicy


@dataclass(frozen=True, slots=True)
class Listed:
    """A mandate as it is shown; the days are those of the branch's time zone, the last one included."""

    number: str
    name: str
    office: str
    branch: str
    since: str
    until: str | None
    period: str
    """From which day until which, for reading."""

    def data(self) -> dict[str, str | None]:
        """For a script."""
        return {
            "member": self.number,
            "office": self.office,
            "branch": self.branch,
            "from": self.since,
            "until": self.until,
        }


async def listed(session: AsyncSession, policy: PartyPolicy, rows: Iterable[MandateRow]) -> list[Listed]:
    """Mandates with the names of what they point to; those that were cancelled, and so never were, are left out."""
    found = []
    for row in rows:
        if row.ends_at is not None and row.ends_at <= row.starts_at:
            continue
        member, branch = await members.by_id(session, row.member_id), await branches.by_id(session, row.branch_id)
        zone = policy.zone(branch.timezone)
        until = write_until(row.ends_at, zone) if row.ends_at else None
        found.append(
            Listed(
                member.number,
                member.name,
                row.office,
                branch.slug,
                write_from(row.starts_at, zone),
                until,
                period(row.starts_at, row.ends_at, zone),
            )
        )
    return found


async def give(app: App, number: str, office: str, branch: str, since: str | None, until: str | None) -> None:
    """Give an office; `since` None is now, `until` is the last day."""

    async def make(session: AsyncSession) -> Operation:
        member, row = await members.by_number(session, number), await branches.by_slug(session, branch)
        zone = app.config.party().zone(row.timezone)
        starts_at = read_from(since, zone) if since else None
        return GiveMandate(member.id, office, row.id, starts_at, read_until(until, zone) if until else None)

    days = (f" from {since}" if since else "") + (f" until {until}" if until else "")
    await change(app, make, f"{number} is {office} of '{branch}'{days}.")


async def end(app: App, number: str, office: str, branch: str, since: str | None, until: str | None) -> None:
    """End a mandate now, or with the day `until`. `since` tells which one where there are several."""

    async def make(session: AsyncSession) -> Operation:
        member, row = await members.by_number(session, number), await branches.by_slug(session, branch)
        zone = app.config.party().zone(row.timezone)
        mandate = await _one(session, app, member, office, row, since)
        return EndMandate(mandate.id, read_until(until, zone) if until else app.clock.now())

    await change(
        app,
        make,
        f"{number} is {office} of '{branch}' until {until}."
        if until
        else f"{number} is not {office} of '{branch}' any more.",
        mandate_cancelled=f"The mandate of {number} as {office} of '{branch}', which had not begun, is cancelled.",
    )


async def _one(
    session: AsyncSession, app: App, member: MemberRow, office: str, branch: BranchRow, since: str | None
) -> MandateRow:
    query = select(MandateRow).where(
        MandateRow.member_id == member.id,
        MandateRow.office == office,
        MandateRow.branch_id == branch.id,
        MandateRow.ends_at.is_(None) | (MandateRow.ends_at > MandateRow.starts_at),
    )
    if since is not None:
        query = query.where(MandateRow.starts_at == read_from(since, app.config.party().zone(branch.timezone)))
    else:
        query = query.where(MandateRow.ends_at.is_(None) | (MandateRow.ends_at > app.clock.now()))
    found: Sequence[MandateRow] = (await session.scalars(query)).all()
    if not found:
        raise NotFound(text("Member {number} has no such mandate.", number=member.number))
    if len(found) > 1:
        raise RegisterError(
            text("Member {number} has several such mandates: say which one with --from.", number=member.number)
        )
    return found[0]


async def list_(app: App, *, branch: str | None, number: str | None, over: bool, json: bool) -> None:
    """Print mandates, by branch."""

    async def work(session: AsyncSession) -> list[Listed]:
        query = select(MandateRow).join(BranchRow, BranchRow.id == MandateRow.branch_id)
        if branch is not None:
            query = query.where(BranchRow.id == (await branches.by_slug(session, branch)).id)
        if number is not None:
            query = query.where(MandateRow.member_id == (await members.by_number(session, number)).id)
        if not over:
            query = query.where(MandateRow.ends_at.is_(None) | (MandateRow.ends_at > app.clock.now()))
        rows = await session.scalars(query.order_by(BranchRow.slug, MandateRow.office, MandateRow.starts_at))
        return await listed(session, app.config.party(), rows.all())

    found = await app.database.read(work)
    if json:
        output.print_json([one.data() for one in found])
        return
    output.table(
        ("branch", "office", "member", "name", "from", "until"),
        [(one.branch, one.office, one.number, one.name, one.since, one.until) for one in found],
    )
