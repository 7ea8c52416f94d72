"""A vote that opens: the roll is frozen, the number given, the poll posted, and the close planned."""

from __future__ import annotations

from typing import Final

from bots.kit.request import Occasion
from bots.kit.wording import Strong
from bots.vote import confidential as boxes
from bots.vote import declared, posting, reminding, roll, spreading, tables, weighing
from bots.vote.electorate import Admitted, Electorate, admit, electorate_of, electors
from bots.vote.errors import VoteRefused
from bots.vote.offers import MAY_VOTE
from bots.vote.plan import Plan, plan_of
from bots.vote.sentences import worded
from bots.vote.settings import settings_of
from bots.vote.tables import State, VoteRow
from bridge.places import place_at
from ground import due
from ground.texts import text

CLOSE: Final = "vote.close"
"""Falls due when a vote closes."""


async def open_vote(occasion: Occasion, row: VoteRow) -> None:
    """Freeze the roll, give the number, say it, and have it closed in time. Raises VoteRefused."""
    made = plan_of(row.options, row.rules)
    if row.closes_at is None or row.closes_at <= occasion.now:
        raise VoteRefused(text("The time of the close is over already. Please ask for the vote anew."))
    await roll.freeze(occasion.session, row, await admitted(occasion, row, electorate_of(row.electorate)))
    row.state, row.opened_at = State.OPEN, occasion.now
    row.number = await tables.next_number(occasion.session)
    row.seed = declared.new_seed(made)
    await occasion.session.flush()
    if row.confidential and (box := settings_of(occasion).box) is not None:
        await boxes.open_box(occasion.session, box, row, made.width)
    actor = row.member_id or "administrator"
    tables.note_event(occasion.session, row.id, "opened", actor=actor, at=occasion.now)
    await due.schedule(occasion.session, CLOSE, row.id, row.closes_at)
    await reminding.plan(occasion, row)
    if made.by is None:
        await announce(occasion, row, made)
    else:
        await spreading.spread(occasion, row, made)


async def announce(occasion: Occasion, row: VoteRow, made: Plan) -> None:
    """Say in the room that a vote is open, with its poll where it has one."""
    room = place_at(row.place or "")
    here = worded(made, await occasion.voice_for(room))
    polled = made.poll and not row.confidential
    if polled:
        await posting.put_poll(occasion, row, made, room)
    branch = (await occasion.tree())[row.branch_id]
    lines = posting.opened(occasion, row, here, branch.name, row.roll_size or 0, poll=polled)
    if not polled:
        lines = (Strong(row.question), *lines)
    letter = await occasion.send(room, *lines, notice=False)
    tables.note_letter(occasion.session, row.id, "announcement", letter, occasion.now)


async def admitted(occasion: Occasion, row: VoteRow, electorate: Electorate) -> Admitted:
    """Who may vote, by the register as it stands, and what their ballots weigh. Raises VoteRefused."""
    tree = await occasion.tree()
    suspended = settings_of(occasion).policy.suspended
    found = await electors(occasion.session, electorate, tree, row.branch_id, occasion.now, suspended=suspended)
    able = await admit(occasion.session, found, occasion.offered(MAY_VOTE), row.branch_id, occasion.now)
    return await weighing.weighed(occasion, row, able)
