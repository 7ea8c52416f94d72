"""The direct conversation: ballots for whoever opens it, and for those who have left since the roll was frozen."""

from __future__ import annotations

import re
from typing import Final

from sqlalchemy import select

from bots.kit.request import Occasion
from bots.vote import answering, roll, tables
from bots.vote.answering import BALLOT
from bots.vote.casting import Means
from bots.vote.choices import HIGHEST, read_ballot
from bots.vote.plan import plan_of
from bots.vote.tables import RollRow, State, VoteLetterRow, VoteRow
from bridge.letters import Joined, Letter, Mark, Message
from bridge.letters.outbox import LetterRow
from bridge.places import Direct, address
from party.members import MemberRow, Status, of_account

_TYPED: Final = re.compile(r"\W?\s*(?:vote|voter)\s+v(\d{1,9})\b\s*(.*)", re.S | re.I)
_MOST: Final = 5
"""Ballots that are handed out at once."""


async def opened(occasion: Occasion, arrival: Joined) -> None:
    """Somebody opened the direct conversation, perhaps by the link of a confidential vote: here are their ballots."""
    match arrival.place:
        case Direct(account) if arrival.account in {account, occasion.surroundings.account}:
            member = await of_account(occasion.session, account)
            if member is not None:
                for row in await _without_ballot(occasion, member, account):
                    await answering.hand_out(occasion, row, account)


def may_be_typed(message: Message) -> bool:
    """A look: whether somebody names a vote in their direct conversation."""
    return message.place == Direct(message.account) and _TYPED.fullmatch(message.text.strip()) is not None


async def typed(occasion: Occasion, message: Message) -> bool:
    """Somebody names a vote. Whoever has left is no member any more, so the command is not theirs; but who was on the
    roll when it was frozen votes."""
    match = _TYPED.fullmatch(message.text.strip())
    member = await of_account(occasion.session, message.account)
    if match is None or member is None or member.status != Status.LEFT:
        return False
    number, words = int(match[1]), match[2].strip()
    row = await tables.of_number(occasion.session, number) if number < HIGHEST else None
    if row is None or await roll.entry(occasion.session, row.id, member.id) is None:
        return False
    if answering.is_closed(occasion, row, message):
        return False
    if row.confidential or not words:
        await answering.hand_out(occasion, row, message.account)
        return True
    kept = read_ballot(plan_of(row.options, row.rules), words)
    await answering.record(occasion, row, message, member, kept, Means.COMMAND)
    await occasion.put(Letter(to=message.place, content=Mark(answering.TAKEN, event=message.id)))
    return True


async def _without_ballot(occasion: Occasion, member: MemberRow, account: str) -> list[VoteRow]:
    """The confidential votes that are open and wait for a member who was given no ballot yet."""
    given = (
        select(VoteLetterRow.vote_id)
        .join(LetterRow, LetterRow.id == VoteLetterRow.letter)
        .where(VoteLetterRow.purpose == BALLOT, LetterRow.place == address(Direct(account)))
    )
    query = (
        select(VoteRow)
        .join(RollRow, RollRow.vote_id == VoteRow.id)
        .where(VoteRow.state == State.OPEN, VoteRow.confidential, VoteRow.closes_at > occasion.now)
        .where(RollRow.member_id == member.id, VoteRow.id.not_in(given))
        .order_by(VoteRow.number)
        .limit(_MOST)
    )
    return list(await occasion.session.scalars(query))
