"""Somebody changes mirrored rooms by hand: it is seen, and mended or reported as the policy says."""

from __future__ import annotations

from collections import Counter

import pytest

from bridge.matrix.api import MatrixApi
from bridge.mirror.steps import Cause, Invite, Kind, Remove, SetState
from bridge.places import SPACE
from tests.support.mirror import NewWorld, World, findings, policy, raise_power, writes
from tests.support.people import NewMember

VERSIONS = ("10", "11", "12")


class TestByAnAccountOfAllPower:
    """An account that the bot once raised to 100 changes all there is to change."""

    @pytest.mark.parametrize("version", VERSIONS)
    async def test_it_is_reported_or_repaired(self, new_world: NewWorld, new_member: NewMember, version: str) -> None:
        (anna, anna_api), (bob, bob_api), (eve, eve_api), (stranger, _) = [await new_member() for _ in range(4)]
        world = await new_world(
            {"france": {"east": {}}},
            people={"1": ("france", anna), "2": ("france", bob), "3": ("france", eve)},
            mirror_policy=policy(room_version=version, drift="report"),
        )
        await world.settle()
        space, room = await world.room("france"), await world.room("france", "discussion")
        for api in (anna_api, bob_api, eve_api):
            await api.join(space)
            await api.join(room)
        await self.meddle(world, eve_api, bob, stranger)

        view = await world.look()
        assert view.plan.steps == ()
        said = findings(view, Kind.DRIFT)
        assert Counter(finding.place.key for finding in said) == {"discussion": 5, SPACE: 2}
        for who_or_what in (bob, stranger, "The party of Eve", str(world.place("east"))):
            assert any(who_or_what in finding.what for finding in said), who_or_what
        before = writes(world.api)
        await world.apply()
        assert writes(world.api) == before

        world = world.under(drift="repair")
        view = await world.look()
        assert all(
            step.cause is Cause.DRIFT for step in view.plan.steps if isinstance(step, SetState | Invite | Remove)
        )
        assert not (await world.mirror.carry_out(view)).failed
        await self.check_mended(world, eve, bob, stranger, version)
        before = writes(world.api)
        view = await world.look()
        assert view.plan.steps == ()
        assert writes(world.api) == before
        beyond = findings(view, Kind.BEYOND)
        assert view.plan.findings == tuple(beyond)
        assert [finding.place.key for finding in beyond] == ([] if version == "12" else [SPACE, "discussion"])
        assert all(eve in finding.what for finding in beyond)

    async def meddle(self, world: World, eve: MatrixApi, bob: str, stranger: str) -> None:
        space, room = await world.room("france"), await world.room("france", "discussion")
        for room_id in (space, room):
            await raise_power(world.api, room_id, {eve.user_id: 100})
        await eve.put_state(space, "m.space.child", {}, await world.room("east"))
        await eve.put_state(room, "m.room.name", {"name": "The party of Eve"})
        await eve.put_state(room, "m.room.join_rules", {"join_rule": "public"})
        await raise_power(eve, room, {bob: 50})
        await raise_power(eve, space, {bob: 50})
        await eve.remove(room, bob)
        await eve.invite(room, stranger)

    async def check_mended(self, world: World, eve: str, bob: str, stranger: str, version: str) -> None:
        room = await world.state("france", "discussion")
        assert room.name == "Discussion – France"
        assert room.content("m.room.join_rules")["join_rule"] == "invite"
        assert bob in room.with_membership("invite")
        assert stranger in room.with_membership("leave")
        space = await world.state("france")
        assert await world.room("east") in space.children
        left = {} if version == "12" else {world.api.user_id: 100, eve: 100}
        assert room.powers == left
        assert space.powers == left


async def test_an_officer_throws_out_invites_and_bans(new_world: NewWorld, new_member: NewMember) -> None:
    """What a secretary can do without anybody's help."""
    (anna, anna_api), (bob, bob_api), (carl, carl_api), (stranger, stranger_api) = [
        await new_member() for _ in range(4)
    ]
    world = await new_world(
        {"france": {}},
        people={"1": ("france", anna), "2": ("france", bob), "3": ("france", carl)},
        mandates=[("1", "secretary", "france")],
    )
    await world.settle()
    room = await world.room("france", "discussion")
    for api in (anna_api, bob_api, carl_api):
        await api.join(room)
    await anna_api.remove(room, bob)
    await anna_api.ban(room, carl)
    await anna_api.invite(room, stranger)
    await stranger_api.join(room)

    view = await world.look()
    place = world.place("france", "discussion")
    assert set(view.plan.steps) == {Invite(place, bob, Cause.DRIFT), Remove(place, stranger, Cause.DRIFT)}
    (finding,) = view.plan.findings
    assert finding.kind is Kind.BANNED
    assert carl in finding.what
    assert anna in finding.what
    await world.settle()
    state = await world.truth.state(room)
    assert (state.with_membership("invite"), state.with_membership("ban")) == ({bob}, {carl})
    assert stranger in state.with_membership("leave")

    await anna_api.unban(room, carl)  # by an officer's hand: they were removed, and belong there
    await world.settle()
    assert (await world.truth.state(room)).with_membership("invite") == {bob, carl}


async def test_the_power_that_an_officer_takes_is_taken_back(new_world: NewWorld, new_member: NewMember) -> None:
    """In a room where officers were once let to set power levels, one gives all they have to a friend."""
    (anna, anna_api), (bob, _) = await new_member(), await new_member()
    world = await new_world(
        {"france": {}}, people={"1": ("france", anna), "2": ("france", bob)}, mandates=[("1", "secretary", "france")]
    )
    await world.settle()
    room = await world.room("france", "discussion")
    await anna_api.join(room)
    content = await world.api.get_state(room, "m.room.power_levels")
    loose = {**content, "events": {**content["events"], "m.room.power_levels": 50, "org.example.other": 7}}
    await world.api.put_state(room, "m.room.power_levels", loose)
    await raise_power(anna_api, room, {bob: 60})
    view = await world.look()
    (step,) = view.plan.steps
    assert isinstance(step, SetState)
    assert (step.type, step.cause) == ("m.room.power_levels", Cause.DRIFT)
    assert f"{bob} 60" in step.before
    await world.settle()
    power = (await world.truth.state(room)).content("m.room.power_levels")
    assert power["users"] == {anna: 60}
    assert power["events"]["m.room.power_levels"] == 100
    assert power["events"]["org.example.other"] == 7  # what the policy says nothing of stays
