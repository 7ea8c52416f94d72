"""Members who open votes, vote and change their minds, and what must have come of it: one of everything."""

from __future__ import annotations

import asyncio
import random
import secrets
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from nio import MegolmEvent
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bots.kit.questions import QuestionRow
from bots.vote.tables import CastRow, State, VoteLetterRow, VoteRow
from bridge.letters import outbox
from bridge.letters.inbox import InboxRow
from bridge.letters.outbox import LetterRow
from bridge.matrix.api import Credentials, MatrixApi
from bridge.matrix.content import Json
from bridge.matrix.rooms import place_in
from bridge.places import Direct, address
from tests.support.encrypted import EncryptedMember
from tests.support.house import House, everything
from tests.support.installation import until

ROOMS: Final = {"plain": False, "encrypted": True}
"""Kinds of rooms, and whether they are encrypted."""
CHOICES: Final = ("For", "Against", "Abstain")
_MARKS: Final = ("1️⃣", "2️⃣", "3️⃣")
_COMING: Final = 60.0
"""Seconds until the bot has accepted an invitation."""
_POLL: Final = "org.matrix.msc3381.poll"


@dataclass(slots=True)
class Vote:
    """A vote that the secretary asks for: the kind of its room, its question, and what became of it."""

    kind: str
    confidential: bool
    question: str
    id: str = ""
    number: int = 0
    poll: str = ""
    """The event of the poll."""
    announcement: str = ""
    choices: dict[str, int | None] = field(default_factory=dict)
    """The last choice of each account, from 0; None where it was withdrawn."""
    casts: set[str] = field(default_factory=set)
    """The events that are ballots in a public vote."""
    marked: set[str] = field(default_factory=set)
    """Those that the bot marks as taken."""
    asks: Counter[str] = field(default_factory=Counter)
    """How often each account asked for its ballot in a confidential vote."""
    given: Counter[str] = field(default_factory=Counter)
    """How often it gave one."""

    @property
    def name(self) -> str:
        return f"V{self.number}"


@dataclass(slots=True)
class Assembly:
    """The members of a house, with a direct conversation each. `patience`: seconds until what they ask must be done."""

    house: House
    votes: Sequence[Vote]
    apis: Sequence[MatrixApi]
    direct: Sequence[str]
    chance: random.Random
    patience: float
    pause: float = 0.0
    """Seconds between two things that a member does, at most."""
    _marks: set[tuple[str, str, str]] = field(default_factory=set)

    # -- what members do

    async def open(self) -> None:
        """The secretary asks for all votes, and says yes where that is asked."""
        secretary, asked = self.house.members[0], list[str]()
        for vote in self.votes:
            await self._rest()
            how = " --confidential" if vote.confidential else ""
            asked.append(await secretary.say(self.house.rooms[vote.kind], f"!vote {vote.question}{how}"))
        for vote, event in zip(self.votes, asked, strict=True):
            if vote.confidential:
                preview = await self._becomes(partial(_preview, event=event))
                yes = {"m.relates_to": {"rel_type": "m.annotation", "event_id": preview, "key": "✅"}}
                await secretary.send(self.house.rooms[vote.kind], "m.reaction", yes)
            await self._opened(vote, event)

    async def _opened(self, vote: Vote, event: str) -> None:
        row = await self._becomes(lambda db: db.scalar(select(VoteRow).where(VoteRow.source == event, _OPEN)))
        vote.id, vote.number = row.id, row.number or 0
        vote.announcement = await self._becomes(lambda db: _letter(db, vote.id, "announcement"))
        if not vote.confidential:
            vote.poll = await self._becomes(lambda db: _letter(db, vote.id, "poll"))

    async def cast(self) -> None:
        """Everybody votes in everything, and some change their minds; done once the program has handled all of it."""
        await asyncio.gather(*(self._votes(number) for number, _ in enumerate(self.house.members)))
        said = {event for vote in self.votes for event in vote.casts}
        await self._becomes(lambda db: _handled(db, said))

    async def _votes(self, number: int) -> None:
        turns = [vote for vote in self.votes for _ in range(self.chance.randint(1, 3))]
        self.chance.shuffle(turns)
        for vote in turns:
            await self._rest()
            await (self._ballot(number, vote) if vote.confidential else self._choose(number, vote))

    async def _choose(self, number: int, vote: Vote) -> None:
        """Vote in a room, in one of the ways in which that is done."""
        member, room, choice = self.house.members[number], self.house.rooms[vote.kind], self.chance.randrange(3)
        ways = ["tap", "withdraw", "command", "reply", *(() if ROOMS[vote.kind] else ("mark",))]
        way = self.chance.choices(ways, [4, 1, 2, 2, 2][: len(ways)])[0]
        match way:
            case "tap" | "withdraw":
                answers = [str(choice + 1)] if way == "tap" else []
                about = {"rel_type": "m.reference", "event_id": vote.poll}
                content = {"m.relates_to": about, f"{_POLL}.response": {"answers": answers}}
                event = await member.send(room, f"{_POLL}.response", content)
            case "mark":
                about = {"rel_type": "m.annotation", "event_id": vote.announcement, "key": _MARKS[choice]}
                event = await self._mark(member, room, about, vote)
            case "command":
                event = await member.say(room, f"!vote {vote.name} {choice + 1}")
            case _:
                to: dict[str, Any] = {"m.in_reply_to": {"event_id": self.chance.choice([vote.poll, vote.announcement])}}
                event = await member.say(room, str(choice + 1), **{"m.relates_to": to})
        if not event:
            return
        vote.casts.add(event)
        vote.choices[member.user_id] = None if way == "withdraw" else choice
        if way in {"command", "reply"}:
            vote.marked.add(event)

    async def _mark(self, member: EncryptedMember, room: str, about: dict[str, Any], vote: Vote) -> str:
        """A mark, which one sets once only; nothing where it is there already."""
        mark = (member.user_id, vote.name, about["key"])
        if mark in self._marks:
            return ""
        self._marks.add(mark)
        return await member.send(room, "m.reaction", {"m.relates_to": about})

    async def _ballot(self, number: int, vote: Vote) -> None:
        """Ask for the ballot in the direct conversation, and answer it."""
        member, room, choice = self.house.members[number], self.direct[number], self.chance.randrange(3)
        account = member.user_id
        await member.say(room, f"!vote {vote.name}")
        vote.asks[account] += 1
        ballot = await self._becomes(lambda db: _ballot(db, vote.id, account, vote.asks[account]))
        answer = {"m.in_reply_to": {"event_id": ballot}}
        event = await member.say(room, str(choice + 1), **{"m.relates_to": answer})
        vote.casts.add(event)
        vote.given[account] += 1
        vote.choices[account] = choice

    async def close(self) -> None:
        """The secretary closes all votes; done once they are counted."""
        for vote in self.votes:
            await self._rest()
            await self.house.members[0].say(self.house.rooms[vote.kind], f"!vote close {vote.name}")
        for vote in self.votes:
            await self._becomes(partial(_closed, vote=vote.id))

    # -- what must have come of it

    async def check(self) -> None:
        """One poll, one announcement, one end and one result of each vote in its room, and the right numbers."""
        await self._becomes(_nothing_waits)
        reader = self.house.members[0]
        rooms = {kind: await self._read(reader, self.house.reader, room) for kind, room in self.house.rooms.items()}
        for vote in self.votes:
            said = rooms[vote.kind]
            texts = [_text(event) for event in said]
            results = [body for body in texts if f"{vote.name} · {vote.question}" in body and " voted (" in body]
            assert len(results) == 1, (vote, results)
            assert self._numbers(vote) in results[0], (vote, results[0])
            assert f"{sum(choice is not None for choice in vote.choices.values())} of " in results[0], results[0]
            assert sum(f"Vote {vote.name} is open until" in body for body in texts) == 1, (vote, texts)
            assert sum(f"{vote.name} is closed. The result" in body for body in texts) == 1, (vote, texts)
            polls = [event["event_id"] for event in said if _asks(event, vote.question)]
            assert polls == ([] if vote.confidential else [vote.poll]), vote
            ends = [event for event in said if event["type"] == f"{_POLL}.end" and _about(event) in polls]
            assert len(ends) == len(polls), (vote, ends)
            taken = Counter(_about(event) for event in said if event["type"] == "m.reaction")
            assert {event: taken[event] for event in vote.marked} == dict.fromkeys(vote.marked, 1), vote
            if not vote.confidential:
                kept = await self.house.app.database.read(partial(_casts, vote=vote.id))
                assert kept == vote.casts, vote
        await self._check_direct()

    async def _check_direct(self) -> None:
        for number, member in enumerate(self.house.members):
            texts = [_text(event) for event in await self._read(member, self.apis[number], self.direct[number])]
            for vote in (vote for vote in self.votes if vote.confidential):
                handed = sum(vote.question in body for body in texts)
                assert handed == vote.asks[member.user_id], (vote, texts)
                thanked = sum(f"Your ballot for {vote.name} is in" in body for body in texts)
                assert thanked == vote.given[member.user_id], (vote, texts)

    def _numbers(self, vote: Vote) -> str:
        total = Counter(choice for choice in vote.choices.values() if choice is not None)
        if not total:
            return "Nobody voted"
        return ", ".join(f"{total[number]} {name}" for number, name in enumerate(CHOICES))

    async def _read(self, member: EncryptedMember, api: MatrixApi, room: str) -> list[Json]:
        """All that the bot said in a room, as a member can read it, oldest first."""
        await member.sync()
        events = [event for event in reversed(await everything(api, room)) if event["sender"] == self.house.bot]
        return [_readable(member, room, event) for event in events if "state_key" not in event]

    # -- how it is waited

    async def _rest(self) -> None:
        await asyncio.sleep(self.chance.uniform(0, self.pause))

    async def _becomes(self, look: Callable[[AsyncSession], Awaitable[Any]]) -> Any:
        """Wait until the database has something true to show."""
        return await until(lambda: self.house.app.database.read(look), seconds=self.patience)


@asynccontextmanager
async def assemble(
    house: House, chance: random.Random, *, votes: int, patience: float, pause: float
) -> AsyncIterator[Assembly]:
    """The members of a house begin to talk with the bot, which has to run. `votes`: of each kind in each room."""
    asked = [
        Vote(kind, confidential, f"Shall we {secrets.token_hex(4)}?")
        for kind in ROOMS
        for confidential in (False, True)
        for _ in range(votes)
    ]
    async with AsyncExitStack() as stack:
        apis = [await stack.enter_async_context(_as(house, member)) for member in house.members]
        direct = await asyncio.gather(*(_begin(house, *pair) for pair in zip(house.members, apis, strict=True)))
        yield Assembly(house, asked, apis, direct, chance, patience, pause)


def _as(house: House, member: EncryptedMember) -> AbstractAsyncContextManager[MatrixApi]:
    who = Credentials(member.client.access_token, member.user_id, None, application_service=False)
    return MatrixApi.connect(member.client.homeserver, who)


async def _begin(house: House, member: EncryptedMember, api: MatrixApi) -> str:
    """A direct conversation with the bot, which has come into it and knows what it is for."""
    room = await member.create_room(house.bot, is_direct=True)

    async def came() -> bool:
        place = await house.app.database.read(partial(place_in, room_id=room))
        return isinstance(place, Direct) and (await api.present(room)).get(house.bot) == "join"

    await until(came, seconds=_COMING)
    return room


_OPEN: Final = VoteRow.state == State.OPEN


async def _preview(session: AsyncSession, event: str) -> str | None:
    """The event of the question that a message made the bot ask."""
    query = select(LetterRow.event_id).join(QuestionRow, QuestionRow.letter == LetterRow.id)
    return await session.scalar(query.where(QuestionRow.event == event))


async def _letter(session: AsyncSession, vote: str, purpose: str) -> str | None:
    """The event of a letter of a vote, once it is delivered."""
    query = select(LetterRow.event_id).join(VoteLetterRow, VoteLetterRow.letter == LetterRow.id)
    return await session.scalar(query.where(VoteLetterRow.vote_id == vote, VoteLetterRow.purpose == purpose))


async def _ballot(session: AsyncSession, vote: str, account: str, number: int) -> str | None:
    """The event of the ballot that somebody was handed out after asking for the `number`th time."""
    query = (
        select(LetterRow.event_id)
        .join(VoteLetterRow, VoteLetterRow.letter == LetterRow.id)
        .where(VoteLetterRow.vote_id == vote, VoteLetterRow.purpose == "ballot")
        .where(LetterRow.place == address(Direct(account)))
        .order_by(LetterRow.number)
    )
    found = (await session.scalars(query)).all()
    return found[number - 1] if len(found) >= number else None


async def _handled(session: AsyncSession, events: Collection[str]) -> bool:
    return set(events) <= set(await session.scalars(select(InboxRow.id)))


async def _closed(session: AsyncSession, vote: str) -> bool:
    return (await session.get_one(VoteRow, vote)).state == State.CLOSED


async def _nothing_waits(session: AsyncSession) -> bool:
    return (await outbox.counts(session)).waiting == 0


async def _casts(session: AsyncSession, vote: str) -> set[str]:
    return set(await session.scalars(select(CastRow.id).where(CastRow.vote_id == vote)))


def _readable(member: EncryptedMember, room: str, event: Json) -> Json:
    """An event as the client of a member shows it."""
    if event["type"] != "m.room.encrypted":
        return event
    encrypted = MegolmEvent.from_dict(event)
    assert isinstance(encrypted, MegolmEvent), event
    encrypted.room_id = room
    source: Json = member.client.decrypt_event(encrypted).source
    return source


def _text(event: Json) -> str:
    return str(event["content"].get("body", "")) if event["type"] == "m.room.message" else ""


def _about(event: Json) -> str:
    """The event that another speaks of; encrypted ones say it outside of what is encrypted."""
    return str(event["content"].get("m.relates_to", {}).get("event_id", ""))


def _asks(event: Json, question: str) -> bool:
    start = event["content"].get(f"{_POLL}.start")
    return isinstance(start, dict) and question in str(start.get("question"))
