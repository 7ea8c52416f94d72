"""Small registers and homeservers, written tersely as in `tests/fixtures/mirror/README.md`."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, cast

from bridge.matrix.rooms import Known, Origin
from bridge.mirror.found import MARKER, Marker
from bridge.mirror.locate import Located, locate
from bridge.mirror.plan import Terms, plan
from bridge.mirror.policy import MirrorPolicy, quiet_rooms
from bridge.mirror.roster import HeldOffice, Person, Roster
from bridge.mirror.steps import Plan
from bridge.mirror.wanted import Wanted, wanted
from bridge.places import BranchRoom
from party.branches import Branch, Tree
from party.members import Status
from party.policy import Office, PartyPolicy, Tier
from tests.unit.mirror.homeserver import Homeserver

SERVER: Final = "example.org"
BOT: Final = f"@kunveno:{SERVER}"
ORGANISATION: Final = "0" * 26
OFFICES: Final = ("secretary", "treasurer", "delegate")

Tersely = Mapping[str, Any]


def branch_id(slug: str) -> str:
    """The same for the same slug, in the shape of `ground.ids`."""
    return hashlib.sha256(slug.encode()).hexdigest()[:26]


def place(text: str) -> BranchRoom:
    """`loire/discussion`."""
    slug, _, key = text.partition("/")
    return BranchRoom(branch_id(slug), key)


def account(name: str) -> str:
    """`ann` is short for `@ann:example.org`."""
    return BOT if name == "bot" else name if name.startswith("@") else f"@{name}:{SERVER}"


def merged(base: Any, changes: Any) -> Any:
    """`base` with `changes`: mappings are merged, null takes away, anything else replaces."""
    if not isinstance(base, dict) or not isinstance(changes, dict):
        return changes
    result = dict(base)
    for key, value in changes.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merged(result.get(key, {} if isinstance(value, dict) else None), value)
    return result


@dataclass(frozen=True, slots=True)
class World:
    """Register and policy."""

    roster: Roster
    party: PartyPolicy
    policy: MirrorPolicy

    @property
    def wanted(self) -> Wanted:
        return wanted(self.roster, self.party, self.policy)


def world(tersely: Tersely) -> World:
    """Read the terse form."""
    branches = [
        Branch(
            branch_id(slug),
            slug,
            entry["name"],
            entry["tier"],
            branch_id(entry["under"]) if "under" in entry else None,
            language=entry.get("language"),
            open=not entry.get("closed", False),
        )
        for slug, entry in tersely["branches"].items()
    ]
    people = [
        Person(name, branch_id(entry["home"]), Status(entry.get("status", "member")), tuple(map(account, accounts)))
        for name, entry in tersely.get("people", {}).items()
        if (accounts := entry.get("accounts", [name]))
    ]
    offices = [
        HeldOffice(member, office, branch_id(slug))
        for member, office, slug in (line.split() for line in tersely.get("offices", []))
    ]
    party = PartyPolicy(
        language="en",
        timezone="UTC",
        tiers={tier: Tier(name={"en": tier}) for tier in tersely["tiers"]},
        offices={office: Office(name={"en": office}) for office in OFFICES},
    )
    policy = MirrorPolicy.model_validate(tersely.get("policy", {}))
    return World(Roster(Tree(branches), people, offices), party, policy)


def with_quiet_rooms(tersely: Tersely) -> Tersely:
    """The world with the default rooms spelt out, so that a case can change or drop one."""
    rooms = {key: kind.model_dump(mode="json", exclude_none=True) for key, kind in quiet_rooms().items()}
    return cast("Tersely", merged(dict(tersely), {"policy": {"rooms": rooms}}))


def terms(
    policy: MirrorPolicy, *, version: str = "12", administrators: tuple[str, ...] = (), again: bool = False
) -> Terms:
    return Terms(
        policy=policy,
        bot=BOT,
        server=SERVER,
        organisation=ORGANISATION,
        version=policy.room_version or version,
        administrators=frozenset(map(account, administrators)),
        again=again,
    )


def located(homeserver: Homeserver) -> Located:
    return locate(homeserver.found(), homeserver.known, ORGANISATION)


def planned(world: World, homeserver: Homeserver, terms: Terms) -> Plan:
    return plan(world.wanted, located(homeserver), terms)


def empty_homeserver() -> Homeserver:
    return Homeserver(BOT, SERVER, ORGANISATION)


def change(homeserver: Homeserver, where: str, changes: Tersely) -> None:
    """Let something happen to a room: see the README of the fixtures for the words."""
    Happening(homeserver, where, dict(changes)).happen()


class Happening:
    """One entry of `found:`."""

    def __init__(self, homeserver: Homeserver, where: str, changes: dict[str, Any]) -> None:
        self.homeserver = homeserver
        self.where = where
        self.changes = changes
        self.by = account(changes.pop("by", "bot"))
        if where.startswith("!"):
            like = homeserver.room_of(place(changes.pop("like")))
            homeserver.rooms[where] = dict(homeserver.rooms[like])
            self.room_id = where
        else:
            self.room_id = homeserver.room_of(place(where))

    def happen(self) -> None:
        for word, value in self.changes.items():
            getattr(self, f"_{word}")(value)

    def _put(self, kind: str, content: Mapping[str, Any], key: str = "") -> None:
        self.homeserver.put(self.room_id, kind, key, content, self.by)

    def _id(self, name: str) -> str:
        return name if name.startswith("!") else self.homeserver.room_of(place(name))

    def _name(self, name: str) -> None:
        self._put("m.room.name", {"name": name})

    def _topic(self, topic: str) -> None:
        self._put("m.room.topic", {"topic": topic})

    def _encrypted(self, encrypted: bool) -> None:
        assert not encrypted, "rooms are encrypted as the policy says; only `encrypted: no` is a change"
        self.homeserver.rooms[self.room_id].pop(("m.room.encryption", ""), None)

    def _join_rule(self, rule: str) -> None:
        self._put(
            "m.room.join_rules", merged(self.homeserver.state(self.room_id, "m.room.join_rules"), {"join_rule": rule})
        )

    def _allow(self, names: list[str]) -> None:
        allow = [{"type": "m.room_membership", "room_id": self._id(name)} for name in names]
        self._put(
            "m.room.join_rules", merged(self.homeserver.state(self.room_id, "m.room.join_rules"), {"allow": allow})
        )

    def _readable_by_all(self, yes: bool) -> None:
        self._put("m.room.history_visibility", {"history_visibility": "world_readable" if yes else "shared"})

    def _guests(self, yes: bool) -> None:
        self._put("m.room.guest_access", {"guest_access": "can_join" if yes else "forbidden"})

    def _power(self, changes: dict[str, Any]) -> None:
        if "users" in changes:
            changes = {**changes, "users": {account(user): level for user, level in changes["users"].items()}}
        self._put("m.room.power_levels", merged(self.homeserver.state(self.room_id, "m.room.power_levels"), changes))

    def _version(self, version: str) -> None:
        create = self.homeserver.rooms[self.room_id]["m.room.create", ""]
        content = {**create["content"], "room_version": version}
        self.homeserver.put(self.room_id, "m.room.create", "", content, create["sender"])

    def _creator(self, name: str) -> None:
        content = self.homeserver.state(self.room_id, "m.room.create")
        self.homeserver.put(self.room_id, "m.room.create", "", content, account(name))

    def _children(self, changes: dict[str, str | None]) -> None:
        for name, order in changes.items():
            content = {} if order is None else {"via": [SERVER], "order": order}
            self._put("m.space.child", content, self._id(name))

    def _parents(self, changes: dict[str, bool]) -> None:
        for name, there in changes.items():
            self._put("m.space.parent", {"via": [SERVER], "canonical": True} if there else {}, self._id(name))

    def _marker(self, of: str | None) -> None:
        marker = {} if of is None else Marker(ORGANISATION, place(of)).content()
        self._put(MARKER, marker)

    def _organisation(self, organisation: str) -> None:
        marker = {**self.homeserver.state(self.room_id, MARKER), "organisation": organisation}
        self._put(MARKER, marker)

    def _people(self, changes: dict[str, str]) -> None:
        for name, what in changes.items():
            user = account(name)
            match what.split():
                case ["joined"]:
                    self.homeserver.member(self.room_id, user, "join")
                case ["invited"]:
                    self.homeserver.member(self.room_id, user, "invite", BOT)
                case ["left"]:
                    self.homeserver.member(self.room_id, user, "leave")
                case ["removed", "by", other]:
                    self.homeserver.member(self.room_id, user, "leave", account(other))
                case ["banned", "by", other]:
                    self.homeserver.member(self.room_id, user, "ban", account(other))
                case ["absent"]:
                    self.homeserver.rooms[self.room_id].pop(("m.room.member", user), None)
                case _:
                    raise ValueError(f"{self.where}: '{what}' is nothing that can happen to somebody")

    def _replaced_by(self, new: str) -> None:
        self._put("m.room.tombstone", {"replacement_room": new})
        rooms = self.homeserver.rooms
        rooms[new] = {
            key: event for key, event in rooms[self.room_id].items() if key[0] not in {"m.room.tombstone", MARKER}
        }
        create = {**self.homeserver.state(new, "m.room.create"), "predecessor": {"room_id": self.room_id}}
        self.homeserver.put(new, "m.room.create", "", create, self.by)
        if self.by != BOT:
            power = merged(self.homeserver.state(new, "m.room.power_levels"), {"users": {BOT: 100, self.by: None}})
            self.homeserver.put(new, "m.room.power_levels", "", power, self.by)
        self.homeserver.away.add(new)

    def _bot(self, what: Literal["out", "invited"]) -> None:
        self.homeserver.away.add(self.room_id)
        if what == "invited":
            self.homeserver.invitations.add(self.room_id)

    def _memory(self, what: Literal["none", "linked", "released", "followed"]) -> None:
        where = place(self.where)
        match what:
            case "none":
                del self.homeserver.known[where]
            case "linked":
                self.homeserver.known[where] = Known(self.room_id, Origin.LINKED)
            case "followed":
                new = self.homeserver.state(self.room_id, "m.room.tombstone")["replacement_room"]
                self.homeserver.known[where] = Known(new, Origin.CREATED)
                self.homeserver.away.discard(new)
            case "released":
                self.homeserver.known[where] = Known(None, Origin.RELEASED)
                self._put(MARKER, {})
