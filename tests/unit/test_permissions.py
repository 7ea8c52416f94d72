"""Every office × every action × every position in the tree."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from datetime import datetime, timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from ground.database import Database
from party import branches
from party.members import Status
from party.operation import OPERATOR, SYSTEM, Actor
from party.operations.branches import MoveBranch
from party.operations.members import SetStatus
from party.permissions import Held, decide, may, reached
from party.policy import ACTIONS
from tests.support.register import ADMINISTRATOR, NOW, POLICY, TREE, Branches, Grown, do, fresh, grow

HOME = "finistere"
POSITIONS = {
    "self": "finistere",
    "child": "brest",
    "parent": "bretagne",
    "grandparent": "france",
    "sibling": "morbihan",
    "nephew": "vannes",
    "uncle": "normandie",
    "cousin": "calvados",
    "cousin's child": "caen",
}
DEEPER = {"self": "bretagne", "child": "finistere", "grandchild": "brest", "sibling": "normandie", "parent": "france"}

# The rights of the policy written out by hand: (here, below).
MEMBER = {action for action in ACTIONS if action.startswith("member.")}
BRANCH = {action for action in ACTIONS if action.startswith("branch.")}
MANDATE = {action for action in ACTIONS if action.startswith("mandate.")}
VOTE = {action for action in ACTIONS if action.startswith("vote.")}
NOTHING: set[str] = set()
RIGHTS: dict[str, tuple[set[str], set[str]]] = {
    "secretary": (
        BRANCH | MEMBER | MANDATE | VOTE | {"journal.see", "announce", "report"},
        BRANCH | MEMBER | MANDATE | VOTE | {"announce"},
    ),
    "treasurer": ({"member.see", "member.edit"}, {"member.see"}),
    "clerk": (MEMBER, {"member.see"}),
    "auditor": ({"member.see", "journal.see"}, {"member.see", "journal.see"}),
    "chair": (set(ACTIONS), NOTHING),
    "delegate": (NOTHING, NOTHING),
    "an office that the policy no longer has": (NOTHING, NOTHING),
}


@pytest.fixture
async def db(database_url: str) -> AsyncIterator[Database]:
    async with Database.open(database_url) as db:
        await fresh(db)
        yield db


def path(slug: str, tree: Branches = TREE) -> list[str]:
    """The slugs from a branch up to the root."""
    for top, below in tree.items():
        if top == slug:
            return [top]
        if up := path(slug, below):
            return [*up, top]
    return []


def expected(office: str, action: str, position: str) -> bool:
    here, below = RIGHTS[office]
    if position == "self":
        return action in here
    return position in {"child", "grandchild"} and action in below


async def allowed(
    db: Database, actor: Actor, branch_id: str | None, actions: Iterable[str] = ACTIONS, at: datetime = NOW
) -> set[str]:
    async def work(session: AsyncSession) -> set[str]:
        return {action for action in actions if await may(session, POLICY, actor, action, branch_id, at)}

    return await db.read(work)


def test_the_rights_written_out_are_those_of_all_offices() -> None:
    assert set(POLICY.offices) < set(RIGHTS)


@pytest.mark.parametrize("action", sorted(ACTIONS))
@pytest.mark.parametrize("office", RIGHTS)
def test_an_office_reaches_as_far_as_the_policy_says(office: str, action: str) -> None:
    for home, positions in ((HOME, POSITIONS), ("bretagne", DEEPER)):
        for position, slug in positions.items():
            answer = decide(POLICY, [Held(office, home)], action, path(slug))
            assert answer is expected(office, action, position), f"{office} of {home}: {action} in {slug} ({position})"


def test_offices_add_up_and_none_gives_nothing() -> None:
    held = [Held("delegate", "france"), Held("treasurer", "bretagne"), Held("chair", "brest")]
    assert decide(POLICY, held, "member.see", path("brest"))
    assert decide(POLICY, held, "branch.close", path("brest"))
    assert not decide(POLICY, held, "branch.close", path("finistere"))
    assert not decide(POLICY, [], "member.see", path("brest"))


async def test_the_register_answers_the_same(db: Database) -> None:
    offices = [office for office in RIGHTS if office in POLICY.offices]
    grown = await grow(
        db, members=dict.fromkeys(offices, "caen"), mandates=[(office, office, HOME) for office in offices]
    )
    actions = ["branch.edit", "member.see", "member.edit", "journal.see"]  # tells all offices apart
    for office in offices:
        for position, slug in POSITIONS.items():
            wanted = {action for action in actions if expected(office, action, position)}
            answer = await allowed(db, grown.person(office), grown.branches[slug], actions)
            assert answer == wanted, f"{office}: {position}"


async def test_all_branches_at_once_are_answered_as_one_by_one(db: Database) -> None:
    offices = [office for office in RIGHTS if office in POLICY.offices]
    grown = await grow(
        db, members=dict.fromkeys(offices, "caen"), mandates=[(office, office, HOME) for office in offices]
    )
    await do(db, SetStatus(grown.members["clerk"], Status.SUSPENDED))
    actors = [*map(grown.person, offices), Actor("person", account=ADMINISTRATOR), Actor("person"), SYSTEM]

    async def ask(session: AsyncSession) -> None:
        tree = await branches.tree(session)
        for actor in actors:
            for action in ("branch.edit", "member.see", "journal.see"):
                at_once = await reached(session, POLICY, actor, action, tree, NOW)
                assert at_once == {b.id for b in tree if await may(session, POLICY, actor, action, b.id, NOW)}

    await db.read(ask)


async def secretary(db: Database) -> Grown:
    return await grow(db, members={"M1": "caen", "M2": "caen"}, mandates=[("M1", "secretary", "bretagne")])


async def test_who_is_no_full_member_has_no_rights(db: Database) -> None:
    grown = await secretary(db)
    branch = grown.branches["brest"]
    assert await allowed(db, grown.person("M1"), branch)
    await do(db, SetStatus(grown.members["M1"], Status.SUSPENDED))
    assert not await allowed(db, grown.person("M1"), branch)
    await do(db, SetStatus(grown.members["M1"], Status.MEMBER))
    assert await allowed(db, grown.person("M1"), branch)
    for status in (Status.LEFT, Status.APPLICANT):
        await do(db, SetStatus(grown.members["M1"], status))
        assert not await allowed(db, grown.person("M1"), branch)


async def test_who_comes_back_does_not_come_back_to_office(db: Database) -> None:
    grown = await secretary(db)
    await do(db, SetStatus(grown.members["M1"], Status.LEFT))
    await do(db, SetStatus(grown.members["M1"], Status.MEMBER), at=NOW + timedelta(days=1))
    assert not await allowed(db, grown.person("M1"), grown.branches["brest"])


async def test_who_holds_no_office_or_is_nobody_has_no_rights(db: Database) -> None:
    grown = await secretary(db)
    for actor in (grown.person("M2"), Actor("person", "nobody"), Actor("person", account="@x:example.org")):
        for branch_id in grown.branches.values():
            assert not await allowed(db, actor, branch_id)


async def test_administrators_the_operator_and_the_program_may_everything_everywhere(db: Database) -> None:
    grown = await secretary(db)
    everything = set(ACTIONS)
    for actor in (
        OPERATOR,
        SYSTEM,
        Actor("person", account=ADMINISTRATOR),
        Actor("person", grown.members["M2"], ADMINISTRATOR),
    ):
        for branch_id in (None, grown.branches["france"], grown.branches["brest"]):
            assert await allowed(db, actor, branch_id) == everything


async def test_above_the_whole_tree_only_administrators_act(db: Database) -> None:
    grown = await grow(
        db, members={"M1": "france"}, mandates=[("M1", "secretary", "france"), ("M1", "chair", "france")]
    )
    assert await allowed(db, grown.person("M1"), grown.branches["france"]) == set(ACTIONS)
    assert await allowed(db, grown.person("M1"), None) == set()


async def test_rights_follow_a_branch_that_moves(db: Database) -> None:
    grown = await secretary(db)
    ids = grown.branches
    assert not await allowed(db, grown.person("M1"), ids["caen"])
    await do(db, MoveBranch(ids["calvados"], ids["bretagne"]))
    assert await allowed(db, grown.person("M1"), ids["caen"])
    assert await db.read(lambda session: branches.path_to_root(session, ids["caen"])) == [
        ids[slug] for slug in ("caen", "calvados", "bretagne", "france")
    ]
