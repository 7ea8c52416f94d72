"""`!member invite` and `!member revoke`: codes, said to the officer alone."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Final

from bots.entrance import letter
from bots.kit.command import Argument, Command, Option
from bots.kit.request import Request
from bots.kit.wording import Day, Gap, Line, Strong
from bridge import files
from bridge.letters import Letter, Picture
from bridge.places import Direct
from ground.texts import text
from party import members
from party.invitations import LASTS, new_code, until_end_of_day
from party.members import MemberRow
from party.operations.invitations import Invite, RevokeInvitation

_WHO: Final = Argument(what=text("the member"), example={"en": "Jeanne Dupont", "fr": "Jeanne Dupont"})


async def invite(
    request: Request,
    member: Annotated[MemberRow, _WHO],
    *,
    days: Annotated[
        int, Option(names={"en": ("days",), "fr": ("jours",)}, what=text("for how many days"), example={"en": "30"})
    ] = LASTS.days,
) -> None:
    """Make a code; the letter that carries it is in the member's language."""
    branch = (await request.tree())[member.branch_id]
    zone = request.policy.zone(branch.timezone)
    lasts = until_end_of_day(request.now, days, zone)
    code = new_code()
    await request.change(Invite(member.id, code, lasts))
    bot = request.surroundings.account
    link = letter.link_to(bot)
    last_day = (request.now + lasts - timedelta(seconds=1)).astimezone(zone).date()
    voice = request.surroundings.voice(member.language or branch.language, branch.timezone)
    sentences = letter.lines(name=member.name, branch=branch.name, bot=bot, link=link, code=code, until=Day(last_day))
    lines: list[Line] = [
        text(
            "This is for {name} alone. Paste it into an e-mail, or print it with the picture:", name=Strong(member.name)
        ),
        Gap(),
        *map(voice.say, sentences),
    ]
    if await members.accounts(request.session, member.id):
        lines += [Gap(), text("{name} has an account here already. This code adds another one.", name=member.name)]
    await request.reply(*lines)
    data, size = letter.picture(link)
    file = await files.put(request.session, data, "invitation.png", "image/png")
    alt = request.say(text("A QR picture of the link; the code is not in it."))
    await request.put(
        Letter(to=Direct(request.account), content=Picture(file, "invitation.png", "image/png", size, size, alt))
    )


async def revoke(request: Request, member: Annotated[MemberRow, _WHO]) -> None:
    """Take back an open code."""
    (done,) = await request.change(RevokeInvitation(member.id))
    if done.changed:
        await request.reply(text("The code of {name} is good for nothing any more.", name=Strong(member.name)))
    else:
        await request.reply(text("{name} has no open code.", name=Strong(member.name)))


COMMANDS: Final = (
    Command(
        name="member invite",
        run=invite,
        summary=text("Make a code by which a member gets in."),
        aliases={"fr": ("membre inviter",)},
        examples={"en": "member invite Jeanne Dupont", "fr": "membre inviter Jeanne Dupont"},
        right="member.account",
        private=True,
        details=text(
            "The letter with the code comes to you alone. A code that was made before is good for nothing then."
        ),
    ),
    Command(
        name="member revoke",
        run=revoke,
        summary=text("Take back a code that was lost or stolen."),
        aliases={"fr": ("membre révoquer",)},
        examples={"en": "member revoke Jeanne Dupont", "fr": "membre révoquer Jeanne Dupont"},
        right="member.account",
        private=True,
    ),
)
