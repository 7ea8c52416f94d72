"""Ballots: typed after the number of a vote, as a reply, as a mark, or in the direct conversation."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from sqlalchemy import select

from bots.kit import notes, who
from bots.kit.matching import fold
from bots.kit.problems import BadValue
from bots.kit.request import Occasion, Refusal, Request
from bots.kit.wording import Line, compose
from bots.vote import casting, confidential, entering, overview, roll, seeing, sentences, showing, tables, units
from bots.vote.casting import Cast, Means, in_time
from bots.vote.choices import HIGHEST, example, looks_like_one, marked_ballot, read_ballot
from bots.vote.errors import VoteRefused
from bots.vote.finding import no_such
from bots.vote.plan import Plan, plan_of
from bots.vote.sentences import worded
from bots.vote.settings import settings_of
from bots.vote.tables import State, VoteLetterRow, VoteRow
from bridge.letters import Happened, Letter, Mark, Message, Reaction
from bridge.letters.outbox import LetterRow
from bridge.places import BranchRoom, Direct, address
from bridge.ports import BoxLost
from ground.texts import Text, text
from party.members import MemberRow, of_account

BALLOT: Final = "ballot"
"""The purpose of a letter that is a ballot."""
TAKEN: Final = "✅"
_ME: Final = frozenset({"me", "moi"})
_FOR: Final = re.compile(r"(?:for|pour)\s+(\S.*)", re.S | re.I)


async def commanded(request: Request, number: int, words: str) -> None:
    """`!vote V12`, `!vote V12 2`, `!vote V12 me`, `!vote V12 for …`."""
    row = await tables.of_number(request.session, number) if number < HIGHEST else None
    if row is None or row.state == State.DRAFT or not await _known_to(request, row):
        raise no_such(sentences.handle(number))
    if words.casefold() in _ME:
        await showing.prove(request, row)
        return
    if entered := _FOR.fullmatch(words):
        await entering.entered(request, row, entered[1])
        return
    member = request.member
    if member is None:
        raise Refusal(text("Only members can vote."))
    sent = request.arrival
    assert isinstance(sent, Happened)  # noqa: S101 - a command is written, or an answer to a question about it
    if (why := await _barred(request, row, member, sent)) is not None:
        await request.whisper(why)
        return
    if row.confidential or not words:
        if row.confidential and words:
            await request.whisper(
                text("What stands in a command is not counted in a confidential vote. Here is your ballot:")
            )
        await hand_out(request, row, request.account)
        return
    made = plan_of(row.options, row.rules)
    await record(request, row, sent, member, read_ballot(made, words), Means.COMMAND)
    await request.mark(TAKEN)


async def _known_to(request: Request, row: VoteRow) -> bool:
    """Whether the person may see a vote, or is where it was announced, and is told why they cannot vote in it."""
    if isinstance(request.place, BranchRoom) and await seeing.is_held_in(request, row, request.place.branch_id):
        return True
    return await seeing.sees(request, row)


async def hand_out(occasion: Occasion, row: VoteRow, account: str) -> None:
    """Put the ballot into the direct conversation."""
    made = worded(plan_of(row.options, row.rules), await occasion.voice_for(Direct(account)))
    lines = sentences.ballot(row.number or 0, row.question, made, example(made), confidential=row.confidential)
    letter = await _say(occasion, account, *lines, *await _carried(occasion, row, account))
    tables.note_letter(occasion.session, row.id, BALLOT, letter, occasion.now)


def may_be_one(message: Message) -> bool:
    """A look: whether a message may be a ballot. It is a reply to a letter of ours, or written directly."""
    if not looks_like_one(message.text):
        return False
    return isinstance(message.place, Direct) or (message.reply_to is not None and message.reply_to.letter is not None)


async def written(occasion: Occasion, message: Message) -> bool:
    """A message that may be a ballot; whether it was taken for one."""
    row = await _answered(occasion, message)
    member = None if row is None else await of_account(occasion.session, message.account)
    if row is None or member is None:
        return False
    direct = isinstance(message.place, Direct)
    made = plan_of(row.options, row.rules)
    if message.reply_to is None and _begins_a_command(occasion, message.text, made):
        return False
    split: Sequence[str] = ()
    parted = row.units and direct and units.looks_split(message.text)
    try:
        if parted:
            own, given = await confidential.units(occasion.session, row, member.id, occasion.now)
            split = units.read_split(made, message.text, own + given)
        kept = split[0] if split else read_ballot(made, message.text)
    except BadValue as bad:
        if not direct or (message.reply_to is None and not parted):
            return False
        await _say(occasion, message.account, bad.text)
        return True
    if (why := await _barred(occasion, row, member, message)) is not None:
        await _say(occasion, message.account, why)
        return True
    if not row.confidential:
        await record(occasion, row, message, member, kept, Means.REPLY)
        await occasion.put(Letter(to=message.place, content=Mark(TAKEN, event=message.id)))
    elif direct:
        await _say(occasion, message.account, await _into_the_box(occasion, row, message, member, split or [kept]))
    else:
        await _say(
            occasion,
            message.account,
            text("This vote is confidential: what you wrote in the room is not counted. Here is your ballot:"),
        )
        await hand_out(occasion, row, message.account)
    return True


async def tapped(occasion: Occasion, reaction: Reaction) -> None:
    """A mark such as 2️⃣ beside a vote: a ballot where the room is not encrypted, since marks are sent in clear."""
    letter = reaction.to.letter
    row = None if letter is None else await tables.of_letter(occasion.session, letter)
    if row is None or not isinstance(reaction.place, BranchRoom):
        return
    kept = marked_ballot(plan_of(row.options, row.rules), reaction.key)
    member = None if kept is None else await voter(occasion, reaction.account)
    if kept is None or member is None:
        return
    kind = occasion.rooms.get(reaction.place.key)
    if row.confidential or kind is None or kind.encrypted:
        if await notes.first(occasion.session, f"vote mark {row.id} {reaction.account}", occasion.now):
            said = text("A mark is not counted in {number}: it is not encrypted.", number=sentences.handle(row.number))
            await _say(occasion, reaction.account, said)
            await hand_out(occasion, row, reaction.account)
        return
    if (why := await _barred(occasion, row, member, reaction)) is not None:
        await _say(occasion, reaction.account, why)
        return
    await record(occasion, row, reaction, member, kept, Means.REACTION)


async def voter(occasion: Occasion, account: str) -> MemberRow | None:
    """Whose account this is; one that was only claimed has spoken by voting."""
    if await who.is_claimed(occasion.session, account):
        await who.person(occasion.session, occasion.policy, account, spoke_at=occasion.now)
    return await of_account(occasion.session, account)


async def record(
    occasion: Occasion, row: VoteRow, arrival: Happened, member: MemberRow, kept: str | None, means: Means,
    *, spoiled: bool = False,
) -> None:  # fmt: skip
    """Keep what a member chose in an open vote."""
    cast = Cast(
        id=arrival.id, member_id=member.id, means=means, choice=kept, sent_at=arrival.at,
        received_at=arrival.received(occasion.now), account=arrival.account, spoiled=spoiled,
    )  # fmt: skip
    await casting.record(occasion.session, row, [cast])
    await overview.changed(occasion, row)


async def _carried(occasion: Occasion, row: VoteRow, account: str) -> Sequence[Text]:
    """What is said to whoever casts several ballots."""
    member = await of_account(occasion.session, account) if row.units else None
    if member is None:
        return ()
    own, given = await confidential.units(occasion.session, row, member.id, occasion.now)
    return units.said(plan_of(row.options, row.rules), own, given)


async def _into_the_box(
    occasion: Occasion, row: VoteRow, message: Message, member: MemberRow, kept: Sequence[str]
) -> Text:
    """Put a ballot in; returns what is said, which is the same whatever was chosen."""
    given = settings_of(occasion)
    if given.box is None:
        return text("Confidential votes are not set up here. Those who run me can do that.")
    made = plan_of(row.options, row.rules)
    try:
        await confidential.cast(
            occasion.session, given.box, row, member.id, [ballot.ljust(made.width) for ballot in kept],
            sent_at=message.at, received_at=message.received(occasion.now), grace=given.policy.patience,
        )  # fmt: skip
    except VoteRefused as refused:
        return refused.text
    except BoxLost:
        return text("The ballots of {number} are lost. It has to be held anew.", number=sentences.handle(row.number))
    number = sentences.handle(row.number)
    if row.change:
        return text("Your ballot for {number} is in. Until the close you can answer again to change it.", number=number)
    return text("Your ballot for {number} is in.", number=number)


async def _barred(occasion: Occasion, row: VoteRow, member: MemberRow, sent: Happened) -> Text | None:
    """Why a member cannot vote by what they sent, to themselves."""
    grace = settings_of(occasion).policy.patience
    if row.state != State.OPEN or not in_time(sent.at, sent.received(occasion.now), row.closes_at, grace):
        return text("{number} is closed.", number=sentences.handle(row.number))
    return await roll.why_not(occasion.session, row, member)


def _begins_a_command(occasion: Occasion, words: str, made: Plan) -> bool:
    """Whether the first word is that of a command: `aide` is no ranking of the options a, i, d and e."""
    folded = fold(words)
    if folded in map(fold, made.options):
        return False
    names = (name for command in occasion.kit.commands for _, name in command.names())
    return folded.split()[0] in {fold(name).split()[0] for name in names}


async def _answered(occasion: Occasion, message: Message) -> VoteRow | None:
    """The vote that a message answers: the one it replies to, or directly the latest ballot that is still open."""
    if message.reply_to is not None:
        letter = message.reply_to.letter
        return None if letter is None else await tables.of_letter(occasion.session, letter)
    query = (
        select(VoteRow, VoteLetterRow.at)
        .join(VoteLetterRow, VoteLetterRow.vote_id == VoteRow.id)
        .join(LetterRow, LetterRow.id == VoteLetterRow.letter)
        .where(VoteRow.state == State.OPEN, VoteLetterRow.purpose == BALLOT)
        .where(LetterRow.place == address(Direct(message.account)))
        .order_by(VoteLetterRow.at.desc(), VoteLetterRow.letter.desc())
    )
    found = (await occasion.session.execute(query.limit(1))).first()
    return found[0] if found is not None and message.follows(found[1]) else None


async def _say(occasion: Occasion, account: str, *lines: Line) -> str:
    """Write to somebody directly; nothing of it is kept once it has arrived."""
    to = Direct(account)
    return await occasion.put(Letter(to=to, content=compose(lines, await occasion.voice_for(to)), forget=True))
