"""Links that were asked for from the chat: carried out, one by one, and answered."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from bridge.letters import Receipt
from bridge.matrix.errors import MatrixError, TokenRefused
from bridge.mirror.link import LinkError, candidate, link
from bridge.mirror.mirror import Mirror
from bridge.mirror.tables import ask
from bridge.ports import LACKS, RoomLink, link_done, links_asked

PATIENCE: Final = timedelta(minutes=10)
"""How long a wish waits for a homeserver that cannot answer, perhaps one that is gone for good."""


class AskedLinks:
    """Carries out `bridge.ports.ask_to_link` (a RoomLinker). The caller holds the lock of the mirror."""

    def __init__(self, mirror: Mirror) -> None:
        self._mirror = mirror

    async def link_asked(self, hand_over: Callable[[Receipt], Awaitable[None]]) -> int:
        """See RoomLinker. Raises what the homeserver raised where it could not answer, after all others were tried."""
        answered, trouble = 0, None
        for wish in await self._mirror.database.read(links_asked):
            try:
                receipt = await self._link(wish)
            except TokenRefused:
                raise
            except MatrixError as error:
                if self._mirror.clock.now() < wish.asked_at + PATIENCE:
                    trouble = trouble or error
                    continue
                receipt = _refused(wish, None)
            await hand_over(receipt)
            await self._mirror.database.write(partial(self._done, wish=wish, receipt=receipt))
            answered += 1
        if trouble is not None and not answered:
            raise trouble
        return answered

    async def _link(self, wish: RoomLink) -> Receipt:
        try:
            found = await candidate(self._mirror, wish.place, wish.room)
        except LinkError as error:
            return _refused(wish, error.why)
        await link(self._mirror, [found])
        reason = LACKS if found.lacks else None
        return Receipt(id=_identity(wish), letter=wish.id, owner=wish.owner, outcome="delivered", reason=reason)

    async def _done(self, session: AsyncSession, *, wish: RoomLink, receipt: Receipt) -> None:
        now = self._mirror.clock.now()
        await link_done(session, wish.id, now)
        if receipt.outcome == "delivered":
            await ask(session, now, again=False)


def _identity(wish: RoomLink) -> str:
    return f"link-{wish.id}"


def _refused(wish: RoomLink, reason: str | None) -> Receipt:
    return Receipt(id=_identity(wish), letter=wish.id, owner=wish.owner, outcome="refused", reason=reason)
