"""A room that somebody asked for from the chat becomes a room of the branch, or it is said why not."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bridge.letters import Receipt
from bridge.matrix.errors import Unavailable
from bridge.matrix.rooms import known_rooms
from bridge.mirror import asked_links
from bridge.mirror import link as linking
from bridge.mirror.asked_links import PATIENCE, AskedLinks
from bridge.mirror.link import Candidate
from bridge.mirror.mirror import Mirror
from bridge.mirror.tables import asked
from bridge.places import BranchRoom
from bridge.ports import LACKS, NoLink, ask_to_link, links_asked
from tests.support.mirror import NewWorld, World
from tests.support.people import NewMember


class Desk:
    """What is handed over; `broken`: the next one is not taken."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.receipts: list[Receipt] = []
        self.broken = False

    async def ask(self, place: BranchRoom, room: str, *, before: timedelta = timedelta(0)) -> str:
        at = self.world.clock.now() - before
        return await self.world.database.write(
            lambda session: ask_to_link(session, place, room, owner="test", data={"n": 1}, at=at)
        )

    async def hand_over(self, receipt: Receipt) -> None:
        if self.broken:
            self.broken = False
            raise RuntimeError("killed")
        self.receipts.append(receipt)

    async def link(self) -> list[tuple[str, str, str | None]]:
        """What is said of each wish now."""
        self.receipts.clear()
        await AskedLinks(self.world.mirror).link_asked(self.hand_over)
        return [(one.letter, one.outcome, one.reason) for one in self.receipts]


async def test_each_wish_is_answered_once(new_world: NewWorld, new_member: NewMember) -> None:
    owner, owner_api = await new_member()
    world = await new_world({"france": {"bretagne": {}}}, people={"1": ("france", owner)})
    bot = world.api.user_id

    async def room(power: int, **content: object) -> str:
        users = {owner: 100, bot: power}
        return await owner_api.create_room(
            {"room_version": "11", "power_level_content_override": {"users": users}, "invite": [bot], **content}
        )

    full, weak, third, closed = await room(100), await room(0), await room(100), await room(100, invite=[])
    space = await room(100, creation_content={"type": "m.space"})
    desk = Desk(world)
    discussion, committee = world.place("france", "discussion"), world.place("france", "committee")
    wishes = [
        await desk.ask(discussion, full),
        await desk.ask(committee, weak),
        await desk.ask(world.place("bretagne", "discussion"), closed),
        await desk.ask(world.place("bretagne", "committee"), space),
        await desk.ask(world.place("bretagne", "announcements"), full),
    ]
    assert await desk.link() == [
        (wishes[0], "delivered", None),
        (wishes[1], "delivered", LACKS),
        (wishes[2], "refused", NoLink.NO_ENTRANCE),
        (wishes[3], "refused", NoLink.OTHER_KIND),
        (wishes[4], "refused", NoLink.TAKEN),
    ]
    known = await world.database.read(known_rooms)
    assert (known[discussion].room_id, known[committee].room_id) == (full, weak)
    assert len(await world.database.read(asked)) == 2, "the mirror is asked to set the linked rooms right"
    assert await desk.link() == []
    other = await desk.ask(discussion, third)
    assert await desk.link() == [(other, "refused", NoLink.FULL)]


async def test_a_kill_before_the_answer_is_taken_leaves_the_wish(new_world: NewWorld, new_member: NewMember) -> None:
    owner, owner_api = await new_member()
    world = await new_world({"france": {}}, people={"1": ("france", owner)})
    room = await owner_api.create_room({"room_version": "11", "invite": [world.api.user_id]})
    desk = Desk(world)
    discussion = world.place("france", "discussion")
    await desk.ask(discussion, "#nowhere:kunveno.localhost")
    wish = await desk.ask(discussion, room)  # takes the place of the first
    desk.broken = True
    try:
        await desk.link()
    except RuntimeError:
        pass
    else:
        raise AssertionError("it was taken")
    assert [one.id for one in await world.database.read(links_asked)] == [wish]
    first = await desk.link()
    assert first == [(wish, "delivered", LACKS)]
    assert desk.receipts[0].id == f"link-{wish}"


async def test_a_server_that_cannot_answer_holds_up_no_other_wish(
    new_world: NewWorld, new_member: NewMember, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner, owner_api = await new_member()
    world = await new_world({"france": {"bretagne": {}}}, people={"1": ("france", owner)})
    room = await owner_api.create_room({"room_version": "11", "invite": [world.api.user_id]})

    async def candidate(mirror: Mirror, place: BranchRoom, address: str) -> Candidate:
        if address.endswith(":gone.example"):
            raise Unavailable("gone", errcode="M_UNKNOWN", status=502, method="GET", path="/directory")
        return await linking.candidate(mirror, place, address)

    monkeypatch.setattr(asked_links, "candidate", candidate)
    desk = Desk(world)
    discussion, committee = world.place("france", "discussion"), world.place("france", "committee")
    waits = await desk.ask(discussion, "#a:gone.example")
    wish = await desk.ask(committee, room)
    assert await desk.link() == [(wish, "delivered", LACKS)]
    with pytest.raises(Unavailable):
        await desk.link()
    assert [one.id for one in await world.database.read(links_asked)] == [waits]
    tired = await desk.ask(discussion, "#a:gone.example", before=PATIENCE)
    assert await desk.link() == [(tired, "refused", None)]
