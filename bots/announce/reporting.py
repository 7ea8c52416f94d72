"""`!report`: to the committee of the branch above."""

from __future__ import annotations

from typing import Annotated

from bots.announce import rules, sentences
from bots.announce.announcing import TAKE_BACK, drafted
from bots.announce.finding import home
from bots.announce.rules import Reach
from bots.announce.sending import committee_room, send_out
from bots.announce.tables import Kind
from bots.kit.command import Argument
from bots.kit.request import Refusal, Request
from bots.kit.wording import Strong
from ground.texts import text


async def report(
    request: Request,
    words: Annotated[
        str,
        Argument(
            what=text("the report"),
            example={"en": "We were 46 at the picket this morning.", "fr": "Nous étions 46 au piquet ce matin."},
            rest=True,
        ),
    ],
) -> None:
    """Tell the committee of the branch above."""
    branch = home(request)
    if branch.parent_id is None:
        raise Refusal(text("{branch} is at the top: there is no committee above it.", branch=branch.name))
    above = (await request.tree())[branch.parent_id]
    room = committee_room(request, above)
    if room is None:
        raise Refusal(text("{branch} has no room for its committee, so nothing was sent.", branch=above.name))
    row = await drafted(request, Kind.REPORT, branch, Reach(), words)
    await send_out(request, row, {above.id: room})
    await request.undoable(TAKE_BACK, {"id": row.id})
    number = rules.shown(Kind.REPORT, row.number)
    row.progress = await request.reply(
        text("{number} · Sent to the committee of {branch}.", number=Strong(number), branch=above.name),
        sentences.how_to_mend(request.say(sentences.retract_line(number))),
    )
