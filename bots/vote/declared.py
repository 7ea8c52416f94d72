"""What is said of the rules that a vote was opened with, beside its majority and its method; and the seed of a lot.

Whoever opens a vote does not know the seed, and nobody is told before the close; its SHA-256 is said at the opening, so
that everybody can check that the seed in the result was there before the first ballot:
`printf %s SEED | sha256sum`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from secrets import token_hex
from typing import Final

from bots.kit.wording import Code
from bots.vote.counting.ties import TieRule
from bots.vote.majorities import Base
from bots.vote.plan import Plan
from ground.texts import Text, text

_SEED: Final = 16
"""Bytes."""


def new_seed(plan: Plan) -> str | None:
    """A seed for a vote that opens, where its ties are drawn."""
    return token_hex(_SEED) if plan.ties is TieRule.DRAWN else None


def commitment(seed: str) -> str:
    """What is said of a seed at the opening: its SHA-256, in hexadecimal."""
    return hashlib.sha256(seed.encode()).hexdigest()


def weigh_abstentions(plan: Plan) -> bool:
    """Whether it makes a difference how abstentions are counted."""
    return plan.method is None and plan.majority.share is not None and plan.majority.of is Base.CAST


def rules(
    plan: Plan, *, weight: int, units: bool, seed: str | None = None, apart: bool = False, stays: bool = False
) -> Sequence[Text]:
    """A sentence for each rule. `weight`: of all on the roll; `seed` None: the vote is not open yet; `apart`: somebody
    said that abstentions are not counted, `stays`: that nothing decides between equals."""
    said: list[Text] = []
    if plan.weights is not None:
        said.append(text("Ballots are weighted; together they weigh {weight}.", weight=weight))
    if units:
        said.append(text("Whoever carries several votes, or a proxy, casts as many ballots of the same weight."))
    if plan.abstentions and weigh_abstentions(plan):
        said.append(text("Abstentions count among the votes cast."))
    elif apart:
        said.append(text("Abstentions do not count among the votes cast."))
    match plan.ties:
        case TieRule.STATUS_QUO if stays:
            said.append(text("Where votes are equal, all stays as it is."))
        case TieRule.CHAIR:
            said.append(text("Where votes are equal, the chair decides."))
        case TieRule.DRAWN if seed is None:
            said.append(text("Where votes are equal, the lot decides, from a seed that is told with the result."))
        case TieRule.DRAWN:
            said.append(
                text(
                    "Where votes are equal, the lot decides. The seed is told with the result; its SHA-256 is {hash}",
                    hash=Code(commitment(seed or "")),
                )
            )
    return said


def drawn(plan: Plan, seed: str, *, told: bool) -> Sequence[Text]:
    """The seed, once the vote is counted; `told`: it stands already where votes were equal."""
    if plan.ties is not TieRule.DRAWN or told:
        return ()
    return (text("Seed of the lot: {seed}", seed=Code(seed)),)
