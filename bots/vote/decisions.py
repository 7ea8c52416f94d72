"""The register of decisions: the votes that were counted, looked for and read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from bots.kit.matching import fold
from bots.kit.voice import Voice
from bots.vote import result, sentences
from bots.vote.counted import count_of
from bots.vote.plan import plan_of
from bots.vote.tables import PlaceRow, State, VoteRow
from ground.texts import Text

_AROUND: Final = ".,;:!?…«»\"'“”()[]"
"""What stands around a word and is not looked for."""
_MOST_WORDS: Final = 20
_LONGEST: Final = 60
_AT_ONCE: Final = 500
"""Ids in one question to the database."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """Whose decisions are looked for.

    `branches`: of these alone, or held there. `seen`: the branches of which all may be seen; of the others only what
    `also` lets through. None: every branch. `words` are folded, and all of them have to occur.
    """

    branches: frozenset[str] | None = None
    seen: frozenset[str] | None = None
    also: ColumnElement[bool] | None = None
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What was decided. `tally` is empty where there are no such numbers, or they are not told."""

    number: int
    at: datetime
    branch_id: str
    question: str
    verdict: Text
    tally: tuple[Text, ...]
    voted: int
    roll: int
    confidential: bool


def words_of(written: str) -> tuple[str, ...]:
    """The words to look for, as they are kept with votes. Pure."""
    stripped = (word.strip(_AROUND)[:_LONGEST] for word in fold(written).split())
    return tuple(dict.fromkeys(word for word in stripped if word))[:_MOST_WORDS]


def decision_of(row: VoteRow, voice: Voice) -> Decision:
    """A vote that was counted, as the register has it; `voice` says the choices that nobody gave. Pure."""
    if row.verdict is None or row.closed_at is None:
        raise ValueError("a vote that was not counted has decided nothing")
    plan, counted = sentences.worded(plan_of(row.options, row.rules), voice), count_of(row.verdict)
    tally: tuple[Text, ...] = ()
    if plan.method is None and counted.ballots is not None:
        tally = sentences.tally(plan, result.first_totals(plan, counted.ballots))
    return Decision(
        number=row.number or 0,
        at=row.closed_at,
        branch_id=row.branch_id,
        question=" ".join(row.question.split()),
        verdict=result.short(plan, counted),
        tally=tally,
        voted=counted.voted,
        roll=row.roll_size or 0,
        confidential=row.confidential,
    )


async def how_many(session: AsyncSession, search: Search) -> int:
    """How many decisions a search finds."""
    return await session.scalar(select(func.count()).select_from(_ids(search).subquery())) or 0


async def found(
    session: AsyncSession, search: Search, voice: Voice, *, most: int, after: int = 0
) -> Sequence[Decision]:
    """The decisions that a search finds, newest first: `most` of them, `after` so many."""
    newest = _ids(search).order_by(VoteRow.closed_at.desc(), VoteRow.number.desc())
    ids = list(await session.scalars(newest.limit(most).offset(after)))
    rows: dict[str, VoteRow] = {}
    for start in range(0, len(ids), _AT_ONCE):
        query = select(VoteRow).where(VoteRow.id.in_(ids[start : start + _AT_ONCE]))
        rows.update({row.id: row for row in await session.scalars(query)})
    return [decision_of(rows[id_], voice) for id_ in ids]


def _ids(search: Search) -> Select[str]:
    """The ids alone: whoever sorts ten thousand rows need not carry what is in them."""
    query = select(VoteRow.id).where(VoteRow.state == State.CLOSED, VoteRow.verdict.is_not(None))
    if search.branches is not None:
        query = query.where(_of(search.branches))
    if search.seen is not None and (search.branches is None or not search.branches <= search.seen):
        seen = _of(search.seen)
        query = query.where(seen if search.also is None else or_(seen, search.also))
    for word in search.words:
        query = query.where(VoteRow.words.contains(word, autoescape=True))
    return query


def _of(branches: frozenset[str]) -> ColumnElement[bool]:
    """A vote of one of these branches, or one of many branches that was held there."""
    held = select(PlaceRow.vote_id).where(PlaceRow.branch_id.in_(branches))
    return or_(VoteRow.branch_id.in_(branches), VoteRow.id.in_(held))
