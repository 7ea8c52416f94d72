"""What a record is made of, read from the rows of a vote that was counted."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import select

from bots.kit.parts import Gap, Items, Line
from bots.kit.request import Occasion
from bots.kit.voice import Voice
from bots.vote import result, roll
from bots.vote.casting import Counted
from bots.vote.counted import count_of
from bots.vote.electorate import electorate_of
from bots.vote.plan import plan_of
from bots.vote.record.document import EVENTS, Entered, Event, Held, Paper, Part
from bots.vote.roll import Entry
from bots.vote.sentences import handle, worded
from bots.vote.tables import CountRow, PlaceRow, VoteEventRow, VoteRow
from bots.vote.voters import counted_ballots
from bridge.places import place_at
from party.members import MemberRow

MOST_LEAVES: Final = 50_000
"""Of a longer roll the lines are left out; its root stands for them."""
_AT_ONCE: Final = 500


async def held(occasion: Occasion, row: VoteRow) -> Held:
    """A vote that was counted, as values. Raises ValueError for one that was not."""
    if row.verdict is None or row.roll_root is None or row.opened_at is None or row.closed_at is None:
        raise ValueError("there is no record of a vote that is not counted")
    voice = await occasion.voice_for(place_at(row.place or ""))
    plan, count = worded(plan_of(row.options, row.rules), voice), count_of(row.verdict)
    entries = await roll.entries(occasion.session, row.id)
    if row.confidential:
        papers = await _alike(occasion, row)
    else:
        papers = await _papers(occasion, await counted_ballots(occasion, row), entries)
    leaves = [leaf.hex() for leaf in roll.leaves(row, entries)] if len(entries) <= MOST_LEAVES else None
    return Held(
        vote=handle(row.number),
        branch=row.branch_id,
        names={branch.id: branch.name for branch in await occasion.tree()},
        language=voice.language,
        question=row.question,
        plan=plan,
        confidential=row.confidential,
        change=row.change,
        electorate=electorate_of(row.electorate),
        opened=row.opened_at,
        closed=row.closed_at,
        parts=[
            Part(
                branch=row.branch_id, size=count.roll, weight=count.weight, root=row.roll_root, leaves=leaves,
                voted=count.voted,
            )
        ],
        events=await _events(occasion, row),
        papers=papers,
        count=count,
        mandates=None if plan.by is None else await _mandates(occasion, row),
        apportionment=None if plan.by is None else plan.split,
        said=[said for line in result.lines(plan, count) for said in _said(voice, line)],
    )  # fmt: skip


async def _papers(occasion: Occasion, counted: Sequence[Counted], entries: Sequence[Entry]) -> list[Paper]:
    """The ballots that count, in the order of the roll, which says nothing of when they were cast."""
    wanted = {one for each in counted for one in (each.holder, each.entered_by, each.witness) if one is not None}
    names = await _names(occasion, [*wanted, *(each.entry.member_id for each in counted)])
    return [
        Paper(
            branch=one.entry.branch_id,
            choice=one.choice,
            weight=one.entry.weight,
            position=one.entry.position,
            name=names[one.entry.member_id],
            holder=None if one.holder is None else names[one.holder],
            entered=None
            if one.entered_by is None or one.witness is None
            else Entered(names[one.entered_by], names[one.witness]),
        )
        for one in counted
    ]


async def _mandates(occasion: Occasion, row: VoteRow) -> dict[str, int]:
    query = select(PlaceRow.branch_id, PlaceRow.mandates).where(PlaceRow.vote_id == row.id)
    return dict((await occasion.session.execute(query)).all())


async def _alike(occasion: Occasion, row: VoteRow) -> list[Paper]:
    """Of a confidential vote what may be told: how many were alike, in groups that are large enough."""
    query = select(CountRow.group_id, CountRow.choice, CountRow.ballots).where(CountRow.vote_id == row.id)
    rows = await occasion.session.execute(query.order_by(CountRow.group_id, CountRow.choice))
    return [Paper(branch=group, choice=choice, alike=ballots) for group, choice, ballots in rows if ballots]


async def _names(occasion: Occasion, members: Sequence[str]) -> Mapping[str, str]:
    found = dict[str, str]()
    for start in range(0, len(members), _AT_ONCE):
        query = select(MemberRow.id, MemberRow.name).where(MemberRow.id.in_(members[start : start + _AT_ONCE]))
        found.update((await occasion.session.execute(query)).all())
    return found


async def _events(occasion: Occasion, row: VoteRow) -> list[Event]:
    query = select(VoteEventRow.kind, VoteEventRow.at, VoteEventRow.data).where(VoteEventRow.vote_id == row.id)
    rows = await occasion.session.execute(query.where(VoteEventRow.kind.in_(EVENTS)).order_by(VoteEventRow.number))
    return [Event(kind=kind, at=at, more=_instants(kind, data)) for kind, at, data in rows]


def _instants(kind: str, data: str) -> dict[str, datetime]:
    """From when until when a vote was extended."""
    if kind != "extended":
        return {}
    return {name: datetime.fromisoformat(at) for name, at in json.loads(data).items() if name in {"from", "to"}}


def _said(voice: Voice, line: Line) -> list[str]:
    if isinstance(line, Items):
        return [voice.show(item) for item in line.items]
    return [] if isinstance(line, Gap) else [voice.show(line)]
