"""How those who are told are reached: in their committee's room where nobody else reads, else each of them directly."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from bots.attention.rules import Charge, Officer, may_all_read
from bots.kit.request import Occasion
from bots.kit.wording import Line
from bridge.places import BranchRoom, Direct, Place

__all__ = ["Charge", "tell"]


async def tell(
    occasion: Occasion,
    charge: Charge,
    officers: Mapping[str, Sequence[Officer]],
    lines: Sequence[Line],
    *,
    about: Iterable[str] = (),
) -> None:
    """Say it to those in charge; `about` are the members it speaks of, who do not read along.

    `officers` hold at least those of the branch in charge. Where nobody is in charge, the administrators are told.
    """
    for place in await _places(occasion, charge, officers, about):
        await occasion.send(place, *lines)


async def _places(
    occasion: Occasion, charge: Charge, officers: Mapping[str, Sequence[Officer]], about: Iterable[str]
) -> Sequence[Place]:
    if charge.branch_id is None:
        return [Direct(account) for account in occasion.policy.administrators]
    tier = (await occasion.tree())[charge.branch_id].tier
    room = next((key for key, kind in occasion.rooms.items() if kind.who == "officers" and kind.of_tier(tier)), None)
    if room is not None and may_all_read(occasion.policy, officers.get(charge.branch_id, ()), about):
        return [BranchRoom(charge.branch_id, room)]
    accounts = dict.fromkeys(officer.account for officer in charge.officers if officer.account is not None)
    return [Direct(account) for account in accounts]
