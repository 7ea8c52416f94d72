"""Whether a record is whole, and whether its ballots come to what it says. Needs the file alone. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.resources import files
from itertools import islice
from typing import Any, Final

from pydantic import JsonValue

from bots.vote import declared, merkle, result
from bots.vote.apportion import Apportionment
from bots.vote.assembly import By, Part
from bots.vote.counted import Count
from bots.vote.plan import Plan, plan_of
from bots.vote.record import canonical, chain, signing
from bots.vote.record.ballots import kept_of
from bots.vote.record.canonical import NotARecord
from bots.vote.record.document import figures

_MOST: Final = 20
"""Differences of one test that are told one by one."""


@dataclass(slots=True)
class Check:
    """One test. `wrong` says, in sentences, what differs; `note` what was looked at."""

    name: str
    note: str = ""
    wrong: list[str] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        """Whether nothing differs."""
        return not self.wrong


@dataclass(frozen=True, slots=True)
class Report:
    """What was found of a file. `document` None: it could not be read."""

    checks: Sequence[Check]
    document: Mapping[str, JsonValue] | None

    @property
    def passed(self) -> bool:
        """Whether every test is passed."""
        return all(check.passed for check in self.checks)


@cache
def schema() -> dict[str, Any]:
    """The JSON Schema of records."""
    found: dict[str, Any] = json.loads(files("bots.vote.record").joinpath("schema.json").read_text("utf-8"))
    return found


@cache
def _validator() -> Any:
    from jsonschema import Draft202012Validator  # a megabyte that only whoever verifies needs

    return Draft202012Validator(schema())


def verify(content: bytes, *, key: str | None = None) -> Report:
    """Look at a record, byte for byte. `key`: the public key (hex) that it has to be signed with."""
    try:
        document = canonical.read(content)
    except NotARecord as error:
        return Report([Check("form", wrong=[str(error)])], None)
    checks = [_form(content, document), _schema(document), _signature(document, key)]
    if not checks[1].passed:
        return Report(checks, document)
    checks.append(_chain(document))
    return Report([*checks, *_Recount(document).checks()], document)


def differences(stated: JsonValue, found: JsonValue, at: str) -> Iterator[str]:
    """Where two values differ, place by place."""
    if isinstance(stated, dict) and isinstance(found, dict):
        for key in sorted(stated.keys() | found.keys()):
            yield from differences(stated.get(key), found.get(key), f"{at}.{key}")
    elif isinstance(stated, list) and isinstance(found, list) and len(stated) == len(found):
        for number, (one, other) in enumerate(zip(stated, found, strict=True), 1):
            yield from differences(one, other, f"{at}[{number}]")
    elif stated != found or isinstance(stated, bool) != isinstance(found, bool):
        yield f"{at}: the file says {canonical.line(stated)}, the ballots say {canonical.line(found)}"


def _form(content: bytes, document: Mapping[str, JsonValue]) -> Check:
    check = Check("form", f"{len(content)} bytes, as the format writes them")
    if (at := canonical.departs(content, document)) is not None:
        check.wrong.append(f"from byte {at} on it is not written as the format writes it: it was changed")
    return check


def _schema(document: Mapping[str, JsonValue]) -> Check:
    check = Check("schema", "what has to be there is there")
    for error in islice(_validator().iter_errors(document), _MOST):
        place = ".".join(str(step) for step in error.absolute_path) or "the whole"
        check.wrong.append(f"{place}: {error.message[:200]}")
    return check


def _signature(document: Mapping[str, JsonValue], key: str | None) -> Check:
    stated = document.get(signing.KEY)
    check = Check("signature", f"signed with the key {stated}")
    try:
        if not signing.holds(document):
            check.wrong.append("the signature is not one of the key in the file over what the file says")
    except ValueError:
        check.wrong.append("the file cannot be written as it was signed")
    if key is not None and stated != key.strip().lower():
        check.wrong.append(f"it is signed with {stated}, and not with the key that you gave")
    return check


def _chain(document: Mapping[str, Any]) -> Check:
    entries = document["entries"]
    check = Check("chain", f"{len(entries)} entries, each with the hash of the one before")
    before = chain.start(document)
    if (broken := chain.broken(before, entries)) is not None:
        check.wrong.append(f"entry {broken} is not what was hashed, or an entry before it is missing")
    last = entries[-1][chain.HASH] if entries else before.hex()
    if last != document["chain"]:
        check.wrong.append("the last entry is not the one in which the chain ends")
    return check


class _Recount:
    """The tests of what was counted, on a document that has the form of the schema."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document
        self._ballots = [(at, one) for at, one in enumerate(document["entries"], 1) if "ballot" in one]
        self._confidential = document["secrecy"] == "confidential"
        self._untold = document["count"] is None

    def checks(self) -> list[Check]:
        """One after the other; without rules or ballots that can be read there is nothing to count."""
        try:
            plan = plan_of(json.dumps(self._document["choices"]), json.dumps(self._document["rules"]))
        except (KeyError, ValueError, TypeError, ZeroDivisionError) as error:
            return [self._roll(), Check("ballots", wrong=[f"the rules cannot be read: {error!r}"])]
        ballots, counted = self._read(plan)
        checks = [self._roll(), ballots, self._turnout()]
        return [*checks, self._count(plan, counted)] if ballots.passed else checks

    def _roll(self) -> Check:
        parts, stated = self._document["parts"], self._document["electorate"]
        check = Check("roll", f"{stated['size']} on the roll, root {stated['root']}")
        for key in ("size", "weight"):
            if (total := sum(part[key] for part in parts)) != stated[key]:
                check.wrong.append(f"electorate.{key}: the file says {stated[key]}, its parts have {total}")
        if len(parts) == 1 and parts[0]["root"] != stated["root"]:
            check.wrong.append("electorate.root is not the root of its only part")
        for number, part in enumerate(parts):
            if (leaves := part.get("leaves")) is None:
                continue
            if len(leaves) != part["size"]:
                check.wrong.append(f"parts[{number}]: {len(leaves)} lines on a roll of {part['size']}")
            if merkle.root([bytes.fromhex(leaf) for leaf in leaves]).hex() != part["root"]:
                check.wrong.append(f"parts[{number}]: its lines do not lead to its root")
        return check

    def _read(self, plan: Plan) -> tuple[Check, dict[str, int]]:
        check, counted = Check("ballots", f"{len(self._ballots)} entries of ballots"), dict[str, int]()
        lines: dict[tuple[int, int], int] = {}
        for at, one in self._ballots:
            if (one["kind"] == "ballots") != self._confidential:
                check.wrong.append(f"entry {at}: a ballot of this kind is not in a {self._document['secrecy']} vote")
                continue
            try:
                kept = kept_of(plan, one["ballot"])
            except ValueError as error:
                check.wrong.append(f"entry {at}: {error}")
                continue
            counted[kept] = counted.get(kept, 0) + (one["alike"] if self._confidential else one["weight"])
            if not self._confidential:
                check.wrong += self._placed(at, one, lines)
        weight = self._document["electorate"]["weight"]
        if sum(counted.values()) > weight:
            check.wrong.append(f"the ballots weigh {sum(counted.values())}, all who may vote {weight}")
        return check, counted

    def _placed(self, at: int, one: Mapping[str, Any], lines: dict[tuple[int, int], int]) -> Iterator[str]:
        """What is wrong with whose ballot it is: each is of another line of a roll."""
        parts, place = self._document["parts"], (one["part"], one["line"])
        if one["part"] >= len(parts) or one["line"] >= parts[one["part"]]["size"]:
            yield f"entry {at}: there is no line {one['line']} on roll {one['part']}"
        if (other := lines.setdefault(place, at)) != at:
            yield f"entry {at}: the same voter as in entry {other}"

    def _parts(self, plan: Plan) -> list[Part]:
        """The ballots by branch, in the order in which they are counted."""
        ballots: dict[str, dict[str, int]] = {branch: {} for branch in sorted(self._document["mandates"])}
        for _, one in self._ballots:
            into, kept = ballots[one["branch"]], kept_of(plan, one["ballot"])
            into[kept] = into.get(kept, 0) + (one["alike"] if self._confidential else one["weight"])
        mandates = self._document["mandates"]
        return [Part(branch_id=branch, ballots=those, mandates=mandates[branch]) for branch, those in ballots.items()]

    def _turnout(self) -> Check:
        stated, parts = self._document["turnout"], self._document["parts"]
        check = Check("turnout", f"{stated['voted']} voted, {stated['proxies']} of them by proxy")
        same = {"present": stated["present"]}
        found = {"voted": sum(part["voted"] for part in parts), "proxies": stated["proxies"], **same}
        if not self._confidential:
            by_part = [sum(one["part"] == number for _, one in self._ballots) for number in range(len(parts))]
            for number, (part, voted) in enumerate(zip(parts, by_part, strict=True)):
                check.wrong += differences(part["voted"], voted, f"parts[{number}].voted")
            found = {"voted": len(self._ballots), "proxies": sum("proxy" in one for _, one in self._ballots), **same}
        check.wrong += differences(stated, found, "turnout")
        check.wrong += [
            f"parts[{at}]: more voted than may" for at, one in enumerate(parts) if one["voted"] > one["size"]
        ]
        return check

    def _told_by_branch(self, by: By) -> bool:
        """Whether the ballots of each branch stand in the file as its own. Where those of small ones stand with others,
        only what decided is told."""
        measures = self._document["verdict"].get("measures", ())
        return not self._confidential or len(measures) > len({By.HEADS, *by.measured})

    def _count(self, plan: Plan, ballots: dict[str, int]) -> Check:
        document = self._document
        if self._untold:
            check = Check("count", "so few confidential ballots that they are not told: the verdict cannot be checked")
            if self._ballots or not self._confidential:
                check.wrong.append("count: the file tells none, and has ballots")
            return check
        check = Check("count", "the ballots come to the totals and the verdict in the file")
        try:
            turnout, equals = document["turnout"], document["equals"]
            counted: Count = result.settle(
                plan, ballots, voted=turnout["voted"], roll=document["electorate"]["size"],
                weight=document["electorate"]["weight"], present=turnout["present"], seed=equals["seed"] or "",
            )  # fmt: skip
            if equals["seed"] is not None:
                check.note += f"; the SHA-256 of the seed is {declared.commitment(equals['seed'])}"
            if equals["chair"] or equals["lapsed"]:
                chair = tuple(option - 1 for option in equals["chair"])
                counted = result.settled(plan, replace(counted, chair=chair, lapsed=equals["lapsed"]))
            if plan.by is not None:
                apart = self._told_by_branch(plan.by)
                if not apart and plan.by is not By.HEADS:
                    check.note = "few confidential ballots are not told by branch: only the tally of heads was counted"
                    check.wrong += islice(
                        differences(document["count"], figures(plan, counted)["count"], "count"), _MOST
                    )
                    return check
                split = Apportionment(document["apportionment"])
                counted = result.assemble(plan, counted, ballots, self._parts(plan), (), split, apart=apart)
            found = figures(plan, counted, document["verdict"]["sentences"])
        except (KeyError, ValueError, ArithmeticError) as error:
            check.wrong.append(f"the ballots cannot be counted: {error}")
            return check
        for key in ("count", "verdict"):
            check.wrong += islice(differences(document[key], found[key], key), _MOST)
        return check
