"""Which announcement is meant, and whether the person may do something about it."""

from __future__ import annotations

from bots.announce import rules, tables
from bots.announce.tables import AnnouncementRow, Kind
from bots.kit.request import Refusal, Request
from bots.kit.wording import Code, Typed
from bridge.letters import Message
from ground.texts import text
from party.branches import Branch


def home(request: Request) -> Branch:
    """The branch that speaks."""
    if request.branch is None:
        raise Refusal(text("Please say for which branch, or write in one of its rooms."))
    return request.branch


async def meant(request: Request, written: str, kind: Kind, *, own: bool) -> AnnouncementRow:
    """The one that is named, or that the message replies to, or else the latest of the branch.

    With `own` that of the person themselves. Raises Refusal where there is none that the person may see.
    """
    if written:
        return await _numbered(request, written, kind)
    if (replied := await _replied_to(request)) is not None and replied.kind == kind and await _may(request, replied):
        return replied
    account = request.account if own else None
    latest = await tables.latest(request.session, home(request).id, kind, limit=1, account=account)
    if not latest:
        raise Refusal(
            text("There is no report yet.") if kind is Kind.REPORT else text("There is no announcement yet."),
        )
    return latest[0]


async def _numbered(request: Request, written: str, kind: Kind) -> AnnouncementRow:
    number = rules.read_number(written)
    row = None if number is None else await tables.of_number(request.session, number)
    if row is not None and row.kind == kind and await _may(request, row):
        return row
    if kind is Kind.REPORT:
        raise Refusal(text("There is no report {number}.", number=Code(written)))
    named, listing = Code(written), Typed(request.say(text("announce list")))
    raise Refusal(
        text("There is no announcement {number}. {command} shows those there are.", number=named, command=listing)
    )


async def _replied_to(request: Request) -> AnnouncementRow | None:
    arrival = request.arrival
    if not isinstance(arrival, Message) or arrival.reply_to is None:
        return None
    if arrival.reply_to.letter is not None:
        return await tables.of_letter(request.session, arrival.reply_to.letter)
    return await tables.of_source(request.session, arrival.reply_to.event)


async def _may(request: Request, row: AnnouncementRow) -> bool:
    """Whether the person may see it and take it back: whoever wrote it, and whoever may write one there."""
    action = "report" if row.kind == Kind.REPORT else "announce"
    return row.account == request.account or await request.may(action, row.branch_id)
