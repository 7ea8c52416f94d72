"""Several ballots of one voter in a confidential vote: one choice for all of them, or split: `1 x3, 2 x2`. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from bots.kit.problems import BadValue
from bots.kit.wording import Code
from bots.vote.choices import example, read_ballot
from bots.vote.counting.values import Kind
from bots.vote.plan import Plan
from ground.texts import Text, text

_PART: Final = re.compile(r"(\S.*?)\s*(?:(?<![^\W\d_])x|[×*])\s*(\d{1,9})", re.I)
_COMMAS: Final = re.compile(r"\s*[,;\n]\s*")
_SEMICOLONS: Final = re.compile(r"\s*[;\n]\s*")


def said(plan: Plan, own: int, given: int) -> Sequence[Text]:
    """What stands on the ballot of somebody who casts several; nothing for whoever casts one."""
    count = own + given
    if count <= 1:
        return ()
    how = text(
        "Answer with one choice for all {count}, or split them, for example: {example}",
        count=count, example=Code(_example(plan, count)),
    )  # fmt: skip
    if not given:
        return text("You cast {count} ballots.", count=count), how
    whose = text(
        "You cast {count} ballots: {own} of your own, then {given} by proxy.", count=count, own=own, given=given
    )
    return whose, how


def looks_split(written: str) -> bool:
    """Whether somebody says how many ballots get which choice."""
    return re.search(r"(?:(?<![^\W\d_])x|[×*])\s*\d{1,9}\s*(?:[,;\n]|$)", written, re.I) is not None


def read_split(plan: Plan, written: str, units: int) -> Sequence[str]:
    """The ballots as they are kept, one for each unit, in the order written. Raises BadValue."""
    apart = _COMMAS if _commas(plan) else _SEMICOLONS
    ballots: list[str] = []
    for part in filter(None, apart.split(written.strip())):
        match = _PART.fullmatch(part)
        count = 0 if match is None else int(match[2])
        if match is None or not 1 <= count <= units:
            raise _not_all(plan, units)
        ballots += [read_ballot(plan, match[1])] * count
        if len(ballots) > units:
            raise _not_all(plan, units)
    if len(ballots) != units:
        raise _not_all(plan, units)
    return ballots


def _not_all(plan: Plan, units: int) -> BadValue:
    return BadValue(
        text(
            "You cast {count} ballots: say how many get which choice, {count} in all. For example: {example}",
            count=units, example=Code(_example(plan, units)),
        )
    )  # fmt: skip


def _example(plan: Plan, count: int) -> str:
    most = max(1, count - 1)
    if _commas(plan):
        return f"1 x{most}, 2 x1"
    return f"{example(plan)} x{most}; {example(plan)} x1"


def _commas(plan: Plan) -> bool:
    """Whether commas stand between the parts: where they do not stand within a ballot."""
    return plan.kind is Kind.CHOICE and plan.most == 1
