"""What the deliverer asks of the outbox, and notes there."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final, Literal

from sqlalchemy import Integer, String, delete, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from bridge.letters.arrivals import Receipt
from bridge.letters.outbox import LetterPartRow, LetterRow, ReceiptRow, State, end
from ground.database import Base, Instant

_ALWAYS: Final = datetime(1970, 1, 1, tzinfo=UTC)


class SendingDeviceRow(Base):
    """The one row that says which device sends letters, and since when; another device knows no transaction id."""

    __tablename__ = "sending_device"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    device: Mapped[str] = mapped_column(String(255))
    since: Mapped[datetime] = mapped_column(Instant)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a letter ended. `events` are what it became, in order; `of` is the letter that they make up, when it is an
    earlier one whose events a correction changed in number."""

    letter: LetterRow
    state: State
    outcome: Literal["delivered", "refused", "given_up"]
    reason: str | None = None
    room_id: str | None = None
    events: tuple[str, ...] = ()
    renewed: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Earlier letters whose events changed in number, and what their events are now."""


@dataclass(frozen=True, slots=True)
class Earlier:
    """A letter that another one speaks of. `events` is empty until it is delivered, and for what became no event."""

    state: State
    events: tuple[str, ...]


async def sending_since(session: AsyncSession, device: str, at: datetime) -> datetime:
    """Since when letters are sent from this device, whose first use is noted; the beginning of time for the first."""
    row = await session.get(SendingDeviceRow, 1)
    if row is None:
        row = SendingDeviceRow(id=1, device=device, since=_ALWAYS)
        session.add(row)
    elif row.device != device:
        row.device, row.since = device, at
    return row.since


async def waiting(
    session: AsyncSession, *, limit: int, but_places: Collection[str], but_numbers: Collection[int]
) -> Sequence[LetterRow]:
    """Letters that wait, in the order of their numbers, except at these places and of these numbers."""
    query = select(LetterRow).where(LetterRow.state == State.WAITING)
    if but_places:
        query = query.where(LetterRow.place.not_in(but_places))
    if but_numbers:
        query = query.where(LetterRow.number.not_in(but_numbers))
    return list(await session.scalars(query.order_by(LetterRow.number).limit(limit)))


async def before(session: AsyncSession, letter: LetterRow, about: str) -> tuple[Earlier | None, bool]:
    """The letter that another one speaks of, None when it is not known; and whether the other one is a correction after
    which another correction, or a withdrawal, of the same letter waits."""
    return await _earlier(session, about), await _overtaken(session, letter, about)


async def _earlier(session: AsyncSession, about: str) -> Earlier | None:
    query = select(LetterRow.state, LetterRow.event_id).where(LetterRow.id == about)
    row = (await session.execute(query)).one_or_none()
    if row is None:
        return None
    state, first = row
    parts = select(LetterPartRow.event_id).where(LetterPartRow.letter == about).order_by(LetterPartRow.part)
    return Earlier(State(state), () if first is None else (first, *await session.scalars(parts)))


async def _overtaken(session: AsyncSession, letter: LetterRow, about: str) -> bool:
    if letter.kind != "correction":
        return False
    query = select(LetterRow.number).where(LetterRow.about == about, LetterRow.number > letter.number)
    query = query.where(LetterRow.state == State.WAITING, LetterRow.kind.in_(["correction", "withdrawal"]))
    return await session.scalar(query.limit(1)) is not None


async def note(session: AsyncSession, ended: Sequence[tuple[Ended, datetime]]) -> None:
    """Note how and when letters ended, with their receipts. A letter that ended before stays as it was."""
    query = select(LetterRow).where(LetterRow.number.in_([one.letter.number for one, _ in ended]))
    rows = {row.number: row for row in await session.scalars(query)}
    for one, at in ended:
        row = rows.get(one.letter.number)
        # SQLite gives the number of the last letter again when that has vanished.
        if row is None or row.id != one.letter.id or row.state in {State.DELIVERED, State.DEAD}:
            continue
        # What came back from the room may have told the event already.
        row.room_id = one.room_id or row.room_id
        row.event_id = one.events[0] if one.events else row.event_id
        await end(session, row, one.state, at, outcome=one.outcome, reason=one.reason)
        if row.vanish:
            continue
        _add_parts(session, row.id, one.events)
        for letter, events in one.renewed.items():
            await session.execute(delete(LetterPartRow).where(LetterPartRow.letter == letter))
            _add_parts(session, letter, events)
    await session.flush()


async def receipts(session: AsyncSession, *, after: str = "", limit: int = 100) -> Sequence[Receipt]:
    """Receipts that were not given yet, oldest first, after one of this id."""
    query = select(ReceiptRow).where(ReceiptRow.id > after).order_by(ReceiptRow.id).limit(limit)
    return [
        Receipt(id=row.id, letter=row.letter, owner=row.owner, outcome=_outcome(row.outcome), reason=row.reason)
        for row in await session.scalars(query)
    ]


async def given(session: AsyncSession, receipts: Collection[str]) -> None:
    """Forget receipts that were given."""
    await session.execute(delete(ReceiptRow).where(ReceiptRow.id.in_(receipts)))


def _outcome(kept: str) -> Literal["delivered", "refused", "given_up"]:
    match kept:
        case "delivered" | "refused" | "given_up":
            return kept
    raise ValueError(f"'{kept}' is no outcome of a letter")


def _add_parts(session: AsyncSession, letter: str, events: Sequence[str]) -> None:
    session.add_all(
        LetterPartRow(letter=letter, part=part, event_id=event) for part, event in enumerate(events[1:], start=1)
    )
