"""Ballots of many branches, branch by branch, at the close."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from sqlalchemy import select

from bots.kit.request import Occasion
from bots.kit.wording import Items, Line
from bots.vote import assembly_words, casting, result
from bots.vote.assembly import Part
from bots.vote.casting import Counted
from bots.vote.confidential import Told
from bots.vote.counted import Count, Shown
from bots.vote.plan import Plan
from bots.vote.tables import PlaceRow, VoteRow

MOST: Final = 40
"""How many branches a result shows."""


async def assembled(
    occasion: Occasion, row: VoteRow, plan: Plan, told: Count, whole: Mapping[str, int], counted: Sequence[Counted]
) -> Count:
    """The result of a public vote of many branches."""
    places = await _places(occasion, row)
    by_branch: dict[str, list[Counted]] = {place.branch_id: [] for place in places}
    for one in counted:
        by_branch.setdefault(one.entry.branch_id, []).append(one)
    profiles = {branch: casting.profile(those) for branch, those in by_branch.items()}
    parts = [
        Part(branch_id=place.branch_id, ballots=profiles[place.branch_id], mandates=place.mandates) for place in places
    ]
    shown = [
        result.shown_of(
            plan, place.branch_id, 1, profiles[place.branch_id], len(by_branch[place.branch_id]), place.on_roll
        )
        for place in places
    ]
    return result.assemble(plan, told, whole, parts, shown, plan.split)


async def assembled_sealed(occasion: Occasion, row: VoteRow, plan: Plan, told: Count, box: Told) -> Count:
    """The result of a confidential vote of many branches. Few ballots are not told apart, and count all the same; a
    count by branches that decides nothing would tell how they went."""
    places = await _places(occasion, row)
    parts = [
        Part(branch_id=place.branch_id, ballots=box.parts.get(place.branch_id, {}), mandates=place.mandates)
        for place in places
    ]
    shown = [
        result.shown_of(
            plan, group, len(members), box.counts.get(group, {}),
            sum(box.voted.get(branch, 0) for branch in members), sum(box.on_roll.get(branch, 0) for branch in members),
        )
        for group, members in box.groups.items()
    ]  # fmt: skip
    apart = all(len(members) == 1 for members in box.groups.values())
    return result.assemble(plan, told, box.whole, parts, shown, plan.split, apart=apart)


async def rows(occasion: Occasion, plan: Plan, counted: Count) -> Sequence[Line]:
    """What came from each branch, where it may be told; most voters first."""
    if counted.assembled is None:
        return ()
    tree = await occasion.tree()
    shown = sorted(counted.assembled.shown, key=lambda one: (-one.voted, tree[one.branch_id].name))
    items = tuple(
        assembly_words.branch_row(plan, tree[one.branch_id].name, one.branches, one.totals, one.voted, one.roll)
        for one in shown
    )
    return (Items(items, most=MOST),) if len(items) > 1 else ()


def of_branch(counted: Count, branch_id: str) -> Shown | None:
    """What may be told of one branch by itself."""
    shown = () if counted.assembled is None else counted.assembled.shown
    return next((one for one in shown if one.branch_id == branch_id and one.branches == 1), None)


async def _places(occasion: Occasion, row: VoteRow) -> Sequence[PlaceRow]:
    query = select(PlaceRow).where(PlaceRow.vote_id == row.id).order_by(PlaceRow.branch_id)
    return (await occasion.session.scalars(query)).all()
