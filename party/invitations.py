"""Invitations: codes on paper or in an e-mail by which the account of a member finds its entry in the register.

A code is 60 random bits in Crockford's base 32, in three groups that can be read aloud. Only its SHA-256 is kept, so
that whoever reads the database, or a backup of it, cannot use a code that is still open.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta, tzinfo
from enum import StrEnum
from typing import Final

from sqlalchemy import ForeignKey, String, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from ground.database import Base, Instant
from ground.ids import encode
from ground.texts import Text, text
from party.days import start_of
from party.errors import RegisterError
from party.members import AccountRow, MemberRow, Status

LASTS: Final = timedelta(days=14)
"""For how long a code is good, where nobody says otherwise."""
MOST_DAYS: Final = 365

_LENGTH: Final = 12
_GROUP: Final = 4
_ALIKE: Final = str.maketrans("OIL", "011")
_SHAPE: Final = re.compile("[0-9A-HJKMNP-TV-Z]{12}")
_DASHES: Final = r"\-\u00ad\u2010-\u2015\u2212"
_BETWEEN: Final = re.compile("[^0-9A-Za-z]+")
_GROUPS: Final = rf"[\s{_DASHES}]?".join(["[0-9A-Za-z]{4}"] * 3)
_IN_TEXT: Final = re.compile(rf"(?<![0-9A-Za-z])(?=({_GROUPS})(?![0-9A-Za-z]))")


class InvitationRow(Base):
    """A code that was made for a member. It is open until it is used, revoked, or `expires_at` has come."""

    __tablename__ = "invitations"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    member_id: Mapped[str] = mapped_column(ForeignKey("members.id"), index=True)
    made_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant)
    used_at: Mapped[datetime | None] = mapped_column(Instant)
    used_by: Mapped[str | None] = mapped_column(String(255))
    """The account that used it."""
    revoked_at: Mapped[datetime | None] = mapped_column(Instant)


class Why(StrEnum):
    """Why a code opens nothing."""

    UNKNOWN = "unknown"
    EXPIRED = "expired"
    REVOKED = "revoked"
    USED = "used"
    """By somebody else."""
    YOURS = "yours"
    """By the same person, who is in."""
    ACCOUNT_TAKEN = "account_taken"
    """The account is another member's."""
    LEFT = "left"
    """The member has left the organisation."""


class CodeRefused(RegisterError):
    """A code opens nothing. `member_id` is whose code it is, None for an unknown one."""

    def __init__(self, why: Why, member_id: str | None = None) -> None:
        super().__init__(_sentence(why))
        self.why = why
        self.member_id = member_id


def _sentence(why: Why) -> Text:
    match why:
        case Why.UNKNOWN:
            return text("I do not know this code. Please compare it with your letter, sign by sign.")
        case Why.EXPIRED:
            return text("This code is too old. Please ask whoever sent it for a new one.")
        case Why.REVOKED:
            return text(
                "This code was taken back: perhaps there is a newer letter. If not, please ask whoever sent it."
            )
        case Why.USED:
            return text(
                "Somebody has used this code already. If that was not you, please tell whoever sent it: I have let the "
                "secretary know."
            )
        case Why.YOURS:
            return text("You have used this code already, and you are in: there is nothing left to do.")
        case Why.ACCOUNT_TAKEN:
            return text(
                "Your account belongs to another entry of the register, so this code cannot be used with it. I have "
                "let the secretary know."
            )
        case Why.LEFT:
            return text("The membership that this code is for has ended. Please ask whoever sent it.")


def until_end_of_day(at: datetime, days: int, zone: tzinfo) -> timedelta:
    """For how long a code made at `at` is good that is to last so many days, the last one whole in a zone."""
    if not 1 <= days <= MOST_DAYS:
        raise RegisterError(text("A code is good for 1 to {most} days.", most=MOST_DAYS))
    return start_of(at.astimezone(zone).date() + timedelta(days=days + 1), zone) - at


def new_code() -> str:
    """A new code as it is written to people: `7K3M-Q9TX-2BWD`."""
    return show_code(encode(secrets.randbits(5 * _LENGTH), _LENGTH).upper())


def show_code(canonical: str) -> str:
    """The code in groups."""
    return "-".join(canonical[at : at + _GROUP] for at in range(0, _LENGTH, _GROUP))


def read_code(written: str) -> str | None:
    """The code without its groups, whatever people make of it: any case, O for 0, I or L for 1, other dashes, none.

    None for what cannot be a code.
    """
    plain = _BETWEEN.sub("", written).upper().translate(_ALIKE)
    return plain if _SHAPE.fullmatch(plain) else None


def codes_in(written: str) -> list[str]:
    """What in a text may be codes, without their groups: to notice one that was written where others read."""
    found = (read_code(each) for each in _IN_TEXT.findall(written))
    return list(dict.fromkeys(code for code in found if code is not None))


def digest_of(canonical: str) -> str:
    """What is kept of a code."""
    return hashlib.sha256(f"kunveno invitation {canonical}".encode()).hexdigest()


def standing(row: InvitationRow, at: datetime) -> Why | None:
    """Why the code can no longer be used by anybody new; None while it is open."""
    if row.used_at is not None:
        return Why.USED
    if row.revoked_at is not None:
        return Why.REVOKED
    return Why.EXPIRED if row.expires_at <= at else None


async def by_code(session: AsyncSession, written: str) -> InvitationRow | None:
    """The invitation with this code, as people write it; None for an unknown one."""
    canonical = read_code(written)
    return None if canonical is None else await session.get(InvitationRow, digest_of(canonical))


async def open_ones(session: AsyncSession, member_id: str, at: datetime) -> Sequence[InvitationRow]:
    """The open invitations of a member: one, or none."""
    query = select(InvitationRow).where(
        InvitationRow.member_id == member_id,
        InvitationRow.used_at.is_(None),
        InvitationRow.revoked_at.is_(None),
        InvitationRow.expires_at > at,
    )
    return (await session.scalars(query)).all()


async def usable(session: AsyncSession, written: str, account: str, at: datetime) -> tuple[InvitationRow, MemberRow]:
    """The open invitation with this code and the member it is for, if `account` may use it. Raises CodeRefused."""
    row = await by_code(session, written)
    if row is None:
        raise CodeRefused(Why.UNKNOWN)
    known = await session.get(AccountRow, account)
    why = standing(row, at)
    if why is Why.USED and known is not None and known.member_id == row.member_id:
        why = Why.YOURS
    if why is not None:
        raise CodeRefused(why, row.member_id)
    member = await session.get(MemberRow, row.member_id)
    if member is None or member.status == Status.LEFT:
        raise CodeRefused(Why.LEFT, row.member_id)
    if known is not None and known.member_id != row.member_id:
        raise CodeRefused(Why.ACCOUNT_TAKEN, row.member_id)
    return row, member
