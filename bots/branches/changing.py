"""`!branch create`, `rename`, `move`, `merge`, `close`, and their undoing."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import JsonValue

from bots.branches import facts, warning
from bots.branches.carrying import agreed, answer, ask, changed_since, here, rehearsed, still
from bots.branches.naming import slug_of, spaced
from bots.kit.bot import Data
from bots.kit.command import Argument, Command, Option, TierKey
from bots.kit.matching import fold
from bots.kit.request import Refusal, Request
from ground.texts import text
from party import branches
from party.branches import Branch, Tree
from party.operations.branches import CloseBranch, CreateBranch, EditBranch, MergeBranches, MoveBranch

_BRANCH: Final = {"en": "lyon", "fr": "lyon"}
One = Annotated[Branch, Argument(what=text("the branch"), example=_BRANCH)]
NewName = Annotated[str, Argument(what=text("the name"), example={"en": "Lyon 3", "fr": "Lyon 3"}, rest=True)]
NewTier = Annotated[TierKey | None, Option(names={"en": ("tier",), "fr": ("échelon", "niveau")}, what=text("the tier"))]
Under = Annotated[
    Branch,
    Option(names={"en": ("under",), "fr": ("sous",)}, what=text("the branch above"), example=_BRANCH, bare=True),
]
UnderOrHere = Annotated[
    Branch | None,
    Option(names={"en": ("under",), "fr": ("sous",)}, what=text("the branch above"), example=_BRANCH),
]
Into = Annotated[
    Branch,
    Option(names={"en": ("into",), "fr": ("dans",)}, what=text("the branch that remains"), example=_BRANCH, bare=True),
]


async def create(
    request: Request,
    name: NewName,
    *,
    tier: NewTier = None,
    under: UnderOrHere = None,
    language: Annotated[
        str | None,
        Option(names={"en": ("language",), "fr": ("langue",)}, what=text("the language"), example={"en": "fr"}),
    ] = None,
    timezone: Annotated[
        str | None,
        Option(
            names={"en": ("timezone",), "fr": ("fuseau",)}, what=text("the time zone"), example={"en": "Europe/Paris"}
        ),
    ] = None,
) -> None:
    """A new branch under the one of the room, or another; the first one of all is the top."""
    tree, name = await request.tree(), spaced(name)
    parent = here(request, under) if len(tree) else None
    if parent is not None:
        _must_be_free(tree, parent.id, name)
    tier = tier or _usual_tier(request, tree, parent)
    slug = _free_slug(tree, slug_of(name) or tier, parent)
    operation = CreateBranch(slug, name, tier, parent.id if parent else None, language, timezone)
    (done,) = await request.change(operation)
    await request.undoable("branches.created", {"branch": done.subject_id})
    values = {"branch": name, "tier": request.surroundings.tier(tier, request.voice.language)}
    if parent:
        values["parent"] = parent.name
    await answer(request, "created", values, [done.subject_id])


async def rename(request: Request, branch: One, name: NewName) -> None:
    """Another name; the short name for commands stays."""
    row, name = await branches.by_id(request.session, branch.id), spaced(name)
    _must_be_free(await request.tree(), branch.parent_id, name, but=branch.id)
    (done,) = await request.change(EditBranch.rename(row, name))
    if not done.changed:
        await request.reply(text("It is called that already."))
        return
    await request.undoable("branches.renamed", {"branch": branch.id, "name": branch.name, "now": name})
    await answer(request, "renamed", {"old": branch.name, "branch": name}, [branch.id])


async def move(request: Request, branch: One, *, under: Under, tier: NewTier = None) -> None:
    """Put a branch under another one; shown first where members or branches go with it."""
    operation = MoveBranch(branch.id, under.id, tier)
    (done,) = await rehearsed(request, operation)
    if not done.changed:
        raise Refusal(text("{branch} is under {parent} already.", branch=branch.name, parent=under.name))
    tree = await request.tree()
    held = await facts.held(request.session, tree, branch, request.now)
    if not held.everybody and not held.branches_below:
        await _carry_out_move(request, branch, operation)
        return
    concerned = warning.rooms(request.rooms.values(), [branch, *held.branches_below])
    data: Data = {"branch": branch.id, "under": under.id, "tier": tier, "shown": _shown(held)}
    await ask(request, warning.move(branch, under, held, concerned), text("move"), "branches.move", data)


async def merge(request: Request, branch: One, *, into: Into) -> None:
    """Close a branch and give its members and the branches below it to another one."""
    await rehearsed(request, MergeBranches(branch.id, into.id))
    held = await facts.held(request.session, await request.tree(), branch, request.now)
    lines = warning.merge(branch, into, held, warning.rooms(request.rooms.values(), [branch]))
    data: Data = {"branch": branch.id, "into": into.id, "shown": _shown(held)}
    await ask(request, lines, text("merge"), "branches.merge", data)


async def close(request: Request, branch: One) -> None:
    """Close a branch that has no members and no branches below it."""
    await rehearsed(request, CloseBranch(branch.id))
    held = await facts.held(request.session, await request.tree(), branch, request.now)
    lines = warning.close(branch, held, warning.rooms(request.rooms.values(), [branch]))
    await ask(request, lines, text("close"), "branches.close", {"branch": branch.id, "shown": _shown(held)})


async def answered_move(request: Request, key: str, data: Data) -> None:
    """The question before a move was answered."""
    branch = await _confirmed(request, key, data)
    if branch is not None:
        tier = data["tier"]
        operation = MoveBranch(branch.id, str(data["under"]), None if tier is None else str(tier))
        await _carry_out_move(request, branch, operation)


async def answered_merge(request: Request, key: str, data: Data) -> None:
    """The question before a merge was answered."""
    branch = await _confirmed(request, key, data)
    if branch is not None:
        into = (await request.tree())[str(data["into"])]
        await request.change(MergeBranches(branch.id, into.id))
        await answer(request, "merged", {"branch": branch.name, "into": into.name}, [branch.id, into.id])


async def answered_close(request: Request, key: str, data: Data) -> None:
    """The question before a closing was answered."""
    branch = await _confirmed(request, key, data)
    if branch is not None:
        await _close(request, branch)


async def undo_create(request: Request, data: Data) -> None:
    """Close the branch again."""
    await _close(request, (await request.tree())[str(data["branch"])])


async def undo_rename(request: Request, data: Data) -> None:
    """Give the former name back."""
    row, former = await branches.by_id(request.session, str(data["branch"])), str(data["name"])
    still(row.name == data["now"])
    old = row.name
    await request.change(EditBranch.rename(row, former))
    await answer(request, "renamed", {"old": old, "branch": former}, [row.id])


async def undo_move(request: Request, data: Data) -> None:
    """Put the branch back to where it was."""
    tree, parent = await request.tree(), data["parent"]
    branch = tree[str(data["branch"])]
    still(branch.parent_id == data["now"])
    await request.change(MoveBranch(branch.id, None if parent is None else str(parent), str(data["tier"])))
    await _say_moved(request, branch, None if parent is None else tree[str(parent)])


async def _carry_out_move(request: Request, branch: Branch, operation: MoveBranch) -> None:
    await request.change(operation)
    before: Data = {
        "branch": branch.id, "parent": branch.parent_id, "tier": branch.tier, "now": operation.parent_id
    }  # fmt: skip
    await request.undoable("branches.moved", before)
    parent = None if operation.parent_id is None else (await request.tree())[operation.parent_id]
    await _say_moved(request, branch, parent)


async def _say_moved(request: Request, branch: Branch, parent: Branch | None) -> None:
    tree = await request.tree()
    values = {"branch": branch.name} | ({} if parent is None else {"parent": parent.name})
    concerned = {branch.id, *(one.id for one in tree.below(branch.id))}
    concerned |= {one for one in (branch.parent_id, parent.id if parent else None) if one is not None}
    await answer(request, "moved", values, sorted(concerned))


async def _close(request: Request, branch: Branch) -> None:
    await request.change(CloseBranch(branch.id))
    await answer(request, "closed", {"branch": branch.name}, [branch.id])


async def _confirmed(request: Request, key: str, data: Data) -> Branch | None:
    """The branch that was asked about, if ✅ was the answer. Raises Refusal if it is not as it was shown any more."""
    if not await agreed(request, key):
        return None
    tree = await request.tree()
    branch = tree[str(data["branch"])]
    if _shown(await facts.held(request.session, tree, branch, request.now)) != data["shown"]:
        raise changed_since()
    return branch


def _shown(held: facts.Held) -> list[JsonValue]:
    """What the numbers that are shown stand for, to see whether they still hold."""
    return [held.members, held.members_below, len(held.branches_below), held.mandates]


def _usual_tier(request: Request, tree: Tree, parent: Branch | None) -> TierKey:
    """The tier of a new branch where none is said: that of the branches beside it, or the only one that can be."""
    tiers = list(request.policy.tiers)
    if parent is None:
        return TierKey(tiers[0])
    beside = {child.tier for child in tree.children(parent.id) if child.open}
    lower = tiers[tiers.index(parent.tier) + 1 :] if parent.tier in tiers else []
    usual = beside if len(beside) == 1 else set(lower)
    if len(usual) == 1:
        return TierKey(usual.pop())
    if not lower:
        raise Refusal(text("There is no tier below {parent}.", parent=parent.name))
    language = request.voice.language
    names = ", ".join(request.surroundings.tier(tier, language) for tier in lower)
    raise Refusal(text("Which tier is it: {tiers}?", tiers=names))


def _must_be_free(tree: Tree, parent_id: str | None, name: str, *, but: str = "") -> None:
    """Raises Refusal where an open branch beside it has that name: people could not tell their rooms apart."""
    beside = tree.children(parent_id) if parent_id is not None and parent_id in tree else ()
    for other in beside:
        if other.open and other.id != but and fold(other.name) == fold(name):
            raise Refusal(text("{parent} has a branch {branch} already.", parent=tree[str(parent_id)].name,
                               branch=other.name))  # fmt: skip


def _free_slug(tree: Tree, wanted: str, parent: Branch | None) -> str:
    """The short name that is wanted, or one like it that no branch has."""
    taken = {branch.slug for branch in tree}
    if wanted in taken and parent is not None:
        wanted = f"{wanted[:40]}-{parent.slug}"[:60].rstrip("-")
    free, number = wanted, 2
    while free in taken:
        free, number = f"{wanted[:55].rstrip('-')}-{number}", number + 1
    return free


COMMANDS = (
    Command(
        name="branch create",
        run=create,
        summary=text("Create a branch under this one."),
        details=text("Without a tier it gets that of the branches beside it. The first branch of all is the top."),
        aliases={"fr": ("branche créer", "structure créer", "section créer")},
        examples={"en": "branch create Lyon 3 --tier section", "fr": "branche créer Lyon 3 --échelon section"},
        right="branch.create",
    ),
    Command(
        name="branch rename",
        run=rename,
        summary=text("Give a branch another name. Its short name for commands stays."),
        aliases={"fr": ("branche renommer", "structure renommer", "section renommer")},
        examples={"en": 'branch rename lyon-3 "Lyon Montchat"', "fr": "branche renommer lyon-3 « Lyon Montchat »"},
        right="branch.edit",
        anywhere=True,
    ),
    Command(
        name="branch move",
        run=move,
        summary=text("Put a branch, with all that is below it, under another one."),
        aliases={"fr": ("branche déplacer", "structure déplacer", "section déplacer")},
        examples={"en": "branch move lyon-3 under rhone", "fr": "branche déplacer lyon-3 sous rhone"},
        right="branch.move",
        anywhere=True,
    ),
    Command(
        name="branch merge",
        run=merge,
        summary=text("Close a branch and give its members and the branches below it to another one."),
        aliases={"fr": ("branche fusionner", "structure fusionner", "section fusionner")},
        examples={"en": "branch merge lyon-3 into lyon-7", "fr": "branche fusionner lyon-3 dans lyon-7"},
        right="branch.merge",
        anywhere=True,
    ),
    Command(
        name="branch close",
        run=close,
        summary=text("Close a branch that has no members and no branches below it."),
        aliases={"fr": ("branche fermer", "structure fermer", "section fermer")},
        examples={"en": "branch close lyon-3", "fr": "branche fermer lyon-3"},
        right="branch.close",
        anywhere=True,
    ),
)
