"""`!announce list`, `status` and `retract`; the same for reports; and `!undo`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import JsonValue

from bots.announce import rules, sentences, tables
from bots.announce.finding import home, meant
from bots.announce.sending import take_back
from bots.announce.tables import AnnouncementRow, Kind, State
from bots.kit.command import Argument
from bots.kit.request import Refusal, Request
from bots.kit.wording import Day, Items, Line, Strong
from ground.texts import Text, text
from party.members import MemberRow

_LISTED = 10
Numbered = Annotated[str, Argument(what=text("the number"), example={"en": "A7", "fr": "A7"})]
ReportNumbered = Annotated[str, Argument(what=text("the number"), example={"en": "R7", "fr": "R7"})]


async def retract(request: Request, number: Numbered = "") -> None:
    """Take an announcement back from everywhere."""
    await _retract(request, number, Kind.ANNOUNCEMENT)


async def retract_report(request: Request, number: ReportNumbered = "") -> None:
    """Take a report back."""
    await _retract(request, number, Kind.REPORT)


async def _retract(request: Request, number: str, kind: Kind) -> None:
    row = await meant(request, number, kind, own=True)
    if row.state == State.WITHDRAWN:
        raise Refusal(text("{number} was taken back already.", number=Strong(rules.shown(kind, row.number))))
    await _take_back(request, row)


async def undo(request: Request, data: Mapping[str, JsonValue]) -> None:
    """Take back what was sent a moment ago."""
    row = await request.session.get(AnnouncementRow, data["id"])
    if row is not None and row.state == State.SENT:
        await _take_back(request, row)


async def _take_back(request: Request, row: AnnouncementRow) -> None:
    count = await take_back(request, row)
    await request.reply(sentences.taken_back(rules.shown(row.kind, row.number), count))


async def status(request: Request, number: Numbered = "") -> None:
    """Where an announcement has arrived, and where not and why."""
    row = await meant(request, number, Kind.ANNOUNCEMENT, own=False)
    shown = rules.shown(Kind.ANNOUNCEMENT, row.number)
    if row.state == State.WITHDRAWN:
        await request.reply(text("{number} was taken back.", number=Strong(shown)))
        return
    tree = await request.tree()
    counts = (await tables.outcomes(request.session, [row.id]))[row.id]
    missing = {
        why: sorted(tree[branch].name for branch in branches)
        for why, branches in (await tables.not_arrived(request.session, row.id)).items()
    }
    lines: list[Line] = [*sentences.outcome(shown, counts, missing), await _about(request, row)]
    await request.reply(*lines)


async def listed(request: Request) -> None:
    """The latest announcements of the branch."""
    branch = home(request)
    rows = await tables.latest(request.session, branch.id, Kind.ANNOUNCEMENT, limit=_LISTED)
    if not rows:
        raise Refusal(text("{branch} has sent no announcement yet.", branch=branch.name))
    counts = await tables.outcomes(request.session, [row.id for row in rows])
    items = [
        sentences.listed(
            rules.shown(Kind.ANNOUNCEMENT, row.number),
            rules.excerpt(row.words) if row.words is not None else None,
            Day(row.created_at.astimezone(request.voice.zone).date()),
            counts[row.id],
        )
        for row in rows
    ]
    await request.reply(
        text("The latest announcements of {branch}:", branch=branch.name), Items(tuple(items), most=_LISTED)
    )


async def _about(request: Request, row: AnnouncementRow) -> Text:
    author = None if row.member_id is None else await request.session.get(MemberRow, row.member_id)
    day, words = Day(row.created_at.astimezone(request.voice.zone).date()), rules.excerpt(row.words or "")
    if author is None:
        return text("“{words}”, {day}", words=words, day=day)
    return text("“{words}”, {author}, {day}", words=words, author=author.name, day=day)
