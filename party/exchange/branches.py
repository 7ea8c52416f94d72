"""Rows of branches: created from the top down, closed from the bottom up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

from ground.texts import text
from party.branches import BranchStatus
from party.errors import RegisterError
from party.exchange.desk import Desk, once
from party.exchange.forms import Row
from party.operations.branches import CloseBranch, CreateBranch, EditBranch, MergeBranches, MoveBranch


@dataclass(frozen=True, slots=True)
class Round:
    """Branches that are made, filled and closed before others, and whose members they are."""

    rows: list[Row]
    is_home: Callable[[str | None], bool]


def rounds(desk: Desk, rows: list[Row]) -> list[Round]:
    """One round for each new tree that is closed as a whole, then one for all others; parents first."""
    by_slug = {row.word("slug"): row for row in once(desk, rows, "slug")}
    ordered = _ordered(desk, by_slug)
    for slug, row in by_slug.items():
        if into := row.word("merged_into"):
            desk.merged_into[slug or ""] = into
    tops = {row.word("slug"): _top(by_slug, row) for row in ordered}
    alone = [top for top in dict.fromkeys(tops.values()) if _is_new_closed(desk, by_slug.get(top))]
    first = [
        Round([row for row in ordered if tops[row.word("slug")] == top], lambda slug, top=top: tops.get(slug) == top)  # type: ignore[misc]
        for top in alone
    ]
    rest = [row for row in ordered if tops[row.word("slug")] not in alone]
    return [*first, Round(rest, lambda slug: tops.get(slug) not in alone)]


async def take(desk: Desk, rows: list[Row]) -> None:
    """Create, edit and move."""
    for row in rows:
        await desk.attempt(row, lambda row=row: _take(desk, row))  # type: ignore[misc]


async def close(desk: Desk, rows: list[Row]) -> None:
    """Merge and close, what lies lower or went elsewhere first."""
    closing = {row.word("slug"): row for row in rows if _closes(row) and row.word("slug") in desk.branch_ids}
    before: TopologicalSorter[str | None] = TopologicalSorter({slug: () for slug in closing})
    for slug, row in closing.items():
        for later in (row.word("parent"), row.word("merged_into")):
            if later in closing:
                before.add(later, slug)
    try:
        order = list(before.static_order())
    except CycleError as error:
        for slug in set(error.args[1]):
            message = text("'{slug}' was merged into itself: the merged branches form a circle.", slug=slug)
            desk.refuse(closing[slug], RegisterError(message))
        return
    for slug in order:
        await desk.attempt(closing[slug], lambda row=closing[slug]: _close(desk, row), counts=False)  # type: ignore[misc]


async def _take(desk: Desk, row: Row) -> str:
    slug = row.word("slug") or ""
    status = row.word("status")
    if status is not None and status not in set(BranchStatus):
        raise RegisterError(text("'{status}' is no status; write open or closed.", status=status))
    if row.word("merged_into") is not None and status != BranchStatus.CLOSED:
        raise RegisterError(text("'{slug}' was merged into another branch, so its status is closed.", slug=slug))
    name, tier = row.word("name") or "", row.word("tier") or ""
    parent = row.word("parent")
    parent_id = desk.branch_id(parent) if parent is not None else None
    if slug not in desk.branch_ids:
        created = await desk.change(
            CreateBranch(slug, name, tier, parent_id, row.word("language"), row.word("timezone"), row.word("code"))
        )
        desk.branch_ids[slug] = created.subject_id
        return "added"
    present = await desk.branch(slug)
    if present.status == BranchStatus.CLOSED and status == BranchStatus.OPEN:
        raise RegisterError(text("'{slug}' is closed and cannot be opened again.", slug=slug))
    edited = await desk.change(
        EditBranch(
            present.id,
            name,
            row.either("language", present.language),
            row.either("timezone", present.timezone),
            row.either("code", present.code),
        )
    )
    moved = await desk.change(MoveBranch(present.id, parent_id, tier))
    closes = _closes(row) and present.status == BranchStatus.OPEN
    return "changed" if edited.changed or moved.changed or closes else "unchanged"


async def _close(desk: Desk, row: Row) -> str:
    present = await desk.branch(row.word("slug"))
    into = row.word("merged_into")
    if present.status == BranchStatus.OPEN:
        await desk.change(MergeBranches(present.id, desk.branch_id(into)) if into else CloseBranch(present.id))
    elif "merged_into" in row.cells and present.merged_into_id != (desk.branch_id(into) if into else None):
        raise RegisterError(text("'{slug}' is closed already, and went elsewhere.", slug=present.slug))
    return "changed"


def _closes(row: Row) -> bool:
    return row.word("status") == BranchStatus.CLOSED


def _is_new_closed(desk: Desk, row: Row | None) -> bool:
    return row is not None and _closes(row) and row.word("slug") not in desk.branch_ids and row.word("parent") is None


def _ordered(desk: Desk, by_slug: dict[str | None, Row]) -> list[Row]:
    """Parents first; rows that hang in a circle are bad."""
    while True:
        graph = {slug: {row.word("parent")} & by_slug.keys() for slug, row in by_slug.items()}
        try:
            return [by_slug[slug] for slug in TopologicalSorter(graph).static_order()]
        except CycleError as error:
            for slug in set(error.args[1]):
                message = text("'{slug}' is under itself: its parents form a circle.", slug=slug or "")
                desk.refuse(by_slug.pop(slug), RegisterError(message))


def _top(by_slug: dict[str | None, Row], row: Row) -> str | None:
    parent = row.word("parent")
    while parent in by_slug:
        row = by_slug[parent]
        parent = row.word("parent")
    return row.word("slug")
