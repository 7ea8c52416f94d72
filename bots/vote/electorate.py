"""Who may vote: members of a branch, of all below it, or the holders of an office there, at one instant."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bots.vote.offers import Condition, Electors
from ground.texts import Text, text
from party.branches import Tree
from party.mandates import MandateRow, in_force
from party.members import MemberRow, Status

_NAMED: Final = 500
"""Branches in one question to the database."""


@dataclass(frozen=True, slots=True)
class Electorate:
    """Whom a vote is for. `below`: also in the branches under it; `office`: only who holds it there."""

    below: bool = False
    office: str | None = None

    def kept(self) -> str:
        """As a text that `electorate_of` reads."""
        reach = "below" if self.below else "here"
        return reach if self.office is None else f"{reach}:{self.office}"

    def branches(self, tree: Tree, branch_id: str) -> frozenset[str]:
        """The branches whose members, or officers, these are."""
        below = (branch.id for branch in tree.below(branch_id)) if self.below else ()
        return frozenset((branch_id, *below))


@dataclass(frozen=True, slots=True)
class Elector:
    """Somebody who may vote, and the branch for which they do: their home, or that of their office."""

    member_id: str
    number: str
    branch_id: str
    weight: int = 1


@dataclass(frozen=True, slots=True)
class Admitted:
    """Who may vote, and who would but for a condition: why not, by member."""

    electors: Sequence[Elector]
    turned_away: Mapping[str, Text]


def electorate_of(kept: str) -> Electorate:
    """What `Electorate.kept` wrote."""
    reach, _, office = kept.partition(":")
    return Electorate(below=reach == "below", office=office or None)


async def electors(
    session: AsyncSession, electorate: Electorate, tree: Tree, branch_id: str, at: datetime, *, suspended: bool
) -> Sequence[Elector]:
    """Who may vote, by the register as it stands in this transaction; mandates are those held at `at` (aware).

    Each member once: who holds the office in several branches votes for the first by name. `suspended`: whether
    suspended members vote; as officers they never do.
    """
    branches = electorate.branches(tree, branch_id)
    standing = [Status.MEMBER]
    if suspended and electorate.office is None:
        standing.append(Status.SUSPENDED)
    query = select(MemberRow.id, MemberRow.number, MemberRow.branch_id).where(MemberRow.status.in_(standing))
    if electorate.office is not None:
        query = (
            select(MemberRow.id, MemberRow.number, MandateRow.branch_id)
            .join(MandateRow, MandateRow.member_id == MemberRow.id)
            .where(MemberRow.status.in_(standing), MandateRow.office == electorate.office, in_force(at))
        )
    if len(branches) <= _NAMED:  # more are cheaper looked through here
        votes_for = MemberRow.branch_id if electorate.office is None else MandateRow.branch_id
        query = query.where(votes_for.in_(branches))
    found = [Elector(*row) for row in await session.execute(query)]
    order = {branch.id: order for order, (_, branch) in enumerate(tree.top_down())}
    found.sort(key=lambda elector: (order.get(elector.branch_id, 0), elector.number))
    return _once(elector for elector in found if elector.branch_id in branches)


async def admit(
    session: AsyncSession, found: Sequence[Elector], conditions: Iterable[Condition], branch_id: str, at: datetime
) -> Admitted:
    """Ask the conditions of other bots (`offers.MAY_VOTE`); the first that is not met is the reason."""
    turned_away: dict[str, Text] = {}
    members = [elector.member_id for elector in found]
    for condition in conditions:
        remaining = [member for member in members if member not in turned_away]
        refused = await condition(session, Electors(branch_id, remaining, at))
        turned_away.update({member: refused[member] for member in remaining if member in refused})
    return Admitted([elector for elector in found if elector.member_id not in turned_away], turned_away)


def weighted(found: Sequence[Elector], weights: Mapping[str, int]) -> Sequence[Elector]:
    """The electors with their weights, by member; 1 for whom nothing is said."""
    return [replace(elector, weight=weights.get(elector.member_id, 1)) for elector in found]


def standing(status: str, *, on_roll: bool) -> Text | None:
    """Why somebody cannot vote in general, to themselves; None when nothing of that kind stands against it."""
    if on_roll:
        return None
    if status == Status.SUSPENDED:
        return text("You cannot vote while your membership is suspended.")
    if status == Status.APPLICANT:
        return text("You can vote once you have become a member.")
    if status == Status.LEFT:
        return text("Only members can vote.")
    return None


def _once(found: Iterable[Elector]) -> Sequence[Elector]:
    """Each member once, at their first place."""
    first: dict[str, Elector] = {}
    for elector in found:
        first.setdefault(elector.member_id, elector)
    return list(first.values())
