"""Members: add, edit, transfer, show; their accounts."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from ground.texts import text
from kunveno.app import App
from kunveno.cli import output
from kunveno.cli.register.common import change, given, period
from kunveno.cli.register.mandates import Listed, listed
from party import branches, members
from party.branches import BranchRow
from party.days import read_day, write_from, write_until
from party.errors import RegisterError
from party.mandates import MandateRow
from party.members import AccountRow, MemberRow, Status
from party.operation import Operation
from party.operations.members import AddMember, EditMember, NameAccount, ReleaseAccount, SetStatus, TransferMember

Facts = dict[str, object]


async def add(
    app: App,
    name: str,
    branch: str,
    *,
    number: str | None,
    email: str | None,
    language: str | None,
    status: str,
    joined_on: str | None,
    accounts: list[str],
) -> None:
    """A new member, with accounts that are claimed."""

    async def work(session: AsyncSession) -> str:
        home = await branches.by_slug(session, branch)
        operation = AddMember(
            name, home.id, number, email, language, _status(status), read_day(joined_on) if joined_on else None
        )
        added = (await app.change(session, operation))[-1].subject_id
        for account in accounts:
            await app.change(session, NameAccount(added, account))
        return (await members.by_id(session, added)).number

    output.say(f"{name} is member {await app.database.write(work)} now.")


async def edit(
    app: App,
    number: str,
    *,
    name: str | None,
    email: str | None,
    language: str | None,
    joined_on: str | None,
    left_on: str | None,
) -> None:
    """Change what is given; an empty text clears."""

    async def make(session: AsyncSession) -> Operation:
        row = await members.by_number(session, number)
        joined = given(joined_on, row.joined_on.isoformat() if row.joined_on else None)
        left = given(left_on, row.left_on.isoformat() if row.left_on else None)
        return EditMember(
            row.id,
            row.name if name is None else name,
            given(email, row.email),
            given(language, row.language),
            read_day(joined) if joined else None,
            read_day(left) if left else None,
        )

    await change(app, make, f"Member {number} is changed.")


async def transfer(app: App, number: str, branch: str) -> None:
    """Make another branch a member's home."""

    async def make(session: AsyncSession) -> Operation:
        return TransferMember(
            (await members.by_number(session, number)).id, (await branches.by_slug(session, branch)).id
        )

    await change(app, make, f"Member {number} belongs to '{branch}' now.")


async def set_status(app: App, number: str, status: str) -> None:
    """Admit, suspend, reinstate, let go."""

    async def make(session: AsyncSession) -> Operation:
        return SetStatus((await members.by_number(session, number)).id, _status(status))

    await change(app, make, f"Member {number} is '{status}' now.")


async def name_account(app: App, number: str, account: str, *, confirmed: bool) -> None:
    """Say that an account is a member's."""

    async def make(session: AsyncSession) -> Operation:
        return NameAccount((await members.by_number(session, number)).id, account, confirmed)

    await change(app, make, f"{account} is an account of member {number}.")


async def release_account(app: App, number: str, account: str) -> None:
    """Say that an account is not a member's any more."""

    async def make(session: AsyncSession) -> Operation:
        return ReleaseAccount((await members.by_number(session, number)).id, account)

    await change(app, make, f"{account} is no account of member {number} any more.")


async def show(app: App, number: str, *, json: bool) -> None:
    """Print a member with accounts, mandates and history."""

    async def work(session: AsyncSession) -> tuple[Facts, list[Listed], list[tuple[Facts, str]]]:
        row = await members.by_number(session, number)
        facts = (await _facts(session, [row]))[0]
        held = await session.scalars(
            select(MandateRow).where(MandateRow.member_id == row.id).order_by(MandateRow.starts_at)
        )
        history: list[tuple[Facts, str]] = []
        for one in await members.memberships(session, row.id):
            branch = await branches.by_id(session, one.branch_id)
            zone = app.config.party().zone(branch.timezone)
            until = write_until(one.until, zone) if one.until else None
            fact: Facts = {"branch": branch.slug, "since": write_from(one.since, zone), "until": until}
            history.append((fact, f"{branch.slug}, {period(one.since, one.until, zone)}"))
        return facts, await listed(session, app.config.party(), held.all()), history

    facts, held, history = await app.database.read(work)
    if json:
        output.print_json(
            {**facts, "mandates": [one.data() for one in held], "memberships": [fact for fact, _ in history]}
        )
        return
    for key, value in facts.items():
        if value not in (None, []):
            output.say(f"{key:20}{' '.join(value) if isinstance(value, list) else value}")
    for one in held:
        output.say(f"{one.office:20}{one.branch}, {one.period}")
    for _, past in history:
        output.say(f"{'in the branch':20}{past}")


async def list_(
    app: App, *, branch: str | None, below: bool, status: str | None, wanted: str | None, json: bool
) -> None:
    """Print members, by number; `wanted` is part of a name, a number, an e-mail address or an account."""

    async def work(session: AsyncSession) -> list[Facts]:
        query = select(MemberRow).order_by(MemberRow.number)
        if branch is not None:
            home = await branches.by_slug(session, branch)
            tree = await branches.tree(session)
            homes = [home.id, *(one.id for one in tree.below(home.id))] if below else [home.id]
            query = query.where(MemberRow.branch_id.in_(homes))
        if status is not None:
            query = query.where(MemberRow.status == _status(status))
        if wanted is not None:
            like = f"%{wanted.lower().replace('!', '!!').replace('%', '!%').replace('_', '!_')}%"
            accounts = select(AccountRow.member_id).where(func.lower(AccountRow.user_id).like(like, escape="!"))
            columns = (MemberRow.name, MemberRow.number, MemberRow.email)
            query = query.where(
                or_(*(func.lower(column).like(like, escape="!") for column in columns), MemberRow.id.in_(accounts))
            )
        return await _facts(session, (await session.scalars(query)).all())

    found = await app.database.read(work)
    if json:
        output.print_json(found)
        return
    columns = ("number", "name", "branch", "status", "confirmed_accounts", "claimed_accounts")
    rows = [
        [" ".join(cell) if isinstance(cell := one[column], list) else str(cell or "") for column in columns]
        for one in found
    ]
    output.table(columns, rows)


async def _facts(session: AsyncSession, rows: Sequence[MemberRow]) -> list[Facts]:
    slugs = {row.id: row.slug for row in await session.execute(select(BranchRow.id, BranchRow.slug))}
    accounts: dict[tuple[str, bool], list[str]] = {}
    named = select(AccountRow).order_by(AccountRow.user_id)
    if len(rows) == 1:
        named = named.where(AccountRow.member_id == rows[0].id)
    for account in await session.scalars(named):
        accounts.setdefault((account.member_id, account.confirmed_at is not None), []).append(account.user_id)
    return [
        {
            "number": row.number,
            "name": row.name,
            "email": row.email,
            "language": row.language,
            "branch": slugs[row.branch_id],
            "status": row.status,
            "joined_on": row.joined_on.isoformat() if row.joined_on else None,
            "left_on": row.left_on.isoformat() if row.left_on else None,
            "confirmed_accounts": accounts.get((row.id, True), []),
            "claimed_accounts": accounts.get((row.id, False), []),
        }
        for row in rows
    ]


def _status(written: str) -> Status:
    if written not in set(Status):
        raise RegisterError(
            text("'{status}' is no status; write one of {known}.", status=written, known=", ".join(Status))
        )
    return Status(written)
