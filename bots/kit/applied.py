"""What waits until the mirror has carried a change of the register to the rooms."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime

from pydantic import JsonValue
from sqlalchemy import BigInteger, String, Text, delete, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from bots.kit.origin import Origin
from ground.database import Base, Instant
from ground.ids import new_id
from party.changes import last_number


class AwaitingRow(Base):
    """That `then` of `bot` is called once change `number` has been carried over."""

    __tablename__ = "awaiting_applied"

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger, index=True)
    bot: Mapped[str] = mapped_column(String(60))
    then: Mapped[str] = mapped_column(String(60))
    data: Mapped[str] = mapped_column(Text)
    origin: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(Instant)

    @property
    def given(self) -> Mapping[str, JsonValue]:
        """The data."""
        given: dict[str, JsonValue] = json.loads(self.data)
        return given

    @property
    def asked(self) -> Origin:
        """Where it was asked."""
        return Origin.read(json.loads(self.origin))


async def wait(
    session: AsyncSession, bot: str, then: str, data: Mapping[str, JsonValue], origin: Origin, now: datetime
) -> None:
    """Have something called once all changes until now, those of this transaction too, have been carried over."""
    await session.flush()
    session.add(
        AwaitingRow(
            id=new_id(),
            number=await last_number(session),
            bot=bot,
            then=then,
            data=json.dumps(dict(data)),
            origin=json.dumps(origin.kept()),
            at=now,
        )
    )
    await session.flush()


async def until(session: AsyncSession, number: int) -> Sequence[str]:
    """The ids of what waited for changes up to `number`, in the order of asking."""
    query = select(AwaitingRow.id).where(AwaitingRow.number <= number)
    return (await session.scalars(query.order_by(AwaitingRow.number, AwaitingRow.at, AwaitingRow.id))).all()


async def forget(session: AsyncSession, row_id: str) -> None:
    """Nothing waits any more."""
    await session.execute(delete(AwaitingRow).where(AwaitingRow.id == row_id))
