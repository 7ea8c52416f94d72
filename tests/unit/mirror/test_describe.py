"""How a plan is said: every kind of step has a line, a sign and data."""

from __future__ import annotations

import json

import pytest

from bridge.mirror import words
from bridge.mirror.apply import Failure, Report
from bridge.mirror.describe import Describer
from bridge.mirror.found import MARKER
from bridge.mirror.steps import Cause, CreateRoom, Enter, Finding, Follow, Invite, Kind, Remove, SetState, Step
from tests.unit.mirror.world import place, world

WORLD = world({"tiers": ["national"], "branches": {"loire": {"name": "Loire", "tier": "national"}}})
TALK, SPACE = place("loire/discussion"), place("loire/space")
ROOMS = WORLD.wanted.rooms
REGISTER, DRIFT = Cause.REGISTER, Cause.DRIFT


def state(kind: str, content: dict[str, object], before: str = "", after: str = "", key: str = "") -> SetState:
    return SetState(TALK, kind, key, content, REGISTER, before, after)


STEPS: list[tuple[Step, str]] = [
    (CreateRoom(SPACE, ROOMS[SPACE], "12"), "+ create 'Loire' (space)"),
    (CreateRoom(TALK, ROOMS[TALK], "12"), "+ create 'Discussion – Loire' (discussion, encrypted)"),
    (Invite(TALK, "@ann:x", REGISTER), "+ discussion: invite @ann:x"),
    (Invite(TALK, "@ann:x", DRIFT), "+ discussion: invite @ann:x again, who was thrown out"),
    (Invite(TALK, "@ann:x", REGISTER, admin=True), "+ discussion: add @ann:x"),
    (Remove(TALK, "@ann:x", REGISTER), "- discussion: remove @ann:x"),
    (Remove(TALK, "@ann:x", DRIFT), "- discussion: remove @ann:x · unknown to the register"),
    (Enter(TALK, "!a"), "+ discussion: accept the invitation to !a"),
    (Follow(TALK, "!a", "!b", "@ann:x"), "~ discussion: follow the upgrade to !b by @ann:x"),
    (state("m.room.name", {"name": "B"}, "A", "B"), "~ discussion: name 'A' → 'B'"),
    (state("m.room.topic", {"topic": ""}, "A", ""), "~ discussion: topic 'A' → none"),
    (state("m.room.name", {"name": "B"}, "A\n+ create\x1b[2J", "B"), "~ discussion: name 'A�+ create�[2J' → 'B'"),
    (state("m.room.name", {"name": "B"}, "A" * 300, "B"), f"~ discussion: name '{'A' * 200}…' → 'B'"),
    (state("m.room.power_levels", {"ban": 50}, "ban 0", "ban 50"), "~ discussion: power: ban 0 → 50"),
    (state("m.room.power_levels", {"ban": 50}, "ban 0", ""), "~ discussion: power: ban 0 → none"),
    (state("m.space.parent", {}, str(SPACE)), "- discussion: no longer say that loire/space is the space above it"),
    (
        state("m.space.parent", {"via": ["x"]}, "", str(SPACE)),
        "+ discussion: say that loire/space is the space above it",
    ),
    (state("m.space.child", {}, "!a"), "- discussion: take !a out of it"),
    (state(MARKER, {"key": "x"}), "+ discussion: mark it as the room of this branch"),
]


@pytest.mark.parametrize(("step", "line"), STEPS, ids=[line for _, line in STEPS])
def test_a_step_is_one_line(step: Step, line: str) -> None:
    describer = Describer(WORLD.roster.tree)
    assert f"{describer.sign(step)} {describer.step(step)}" == line


@pytest.mark.parametrize("step", [step for step, _ in STEPS], ids=[line for _, line in STEPS])
def test_a_step_is_data(step: Step) -> None:
    data = json.loads(json.dumps(Describer(WORLD.roster.tree).data(step)))
    assert data["branch"] == "loire"
    assert data["room"] == step.place.key
    assert data["do"]


@pytest.mark.parametrize("kind", Kind)
def test_a_finding_is_a_line_and_data(kind: Kind) -> None:
    describer = Describer(WORLD.roster.tree)
    finding = Finding(TALK, kind, f"{SPACE} is elsewhere", "look there")
    assert describer.finding(finding) == f"discussion: loire/space is elsewhere [{kind}] → look there"
    assert json.loads(json.dumps(describer.data(finding))) == {
        "branch": "loire",
        "room": "discussion",
        "finding": kind.value,
        "what": "loire/space is elsewhere",
        "remedy": "look there",
    }


def test_a_branch_that_is_no_more_is_called_by_its_id() -> None:
    assert Describer(WORLD.roster.tree).place(place("gone/space")) == f"{place('gone/space').branch_id}/space"


@pytest.mark.parametrize(
    ("rule", "allow", "said"),
    [
        ("invite", [], "who is invited"),
        ("public", [], "anyone"),
        ("knock", [], "who is invited or knocks"),
        ("restricted", ["b", "a"], "members of a, b"),
        ("restricted", [], "members of no other room"),
        ("knock_restricted", ["a"], "who knocks, and members of a"),
        ("private", [], "'private'"),
        ("restricted", list("hgfedcba"), "members of a, b, c, d, e, f, and 2 more"),
    ],
)
def test_who_may_enter(rule: str, allow: list[str], said: str) -> None:
    assert words.entrance(rule, allow) == said


def test_only_what_is_different_between_powers_is_said() -> None:
    before = {"users": {"@ann:x": 50, "@bob:x": 9}, "events": {"m.room.name": 50}, "ban": 50, "users_default": 0}
    after = {"users": {"@bob:x": 9, "@cat:x": 60}, "events": {"m.room.name": 50, "m.room.topic": 100}, "ban": 100}
    assert words.powers({**before}, {**after, "users_default": 0}) == (
        "ban 50, m.room.topic none, @ann:x 50, @cat:x 0",
        "ban 100, m.room.topic 100, @ann:x 0, @cat:x 60",
    )


def test_a_failure_names_places_as_people_do_and_holds_no_more_than_its_step() -> None:
    describer = Describer(WORLD.roster.tree)
    reason = f"it needs the room {TALK}, which is not there"
    failure = Failure(Invite(TALK, "@ann:example.org", Cause.REGISTER), reason)
    said = "loire: discussion: invite @ann:example.org: it needs the room loire/discussion, which is not there"
    assert describer.failure(failure) == said
    report = describer.report(Report([], [failure]))
    assert report["done"] == 0
    assert report["failed"] == [{**describer.data(failure.step), "reason": said.partition("org: ")[2], "said": said}]
