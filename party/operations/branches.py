"""Create, edit, move, merge and close branches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from ground.ids import new_id
from ground.texts import counted, text
from party import branches
from party.branches import BranchRow, BranchStatus
from party.called import Called, called, called_tier
from party.errors import RegisterError
from party.mandates import MandateRow
from party.members import MemberRow, Status
from party.operation import Context, Done, Need, Operation, assign
from party.operations.checks import check_code, check_locale, check_name, check_open, check_slug
from party.operations.mandates import end_all
from party.operations.members import settle
from party.policy import PartyPolicy


@dataclass(frozen=True, slots=True)
class CreateBranch(Operation):
    """A new branch under `parent_id` (None: the root of the tree)."""

    slug: str
    name: str
    tier: str
    parent_id: str | None
    language: str | None = None
    timezone: str | None = None
    code: str | None = None

    async def needs(self, session: AsyncSession, context: Context) -> Sequence[Need]:
        return [Need("branch.create", self.parent_id)]

    async def carry_out(self, session: AsyncSession, context: Context) -> Sequence[Done]:
        check_slug(self.slug)
        check_name(self.name)
        check_locale(context.policy, self.language, self.timezone)
        check_code(self.code)
        if await session.scalar(select(BranchRow.id).where(BranchRow.slug == self.slug)):
            raise RegisterError(text("There is already a branch '{slug}'.", slug=self.slug))
        await _check_position(session, context.policy, Called(self.slug, self.name), self.tier, self.parent_id)
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        row = BranchRow(id=new_id(), status=BranchStatus.OPEN, created_at=context.at, **values)
        session.add(row)
        await session.flush()
        return [Done("branch.created", row.id, row.parent_id, tuple(values))]


@dataclass(frozen=True, slots=True)
class EditBranch(Operation):
    """Give a branch these particulars. `rename` makes one from a branch as it is."""

    branch_id: str
    name: str
    language: str | None
    timezone: str | None
    code: str | None

    @classmethod
    def rename(cls, row: BranchRow, name: str) -> EditBranch:
        """Change nothing but the name."""
        return cls(row.id, name, row.language, row.timezone, row.code)

    async def needs(self, session: AsyncSession, context: Context) -> Sequence[Need]:
        return [Need("branch.edit", self.branch_id)]

    async def carry_out(self, session: AsyncSession, context: Context) -> Sequence[Done]:
        row = await branches.by_id(session, self.branch_id)
        check_name(self.name)
        check_locale(context.policy, self.language, self.timezone)
        check_code(self.code)
        changed = assign(row, name=self.name, language=self.language, timezone=self.timezone, code=self.code)
        return [Done("branch.edited", row.id, row.id, changed)]


@dataclass(frozen=True, slots=True)
class MoveBranch(Operation):
    """Put a branch, with all that is under it, under another parent; its tier may change with it."""

    branch_id: str
    parent_id: str | None
    tier: str | None = None

    async def needs(self, session: AsyncSession, context: Context) -> Sequence[Need]:
        row = await branches.by_id(session, self.branch_id)
        return [Need("branch.move", row.parent_id), Need("branch.move", self.parent_id)]

    async def carry_out(self, session: AsyncSession, context: Context) -> Sequence[Done]:
        row = await branches.by_id(session, self.branch_id)
        tier = self.tier or row.tier
        if (row.parent_id, row.tier) == (self.parent_id, tier):
            return [Done("branch.moved", row.id, self.parent_id, ())]
        check_open(row)
        if self.parent_id is not None and row.id in await branches.path_to_root(session, self.parent_id):
            parent = await branches.by_id(session, self.parent_id)
            raise RegisterError(
                text(
                    "'{slug}' cannot go under '{parent}', which is itself under it.",
                    slug=called(row),
                    parent=called(parent),
                )
            )
        await _check_position(session, context.policy, called(row), tier, self.parent_id, itself=row.id)
        for child in await branches.children(session, row.id, only_open=False):
            if _rank(context.policy, child.tier) <= _rank(context.policy, tier):
                raise _wrong_tier(context.policy, called(child), child.tier, called(row), tier)
        changed = assign(row, parent_id=self.parent_id, tier=tier)
        return [Done("branch.moved", row.id, self.parent_id, changed)]


@dataclass(frozen=True, slots=True)
class MergeBranches(Operation):
    """Close a branch and give its members and the branches under it to another one. Its mandates end."""

    branch_id: str
    into_id: str

    async def needs(self, session: AsyncSession, context: Context) -> Sequence[Need]:
        return [Need("branch.merge", self.branch_id), Need("branch.merge", self.into_id)]

    async def carry_out(self, session: AsyncSession, context: Context) -> Sequence[Done]:
        row, into = await branches.by_id(session, self.branch_id), await branches.by_id(session, self.into_id)
        if row.id in await branches.path_to_root(session, into.id):
            raise RegisterError(
                text(
                    "'{slug}' cannot be merged into '{into}', which is itself or under it.",
                    slug=called(row),
                    into=called(into),
                )
            )
        check_open(row)
        check_open(into)
        below = await branches.children(session, row.id)
        for child in below:
            if _rank(context.policy, child.tier) <= _rank(context.policy, into.tier):
                raise _wrong_tier(context.policy, called(child), child.tier, called(into), into.tier)
        done = [Done("branch.moved", child.id, into.id, assign(child, parent_id=into.id)) for child in below]
        for member in (await session.scalars(select(MemberRow).where(MemberRow.branch_id == row.id))).all():
            changed = await settle(session, member, into.id, context.at)
            done.append(Done("member.transferred", member.id, into.id, changed))
        done += await end_all(session, MandateRow.branch_id == row.id, context)
        changed = assign(row, status=BranchStatus.CLOSED, closed_at=context.at, merged_into_id=into.id)
        return [*done, Done("branch.merged", row.id, into.id, changed)]


@dataclass(frozen=True, slots=True)
class CloseBranch(Operation):
    """Close a branch that has no open branches under it and no members; its mandates end."""

    branch_id: str

    async def needs(self, session: AsyncSession, context: Context) -> Sequence[Need]:
        return [Need("branch.close", self.branch_id)]

    async def carry_out(self, session: AsyncSession, context: Context) -> Sequence[Done]:
        row = await branches.by_id(session, self.branch_id)
        if row.status == BranchStatus.CLOSED:
            return [Done("branch.closed", row.id, row.parent_id, ())]
        if below := await branches.children(session, row.id):
            raise RegisterError(
                counted(
                    "'{slug}' still has a branch under it ({first}): move or close it first.",
                    "'{slug}' still has {count} branches under it (one is {first}): move or close them first.",
                    len(below),
                    slug=called(row),
                    first=called(below[0]),
                )
            )
        present = select(MemberRow.id).where(MemberRow.branch_id == row.id, MemberRow.status != Status.LEFT)
        if members := (await session.scalars(present)).all():
            raise RegisterError(
                counted(
                    "'{slug}' still has a member: transfer this person first, or merge the branch into another.",
                    "'{slug}' still has {count} members: transfer them first, or merge the branch into another.",
                    len(members),
                    slug=called(row),
                )
            )
        done = await end_all(session, MandateRow.branch_id == row.id, context)
        changed = assign(row, status=BranchStatus.CLOSED, closed_at=context.at)
        return [*done, Done("branch.closed", row.id, row.parent_id, changed)]


async def _check_position(
    session: AsyncSession,
    policy: PartyPolicy,
    branch: Called,
    tier: str,
    parent_id: str | None,
    itself: str | None = None,
) -> None:
    rank = _rank(policy, tier)
    if parent_id is None:
        root = await session.scalar(
            select(BranchRow).where(
                BranchRow.parent_id.is_(None), BranchRow.status == BranchStatus.OPEN, BranchRow.id != (itself or "")
            )
        )
        if root is not None:
            raise RegisterError(
                text(
                    "'{slug}' has no parent, but '{root}' is already the top of the tree.",
                    slug=branch,
                    root=called(root),
                )
            )
        return
    parent = await branches.by_id(session, parent_id)
    check_open(parent)
    if rank <= _rank(policy, parent.tier):
        raise _wrong_tier(policy, branch, tier, called(parent), parent.tier)


def _rank(policy: PartyPolicy, tier: str) -> int:
    try:
        return policy.rank(tier)
    except KeyError:
        raise RegisterError(
            text("There is no tier '{tier}'; the tiers are {tiers}.", tier=tier, tiers=", ".join(policy.tiers))
        ) from None


def _wrong_tier(policy: PartyPolicy, branch: Called, tier: str, parent: Called, parent_tier: str) -> RegisterError:
    return RegisterError(
        text(
            "'{slug}' ({tier}) cannot be under '{parent}' ({parent_tier}): a parent's tier is higher.",
            slug=branch, tier=called_tier(policy, tier), parent=parent, parent_tier=called_tier(policy, parent_tier),
        )
    )  # fmt: skip
