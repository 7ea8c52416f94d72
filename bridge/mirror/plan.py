"""(wanted, located) → steps and findings. Pure: what it returns can be printed, tested and carried out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from bridge.mirror import content, words
from bridge.mirror.found import MARKER, Departure, FoundRoom, Gone, Marker
from bridge.mirror.locate import Located
from bridge.mirror.policy import BOT_POWER, MirrorPolicy
from bridge.mirror.power import above_the_bot, mended, needed_to_change
from bridge.mirror.steps import (
    Cause,
    CreateRoom,
    Enter,
    Finding,
    Follow,
    Invite,
    Kind,
    Plan,
    Remove,
    SetState,
    Step,
    turn,
)
from bridge.mirror.wanted import JoinRule, Strangers, Wanted, WantedRoom
from bridge.places import SPACE, BranchRoom


@dataclass(frozen=True, slots=True)
class Terms:
    """What a plan depends on beside register and homeserver."""

    policy: MirrorPolicy
    bot: str
    server: str
    organisation: str
    version: str
    """The room version of new rooms."""
    administrators: frozenset[str] = frozenset()
    again: bool = False
    """Invite again whoever left or declined by themselves."""


def plan(wanted: Wanted, located: Located, terms: Terms) -> Plan:
    """What to do so that the homeserver shows what the register says."""
    planner = _Planner(wanted, located, terms)
    for place, room in wanted.rooms.items():
        if place in planner.nowhere:
            continue
        room = planner.without_nowhere(room)
        found = located.rooms.get(place)
        if found is not None:
            planner.existing(room, found)
        elif place in located.lost:
            planner.missing(place, located.lost[place])
        else:
            planner.create(room)
    for place, found in located.rooms.items():
        if place not in wanted.rooms and place.branch_id in wanted.branches:
            planner.retire(place, found)
    for place, room_id in located.doubles:
        planner.say(place, Kind.DOUBLE, f"{room_id} says that it is this place too", "leave it, or remove its marker")
    return Plan(tuple(sorted(planner.steps, key=turn)), tuple(planner.findings))


class _Planner:
    def __init__(self, wanted: Wanted, located: Located, terms: Terms) -> None:
        self.steps: list[Step] = []
        self.findings: list[Finding] = []
        self.wanted = wanted
        self.located = located
        self.terms = terms
        self.policy = terms.policy
        self.ids = {place: room.room_id for place, room in located.rooms.items()} | dict(located.lost)
        self.ours = {room.room_id: place for place, room in located.rooms.items()} | dict(located.replaced)
        self.nowhere = located.released | {room.place for room in wanted.rooms.values() if self._refused(room)}
        self.hung: dict[BranchRoom, dict[BranchRoom, str]] = {}
        for room in wanted.rooms.values():
            if room.parent is not None and room.place not in self.nowhere:
                self.hung.setdefault(room.parent, {})[room.place] = room.order

    def say(self, place: BranchRoom, kind: Kind, what: str, remedy: str = "") -> None:
        self.findings.append(Finding(place, kind, what, remedy))

    def without_nowhere(self, room: WantedRoom) -> WantedRoom:
        """The room, not naming places that have no room and get none."""
        nowhere = self.nowhere
        if not nowhere or not (room.parent in nowhere or nowhere.intersection(room.allow)):
            return room
        allow = tuple(place for place in room.allow if place not in nowhere)
        rule = room.join_rule
        if not allow:
            rule = {JoinRule.RESTRICTED: JoinRule.INVITE, JoinRule.KNOCK_RESTRICTED: JoinRule.KNOCK}.get(rule, rule)
        parent = None if room.parent in nowhere else room.parent
        return replace(room, parent=parent, allow=allow, join_rule=rule)

    # a room that is not there

    def create(self, room: WantedRoom) -> None:
        """Create it, hang children under it, invite its people."""
        self.steps.append(CreateRoom(room.place, room, self.terms.version))
        for child, order in self.hung.get(room.place, {}).items():
            self._hang(room.place, child, order, Cause.REGISTER)
        for user in sorted(room.members - {self.terms.bot}):
            self._invite(room.place, user, Cause.REGISTER)

    def _refused(self, room: WantedRoom) -> bool:
        """Whether the room is not there and a homeserver would not make it; if so, says why."""
        if room.place in self.ids or room.place in self.located.released:
            return False
        version = self.terms.version
        if not self._possible(room, version):
            return True
        for kind, part in content.for_size(room, self.terms.bot, version).items():
            if refused := content.refusal(kind, part):
                self.say(room.place, Kind.REFUSED, *refused)
                return True
        return False

    def missing(self, place: BranchRoom, room_id: str) -> None:
        """It is remembered, but the bot is not in it: never make a second one."""
        if place in self.located.invited:
            self.steps.append(Enter(place, room_id))
        else:
            self.say(
                place,
                Kind.LOST,
                f"the bot is no longer in {room_id}",
                "invite the bot there again, or let the room go with `kunveno unlink`",
            )

    # a room that is there

    def retire(self, place: BranchRoom, found: FoundRoom) -> None:
        """Nobody is wanted in it any more: take it out of the tree, let everyone go, keep what was written."""
        room = WantedRoom(
            place, found.name, found.topic, found.encrypted, JoinRule.INVITE, (), BOT_POWER, {}, frozenset(),
            Strangers.NOBODY, None, "",
        )  # fmt: skip
        self.existing(room, found)

    def existing(self, room: WantedRoom, found: FoundRoom) -> None:
        """Mend what is different, or say so."""
        if found.tombstone is not None:
            self._upgraded(room.place, found)
            return
        self._state(room, found)
        if room.place.key == SPACE:
            self._children(room.place, found)
        self._people(room, found)

    def _state(self, room: WantedRoom, found: FoundRoom) -> None:
        if found.name != room.name:
            self._set(room, found, "m.room.name", "", {"name": room.name}, found.name, room.name)
        if found.topic != room.topic:
            self._set(room, found, "m.room.topic", "", {"topic": room.topic}, found.topic, room.topic)
        if room.encrypted and not found.encrypted:
            self._set(room, found, "m.room.encryption", "", content.encryption(), "off", "on")
        allow = frozenset(self.ids.get(place, str(place)) for place in room.allow) if room.allow else frozenset()
        if (found.join_rule != room.join_rule or found.allow != allow) and self._possible(room, found.version):
            before = words.entrance(found.join_rule, map(self._called, found.allow))
            after = words.entrance(room.join_rule, map(str, room.allow))
            self._set(room, found, "m.room.join_rules", "", content.join_rules(room), before, after)
        if found.readable_by_all:
            self._set(room, found, "m.room.history_visibility", "", content.history(), "anyone", "its members")
        if found.guests:
            self._set(room, found, "m.room.guest_access", "", content.guests(), "let in", "kept out")
        power = mended(room, found, self.terms.bot, self.policy)
        if power != found.power:
            before, after = words.powers(found.power, power)
            level = needed_to_change(found.power, power)
            self._set(room, found, "m.room.power_levels", "", power, before, after, level=level)
        for user in above_the_bot(room, found, self.terms.bot, self.policy):
            created = found.creators_above_all and user in found.creators
            remedy = "they created the room, which stays so" if created else "ask them to lower it, in a client"
            remedy += "; if it is meant to be so, name them in `mirror.keep`"
            self.say(room.place, Kind.BEYOND, f"{user} has as much power as the bot, or more", remedy)
        parent = self.ids.get(room.parent) if room.parent is not None else None
        if room.parent is not None and (parent is None or parent not in found.parents):
            body = content.parenting(self.terms.server)
            self._set(room, found, "m.space.parent", room.parent, body, "", str(room.parent), key_id=parent)
        for other in sorted(found.parents - {parent}):
            if other in self.ours or (room.parent is None and room.place.key != SPACE):
                self._set(room, found, "m.space.parent", other, {}, self._called(other), "")
        marker = Marker(self.terms.organisation, room.place)
        if found.marker != marker:
            self._set(room, found, MARKER, "", marker.content(), "", str(room.place))

    def _called(self, room_id: str) -> str:
        """A room as its place, if it is one."""
        return str(self.ours.get(room_id, room_id))

    def _children(self, place: BranchRoom, found: FoundRoom) -> None:
        hung = self.hung.get(place, {})
        for child, order in hung.items():
            room_id = self.ids.get(child)
            if room_id is None or found.children.get(room_id) != order:
                foreign = room_id is not None and ("m.space.child", room_id) in found.foreign
                self._hang(place, child, order, Cause.DRIFT if foreign else Cause.REGISTER, found)
        for room_id in sorted(found.children):
            stray = self.ours.get(room_id)
            if stray is None or stray.branch_id not in self.wanted.branches:
                continue
            replaced = room_id in self.located.replaced
            if stray not in hung or replaced:
                called = f"the old {stray}" if replaced else str(stray)
                cause = Cause.DRIFT if ("m.space.child", room_id) in found.foreign else Cause.REGISTER
                if self._may_set(place, found, "m.space.child", cause, f"{called} hangs in it and should not"):
                    self.steps.append(SetState(place, "m.space.child", room_id, {}, cause, called, ""))

    def _hang(
        self, place: BranchRoom, child: BranchRoom, order: str, cause: Cause, found: FoundRoom | None = None
    ) -> None:
        if found is None or self._may_set(place, found, "m.space.child", cause, f"{child} does not hang in it"):
            body = content.hanging(self.terms.server, order)
            self.steps.append(SetState(place, "m.space.child", child, body, cause, "", str(child)))

    def _set(
        self,
        room: WantedRoom,
        found: FoundRoom,
        kind: str,
        key: str | BranchRoom,
        body: Mapping[str, Any],
        before: str,
        after: str,
        *,
        level: int = 0,
        key_id: str | None = None,
    ) -> None:
        known_key = key if isinstance(key, str) else key_id
        cause = Cause.DRIFT if (kind, known_key) in found.foreign else Cause.REGISTER
        if refused := content.refusal(kind, body):
            self.say(room.place, Kind.REFUSED, *refused)
        elif self._may_set(room.place, found, kind, cause, words.difference(kind, before, after), level):
            self.steps.append(SetState(room.place, kind, key, body, cause, before, after))

    def _may_set(self, place: BranchRoom, found: FoundRoom, kind: str, cause: Cause, what: str, level: int = 0) -> bool:
        """Whether a difference is to be mended; when not, says why."""
        needed = max(level, found.needed(kind))
        if found.level(self.terms.bot) < needed:
            self.say(place, Kind.BEYOND, what, f"give {self.terms.bot} the power level {needed} there, to mend it")
            return False
        if cause is Cause.DRIFT and self.policy.drift == "report":
            self.say(place, Kind.DRIFT, what)
            return False
        return True

    def _possible(self, room: WantedRoom, version: str) -> bool:
        if content.knows_rule(version, room.join_rule):
            return True
        self.say(
            room.place,
            Kind.REFUSED,
            f"a room of version {version} cannot have the join rule '{room.join_rule}'",
            "upgrade the room to version 11 or later, in a client",
        )
        return False

    # people

    def _people(self, room: WantedRoom, found: FoundRoom) -> None:
        bot = self.terms.bot
        present = found.joined | found.invited
        for user in sorted(room.members - present - {bot}):
            self._absent(room, found, user, found.gone.get(user))
        if self.policy.join == "admin":
            for user in sorted(room.members & found.invited):
                if _is_local(user, self.terms.server):
                    self.steps.append(Invite(room.place, user, Cause.REGISTER, admin=True))
        if room.strangers is Strangers.ANYBODY:
            return
        for user in sorted(present - room.members - {bot}):
            known = user in self.wanted.accounts
            if self.policy.keeps(user) or (room.strangers is Strangers.UNKNOWN and not known):
                continue
            self._surplus(room, found, user, Cause.REGISTER if known else Cause.DRIFT)

    def _absent(self, room: WantedRoom, found: FoundRoom, user: str, departure: Departure | None) -> None:
        cause = Cause.REGISTER
        if departure is not None:
            if departure.how is Gone.BANNED:
                self.say(
                    room.place,
                    Kind.BANNED,
                    f"{user} belongs there, and was banned by {departure.by}",
                    "lift the ban, in a client",
                )
                return
            if departure.how is Gone.LEFT and not self.terms.again:
                self.say(
                    room.place,
                    Kind.AWAY,
                    f"{user} left or declined",
                    "to ask them once more: `kunveno apply --invite-again`",
                )
                return
            if departure.how is Gone.REMOVED and departure.by != self.terms.bot:
                cause = Cause.DRIFT
        what = f"{user} was removed by {departure.by}" if cause is Cause.DRIFT and departure else f"{user} is not in it"
        if found.level(self.terms.bot) < found.needed_to("invite"):
            self.say(
                room.place,
                Kind.BEYOND,
                what,
                f"give {self.terms.bot} the power level {found.needed_to('invite')} there",
            )
        elif cause is Cause.DRIFT and self.policy.drift == "report":
            self.say(room.place, Kind.DRIFT, what)
        else:
            self._invite(room.place, user, cause)

    def _invite(self, place: BranchRoom, user: str, cause: Cause) -> None:
        admin = self.policy.join == "admin" and _is_local(user, self.terms.server)
        self.steps.append(Invite(place, user, cause, admin))

    def _surplus(self, room: WantedRoom, found: FoundRoom, user: str, cause: Cause) -> None:
        own, theirs = found.level(self.terms.bot), found.level(user)
        if own < found.needed_to("kick") or own <= theirs:
            self.say(
                room.place, Kind.BEYOND, f"{user} is in it and should not be", f"remove {user} by hand, in a client"
            )
        elif cause is Cause.DRIFT and self.policy.drift == "report":
            self.say(room.place, Kind.DRIFT, f"{user} is in it and should not be")
        else:
            self.steps.append(Remove(room.place, user, cause))

    def _upgraded(self, place: BranchRoom, found: FoundRoom) -> None:
        tombstone = found.tombstone
        if tombstone is None:
            return
        by = tombstone.sender
        trusted = by == self.terms.bot or by in self.terms.administrators or self.policy.keeps(by)
        if trusted or (place in self.located.linked and found.level(by) >= found.needed("m.room.tombstone")):
            self.steps.append(Follow(place, found.room_id, tombstone.replacement, by))
        else:
            self.say(
                place,
                Kind.UPGRADE,
                f"{by} replaced the room by {tombstone.replacement} without the right to",
                "`kunveno link` the new room if it is to be used, or `unlink` this one",
            )


def _is_local(user: str, server: str) -> bool:
    return user.partition(":")[2] == server
