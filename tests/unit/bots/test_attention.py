"""What officers see once: who declined, left or stays silent, and the branches that nobody looks after."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Any, Literal

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bots.attention import BOT, feed, offers
from bots.attention.tables import SeenRow
from bots.kit.hooks import Hooks
from bots.kit.request import Kit, Occasion
from bots.kit.surroundings import RoomKind, Surroundings
from bridge.letters import Applied, Arrival, Joined, Left, Letter, Words, outbox
from bridge.letters.outbox import LetterRow, State, content_of
from bridge.places import BranchRoom, Direct, Place
from ground import due
from ground.clock import FixedClock
from ground.database import Database
from ground.ids import new_id
from ground.texts import ENGLISH, text
from party import members, register
from party.members import Status
from party.operation import OPERATOR, Operation
from party.operations.branches import CreateBranch
from party.operations.mandates import EndMandate, GiveMandate
from party.operations.members import NameAccount, ReleaseAccount, SetStatus, TransferMember
from party.policy import PartyPolicy
from tests.support.conversation import stage_on
from tests.support.register import ADMINISTRATOR, NOW, POLICY, Branches, Grown, fresh, grow

TREE: Branches = {"france": {"bretagne": {"finistere": {"brest": {}}, "morbihan": {}}}}
ANN, SEC, DEP, REG, TRE = (f"@{name}:x.org" for name in ("ann", "sec", "dep", "reg", "tre"))
COMMITTEE = RoomKind(key="committee", name={"en": "Committee"}, who="officers")
OPEN = RoomKind(key="board", name={"en": "Board"}, who="officers-and-below")
QUARTER = timedelta(minutes=15)
FORTNIGHT = timedelta(days=14)


class World:
    """A register, a clock, and a bot that hears what happens; `said` are its letters since one last looked."""

    def __init__(self, db: Database, grown: Grown, *rooms: RoomKind, policy: PartyPolicy = POLICY) -> None:
        self.db, self.grown, self.policy = db, grown, policy
        self.clock = FixedClock(NOW)
        self.names = {branch_id: slug for slug, branch_id in grown.branches.items()}
        self._kit = Kit(
            Surroundings(
                policy=policy.model_copy(update={"language": "en"}),
                translators={"en": ENGLISH},
                account="@kunveno:x.org",
                name="kunveno",
                rooms={kind.key: kind for kind in rooms},
            ),
            Hooks(),
            (),
        )
        self._read = 0

    def occasion(self, session: AsyncSession) -> Occasion:
        return Occasion(session, self.clock.now(), self._kit, BOT.name)

    async def happens(self, arrival: Arrival) -> None:
        async def work(session: AsyncSession) -> None:
            for listener in BOT.listens.get(type(arrival), ()):
                await listener(self.occasion(session), arrival)

        await self.db.write(work)

    async def applied(self) -> None:
        await self.happens(Applied(number=0, at=self.clock.now()))

    async def change(self, *operations: Operation) -> list[str]:
        """The register changes, and the mirror carries it over."""

        async def work(session: AsyncSession) -> list[str]:
            done: list[str] = []
            for operation in operations:
                deeds = await register.change(
                    session, operation, actor=OPERATOR, policy=self.policy, at=self.clock.now()
                )
                done += [deed.subject_id for deed in deeds]
            return done

        subjects = await self.db.write(work)
        await self.applied()
        return subjects

    async def leaves(self, account: str, slug: str, how: Any = "left", key: str = "discussion") -> None:
        await self.happens(Left(**self._at(self.room(slug, key), account), how=how))

    async def joins(self, account: str, slug: str) -> None:
        await self.happens(Joined(**self._at(self.room(slug), account)))

    def room(self, slug: str, key: str = "discussion") -> BranchRoom:
        return BranchRoom(self.grown.branches[slug], key)

    def _at(self, place: Place, account: str) -> dict[str, Any]:
        return {"id": new_id(), "place": place, "account": account, "at": self.clock.now()}

    async def passes(self, time: timedelta) -> None:
        """Time goes by; what falls due is done."""
        end = self.clock.now() + time
        while True:
            following = await self.db.read(due.next_at)
            if following is None or following > end:
                break
            self.clock.instant = max(following, self.clock.now())
            await self._run()
        self.clock.instant = end
        await self._run()

    async def _run(self) -> None:
        def handler(do: Callable[[Occasion, due.Due], Awaitable[None]]) -> due.Handler:
            async def handle(session: AsyncSession, item: due.Due) -> None:
                await do(self.occasion(session), item)

            return handle

        _done, failed = await due.run(self.db, self.clock, {what: handler(do) for what, do in BOT.due.items()})
        assert failed == []

    async def said(self) -> list[tuple[str, str]]:
        """Where and what, since one last asked."""

        async def work(session: AsyncSession) -> list[tuple[str, str]]:
            rows = (await session.scalars(select(LetterRow).order_by(LetterRow.number))).all()
            letters = []
            for row in rows[self._read :]:
                content = content_of(row)
                assert isinstance(content, Words)
                kind, _, where = row.place.partition(":")
                branch, _, key = where.partition("/")
                letters.append((f"{self.names[branch]}/{key}" if kind == "branch" else where, content.plain))
            self._read = len(rows)
            return letters

        return await self.db.read(work)

    async def places(self) -> list[str]:
        return [place for place, _ in await self.said()]


@pytest.fixture
async def db(database_url: str) -> AsyncIterator[Database]:
    async with Database.open(database_url) as db:
        await fresh(db)
        yield db


@pytest.fixture
async def grown(db: Database) -> Grown:
    """Every branch has a secretary but the section; Ann belongs to it, and nobody else."""
    return await grow(
        db,
        TREE,
        members={"ann": "brest", "dep": "finistere", "reg": "bretagne", "nat": "france", "mor": "morbihan"},
        mandates=[
            ("dep", "secretary", "finistere"), ("reg", "secretary", "bretagne"), ("nat", "secretary", "france"),
            ("mor", "secretary", "morbihan"),
        ],
        accounts={ANN: "ann", DEP: "dep", REG: "reg"},
        at=NOW - timedelta(days=100),
    )  # fmt: skip


@pytest.fixture
async def world(db: Database, grown: Grown) -> World:
    """The bot has been running for a while: that the section has no officers is no news."""
    world = World(db, grown, COMMITTEE)
    await world.applied()
    await world.passes(QUARTER)
    assert [place for place, _ in await world.said()] == ["finistere/committee"]
    return world


async def test_who_leaves_is_shown_once_in_one_letter_to_those_who_answer_for_them(world: World) -> None:
    await world.leaves(ANN, "brest")
    await world.leaves(ANN, "brest", key="announcements")
    await world.leaves(ANN, "finistere")
    await world.leaves(ANN, "france", "declined")
    await world.passes(QUARTER - timedelta(seconds=1))
    assert await world.said() == []
    await world.passes(timedelta(seconds=1))
    assert await world.said() == [
        (
            "finistere/committee",
            "For your attention in Brest:\n"
            "• Person ann declined an invitation to France.\n"
            "• Person ann left rooms of Brest, Finistere.\n"
            "I do not invite them again by myself. Perhaps somebody should talk to them.",
        )
    ]
    await world.leaves(ANN, "brest")
    await world.passes(timedelta(days=5))
    assert await world.said() == []


async def test_who_comes_back_at_once_is_not_shown_and_after_a_while_once_more(world: World) -> None:
    await world.leaves(ANN, "brest")
    await world.joins(ANN, "brest")
    await world.passes(QUARTER)
    assert await world.said() == []
    await world.leaves(ANN, "brest")
    await world.passes(QUARTER)
    assert await world.places() == ["finistere/committee"]
    await world.joins(ANN, "brest")
    await world.leaves(ANN, "brest")
    await world.passes(timedelta(days=8))
    assert await world.said() == []  # in and out is one story
    await world.joins(ANN, "brest")
    await world.leaves(ANN, "brest")
    await world.passes(QUARTER)
    assert await world.places() == ["finistere/committee"]


async def test_who_is_removed_or_does_not_belong_there_is_no_news(world: World) -> None:
    await world.leaves(ANN, "brest", "removed")
    await world.leaves(ANN, "morbihan")
    await world.leaves("@stranger:x.org", "brest")
    await world.change(SetStatus(world.grown.members["ann"], Status.LEFT))
    await world.leaves(ANN, "brest")
    await world.passes(timedelta(days=1))
    assert await world.said() == []


async def test_an_officer_is_not_told_of_herself(world: World) -> None:
    await world.leaves(DEP, "finistere", key="committee")
    await world.passes(QUARTER)
    assert await world.places() == ["bretagne/committee"]


async def test_where_somebody_reads_who_may_not_see_members_each_is_told_directly(world: World) -> None:
    await world.change(GiveMandate(world.grown.members["mor"], "delegate", world.grown.branches["finistere"]))
    await world.leaves(ANN, "brest")
    await world.passes(QUARTER)
    assert await world.places() == [DEP]


@pytest.mark.parametrize("rooms", [(), (OPEN,), (RoomKind(key="c", name={}, who="officers", tiers=("section",)),)])
async def test_without_a_room_for_the_officers_alone_each_is_told_directly(
    db: Database, grown: Grown, rooms: tuple[RoomKind, ...]
) -> None:
    world = World(db, grown, *rooms)
    await world.applied()
    await world.leaves(ANN, "brest")
    await world.passes(QUARTER)
    assert set(await world.places()) == {DEP}


async def test_where_nobody_answers_the_administrators_are_told(db: Database) -> None:
    grown = await grow(db, TREE, members={"ann": "brest"}, accounts={ANN: "ann"})
    world = World(db, grown, COMMITTEE)
    await world.leaves(ANN, "brest")
    await world.passes(QUARTER)
    assert await world.places() == [ADMINISTRATOR]


async def test_an_old_account_that_leaves_is_no_news_when_there_is_a_newer_one(world: World) -> None:
    new = "@ann2:x.org"
    await world.change(NameAccount(world.grown.members["ann"], new, confirmed=True))
    await world.said()
    await world.leaves(ANN, "brest")
    await world.passes(QUARTER)
    assert await world.said() == []
    await world.leaves(new, "brest")
    await world.passes(QUARTER)
    assert await world.places() == ["finistere/committee"]


async def test_who_never_comes_in_is_shown_after_a_fortnight(world: World) -> None:
    await world.change(NameAccount(world.grown.members["mor"], "@mor:x.org"))
    await world.passes(FORTNIGHT)
    assert await world.said() == []
    await world.passes(QUARTER)
    ((place, said),) = await world.said()
    assert place == "bretagne/committee"  # she is the secretary herself
    assert "Person mor was invited to Morbihan 14 days ago and has not come in." in said
    await world.passes(timedelta(days=60))
    assert await world.said() == []


async def test_who_came_in_declined_or_has_no_account_any_more_is_not_silent(world: World) -> None:
    ids = world.grown.members
    await world.change(NameAccount(ids["nat"], "@nat:x.org"), NameAccount(ids["mor"], "@mor:x.org"))
    await world.joins("@nat:x.org", "france")
    await world.change(ReleaseAccount(ids["mor"], "@mor:x.org"))
    await world.change(TransferMember(ids["ann"], world.grown.branches["morbihan"]))
    await world.leaves(ANN, "morbihan", "declined")
    await world.passes(QUARTER)
    ((_, said),) = await world.said()
    assert "Person ann declined an invitation to Morbihan." in said
    await world.passes(FORTNIGHT + QUARTER)
    assert await world.said() == []


async def test_a_direct_message_that_is_never_answered(world: World) -> None:
    async def write(session: AsyncSession) -> None:
        for account in (ANN, REG, DEP, "@stranger:x.org"):
            await outbox.put(session, Letter(to=Direct(account), content=Words("welcome")), world.clock.now())
        await outbox.put(session, Letter(to=Direct(REG), content=Words("yes"), answers="$1"), world.clock.now())
        for row in await session.scalars(select(LetterRow)):
            row.state, row.done_at = State.DELIVERED, world.clock.now()

    await world.db.write(write)
    await world.said()
    await world.happens(Joined(id=new_id(), place=Direct(DEP), account=DEP, at=world.clock.now()))
    await world.passes(FORTNIGHT - timedelta(days=1))
    assert await world.said() == []
    await world.passes(timedelta(days=3))
    ((place, said),) = await world.said()
    assert (place, "Person ann has not answered my direct messages." in said) == ("finistere/committee", True)
    await world.passes(timedelta(days=30))
    assert await world.said() == []


@pytest.mark.parametrize("how", ["declined", "left"])
async def test_who_does_not_want_the_direct_conversation(world: World, how: Literal["declined", "left"]) -> None:
    await world.happens(Left(id=new_id(), place=Direct(ANN), account=ANN, at=world.clock.now(), how=how))
    await world.passes(QUARTER)
    ((_, said),) = await world.said()
    assert "Person ann has not answered my direct messages." in said


async def test_a_branch_without_officers_is_told_once_to_the_branch_above(db: Database, grown: Grown) -> None:
    world = World(db, grown, COMMITTEE)
    await world.applied()
    assert await world.said() == []
    await world.passes(QUARTER)
    assert await world.said() == [
        (
            "finistere/committee",
            "Brest has nobody any more who looks after its members and offices.\n"
            "You can give it somebody, for example: !mandate give @… secretary --in brest",
        )
    ]
    await world.applied()
    await world.passes(timedelta(days=60))
    assert await world.said() == []


async def test_mended_and_vacant_again_is_told_again(world: World) -> None:
    give = GiveMandate(world.grown.members["ann"], "secretary", world.grown.branches["brest"])
    (mandate,) = await world.change(give)
    await world.passes(timedelta(days=1))
    await world.change(EndMandate(mandate, world.clock.now()))
    await world.passes(QUARTER)
    ((place, said),) = await world.said()
    assert (place, said.startswith("Brest has nobody")) == ("finistere/committee", True)


async def test_a_handover_is_no_vacancy(world: World) -> None:
    (mandate,) = await world.change(GiveMandate(world.grown.members["ann"], "secretary", world.grown.branches["brest"]))
    await world.passes(timedelta(days=1))
    await world.change(EndMandate(mandate, world.clock.now()))
    await world.passes(timedelta(minutes=10))
    await world.change(GiveMandate(world.grown.members["ann"], "chair", world.grown.branches["brest"]))
    await world.passes(timedelta(days=1))
    assert await world.said() == []


async def test_a_mandate_that_ends_by_itself_and_the_only_secretary_who_leaves(world: World) -> None:
    ends = world.clock.now() + timedelta(days=3)
    await world.change(
        GiveMandate(world.grown.members["ann"], "secretary", world.grown.branches["brest"], ends_at=ends)
    )
    await world.passes(timedelta(days=3) + QUARTER)
    assert await world.places() == ["finistere/committee"]
    await world.change(SetStatus(world.grown.members["dep"], Status.LEFT))
    await world.passes(QUARTER)
    ((place, said),) = await world.said()
    assert (place, said.startswith("Finistere has nobody")) == ("bretagne/committee", True)


async def test_a_suspended_secretary_keeps_nothing(world: World) -> None:
    await world.change(SetStatus(world.grown.members["dep"], Status.SUSPENDED))
    await world.passes(QUARTER)
    assert await world.places() == ["bretagne/committee"]


async def test_several_branches_are_one_letter_and_a_new_one_has_a_week(world: World) -> None:
    parent = world.grown.branches["finistere"]
    for slug in ("carhaix", "quimper"):
        (world.grown.branches[slug],) = await world.change(CreateBranch(slug, slug.title(), "section", parent))
    await world.passes(timedelta(days=7) - timedelta(hours=1))
    assert await world.said() == []
    await world.passes(timedelta(hours=1))
    ((place, said),) = await world.said()
    assert (place, said.splitlines()[:3]) == (
        "finistere/committee",
        ["These branches have nobody who looks after their members and offices:", "• Carhaix", "• Quimper"],
    )


async def test_a_second_account_is_told_to_the_first(world: World) -> None:
    new = "@ann2:y.org"
    await world.change(NameAccount(world.grown.members["ann"], new))
    assert await world.said() == []
    await world.change(NameAccount(world.grown.members["ann"], new, confirmed=True))
    ((place, said),) = await world.said()
    assert place == ANN
    assert said.startswith(f"{new} is an account of yours from now on")
    assert f"!account drop {new}" in said


async def test_what_was_before_the_bot_is_past(db: Database, grown: Grown) -> None:
    world = World(db, grown, COMMITTEE)
    await world.applied()
    await world.passes(timedelta(days=60))
    assert all("has nobody" in said for _, said in await world.said())


async def test_what_is_remembered_of_an_account_goes_with_it(world: World) -> None:
    await world.joins(ANN, "brest")
    await world.change(ReleaseAccount(world.grown.members["ann"], ANN))
    await world.passes(timedelta(days=2))

    async def seen(session: AsyncSession) -> list[str]:
        return list(await session.scalars(select(SeenRow.account)))

    assert await world.db.read(seen) == []


async def test_other_bots_tell_those_who_answer_for_a_member(world: World) -> None:
    async def work(session: AsyncSession) -> None:
        member = await members.by_id(session, world.grown.members["ann"])
        await offers.tell_officers(world.occasion(session), member, text("Look."))

    await world.db.write(work)
    assert await world.said() == [("finistere/committee", "Look.")]


async def test_as_a_conversation(database_url: str) -> None:
    async with stage_on(database_url, [BOT]) as stage:
        await stage.is_applied()
        await stage.person("Sec", "Lyon", offices=["secretary"])
        ada = await stage.person("Ada", "Lyon")
        assert await ada.leaves("Lyon") == []
        await stage.passes(QUARTER)
        (said,) = [each for each in await stage.letters() if "Ada" in str(each)]
        assert said.to == await stage.place("Lyon/committee", ada.account)
        assert "Ada left rooms of Lyon." in str(said)


async def test_many_changes_at_once_are_followed_bit_by_bit(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "_MOST", 2)
    ids = world.grown.members
    await world.change(*(NameAccount(ids[one], f"@{one}2:x.org", confirmed=True) for one in ("ann", "dep", "reg")))
    await world.passes(timedelta(0))
    assert set(await world.places()) == {ANN, DEP, REG}
