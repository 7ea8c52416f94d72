"""Planning for a very large organisation in which nothing is to be done."""

from __future__ import annotations

import random
import resource
import time
from collections.abc import Sequence

from benchmarks.result import Result
from bridge.mirror.content import join_rules
from bridge.mirror.found import FoundRoom, Marker
from bridge.mirror.locate import Located
from bridge.mirror.plan import Terms, plan
from bridge.mirror.policy import MirrorPolicy
from bridge.mirror.power import for_new_room
from bridge.mirror.roster import HeldOffice, Person, Roster
from bridge.mirror.steps import with_ids
from bridge.mirror.wanted import Wanted, wanted
from bridge.places import SPACE, BranchRoom
from ground.ids import new_id
from kunveno.config import load_example
from party.branches import Branch, Tree
from party.members import Status

BRANCHES, MEMBERS = 10_000, 100_000
SECONDS, BYTES = 3.0, 1 << 30
_WIDTHS = (1, 20, 500)
"""How many branches the three highest tiers have; the lowest has the rest."""
BOT, SERVER, ORGANISATION = "@kunveno:example.org", "example.org", "0" * 26


def run() -> Sequence[Result]:
    """The seconds that wanted + plan take, and the peak memory of the process."""
    config = load_example()
    policy, party = config.mirror_policy(), config.party()
    roster = _roster(list(party.tiers), list(party.offices))
    terms = Terms(policy, BOT, SERVER, ORGANISATION, "12")
    located = _mirrored(wanted(roster, party, policy), policy)
    begun = time.perf_counter()
    should = wanted(roster, party, policy)
    result = plan(should, located, terms)
    seconds = time.perf_counter() - begun
    if result.steps or result.findings:
        raise AssertionError(f"nothing should be left to do: {result.steps[:3]} {result.findings[:3]}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    detail = {"branches": BRANCHES, "rooms": len(should.rooms), "members": MEMBERS}
    return [
        Result("plan", seconds, SECONDS, "s", ok=seconds < SECONDS, lower_is_better=True, detail=detail),
        Result("plan-memory", peak, BYTES, "B", ok=peak < BYTES, lower_is_better=True, detail=detail),
    ]


def _roster(tiers: Sequence[str], offices: Sequence[str]) -> Roster:
    chance = random.Random(2026)  # noqa: S311 - a repeatable organisation, no secret
    branches: list[Branch] = []
    above: list[str | None] = [None]
    widths = (*_WIDTHS, BRANCHES - sum(_WIDTHS))
    for tier, width in zip(tiers, widths, strict=False):
        row = [
            Branch(new_id(), f"{tier}-{n}", f"{tier.capitalize()} {n}", tier, above[n % len(above)])
            for n in range(width)
        ]
        branches += row
        above = [branch.id for branch in row]
    people = [
        Person(f"{n:026}", chance.choice(branches).id, Status.MEMBER, (f"@member-{n}:{SERVER}",))
        for n in range(MEMBERS)
    ]
    held = [HeldOffice(chance.choice(people).member_id, offices[n % len(offices)], branch.id)
            for branch in branches for n in range(3)]  # fmt: skip
    return Roster(Tree(branches), people, held)


def _mirrored(should: Wanted, policy: MirrorPolicy) -> Located:
    """The rooms exactly as they should be."""
    ids = {place: f"!{number:043}" for number, place in enumerate(should.rooms)}
    children: dict[BranchRoom, dict[str, str]] = {}
    for room in should.rooms.values():
        if room.parent is not None:
            children.setdefault(room.parent, {})[ids[room.place]] = room.order
    rooms = {}
    for place, room in should.rooms.items():
        rules = with_ids(join_rules(room), ids)
        rooms[place] = FoundRoom(
            room_id=ids[place],
            version="12",
            creators=frozenset({BOT}),
            name=room.name,
            topic=room.topic,
            encrypted=room.encrypted,
            join_rule=rules["join_rule"],
            allow=frozenset(entry["room_id"] for entry in rules.get("allow", ())),
            power=for_new_room(room, BOT, creators_above_all=True),
            children=children.get(place, {}) if place.key == SPACE else {},
            parents=frozenset({ids[room.parent]} if room.parent is not None else ()),
            marker=Marker(ORGANISATION, place),
            joined=frozenset({*room.members, BOT}),
        )
    return Located(rooms)
