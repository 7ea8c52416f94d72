"""The record of a vote: written once after the result, kept, sent to the room, and given again on request."""

from __future__ import annotations

import asyncio
from typing import Annotated, Final

from bots.kit.command import Argument
from bots.kit.request import Occasion, Refusal, Request
from bots.kit.wording import Strong, compose
from bots.vote import roll, tables
from bots.vote.finding import meant, not_there
from bots.vote.record.document import document
from bots.vote.record.gather import held
from bots.vote.record.signing import Signer
from bots.vote.sentences import handle
from bots.vote.settings import settings_of
from bots.vote.tables import VoteRow
from bridge import files
from bridge.letters import Document, Letter
from bridge.places import Direct, Place, place_at
from ground import due
from ground.due import Due
from ground.texts import text

RECORD: Final = "vote.record"
"""Falls due once a vote is counted."""
LARGEST: Final = 100 * 1024 * 1024
"""Bytes: some 400,000 ballots with names."""
_TYPE: Final = "application/json"
_NUMBER: Final = Argument(what=text("the vote"), example={"en": "V12", "fr": "V12"})


async def plan_record(occasion: Occasion, row: VoteRow) -> None:
    """Have the record written once the result is out: the result does not wait for it."""
    if settings_of(occasion).signer is not None:
        await due.schedule(occasion.session, RECORD, row.id, occasion.now)


async def fell_due(occasion: Occasion, item: Due) -> None:
    """Write the record of a vote that was counted, and send it to its room."""
    row, signer = await occasion.session.get(VoteRow, item.subject_id), settings_of(occasion).signer
    if row is None or row.verdict is None or signer is None:
        return
    file = row.record or await _keep(occasion, row, signer)
    letter = await _send(occasion, row, file, place_at(row.place or ""))
    tables.note_letter(occasion.session, row.id, "record", letter, occasion.now)


async def record(request: Request, number: Annotated[str, _NUMBER] = "") -> None:
    """Give the record of a vote again: in its room, or privately to whoever is on its roll or may see that."""
    row = await meant(request, number)
    in_room = request.place == place_at(row.place or "")
    if not in_room and not await _may_see(request, row):
        raise not_there(handle(row.number))
    if row.record is None:
        raise Refusal(text("There is no record of {number}.", number=Strong(handle(row.number))))
    await _send(request, row, row.record, request.place if in_room else Direct(request.account))


async def _may_see(request: Request, row: VoteRow) -> bool:
    member = request.member
    if member is not None and await roll.entry(request.session, row.id, member.id) is not None:
        return True
    return await request.may("vote.roll", row.branch_id)


async def _keep(occasion: Occasion, row: VoteRow, signer: Signer) -> str:
    found = await held(occasion, row)
    # Values only: a hundred thousand ballots take a second, in which others are served.
    content = await asyncio.to_thread(lambda: signer.signed(document(found)))
    row.record = await files.put(occasion.session, content, _name(row), _TYPE, largest=LARGEST)
    return row.record


async def _send(occasion: Occasion, row: VoteRow, file: str, to: Place) -> str:
    said = text("The record of {number} could not be sent. Those who run me can give it.", number=handle(row.number))
    instead = compose([said], await occasion.voice_for(to))
    return await occasion.put(Letter(to=to, content=Document(file, _name(row), _TYPE), instead=instead))


def _name(row: VoteRow) -> str:
    return f"{handle(row.number)}.json"
