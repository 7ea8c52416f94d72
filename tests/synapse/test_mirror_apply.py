"""Applying the mirror on a real Synapse: what the register and the policy say is what the homeserver has."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import timedelta

import pytest

from bridge.matrix.api import Forbidden, MatrixApi
from bridge.mirror.found import MARKER
from bridge.mirror.policy import RoomKind
from bridge.mirror.steps import Kind
from bridge.places import SPACE, BranchRoom
from party.operations.branches import CloseBranch, CreateBranch, EditBranch, MoveBranch
from party.operations.mandates import GiveMandate
from tests.support.mirror import KEYS, NewWorld, State, World, findings, policy, writes
from tests.support.people import NewMember
from tests.support.register import NOW, Branches, do

TWELVE: Branches = {
    "france": {
        "bretagne": {"finistere": {"brest": {}, "quimper": {}}, "morbihan": {"vannes": {}}},
        "normandie": {"calvados": {"caen": {}}, "manche": {}},
        "corse": {},
    }
}
ABOVE = {
    "france": None, "bretagne": "france", "finistere": "bretagne", "brest": "finistere", "quimper": "finistere",
    "morbihan": "bretagne", "vannes": "morbihan", "normandie": "france", "calvados": "normandie", "caen": "calvados",
    "manche": "normandie", "corse": "france",
}  # fmt: skip
LEAVES = set(ABOVE) - set(ABOVE.values())


def tree_of(branches: int) -> Branches:
    """A root and branches under it."""
    return {"france": {f"b{number:03}": {} for number in range(branches - 1)}}


class TestTwelveBranches:
    async def test_the_homeserver_has_what_the_policy_says(
        self, database_url: str, new_world: NewWorld, new_member: NewMember
    ) -> None:
        anna, anna_api = await new_member()
        bob, _ = await new_member()
        carl, _ = await new_member()
        world = await new_world(
            TWELVE,
            people={"1": ("brest", anna), "2": ("bretagne", bob), "3": ("caen", carl)},
            mandates=[("2", "secretary", "france"), ("3", "treasurer", "calvados")],
            database_url=database_url,
        )
        report = await world.apply()
        assert not report.failed

        marked = await world.marked()
        assert all(len(rooms) == 1 for rooms in marked.values())
        ids = {place: rooms[0] for place, rooms in marked.items()}
        assert set(ids) == {world.place(slug, key) for slug in ABOVE for key in KEYS}
        assert set(ids.values()) == await world.truth.created(world.api.user_id)
        states = await world.truth.states(list(ids.values()))
        for slug in ABOVE:
            self.check_branch(world, slug, ids, states)

        self.check_people(world, ids, states, anna, bob, carl)
        await self.check_visit(world, ids, anna_api)

        before, reads = writes(world.api), world.api.traffic.reads.copy()
        view = await world.look()
        assert view.plan.steps == ()
        assert view.plan.findings == ()
        assert not (await world.mirror.carry_out(view)).done
        assert writes(world.api) == before
        assert (world.api.traffic.reads - reads).total() <= 2

        await self.check_rename(world, ids)

    def check_branch(self, world: World, slug: str, ids: Mapping[BranchRoom, str], states: Mapping[str, State]) -> None:
        """Spaces, rooms, what hangs where, who may enter, and what is encrypted."""
        bot = world.api.user_id
        rooms = {key: states[ids[world.place(slug, key)]] for key in KEYS}
        space = ids[world.place(slug)]
        assert rooms[SPACE].content("m.room.create").get("type") == "m.space"
        assert rooms[SPACE].name == slug.title()
        assert rooms["announcements"].name == f"Annonces – {slug.title()}"
        assert rooms["committee"].name == f"Bureau – {slug.title()}"

        below = {ids[world.place(child)] for child, parent in ABOVE.items() if parent == slug}
        assert rooms[SPACE].children == below | {ids[world.place(slug, key)] for key in KEYS if key != SPACE}
        above = ABOVE[slug]
        parents = {SPACE: ids[world.place(above)] if above else None}
        for key, room in rooms.items():
            parent = parents.get(key, space)
            found = {name for (kind, name), event in room.events.items() if kind == "m.space.parent"}
            assert found == ({parent} if parent else set())
            if parent:
                assert room.content("m.space.parent", parent) == {"via": ["kunveno.localhost"], "canonical": True}

        restricted = {"join_rule": "restricted", "allow": [{"type": "m.room_membership", "room_id": space}]}
        assert rooms[SPACE].content("m.room.join_rules") == {"join_rule": "invite"}
        assert rooms["announcements"].content("m.room.join_rules") == restricted
        own = restricted if slug in LEAVES else {"join_rule": "invite"}
        assert rooms["discussion"].content("m.room.join_rules") == own
        assert rooms["committee"].content("m.room.join_rules") == {"join_rule": "invite"}

        for key, room in rooms.items():
            assert bool(room.content("m.room.encryption")) is (key != SPACE)
            power = room.content("m.room.power_levels")
            assert power["events_default"] == {SPACE: 100, "announcements": 50}.get(key, 0)
            assert {power["events"][kind] for kind in ("m.room.name", "m.room.power_levels", MARKER)} == {100}
            assert bot not in power["users"]  # a creator of version 12
            assert room.content("m.room.create")["room_version"] == "12"

    def check_people(
        self,
        world: World,
        ids: Mapping[BranchRoom, str],
        states: Mapping[str, State],
        anna: str,
        bob: str,
        carl: str,
    ) -> None:
        """Anna lives in Brest; Bob in Bretagne, secretary of France; Carl in Caen, treasurer of Calvados."""
        expected = {
            anna: {("brest", "discussion")}
            | {
                (slug, key) for slug in ("brest", "finistere", "bretagne", "france") for key in (SPACE, "announcements")
            },
            bob: {("france", "discussion"), ("france", "committee"), ("bretagne", "discussion")}
            | {(slug, key) for slug in ("bretagne", "france") for key in (SPACE, "announcements")},
            carl: {("caen", "discussion"), ("calvados", "discussion"), ("calvados", "committee")}
            | {(slug, key) for slug in ("caen", "calvados", "normandie", "france") for key in (SPACE, "announcements")},
        }
        for slug in ABOVE:
            for key in KEYS:
                state = states[ids[world.place(slug, key)]]
                assert state.with_membership("join") == {world.api.user_id}
                assert state.with_membership("invite") == {who for who in expected if (slug, key) in expected[who]}
                powers = {bob: 60} if slug == "france" else {carl: 50} if slug == "calvados" else {}
                assert state.powers == powers

    async def check_rename(self, world: World, ids: Mapping[BranchRoom, str]) -> None:
        """One branch of many has another name: its space and its rooms, and nothing else."""
        await do(world.database, EditBranch(world.grown.branches["manche"], "Côte-d’Or", None, None, None))
        before = world.api.traffic.writes.copy()
        assert not (await world.apply()).failed
        assert world.api.traffic.writes - before == {"put_state": 4}
        names = {(await world.truth.state(ids[world.place("manche", key)])).name for key in KEYS}
        assert names == {"Côte-d’Or", *(f"{what} – Côte-d’Or" for what in ("Annonces", "Discussion", "Bureau"))}

    async def check_visit(self, world: World, ids: Mapping[BranchRoom, str], anna: MatrixApi) -> None:
        """Anna comes in by her invitations, and sees the way from France to Brest."""
        for slug in ("france", "bretagne", "finistere", "brest"):
            await anna.join(ids[world.place(slug)])
        await anna.join(ids[world.place("brest", "discussion")])
        seen = {room["room_id"] for room in await anna.hierarchy(ids[world.place("france")])}
        way = {ids[world.place(slug)] for slug in ("france", "bretagne", "finistere", "brest")}
        assert way <= seen
        assert {ids[world.place("brest", key)] for key in ("announcements", "discussion")} <= seen
        assert ids[world.place("normandie")] not in seen
        assert ids[world.place("france", "committee")] not in seen

        announcements = ids[world.place("finistere", "announcements")]
        await anna.leave(announcements)  # declined; the space lets her in all the same
        await anna.join(announcements)
        for slug, key in (("finistere", "discussion"), ("finistere", "committee"), ("brest", "committee")):
            with pytest.raises(Forbidden):
                await anna.join(ids[world.place(slug, key)])
        with pytest.raises(Forbidden):
            await anna.send_message(announcements, "m.room.encrypted", {"algorithm": "x"}, "t1")
        for room in (announcements, ids[world.place("brest")], ids[world.place("brest", "discussion")]):
            with pytest.raises(Forbidden):
                await anna.put_state(room, "m.room.name", {"name": "Mine"})


async def test_reads_do_not_grow(new_world: NewWorld) -> None:
    """Three branches and twenty, two rooms each, are read with the same requests."""
    one_room = policy(rooms={"discussion": RoomKind(name={"en": "{branch}"})})
    reads = []
    for branches in (3, 20):
        world = await new_world(tree_of(branches), mirror_policy=one_room)
        assert not (await world.apply()).failed
        before = world.api.traffic.reads.copy()
        assert not (await world.apply()).done
        reads.append(world.api.traffic.reads - before)
        assert len(await world.truth.joined(world.api.user_id)) == 2 * branches
    assert reads[0] == reads[1]
    assert reads[0].total() <= 2


async def test_each_look_sees_the_present(new_world: NewWorld, new_member: NewMember) -> None:
    anna, api = await new_member()
    world = await new_world(tree_of(2), people={"1": ("france", anna)})
    await world.apply()
    place = world.place("france", "discussion")
    assert anna in (await world.look()).located.rooms[place].invited
    await api.join(await world.room("france", "discussion"))
    assert anna in (await world.look()).located.rooms[place].joined
    await api.leave(await world.room("france", "discussion"))
    view = await world.look()
    assert anna in view.located.rooms[place].gone
    assert [finding.place for finding in findings(view, Kind.AWAY)] == [place]


async def test_what_happens_at_once_is_not_mended(new_world: NewWorld, new_member: NewMember) -> None:
    """Members come while their branch is renamed: that forks the history of its rooms, and a look at the latest event
    alone would see an old name and send the new one again."""
    people = [await new_member() for _ in range(6)]
    world = await new_world(tree_of(2), people={str(number): ("b000", user) for number, (user, _) in enumerate(people)})
    await world.settle()
    rooms = [await world.room("b000", key) for key in KEYS if key != "committee"]
    for number, (_, api) in enumerate(people):
        await do(world.database, EditBranch(world.grown.branches["b000"], f"Name {number}", None, None, None))
        view = await world.look()
        await asyncio.gather(world.mirror.carry_out(view), *(api.join(room) for room in rooms))
        before = writes(world.api)
        report = await world.apply()
        assert (report.done, report.failed, writes(world.api)) == ([], [], before)
    state = await world.truth.state(rooms[0])
    assert (state.name, len(state.with_membership("join"))) == ("Name 5", 7)


async def test_a_branch_moves_and_closes(new_world: NewWorld, new_member: NewMember) -> None:
    anna, api = await new_member()
    world = await new_world({"france": {"east": {"town": {}}, "west": {}}}, people={"1": ("town", anna)})
    await world.settle()
    for slug in ("france", "east", "town"):
        await api.join(await world.room(slug))
    town = await world.room("town")
    await do(world.database, MoveBranch(world.grown.branches["town"], world.grown.branches["west"]))
    await world.settle()
    assert town not in (await world.state("east")).children
    assert town in (await world.state("west")).children
    assert anna in (await world.state("east")).with_membership("leave")
    assert anna in (await world.state("west")).with_membership("invite")
    state = await world.truth.state(town)
    assert state.content("m.space.parent", await world.room("west"))["canonical"] is True
    assert not state.content("m.space.parent", await world.room("east"))

    await do(world.database, CloseBranch(world.grown.branches["east"]))
    await world.settle()
    assert await world.room("east") not in (await world.state("france")).children
    assert (await world.state("east")).with_membership("join") == {world.api.user_id}


async def test_a_mandate_brings_power_and_takes_it_along(new_world: NewWorld, new_member: NewMember) -> None:
    anna, api = await new_member()
    world = await new_world(tree_of(1), people={"1": ("france", anna)})
    await world.settle()
    member, branch, until = world.grown.members["1"], world.grown.branches["france"], NOW + timedelta(days=365)
    await do(world.database, GiveMandate(member, "secretary", branch, NOW, until))
    await world.settle()
    for key in KEYS:
        assert (await world.state("france", key)).powers == {anna: 60}
    await api.join(await world.room("france", "committee"))
    world.clock.advance(timedelta(days=365))
    before = world.api.traffic.writes.copy()
    assert not (await world.apply()).failed
    assert world.api.traffic.writes - before == {"put_state": 4, "kick": 1}
    assert (await world.state("france", "committee")).with_membership("leave") == {anna}
    assert not any([(await world.state("france", key)).powers for key in KEYS])


@pytest.mark.parametrize("version", ["10", "11"])
async def test_older_room_versions(new_world: NewWorld, new_member: NewMember, version: str) -> None:
    anna, _ = await new_member()
    world = await new_world(
        tree_of(2),
        people={"1": ("b000", anna)},
        mandates=[("1", "secretary", "b000")],
        mirror_policy=policy(room_version=version),
    )
    await world.settle()
    for slug in ("france", "b000"):
        for key in KEYS:
            state = await world.state(slug, key)
            assert state.content("m.room.create")["room_version"] == version
            assert state.powers == {world.api.user_id: 100} | ({anna: 60} if slug == "b000" else {})


async def test_a_new_branch_opens_what_was_closed_and_shuts_what_was_open(new_world: NewWorld) -> None:
    """A discussion is open to those of its space for as long as nobody else is in the space."""
    world = await new_world(tree_of(1))
    await world.settle()
    assert (await world.state("france", "discussion")).content("m.room.join_rules")["join_rule"] == "restricted"
    created = await do(world.database, CreateBranch("east", "East", "region", world.grown.branches["france"]))
    await world.settle()
    assert (await world.state("france", "discussion")).content("m.room.join_rules") == {"join_rule": "invite"}
    await do(world.database, CloseBranch(created[0].subject_id))
    await world.settle()
    assert (await world.state("france", "discussion")).content("m.room.join_rules")["join_rule"] == "restricted"
