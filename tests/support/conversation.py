"""Conversations with the bots: a real database, a clock that stands still, people who type, and what is answered.

stage = await Stage.open(db, [BOT])
anna = await stage.person("Anna", "Lyon", offices=["secretary"])
await anna.says("!branch", room="Lyon")
assert stage.said() == ["Lyon · section"]
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Final, Literal, TypeAlias

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bots.kit.bot import Bot
from bots.kit.dispatch import Dispatcher, due_handlers
from bots.kit.surroundings import Limits, RoomKind, Surroundings
from bridge.letters import (
    About,
    Applied,
    Arrival,
    Edit,
    Joined,
    Left,
    Mark,
    Message,
    PollResponse,
    Reaction,
    Receipt,
    Redaction,
    Words,
)
from bridge.letters.outbox import LetterRow
from bridge.letters.outbox import State as LetterState
from bridge.places import BranchRoom, Direct, Elsewhere, Place
from ground import due
from ground.clock import FixedClock
from ground.database import Database
from ground.texts import Translator, load_translators
from kunveno.messages import LOCALE
from party import branches, register
from party.branches import Branch, Tree
from party.changes import last_number
from party.mandates import held_by
from party.members import Status
from party.operation import OPERATOR, Operation
from party.operations.branches import CreateBranch, EditBranch
from party.operations.mandates import EndMandate, GiveMandate
from party.operations.members import AddMember, NameAccount, SetStatus
from party.policy import PartyPolicy
from tests.support.planted import plant_once
from tests.support.register import POLICY, fresh
from tests.support.said import Said, said_in

NOW: Final = datetime(2026, 11, 25, 14, 0, tzinfo=UTC)
"""A Wednesday, 15:00 in Paris."""
SERVER: Final = "example.org"
BOT: Final = f"@kunveno:{SERVER}"

Named: TypeAlias = "Mapping[str, Named]"
"""Names of branches and what is under each."""

FRANCE: Final[Named] = {
    "France": {
        "Auvergne-Rhône-Alpes": {"Rhône": {"Lyon": {}, "Givors": {}}, "Loire": {"Saint-Étienne": {}}},
        "Bretagne": {"Finistère": {"Brest": {}, "Quimper": {}}},
    }
}

ROOMS: Final = {
    kind.key: kind
    for kind in (
        RoomKind(
            key="announcements",
            name={"en": "Announcements – {branch}", "fr": "Annonces – {branch}"},
            who="members-and-below",
            post="officers",
        ),
        RoomKind(key="discussion", name={"en": "Discussion – {branch}", "fr": "Discussion – {branch}"}),
        RoomKind(key="committee", name={"en": "Committee – {branch}", "fr": "Bureau – {branch}"}, who="officers"),
    )
}


@dataclass(slots=True)
class Stage:
    """The organisation, its people and the bots, at one instant. Letters are counted from the last look at them."""

    db: Database
    clock: FixedClock
    surroundings: Surroundings
    dispatcher: Dispatcher
    woken: list[datetime]
    people: dict[str, Someone] = field(default_factory=dict)
    _seen: int = 0
    _counter: int = 0

    @classmethod
    async def open(
        cls,
        db: Database,
        bots: Sequence[Bot],
        *,
        tree: Named = FRANCE,
        policy: PartyPolicy = POLICY,
        language: str = "en",
        limits: Limits | None = None,
        rooms: Mapping[str, RoomKind] = ROOMS,
        prefix: str = "!",
        now: datetime = NOW,
    ) -> Stage:
        """A stage on an empty database, with the branches of `tree`, one tier of the policy for each depth."""
        await fresh(db)
        clock = FixedClock(now)
        surroundings = Surroundings(
            policy=policy.model_copy(update={"language": language}),
            translators=translators(),
            account=BOT,
            name="Kunveno",
            prefix=prefix,
            rooms=rooms,
            limits=limits or Limits(),
        )
        woken: list[datetime] = []
        dispatcher = Dispatcher(db, clock, surroundings, bots, lambda: woken.append(clock.now()))
        stage = cls(db, clock, surroundings, dispatcher, woken)
        await stage._plant(tree)
        return stage

    # -- people and branches

    async def person(
        self,
        name: str,
        branch: str,
        *,
        offices: Sequence[str] = (),
        language: str | None = None,
        account: str | None = None,
        confirmed: bool = True,
        status: Status = Status.MEMBER,
    ) -> Someone:
        """A member whose home is a branch, with offices there (`secretary`) or elsewhere (`secretary in Loire`)."""
        tree = await self.tree()
        address = account or f"@{slug(name)}:{SERVER}"

        async def work(session: AsyncSession) -> str:
            add = AddMember(name, find(tree, branch).id, language=language)
            member = await self._change(session, add)
            for office in offices:
                key, _, where = office.partition(" in ")
                give = GiveMandate(member, key, find(tree, where or branch).id, starts_at=self.clock.now())
                await self._change(session, give)
            await self._change(session, NameAccount(member, address, confirmed))
            if status is not Status.MEMBER:
                await self._change(session, SetStatus(member, status))
            return member

        someone = Someone(self, name, address, await self.db.write(work))
        self.people[name] = someone
        return someone

    def stranger(self, name: str = "Stranger") -> Someone:
        """Somebody with an account of nobody in the register."""
        someone = Someone(self, name, f"@{slug(name)}:{SERVER}", None)
        self.people[name] = someone
        return someone

    async def loses_offices(self, someone: Someone) -> None:
        """End the mandates of a person."""

        async def work(session: AsyncSession) -> None:
            for mandate in await held_by(session, someone.member_id or "", self.clock.now()):
                await self._change(session, EndMandate(mandate.id, self.clock.now() + timedelta(microseconds=1)))

        await self.db.write(work)
        self.clock.advance(timedelta(microseconds=1))

    async def set_language(self, branch: str, language: str) -> None:
        """Give a branch a language of its own."""
        one = find(await self.tree(), branch)
        edit = EditBranch(one.id, one.name, language, one.timezone, one.code)
        await self.db.write(lambda session: self._change(session, edit))

    async def tree(self) -> Tree:
        """The branches as they are."""
        return await self.db.read(branches.tree)

    async def place(self, room: str | None, account: str) -> Place:
        """A room by name: `Lyon` (its discussion), `Lyon/committee`, `elsewhere`; None is the direct conversation."""
        if room is None:
            return Direct(account)
        if room == "elsewhere":
            return Elsewhere("!somewhere")
        name, _, key = room.partition("/")
        return BranchRoom(find(await self.tree(), name).id, key or "discussion")

    # -- what happens

    async def arrives(self, arrival: Arrival) -> None:
        """Hand something over to the bots."""
        await self.dispatcher.handle(arrival)

    async def passes(self, time: timedelta) -> None:
        """Let time pass; what falls due on the way is done at its time."""
        until = self.clock.now() + time
        handlers = due_handlers(self.dispatcher)
        while True:
            at = await self.db.read(due.next_at)
            if at is None or at > until:
                break
            self.clock.instant = max(at, self.clock.instant)
            done, failed = await due.run(self.db, self.clock, handlers)
            if failed:
                raise failed[0].error
            if not done:
                break
        self.clock.instant = until

    async def is_applied(self, *failed: str) -> None:
        """The mirror carried everything over, but for what failed in these branches."""
        tree = await self.tree()
        number = await self.db.read(last_number)
        ids = frozenset(find(tree, name).id for name in failed)
        await self.arrives(Applied(number=number, at=self.clock.now(), failed=ids))

    async def receipt(
        self, letter: Said, owner: str, outcome: Literal["delivered", "refused", "given_up"] = "delivered"
    ) -> None:
        """The bridge reports on a letter."""
        await self.arrives(Receipt(id=self.event(), letter=letter.id, owner=owner, outcome=outcome))

    async def delivers(self, branch: str) -> None:
        """The bridge has delivered what was written to the rooms of a branch; whoever asked for a receipt has it."""
        branch_id = find(await self.tree(), branch).id
        asked = select(LetterRow.id, LetterRow.owner).where(LetterRow.owner.is_not(None))
        query = asked.where(LetterRow.place.startswith(f"branch:{branch_id}/")).order_by(LetterRow.number)
        letters = await self.db.read(lambda session: session.execute(query))
        for letter, owner in letters.all():
            await self.arrives(Receipt(id=f"receipt-{letter}", letter=letter, owner=str(owner), outcome="delivered"))
        there = LetterRow.place.startswith(f"branch:{branch_id}/"), LetterRow.state == LetterState.WAITING
        done = update(LetterRow).where(*there).values(state=LetterState.DELIVERED, done_at=self.clock.now())
        await self.db.write(lambda session: session.execute(done))

    async def loses(self, letter: Said) -> None:
        """The bridge gives a letter up."""
        lost = update(LetterRow).where(LetterRow.id == letter.id)
        await self.db.write(lambda session: session.execute(lost.values(state=LetterState.DEAD, reason="refused")))

    def event(self) -> str:
        """The id of another event."""
        self._counter += 1
        return f"$event-{self._counter}"

    # -- what was said

    async def letters(self, *, marks: bool = False) -> list[Said]:
        """The letters since the last look, in order; without the marks that the bots set, unless asked for."""
        found = await self._letters_after(self._seen)
        self._seen += len(found)
        return [said for said in found if marks or not isinstance(said.content, Mark)]

    async def said(self) -> list[str]:
        """The letters since the last look, as people read them."""
        return [str(letter) for letter in await self.letters()]

    async def all_letters(self) -> list[Said]:
        """Every letter, in order."""
        return await self._letters_after(0)

    async def _letters_after(self, seen: int) -> list[Said]:
        async def read(session: AsyncSession) -> list[LetterRow]:
            return list(await session.scalars(select(LetterRow).order_by(LetterRow.number).offset(seen)))

        return [said_in(row) for row in await self.db.read(read)]

    # -- the beginning

    async def _plant(self, tree: Named) -> None:
        async def work(session: AsyncSession) -> None:
            async def plant(below: Named, parent_id: str | None, tiers: Sequence[str]) -> None:
                for name, further in below.items():
                    create = CreateBranch(slug(name), name, tiers[0], parent_id)
                    await plant(further, await self._change(session, create), tiers[1:])

            await plant(tree, None, list(self.surroundings.policy.tiers))

        what = (repr(tree), self.surroundings.policy.model_dump_json(), self.clock.now())
        await plant_once(self.db, what, work)

    async def _change(self, session: AsyncSession, operation: Operation) -> str:
        policy, now = self.surroundings.policy, self.clock.now()
        done = await register.change(session, operation, actor=OPERATOR, policy=policy, at=now)
        return done[0].subject_id


@dataclass(frozen=True, slots=True)
class Someone:
    """A person who talks with the bots. Each thing they do returns what the bots answered, as people read it."""

    stage: Stage
    name: str
    account: str
    member_id: str | None

    async def says(
        self,
        text: str,
        room: str | None = None,
        *,
        html: str | None = None,
        mentions: Sequence[str] = (),
        reply_to: Said | None = None,
        thread: str | None = None,
        id: str | None = None,
    ) -> list[str]:
        """Write in a room (`Lyon`, `Lyon/committee`), or to the bot directly."""
        await self.utters(text, room, html=html, mentions=mentions, reply_to=reply_to, thread=thread, id=id)
        return await self.stage.said()

    async def utters(
        self,
        text: str,
        room: str | None = None,
        *,
        html: str | None = None,
        mentions: Sequence[str] = (),
        reply_to: Said | None = None,
        thread: str | None = None,
        id: str | None = None,
    ) -> None:
        """Write, and look at nothing yet."""
        stage = self.stage
        event = id or stage.event()
        await stage.arrives(
            Message(
                id=event,
                place=await stage.place(room, self.account),
                account=self.account,
                at=stage.clock.now(),
                text=text,
                html=html,
                mentions=tuple(mentions),
                reply_to=None if reply_to is None else About(f"$of-{reply_to.id}", reply_to.id),
                thread=thread,
            )
        )

    async def taps(self, key: str, letter: Said | None = None) -> list[str]:
        """Set a mark beside a letter: the latest message there is, where none is given."""
        if letter is None:
            letter = [said for said in await self.stage.all_letters() if isinstance(said.content, Words)][-1]
        await self.sets(key, letter)
        return await self.stage.said()

    async def sets(self, key: str, letter: Said) -> None:
        """Set a mark, and look at nothing yet."""
        stage = self.stage
        await stage.arrives(
            Reaction(
                id=stage.event(),
                place=letter.to,
                account=self.account,
                at=stage.clock.now(),
                to=About(f"$of-{letter.id}", letter.id),
                key=key,
            )
        )

    async def edits(self, event: str, text: str, room: str | None = None) -> list[str]:
        """Change a message of theirs."""
        stage = self.stage
        await stage.arrives(
            Edit(
                id=stage.event(),
                place=await stage.place(room, self.account),
                account=self.account,
                at=stage.clock.now(),
                of=About(event),
                text=text,
            )
        )
        return await stage.said()

    async def takes_back(self, event: str, room: str | None = None) -> list[str]:
        """Redact a message of theirs."""
        stage = self.stage
        await stage.arrives(
            Redaction(
                id=stage.event(),
                place=await stage.place(room, self.account),
                account=self.account,
                at=stage.clock.now(),
                of=About(event),
            )
        )
        return await stage.said()

    async def joins(self, room: str | None = None) -> list[str]:
        """Enter a room, or the direct conversation."""
        await self.enters(room)
        return await self.stage.said()

    async def enters(self, room: str | None = None) -> None:
        """Enter, and leave the answers to be looked at."""
        stage = self.stage
        place = await stage.place(room, self.account)
        await stage.arrives(Joined(id=stage.event(), place=place, account=self.account, at=stage.clock.now()))

    async def leaves(self, room: str | None = None, *, declined: bool = False, by: str | None = None) -> list[str]:
        """Leave a room, decline its invitation, or be removed by somebody."""
        stage = self.stage
        await stage.arrives(
            Left(
                id=stage.event(),
                place=await stage.place(room, self.account),
                account=self.account,
                at=stage.clock.now(),
                how="declined" if declined else "removed" if by else "left",
                by=by,
            )
        )
        return await stage.said()

    async def chooses(self, letter: Said, *answers: str) -> list[str]:
        """Choose in a poll."""
        stage = self.stage
        await stage.arrives(
            PollResponse(
                id=stage.event(),
                place=letter.to,
                account=self.account,
                at=stage.clock.now(),
                poll=About(f"$of-{letter.id}", letter.id),
                answers=answers,
            )
        )
        return await stage.said()


@asynccontextmanager
async def stage_on(address: str, bots: Sequence[Bot], **options: object) -> AsyncIterator[Stage]:
    """A stage on a database of its own, which `address` names."""
    async with Database.open(address) as db:
        yield await Stage.open(db, bots, **options)  # type: ignore[arg-type]


@cache
def translators() -> Mapping[str, Translator]:
    """The languages of the program."""
    return load_translators(LOCALE)


def slug(name: str) -> str:
    """A name as it stands in addresses."""
    plain = "".join(char for char in unicodedata.normalize("NFKD", name) if not unicodedata.combining(char))
    return re.sub("[^a-z0-9]+", "-", plain.casefold()).strip("-")


def find(tree: Tree, name: str) -> Branch:
    """A branch by its name or slug."""
    return next(branch for branch in tree if name in (branch.name, branch.slug))
