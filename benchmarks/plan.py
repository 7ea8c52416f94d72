"""Planning for a very large organisation in which nothing is to be done."""

from __future__ import annotations

import multiprocessing
import random
import resource
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.result import Result
from bridge.mirror.content import join_rules
from bridge.mirror.found import FoundRoom, Marker
from bridge.mirror.locate import Located
from bridge.mirror.plan import Terms, plan
from bridge.mirror.power import for_new_room
from bridge.mirror.roster import HeldOffice, Person, Roster
from bridge.mirror.steps import with_ids
from bridge.mirror.wanted import Wanted, wanted
from bridge.places import SPACE, BranchRoom
from ground.ids import new_id
from kunveno.config import load
from party.branches import Branch, Tree
from party.members import Status

BRANCHES, MEMBERS = 10_000, 100_000
SECONDS, BYTES = 3.0, 1 << 30
TIMES = 3
"""The fastest counts: what else runs on the machine only ever adds."""
BOT, SERVER, ORGANISATION = "@kunveno:example.org", "example.org", "0" * 26
EXAMPLE: Final = Path(__file__).parents[1] / "config.example.yaml"
_WIDTHS: Final = (1, 20, 500)
"""How many branches the three highest tiers have; the lowest has the rest."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What the fastest planning took. `peak`: the most memory, in bytes, that its process ever had, data included."""

    rooms: int
    wanted: float
    plan: float
    peak: int


def run() -> Result:
    """The seconds that wanted + plan take. Planned in a process of its own, so that the memory is its own."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as process:
        measured = process.submit(measure).result()
    seconds = measured.wanted + measured.plan
    return Result(
        "plan",
        seconds,
        SECONDS,
        "s",
        ok=seconds < SECONDS and measured.peak < BYTES,
        rows=(
            ("", "measured", "at most"),
            ("what should be, s", f"{measured.wanted:.2f}", ""),
            ("what is to be done, s", f"{measured.plan:.2f}", ""),
            ("both, s", f"{seconds:.2f}", f"{SECONDS:.2f}"),
            ("peak memory, MiB", f"{measured.peak / (1 << 20):.0f}", f"{BYTES / (1 << 20):.0f}"),
        ),
        detail={
            "branches": BRANCHES,
            "rooms": measured.rooms,
            "members": MEMBERS,
            "peak_bytes": measured.peak,
            "most_bytes": BYTES,
        },
    )


def measure() -> Measured:
    """Make the organisation and its rooms, and plan."""
    config = load(EXAMPLE)
    policy, party = config.mirror_policy(), config.party()
    roster = _roster(list(party.tiers), list(party.offices))
    terms = Terms(policy, BOT, SERVER, ORGANISATION, "12")
    located = _mirrored(wanted(roster, party, policy))
    times = []
    for _ in range(TIMES):
        begun = time.perf_counter()
        should = wanted(roster, party, policy)
        between = time.perf_counter()
        result = plan(should, located, terms)
        times.append((between - begun, time.perf_counter() - between))
        if result.steps or result.findings:
            raise AssertionError(f"nothing should be left to do: {result.steps[:3]} {result.findings[:3]}")
    best = min(times, key=sum)
    unit = 1 if sys.platform == "darwin" else 1024  # getrusage(2) counts in bytes there, in kilobytes elsewhere
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    return Measured(len(located.rooms), *best, peak)


def _roster(tiers: Sequence[str], offices: Sequence[str]) -> Roster:
    chance = random.Random(2026)  # noqa: S311 - a repeatable organisation, no secret
    branches: list[Branch] = []
    above: list[str | None] = [None]
    widths = (*_WIDTHS, BRANCHES - sum(_WIDTHS))
    for tier, width in zip(tiers, widths, strict=True):
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
    held = [
        HeldOffice(chance.choice(people).member_id, offices[n % len(offices)], branch.id)
        for branch in branches
        for n in range(3)
    ]
    return Roster(Tree(branches), people, held)


def _mirrored(should: Wanted) -> Located:
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
