"""Wrong codes, so that nobody can try them all."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from ground.database import Base, Instant


class WrongCodeRow(Base):
    """That an account sent a code that nobody was given. The code itself is not kept."""

    __tablename__ = "entrance_wrong_codes"

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    account: Mapped[str] = mapped_column(String(255), index=True)
    at: Mapped[datetime] = mapped_column(Instant, index=True)
