"""The table of a vote of many branches, in the room where it was asked for: it fills up while the vote is open."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import func, or_, select

from bots.kit.request import Occasion
from bots.kit.wording import compose
from bots.vote import assembly_words, tables
from bots.vote.assembly_words import Row, Table
from bots.vote.plan import plan_of
from bots.vote.sentences import worded
from bots.vote.tables import CastRow, PlaceRow, RollRow, State, VoteLetterRow, VoteRow
from bridge.letters import NO_ROOM, Correction, Letter
from bridge.letters.outbox import LetterRow
from bridge.letters.outbox import State as Letters
from bridge.places import BranchRoom, address, place_at
from ground import due
from ground.due import Due
from party.branches import Tree

LOOK: Final = "vote.look"
"""Falls due when the table is to be looked at."""
OVERVIEW: Final = "overview"
"""The purpose of its letter."""
SOONEST: Final = timedelta(seconds=10)
_PART: Final = 20
"""The older a vote, the less often its table changes: at most once in this part of its age."""
_LATE: Final = timedelta(minutes=10)
"""A branch in which the vote arrives after that has opened late."""
MOST: Final = 20
"""With more branches than this, those under each branch of the next tier are shown together."""


async def begin(occasion: Occasion, row: VoteRow) -> None:
    """Put up the table."""
    room = place_at(row.place or "")
    voice = await occasion.voice_for(room)
    lines = assembly_words.overview(row, worded(plan_of(row.options, row.rules), voice), await _table(occasion, row))
    letter = await occasion.put(Letter(to=room, content=compose(lines, voice, notice=False)))
    tables.note_letter(occasion.session, row.id, OVERVIEW, letter, occasion.now)
    await changed(occasion, row)


async def changed(occasion: Occasion, row: VoteRow) -> None:
    """Something has arrived that the table of a vote of many branches tells of: look at it before long, once for all
    that arrives till then."""
    if row.look_at is None and row.state == State.OPEN and plan_of(row.options, row.rules).by is not None:
        row.look_at = occasion.now + pause(row.opened_at or occasion.now, occasion.now)
        await due.schedule(occasion.session, LOOK, row.id, row.look_at)


def pause(opened: datetime, now: datetime) -> timedelta:
    """How long to wait until the table changes again."""
    return max(SOONEST, (now - opened) / _PART)


async def look(occasion: Occasion, item: Due) -> None:
    """Say how the vote stands, where that is not what the table says."""
    row = await occasion.session.get(VoteRow, item.subject_id)
    if row is not None:
        await renew(occasion, row)


async def renew(occasion: Occasion, row: VoteRow) -> None:
    """Bring the table up to date."""
    row.look_at = None
    query = select(VoteLetterRow.letter).where(VoteLetterRow.vote_id == row.id, VoteLetterRow.purpose == OVERVIEW)
    letter = await occasion.session.scalar(query)
    if letter is None:
        return
    room = place_at(row.place or "")
    voice = await occasion.voice_for(room)
    table = await _table(occasion, row)
    words = compose(assembly_words.overview(row, worded(plan_of(row.options, row.rules), voice), table), voice)
    told = hashlib.sha256(words.plain.encode()).hexdigest()
    if told != row.told:
        row.told = told
        await occasion.put(Letter(to=room, content=Correction(letter, words)))
    if table.late and row.state == State.OPEN:
        await changed(occasion, row)


async def _table(occasion: Occasion, row: VoteRow) -> Table:
    tree = await occasion.tree()
    query = select(PlaceRow).where(PlaceRow.vote_id == row.id)
    found = {place.branch_id: place for place in await occasion.session.scalars(query)}
    places = {branch.id: found[branch.id] for _, branch in tree.top_down() if branch.id in found}
    told = not row.confidential
    voted = await _voted(occasion, row) if told else {}
    shown = together(tree, row.branch_id, list(places))
    rows = tuple(
        Row(
            tree[head].name,
            len(those),
            sum(voted.get(branch, 0) for branch in those) if told else None,
            sum(places[branch].on_roll for branch in those),
        )
        for head, those in shown.items()
    )
    arrivals, silent = await _arrivals(occasion, row), await _silent(occasion, row)
    there, without_room, waiting, lost, opened_late = 0, list[str](), list[str](), list[str](), list[str]()
    opened = row.opened_at or occasion.now
    for branch, place in places.items():
        state, done_at, reason = arrivals.get(branch, (Letters.WAITING, None, None))
        name = tree[branch].name
        if state == Letters.DELIVERED and address(BranchRoom(branch, place.room or "")) in silent:
            lost.append(name)
        elif state == Letters.DELIVERED:
            there += 1
            if done_at is not None and done_at - opened > _LATE:
                opened_late.append(name)
        elif place.room is None or reason == NO_ROOM:
            without_room.append(name)
        else:
            (lost if state == Letters.DEAD else waiting).append(name)
    late = sorted(waiting) if occasion.now - opened >= SOONEST else []
    running = row.state == State.OPEN and (row.closes_at is None or row.closes_at > occasion.now)
    return Table(
        running, tree[row.branch_id].name, rows, len(places), there, sorted(without_room), late, sorted(lost),
        sorted(opened_late),
    )  # fmt: skip


def together(tree: Tree, top: str, branches: Sequence[str]) -> Mapping[str, Sequence[str]]:
    """The branches that are shown in one line, by the one whose name stands there. Pure."""
    if len(branches) <= MOST:
        return {branch: [branch] for branch in branches}
    found: dict[str, list[str]] = {}
    for branch in branches:
        path = [each.id for each in tree.path(branch)]
        at = path.index(top)
        found.setdefault(path[max(at - 1, 0)], []).append(branch)
    return found


async def _arrivals(occasion: Occasion, row: VoteRow) -> dict[str, tuple[str, datetime | None, str | None]]:
    """What became of the letters by which a vote arrives, by branch: how they stand, since when, and why."""
    query = (
        select(PlaceRow.branch_id, LetterRow.state, LetterRow.done_at, LetterRow.reason)
        .join(LetterRow, LetterRow.id == PlaceRow.first)
        .where(PlaceRow.vote_id == row.id)
    )
    return {branch: (state, at, reason) for branch, state, at, reason in await occasion.session.execute(query)}


async def _silent(occasion: Occasion, row: VoteRow) -> set[str]:
    """The places in which the last that was to be said of a vote could not be said."""
    last = (
        select(func.max(LetterRow.number))
        .join(VoteLetterRow, VoteLetterRow.letter == LetterRow.id)
        .where(VoteLetterRow.vote_id == row.id, LetterRow.state.in_([Letters.DELIVERED, Letters.DEAD]))
        .group_by(LetterRow.place)
    )
    query = select(LetterRow.place).where(LetterRow.number.in_(last), LetterRow.state == Letters.DEAD)
    return set(await occasion.session.scalars(query))


async def _voted(occasion: Occasion, row: VoteRow) -> dict[str, int]:
    """How many have voted so far, by branch."""
    query = (
        select(RollRow.branch_id, func.count(func.distinct(CastRow.member_id)))
        .join(CastRow, (CastRow.vote_id == RollRow.vote_id) & (CastRow.member_id == RollRow.member_id))
        .where(RollRow.vote_id == row.id, CastRow.choice.is_not(None))
        .where(or_(CastRow.taken_back_at.is_(None), CastRow.taken_back_at > (row.closes_at or occasion.now)))
        .group_by(RollRow.branch_id)
    )
    return dict((await occasion.session.execute(query)).all())
