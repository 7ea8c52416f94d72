"""Who is told what: who answers for the people of a branch, and which branches have nobody who does. Values only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from party.branches import Branch, Tree
from party.policy import PartyPolicy, Reach

SEES: Final = "member.see"
ANSWERS: Final = ("member.status", "member.account")
"""Whoever may do one of these answers for the people of a branch."""
FILLS: Final = "mandate.give"
"""Whoever may do this can give a branch new officers."""
KEEPS: Final = ("member.status", FILLS)
"""A branch has officers when somebody in it may do all of these."""

SETTLING: Final = timedelta(days=7)
"""How long a new branch may take to find its officers."""


@dataclass(frozen=True, slots=True)
class Officer:
    """A member in good standing who holds an office in a branch. `account`: where they are written to; None if
    nowhere."""

    member_id: str
    office: str
    branch_id: str
    account: str | None = None


@dataclass(frozen=True, slots=True)
class Charge:
    """Who is told: these officers of this branch. No branch: nobody of the tree, so the administrators."""

    branch_id: str | None
    officers: tuple[Officer, ...] = ()


NOBODY: Final = Charge(None)


def _reach(policy: PartyPolicy, officer: Officer, action: str) -> Reach | None:
    office = policy.offices.get(officer.office)
    return None if office is None else office.reach(action)


def in_charge(
    policy: PartyPolicy,
    officers: Mapping[str, Sequence[Officer]],
    path: Iterable[str],
    actions: Iterable[str],
    *,
    but: str | None = None,
) -> Charge:
    """Those nearest to a branch who may do one of `actions` in it and can be written to, without the member `but`.

    `path` is the branch, its parent, and so on to the root; `officers` are by branch.
    """
    wanted = tuple(actions)
    for depth, branch_id in enumerate(path):
        enough = {Reach.BELOW} if depth else {Reach.BELOW, Reach.HERE}
        found = tuple(
            officer
            for officer in officers.get(branch_id, ())
            if officer.account is not None
            and officer.member_id != but
            and any(_reach(policy, officer, action) in enough for action in wanted)
        )
        if found:
            return Charge(branch_id, found)
    return NOBODY


def may_all_read(policy: PartyPolicy, officers: Sequence[Officer], about: Iterable[str] = ()) -> bool:
    """Whether a room of these officers may read about members: all of them may see members, and none is one of
    `about`."""
    concerned = set(about)
    return all(_reach(policy, officer, SEES) is not None and officer.member_id not in concerned for officer in officers)


def keepers(policy: PartyPolicy) -> tuple[str, ...]:
    """The offices whose holders keep a branch, in the order of the configuration."""
    return tuple(
        key for key, office in policy.offices.items() if all(office.reach(action) is not None for action in KEEPS)
    )


def vacant(policy: PartyPolicy, tree: Tree, officers: Mapping[str, Sequence[Officer]]) -> frozenset[str]:
    """The open branches that nobody keeps; none at all where the configuration has no such office."""
    keeping = set(keepers(policy))
    if not keeping:
        return frozenset()
    return frozenset(
        branch.id
        for branch in tree
        if branch.open and not any(officer.office in keeping for officer in officers.get(branch.id, ()))
    )


def told_of_vacancy(
    policy: PartyPolicy, tree: Tree, officers: Mapping[str, Sequence[Officer]], branch: Branch
) -> Charge:
    """Who is told that nobody keeps a branch: the nearest above it who may give it officers."""
    _, *above = tree.path(branch.id)
    return in_charge(policy, officers, [branch.id, *(one.id for one in above)], [FILLS])


def tell_at(since: datetime, created_at: datetime, calm: timedelta) -> datetime:
    """When a vacancy is told that was found at `since`: at once, but for the time that a hand-over or a new branch
    takes."""
    return max(since + calm, created_at + SETTLING)
