"""`!branch` and `!branch tree`: where am I, and what is there besides."""

from __future__ import annotations

from typing import Annotated

from bots.branches import facts, showing
from bots.branches.carrying import here
from bots.branches.naming import holders
from bots.kit.command import Argument, Command, Option
from bots.kit.request import Refusal, Request
from bots.kit.wording import Typed
from ground.texts import counted, text
from party.branches import Branch
from party.members import counts

Named = Annotated[Branch | None, Argument(what=text("a branch"), example={"en": "Lyon", "fr": "Lyon"})]


async def show(request: Request, branch: Named = None) -> None:
    """Where am I: the branch of this room, or another one."""
    one, tree = here(request, branch), await request.tree()
    above = [up for up in tree.path(one.id)][1:]
    held = await facts.held(request.session, tree, one, request.now)
    officers = await facts.officers(request.session, [one], request.now)
    further = Typed(text("branch tree {branch}", branch=one.slug))
    around, language = request.surroundings, request.voice.language
    said = holders(officers, around, language, request.now)
    await request.reply(*showing.whereabouts(one, around.tier(one.tier, language), above, held, said, further))


async def draw(
    request: Request,
    branch: Named = None,
    *,
    page: Annotated[int, Option(names={"en": ("page",)}, what=text("the page"))] = 1,
) -> None:
    """The tree from a branch down; without one, from the branch of this room."""
    tree = await request.tree()
    top = branch or request.branch
    tops = [top] if top is not None else [one for one in tree.children(None) if one.open]
    if not tops:
        raise Refusal(text("There is no branch yet."))
    drawn = showing.draw(tree, tops, await counts(request.session))
    pages = showing.pages(drawn)
    if not 1 <= page <= pages:
        raise Refusal(counted("There is only one page.", "There are {count} pages.", pages))
    first = tops[0].slug
    following = Typed(text("branch tree {branch} --page {page}", branch=first, page=page + 1))
    hidden = next((line for line in drawn if line.hidden), None)
    deeper = Typed(text("branch tree {branch}", branch=hidden.branch.slug)) if hidden else None
    await request.reply(*showing.tree_lines(drawn, page, following if page < pages else None, deeper))


COMMANDS = (
    Command(
        name="branch",
        run=show,
        summary=text("Where am I: the branch, what is above and below it, who holds its offices."),
        aliases={"fr": ("branche", "structure", "section")},
        examples={"en": "branch Lyon", "fr": "branche Lyon"},
    ),
    Command(
        name="branch tree",
        run=draw,
        summary=text("The branches below, as a tree."),
        aliases={"fr": ("branche arbre", "structure arbre", "section arbre", "arbre")},
        examples={"en": "branch tree Lyon", "fr": "branche arbre Lyon"},
    ),
)
