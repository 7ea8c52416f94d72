"""What is shown of branches and offices: pure, from what was read to the lines of a message."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from bots.branches.facts import Held
from bots.kit.wording import Day, Items, Line, Strong, Typed
from ground.texts import Text, counted, text
from party.branches import Branch, Tree

NAMED: Final = 6
"""How many branches are named in a sentence."""
LINES: Final = 20
"""How many lines of the tree are shown at once: about two screens of a telephone."""
_INDENT: Final = "\u2003"


@dataclass(frozen=True, slots=True)
class Holder:
    """An office and who has it, as they are said: `until` is the last day; `since` the first, where it is to come."""

    office: str
    name: str
    until: date | None = None
    since: date | None = None
    branch: str | None = None
    """The branch, where several are shown."""


@dataclass(frozen=True, slots=True)
class TreeLine:
    """One line of the tree. `members` counts those of the branches below too; `hidden` is how many branches below are
    left out."""

    depth: int
    branch: Branch
    members: int
    hidden: int = 0


def whereabouts(
    branch: Branch, tier: str, above: Sequence[Branch], held: Held, officers: Sequence[Holder], further: Typed
) -> list[Line]:
    """Where one is: the branch, what is above and below it, how many they are, who holds its offices.

    `above` goes up from the parent; `further` is the command that shows all that is below.
    """
    lines: list[Line] = [text("{branch} ({tier})", branch=Strong(branch.name), tier=tier)]
    if above:
        lines.append(text("Above: {branches}.", branches=", ".join(up.name for up in above)))
    if held.children:
        lines.append(_below(held.children, further))
    lines.append(_members(held))
    if officers:
        lines += [text("In office:"), Items(tuple(map(office_line, officers)))]
    else:
        lines.append(text("Nobody holds an office here."))
    return lines


def _below(children: Sequence[Branch], further: Typed) -> Text:
    named = ", ".join(child.name for child in children[:NAMED])
    if len(children) <= NAMED:
        return text("Below: {branches}.", branches=named)
    return counted(
        "Below: {branches} and one more: {command}.",
        "Below: {branches} and {count} more: {command}.",
        len(children) - NAMED,
        branches=named,
        command=further,
    )


def _members(held: Held) -> Text:
    if not held.branches_below:
        return members(held.members)
    return counted(
        "{count} member, {all} with the branches below.",
        "{count} members, {all} with the branches below.",
        held.members,
        all=held.members + held.members_below,
    )


def members(count: int) -> Text:
    """How many members, as a sentence."""
    return counted("{count} member.", "{count} members.", count)


def office_line(holder: Holder) -> Text:
    """Who holds an office, and until when."""
    values: dict[str, object] = {"office": holder.office, "name": Strong(holder.name)}
    if holder.branch is not None:
        values["office"] = text("{office} ({branch})", office=holder.office, branch=holder.branch)
    if holder.since is not None and holder.until is not None:
        return text(
            "{office}: {name}, from {since} until {until}", **values, since=Day(holder.since), until=Day(holder.until)
        )
    if holder.since is not None:
        return text("{office}: {name}, from {since}", **values, since=Day(holder.since))
    if holder.until is not None:
        return text("{office}: {name}, until {until}", **values, until=Day(holder.until))
    return text("{office}: {name}", **values)


def draw(tree: Tree, tops: Sequence[Branch], sizes: Mapping[str, int]) -> list[TreeLine]:
    """The open branches from `tops` down, as many whole tiers as fit into LINES, at least the first below the tops."""
    lines: list[TreeLine] = []
    deepest = _deepest(tree, tops)

    def down(branch: Branch, depth: int) -> None:
        below = [other for other in tree.below(branch.id) if other.open]
        total = sizes.get(branch.id, 0) + sum(sizes.get(other.id, 0) for other in below)
        lines.append(TreeLine(depth, branch, total, len(below) if depth == deepest else 0))
        if depth < deepest:
            for child in tree.children(branch.id):
                if child.open:
                    down(child, depth + 1)

    for top in tops:
        down(top, 0)
    return lines


def _deepest(tree: Tree, tops: Sequence[Branch]) -> int:
    depth, count, row = 0, len(tops), list(tops)
    while row := [child for branch in row for child in tree.children(branch.id) if child.open]:
        count += len(row)
        if depth and count > LINES:
            break
        depth += 1
    return depth


def pages(lines: Sequence[TreeLine]) -> int:
    """How many pages the tree has."""
    return max(1, -(-len(lines) // LINES))


def tree_lines(lines: Sequence[TreeLine], page: int, following: Typed | None, deeper: Typed | None) -> list[Line]:
    """One page of the tree. `following` is the command for the next page, `deeper` one that shows what is left out."""
    shown = lines[(page - 1) * LINES : page * LINES]
    said: list[Line] = [Items(tuple(map(_tree_line, shown)), most=LINES)]
    if following is not None:
        said.append(
            text("Page {page} of {pages}. To go on: {command}", page=page, pages=pages(lines), command=following)
        )
    if deeper is not None:
        said.append(text("To see what is below one of them: {command}", command=deeper))
    return said


def _tree_line(line: TreeLine) -> Text:
    count = counted("{count} member", "{count} members", line.members)
    values = {"indent": _INDENT * line.depth, "branch": Strong(line.branch.name), "members": count}
    if not line.hidden:
        return text("{indent}{branch}: {members}", **values)
    below = counted("{count} branch below", "{count} branches below", line.hidden)
    return text("{indent}{branch}: {members}, {branches}", **values, branches=below)
