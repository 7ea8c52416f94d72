"""Links that were asked for from the chat: carried out, one by one, and answered."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial

from sqlalchemy.ext.asyncio import AsyncSession

from bridge.letters import Receipt
from bridge.mirror.link import LinkError, candidate, link
from bridge.mirror.mirror import Mirror
from bridge.mirror.tables import ask
from bridge.ports import LACKS, RoomLink, link_done, links_asked


class AskedLinks:
    """Carries out `bridge.ports.ask_to_link` (a RoomLinker). The caller holds the lock of the mirror."""

    def __init__(self, mirror: Mirror) -> None:
        self._mirror = mirror

    async def link_asked(self, hand_over: Callable[[Receipt], Awaitable[None]]) -> int:
        """See RoomLinker. Raises what the homeserver raises when it cannot answer; what is left waits on."""
        wishes = await self._mirror.database.read(links_asked)
        for wish in wishes:
            receipt = await self._link(wish)
            await hand_over(receipt)
            await self._mirror.database.write(partial(self._done, wish=wish, receipt=receipt))
        return len(wishes)

    async def _link(self, wish: RoomLink) -> Receipt:
        identity = f"link-{wish.id}"
        try:
            found = await candidate(self._mirror, wish.place, wish.room)
        except LinkError as error:
            return Receipt(id=identity, letter=wish.id, owner=wish.owner, outcome="refused", reason=error.why)
        await link(self._mirror, [found])
        reason = LACKS if found.lacks else None
        return Receipt(id=identity, letter=wish.id, owner=wish.owner, outcome="delivered", reason=reason)

    async def _done(self, session: AsyncSession, *, wish: RoomLink, receipt: Receipt) -> None:
        now = self._mirror.clock.now()
        await link_done(session, wish.id, now)
        if receipt.outcome == "delivered":
            await ask(session, now, again=False)
