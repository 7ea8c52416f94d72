"""Which language a place or a person asked to be spoken to in, and so the voice of every place."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final

from sqlalchemy import Select, String, literal, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, aliased, mapped_column

from bots.kit.surroundings import Surroundings
from bots.kit.voice import Voice
from bridge.places import BranchRoom, Direct, Place, address
from ground.database import Base
from party.branches import BranchRow
from party.members import AccountRow, MemberRow

_MANY: Final = 500
"""Ids in one question to the database."""


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
    match place:
        case BranchRoom(branch_id):
            return surroundings.voice(*await _of_room(session, place, branch_id))
        case Direct(account):
            return surroundings.voice(*await _of_person(session, place, account))
    return surroundings.voice(await preferred(session, place), None)


async def voices_for(
    session: AsyncSession, surroundings: Surroundings, rooms: Sequence[BranchRoom]
) -> Mapping[BranchRoom, Voice]:
    """How many rooms are spoken to, each as by `voice_for`, at the cost of few questions."""
    branches: dict[str, tuple[str | None, str | None]] = {}
    asked: dict[str, str] = {}
    for start in range(0, len(rooms), _MANY):
        some = rooms[start : start + _MANY]
        query = select(BranchRow.id, BranchRow.language, BranchRow.timezone)
        rows = await session.execute(query.where(BranchRow.id.in_({room.branch_id for room in some})))
        branches.update({id_: (language, timezone) for id_, language, timezone in rows})
        wanted = select(PreferenceRow.subject, PreferenceRow.language)
        asked.update((await session.execute(wanted.where(PreferenceRow.subject.in_(map(address, some))))).all())
    found: dict[BranchRoom, Voice] = {}
    voices: dict[tuple[str | None, str | None], Voice] = {}
    for room in rooms:
        own, timezone = branches.get(room.branch_id, (None, None))
        key = (asked.get(address(room)) or own, timezone)
        found[room] = voices.setdefault(key, surroundings.voice(*key))
    return found


async def voices_of(
    session: AsyncSession, surroundings: Surroundings, accounts: Collection[str]
) -> Mapping[str, Voice]:
    """How the direct conversations with many members are spoken to: `voice_for`, asked of all of them at once."""
    wanted, voices = sorted(set(accounts)), dict[str, Voice]()
    for start in range(0, len(wanted), _MANY):
        query = _personal().where(AccountRow.user_id.in_(wanted[start : start + _MANY]))
        for account, *languages, timezone in await session.execute(query):
            voices[account] = surroundings.voice(_first(languages), timezone)
    for account in wanted:
        if account not in voices:
            voices[account] = await voice_for(session, surroundings, Direct(account))
    return voices


async def _of_room(session: AsyncSession, place: Place, branch_id: str) -> tuple[str | None, str | None]:
    """The language and time zone of a branch's room."""
    query = select(PreferenceRow.language, BranchRow.language, BranchRow.timezone).select_from(BranchRow)
    query = query.outerjoin(PreferenceRow, PreferenceRow.subject == address(place)).where(BranchRow.id == branch_id)
    row = (await session.execute(query)).first()
    if row is None:
        return await preferred(session, place), None
    asked, own, timezone = row
    return asked or own, timezone


async def _of_person(session: AsyncSession, place: Place, account: str) -> tuple[str | None, str | None]:
    """The language and time zone of a direct conversation."""
    row = (await session.execute(_personal().where(AccountRow.user_id == account))).first()
    if row is None:
        return await preferred(session, place), None
    _, *languages, timezone = row
    return _first(languages), timezone


def _personal() -> Select[str, str | None, str | None, str | None, str | None, str | None]:
    """Confirmed accounts with the languages of their members, the one that counts first, and their time zones."""
    here, theirs = aliased(PreferenceRow), aliased(PreferenceRow)
    columns = (here.language, theirs.language, MemberRow.language, BranchRow.language, BranchRow.timezone)
    return (
        select(AccountRow.user_id, *columns)
        .select_from(AccountRow)
        .join(MemberRow, MemberRow.id == AccountRow.member_id)
        .join(BranchRow, BranchRow.id == MemberRow.branch_id)
        .outerjoin(here, here.subject == literal(address(Direct(""))) + AccountRow.user_id)
        .outerjoin(theirs, theirs.subject == literal("member:") + MemberRow.id)
        .where(AccountRow.confirmed_at.is_not(None))
    )


def _first(languages: Iterable[str | None]) -> str | None:
    return next((language for language in languages if language is not None), None)


def _key(subject: Place | MemberRow) -> str:
    return f"member:{subject.id}" if isinstance(subject, MemberRow) else address(subject)
