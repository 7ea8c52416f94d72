"""Letters that wait, have arrived or died. A letter is written in the transaction of what it speaks of."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal

from sqlalchemy import (
    BigInteger,
    Boolean,
    Index,
    Integer,
    Result,
    String,
    Text,
    delete,
    false,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from bridge.letters.letter import (
    CONTENT,
    PATIENCE,
    Content,
    Correction,
    Letter,
    Mark,
    PollClosing,
    Withdrawal,
    Words,
)
from bridge.places import Place, address, place_at
from ground.database import NOT_IN_BACKUPS, Base, Instant
from ground.ids import new_id


class State(StrEnum):
    """Where a letter is."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    DEAD = "dead"
    HELD = "held"
    """Set aside by a restore, for somebody to look at."""


class LetterRow(Base):
    """A letter. `number` is the order of writing, and of delivery within a place."""

    __tablename__ = "outbox"
    __table_args__ = (Index("ix_outbox_state_number", "state", "number"),)

    number: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    id: Mapped[str] = mapped_column(String(26), unique=True)
    place: Mapped[str] = mapped_column(String(300), index=True)
    kind: Mapped[str] = mapped_column(String(12))
    about: Mapped[str | None] = mapped_column(String(26), index=True)
    """The earlier letter that it speaks of."""
    content: Mapped[str | None] = mapped_column(Text)
    """JSON; None once it is to be forgotten."""
    answers: Mapped[str | None] = mapped_column(String(255))
    thread: Mapped[str | None] = mapped_column(String(255))
    instead: Mapped[str | None] = mapped_column(Text)
    owner: Mapped[str | None] = mapped_column(String(60))
    forget: Mapped[bool] = mapped_column(Boolean)
    vanish: Mapped[bool] = mapped_column(Boolean, server_default=false(), info=NOT_IN_BACKUPS)
    """Whether the row goes when the letter has come to its end."""
    written_at: Mapped[datetime] = mapped_column(Instant)
    deadline: Mapped[datetime] = mapped_column(Instant)
    state: Mapped[str] = mapped_column(String(10))
    reason: Mapped[str | None] = mapped_column(String(500))
    room_id: Mapped[str | None] = mapped_column(String(255))
    event_id: Mapped[str | None] = mapped_column(String(255), index=True)
    done_at: Mapped[datetime | None] = mapped_column(Instant)


class LetterPartRow(Base):
    """A further event of a letter too long for one. `part` counts from 1; part 0 is the event of the letter itself."""

    __tablename__ = "outbox_parts"

    letter: Mapped[str] = mapped_column(String(26), primary_key=True)
    part: Mapped[int] = mapped_column(Integer, primary_key=True)
    event_id: Mapped[str] = mapped_column(String(255), index=True)


class ReceiptRow(Base):
    """A receipt that its owner has not been given yet."""

    __tablename__ = "receipts"

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    letter: Mapped[str] = mapped_column(String(26))
    owner: Mapped[str] = mapped_column(String(60))
    outcome: Mapped[str] = mapped_column(String(10))
    reason: Mapped[str | None] = mapped_column(String(500))


@dataclass(frozen=True, slots=True)
class Counts:
    """How the outbox stands. `oldest`: when the letter that waits longest was written (UTC)."""

    waiting: int
    oldest: datetime | None
    held: int
    dead: int


@dataclass(frozen=True, slots=True)
class Kept:
    """A letter without what it says. `place` is as `bridge.places.address` writes it; `written_at` is in UTC."""

    id: str
    state: State
    kind: str
    place: str
    written_at: datetime
    reason: str | None


async def kept(session: AsyncSession, states: Collection[State]) -> Sequence[Kept]:
    """The letters in these states, in the order of writing."""
    query = select(LetterRow).where(LetterRow.state.in_(states)).order_by(LetterRow.number)
    rows = await session.scalars(query)
    return [Kept(row.id, State(row.state), row.kind, row.place, row.written_at, row.reason) for row in rows]


async def put(session: AsyncSession, letter: Letter, at: datetime) -> str:
    """Write a letter; returns its id, the handle for corrections and for what arrives about it."""
    row = LetterRow(**_columns(letter, at))
    session.add(row)
    await session.flush()
    return row.id


async def put_all(session: AsyncSession, letters: Sequence[Letter], at: datetime) -> Sequence[str]:
    """Write many letters, in their order, at the cost of few; returns their ids."""
    rows = [_columns(letter, at) for letter in letters]
    if rows:
        await session.flush()
        await session.execute(insert(LetterRow), rows)
    return [row["id"] for row in rows]


async def letter_of(session: AsyncSession, event_id: str) -> str | None:
    """The letter that became this event; None for an event that is not ours."""
    letter = await session.scalar(select(LetterRow.id).where(LetterRow.event_id == event_id).order_by(LetterRow.number))
    if letter is not None:
        return letter
    return await session.scalar(select(LetterPartRow.letter).where(LetterPartRow.event_id == event_id))


async def place_of(session: AsyncSession, letter: str) -> Place | None:
    """Where a letter goes, or went; None when it is not known any more."""
    kept = await session.scalar(select(LetterRow.place).where(LetterRow.id == letter))
    return None if kept is None else place_at(kept)


async def state_of(session: AsyncSession, letters: Sequence[str]) -> dict[str, State]:
    """The states of letters, by id."""
    rows = await session.execute(select(LetterRow.id, LetterRow.state).where(LetterRow.id.in_(letters)))
    return {letter: State(state) for letter, state in rows}


async def counts(session: AsyncSession) -> Counts:
    """How the outbox stands, for health and metrics."""
    query = select(LetterRow.state, func.count(), func.min(LetterRow.written_at)).group_by(LetterRow.state)
    query = query.where(LetterRow.state != State.DELIVERED)
    by_state = {state: (count, oldest) for state, count, oldest in await session.execute(query)}
    waiting, oldest = by_state.get(State.WAITING, (0, None))
    held, dead = (by_state.get(state, (0, None))[0] for state in (State.HELD, State.DEAD))
    return Counts(waiting, oldest, held, dead)


async def hold_all(session: AsyncSession) -> int:
    """Set all waiting letters aside, for somebody to look at after a restore; returns how many."""
    await session.execute(delete(LetterRow).where(LetterRow.vanish))
    held = update(LetterRow).where(LetterRow.state == State.WAITING).values(state=State.HELD)
    return _count(await session.execute(held.returning(LetterRow.id)))


async def forget_words(session: AsyncSession, before: datetime) -> None:
    """Keep of letters that came to their end before an instant only which events they became, not what they said."""
    over = (LetterRow.state.in_([State.DELIVERED, State.DEAD]), LetterRow.done_at < before)
    wordless = update(LetterRow).where(*over, LetterRow.content.is_not(None)).values(content=None, instead=None)
    await session.execute(wordless)


async def release(session: AsyncSession, letters: Sequence[str], at: datetime) -> int:
    """Have held letters sent after all; returns how many. One whose time is over gets a new term."""
    held = (LetterRow.state == State.HELD, LetterRow.id.in_(letters))
    await session.execute(update(LetterRow).where(*held, LetterRow.deadline <= at).values(deadline=at + PATIENCE))
    released = update(LetterRow).where(*held).values(state=State.WAITING)
    return _count(await session.execute(released.returning(LetterRow.id)))


async def drop(session: AsyncSession, letters: Sequence[str], at: datetime) -> int:
    """Have held letters never sent; returns how many. Who asked for a receipt is told that they were given up."""
    query = select(LetterRow).where(LetterRow.state == State.HELD, LetterRow.id.in_(letters))
    rows = list(await session.scalars(query.order_by(LetterRow.number)))
    for row in rows:
        await end(session, row, State.DEAD, at, outcome="given_up", reason="dropped after a restore")
    await session.flush()
    return len(rows)


async def end(
    session: AsyncSession,
    row: LetterRow,
    state: State,
    at: datetime,
    *,
    outcome: Literal["delivered", "refused", "given_up"],
    reason: str | None = None,
) -> None:
    """Note how a letter ended, with the receipt for whoever asked for one, and forget what is to be forgotten.

    One that is to vanish does, and leaves no receipt.
    """
    if row.vanish:
        await session.delete(row)
        return
    row.state, row.done_at, row.reason = state, at, reason and reason[:500]
    if row.forget:
        row.content = row.instead = None
    if row.owner is not None:
        session.add(ReceiptRow(id=new_id(), letter=row.id, owner=row.owner, outcome=outcome, reason=row.reason))


def content_of(row: LetterRow) -> Content:
    """What a row says. Raises ValueError when it was forgotten."""
    if row.content is None:
        raise ValueError("the content of this letter was forgotten")
    return CONTENT.validate_json(row.content)


def instead_of(row: LetterRow) -> Words | None:
    """What is said where the content is refused."""
    words = None if row.instead is None else CONTENT.validate_json(row.instead)
    return words if isinstance(words, Words) else None


def _columns(letter: Letter, at: datetime) -> dict[str, Any]:
    return {
        "id": new_id(),
        "place": address(letter.to),
        "kind": type(letter.content).__name__.lower(),
        "about": _about(letter.content),
        "content": CONTENT.dump_json(letter.content).decode(),
        "answers": letter.answers,
        "thread": letter.thread,
        "instead": None if letter.instead is None else CONTENT.dump_json(letter.instead).decode(),
        "owner": letter.owner,
        "forget": letter.forget,
        "vanish": letter.vanish,
        "written_at": at,
        "deadline": letter.deadline or at + PATIENCE,
        "state": State.WAITING,
    }


def _about(content: Content) -> str | None:
    match content:
        case Correction(of=of) | Withdrawal(of=of) | PollClosing(of=of):
            return of
        case Mark(letter=letter):
            return letter
        case _:
            return None


def _count(result: Result[Any]) -> int:
    return len(result.all())
