"""The tree of branches stays a tree, whatever is asked of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from itertools import islice
from typing import Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ground.database import Database
from party import branches, mandates, members
from party.branches import Branch, Tree
from party.errors import NotFound, RegisterError
from party.members import Status
from party.operation import Done, Operation
from party.operations.branches import CloseBranch, CreateBranch, EditBranch, MergeBranches, MoveBranch
from party.operations.members import SetStatus
from tests.support.register import NOW, POLICY, clear, do, fresh, grow, refused, written

TIERS = list(POLICY.tiers)


@pytest.fixture
async def db(database_url: str) -> AsyncIterator[Database]:
    async with Database.open(database_url) as db:
        await fresh(db)
        yield db


async def under(db: Database, branch_id: str | None) -> list[str]:
    tree = await db.read(branches.tree)
    return [branch.slug for branch in tree.children(branch_id)]


async def test_a_branch_is_created_as_asked(db: Database) -> None:
    grown = await grow(db, {"france": {}})
    operation = CreateBranch("bretagne", "Bretagne", "region", grown.branches["france"], "br", "Europe/Paris", "FR-BRE")
    (done,) = await do(db, operation)
    row = await db.read(lambda session: branches.by_slug(session, "bretagne"))
    expected = Branch(
        row.id, "bretagne", "Bretagne", "region", row.parent_id, "br", "Europe/Paris", "FR-BRE", open=True
    )
    assert branches.as_value(row) == expected
    assert (row.parent_id, row.created_at, row.closed_at) == (grown.branches["france"], NOW, None)
    assert (done.kind, done.subject_id, done.branch_id) == ("branch.created", row.id, grown.branches["france"])


NOT_CREATED: Final[list[tuple[str, str, str | None, str]]] = [
    ("france", "region", "france", "There is already a branch 'france'."),
    ("spain", "national", None, "'spain' has no parent, but 'france' is already the top of the tree."),
    (
        "brest",
        "region",
        "bretagne",
        "'brest' (region) cannot be under 'bretagne' (region): a parent's tier is higher.",
    ),
    (
        "brest",
        "national",
        "bretagne",
        "'brest' (national) cannot be under 'bretagne' (region): a parent's tier is higher.",
    ),
    (
        "brest",
        "parish",
        "bretagne",
        "There is no tier 'parish'; the tiers are national, region, department, section.",
    ),
    (
        "Brest",
        "section",
        "bretagne",
        "'Brest' is no slug: write small letters, digits and dashes, like seine-saint-denis.",
    ),
    ("brest", "section", "closed", "'closed' is closed."),
    ("brest", "section", "nowhere", "That branch does not exist any more."),
]


async def test_what_cannot_be_created(db: Database) -> None:
    grown = await grow(db, {"france": {"bretagne": {}, "closed": {}}})
    await do(db, CloseBranch(grown.branches["closed"]))
    before = await written(db)
    for slug, tier, parent, sentence in NOT_CREATED:
        parent_id = grown.branches.get(parent, parent) if parent else None
        assert await refused(db, CreateBranch(slug, "A name", tier, parent_id)) == sentence
        assert await written(db) == before


NOT_TAKEN: Final[list[tuple[str, str | None, str | None, str | None, str]]] = [
    ("", None, None, None, "A name is needed"),
    (" ", None, None, None, "A name is needed"),
    ("two\nlines", None, None, None, "A name is needed"),
    ("n" * 201, None, None, None, "A name is needed"),
    ("Brest", "FR", None, None, "'FR' is no language code"),
    ("Brest", "fran", None, None, "'fran' is no language code"),
    ("Brest", None, "Paris", None, "'Paris' is no time zone"),
    ("Brest", None, "../etc/passwd", None, "'../etc/passwd' is no time zone"),
    ("Brest", None, None, "c" * 61, "A code stands on one line"),
]


async def test_particulars_are_checked_when_created_and_when_edited(db: Database) -> None:
    root = (await grow(db, {"france": {}})).branches["france"]
    for name, language, timezone, code, sentence in NOT_TAKEN:
        create = CreateBranch("brest", name, "section", root, language, timezone, code)
        assert (await refused(db, create)).startswith(sentence)
        assert (await refused(db, EditBranch(root, name, language, timezone, code))).startswith(sentence)


async def test_renaming_changes_the_name_alone_and_only_once(db: Database) -> None:
    root = (await grow(db, {"france": {}})).branches["france"]
    row = await db.read(lambda session: branches.by_id(session, root))
    rename = EditBranch.rename(row, "La France")
    assert [done.fields for done in await do(db, rename)] == [("name",)]
    before = await written(db)
    assert [done.fields for done in await do(db, rename)] == [()]
    assert await written(db) == before


async def test_a_branch_moves_with_all_below_it(db: Database) -> None:
    grown = await grow(db)
    ids = grown.branches
    (done,) = await do(db, MoveBranch(ids["finistere"], ids["normandie"]))
    assert done.fields == ("parent_id",)
    assert await under(db, ids["normandie"]) == ["calvados", "finistere"]
    assert await under(db, ids["finistere"]) == ["brest", "quimper"]
    path = await db.read(lambda session: branches.path_to_root(session, ids["brest"]))
    assert path == [ids[slug] for slug in ("brest", "finistere", "normandie", "france")]


NOT_MOVED: Final[list[tuple[str, str | None, str | None, str]]] = [
    ("bretagne", "brest", None, "'bretagne' cannot go under 'brest', which is itself under it."),
    ("bretagne", "bretagne", None, "'bretagne' cannot go under 'bretagne', which is itself under it."),
    ("bretagne", None, None, "'bretagne' has no parent, but 'france' is already the top of the tree."),
    (
        "bretagne",
        "calvados",
        None,
        "'bretagne' (region) cannot be under 'calvados' (department): a parent's tier is higher.",
    ),
    (
        "finistere",
        "bretagne",
        "section",
        "'brest' (section) cannot be under 'finistere' (section): a parent's tier is higher.",
    ),
    (
        "brest",
        "bretagne",
        "parish",
        "There is no tier 'parish'; the tiers are national, region, department, section.",
    ),
]


async def test_what_cannot_be_moved(db: Database) -> None:
    ids = (await grow(db)).branches
    before = await written(db)
    for branch, parent, tier, sentence in NOT_MOVED:
        assert await refused(db, MoveBranch(ids[branch], ids[parent] if parent else None, tier)) == sentence
        assert await written(db) == before


async def test_merging_hands_over_members_and_branches_and_ends_mandates(db: Database) -> None:
    grown = await grow(
        db,
        members={"M1": "finistere", "M2": "finistere", "M3": "brest"},
        mandates=[("M1", "secretary", "finistere"), ("M1", "delegate", "france")],
    )
    ids = grown.branches
    await do(db, MergeBranches(ids["finistere"], ids["morbihan"]))
    tree = await db.read(branches.tree)
    assert [branch.slug for branch in tree.children(ids["morbihan"])] == ["brest", "quimper", "vannes"]
    assert not tree[ids["finistere"]].open
    row = await db.read(lambda session: branches.by_slug(session, "finistere"))
    assert (row.merged_into_id, row.closed_at) == (ids["morbihan"], NOW)
    assert await db.read(members.counts) == {ids["morbihan"]: 2, ids["brest"]: 1}
    held = await db.read(lambda session: mandates.held_by(session, grown.members["M1"], NOW))
    assert [mandate.office for mandate in held] == ["delegate"]


NOT_MERGED: Final[list[tuple[str, str, str]]] = [
    ("bretagne", "brest", "'bretagne' cannot be merged into 'brest', which is itself or under it."),
    ("brest", "brest", "'brest' cannot be merged into 'brest', which is itself or under it."),
    ("finistere", "caen", "'brest' (section) cannot be under 'caen' (section): a parent's tier is higher."),
    ("vannes", "brest", "'vannes' is closed."),
    ("brest", "vannes", "'vannes' is closed."),
]


async def test_what_cannot_be_merged(db: Database) -> None:
    ids = (await grow(db)).branches
    await do(db, CloseBranch(ids["vannes"]))
    before = await written(db)
    for branch, into, sentence in NOT_MERGED:
        assert await refused(db, MergeBranches(ids[branch], ids[into])) == sentence
        assert await written(db) == before


async def test_closing_waits_until_nobody_and_nothing_is_in_the_branch(db: Database) -> None:
    grown = await grow(
        db, members={"M1": "brest", "M2": "brest", "M3": "caen"}, mandates=[("M3", "secretary", "brest")]
    )
    ids = grown.branches
    assert (await refused(db, CloseBranch(ids["bretagne"]))).startswith("'bretagne' still has 2 branches under it (one")
    assert (await refused(db, CloseBranch(ids["calvados"]))).startswith("'calvados' still has a branch under it (caen)")
    assert (await refused(db, CloseBranch(ids["brest"]))).startswith("'brest' still has 2 members:")
    await do(db, SetStatus(grown.members["M1"], Status.LEFT))
    assert (await refused(db, CloseBranch(ids["brest"]))).startswith("'brest' still has a member:")
    await do(db, SetStatus(grown.members["M2"], Status.LEFT))
    assert [done.kind for done in await do(db, CloseBranch(ids["brest"]))] == ["mandate.ended", "branch.closed"]
    assert [done.fields for done in await do(db, CloseBranch(ids["brest"]))] == [()]
    assert not await db.read(lambda session: mandates.held_in(session, ids["brest"], NOW))
    open_below = await db.read(lambda session: branches.children(session, ids["finistere"]))
    everything = await db.read(lambda session: branches.children(session, ids["finistere"], only_open=False))
    assert ([row.slug for row in open_below], len(everything)) == (["quimper"], 2)


async def test_what_is_not_there_is_not_found(db: Database) -> None:
    with pytest.raises(NotFound, match="There is no branch 'brest'"):
        await db.read(lambda session: branches.by_slug(session, "brest"))
    for question in (branches.by_id, branches.path_to_root):
        with pytest.raises(NotFound):
            await db.read(lambda session, ask=question: ask(session, "nobody"))  # type: ignore[misc]


def test_the_tree_is_walked_from_the_top_and_from_below() -> None:
    rows = [("f", None), ("b", "f"), ("a", "f"), ("c", "b")]
    tree = Tree([Branch(slug, slug, slug, "region", parent) for slug, parent in rows])
    assert [(depth, branch.slug) for depth, branch in tree.top_down()] == [(0, "f"), (1, "a"), (1, "b"), (2, "c")]
    assert [branch.slug for branch in tree.path("c")] == ["c", "b", "f"]
    assert [branch.slug for branch in tree.below("f")] == ["a", "b", "c"]
    assert (len(tree), "c" in tree, "d" in tree, len(list(tree))) == (4, True, False, 4)


Step = tuple[str, int, int | None, int]
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["create", "create", "create", "move", "merge", "close", "edit"]),
        st.integers(0, 7),
        st.one_of(st.none(), st.integers(0, 7)),
        st.integers(0, len(TIERS) - 1),
    ),
    max_size=10,
)


def operation(step: Step, ids: Sequence[str], serial: int) -> Operation:
    """The step as a change, on branches that there are and, now and then, on one that there is not."""
    kind, first, second, rank = step
    known = [*ids, "nowhere"]
    one, other = known[first % len(known)], None if second is None else known[second % len(known)]
    match kind:
        case "create":
            return CreateBranch(f"slug-{serial if rank else first}", "Name", TIERS[rank], other)
        case "move":
            return MoveBranch(one, other, TIERS[rank] if first % 2 else None)
        case "merge":
            return MergeBranches(one, other or one)
        case "close":
            return CloseBranch(one)
        case _:
            return EditBranch(one, f"Name {rank}", None, None, None)


def check(tree: Tree) -> None:
    """One top among the open branches, no circle, every tier below its parent's; nothing open under what is closed."""
    assert len([branch for branch in tree.children(None) if branch.open]) <= 1
    for branch in tree:
        path = [above.id for above in islice(tree.path(branch.id), len(tree) + 1)]
        assert len(path) == len(set(path))
        if branch.open and branch.parent_id is not None:
            parent = tree[branch.parent_id]
            assert parent.open
            assert POLICY.rank(branch.tier) > POLICY.rank(parent.tier)


@given(steps=STEPS)
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_whatever_is_asked_the_branches_stay_a_tree(db: Database, steps: list[Step]) -> None:
    await clear(db)
    (root,) = await do(db, CreateBranch("root", "Root", TIERS[0], None))
    ids = [root.subject_id]
    for serial, step in enumerate(steps):
        before, tree_before = await written(db), await db.read(branches.tree)
        done: Sequence[Done] = ()
        try:
            done = await do(db, operation(step, ids, serial))
        except RegisterError:
            assert list(await db.read(branches.tree)) == list(tree_before)
        changed = [deed for deed in done if deed.changed]
        assert await written(db) == (before[0] + len(changed), before[1] + len(changed))
        ids += [deed.subject_id for deed in changed if deed.kind == "branch.created"]
        check(await db.read(branches.tree))
