"""One letter into one room: what it consists of, sent step by step, and what an error means for it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bridge import files
from bridge.letters.delivery import Ended
from bridge.letters.letter import Content, Correction, Document, Picture
from bridge.letters.outbox import LetterRow, State, content_of, instead_of
from bridge.matrix.compose import Around, Redact, Send, Unsayable, compose, handle
from bridge.matrix.content import Json
from bridge.matrix.errors import MatrixError, TokenRefused
from bridge.matrix.retry import is_passing
from ground.database import Database

INSTEAD = "instead"
"""What the handle of the words said instead of a letter ends in."""


class Redacts(Protocol):
    """What sending needs of the API besides the session; see MatrixApi."""

    async def redact(self, room_id: str, event_id: str, txn_id: str) -> str: ...


class Session(Protocol):
    """What sending needs of the account's session. Everything raises MatrixError."""

    @property
    def api(self) -> Redacts: ...

    @property
    def device_id(self) -> str: ...

    @property
    def ready(self) -> asyncio.Event:
        """Set once devices and rooms are known as they are now; nothing is sent before."""
        ...

    async def send(self, room_id: str, event_type: str, content: Json, txn_id: str) -> str:
        """Sends an event, encrypted where the room ever was; reactions in clear. Returns its id."""
        ...

    async def upload(self, data: bytes, mimetype: str, name: str, *, encrypted: bool) -> Json:
        """Uploads: `{"url": …}`, or the `file` object of an encrypted attachment."""
        ...

    async def is_encrypted(self, room_id: str) -> bool:
        """Whether the room was ever encrypted."""
        ...

    async def direct_room(self, account: str) -> str:
        """The room of the direct conversation with an account, opened if need be."""
        ...

    async def find_letter(self, room_id: str, handle: str, since: datetime) -> str | None:
        """The event that is already there for a part of a letter (`org.kunveno.letter` is `handle`)."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """A letter, its room, the events of the letter it speaks of, and whether it may be there already."""

    letter: LetterRow
    room_id: str
    about: tuple[str, ...] = ()
    look: bool = False


def refuses(error: MatrixError) -> bool:
    """Whether the homeserver says no for good. What is no answer of a homeserver may be another one later."""
    answered = 400 <= error.status < 500 and bool(error.errcode)
    return not isinstance(error, TokenRefused) and (error.status == 413 or (answered and not is_passing(error.status)))


def reason_of(error: MatrixError) -> str:
    """Why it was refused, without the path, which names the room."""
    return f"{error.message} ({error.errcode or error.status})"


async def carry(database: Database, session: Session, errand: Errand) -> Ended:
    """Send a letter, or what is said instead where it is refused. Raises MatrixError for a failure that may pass."""
    letter = errand.letter
    try:
        content = content_of(letter)
        around = await _around(database, session, errand, content)
        return await _say(session, errand, letter.id, content, around)
    except MatrixError as error:
        if not refuses(error):
            raise
        reason = reason_of(error)
    except ValueError as error:  # the content cannot be said, or was forgotten, or its file erased
        reason = _without_content(error)
    return await _say_instead(session, errand, reason)


async def _say_instead(session: Session, errand: Errand, reason: str) -> Ended:
    """Delivered by other words is delivered, so that it can be corrected; who asked for a receipt hears of it."""
    letter = errand.letter
    instead = instead_of(letter)
    dead = Ended(letter=letter, state=State.DEAD, outcome="refused", reason=reason, room_id=errand.room_id)
    if instead is None:
        return dead
    around = Around(answers=_event(letter.answers), thread=_event(letter.thread))
    try:
        said = await _say(session, errand, f"{letter.id}.{INSTEAD}", instead, around)
    except MatrixError as error:
        if not refuses(error):
            raise
        return dead
    return Ended(
        letter=letter, state=State.DELIVERED, outcome="refused", reason=reason, room_id=errand.room_id,
        events=said.events,
    )  # fmt: skip


async def _say(session: Session, errand: Errand, name: str, content: Content, around: Around) -> Ended:
    letter, room_id = errand.letter, errand.room_id
    sent: list[str] = []
    kept = list(around.events)
    for part, step in enumerate(compose(name, content, around)):
        match step:
            case Redact(event=event):
                sent.append(await session.api.redact(room_id, event, handle(name, part)))
                kept.remove(event)
            case Send():
                became = await _send(session, errand, step, handle(name, part))
                sent.extend(became)
                kept.extend(became if step.new else ())
    events, renewed = tuple(sent), {}
    if isinstance(content, Correction):
        events = tuple(sent[:1])
        renewed = {content.of: tuple(kept)} if tuple(kept) != around.events else {}
    return Ended(
        letter=letter, state=State.DELIVERED, outcome="delivered", room_id=room_id, events=events, renewed=renewed
    )


async def _send(session: Session, errand: Errand, step: Send, name: str) -> tuple[str, ...]:
    """The id of the event, which is there afterwards; none for a mark that stood there without our knowing its id."""
    if errand.look:
        found = await session.find_letter(errand.room_id, name, errand.letter.written_at)
        if found is not None:
            return (found,)
    try:
        return (await session.send(errand.room_id, step.type, step.content, name),)
    except MatrixError as error:
        if error.errcode != "M_DUPLICATE_ANNOTATION":
            raise
        return ()


async def _around(database: Database, session: Session, errand: Errand, content: Content) -> Around:
    letter = errand.letter
    media, size = None, 0
    if isinstance(content, Picture | Document):
        file = await database.read(lambda read: files.find(read, content.file))
        if file is None:
            raise Unsayable("its file was erased")
        media, size = await _media(database, session, errand.room_id, file), file.size
    return Around(
        answers=_event(letter.answers), thread=_event(letter.thread), events=errand.about, media=media, size=size
    )


async def _media(database: Database, session: Session, room_id: str, file: files.File) -> Json:
    """Where the file is on the homeserver. An upload has no transaction id: it is remembered before it is shown."""
    encrypted = await session.is_encrypted(room_id)
    known = await database.read(lambda read: files.uploaded(read, file.digest, encrypted=encrypted))
    if known is not None:
        return known
    data = await database.read(lambda read: files.read(read, file.id))
    if data is None:
        raise Unsayable("its file was erased")
    answer = await session.upload(data, file.mimetype, file.name, encrypted=encrypted)
    media = {"file": answer} if encrypted else {"url": answer["url"]}
    await database.write(lambda write: files.remember_upload(write, file.digest, media, encrypted=encrypted))
    return media


def _event(arrival: str | None) -> str | None:
    """The event that an arrival was, where it was one."""
    return arrival if arrival is not None and arrival.startswith("$") else None


def _without_content(error: ValueError) -> str:
    """Errors of validation repeat what they validate."""
    return str(error) if isinstance(error, Unsayable) else f"it cannot be said ({type(error).__name__})"
