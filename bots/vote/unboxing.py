"""Proxies in confidential votes with unit ballots: what was put in by a proxy comes out when that ends."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress

from sqlalchemy import select

from bots.kit.request import Occasion
from bots.vote import confidential, proxies
from bots.vote.proxies import Proxy, Stage
from bots.vote.sentences import handle
from bots.vote.settings import settings_of
from bots.vote.tables import RollRow, State, VoteRow
from bridge.ports import BoxLost
from ground.texts import Text, text


@asynccontextmanager
async def proxies_of(occasion: Occasion, giver_id: str) -> AsyncIterator[None]:
    """While the proxies of a member change: where another holder votes for them now, or nobody, the ballot that was put
    in for them comes out."""
    votes = await _votes(occasion, giver_id)
    before = await _holders(occasion, votes, giver_id)
    yield
    after = await _holders(occasion, votes, giver_id)
    box = settings_of(occasion).box
    for vote in votes:
        if box is not None and before[vote.id] not in (None, after[vote.id]):
            with suppress(BoxLost):
                await confidential.proxy_ended(occasion.session, box, vote, giver_id)


async def again(occasion: Occasion, proxy: Proxy) -> Sequence[Text]:
    """What is said to a holder who may have voted already: their ballot in the box counts for nobody who came later."""
    if proxy.stage is not Stage.ACCEPTED:
        return ()
    numbers = [handle(vote.number) for vote in await _votes(occasion, proxy.giver) if proxy.vote in (None, vote.id)]
    if not numbers:
        return ()
    return (text("If you have voted already in {votes}, vote again, so that it counts for both.", votes=numbers),)


async def _votes(occasion: Occasion, giver_id: str) -> Sequence[VoteRow]:
    """The open votes with unit ballots on whose roll a member is."""
    query = (
        select(VoteRow)
        .join(RollRow, RollRow.vote_id == VoteRow.id)
        .where(VoteRow.state == State.OPEN, VoteRow.units, RollRow.member_id == giver_id)
    )
    return (await occasion.session.scalars(query.order_by(VoteRow.number))).all()


async def _holders(occasion: Occasion, votes: Sequence[VoteRow], giver_id: str) -> Mapping[str, str | None]:
    """Who votes for a member, by vote."""
    holders: dict[str, str | None] = {}
    for vote in votes:
        proxy = (await proxies.of_vote(occasion.session, vote, occasion.now)).get(giver_id)
        holders[vote.id] = None if proxy is None else proxy.holder
    return holders
