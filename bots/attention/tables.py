"""What has been shown to whom, so that it is shown once."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from ground.database import Base, Instant


class NoticedRow(Base):
    """That a member declined, left or stayed silent in a branch; shown to its officers once (`told_at`)."""

    __tablename__ = "attention_noticed"

    member_id: Mapped[str] = mapped_column(ForeignKey("members.id", ondelete="CASCADE"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(12), primary_key=True)
    branch_id: Mapped[str] = mapped_column(ForeignKey("branches.id"), primary_key=True)
    at: Mapped[datetime] = mapped_column(Instant)
    told_at: Mapped[datetime | None] = mapped_column(Instant)


class SeenRow(Base):
    """That an account was once in a room of a branch (`place` is its id) or has answered directly (`direct`)."""

    __tablename__ = "attention_seen"

    account: Mapped[str] = mapped_column(String(255), primary_key=True)
    place: Mapped[str] = mapped_column(String(26), primary_key=True)


class VacancyRow(Base):
    """That nobody keeps a branch, since when; the branch above was told at `told_at`. Gone once it is mended."""

    __tablename__ = "attention_vacancies"

    branch_id: Mapped[str] = mapped_column(ForeignKey("branches.id"), primary_key=True)
    since: Mapped[datetime] = mapped_column(Instant)
    told_at: Mapped[datetime | None] = mapped_column(Instant)


class CursorRow(Base):
    """The one row that says up to which change the register's feed was read."""

    __tablename__ = "attention_cursor"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    change: Mapped[int] = mapped_column(BigInteger)
