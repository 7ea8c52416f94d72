"""Reads the cases of `tests/fixtures/mirror/cases`.

To see what a case gives: `python -m tests.unit.mirror.cases FILE`.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from bridge.mirror.describe import Describer
from bridge.mirror.plan import Terms
from bridge.mirror.steps import Finding, Plan, Step
from tests.unit.mirror.homeserver import Homeserver
from tests.unit.mirror.world import World, change, empty_homeserver, merged, planned, terms, with_quiet_rooms, world

FIXTURES: Final = Path(__file__).parents[2] / "fixtures" / "mirror"
CASES: Final = sorted((FIXTURES / "cases").glob("*.yaml"))
_WORDS: Final = {"about", "before", "now", "found", "version", "administrators", "again", "steps", "findings", "data"}


@dataclass(frozen=True, slots=True)
class Case:
    """A case, ready to be planned."""

    world: World
    homeserver: Homeserver
    terms: Terms
    expected: Mapping[str, Any]

    def plan(self) -> Plan:
        return planned(self.world, self.homeserver, self.terms)

    def describer(self) -> Describer:
        return Describer(self.world.roster.tree)


def load(path: Path) -> Case:
    """Read a case: the world before is mirrored, then what is found changes, then the register."""
    case = yaml.safe_load(path.read_text("utf-8"))
    if unknown := case.keys() - _WORDS:
        raise ValueError(f"{path.name}: {', '.join(sorted(unknown))}: no such part of a case")
    base = with_quiet_rooms(yaml.safe_load((FIXTURES / "world.yaml").read_text("utf-8")))
    version = case.get("version", "12")
    nothing = case.get("before") == "nothing"
    before = base if nothing else merged(base, case.get("before", {}))
    homeserver = empty_homeserver()
    if not nothing:
        earlier = world(before)
        then = terms(earlier.policy, version=version)
        first = planned(earlier, homeserver, then)
        assert not first.findings, f"{path.name}: what was before cannot be mirrored: {first.findings}"
        homeserver.apply(first, then)
    for where, changes in case.get("found", {}).items():
        change(homeserver, where, changes)
    now = world(merged(before, case.get("now", {})))
    those = terms(
        now.policy,
        version=version,
        administrators=tuple(case.get("administrators", ())),
        again=case.get("again", False),
    )
    return Case(now, homeserver, those, case)


def lines(case: Case, items: Iterable[Step | Finding]) -> dict[str, list[str]]:
    """What a person reads, by branch."""
    describer = case.describer()
    result: dict[str, list[str]] = {}
    for item in items:
        slug = describer.place(item.place).partition("/")[0]
        if isinstance(item, Finding):
            result.setdefault(slug, []).append(describer.finding(item))
        else:
            result.setdefault(slug, []).append(f"{describer.sign(item)} {describer.step(item)}")
    return result


def outcome(case: Case) -> dict[str, Any]:
    """What a plan gives, in the form of a fixture."""
    plan = case.plan()
    result: dict[str, Any] = {"steps": lines(case, plan.steps), "findings": lines(case, plan.findings)}
    if "data" in case.expected:
        describer = case.describer()
        result["data"] = [json.loads(json.dumps(describer.data(item))) for item in (*plan.steps, *plan.findings)]
    return result


def main(paths: Iterable[str]) -> None:
    """Print what cases give, to be read, judged and put into the file."""
    for path in paths:
        given = outcome(load(Path(path)))
        for part in ("steps", "findings"):
            print(f"{part}:" if given[part] else f"{part}: {{}}")
            for slug, texts in given[part].items():
                print(f"  {slug}:", *(f"    - {json.dumps(text, ensure_ascii=False)}" for text in texts), sep="\n")
        if "data" in given:
            print("data:", *(f"  - {json.dumps(item, ensure_ascii=False)}" for item in given["data"]), sep="\n")


if __name__ == "__main__":
    main(sys.argv[1:])
