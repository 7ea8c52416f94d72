"""What becomes of what was sent: receipts, progress, corrections by an edit, withdrawal by removing the message."""

from __future__ import annotations

from collections.abc import Mapping

from bots.announce import rules, sentences, tables
from bots.announce.rereading import reread
from bots.announce.rules import reach_of
from bots.announce.sending import LOOK, correct_all, plan_look, take_back
from bots.announce.tables import AnnouncementRow, Kind, Outcome, State
from bots.kit.request import Occasion
from bots.kit.wording import Line, Strong, compose
from bridge.letters import NO_ROOM, Edit, Letter, Receipt, Redaction
from bridge.places import place_at
from ground import due
from ground.due import Due
from ground.texts import text
from party.members import of_account
from party.operation import Actor
from party.permissions import may


async def receipt(occasion: Occasion, receipt: Receipt) -> None:
    """A copy has ended: it is noted, and said with the others that end about now."""
    outcome = Outcome.NO_ROOM if receipt.reason == NO_ROOM else Outcome(receipt.outcome)
    announcement = await tables.settle(occasion.session, receipt.letter, outcome)
    row = None if announcement is None else await occasion.session.get(AnnouncementRow, announcement)
    if row is not None and row.state == State.SENT:
        await plan_look(occasion, row)


async def look(occasion: Occasion, item: Due) -> None:
    """Say how far it is."""
    row = await occasion.session.get(AnnouncementRow, item.subject_id)
    if row is None or row.state != State.SENT or row.sent_at is None:
        return
    row.look_at = None
    counts = (await tables.outcomes(occasion.session, [row.id]))[row.id]
    late = occasion.now >= row.sent_at + rules.SOON
    if reach_of(row.reach).below:
        await _say_progress(occasion, row, counts, late=late)
    elif rules.all_ended(counts) and not rules.arrived(counts):
        await _say_failed(occasion, row)
    if not rules.all_ended(counts) and not late:
        await due.schedule(occasion.session, LOOK, row.id, row.sent_at + rules.SOON)


async def forget_draft(occasion: Occasion, item: Due) -> None:
    """Nobody said yes."""
    await tables.drop_draft(occasion.session, item.subject_id)


async def redacted(occasion: Occasion, arrival: Redaction) -> None:
    """The message that asked for it was taken back, by its author or by somebody who may announce there."""
    row = await tables.of_source(occasion.session, arrival.of.event)
    if row is None or row.state == State.WITHDRAWN:
        return
    if row.state == State.DRAFT:
        await tables.drop_draft(occasion.session, row.id)
    elif arrival.account == row.account or await _may(occasion, row, arrival.account):
        count = await take_back(occasion, row)
        await _tell(occasion, row, sentences.taken_back(_number(row), count))


async def edited(occasion: Occasion, arrival: Edit) -> bool:
    """The message that asked for it was changed: so are all copies. Returns whether the edit was for us."""
    row = await tables.of_source(occasion.session, arrival.of.event)
    if row is None or arrival.account != row.account:
        return False
    if row.state == State.WITHDRAWN:
        await _tell(occasion, row, text("{number} was taken back. Please send it anew.", number=Strong(_number(row))))
        return True
    words = await reread(occasion, row, arrival)
    if words is None:
        await _tell(occasion, row, text("To correct it, keep the command at the beginning of your message."))
    elif words == row.words:
        pass
    elif row.state == State.DRAFT:
        row.words = words
        await _tell(occasion, row, text("Noted: your corrected words will be sent once you say yes."))
    elif not await _may(occasion, row, arrival.account):
        await _tell(occasion, row, text("{number} stays as it is: your office has ended.", number=Strong(_number(row))))
    else:
        count = await correct_all(occasion, row, words)
        await _tell(occasion, row, sentences.corrected(_number(row), count))
    return True


async def _say_progress(occasion: Occasion, row: AnnouncementRow, counts: Mapping[Outcome, int], *, late: bool) -> None:
    ended, done = rules.all_ended(counts), rules.arrived(counts)
    told = f"{'ended' if ended else 'late' if late else 'going'} {done}"
    if row.progress is None or row.told == told:
        return
    row.told = told
    if not ended and not late:
        await occasion.correct(row.progress, sentences.sending(_number(row), counts))
        return
    tree = await occasion.tree()
    missing = {
        why: sorted(tree[branch].name for branch in branches)
        for why, branches in (await tables.not_arrived(occasion.session, row.id)).items()
    }
    lines: list[Line] = [*sentences.outcome(_number(row), counts, missing)]
    if ended and done:
        voice = await occasion.voice_for(place_at(row.place))
        lines.append(sentences.how_to_mend(voice.say(sentences.retract_line(_number(row)))))
    await occasion.correct(row.progress, *lines)


async def _say_failed(occasion: Occasion, row: AnnouncementRow) -> None:
    tree = await occasion.tree()
    for why, branches in (await tables.not_arrived(occasion.session, row.id)).items():
        for branch in branches:
            await _tell(occasion, row, sentences.failed(_number(row), tree[branch].name, why), call=True)


async def _tell(occasion: Occasion, row: AnnouncementRow, *lines: Line, call: bool = False) -> None:
    """Answer the message that asked for it; with `call` its author is called."""
    place = place_at(row.place)
    words = compose(lines, await occasion.voice_for(place), mentions=(row.account,) if call else ())
    await occasion.put(Letter(to=place, content=words, answers=row.source, thread=row.thread))


async def _may(occasion: Occasion, row: AnnouncementRow, account: str) -> bool:
    """Whether an account may, now, send what this is in its branch."""
    member = await of_account(occasion.session, account)
    actor = Actor("person", None if member is None else member.id, account)
    action = "report" if row.kind == Kind.REPORT else "announce"
    return await may(occasion.session, occasion.policy, actor, action, row.branch_id, occasion.now)


def _number(row: AnnouncementRow) -> str:
    return rules.shown(row.kind, row.number)
