"""`!decisions`: what a branch decided, in chat and as files."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Final, Literal

from bots.kit.command import Argument, Option
from bots.kit.request import Occasion, Refusal, Request
from bots.kit.wording import Day, Items, Line, Strong, Typed
from bots.vote import decision_files, decisions, seeing
from bots.vote.decisions import Decision, Search
from bots.vote.finding import home
from bots.vote.sentences import handle
from bridge import files
from bridge.letters import Document, Letter
from bridge.places import Direct
from ground import due
from ground.due import Due
from ground.texts import Text, counted, text
from party.branches import Branch

ERASE: Final = "vote.export"
"""Falls due when a file that was sent is to be erased here."""
_PAGE: Final = 15
_EXCERPT: Final = 120
_MOST_IN_FILES: Final = 2000
_DELIVERED_WITHIN: Final = timedelta(days=1)

_BRANCH: Final = Argument(what=text("the branch"), example={"en": "rhone", "fr": "rhone"})
_WORDS: Final = Argument(what=text("words to look for"), example={"en": "budget", "fr": "budget"}, rest=True)
_BELOW: Final = Option(
    names={"en": ("below",), "fr": ("dessous", "en-dessous")}, what=text("also the branches under it")
)


async def listed(
    request: Request,
    branch: Annotated[Branch | None, _BRANCH] = None,
    words: Annotated[str, _WORDS] = "",
    *,
    below: Annotated[bool, _BELOW] = False,
    page: Annotated[
        int,
        Option(names={"en": ("page",), "fr": ("page",)}, what=text("the page"), example={"en": "2", "fr": "2"}),
    ] = 1,
) -> None:
    """What a branch decided, newest first."""
    of = branch or home(request)
    search = await _search(request, of, words, below=below)
    skipped = (max(page, 1) - 1) * _PAGE
    shown = await decisions.found(request.session, search, request.voice, most=_PAGE, after=skipped)
    if not shown:
        raise Refusal(_nothing(of, words, page))
    tree = await request.tree()
    items = [_item(request, one, tree[one.branch_id].name if below else None) for one in shown]
    lines: list[Line] = [decision_files.title(of.name, words=words, below=below), Items(tuple(items), most=_PAGE)]
    left = await decisions.how_many(request.session, search) - skipped - len(shown)
    if left > 0:
        how = Typed(_further(of, words, max(page, 1) + 1, below=below))
        lines.append(counted("There is one more: {command}", "There are {count} more: {command}", left, command=how))
    await request.reply(*lines)


async def export(
    request: Request,
    branch: Annotated[Branch | None, _BRANCH] = None,
    words: Annotated[str, _WORDS] = "",
    *,
    below: Annotated[bool, _BELOW] = False,
    form: Annotated[
        Literal["markdown", "csv"] | None,
        Option(
            names={"en": ("format",), "fr": ("format",)},
            what=text("a text or a table"),
            example={"en": "csv", "fr": "csv"},
            words={
                "markdown": {"en": ("markdown", "md", "text"), "fr": ("markdown", "md", "texte")},
                "csv": {"en": ("csv", "table"), "fr": ("csv", "tableau")},
            },
        ),
    ] = None,
) -> None:
    """The same as files, in private: what one may see is not what all in a room may."""
    of = branch or home(request)
    search = await _search(request, of, words, below=below)
    shown = await decisions.found(request.session, search, request.voice, most=_MOST_IN_FILES)
    if not shown:
        raise Refusal(_nothing(of, words, 1))
    to, tree = Direct(request.account), await request.tree()
    head = decision_files.title(of.name, words=words, below=below)
    lines: list[Line] = [counted("{count} decision.", "{count} decisions.", len(shown))]
    if (left := await decisions.how_many(request.session, search) - len(shown)) > 0:
        lines.append(counted("An older one is left out.", "{count} older ones are left out.", left))
    await request.whisper(head, *lines)
    for kind in decision_files.KINDS:
        if form in (None, kind.key):
            data = kind.write(head, shown, tree, request.voice, request.now)
            await _send(request, to, data, f"decisions-{of.slug}.{kind.ending}", kind.mimetype)
    if to != request.place:
        await request.reply(text("I have sent you the decisions privately."))


async def erase(occasion: Occasion, item: Due) -> None:
    """A file has been delivered, or given up: it is not kept here."""
    await files.erase(occasion.session, item.subject_id)


async def _send(request: Request, to: Direct, data: bytes, name: str, mimetype: str) -> None:
    file = await files.put(request.session, data, name, mimetype)
    deadline = request.now + _DELIVERED_WITHIN
    await request.put(Letter(to=to, content=Document(file, name, mimetype), deadline=deadline, forget=True))
    await due.schedule(request.session, ERASE, file, deadline + timedelta(hours=1))


async def _search(request: Request, branch: Branch, words: str, *, below: bool) -> Search:
    """Only what the person may see."""
    wanted, also = {branch.id}, seeing.on_roll(request)
    looked_for = decisions.words_of(words)
    if not below:
        seen = frozenset(wanted) if await seeing.sees_all_of(request, branch.id) else frozenset[str]()
        return Search(branches=frozenset(wanted), seen=seen, also=also, words=looked_for)
    tree, seen = await request.tree(), await seeing.branches_seen(request)
    wanted.update(one.id for one in tree.below(branch.id))
    if len(wanted & seen) == len(tree):
        return Search(words=looked_for)
    return Search(branches=frozenset(wanted), seen=seen, also=also, words=looked_for)


def _further(branch: Branch, words: str, page: int, *, below: bool) -> Text:
    """How the next page is asked for, wherever one is."""
    asked = " ".join(filter(None, [branch.slug, words]))
    if below:
        return text("decisions {asked} --below --page {page}", asked=asked, page=str(page))
    return text("decisions {asked} --page {page}", asked=asked, page=str(page))


def _nothing(branch: Branch, words: str, page: int) -> Text:
    """The same where there is nothing and where there is nothing that the person may see."""
    if page > 1:
        return text("There are no more decisions of {branch}.", branch=branch.name)
    if words:
        return text("I find no decision of {branch} with “{words}”.", branch=branch.name, words=words)
    return text("There is no decision of {branch} yet.", branch=branch.name)


def _item(request: Request, one: Decision, branch: str | None) -> Text:
    values: dict[str, object] = {
        "number": Strong(handle(one.number)),
        "day": Day(one.at.astimezone(request.voice.zone).date()),
        "question": one.question[:_EXCERPT],
        "verdict": one.verdict,
    }
    if branch is None:
        return text("{number} · {day} · {question} · {verdict}", **values)
    return text("{number} · {day} · {branch} · {question} · {verdict}", branch=branch, **values)
