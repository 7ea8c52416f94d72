"""Questions that wait for an answer: from whom they were asked, once, for a while."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from pydantic import JsonValue
from sqlalchemy import Boolean, String, Text, delete, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from bots.kit.origin import Origin
from bridge.places import Place, address
from ground.database import Base, Instant

LASTS: Final = timedelta(minutes=10)
"""For how long a question waits, where nothing else is said."""
NUMBERS: Final = ("1️⃣", "2️⃣", "3️⃣", "4️⃣", "5️⃣", "6️⃣", "7️⃣", "8️⃣", "9️⃣", "🔟")
"""The marks of numbered answers."""

_LATE: Final = timedelta(hours=1)
"""For how long after its end a question is still what a "yes" means, so that it can be said that it ran out."""
_ALSO: Final = {"✅": frozenset({"yes", "y", "ok", "oui", "o"}), "❌": frozenset({"no", "n", "non"})}


class State(StrEnum):
    OPEN = "open"
    ANSWERED = "answered"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


class QuestionRow(Base):
    """A question that was asked. `then` of `bot` is called with the answer and `data`."""

    __tablename__ = "questions"

    letter: Mapped[str] = mapped_column(String(26), primary_key=True)
    bot: Mapped[str] = mapped_column(String(60))
    then: Mapped[str] = mapped_column(String(60))
    data: Mapped[str] = mapped_column(Text)
    answers: Mapped[str] = mapped_column(Text)
    """JSON: pairs of an answer's key and of the word for it in the language of the question."""
    account: Mapped[str] = mapped_column(String(255), index=True)
    place: Mapped[str] = mapped_column(String(300))
    """Where the question was asked."""
    event: Mapped[str | None] = mapped_column(String(255), index=True)
    """The message that made us ask."""
    origin: Mapped[str] = mapped_column(Text)
    need: Mapped[str | None] = mapped_column(String(60))
    """The right that the command needs, which is asked again when the answer comes."""
    branch_id: Mapped[str | None] = mapped_column(String(26))
    marks: Mapped[bool] = mapped_column(Boolean)
    """Whether a reaction answers it; never for what must stay private, since reactions travel in clear."""
    next: Mapped[bool] = mapped_column(Boolean)
    """Whether the person's next message there answers it, without being a reply."""
    state: Mapped[str] = mapped_column(String(10))
    asked_at: Mapped[datetime] = mapped_column(Instant)
    expires: Mapped[datetime] = mapped_column(Instant)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is to happen with the answer, and who may give it."""

    bot: str
    then: str
    data: Mapping[str, JsonValue]
    answers: tuple[tuple[str, str], ...]
    origin: Origin
    need: str | None = None
    branch_id: str | None = None


async def wait(
    session: AsyncSession, letter: str, to: Place, question: Question, now: datetime, expires: datetime
) -> None:
    """Have a letter, written to `to`, be answered. A question that waited there for the same person waits on, but the
    next message no longer answers it."""
    await _heed_replies_only(session, question.origin.account, to)
    session.add(
        QuestionRow(
            letter=letter,
            bot=question.bot,
            then=question.then,
            data=json.dumps(dict(question.data)),
            answers=json.dumps(question.answers),
            account=question.origin.account,
            place=address(to),
            event=question.origin.event,
            origin=json.dumps(question.origin.kept()),
            need=question.need,
            branch_id=question.branch_id,
            marks=not question.origin.private,
            next=True,
            state=State.OPEN,
            asked_at=now,
            expires=expires,
        )
    )
    await session.flush()


def question_of(row: QuestionRow) -> Question:
    """The question that was kept."""
    return Question(
        bot=row.bot,
        then=row.then,
        data=json.loads(row.data),
        answers=tuple((key, word) for key, word in json.loads(row.answers)),
        origin=Origin.read(json.loads(row.origin)),
        need=row.need,
        branch_id=row.branch_id,
    )


async def asked_in(session: AsyncSession, letter: str) -> QuestionRow | None:
    """The question that a letter asked."""
    return await session.get(QuestionRow, letter)


async def awaited(session: AsyncSession, account: str, place: Place, now: datetime) -> QuestionRow | None:
    """The question that the next message of an account in a place may answer, perhaps a little too late."""
    query = select(QuestionRow).where(
        QuestionRow.account == account,
        QuestionRow.place == address(place),
        QuestionRow.state == State.OPEN,
        QuestionRow.next.is_(True),
        QuestionRow.expires > now - _LATE,
    )
    return await session.scalar(query.order_by(QuestionRow.asked_at.desc(), QuestionRow.letter.desc()).limit(1))


async def withdraw(session: AsyncSession, event: str) -> Sequence[QuestionRow]:
    """The message that made us ask was taken back: so are its questions. Returns those that were open."""
    query = select(QuestionRow).where(QuestionRow.event == event, QuestionRow.state == State.OPEN)
    rows = (await session.scalars(query)).all()
    for row in rows:
        row.state = State.WITHDRAWN
    return rows


async def forget(session: AsyncSession, before: datetime, now: datetime) -> None:
    """Drop the questions that ran out before an instant; private ones as soon as no answer is awaited any more."""
    private = QuestionRow.marks.is_(False) & (QuestionRow.expires <= now - _LATE)
    await session.execute(delete(QuestionRow).where(or_(QuestionRow.expires < before, private)))


def answer_in(answers: Sequence[tuple[str, str]], written: str) -> str | None:
    """The key of the answer that somebody wrote or tapped: its mark, its number, its word; None for anything else."""
    said = _plain(written)
    if not said:
        return None
    for number, (key, word) in enumerate(answers, 1):
        if said in {_plain(key), str(number), _plain(word)} | _ALSO.get(key, frozenset()):
            return key
    return None


def _plain(written: str) -> str:
    """Without what telephones add to it: case, accents, dots, and the invisible parts of emoji."""
    kept = (char for char in unicodedata.normalize("NFKD", written.casefold()) if not unicodedata.combining(char))
    return "".join(char for char in kept if char != "\ufe0f").strip(" .!:)")


async def _heed_replies_only(session: AsyncSession, account: str, place: Place) -> None:
    query = select(QuestionRow).where(
        QuestionRow.account == account, QuestionRow.place == address(place), QuestionRow.next.is_(True)
    )
    for row in await session.scalars(query):
        row.next = False
