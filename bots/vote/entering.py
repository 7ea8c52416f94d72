"""`!vote V12 for "Jeanne Martin" 2 witness @paul`: the ballot of a member without Matrix, entered before a witness."""

from __future__ import annotations

import re
from typing import Final

from bots.kit import people
from bots.kit.people import Asker
from bots.kit.problems import Ambiguous
from bots.kit.request import Refusal, Request
from bots.kit.wording import Strong
from bots.vote import casting, overview
from bots.vote.choices import read_ballot, said
from bots.vote.errors import VoteRefused
from bots.vote.finding import allowed
from bots.vote.plan import plan_of
from bots.vote.sentences import handle, worded
from bots.vote.tables import VoteRow
from ground.texts import text
from party.members import MemberRow

_FORM: Final = re.compile(
    r'(?:"([^"\n]+)"|“([^”\n]+)”|«\s*([^»\n]+?)\s*»|(\S+))\s+(.+?)\s+(?:--)?(?:witness|témoin|temoin)\s*[:=]?\s+(.+)',
    re.S | re.I,
)


async def entered(request: Request, row: VoteRow, words: str) -> None:
    """Enter a ballot for somebody."""
    await allowed(request, "vote.enter", row.branch_id)
    match = _FORM.fullmatch(words.strip())
    if match is None:
        line = text("vote {number} for “Jeanne Martin” 2 witness @paul:example.org", number=handle(row.number))
        raise Refusal(text("Say for whom, which choice, and who is the witness."), example=request.say(line))
    if request.member is None:
        raise Refusal(text("Only members can enter ballots for others."))
    name = next(part for part in match.groups()[:4] if part)
    member = await _person(request, name)
    witness = await _person(request, match[6].strip().strip('"“”«» '))
    plan = worded(plan_of(row.options, row.rules), request.voice)
    kept = read_ballot(plan, match[5])
    try:
        await casting.enter(request.session, row, member, kept, by=request.member, witness=witness, at=request.now)
    except VoteRefused as refused:
        raise Refusal(refused.text) from None
    await overview.changed(request, row)
    await request.reply(
        text(
            "{number} · entered for {name}: {choice}. Witness: {witness}.",
            number=Strong(handle(row.number)), name=member.name, choice=said(plan, kept), witness=witness.name,
        )
    )  # fmt: skip


async def _person(request: Request, written: str) -> MemberRow:
    asker = Asker(
        session=request.session,
        policy=request.policy,
        actor=request.actor,
        member=request.member,
        tree=await request.tree(),
        now=request.now,
    )
    try:
        return await people.read(written, "member", asker)
    except Ambiguous:
        raise Refusal(
            text("Several people are called “{name}”. Write the number of the one you mean.", name=written)
        ) from None
