"""A homeserver in memory that knows as much as a plan needs: state events, and who may send them.

It refuses what the authorisation rules of the Matrix specification and Synapse's size limit refuse, so that a plan
that passes here is one that can be carried out.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from bridge.matrix.rooms import Known, Origin
from bridge.mirror.content import creation, number
from bridge.mirror.found import Found, FoundRoom, room_from_state
from bridge.mirror.locate import locate
from bridge.mirror.plan import Terms
from bridge.mirror.steps import CreateRoom, Enter, Follow, Invite, Plan, Remove, SetState, Step, turn, with_ids
from bridge.places import BranchRoom

LARGEST_EVENT: Final = 65_536


class Refused(AssertionError):
    """A homeserver would not have done this."""


class Homeserver:
    """Rooms as their state events, and what the mirror remembers of them."""

    def __init__(self, bot: str, server: str, organisation: str) -> None:
        self.bot = bot
        self.server = server
        self.organisation = organisation
        self.rooms: dict[str, dict[tuple[str, str], dict[str, Any]]] = {}
        self.away: set[str] = set()
        """Rooms that the bot is not in."""
        self.invitations: set[str] = set()
        self.known: dict[BranchRoom, Known] = {}
        self.accept = True
        """Whether people accept invitations at once."""

    def found(self) -> Found:
        """What the bot sees."""
        rooms = {room_id: self.room(room_id) for room_id in self.rooms if room_id not in self.away}
        return Found(rooms, frozenset(self.invitations))

    def room(self, room_id: str) -> FoundRoom:
        return room_from_state(room_id, list(self.rooms[room_id].values()), self.bot)

    def room_of(self, place: BranchRoom) -> str:
        """The id of a place's room."""
        room_id = self.known[place].room_id
        assert room_id is not None, f"{place} has no room"
        return room_id

    # what anybody does, unchecked

    def put(self, room_id: str, kind: str, key: str, content: Mapping[str, Any], by: str | None = None) -> None:
        event = {"type": kind, "state_key": key, "content": dict(content), "sender": by or self.bot}
        self.rooms[room_id][kind, key] = event

    def state(self, room_id: str, kind: str, key: str = "") -> Mapping[str, Any]:
        event = self.rooms[room_id].get((kind, key))
        return event["content"] if event is not None else {}

    def member(self, room_id: str, user: str, membership: str, by: str | None = None) -> None:
        self.put(room_id, "m.room.member", user, {"membership": membership}, by or user)

    # what the bot does, checked

    def apply(self, plan: Plan, terms: Terms) -> None:
        """Carry out every step in the plan's order. Raises Refused."""
        for place, room in locate(self.found(), self.known, self.organisation).rooms.items():
            self.known.setdefault(place, Known(room.room_id, Origin.CREATED))
        assert list(plan.steps) == sorted(plan.steps, key=turn), "steps that cannot be carried out in this order"
        for step in plan.steps:
            self._carry_out(step, terms)

    def _carry_out(self, step: Step, terms: Terms) -> None:
        match step:
            case CreateRoom():
                self._create(step)
            case SetState(place=place, type=kind, state_key=key, content=content):
                state_key = self.room_of(key) if isinstance(key, BranchRoom) else key
                self._set(self.room_of(place), kind, state_key, with_ids(content, self._ids()))
            case Invite(place=place, user_id=user, admin=admin):
                self._invite(self.room_of(place), user, admin=admin)
            case Remove(place=place, user_id=user):
                self._remove(self.room_of(place), user)
            case Enter(room_id=room_id):
                if room_id not in self.invitations:
                    raise Refused(f"the bot is not invited to {room_id}")
                self.invitations.discard(room_id)
                self.away.discard(room_id)
                self.member(room_id, self.bot, "join")
            case Follow(place=place, old=old, new=new):
                predecessor = self.state(new, "m.room.create").get("predecessor")
                if not isinstance(predecessor, dict) or predecessor.get("room_id") != old:
                    raise Refused(f"{new} does not replace {old}")
                self.away.discard(new)
                self.member(new, self.bot, "join")
                self.known[place] = Known(new, self.known[place].origin)

    def _ids(self) -> dict[BranchRoom, str]:
        return {place: known.room_id for place, known in self.known.items() if known.room_id is not None}

    def _create(self, step: CreateRoom) -> None:
        if step.place in self.known:
            raise Refused(f"{step.place} has a room already")
        body = with_ids(
            creation(
                step.room,
                bot=self.bot,
                server=self.server,
                organisation=self.organisation,
                alias_localpart=f"kunveno-{len(self.rooms)}",
                version=step.version,
            ),
            self._ids(),
        )
        room_id = f"!{len(self.rooms):04}"
        self.rooms[room_id] = {}
        create = {**body.get("creation_content", {}), "room_version": step.version}
        power = {"historical": 100, **body["power_level_content_override"]}
        if number(step.version) >= 12 and self.bot in power["users"]:
            raise Refused("a creator may not be listed from room version 12 on")
        self.put(room_id, "m.room.create", "", create)
        self.member(room_id, self.bot, "join")
        self.put(room_id, "m.room.power_levels", "", power)
        self.put(room_id, "m.room.canonical_alias", "", {"alias": f"#{body['room_alias_name']}:{self.server}"})
        events = [*body["initial_state"], {"type": "m.room.name", "state_key": "", "content": {"name": body["name"]}}]
        if "topic" in body:
            events.append({"type": "m.room.topic", "state_key": "", "content": {"topic": body["topic"]}})
        for event in events:
            self._set(room_id, event["type"], event["state_key"], event["content"])
        self.known[step.place] = Known(room_id, Origin.CREATED)

    def _set(self, room_id: str, kind: str, key: str, content: Mapping[str, Any]) -> None:
        room = self._entered(room_id)
        if room.level(self.bot) < room.needed(kind):
            raise Refused(f"{kind} needs {room.needed(kind)} in {room_id}")
        if len(json.dumps(content, ensure_ascii=False).encode()) > LARGEST_EVENT - 2000:
            raise Refused(f"{kind} is too large")
        if kind == "m.room.power_levels":
            self._check_powers(room, content)
        if self.state(room_id, kind, key) == content:
            raise Refused(f"{kind} in {room_id} is as before: a write for nothing")
        self.put(room_id, kind, key, content)

    def _check_powers(self, room: FoundRoom, content: Mapping[str, Any]) -> None:
        """Matrix specification, authorisation rules for `m.room.power_levels`."""
        own = room.level(self.bot)
        if room.creators_above_all and room.creators & content.get("users", {}).keys():
            raise Refused("a creator may not be listed from room version 12 on")
        if not room.power:
            return
        for part in ("users", "events", "notifications"):
            old, new = room.power.get(part, {}), content.get(part, {})
            for key in old.keys() | new.keys():
                before, after = old.get(key), new.get(key)
                if before == after:
                    continue
                beyond = before is not None and (before >= own if part == "users" and key != self.bot else before > own)
                if beyond or (after is not None and after > own):
                    raise Refused(f"the bot has {own} and may not set {key} from {before} to {after}")
        for key in room.power.keys() | content.keys():
            before, after = room.power.get(key), content.get(key)
            if before != after and any(isinstance(level, int) and level > own for level in (before, after)):
                raise Refused(f"the bot has {own} and may not set {key} from {before} to {after}")

    def _invite(self, room_id: str, user: str, *, admin: bool) -> None:
        room = self._entered(room_id)
        if user in room.joined:
            raise Refused(f"{user} is in {room_id} already")
        departure = room.gone.get(user)
        if departure is not None and departure.how == "banned":
            raise Refused(f"{user} is banned from {room_id}")
        if user not in room.invited and room.level(self.bot) < room.needed_to("invite"):
            raise Refused(f"the bot may not invite to {room_id}")
        if admin:
            if user.partition(":")[2] != self.server:
                raise Refused(f"{user} is of another server")
        elif user in room.invited:
            raise Refused(f"{user} is invited already")
        self.member(room_id, user, "join" if admin or self.accept else "invite", None if self.accept else self.bot)

    def _remove(self, room_id: str, user: str) -> None:
        room = self._entered(room_id)
        if user not in room.joined | room.invited:
            raise Refused(f"{user} is not in {room_id}")
        if room.level(self.bot) < room.needed_to("kick") or room.level(self.bot) <= room.level(user):
            raise Refused(f"the bot may not remove {user} from {room_id}")
        self.member(room_id, user, "leave", self.bot)

    def _entered(self, room_id: str) -> FoundRoom:
        if room_id in self.away or room_id not in self.rooms:
            raise Refused(f"the bot is not in {room_id}")
        return self.room(room_id)
