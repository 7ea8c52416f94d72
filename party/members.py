"""Members: people, the accounts they use, the branch each belongs to and has belonged to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import Date, ForeignKey, String, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from ground.database import Base, Instant
from ground.texts import text
from party.errors import NotFound


class Status(StrEnum):
    """Where a person stands. Applicants and those who left are in the register but in no room."""

    APPLICANT = "applicant"
    MEMBER = "member"
    SUSPENDED = "suspended"
    LEFT = "left"


class MemberRow(Base):
    """A person of the register. `number` is the organisation's own and never changes hands."""

    __tablename__ = "members"

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    number: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    email: Mapped[str | None] = mapped_column(String(254))
    language: Mapped[str | None] = mapped_column(String(3))
    branch_id: Mapped[str] = mapped_column(ForeignKey("branches.id"), index=True)
    status: Mapped[str] = mapped_column(String(10))
    joined_on: Mapped[date | None] = mapped_column(Date)
    left_on: Mapped[date | None] = mapped_column(Date)


class AccountRow(Base):
    """An account of a member: claimed (named by somebody) until the account itself has spoken, then confirmed."""

    __tablename__ = "accounts"

    user_id: Mapped[str] = mapped_column(String(255), primary_key=True)
    member_id: Mapped[str] = mapped_column(ForeignKey("members.id"), index=True)
    claimed_at: Mapped[datetime] = mapped_column(Instant)
    confirmed_at: Mapped[datetime | None] = mapped_column(Instant)


class MembershipRow(Base):
    """That a member belonged to a branch from an instant until another; the open one is the present."""

    __tablename__ = "memberships"

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    member_id: Mapped[str] = mapped_column(ForeignKey("members.id"), index=True)
    branch_id: Mapped[str] = mapped_column(ForeignKey("branches.id"), index=True)
    since: Mapped[datetime] = mapped_column(Instant)
    until: Mapped[datetime | None] = mapped_column(Instant)


async def by_number(session: AsyncSession, number: str) -> MemberRow:
    """The member with this number. Raises NotFound."""
    row = await session.scalar(select(MemberRow).where(MemberRow.number == number))
    if row is None:
        raise NotFound(text("There is no member with number '{number}'.", number=number))
    return row


async def by_id(session: AsyncSession, member_id: str) -> MemberRow:
    """The member with this id. Raises NotFound."""
    row = await session.get(MemberRow, member_id)
    if row is None:
        raise NotFound(text("That member is not in the register any more."))
    return row


async def of_account(session: AsyncSession, user_id: str) -> MemberRow | None:
    """The member whose confirmed account this is."""
    query = select(MemberRow).join(AccountRow, AccountRow.member_id == MemberRow.id)
    return await session.scalar(query.where(AccountRow.user_id == user_id, AccountRow.confirmed_at.is_not(None)))


async def accounts(session: AsyncSession, member_id: str) -> Sequence[AccountRow]:
    """The accounts of a member, by their names."""
    query = select(AccountRow).where(AccountRow.member_id == member_id).order_by(AccountRow.user_id)
    return (await session.scalars(query)).all()


async def memberships(session: AsyncSession, member_id: str) -> Sequence[MembershipRow]:
    """The branches a member belonged to, oldest first."""
    query = select(MembershipRow).where(MembershipRow.member_id == member_id)
    return (await session.scalars(query.order_by(MembershipRow.since, MembershipRow.id))).all()


async def counts(session: AsyncSession) -> Mapping[str, int]:
    """How many members (status `member` or `suspended`) each branch has as their home."""
    query = select(MemberRow.branch_id, func.count()).group_by(MemberRow.branch_id)
    rows = await session.execute(query.where(MemberRow.status.in_([Status.MEMBER, Status.SUSPENDED])))
    return dict(rows.all())
