"""The append-only record of who changed what, written with the change. It names fields, never personal values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BigInteger, Integer, String, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from ground.database import Base, Instant


class JournalRow(Base):
    """Who changed which fields of what, and when."""

    __tablename__ = "journal"

    number: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    at: Mapped[datetime] = mapped_column(Instant)
    actor: Mapped[str] = mapped_column(String(40))
    kind: Mapped[str] = mapped_column(String(40))
    subject_id: Mapped[str] = mapped_column(String(26), index=True)
    branch_id: Mapped[str | None] = mapped_column(String(26), index=True)
    fields: Mapped[str] = mapped_column(String(400))


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the journal; `actor` is a member's id, or `operator`, `administrator`, `system`."""

    number: int
    at: datetime
    actor: str
    kind: str
    subject_id: str
    branch_id: str | None
    fields: tuple[str, ...]


def write(
    session: AsyncSession,
    *,
    at: datetime,
    actor: str,
    kind: str,
    subject_id: str,
    branch_id: str | None,
    fields: Sequence[str],
) -> None:
    """Add a line."""
    session.add(
        JournalRow(
            at=at, actor=actor, kind=kind, subject_id=subject_id, branch_id=branch_id, fields=",".join(sorted(fields))
        )
    )


async def about(session: AsyncSession, subject_id: str) -> Sequence[Entry]:
    """What happened to one branch, member or mandate, oldest first."""
    rows = await session.scalars(
        select(JournalRow).where(JournalRow.subject_id == subject_id).order_by(JournalRow.number)
    )
    return [
        Entry(row.number, row.at, row.actor, row.kind, row.subject_id, row.branch_id, tuple(row.fields.split(",")))
        for row in rows
    ]
