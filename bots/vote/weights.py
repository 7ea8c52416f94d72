"""How much each ballot weighs where delegates carry the mandates of others. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bots.vote.electorate import Elector
from bots.vote.errors import VoteRefused
from ground.texts import text
from party.branches import Tree

HEAVIEST = 100_000
"""What one ballot may weigh."""


def from_register(electors: Sequence[Elector], tree: Tree, members: Mapping[str, int]) -> dict[str, int]:
    """What each delegate carries, by member: the members of their branch and of those below it.

    `members`: how many each branch has (`party.members.counts`). A branch below that has delegates of its own is theirs
    alone. Several delegates of a branch share its members evenly, the first by number one more; the sum is kept.
    """
    delegates: dict[str, list[Elector]] = {}
    for elector in electors:
        delegates.setdefault(elector.branch_id, []).append(elector)
    carried = dict.fromkeys(delegates, 0)
    for branch, count in members.items():
        if branch in tree and (nearest := next((up.id for up in tree.path(branch) if up.id in delegates), None)):
            carried[nearest] += count
    weights: dict[str, int] = {}
    for branch, those in delegates.items():
        share, more = divmod(carried[branch], len(those))
        for rank, elector in enumerate(sorted(those, key=lambda one: one.number)):
            weights[elector.member_id] = share + (rank < more)
    return weights


def given(electors: Sequence[Elector], weights: Mapping[str, int]) -> dict[str, int]:
    """Weights written at the opening, by the numbers of members, as weights by member. Raises VoteRefused."""
    by_number = {elector.number: elector.member_id for elector in electors}
    for number, weight in weights.items():
        if number not in by_number:
            raise VoteRefused(text("Member {number} is not on the roll of this vote.", number=number))
        if not 0 <= weight <= HEAVIEST:
            raise VoteRefused(text("A ballot weighs between 0 and {most}, not {weight}.", most=HEAVIEST, weight=weight))
    return {by_number[number]: weight for number, weight in weights.items()}
