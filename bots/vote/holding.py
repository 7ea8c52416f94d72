"""A vote that opens: the roll is frozen, the number given, the poll posted, and the close planned."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from urllib.parse import quote

from bots.kit.request import Occasion
from bots.kit.wording import Typed, compose
from bots.vote import confidential as boxes
from bots.vote import roll, sentences, tables
from bots.vote.choices import example
from bots.vote.electorate import Admitted, Electorate, admit, electorate_of, electors
from bots.vote.errors import VoteRefused
from bots.vote.offers import MAY_VOTE
from bots.vote.plan import Plan, plan_of
from bots.vote.settings import settings_of
from bots.vote.tables import State, VoteRow
from bridge.letters import Letter, Poll, PollAnswer
from bridge.places import Place, place_at
from ground import due
from ground.texts import text

CLOSE: Final = "vote.close"
"""Falls due when a vote closes."""


async def open_vote(occasion: Occasion, row: VoteRow) -> None:
    """Freeze the roll, give the number, say it, and have it closed in time. Raises VoteRefused."""
    made = plan_of(row.options, row.rules)
    if row.closes_at is None or row.closes_at <= occasion.now:
        raise VoteRefused(text("The time of the close is over already. Please ask for the vote anew."))
    frozen = await roll.freeze(occasion.session, row, await admitted(occasion, row, electorate_of(row.electorate)))
    row.state, row.opened_at = State.OPEN, occasion.now
    row.number = await tables.next_number(occasion.session)
    await occasion.session.flush()
    if row.confidential and (box := settings_of(occasion).box) is not None:
        await boxes.open_box(occasion.session, box, row, made.width)
    actor = row.member_id or "administrator"
    tables.note_event(occasion.session, row.id, "opened", actor=actor, at=occasion.now)
    await due.schedule(occasion.session, CLOSE, row.id, row.closes_at)
    await announce(occasion, row, made, frozen.size, frozen.root)


async def announce(occasion: Occasion, row: VoteRow, made: Plan, size: int, root: str) -> None:
    """Say in the room that a vote is open, with its poll where it has one."""
    room = place_at(row.place or "")
    polled = made.poll and not row.confidential
    if polled:
        await put_poll(occasion, row, made, room)
    branch = (await occasion.tree())[row.branch_id]
    surroundings = occasion.surroundings
    lines = sentences.opened(
        row.number or 0, made, branch.name, size, root, row.closes_at or occasion.now,
        poll=polled, change=row.change, conditions_said=sentences.formal(made), example=example(made),
        links=surroundings.links + quote(surroundings.account, safe="@:") if row.confidential else None,
    )  # fmt: skip
    if not polled:
        lines = (f"{row.question}", *lines)
    letter = await occasion.send(room, *lines, notice=False)
    tables.note_letter(occasion.session, row.id, "announcement", letter, occasion.now)


async def put_poll(occasion: Occasion, row: VoteRow, made: Plan, room: Place) -> None:
    """Post the poll of a vote, for the first time or again."""
    numbered: Sequence[str] = [f"{number}. {option}" for number, option in enumerate(made.options, 1)]
    voice = await occasion.voice_for(room)
    how = voice.say(
        text("Reply with the number of your choice, or write {command}.",
             command=Typed(text("vote {number} 1", number=sentences.handle(row.number))))
    )  # fmt: skip
    fallback = compose(
        [text("{number} · {question}", number=sentences.handle(row.number), question=row.question), *numbered, how],
        voice,
    ).plain
    poll = Poll(
        question=row.question,
        answers=tuple(PollAnswer(str(number), option) for number, option in enumerate(made.options, 1)),
        max_selections=made.most,
        disclosed=made.live,
        fallback=fallback,
    )
    letter = await occasion.put(Letter(to=room, content=poll))
    tables.note_letter(occasion.session, row.id, "poll", letter, occasion.now)


async def admitted(occasion: Occasion, row: VoteRow, electorate: Electorate) -> Admitted:
    """Who may vote, by the register as it stands."""
    tree = await occasion.tree()
    suspended = settings_of(occasion).policy.suspended
    found = await electors(occasion.session, electorate, tree, row.branch_id, occasion.now, suspended=suspended)
    return await admit(occasion.session, found, occasion.offered(MAY_VOTE), row.branch_id, occasion.now)
