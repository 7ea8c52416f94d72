"""Branches: create, edit, move, merge, close, show."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from ground.texts import text
from kunveno.app import App
from kunveno.cli import output
from kunveno.cli.register.common import change, given
from kunveno.cli.register.mandates import Listed, listed
from party import branches, mandates
from party.branches import Branch, BranchRow, Tree
from party.errors import RegisterError
from party.mandates import MandateRow
from party.members import MemberRow, counts
from party.operation import Operation
from party.operations.branches import CloseBranch, CreateBranch, EditBranch, MergeBranches, MoveBranch


async def create(
    app: App,
    slug: str,
    name: str,
    tier: str,
    parent: str | None,
    *,
    language: str | None,
    timezone: str | None,
    code: str | None,
) -> None:
    """A new branch; without a parent, the top of the tree."""

    async def make(session: AsyncSession) -> Operation:
        parent_id = (await branches.by_slug(session, parent)).id if parent else None
        return CreateBranch(slug, name, tier, parent_id, language, timezone, code)

    await change(app, make, f"Branch '{slug}' is created.")


async def edit(
    app: App,
    slug: str,
    *,
    name: str | None = None,
    language: str | None = None,
    timezone: str | None = None,
    code: str | None = None,
) -> None:
    """Change what is given; an empty text clears."""

    async def make(session: AsyncSession) -> Operation:
        row = await branches.by_slug(session, slug)
        return EditBranch(
            row.id,
            row.name if name is None else name,
            given(language, row.language),
            given(timezone, row.timezone),
            given(code, row.code),
        )

    await change(app, make, f"Branch '{slug}' is changed.")


async def move(app: App, slug: str, parent: str, tier: str | None) -> None:
    """Put a branch under another one."""

    async def make(session: AsyncSession) -> Operation:
        row, under = await branches.by_slug(session, slug), await branches.by_slug(session, parent)
        return MoveBranch(row.id, under.id, tier)

    await change(app, make, f"Branch '{slug}' is under '{parent}' now.")


async def merge(app: App, slug: str, into: str) -> None:
    """Close a branch in favour of another one."""

    async def make(session: AsyncSession) -> Operation:
        row, other = await branches.by_slug(session, slug), await branches.by_slug(session, into)
        return MergeBranches(row.id, other.id)

    await change(app, make, f"Branch '{slug}' is merged into '{into}'.")


async def close(app: App, slug: str) -> None:
    """Close a branch."""

    async def make(session: AsyncSession) -> Operation:
        return CloseBranch((await branches.by_slug(session, slug)).id)

    await change(app, make, f"Branch '{slug}' is closed.")


@dataclass(frozen=True, slots=True)
class Content:
    """What a branch holds."""

    name: str
    members: int
    branches: int
    mandates: int


async def content(app: App, slug: str) -> Content:
    """How much there is in a branch. Raises NotFound."""

    async def work(session: AsyncSession) -> Content:
        row = await branches.by_slug(session, slug)
        members = await session.scalar(select(func.count()).where(MemberRow.branch_id == row.id))
        ending = select(func.count()).where(
            MandateRow.branch_id == row.id, MandateRow.ends_at.is_(None) | (MandateRow.ends_at > app.clock.now())
        )
        below = await branches.children(session, row.id)
        return Content(row.name, members or 0, len(below), await session.scalar(ending) or 0)

    return await app.database.read(work)


async def show(app: App, slug: str, *, json: bool) -> None:
    """Print a branch with its officers."""

    async def work(session: AsyncSession) -> tuple[dict[str, object], list[Listed]]:
        row = await branches.by_slug(session, slug)
        tree = await branches.tree(session)
        held = await mandates.held_in(session, row.id, app.clock.now())
        into = await session.get(BranchRow, row.merged_into_id) if row.merged_into_id else None
        facts = _facts(tree, tree[row.id], (await counts(session)).get(row.id, 0))
        facts |= {
            "path": [branch.slug for branch in tree.path(row.id)][::-1],
            "below": [branch.slug for branch in tree.children(row.id) if branch.open],
            "merged_into": into.slug if into else None,
        }
        return facts, await listed(session, app.config.party(), held)

    facts, officers = await app.database.read(work)
    if json:
        output.print_json({**facts, "mandates": [one.data() for one in officers]})
        return
    for key, value in facts.items():
        if value not in (None, []):
            output.say(f"{key:12}{' '.join(value) if isinstance(value, list) else value}")
    for one in officers:
        output.say(f"{one.office:12}{one.name} ({one.number}), {one.period}")


async def list_(app: App, *, tier: str | None, closed: bool, json: bool) -> None:
    """Print the branches, one a line."""
    tiers = app.config.party().tiers
    if tier is not None and tier not in tiers:
        raise RegisterError(
            text("There is no tier '{tier}'; the tiers are {tiers}.", tier=tier, tiers=", ".join(tiers))
        )
    tree, sizes = await app.database.read(_tree_and_sizes)
    found = [
        _facts(tree, branch, sizes.get(branch.id, 0))
        for _, branch in tree.top_down()
        if (branch.open or closed) and tier in (None, branch.tier)
    ]
    if json:
        output.print_json(found)
        return
    columns = ("slug", "name", "tier", "parent", "members", "status")
    output.table(columns, [[str(one[column] or "") for column in columns] for one in found])


async def draw(app: App, slug: str | None) -> None:
    """Print the open branches as a tree, with the number of members whose home each is."""
    tree, sizes = await app.database.read(_tree_and_sizes)
    if slug is None:
        tops = [branch for branch in tree.children(None) if branch.open]
    else:
        tops = [tree[(await app.database.read(lambda session: branches.by_slug(session, slug))).id]]
    for top in tops:
        output.say(_label(top, sizes))
        _draw_below(tree, top, sizes, "")


def _draw_below(tree: Tree, branch: Branch, sizes: dict[str, int], margin: str) -> None:
    below = [child for child in tree.children(branch.id) if child.open]
    for child in below:
        last = child is below[-1]
        output.say(f"{margin}{'└── ' if last else '├── '}{_label(child, sizes)}")
        _draw_below(tree, child, sizes, margin + ("    " if last else "│   "))


def _label(branch: Branch, sizes: dict[str, int]) -> str:
    size = sizes.get(branch.id, 0)
    return f"{branch.name} ({branch.slug})" + (f": {size}" if size else "")


async def _tree_and_sizes(session: AsyncSession) -> tuple[Tree, dict[str, int]]:
    return await branches.tree(session), dict(await counts(session))


def _facts(tree: Tree, branch: Branch, members: int) -> dict[str, object]:
    return {
        "slug": branch.slug,
        "name": branch.name,
        "tier": branch.tier,
        "parent": tree[branch.parent_id].slug if branch.parent_id else None,
        "language": branch.language,
        "timezone": branch.timezone,
        "code": branch.code,
        "status": "open" if branch.open else "closed",
        "members": members,
    }
