"""Which branches of a confidential vote are shown together, so that no few ballots are ever shown apart. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar

from party.branches import Tree

K = TypeVar("K")


def groups(tree: Tree, top: str, ballots: Mapping[str, int], least: int) -> dict[str, tuple[str, ...]]:
    """The branches that are shown together, by the branch under whose name: `top`, or one below it.

    `ballots`: how many ballots each branch has, `top` or below it. Whoever has fewer than `least` goes up to the
    branch above, with all that came up to it; what is left at the top takes the smallest group beside it in. The groups
    share all branches among them, so that their results add up to the whole and no difference tells more. A whole
    vote of fewer than `least` is one group all the same: the caller then says the verdict alone.
    """
    made: dict[str, tuple[str, ...]] = {}
    waiting: dict[str, list[str]] = {}
    order = [top, *(branch.id for branch in tree.below(top))]
    for branch in reversed(order):  # children before their parents
        together = [*([branch] if branch in ballots else []), *waiting.pop(branch, [])]
        if branch == top:
            waiting[top] = together
        elif _sum(ballots, together) >= least:
            made[branch] = tuple(together)
        elif together:
            waiting.setdefault(tree[branch].parent_id or top, []).extend(together)
    left = waiting[top]
    while made and left and _sum(ballots, left) < least:
        smallest = min(made, key=lambda group: (_sum(ballots, made[group]), group))
        left.extend(made.pop(smallest))
    if left:
        made[top] = tuple(left)
    return made


def merged(shown: Mapping[str, Iterable[str]], counts: Mapping[str, Mapping[K, int]]) -> dict[str, dict[K, int]]:
    """What was counted by branch (`counts`), summed by the groups of `groups`."""
    sums: dict[str, dict[K, int]] = {}
    for group, members in shown.items():
        into = sums.setdefault(group, {})
        for branch in members:
            for key, count in counts.get(branch, {}).items():
                into[key] = into.get(key, 0) + count
    return sums


def _sum(ballots: Mapping[str, int], branches: Iterable[str]) -> int:
    return sum(ballots.get(branch, 0) for branch in branches)
