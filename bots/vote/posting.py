"""What a vote looks like in a room: its poll, and what is said beside it."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from bots.kit.request import Occasion
from bots.kit.voice import Voice
from bots.kit.wording import Line, Typed, compose
from bots.vote import declared, sentences, tables
from bots.vote.choices import example
from bots.vote.plan import Plan
from bots.vote.sentences import handle, worded
from bots.vote.tables import VoteRow
from bridge.letters import Letter, Poll, PollAnswer
from bridge.places import Place
from ground.texts import text


def poll_of(row: VoteRow, made: Plan, voice: Voice) -> Poll:
    """The poll of a vote, in the language of a room."""
    options = worded(made, voice).options
    numbered: Sequence[str] = [f"{number}. {option}" for number, option in enumerate(options, 1)]
    how = text(
        "Reply with the number of your choice, or write {command}.",
        command=Typed(text("vote {number} 1", number=handle(row.number))),
    )
    head = text("{number} · {question}", number=handle(row.number), question=row.question)
    return Poll(
        question=row.question,
        answers=tuple(PollAnswer(str(number), option) for number, option in enumerate(options, 1)),
        max_selections=made.most,
        disclosed=made.live,
        fallback=compose([head, *numbered, voice.say(how)], voice).plain,
    )


async def put_poll(occasion: Occasion, row: VoteRow, made: Plan, room: Place) -> None:
    """Post the poll of a vote, for the first time or again."""
    letter = await occasion.put(Letter(to=room, content=poll_of(row, made, await occasion.voice_for(room))))
    tables.note_letter(occasion.session, row.id, "poll", letter, occasion.now)


def opened(occasion: Occasion, row: VoteRow, made: Plan, branch: str, size: int, *, poll: bool) -> tuple[Line, ...]:
    """That a vote is open, for the members of a branch: so many of them may vote."""
    surroundings = occasion.surroundings
    return sentences.opened(
        row.number or 0, made, branch, size, row.roll_size or size, row.roll_root or "", row.closes_at or occasion.now,
        poll=poll, change=row.change, conditions_said=sentences.formal(made), example=example(made),
        rules=declared.rules(made, weight=row.roll_weight or 0, units=row.units, seed=row.seed),
        links=surroundings.links + quote(surroundings.account, safe="@:") if row.confidential else None,
    )  # fmt: skip
