"""Letters that wait, have arrived or died. A letter is written in the transaction of what it speaks of."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, Boolean, Index, Integer, String, Text, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from bridge.letters.letter import CONTENT, PATIENCE, Letter, Words
from bridge.places import Place, address, place_at
from ground.database import Base, Instant
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
    content: Mapped[str | None] = mapped_column(Text)
    """JSON; None once it is to be forgotten."""
    answers: Mapped[str | None] = mapped_column(String(255))
    thread: Mapped[str | None] = mapped_column(String(255))
    instead: Mapped[str | None] = mapped_column(Text)
    owner: Mapped[str | None] = mapped_column(String(60))
    forget: Mapped[bool] = mapped_column(Boolean)
    written_at: Mapped[datetime] = mapped_column(Instant)
    deadline: Mapped[datetime] = mapped_column(Instant)
    state: Mapped[str] = mapped_column(String(10))
    reason: Mapped[str | None] = mapped_column(String(500))
    room_id: Mapped[str | None] = mapped_column(String(255))
    event_id: Mapped[str | None] = mapped_column(String(255), index=True)
    done_at: Mapped[datetime | None] = mapped_column(Instant)


async def put(session: AsyncSession, letter: Letter, at: datetime) -> str:
    """Write a letter; returns its id, the handle for corrections and for what arrives about it."""
    row = LetterRow(
        id=new_id(),
        place=address(letter.to),
        kind=type(letter.content).__name__.lower(),
        content=CONTENT.dump_json(letter.content).decode(),
        answers=letter.answers,
        thread=letter.thread,
        instead=None if letter.instead is None else CONTENT.dump_json(letter.instead).decode(),
        owner=letter.owner,
        forget=letter.forget,
        written_at=at,
        deadline=letter.deadline or at + PATIENCE,
        state=State.WAITING,
    )
    session.add(row)
    await session.flush()
    return row.id


async def letter_of(session: AsyncSession, event_id: str) -> str | None:
    """The letter that became this event; None for an event that is not ours."""
    return await session.scalar(select(LetterRow.id).where(LetterRow.event_id == event_id))


async def place_of(session: AsyncSession, letter: str) -> Place | None:
    """Where a letter goes, or went; None when it is not known any more."""
    kept = await session.scalar(select(LetterRow.place).where(LetterRow.id == letter))
    return None if kept is None else place_at(kept)


async def state_of(session: AsyncSession, letters: Sequence[str]) -> dict[str, State]:
    """The states of letters, by id."""
    rows = await session.execute(select(LetterRow.id, LetterRow.state).where(LetterRow.id.in_(letters)))
    return {letter: State(state) for letter, state in rows}


def content_of(row: LetterRow) -> object:
    """What a row says. Raises ValueError when it was forgotten."""
    if row.content is None:
        raise ValueError("the content of this letter was forgotten")
    return CONTENT.validate_json(row.content)


def instead_of(row: LetterRow) -> Words | None:
    """What is said where the content is refused."""
    words = None if row.instead is None else CONTENT.validate_json(row.instead)
    return words if isinstance(words, Words) else None
