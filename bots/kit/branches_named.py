"""Which branch somebody means: by its address, its name, its reference, or how one of them begins."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from bots.kit.matching import fold, nearest
from bots.kit.problems import Ambiguous, BadValue
from ground.texts import Text, text
from party.branches import Branch, Tree

_MOST: Final = 9
_HERE: Final = frozenset({"here", "this", "ici"})


def read(written: str, parameter: str, tree: Tree, here: Branch | None) -> Branch:
    """The branch that is meant; a closed one only where no open one is. Raises BadValue, Ambiguous."""
    folded = fold(written)
    if here is not None and folded in _HERE:
        return here
    for branches in ([one for one in tree if one.open], [one for one in tree if not one.open]):
        for fits in _ways(folded):
            found = [branch for branch in branches if fits(branch)]
            if len(found) == 1:
                return found[0]
            if found:
                raise _which(written, parameter, found, tree)
    raise _nobody(written, folded, tree)


def _ways(folded: str) -> Sequence[Callable[[Branch], bool]]:
    """The ways to be meant, the surest first."""
    if not folded:
        return ()
    spaced = folded.replace("-", " ")
    ways: list[Callable[[Branch], bool]] = [
        lambda branch: branch.slug == folded,
        lambda branch: spaced == _name(branch),
        lambda branch: branch.code is not None and fold(branch.code) == folded,
        lambda branch: spaced == branch.slug.replace("-", " "),
    ]
    if len(folded) < 2:
        return ways
    return [
        *ways,
        lambda branch: branch.slug.startswith(folded) or _name(branch).startswith(spaced),
        lambda branch: f" {spaced}" in f" {_name(branch)}",
    ]


def _name(branch: Branch) -> str:
    return fold(branch.name).replace("-", " ")


def _which(written: str, parameter: str, found: list[Branch], tree: Tree) -> Ambiguous:
    found.sort(key=lambda branch: (_name(branch), branch.slug))
    candidates = [(branch.slug, _label(branch, tree)) for branch in found[:_MOST]]
    shown = written[:60]
    if len(found) > _MOST:
        question = text("Many branches fit '{written}'. Which one, or how does its name go on?", written=shown)
    else:
        question = text("Which branch do you mean by '{written}'?", written=shown)
    return Ambiguous(parameter, question, candidates)


def _label(branch: Branch, tree: Tree) -> Text:
    if branch.parent_id is None or branch.parent_id not in tree:
        return Text("{name}", {"name": branch.name})
    return text("{name} (in {parent})", name=branch.name, parent=tree[branch.parent_id].name)


def _nobody(written: str, folded: str, tree: Tree) -> BadValue:
    names = {_name(branch): branch for branch in tree if branch.open}
    close = nearest(folded.replace("-", " "), names)
    if close is None:
        return BadValue(text("I know no branch '{written}'.", written=written[:60]))
    name = names[close].name
    return BadValue(
        text("I know no branch '{written}'. Did you mean {suggestion}?", written=written[:60], suggestion=name),
        instead=name,
    )
