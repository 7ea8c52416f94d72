"""The tree of branches: tables, questions, and the pure `Tree` for those who need all of it at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, String, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from ground.database import Base, Instant
from ground.texts import text
from party.errors import NotFound


class BranchStatus(StrEnum):
    OPEN = "open"
    CLOSED = "closed"


class BranchRow(Base):
    """A local group, or a structure of such groups."""

    __tablename__ = "branches"

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    slug: Mapped[str] = mapped_column(String(60), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    tier: Mapped[str] = mapped_column(String(60))
    parent_id: Mapped[str | None] = mapped_column(ForeignKey("branches.id"), index=True)
    language: Mapped[str | None] = mapped_column(String(3))
    timezone: Mapped[str | None] = mapped_column(String(60))
    code: Mapped[str | None] = mapped_column(String(60))
    status: Mapped[str] = mapped_column(String(10))
    merged_into_id: Mapped[str | None] = mapped_column(ForeignKey("branches.id"))
    created_at: Mapped[datetime] = mapped_column(Instant)
    closed_at: Mapped[datetime | None] = mapped_column(Instant)


@dataclass(frozen=True, slots=True)
class Branch:
    """A branch as a value. `language` and `timezone` are None where the organisation's hold; `code` is a reference of
    the organisation's own, such as an ISO 3166-2 code."""

    id: str
    slug: str
    name: str
    tier: str
    parent_id: str | None
    language: str | None = None
    timezone: str | None = None
    code: str | None = None
    open: bool = True


class Tree:
    """All branches at once, in memory. Children are in the order of their names."""

    def __init__(self, branches: Iterable[Branch]) -> None:
        self._by_id = {branch.id: branch for branch in branches}
        self._children: dict[str | None, list[Branch]] = {}
        for branch in sorted(self._by_id.values(), key=lambda branch: (branch.name, branch.slug)):
            self._children.setdefault(branch.parent_id, []).append(branch)

    def __iter__(self) -> Iterator[Branch]:
        return iter(self._by_id.values())

    def __len__(self) -> int:
        return len(self._by_id)

    def __contains__(self, branch_id: str) -> bool:
        return branch_id in self._by_id

    def __getitem__(self, branch_id: str) -> Branch:
        return self._by_id[branch_id]

    def children(self, branch_id: str | None) -> Sequence[Branch]:
        """The branches directly under one; of None, the roots."""
        return self._children.get(branch_id, ())

    def path(self, branch_id: str) -> Iterator[Branch]:
        """The branch, its parent, and so on to the root."""
        at: str | None = branch_id
        while at is not None:
            branch = self._by_id[at]
            yield branch
            at = branch.parent_id

    def below(self, branch_id: str) -> Iterator[Branch]:
        """All branches under one, parents before children, without itself."""
        for child in self.children(branch_id):
            yield child
            yield from self.below(child.id)

    def top_down(self) -> Iterator[tuple[int, Branch]]:
        """Every branch with its depth (0 for a root), parents before children."""
        stack = [(0, branch) for branch in reversed(self.children(None))]
        while stack:
            depth, branch = stack.pop()
            yield depth, branch
            stack.extend((depth + 1, child) for child in reversed(self.children(branch.id)))


def as_value(row: BranchRow) -> Branch:
    """The row as a value."""
    return Branch(
        row.id, row.slug, row.name, row.tier, row.parent_id, row.language, row.timezone, row.code,
        row.status == BranchStatus.OPEN,
    )  # fmt: skip


async def tree(session: AsyncSession) -> Tree:
    """The whole tree, closed branches too."""
    return Tree([as_value(row) for row in await session.scalars(select(BranchRow))])


async def by_slug(session: AsyncSession, slug: str) -> BranchRow:
    """The branch with this slug. Raises NotFound."""
    row = await session.scalar(select(BranchRow).where(BranchRow.slug == slug))
    if row is None:
        raise NotFound(text("There is no branch '{slug}'.", slug=slug))
    return row


async def by_id(session: AsyncSession, branch_id: str) -> BranchRow:
    """The branch with this id. Raises NotFound."""
    row = await session.get(BranchRow, branch_id)
    if row is None:
        raise NotFound(text("That branch does not exist any more."))
    return row


async def path_to_root(session: AsyncSession, branch_id: str) -> Sequence[str]:
    """The ids of the branch, its parent, and so on to the root."""
    path = select(BranchRow.id, BranchRow.parent_id).where(BranchRow.id == branch_id).cte("path", recursive=True)
    path = path.union_all(select(BranchRow.id, BranchRow.parent_id).join(path, BranchRow.id == path.c.parent_id))
    parents = dict((await session.execute(select(path.c.id, path.c.parent_id))).all())
    ids: list[str] = []
    at: str | None = branch_id
    while at is not None and at in parents:
        ids.append(at)
        at = parents[at]
    if not ids:
        raise NotFound(text("That branch does not exist any more."))
    return ids


async def children(session: AsyncSession, branch_id: str, *, only_open: bool = True) -> Sequence[BranchRow]:
    """The branches directly under one, by name."""
    query = select(BranchRow).where(BranchRow.parent_id == branch_id).order_by(BranchRow.name, BranchRow.slug)
    if only_open:
        query = query.where(BranchRow.status == BranchStatus.OPEN)
    return (await session.scalars(query)).all()
