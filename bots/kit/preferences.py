"""Which language a place or a person asked to be spoken to in, and so the voice of every place."""

from __future__ import annotations

from sqlalchemy import String
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from bots.kit.surroundings import Surroundings
from bots.kit.voice import Voice
from bridge.places import BranchRoom, Direct, Place, address
from ground.database import Base
from party.branches import BranchRow
from party.members import MemberRow, of_account


class PreferenceRow(Base):
    """A language that was asked for. `subject` is the address of a place, or `member:` and an id."""

    __tablename__ = "language_preferences"

    subject: Mapped[str] = mapped_column(String(300), primary_key=True)
    language: Mapped[str] = mapped_column(String(3))


async def prefer(session: AsyncSession, subject: Place | MemberRow, language: str | None) -> None:
    """Speak to a place or a person in this language from now on; None: as to everybody."""
    row = await session.get(PreferenceRow, _key(subject))
    if language is None:
        if row is not None:
            await session.delete(row)
    elif row is None:
        session.add(PreferenceRow(subject=_key(subject), language=language))
    else:
        row.language = language
    await session.flush()


async def preferred(session: AsyncSession, subject: Place | MemberRow) -> str | None:
    """The language that was asked for; None where none was."""
    row = await session.get(PreferenceRow, _key(subject))
    return None if row is None else row.language


async def voice_for(session: AsyncSession, surroundings: Surroundings, place: Place) -> Voice:
    """How a place is spoken to.

    A room: as was asked for there, else in the branch's language. A direct conversation: as the person asked, else in
    the language that the register has for them, else in that of their branch. The time zone is the branch's.
    """
    asked = await preferred(session, place)
    match place:
        case BranchRoom(branch_id):
            branch = await session.get(BranchRow, branch_id)
            own = None
        case Direct(account):
            member = await of_account(session, account)
            branch = None if member is None else await session.get(BranchRow, member.branch_id)
            own = None if member is None else await preferred(session, member) or member.language
        case _:
            branch, own = None, None
    if branch is None:
        return surroundings.voice(asked or own, None)
    return surroundings.voice(asked or own or branch.language, branch.timezone)


def _key(subject: Place | MemberRow) -> str:
    return f"member:{subject.id}" if isinstance(subject, MemberRow) else address(subject)
