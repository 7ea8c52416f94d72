"""Branches that nobody looks after: found when the register changes or a mandate ends, told once to the one above."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select

from bots.attention import staff, telling
from bots.attention.rules import keepers, tell_at, told_of_vacancy, vacant
from bots.attention.tables import VacancyRow
from bots.kit.request import Occasion
from bots.kit.wording import Items, Line, Strong, Typed
from ground.texts import text
from party.branches import Branch, BranchRow

CALM: Final = timedelta(minutes=15)
"""One mandate ends and the next is given: two commands, and no vacancy."""


async def look(occasion: Occasion) -> datetime | None:
    """Compare what is vacant with what is known, and tell what is to be told; returns when to look again, if ever."""
    session, tree = occasion.session, await occasion.tree()
    officers = await staff.officers(session, occasion.now)
    now_vacant = vacant(occasion.policy, tree, officers)
    known = {row.branch_id: row for row in (await session.scalars(select(VacancyRow))).all()}
    for branch_id in known.keys() - now_vacant:
        await session.delete(known.pop(branch_id))
    for branch_id in sorted(now_vacant - known.keys()):
        known[branch_id] = VacancyRow(branch_id=branch_id, since=occasion.now)
        session.add(known[branch_id])
    waiting = [row for row in known.values() if row.told_at is None]
    made = await session.execute(
        select(BranchRow.id, BranchRow.created_at).where(BranchRow.id.in_([row.branch_id for row in waiting]))
    )
    created = {branch_id: created_at for branch_id, created_at in made}
    times = {row.branch_id: tell_at(row.since, created[row.branch_id], CALM) for row in waiting}
    letters: dict[telling.Charge, list[Branch]] = {}
    for _depth, branch in tree.top_down():
        if branch.id in times and times[branch.id] <= occasion.now:
            known[branch.id].told_at = occasion.now
            letters.setdefault(told_of_vacancy(occasion.policy, tree, officers, branch), []).append(branch)
    for charge, found in letters.items():
        await telling.tell(occasion, charge, officers, _letter(found, keepers(occasion.policy)[0]))
    return min((at for at in times.values() if at > occasion.now), default=None)


def _letter(found: Sequence[Branch], office: str) -> tuple[Line, ...]:
    command = Typed(text("mandate give @… {office} --in {branch}", office=office, branch=found[0].slug))
    if len(found) == 1:
        return (
            text("{branch} has nobody any more who looks after its members and offices.", branch=Strong(found[0].name)),
            text("You can give it somebody, for example: {command}", command=command),
        )
    return (
        text("These branches have nobody who looks after their members and offices:"),
        Items(tuple(branch.name for branch in found)),
        text("You can give them somebody, for example: {command}", command=command),
    )
