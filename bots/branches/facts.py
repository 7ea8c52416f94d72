"""What is read from the register to be shown: officers, sizes, what hangs on a branch or a person, who is meant."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from bots.kit.matching import fold
from party import mandates, members
from party.branches import Branch, Tree
from party.mandates import MandateRow
from party.members import AccountRow, MemberRow, Status

_LONGEST: Final = 255
"""Characters of what can be looked for, at most."""


@dataclass(frozen=True, slots=True)
class Officer:
    """Who holds, or will hold, which office of a branch; the instants are those of the mandate."""

    name: str
    office: str
    branch: Branch
    starts_at: datetime
    ends_at: datetime | None


@dataclass(frozen=True, slots=True)
class Held:
    """What hangs on a branch: its own members and those below it (status `member` or `suspended`), the open branches
    directly under it and all under it, and the mandates that are held in it or will be."""

    members: int
    members_below: int
    children: tuple[Branch, ...]
    branches_below: tuple[Branch, ...]
    mandates: int

    @property
    def everybody(self) -> int:
        """The members of the branch and of those below it."""
        return self.members + self.members_below


async def officers(
    session: AsyncSession, branches: Iterable[Branch], at: datetime, *, to_come: bool = False
) -> Sequence[Officer]:
    """The holders of offices at an instant, in the order of branches given, by office and beginning; with `to_come`,
    those too whose time begins later."""
    order = {branch.id: (number, branch) for number, branch in enumerate(branches)}
    held = not_over(at) if to_come else mandates.in_force(at)
    query = (
        select(MandateRow, MemberRow.name)
        .join(MemberRow, MemberRow.id == MandateRow.member_id)
        .where(MandateRow.branch_id.in_(order), held)
        .order_by(MandateRow.office, MandateRow.starts_at, MandateRow.id)
    )
    found = [
        Officer(name, row.office, order[row.branch_id][1], row.starts_at, row.ends_at)
        for row, name in await session.execute(query)
    ]
    return sorted(found, key=lambda officer: order[officer.branch.id][0])


async def held(session: AsyncSession, tree: Tree, branch: Branch, at: datetime) -> Held:
    """What hangs on a branch at an instant."""
    sizes = await members.counts(session)
    below = tuple(other for other in tree.below(branch.id) if other.open)
    ending = select(func.count()).where(MandateRow.branch_id == branch.id, not_over(at))
    return Held(
        sizes.get(branch.id, 0),
        sum(sizes.get(other.id, 0) for other in below),
        tuple(child for child in tree.children(branch.id) if child.open),
        below,
        await session.scalar(ending) or 0,
    )


async def offices_of(session: AsyncSession, tree: Tree, member_id: str, at: datetime) -> Sequence[Officer]:
    """What a member holds or will hold, by branch."""
    member = await members.by_id(session, member_id)
    return [
        Officer(member.name, row.office, tree[row.branch_id], row.starts_at, row.ends_at)
        for row in await mandates_of(session, member_id, at)
    ]


async def mandates_of(session: AsyncSession, member_id: str, at: datetime) -> Sequence[MandateRow]:
    """The mandates that a member holds or will hold, by beginning."""
    query = select(MandateRow).where(MandateRow.member_id == member_id, not_over(at))
    return (await session.scalars(query.order_by(MandateRow.starts_at, MandateRow.id))).all()


def not_over(at: datetime) -> ColumnElement[bool]:
    """The condition that a mandate is held or will be; one that was cancelled never is."""
    ending = (MandateRow.ends_at > at) & (MandateRow.ends_at > MandateRow.starts_at)
    return or_(MandateRow.ends_at.is_(None), ending)


async def search(session: AsyncSession, wanted: str, within: Iterable[str]) -> Sequence[MemberRow]:
    """The members of these branches who have all the words in their name, or one of whose number, e-mail address or
    accounts holds the text; by name. Those who left come last."""
    needle, words = fold(wanted), fold(wanted).split()
    if len(needle) > _LONGEST:
        return ()
    rows = (await session.scalars(select(MemberRow).where(MemberRow.branch_id.in_(list(within))))).all()
    accounts = select(AccountRow.member_id).where(func.lower(AccountRow.user_id).contains(needle, autoescape=True))
    by_account = set(await session.scalars(accounts)) if "@" in needle else set[str]()

    def fits(row: MemberRow) -> bool:
        name = fold(row.name)
        return (
            all(word in name for word in words)
            or needle == fold(row.number)
            or ("@" in needle and needle in fold(row.email or ""))
            or row.id in by_account
        )

    return sorted(filter(fits, rows), key=lambda row: (row.status == Status.LEFT, fold(row.name), row.number))


async def with_account(session: AsyncSession, member_ids: Sequence[str]) -> frozenset[str]:
    """Those of some members who have an account, confirmed or only named."""
    query = select(AccountRow.member_id).where(AccountRow.member_id.in_(member_ids))
    return frozenset(await session.scalars(query))
