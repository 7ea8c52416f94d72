"""What stands in a record: from values to a document, and the figures that whoever counts again compares. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final, cast

from pydantic import JsonValue

from bots.vote import result
from bots.vote.apportion import Apportionment
from bots.vote.assembly import Measure
from bots.vote.counted import Count
from bots.vote.counting.outcome import Outcome
from bots.vote.counting.record import record as counted
from bots.vote.counting.values import READ, Kind
from bots.vote.electorate import Electorate
from bots.vote.motion import Result, Verdict
from bots.vote.plan import Plan
from bots.vote.record import chain

FORMAT: Final = "kunveno-vote-record"
VERSION: Final = 1
EVENTS: Final = frozenset({"opened", "extended", "interrupted", "closed", "tied", "tie_decided", "counted"})
"""What happened to a vote that is told: all of it was said in its room."""


@dataclass(frozen=True, slots=True)
class Entered:
    """A ballot was entered for its voter by somebody, before a witness. Names."""

    by: str
    witness: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """A ballot that counts, or (confidential votes) all that are alike: then `alike` says how many.

    `choice` is as it is kept; `position` its line on the roll of `part`; `holder` who cast it by proxy. Names."""

    branch: str
    choice: str
    weight: int = 1
    part: int = 0
    position: int | None = None
    name: str | None = None
    holder: str | None = None
    entered: Entered | None = None
    alike: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A roll: of the whole vote, or of one branch of many. `leaves` are the hashes of its lines (hex), where they are
    not too many; `voted` is how many of it took part."""

    branch: str
    size: int
    weight: int
    root: str
    leaves: Sequence[str] | None
    voted: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened. `more` are instants by name."""

    kind: str
    at: datetime
    more: Mapping[str, datetime] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A vote that was counted. `names` are those of branches by id; `said` the verdict as it was said, by line."""

    vote: str
    branch: str
    names: Mapping[str, str]
    language: str
    question: str
    plan: Plan
    confidential: bool
    change: bool
    electorate: Electorate
    opened: datetime
    closed: datetime
    parts: Sequence[Part]
    events: Sequence[Event]
    papers: Sequence[Paper]
    count: Count
    said: Sequence[str]
    root: str | None = None
    """Of all parts together, where they are several."""
    mandates: Mapping[str, int] | None = None
    """Of each branch in a vote of many branches, and how they are split."""
    apportionment: Apportionment | None = None


def document(held: Held) -> dict[str, JsonValue]:
    """The record of a vote, not signed yet."""
    named = {
        held.branch,
        *(held.mandates or {}),
        *(part.branch for part in held.parts),
        *(paper.branch for paper in held.papers),
    }
    made: dict[str, JsonValue] = {
        "format": FORMAT,
        "version": VERSION,
        "vote": held.vote,
        "branch": held.branch,
        "branches": {branch: held.names[branch] for branch in named},
        "language": held.language,
        "question": held.question,
        "choices": list(held.plan.options),
        # What each ballot weighs stands beside it; for whom it was written at the opening stays here.
        "rules": {**json.loads(held.plan.kept()), "weights": None, "change": held.change},
        "secrecy": "confidential" if held.confidential else "public",
        "electorate": {
            "reach": "below" if held.electorate.below else "here",
            "office": held.electorate.office,
            "size": held.count.roll,
            "weight": held.count.weight,
            "root": held.root or held.parts[0].root,
        },
        "opened": instant(held.opened),
        "closed": instant(held.closed),
        "parts": [_part(part) for part in held.parts],
        "turnout": {"voted": held.count.voted, "proxies": held.count.proxies, "present": held.count.present},
        "equals": {
            "seed": held.count.seed or None,
            "chair": [option + 1 for option in held.count.chair],
            "lapsed": held.count.lapsed,
        },
        **figures(held.plan, held.count, held.said),
    }
    if held.mandates is not None:
        made["mandates"] = dict(held.mandates)
        made["apportionment"] = str(held.apportionment)
    entries = [*map(_event, held.events), *(_paper(held.plan, paper) for paper in held.papers)]
    linked = chain.linked(chain.start(made), entries)
    made["entries"] = cast(JsonValue, linked)
    made["chain"] = linked[-1][chain.HASH] if linked else chain.start(made).hex()
    return made


def figures(plan: Plan, count: Count, said: Sequence[str] = ()) -> dict[str, JsonValue]:
    """The count and the verdict as data. `said`: the verdict in sentences."""
    verdict: dict[str, JsonValue] = {
        "result": str(count.result),
        "winners": [plan.options[winner] for winner in count.winners],
        "tests": [],
        "sentences": list(said),
    }
    if count.ballots is None:
        return {"count": None, "verdict": verdict}
    decided, outcome = result.decided(plan, count)
    if count.assembled is not None:
        verdict["measures"] = [_measure(plan, one) for one in count.assembled.measures]
    verdict["tests"] = _tests(decided, outcome)
    return {"count": _of_motion(decided) if outcome is None else cast(JsonValue, counted(outcome)), "verdict": verdict}


def shown(kind: Kind, kept: str) -> JsonValue:
    """A ballot as a record shows it, the first choice being 1: `[2]`; ranked `[[2], [1, 3]]`; scores `[5, null]`."""
    ballot = READ[kind](kept)
    match kind:
        case Kind.RANKING:
            return [[option + 1 for option in group] for group in ballot]
        case Kind.SCORES:
            return list(ballot)
    return [option + 1 for option in sorted(ballot)]


def instant(at: datetime) -> str:
    """An instant as a record writes it: UTC, to the second."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _of_motion(verdict: Verdict) -> JsonValue:
    votes = verdict.votes
    return {"method": "motion", "for": votes.in_favour, "against": votes.against, "abstained": votes.abstained}


def _tests(verdict: Verdict, outcome: Outcome | None) -> list[JsonValue]:
    votes, made = verdict.votes, list[JsonValue]()
    if verdict.quorum_needed is not None:
        met = verdict.result is not Result.INQUORATE
        made.append(
            {
                "test": "quorum",
                "of": votes.entitled,
                "needed": verdict.quorum_needed,
                "found": votes.took_part,
                "met": met,
            }
        )
    if outcome is None and verdict.result is not Result.INQUORATE:
        met = verdict.result is Result.CARRIED
        made.append(
            {"test": "majority", "of": verdict.base, "needed": verdict.needed, "found": votes.in_favour, "met": met}
        )
    return made


def _measure(plan: Plan, one: Measure) -> JsonValue:
    return {
        "by": str(one.by), "totals": list(one.totals), "without": one.without, "result": str(one.result),
        "winners": [plan.options[winner] for winner in one.winners],
    }  # fmt: skip


def _part(part: Part) -> JsonValue:
    made: dict[str, JsonValue] = {
        "branch": part.branch, "size": part.size, "weight": part.weight, "root": part.root, "voted": part.voted,
    }  # fmt: skip
    return made if part.leaves is None else {**made, "leaves": list(part.leaves)}


def _event(event: Event) -> dict[str, JsonValue]:
    return {"kind": event.kind, "at": instant(event.at), **{name: instant(at) for name, at in event.more.items()}}


def _paper(plan: Plan, paper: Paper) -> dict[str, JsonValue]:
    made: dict[str, JsonValue] = {"kind": "ballot", "branch": paper.branch, "ballot": shown(plan.kind, paper.choice)}
    if paper.alike is not None:
        return {**made, "kind": "ballots", "alike": paper.alike}
    made |= {"weight": paper.weight, "part": paper.part, "line": paper.position, "name": paper.name}
    if paper.holder is not None:
        made["proxy"] = paper.holder
    if paper.entered is not None:
        made["entered"] = {"by": paper.entered.by, "witness": paper.entered.witness}
    return made
