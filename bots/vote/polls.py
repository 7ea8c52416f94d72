"""Native polls: responses, and what others do to them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from sqlalchemy import func, select

from bots.kit import notes
from bots.kit.request import Occasion
from bots.kit.wording import Strong, Typed
from bots.vote import answering, casting, overview, roll, tables
from bots.vote.casting import Cast, Means, in_time
from bots.vote.choices import poll_ballot
from bots.vote.plan import plan_of
from bots.vote.posting import put_poll
from bots.vote.sentences import handle
from bots.vote.settings import settings_of
from bots.vote.tables import State, VoteLetterRow, VoteRow
from bridge.letters import PollEnd, PollResponse, Redaction, outbox
from bridge.letters.outbox import LetterRow
from bridge.places import Direct, address, place_at
from ground.texts import Text, text

_MOST_AGAIN: Final = 5
"""How often a poll that others end is posted again; then the commands are what is left."""


async def responded(occasion: Occasion, responses: Sequence[PollResponse]) -> None:
    """People chose in polls: kept, whatever it says; which one counts is decided when it is counted."""
    by_letter: dict[str, list[PollResponse]] = {}
    for response in responses:
        if response.poll.letter is not None:
            by_letter.setdefault(response.poll.letter, []).append(response)
    for letter, those in by_letter.items():
        row = await tables.of_letter(occasion.session, letter)
        if row is not None and not row.confidential and row.state != State.DRAFT:
            await _responded(occasion, row, those)


async def _responded(occasion: Occasion, row: VoteRow, responses: Sequence[PollResponse]) -> None:
    grace = settings_of(occasion).policy.patience
    voters = await casting.voters(occasion.session, row.id, (response.account for response in responses))
    made = plan_of(row.options, row.rules)
    casts: list[Cast] = []
    for number, response in enumerate(responses):
        in_it = row.state == State.OPEN and in_time(response.at, response.received(occasion.now), row.closes_at, grace)
        member_id = voters.get(response.account) or await _voter(occasion, row, response)
        if member_id is None:
            continue
        if not in_it:
            await _tell(occasion, row, response, text("your choice came after the close and is not counted."))
        if row.state == State.OPEN:
            kept, spoiled = poll_ballot(made, response.answers)
            # One after the other, as they came: of two by one person the last counts, also by our clock.
            received = response.received(occasion.now) + number * timedelta(microseconds=1)
            casts.append(
                Cast(
                    id=response.id, member_id=member_id, means=Means.POLL, choice=kept, sent_at=response.at,
                    received_at=received, account=response.account, spoiled=spoiled,
                )
            )  # fmt: skip
    if await casting.record(occasion.session, row, casts):
        await overview.changed(occasion, row)


async def _voter(occasion: Occasion, row: VoteRow, response: PollResponse) -> str | None:
    """Who votes by an account that was not known to be on the roll; whoever is not on it is told why, once."""
    member = await answering.voter(occasion, response.account)
    if member is None:
        await _tell(occasion, row, response, text("only members can vote."))
        return None
    why = await roll.why_not(occasion.session, row, member)
    if why is not None:
        await _tell(occasion, row, response, why)
        return None
    return member.id


async def _tell(occasion: Occasion, row: VoteRow, response: PollResponse, why: Text) -> None:
    if await notes.first(occasion.session, f"vote no {row.id} {response.account}", occasion.now):
        await occasion.send(
            Direct(response.account), text("{number}: {why}", number=Strong(handle(row.number)), why=why)
        )


async def ended(occasion: Occasion, end: PollEnd) -> None:
    """Somebody else ended a poll of ours: it is posted again while the vote is open."""
    if end.account != occasion.surroundings.account and end.poll.letter is not None:
        await _again(occasion, end.poll.letter)


async def removed(occasion: Occasion, redaction: Redaction) -> None:
    """A ballot was removed by its voter, or a poll of ours by somebody else."""
    letter = redaction.of.letter
    if letter is None:
        grace = settings_of(occasion).policy.patience
        row = await casting.take_back(
            occasion.session, redaction.of.event, redaction.account,
            sent_at=redaction.at, received_at=redaction.received(occasion.now), grace=grace,
        )  # fmt: skip
        if row is not None:
            await overview.changed(occasion, row)
    elif redaction.account != occasion.surroundings.account:
        await _again(occasion, letter)


async def _again(occasion: Occasion, letter: str) -> None:
    noted = await occasion.session.get(VoteLetterRow, letter)
    row = None if noted is None else await occasion.session.get(VoteRow, noted.vote_id)
    if noted is None or noted.purpose != "poll" or row is None or row.state != State.OPEN:
        return
    if row.closes_at is not None and row.closes_at <= occasion.now:
        return
    if not await notes.first(occasion.session, f"vote poll ended {letter}", occasion.now):
        return
    tables.note_event(occasion.session, row.id, "interrupted", actor="system", at=occasion.now)
    room = await outbox.place_of(occasion.session, letter) or place_at(row.place or "")
    count = select(func.count()).select_from(VoteLetterRow).join(LetterRow, LetterRow.id == VoteLetterRow.letter)
    there = (VoteLetterRow.vote_id == row.id, VoteLetterRow.purpose == "poll", LetterRow.place == address(room))
    polls = await occasion.session.scalar(count.where(*there)) or 0
    number = Strong(handle(row.number))
    if polls > _MOST_AGAIN:
        how = Typed(text("vote {number} 1", number=handle(row.number)))
        said = text(
            "The poll of {number} was ended again. The vote goes on: write {command}.", number=number, command=how
        )
        await occasion.send(room, said)
        return
    said = text("Somebody ended the poll of {number}, but the vote goes on. All ballots so far stay.", number=number)
    await occasion.send(room, said)
    await put_poll(occasion, row, plan_of(row.options, row.rules), room)
