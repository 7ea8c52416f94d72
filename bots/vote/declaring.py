"""The rules that are declared when a vote is asked for, beside quorum, majority and method: as they are typed, read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Final, Literal, TypeAlias

from sqlalchemy import select

from bots.kit.command import Option
from bots.kit.problems import BadValue
from bots.kit.request import Refusal, Request
from bots.vote import declared
from bots.vote.counting.ties import TieRule
from bots.vote.electorate import Elector, Electorate, electors
from bots.vote.plan import Plan
from bots.vote.presiding import chairs
from bots.vote.settings import settings_of
from bots.vote.weights import Weighing, numbered, read_weights
from ground.texts import text
from party.branches import Branch
from party.members import MemberRow

TieName: TypeAlias = Literal["status quo", "chair", "lot"]
AbstentionName: TypeAlias = Literal["counted", "apart"]

Ties: TypeAlias = Annotated[
    TieName | None,
    Option(
        names={"en": ("ties", "tie"), "fr": ("égalité", "égalités")},
        what=text("what decides between equals"),
        example={"en": "lot", "fr": "sort"},
        words={
            "status quo": {"en": ("status quo", "nothing"), "fr": ("statu quo", "status quo", "rien")},
            "chair": {"en": ("chair",), "fr": ("présidence", "président", "présidente")},
            "lot": {"en": ("lot", "lots", "draw"), "fr": ("sort", "tirage", "tirage au sort")},
        },
    ),
]
Abstentions: TypeAlias = Annotated[
    AbstentionName | None,
    Option(
        names={"en": ("abstentions",), "fr": ("abstentions",)},
        what=text("whether abstentions count among the votes cast"),
        example={"en": "counted", "fr": "comptées"},
        words={
            "counted": {"en": ("counted",), "fr": ("comptées", "exprimées")},
            "apart": {"en": ("apart", "not counted"), "fr": ("à part", "non comptées")},
        },
    ),
]
Weights: TypeAlias = Annotated[
    str | None,
    Option(
        names={"en": ("weights",), "fr": ("poids",)},
        what=text("what each ballot weighs: by the register, or as you write it"),
        example={"en": "12=30, 15=20", "fr": "12=30, 15=20"},
    ),
]
Units: TypeAlias = Annotated[
    bool,
    Option(
        names={"en": ("units",), "fr": ("unités",)},
        what=text("weights and proxies become so many ballots, in a confidential vote"),
    ),
]

_TIES: Final[Mapping[str, TieRule]] = {
    "status quo": TieRule.STATUS_QUO,
    "status_quo": TieRule.STATUS_QUO,
    "chair": TieRule.CHAIR,
    "lot": TieRule.DRAWN,
}


async def declare(
    request: Request,
    made: Plan,
    branch: Branch,
    electorate: Electorate,
    *,
    ties: TieName | None,
    abstentions: AbstentionName | None,
    weights: str | None,
    units: bool,
    confidential: bool,
) -> Plan:
    """The plan with these rules, or those of the policy where none are given. Raises BadValue, Refusal."""
    if made.by is not None and (units or weights is not None or ties in ("chair", "lot")):
        raise BadValue(text("In a vote of many branches, ballots weigh the same and equal votes leave all as it is."))
    if units and not confidential:
        raise BadValue(text("Unit ballots belong to confidential votes: add `--confidential`."))
    return replace(
        made,
        ties=TieRule.STATUS_QUO
        if made.by is not None
        else await _ties(request, branch, ties, confidential=confidential),
        abstentions=_abstentions(request, made, abstentions),
        weights=None
        if weights is None
        else await _weights(request, weights, branch, electorate, split=units or not confidential),
    )


async def _ties(request: Request, branch: Branch, ties: TieName | None, *, confidential: bool) -> TieRule:
    rule = _TIES[ties or settings_of(request).policy.ties]
    if rule is not TieRule.CHAIR:
        return rule
    if confidential:
        if ties is None:
            return TieRule.STATUS_QUO
        raise BadValue(text("The chair does not decide in a confidential vote: that vote would be known."))
    if not await chairs(request, branch.id):
        if ties is None:
            return TieRule.STATUS_QUO
        office = request.surroundings.office(settings_of(request).policy.chair, request.voice.language)
        raise Refusal(text("Nobody here could decide: {office} of {branch}.", office=office, branch=branch.name))
    return rule


def _abstentions(request: Request, made: Plan, written: AbstentionName | None) -> bool:
    if written is not None and not declared.weigh_abstentions(made):
        raise BadValue(
            text(
                "How abstentions are counted matters only with a majority of the votes cast, such as `--majority 2/3`."
            )
        )
    return declared.weigh_abstentions(made) and (written or settings_of(request).policy.abstentions) == "counted"


async def _weights(request: Request, written: str, branch: Branch, electorate: Electorate, *, split: bool) -> Weighing:
    if not split:
        raise BadValue(
            text("In a confidential vote a weight would betray its ballot. Add `--units`: it becomes so many ballots.")
        )
    pairs = read_weights(written)
    if pairs is None:
        if electorate.office is None:
            raise BadValue(text("Weights by the register are for delegates: add for example `--who delegates`."))
        return Weighing()
    tree, suspended = await request.tree(), settings_of(request).policy.suspended
    found = await electors(request.session, electorate, tree, branch.id, request.now, suspended=suspended)
    return Weighing(tuple(numbered(pairs, found, await _names(request, found)).items()))


async def _names(request: Request, found: Sequence[Elector]) -> Mapping[str, str]:
    names: dict[str, str] = {}
    members = [elector.member_id for elector in found]
    for start in range(0, len(members), 500):
        query = select(MemberRow.id, MemberRow.name).where(MemberRow.id.in_(members[start : start + 500]))
        names.update((await request.session.execute(query)).all())
    return names
