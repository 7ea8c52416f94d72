"""`!member find` and `!member show`: answered where only officers read, else privately."""

from __future__ import annotations

from typing import Annotated, Final

from bots.branches import card, facts
from bots.branches.carrying import officers_only
from bots.branches.naming import first_day, holders, last_day
from bots.kit.command import Argument, Command
from bots.kit.request import Refusal, Request
from bots.kit.wording import Line
from bridge.places import BranchRoom
from ground.texts import text
from party import members
from party.members import MemberRow, Status
from party.permissions import reached

SEE: Final = "member.see"


async def find(
    request: Request,
    wanted: Annotated[str, Argument(what=text("a name"), example={"en": "Dupont", "fr": "Dupont"}, rest=True)],
) -> None:
    """Members whom one may see, by a part of their name, their number, an account or an e-mail address."""
    tree = await request.tree()
    visible = await reached(request.session, request.policy, request.actor, SEE, tree, request.now)
    rows = await facts.search(request.session, wanted, visible)
    if not rows:
        await _say(request, [text("I find nobody by “{wanted}”.", wanted=wanted)], frozenset())
        return
    reached_by = await facts.with_account(request.session, [row.id for row in rows[: card.MOST + 1]])
    found = [
        card.Found(row.name, row.number, tree[row.branch_id].name, Status(row.status), row.id in reached_by)
        for row in rows
    ]
    await _say(request, card.found(found), frozenset(row.branch_id for row in rows))


async def show(
    request: Request,
    who: Annotated[
        MemberRow, Argument(what=text("the member"), example={"en": "Jeanne Dupont", "fr": "Jeanne Dupont"})
    ],
) -> None:
    """What the register knows of a member."""
    await must_see(request, who)
    await _say(request, card.full(await _card(request, who)), frozenset({who.branch_id}))


async def must_see(request: Request, who: MemberRow) -> None:
    """Raises Refusal, as if there were nobody, for a member whose entry the person may not see."""
    itself = request.member is not None and request.member.id == who.id
    if not itself and not await request.may(SEE, who.branch_id):
        raise Refusal(text("I know nobody called '{written}'.", written=who.name))


async def _card(request: Request, who: MemberRow) -> card.Card:
    session, tree = request.session, await request.tree()
    offices = await facts.offices_of(session, tree, who.id, request.now)
    language = request.voice.language
    past = [stay for stay in await members.memberships(session, who.id) if stay.until is not None]
    zones = {stay.branch_id: request.policy.zone(tree[stay.branch_id].timezone) for stay in past}
    return card.Card(
        who=card.Found(who.name, who.number, tree[who.branch_id].name, Status(who.status)),
        email=who.email,
        joined_on=who.joined_on,
        left_on=who.left_on,
        accounts=[(row.user_id, row.confirmed_at is not None) for row in await members.accounts(session, who.id)],
        offices=holders(offices, request.surroundings, language, request.now, several=True),
        stays=[
            card.Stay(
                tree[stay.branch_id].name,
                first_day(stay.since, zones[stay.branch_id]),
                last_day(stay.until, zones[stay.branch_id]),
            )
            for stay in past
            if stay.until is not None
        ],
    )


async def _say(request: Request, lines: list[Line], about: frozenset[str]) -> None:
    """Answer here if only officers of that branch, or of one above it, read it; else privately, and say so here."""
    if officers_only(request) and await _theirs(request, about):
        await request.reply(*lines)
        return
    await request.whisper(*lines)
    await request.reply(text("I have answered you privately."))


async def _theirs(request: Request, about: frozenset[str]) -> bool:
    """Whether these branches are the room's own or below it, so that its officers may be supposed to read it."""
    if not isinstance(request.place, BranchRoom):
        return True
    tree = await request.tree()
    own = request.place.branch_id
    return about <= {own, *(below.id for below in tree.below(own))}


COMMANDS = (
    Command(
        name="member find",
        run=find,
        summary=text("Find members; answered privately where others read."),
        aliases={"fr": ("membre chercher", "membre trouver")},
        examples={"en": "member find Dupont", "fr": "membre chercher Dupont"},
        right=SEE,
    ),
    Command(
        name="member show",
        run=show,
        summary=text("Everything about a member; answered privately where others read."),
        aliases={"fr": ("membre voir", "membre fiche")},
        examples={"en": "member show Jeanne Dupont", "fr": "membre voir Jeanne Dupont"},
        right=SEE,
    ),
)
