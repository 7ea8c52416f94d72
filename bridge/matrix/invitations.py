"""Invitations of the bot: those of members are accepted, and those of strangers into a conversation of two."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Set
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncSession

from bridge.matrix.direct import has_direct, opened_by
from bridge.matrix.errors import MatrixError, NotFound, TokenRefused
from bridge.matrix.rooms import place_in
from bridge.matrix.session import Session
from bridge.places import Elsewhere
from ground.database import Database
from party.members import AccountRow

_log = logging.getLogger(__name__)

_PATIENCE: Final = 20.0
"""Seconds that hearing waits for rooms to be entered; a slow server's room is entered all the same, later."""


@dataclass(frozen=True, slots=True)
class Invitation:
    """Somebody asks the bot into a room."""

    room_id: str
    sender: str
    direct: bool
    """Whether the sender says that the room is for the two of them."""
    named: bool


def invitations(rooms: Mapping[str, Any], bot: str, ignored: Set[str]) -> list[Invitation]:
    """The invitations in a sync, but those of other bots."""
    found = []
    for room_id, room in rooms.items():
        events = [event for event in room.get("invite_state", {}).get("events", ()) if isinstance(event, dict)]
        named = any(event.get("type") == "m.room.name" for event in events)
        for event in events:
            content, sender = event.get("content"), event.get("sender")
            ours = event.get("type") == "m.room.member" and event.get("state_key") == bot
            if ours and isinstance(content, dict) and content.get("membership") == "invite" and sender not in ignored:
                found.append(Invitation(room_id, str(sender), content.get("is_direct") is True, named))
    return found


def entries(rooms: Mapping[str, Any], bot: str) -> list[Invitation]:
    """The invitations behind the rooms in a sync that the bot has just entered."""
    found = []
    for room_id, room in rooms.items():
        events = [
            event
            for part in ("state", "timeline")
            for event in room.get(part, {}).get("events", ())
            if isinstance(event, dict)
        ]
        named = any(event.get("type") == "m.room.name" for event in events)
        for event in events:
            content, unsigned = event.get("content"), event.get("unsigned")
            ours = event.get("type") == "m.room.member" and event.get("state_key") == bot
            if not ours or not isinstance(content, dict) or not isinstance(unsigned, dict):
                continue
            before, sender = unsigned.get("prev_content"), unsigned.get("prev_sender")
            if not isinstance(before, dict) or not isinstance(sender, str):
                continue
            if content.get("membership") == "join" and before.get("membership") == "invite":
                found.append(Invitation(room_id, sender, before.get("is_direct") is True, named))
    return found


class Doorkeeper:
    """Accepts invitations."""

    def __init__(self, session: Session, database: Database) -> None:
        self._session = session
        self._database = database
        self._entering: set[asyncio.Task[None]] = set()

    async def answer(self, invited: list[Invitation]) -> None:
        """Enter the rooms of invitations that are accepted; the others stay unanswered. Raises TokenRefused."""
        tasks = {asyncio.create_task(self._one(invitation)) for invitation in invited}
        if not tasks:
            return
        done, late = await asyncio.wait(tasks, timeout=_PATIENCE)
        for task in late:
            self._entering.add(task)
            task.add_done_callback(self._entering.discard)
        for task in done:
            task.result()

    async def entered(self, invitations: list[Invitation]) -> None:
        """Note of rooms that were entered which are conversations of two: whoever entered them may have been killed
        before it did. Raises TokenRefused."""
        for invitation in invitations:
            if await self._database.read(partial(_is_kept, room_id=invitation.room_id)):
                continue
            await self._enter(invitation, join=False)

    async def _one(self, invitation: Invitation) -> None:
        known = await self._database.read(partial(_is_known, account=invitation.sender))
        if known or invitation.direct:
            await self._enter(invitation, join=True)

    async def _enter(self, invitation: Invitation, *, join: bool) -> None:
        try:
            if join:
                await self._session.api.join(invitation.room_id, via=[invitation.sender.partition(":")[2]])
            if await self._for_two(invitation):
                await self._database.write(partial(opened_by, account=invitation.sender, room_id=invitation.room_id))
        except TokenRefused:
            raise
        except MatrixError as error:
            _log.warning("A room could not be entered: %s", error.errcode or error.status)

    async def _for_two(self, invitation: Invitation) -> bool:
        """Whether the room is a conversation of two. One that does not say so counts when there is no other yet."""
        self._session.crypto.forget_present(invitation.room_id)
        present = await self._session.crypto.present(invitation.room_id)
        if set(present) != {self._session.user_id, invitation.sender}:
            return False
        if invitation.direct:
            return True
        if invitation.named or await self._database.read(partial(has_direct, account=invitation.sender)):
            return False
        try:
            create = await self._session.api.get_state(invitation.room_id, "m.room.create")
        except NotFound:
            return False
        return create.get("type") is None


async def _is_kept(session: AsyncSession, room_id: str) -> bool:
    """Whether a room is a place already."""
    return not isinstance(await place_in(session, room_id), Elsewhere)


async def _is_known(session: AsyncSession, account: str) -> bool:
    return await session.get(AccountRow, account) is not None
