"""What the ballots of those who may vote weigh, by the rule that was declared."""

from __future__ import annotations

from dataclasses import replace

from bots.kit.request import Occasion
from bots.vote import weights
from bots.vote.electorate import Admitted, weighted
from bots.vote.plan import plan_of
from bots.vote.tables import VoteRow
from party import members


async def weighed(occasion: Occasion, row: VoteRow, admitted: Admitted) -> Admitted:
    """The same people with their weights. Raises VoteRefused."""
    rule, electors = plan_of(row.options, row.rules).weights, admitted.electors
    if rule is None or not electors:
        return admitted
    if rule.given is None:
        counts = await members.counts(occasion.session)
        by_member = weights.from_register(electors, await occasion.tree(), counts)
    else:
        by_member = weights.given(electors, dict(rule.given))
    found = weighted(electors, by_member)
    weights.refused([one.weight for one in found], units=row.confidential)
    return replace(admitted, electors=found)
