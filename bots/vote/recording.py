"""The picture and the record of a vote: made once after the result, sent to the room, and given again on request."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Annotated, Final

from bots.kit.command import Argument
from bots.kit.request import Occasion, Refusal, Request
from bots.kit.wording import Strong, compose
from bots.vote import roll, tables
from bots.vote.chart.sketch import Sketch, sketch
from bots.vote.chart.studio import Studio
from bots.vote.counted import count_of
from bots.vote.finding import meant, no_such
from bots.vote.gathering import held
from bots.vote.plan import plan_of
from bots.vote.record.document import document
from bots.vote.record.signing import Signer
from bots.vote.sentences import handle, worded
from bots.vote.settings import settings_of
from bots.vote.tables import VoteRow
from bridge import files
from bridge.letters import Document, Letter, Picture
from bridge.places import Direct, Place, place_at
from ground import due
from ground.due import Due
from ground.texts import text

RECORD: Final = "vote.record"
"""Falls due once a vote is counted."""
LARGEST: Final = 100 * 1024 * 1024
"""Bytes: some 400,000 ballots with names."""
_DRAWING: Final = timedelta(seconds=1)
"""After which a picture is drawn, as a rule."""
_TYPE: Final = "application/json"
_PICTURE: Final = "image/png"
_NUMBER: Final = Argument(what=text("the vote"), example={"en": "V12", "fr": "V12"})


async def plan_record(occasion: Occasion, row: VoteRow) -> None:
    """Have the picture drawn and the record written once the result is out: the result does not wait for them."""
    given = settings_of(occasion)
    if given.signer is not None or given.studio is not None:
        await due.schedule(occasion.session, RECORD, row.id, occasion.now)


async def fell_due(occasion: Occasion, item: Due) -> None:
    """Send the picture and the record of a vote that was counted to its room.

    The first time the drawing is begun and nothing is sent; it is looked at again until it is done, and no transaction
    waits for it. Whatever process comes then: if it is another one, it begins the drawing anew.
    """
    row, given = await occasion.session.get(VoteRow, item.subject_id), settings_of(occasion)
    if row is None or row.verdict is None:
        return
    if given.studio is not None:
        if not given.studio.begun(row.id) and (shown := await _sketch(occasion, row)) is not None:
            given.studio.begin(row.id, shown)
        if given.studio.drawing(row.id):
            await due.schedule(occasion.session, RECORD, row.id, occasion.now + _DRAWING)
            return
        await _send_picture(occasion, row, given.studio)
    if given.signer is not None:
        file = row.record or await _keep(occasion, row, given.signer)
        letter = await _send(occasion, row, file, place_at(row.place or ""))
        tables.note_letter(occasion.session, row.id, "record", letter, occasion.now)


async def _sketch(occasion: Occasion, row: VoteRow) -> Sketch | None:
    count = count_of(row.verdict or "")
    voice = await occasion.voice_for(place_at(row.place or ""))
    return sketch(
        worded(plan_of(row.options, row.rules), voice), count, voice, number=row.number or 0, question=row.question
    )


async def _send_picture(occasion: Occasion, row: VoteRow, studio: Studio) -> None:
    drawn, shown = await studio.finished(row.id), await _sketch(occasion, row)
    studio.forget(row.id)
    if drawn is None or shown is None:
        return
    name = f"{handle(row.number)}.png"
    file = await files.put(occasion.session, drawn.data, name, _PICTURE)
    picture = Picture(file, name, _PICTURE, drawn.width, drawn.height, shown.alt)
    letter = await occasion.put(Letter(to=place_at(row.place or ""), content=picture))
    tables.note_letter(occasion.session, row.id, "picture", letter, occasion.now)


async def record(request: Request, number: Annotated[str, _NUMBER] = "") -> None:
    """Give the record of a vote again: in its room, or privately to whoever is on its roll or may see that."""
    row = await meant(request, number)
    in_room = request.place == place_at(row.place or "")
    if not in_room and not await _may_see(request, row):
        raise no_such(handle(row.number))
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
