"""What was announced or reported, and where each copy went."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import ForeignKey, Integer, String, Text, delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from bridge.places import BranchRoom
from ground.database import Base, Instant
from ground.ids import new_id


class Kind(StrEnum):
    """Which way it goes."""

    ANNOUNCEMENT = "announcement"
    REPORT = "report"


class State(StrEnum):
    """How far it is."""

    DRAFT = "draft"
    """Shown to its author, who has not said yes yet."""
    SENT = "sent"
    WITHDRAWN = "withdrawn"


class Outcome(StrEnum):
    """What became of one copy."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    REFUSED = "refused"
    GIVEN_UP = "given_up"
    NO_ROOM = "no_room"
    """The branch has no such room, so nothing was sent there."""


class AnnouncementRow(Base):
    """An announcement or a report. `words` are as its author wrote them; None once they were withdrawn."""

    __tablename__ = "announcements"

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    number: Mapped[int | None] = mapped_column(Integer, unique=True)
    """Given when it is sent."""
    kind: Mapped[str] = mapped_column(String(12))
    state: Mapped[str] = mapped_column(String(10))
    branch_id: Mapped[str] = mapped_column(ForeignKey("branches.id"), index=True)
    reach: Mapped[str] = mapped_column(String(70))
    """`here`, `below`, or `tier:KEY`."""
    account: Mapped[str] = mapped_column(String(255))
    member_id: Mapped[str | None] = mapped_column(ForeignKey("members.id"))
    source: Mapped[str] = mapped_column(String(255), unique=True)
    """The id of the message that asked for it: its edits are carried on, its removal withdraws."""
    place: Mapped[str] = mapped_column(String(300))
    """The address of the place where it was asked for."""
    thread: Mapped[str | None] = mapped_column(String(255))
    words: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(Instant)
    sent_at: Mapped[datetime | None] = mapped_column(Instant)
    progress: Mapped[str | None] = mapped_column(String(26))
    """The letter that says how far it is."""
    told: Mapped[str | None] = mapped_column(String(40))
    """What it last said, in short, so that it says nothing twice."""
    look_at: Mapped[datetime | None] = mapped_column(Instant)
    """When the next look at the progress is, where a copy has ended since the last one."""


class CopyRow(Base):
    """The copy of an announcement for one branch."""

    __tablename__ = "announcement_copies"

    announcement_id: Mapped[str] = mapped_column(ForeignKey("announcements.id"), primary_key=True)
    branch_id: Mapped[str] = mapped_column(ForeignKey("branches.id"), primary_key=True)
    room: Mapped[str | None] = mapped_column(String(60))
    """The kind of room it went to."""
    letter: Mapped[str | None] = mapped_column(String(26), unique=True)
    outcome: Mapped[str] = mapped_column(String(10))


@dataclass(frozen=True, slots=True)
class Copy:
    """One letter, and where it goes."""

    letter: str
    place: BranchRoom


ON_THEIR_WAY: Final = frozenset({Outcome.WAITING, Outcome.DELIVERED})
"""Copies that are, or will be, somewhere to be corrected or taken back."""


async def note(
    session: AsyncSession,
    *,
    kind: Kind,
    branch_id: str,
    reach: str,
    account: str,
    member_id: str | None,
    source: str,
    place: str,
    thread: str | None,
    words: str,
    at: datetime,
) -> AnnouncementRow:
    """A new draft."""
    row = AnnouncementRow(
        id=new_id(), kind=kind, state=State.DRAFT, branch_id=branch_id, reach=reach, account=account,
        member_id=member_id, source=source, place=place, thread=thread, words=words, created_at=at,
    )  # fmt: skip
    session.add(row)
    await session.flush()
    return row


async def sent(session: AsyncSession, row: AnnouncementRow, at: datetime) -> None:
    """From now on it is on its way, with the next number."""
    row.number = (await session.scalar(select(func.max(AnnouncementRow.number))) or 0) + 1
    row.state, row.sent_at = State.SENT, at
    await session.flush()


async def copies_noted(session: AsyncSession, announcement_id: str, letters: Mapping[str, Copy | None]) -> None:
    """Note which letter goes to which branch; None where the branch has no room for it."""
    rows = [
        {
            "announcement_id": announcement_id,
            "branch_id": branch,
            "room": copy and copy.place.key,
            "letter": copy and copy.letter,
            "outcome": Outcome.WAITING if copy else Outcome.NO_ROOM,
        }
        for branch, copy in letters.items()
    ]
    if rows:
        await session.execute(insert(CopyRow), rows)


async def of_source(session: AsyncSession, source: str) -> AnnouncementRow | None:
    """The announcement that a message asked for."""
    return await session.scalar(select(AnnouncementRow).where(AnnouncementRow.source == source))


async def of_letter(session: AsyncSession, letter: str) -> AnnouncementRow | None:
    """The announcement of which a letter is a copy, or whose progress it tells."""
    copied = select(CopyRow.announcement_id).where(CopyRow.letter == letter)
    query = select(AnnouncementRow).where((AnnouncementRow.progress == letter) | AnnouncementRow.id.in_(copied))
    return await session.scalar(query)


async def of_number(session: AsyncSession, number: int) -> AnnouncementRow | None:
    """The announcement with this number, no draft."""
    query = select(AnnouncementRow).where(AnnouncementRow.number == number, AnnouncementRow.state != State.DRAFT)
    return await session.scalar(query)


async def latest(
    session: AsyncSession, branch_id: str, kind: Kind, *, limit: int, account: str | None = None
) -> Sequence[AnnouncementRow]:
    """The latest of a branch, newest first, no drafts; of one account where it is given."""
    query = select(AnnouncementRow).where(
        AnnouncementRow.branch_id == branch_id, AnnouncementRow.kind == kind, AnnouncementRow.state != State.DRAFT
    )
    if account is not None:
        query = query.where(AnnouncementRow.account == account)
    return (await session.scalars(query.order_by(AnnouncementRow.number.desc()).limit(limit))).all()


async def copies(session: AsyncSession, announcement_id: str) -> Sequence[Copy]:
    """The copies that are on their way or have arrived."""
    query = select(CopyRow.letter, CopyRow.branch_id, CopyRow.room).where(
        CopyRow.announcement_id == announcement_id, CopyRow.outcome.in_(ON_THEIR_WAY)
    )
    return [
        Copy(letter, BranchRoom(branch, room))
        for letter, branch, room in await session.execute(query)
        if letter is not None and room is not None
    ]


async def settle(session: AsyncSession, letter: str, outcome: Outcome) -> str | None:
    """Note what became of a copy; returns the id of its announcement, None when the letter is no copy."""
    row = await session.scalar(select(CopyRow).where(CopyRow.letter == letter))
    if row is None:
        return None
    row.outcome = outcome
    return row.announcement_id


async def outcomes(session: AsyncSession, announcement_ids: Sequence[str]) -> dict[str, dict[Outcome, int]]:
    """How many copies ended how, by announcement."""
    query = select(CopyRow.announcement_id, CopyRow.outcome, func.count()).group_by(
        CopyRow.announcement_id, CopyRow.outcome
    )
    counts: dict[str, dict[Outcome, int]] = {each: {} for each in announcement_ids}
    for announcement, outcome, count in await session.execute(
        query.where(CopyRow.announcement_id.in_(announcement_ids))
    ):
        counts[announcement][Outcome(outcome)] = count
    return counts


async def not_arrived(session: AsyncSession, announcement_id: str) -> dict[Outcome, list[str]]:
    """The branches to which no copy has come, by why not."""
    query = select(CopyRow.outcome, CopyRow.branch_id).where(
        CopyRow.announcement_id == announcement_id, CopyRow.outcome != Outcome.DELIVERED
    )
    missing: dict[Outcome, list[str]] = {}
    for outcome, branch in await session.execute(query):
        missing.setdefault(Outcome(outcome), []).append(branch)
    return missing


async def drop_draft(session: AsyncSession, announcement_id: str) -> None:
    """Forget a draft to which nobody said yes; nothing else is touched."""
    await session.execute(
        delete(AnnouncementRow).where(AnnouncementRow.id == announcement_id, AnnouncementRow.state == State.DRAFT)
    )


async def withdrawn(session: AsyncSession, row: AnnouncementRow) -> None:
    """From now on it is taken back, and its words are not kept."""
    row.state, row.words, row.look_at = State.WITHDRAWN, None, None
    await session.flush()
