"""What a plan says, case by case: `tests/fixtures/mirror/README.md`."""

from __future__ import annotations

from pathlib import Path

import pytest

from bridge.mirror.steps import Enter, Follow
from tests.unit.mirror.cases import CASES, Case, load, outcome


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_case(path: Path) -> None:
    case = load(path)
    given = outcome(case)
    for part in ("steps", "findings", "data"):
        if part in given:
            assert given[part] == case.expected.get(part, {}), f"{path.name}: {case.expected['about']}"
    shown = str([given["steps"], given["findings"]])
    assert not [branch.slug for branch in case.world.roster.tree if branch.id in shown], "a person reads no ids"
    _carried_out_leaves_nothing_to_do(case)


def _carried_out_leaves_nothing_to_do(case: Case) -> None:
    plan = case.plan()
    case.homeserver.apply(plan, case.terms)
    again = case.plan()
    if plan.count(Enter) or plan.count(Follow):  # what is in a room is seen once the bot is in it
        case.homeserver.apply(again, case.terms)
        again = case.plan()
    assert again.steps == ()
