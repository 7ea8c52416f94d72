"""What is kept of votes: the vote itself, what happened to it, its roll, proxies and open ballots.

The tables of confidential ballots are in `sealed.py`.
"""

from __future__ import annotations

import json
from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, Boolean, ForeignKey, Integer, String, Text, UniqueConstraint, func, select
from sqlalchemy.engine.default import DefaultExecutionContext
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from bots.kit.matching import fold
from ground.database import Base, Instant
from ground.ids import new_id


class State(StrEnum):
    """How far a vote is."""

    DRAFT = "draft"
    """Shown to whoever asked for it, who has not said yes yet."""
    OPEN = "open"
    CLOSED = "closed"
    CANCELLED = "cancelled"


def _searched(context: DefaultExecutionContext) -> str:
    """What `VoteRow.words` holds, from the other columns of the row."""
    row = context.get_current_parameters()  # type: ignore[no-untyped-call]
    return fold("\n".join([row["question"], *json.loads(row["options"])]))


class VoteRow(Base):
    """A vote of one branch, or of all under it. Once it is open, its question, options and rules never change."""

    __tablename__ = "votes"

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    number: Mapped[int | None] = mapped_column(Integer, unique=True)
    """The 12 of V12: given at the opening, and kept for ever."""
    branch_id: Mapped[str] = mapped_column(ForeignKey("branches.id"), index=True)
    state: Mapped[str] = mapped_column(String(10), index=True)
    confidential: Mapped[bool] = mapped_column(Boolean)
    units: Mapped[bool] = mapped_column(Boolean)
    """Whether a confidential vote takes weights and proxies, as so many ballots of weight 1."""
    change: Mapped[bool] = mapped_column(Boolean)
    """Whether a ballot may be changed before the close."""
    question: Mapped[str] = mapped_column(Text)
    options: Mapped[str] = mapped_column(Text)
    """JSON: a list of texts, in the order asked."""
    words: Mapped[str] = mapped_column(Text, default=_searched)
    """Question and choices as `fold` makes them, to be searched; written by itself."""
    rules: Mapped[str] = mapped_column(Text)
    """JSON: how it is counted."""
    electorate: Mapped[str] = mapped_column(String(140))
    """As `Electorate.kept` writes it."""
    account: Mapped[str | None] = mapped_column(String(255))
    member_id: Mapped[str | None] = mapped_column(ForeignKey("members.id"))
    """Who asked for it."""
    source: Mapped[str | None] = mapped_column(String(255), unique=True)
    """The id of the message that asked for it."""
    place: Mapped[str | None] = mapped_column(String(300))
    """The address of the place where it was asked for."""
    thread: Mapped[str | None] = mapped_column(String(255))
    created_at: Mapped[datetime] = mapped_column(Instant)
    opened_at: Mapped[datetime | None] = mapped_column(Instant)
    closes_at: Mapped[datetime | None] = mapped_column(Instant)
    """None: when somebody closes it."""
    closed_at: Mapped[datetime | None] = mapped_column(Instant)
    salt: Mapped[str | None] = mapped_column(String(64))
    """Hex; never published: from it comes the salt of every line of the roll."""
    roll_size: Mapped[int | None] = mapped_column(Integer)
    roll_weight: Mapped[int | None] = mapped_column(Integer)
    roll_root: Mapped[str | None] = mapped_column(String(64))
    """Hex: the Merkle root of the roll."""
    verdict: Mapped[str | None] = mapped_column(Text)
    """JSON, once it is counted."""
    seed: Mapped[str | None] = mapped_column(String(64))
    """Hex: what ties are drawn from."""
    look_at: Mapped[datetime | None] = mapped_column(Instant)
    """When the table of its branches is looked at next, where something has changed since."""
    told: Mapped[str | None] = mapped_column(String(64))
    """The SHA-256 of what that table last said, so that it says nothing twice."""
    record: Mapped[str | None] = mapped_column(String(26))
    """The file of the record, once it is written."""


class VoteEventRow(Base):
    """Something that happened to a vote, in the order in which it did. Never a ballot."""

    __tablename__ = "vote_events"

    number: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    vote_id: Mapped[str] = mapped_column(ForeignKey("votes.id"), index=True)
    at: Mapped[datetime] = mapped_column(Instant)
    kind: Mapped[str] = mapped_column(String(20))
    actor: Mapped[str] = mapped_column(String(40))
    """A member's id, or `operator`, `administrator`, `system`."""
    reason: Mapped[str | None] = mapped_column(Text)
    data: Mapped[str] = mapped_column(Text)
    """JSON."""


class VoteLetterRow(Base):
    """A letter of a vote: its `poll` (there may be several), its `announcement`, its `result` and so on."""

    __tablename__ = "vote_letters"

    letter: Mapped[str] = mapped_column(String(26), primary_key=True)
    vote_id: Mapped[str] = mapped_column(ForeignKey("votes.id"), index=True)
    purpose: Mapped[str] = mapped_column(String(20))
    at: Mapped[datetime] = mapped_column(Instant)


class PlaceRow(Base):
    """A branch in whose own room a vote of many branches is held."""

    __tablename__ = "vote_places"

    vote_id: Mapped[str] = mapped_column(ForeignKey("votes.id"), primary_key=True)
    branch_id: Mapped[str] = mapped_column(ForeignKey("branches.id"), primary_key=True, index=True)
    room: Mapped[str | None] = mapped_column(String(60))
    """The kind of room; None where the branch has none, and its members vote in their direct conversations."""
    on_roll: Mapped[int] = mapped_column(Integer)
    mandates: Mapped[int] = mapped_column(Integer)
    first: Mapped[str | None] = mapped_column(String(26), unique=True)
    """The letter by which it arrives: the poll, or the announcement where there is no poll. Where that is, the outbox
    tells."""
    announced: Mapped[bool] = mapped_column(Boolean)
    resulted: Mapped[bool] = mapped_column(Boolean)
    """Whether the result was said there."""


class RollRow(Base):
    """A line of the electoral roll, as the register stood when the vote opened."""

    __tablename__ = "vote_roll"
    __table_args__ = (UniqueConstraint("vote_id", "member_id"),)

    vote_id: Mapped[str] = mapped_column(ForeignKey("votes.id"), primary_key=True)
    position: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    """From 0; the order says nothing of the members."""
    member_id: Mapped[str] = mapped_column(ForeignKey("members.id"), index=True)
    number: Mapped[str] = mapped_column(String(40))
    branch_id: Mapped[str] = mapped_column(ForeignKey("branches.id"))
    """The branch for which they vote."""
    weight: Mapped[int] = mapped_column(Integer)


class TurnedAwayRow(Base):
    """A member who would be on the roll, but for a condition of the organisation."""

    __tablename__ = "vote_turned_away"

    vote_id: Mapped[str] = mapped_column(ForeignKey("votes.id"), primary_key=True)
    member_id: Mapped[str] = mapped_column(ForeignKey("members.id"), primary_key=True)
    reason: Mapped[str] = mapped_column(Text)
    """JSON: a Text."""


class UnremindedRow(Base):
    """A member who does not want to be reminded of votes."""

    __tablename__ = "vote_unreminded"

    member_id: Mapped[str] = mapped_column(ForeignKey("members.id"), primary_key=True)


class ProxyRow(Base):
    """That a member lets another vote for them, in one vote or until an instant."""

    __tablename__ = "vote_proxies"

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    giver_id: Mapped[str] = mapped_column(ForeignKey("members.id"), index=True)
    holder_id: Mapped[str] = mapped_column(ForeignKey("members.id"), index=True)
    vote_id: Mapped[str | None] = mapped_column(ForeignKey("votes.id"), index=True)
    """None: in all votes."""
    until: Mapped[datetime | None] = mapped_column(Instant)
    """For votes that close before; None: until it is taken back."""
    state: Mapped[str] = mapped_column(String(10))
    offered_at: Mapped[datetime] = mapped_column(Instant)
    answered_at: Mapped[datetime | None] = mapped_column(Instant)
    ended_at: Mapped[datetime | None] = mapped_column(Instant)


class CastRow(Base):
    """What a member chose in an open vote, one row for each time. Which one counts is decided in `casting.py`."""

    __tablename__ = "vote_casts"

    id: Mapped[str] = mapped_column(String(255), primary_key=True)
    """The id of the arrival; of a ballot that was entered, an id of its own."""
    vote_id: Mapped[str] = mapped_column(ForeignKey("votes.id"), index=True)
    member_id: Mapped[str] = mapped_column(ForeignKey("members.id"), index=True)
    means: Mapped[str] = mapped_column(String(10))
    account: Mapped[str | None] = mapped_column(String(255))
    choice: Mapped[str | None] = mapped_column(Text)
    """As `counting.values` encodes it; None where it was withdrawn, or says nothing that the vote knows."""
    spoiled: Mapped[bool] = mapped_column(Boolean)
    sent_at: Mapped[datetime] = mapped_column(Instant)
    received_at: Mapped[datetime] = mapped_column(Instant)
    taken_back_at: Mapped[datetime | None] = mapped_column(Instant)
    """When the voter removed the message."""
    entered_by: Mapped[str | None] = mapped_column(ForeignKey("members.id"))
    witness_id: Mapped[str | None] = mapped_column(ForeignKey("members.id"))


class CountRow(Base):
    """How many ballots of a confidential vote were alike, in one of the groups that are large enough to be told."""

    __tablename__ = "vote_counts"
    # Ballots of one vote lie together: a million of them are read in order, not one by one.
    __table_args__ = ({"sqlite_with_rowid": False},)

    vote_id: Mapped[str] = mapped_column(ForeignKey("votes.id"), primary_key=True)
    group_id: Mapped[str] = mapped_column(ForeignKey("branches.id"), primary_key=True)
    choice: Mapped[str] = mapped_column(String(1000), primary_key=True)
    ballots: Mapped[int] = mapped_column(Integer)


class TurnoutRow(Base):
    """How many voted in a confidential vote, by the branch for which they are on the roll. Written at the close."""

    __tablename__ = "vote_turnout"

    vote_id: Mapped[str] = mapped_column(ForeignKey("votes.id"), primary_key=True)
    branch_id: Mapped[str] = mapped_column(ForeignKey("branches.id"), primary_key=True)
    on_roll: Mapped[int] = mapped_column(Integer)
    voted: Mapped[int] = mapped_column(Integer)


async def next_number(session: AsyncSession) -> int:
    """The number that the next vote to open gets."""
    return (await session.scalar(select(func.max(VoteRow.number))) or 0) + 1


async def of_number(session: AsyncSession, number: int) -> VoteRow | None:
    """The vote with this number."""
    return await session.scalar(select(VoteRow).where(VoteRow.number == number))


async def of_letter(session: AsyncSession, letter: str) -> VoteRow | None:
    """The vote that a letter speaks of."""
    query = select(VoteRow).join(VoteLetterRow, VoteLetterRow.vote_id == VoteRow.id)
    return await session.scalar(query.where(VoteLetterRow.letter == letter))


def note_letter(session: AsyncSession, vote_id: str, purpose: str, letter: str, at: datetime) -> None:
    """Remember a letter of a vote."""
    session.add(VoteLetterRow(letter=letter, vote_id=vote_id, purpose=purpose, at=at))


def note_event(
    session: AsyncSession,
    vote_id: str,
    kind: str,
    *,
    actor: str,
    at: datetime,
    reason: str | None = None,
    data: str = "{}",
) -> None:
    """Write down that a vote was `opened`, `extended`, `closed`, `cancelled`, and so on."""
    session.add(VoteEventRow(vote_id=vote_id, at=at, kind=kind, actor=actor, reason=reason, data=data))


def new_vote(
    *,
    branch_id: str,
    question: str,
    options: str,
    rules: str,
    electorate: str,
    at: datetime,
    confidential: bool = False,
    units: bool = False,
    change: bool = True,
    closes_at: datetime | None = None,
) -> VoteRow:
    """A draft; who asked for it, and where, is filled in by the caller."""
    return VoteRow(
        id=new_id(), branch_id=branch_id, state=State.DRAFT, question=question, options=options, rules=rules,
        electorate=electorate, confidential=confidential, units=units, change=change, created_at=at,
        closes_at=closes_at,
    )  # fmt: skip
