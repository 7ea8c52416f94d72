"""What a vote came to is kept, and said in its room."""

from __future__ import annotations

from bots.kit.request import Occasion
from bots.kit.wording import Line, Strong
from bots.vote import branchwise, result, tables, voters
from bots.vote.counted import Count
from bots.vote.motion import Result
from bots.vote.plan import plan_of
from bots.vote.recording import plan_record
from bots.vote.sentences import handle, worded
from bots.vote.tables import VoteRow
from bridge.places import place_at
from ground.texts import text


async def tell(occasion: Occasion, row: VoteRow, counted: Count, *after: Line, kind: str = "counted") -> None:
    """Keep a count and say it; once it is final, its picture and its record follow. `kind`: what that is among what
    happened to the vote."""
    row.verdict = counted.kept()
    tables.note_event(occasion.session, row.id, kind, actor="system", at=occasion.now)
    head = text("{number} · {question}", number=Strong(handle(row.number)), question=row.question)
    room = place_at(row.place or "")
    plan = worded(plan_of(row.options, row.rules), await occasion.voice_for(room))
    listed = await voters.by_proxy(occasion, row) if counted.proxies and not row.confidential else ()
    lines = (*result.lines(plan, counted), *listed, *(await branchwise.rows(occasion, plan, counted)), *after)
    letter = await occasion.send(room, head, *lines, notice=False)
    tables.note_letter(occasion.session, row.id, "result", letter, occasion.now)
    if counted.result != Result.OPEN:
        await plan_record(occasion, row)
