"""Register and policy → the rooms that should be. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import Final

from bridge.mirror.policy import Audience, MirrorPolicy, RoomKind, in_language
from bridge.mirror.roster import Roster
from bridge.places import SPACE, BranchRoom
from party.branches import Branch, Tree
from party.members import Status
from party.policy import PartyPolicy

MUTED: Final = -1
_NOBODY: Final[frozenset[str]] = frozenset()


class JoinRule(StrEnum):
    """Matrix specification, `m.room.join_rules`."""

    INVITE = "invite"
    KNOCK = "knock"
    RESTRICTED = "restricted"
    KNOCK_RESTRICTED = "knock_restricted"
    PUBLIC = "public"


class Strangers(Enum):
    """Who may stay in a room beside those who should be there."""

    NOBODY = 0
    UNKNOWN = 1
    """Accounts that the register does not know: an officer let them in."""
    ANYBODY = 2


@dataclass(frozen=True, slots=True)
class WantedRoom:
    """A room or space as it should be. `power` is without the bot; `allow` names rooms whose members may enter."""

    place: BranchRoom
    name: str
    topic: str
    encrypted: bool
    join_rule: JoinRule
    allow: tuple[BranchRoom, ...]
    posting: int
    power: Mapping[str, int]
    members: frozenset[str]
    strangers: Strangers
    parent: BranchRoom | None
    order: str
    """How the parent space sorts it: rooms first, then the branches below by depth (clients flatten spaces) and
    slug, so that a new name moves nothing."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """All rooms that should be. `accounts` is every account of the register; `branches` those that are mirrored, open
    or closed: a room found of such a branch and not wanted is retired, a room of another branch is left alone."""

    rooms: Mapping[BranchRoom, WantedRoom]
    accounts: frozenset[str]
    branches: frozenset[str]


def wanted(roster: Roster, party: PartyPolicy, policy: MirrorPolicy) -> Wanted:
    """The rooms that should be, top-down, each branch's space before its rooms."""
    people = _People(roster, policy)
    mirrored = scope(roster.tree, policy.only)
    posting = min((power for power in policy.power.values() if power > 0), default=50)
    spaces = {branch_id: BranchRoom(branch_id, SPACE) for branch_id in mirrored}
    rooms: dict[BranchRoom, WantedRoom] = {}
    for depth, branch in roster.tree.top_down():
        if branch.open and branch.id in mirrored:
            for room in _rooms(branch, depth, roster.tree, people, party, policy, posting, spaces):
                rooms[room.place] = room
    accounts = frozenset(account for person in roster.people for account in person.accounts)
    return Wanted(rooms, accounts, frozenset(mirrored))


class _People:
    """The accounts of each branch, by what they are to it."""

    def __init__(self, roster: Roster, policy: MirrorPolicy) -> None:
        present = {Status.MEMBER} if policy.suspended == "remove" else {Status.MEMBER, Status.SUSPENDED}
        accounts = {person.member_id: person.accounts for person in roster.people if person.status is Status.MEMBER}
        members: defaultdict[str, set[str]] = defaultdict(set)
        for person in roster.people:
            if person.status in present:
                members[person.branch_id].update(person.accounts)
        officers: defaultdict[str, set[str]] = defaultdict(set)
        self.power: defaultdict[str, dict[str, int]] = defaultdict(dict)
        for held in roster.offices:
            power = policy.power.get(held.office, 0)
            for account in accounts.get(held.member_id, ()):
                officers[held.branch_id].add(account)
                if power > 0:
                    levels = self.power[held.branch_id]
                    levels[account] = max(power, levels.get(account, 0))
        self.members = {
            branch: frozenset(members.get(branch, _NOBODY) | officers.get(branch, _NOBODY))
            for branch in members.keys() | officers.keys()
        }
        self.officers = {branch: frozenset(accounts) for branch, accounts in officers.items()}
        self.members_below = _with_below(roster.tree, self.members)
        self.officers_below = _with_below(roster.tree, self.officers)
        self.muted = frozenset(
            account
            for person in roster.people
            if person.status is Status.SUSPENDED and policy.suspended == "mute"
            for account in person.accounts
        )

    def audience(self, who: Audience, branch_id: str) -> frozenset[str]:
        match who:
            case Audience.MEMBERS | Audience.PUBLIC:
                return self.members.get(branch_id, _NOBODY)
            case Audience.MEMBERS_AND_BELOW:
                return self.members_below[branch_id]
            case Audience.OFFICERS:
                return self.officers.get(branch_id, _NOBODY)
            case Audience.OFFICERS_AND_BELOW:
                return self.officers_below[branch_id]

    def levels(self, branch_id: str, members: frozenset[str], posting: int) -> Mapping[str, int]:
        """Power of officers; below zero for the suspended where they could write."""
        levels = {user: power for user, power in self.power.get(branch_id, {}).items() if user in members}
        if posting == 0:
            levels.update(dict.fromkeys(self.muted & members, MUTED))
        return levels


def _with_below(tree: Tree, own: Mapping[str, frozenset[str]]) -> dict[str, frozenset[str]]:
    """For every branch its accounts and those of all open branches under it."""
    result: dict[str, frozenset[str]] = {}
    for _, branch in reversed(list(tree.top_down())):
        parts = [result[child.id] for child in tree.children(branch.id) if child.open and result[child.id]]
        mine = own.get(branch.id, _NOBODY)
        result[branch.id] = mine.union(*parts) if parts else mine
    return result


def scope(tree: Tree, only: Sequence[str]) -> set[str]:
    """The ids of the branches to mirror: all, or the named ones with all above and below them."""
    if not only:
        return {branch.id for branch in tree}
    named = [branch for branch in tree if branch.slug in only]
    above = {up.id for branch in named for up in tree.path(branch.id)}
    return above | {down.id for branch in named for down in tree.below(branch.id)}


def _rooms(
    branch: Branch,
    depth: int,
    tree: Tree,
    people: _People,
    party: PartyPolicy,
    policy: MirrorPolicy,
    posting: int,
    spaces: Mapping[str, BranchRoom],
) -> Iterable[WantedRoom]:
    """The rooms of a branch, its space first. `spaces`: those of all branches to mirror, by branch."""
    space = spaces[branch.id]
    tier = party.tiers.get(branch.tier)
    places = {
        "branch": branch.name,
        "tier": in_language(tier.name, branch.language, party.language) if tier else branch.tier,
    }

    def filled(template: dict[str, str] | None) -> str:
        return in_language(template, branch.language, party.language).format(**places) if template else ""

    members = people.members_below[branch.id]
    yield WantedRoom(
        place=space,
        name=filled(policy.space.name),
        topic=filled(policy.space.topic),
        encrypted=False,
        join_rule=JoinRule.KNOCK if policy.space.knock else JoinRule.INVITE,
        allow=(),
        posting=100,
        power=people.levels(branch.id, members, 100),
        members=members,
        strangers=Strangers.UNKNOWN if policy.space.knock else Strangers.NOBODY,
        parent=spaces.get(branch.parent_id) if branch.parent_id is not None else None,
        order=f"1{depth:02}{branch.slug}"[:50],
    )
    for number, (key, kind) in enumerate(policy.rooms.items()):
        if not kind.of_tier(branch.tier):
            continue
        who = people.audience(kind.who, branch.id)
        level = posting if kind.post == "officers" else 0
        rule, allow = _entrance(kind, branch, tree, policy, spaces)
        yield WantedRoom(
            place=BranchRoom(branch.id, key),
            name=filled(kind.name),
            topic=filled(kind.topic),
            encrypted=kind.encrypted,
            join_rule=rule,
            allow=allow,
            posting=level,
            power=people.levels(branch.id, who, level),
            members=who,
            strangers=_strangers(kind),
            parent=space,
            order=f"0{number:02}",
        )


def _strangers(kind: RoomKind) -> Strangers:
    if kind.who is Audience.PUBLIC:
        return Strangers.ANYBODY
    return Strangers.UNKNOWN if kind.knock else Strangers.NOBODY


def _entrance(
    kind: RoomKind, branch: Branch, tree: Tree, policy: MirrorPolicy, spaces: Mapping[str, BranchRoom]
) -> tuple[JoinRule, tuple[BranchRoom, ...]]:
    """The join rule, and the rooms whose members may enter by themselves.

    `allow` only names rooms in which nobody is who should not be here: the space, to which everyone below belongs,
    opens the rooms for all of them; the committee rooms below open a room for officers and below. A room for fewer
    than that is entered by invitation, for a rule that cannot say "members of this very branch" must not say more.
    """
    if kind.who is Audience.PUBLIC:
        return JoinRule.PUBLIC, ()
    allow: tuple[BranchRoom, ...] = ()
    if kind.who is Audience.OFFICERS_AND_BELOW:
        allow = tuple(
            BranchRoom(b.id, key)
            for b in (branch, *tree.below(branch.id))
            if b.open and b.id in spaces
            for key, other in policy.rooms.items()
            if other.who is Audience.OFFICERS and other.of_tier(b.tier) and not other.knock
        )
    elif not policy.space.knock:
        alone = not any(child.open for child in tree.children(branch.id))
        if kind.who is Audience.MEMBERS_AND_BELOW or (kind.who is Audience.MEMBERS and alone):
            allow = (spaces[branch.id],)
    if kind.knock:
        return (JoinRule.KNOCK_RESTRICTED if allow else JoinRule.KNOCK), allow
    return (JoinRule.RESTRICTED if allow else JoinRule.INVITE), allow
