"""The direct conversation: ballots for whoever opens it, and votes of those who have left since the roll was frozen."""

from __future__ import annotations

import re
from typing import Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bots.kit.request import Occasion
from bots.vote import answering, roll, tables
from bots.vote.answering import BALLOT
from bots.vote.tables import RollRow, State, VoteLetterRow, VoteRow
from bridge.letters import Joined
from bridge.letters.outbox import LetterRow
from bridge.places import Direct, address
from party.members import MemberRow, of_account

_NAMED: Final = re.compile(r"[vV](\d{1,9})[,:.]?")
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


async def admitted(session: AsyncSession, account: str, word: str) -> MemberRow | None:
    """Whoever is on the roll of the vote that they name, also where they have left since it was frozen."""
    match = _NAMED.fullmatch(word)
    member = None if match is None else await of_account(session, account)
    row = None if match is None else await tables.of_number(session, int(match[1]))
    if member is None or row is None or await roll.entry(session, row.id, member.id) is None:
        return None
    return member


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
