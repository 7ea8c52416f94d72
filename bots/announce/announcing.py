"""`!announce`: to the branch itself at once; to those below after a look and a yes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated

from pydantic import JsonValue

from bots.announce import rules, sentences, tables
from bots.announce.finding import home
from bots.announce.rules import Reach
from bots.announce.sending import DROP, announcements_room, send_out
from bots.announce.tables import AnnouncementRow, Kind, State
from bots.kit.command import Argument, Option, TierKey
from bots.kit.request import Refusal, Request
from bots.kit.wording import Line, Strong
from bridge.places import BranchRoom, address
from ground import due
from ground.ids import new_id
from ground.texts import text
from party.branches import Branch
from party.members import counts
from party.permissions import reached

SEND, LEAVE = "✅", "❌"
CONFIRMED = "announce.confirmed"
TAKE_BACK = "announce.take_back"


async def announce(
    request: Request,
    words: Annotated[
        str,
        Argument(
            what=text("the announcement"),
            example={"en": "Saturday at 2 pm, place Bellecour", "fr": "Samedi à 14h, place Bellecour"},
            rest=True,
        ),
    ],
    *,
    below: Annotated[
        bool,
        Option(
            names={"en": ("below",), "fr": ("dessous", "en-dessous", "au-dessous")},
            what=text("to every branch under this one"),
        ),
    ] = False,
    to: Annotated[
        TierKey | None,
        Option(
            names={"en": ("to", "tier"), "fr": ("échelon", "vers")},
            what=text("one tier under this branch"),
            example={"en": "section", "fr": "section"},
        ),
    ] = None,
) -> None:
    """Tell the members of the branch, or of branches under it."""
    branch, reach = home(request), Reach(below=below or to is not None, tier=to)
    if reach.below:
        await _ask(request, branch, reach, words)
    else:
        await _announce_here(request, branch, words)


async def _announce_here(request: Request, branch: Branch, words: str) -> None:
    room = announcements_room(request, branch)
    if room is None:
        raise Refusal(text("{branch} has no announcements room.", branch=branch.name))
    row = await drafted(request, Kind.ANNOUNCEMENT, branch, Reach(), words)
    await send_out(request, row, {branch.id: room})
    await request.undoable(TAKE_BACK, {"id": row.id})
    number = rules.shown(Kind.ANNOUNCEMENT, row.number)
    row.progress = await request.reply(
        text("{number} · Sent to the announcements of {branch}.", number=Strong(number), branch=branch.name),
        sentences.how_to_mend(request.say(sentences.retract_line(number))),
    )


async def _ask(request: Request, branch: Branch, reach: Reach, words: str) -> None:
    branches = await _targets(request, branch, reach)
    rooms = _rooms(request, branches)
    with_room = [each for each in branches if rooms[each.id] is not None]
    if not with_room:
        raise Refusal(text("None of the branches under {branch} has an announcements room.", branch=branch.name))
    members = await counts(request.session)
    row = await drafted(request, Kind.ANNOUNCEMENT, branch, reach, words)
    await due.schedule(request.session, DROP, row.id, request.now + rules.DRAFT_LASTS)
    lines: list[Line] = [
        sentences.preview(
            branch.name,
            len(with_room),
            sum(members.get(each.id, 0) for each in with_room),
            reach.tier and request.surroundings.tier(reach.tier, request.voice.language),
        )
    ]
    if without := sorted(each.name for each in branches if rooms[each.id] is None):
        lines.append(sentences.without_room(without))
    await request.ask(*lines, answers={SEND: text("send"), LEAVE: text("drop")}, then=CONFIRMED, data={"id": row.id})


async def confirmed(request: Request, key: str, data: Mapping[str, JsonValue]) -> None:
    """The author has seen where it will go, and said yes or no."""
    row = await request.session.get(AnnouncementRow, data["id"])
    if row is None or row.state != State.DRAFT:
        return
    if key != SEND:
        await tables.drop_draft(request.session, row.id)
        await due.cancel(request.session, DROP, row.id)
        await request.reply(text("Dropped. Nothing was sent."))
        return
    branch = (await request.tree())[row.branch_id]
    branches = await _targets(request, branch, rules.reach_of(row.reach))
    await send_out(request, row, _rooms(request, branches))
    await request.undoable(TAKE_BACK, {"id": row.id})
    counted = (await tables.outcomes(request.session, [row.id]))[row.id]
    row.progress = await request.reply(sentences.sending(rules.shown(Kind.ANNOUNCEMENT, row.number), counted))


async def drafted(request: Request, kind: Kind, branch: Branch, reach: Reach, words: str) -> AnnouncementRow:
    """A new draft by the person who asks."""
    return await tables.note(
        request.session,
        kind=kind,
        branch_id=branch.id,
        reach=reach.kept(),
        account=request.account,
        member_id=None if request.member is None else request.member.id,
        source=request.origin.event or new_id(),
        place=address(request.place),
        thread=request.origin.thread,
        words=words,
        at=request.now,
    )


async def _targets(request: Request, branch: Branch, reach: Reach) -> Sequence[Branch]:
    """Where it is to go, now. Raises Refusal when that is nowhere, or further than the person may reach."""
    tree = await request.tree()
    branches = rules.targets(tree, branch, reach)
    if not branches:
        if reach.tier is None:
            raise Refusal(text("There is no branch under {branch}.", branch=branch.name))
        tier = request.surroundings.tier(reach.tier, request.voice.language)
        raise Refusal(text("There is no branch of the tier “{tier}” under {branch}.", tier=tier, branch=branch.name))
    allowed = await reached(request.session, request.policy, request.actor, "announce", tree, request.now)
    if any(each.id not in allowed for each in branches):
        raise Refusal(
            text("Your office lets you announce in {branch}, not in the branches under it.", branch=branch.name)
        )
    return branches


def _rooms(request: Request, branches: Sequence[Branch]) -> dict[str, BranchRoom | None]:
    return {branch.id: announcements_room(request, branch) for branch in branches}
