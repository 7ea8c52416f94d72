"""Invitations: make a code and say the letter that carries it; take a code back."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncSession

from bots.entrance import letter
from bots.kit.dates import say_day
from ground.texts import Translator
from kunveno.app import App
from kunveno.cli import output
from kunveno.cli.register.common import change
from party import branches, members
from party.invitations import new_code, until_end_of_day
from party.operation import Operation
from party.operations.invitations import Invite, RevokeInvitation


async def invite(
    app: App, number: str, *, days: int, qr: Path | None, language: str | None, translators: dict[str, Translator]
) -> None:
    """Make a code, and print the letter in `language`, else in the member's, their branch's or the organisation's."""
    policy, now, code = app.config.party(), app.clock.now(), new_code()
    bot = app.config.homeserver.user_id
    link = letter.link_to(bot)
    if qr is not None:
        _draw(qr, link)

    async def work(session: AsyncSession) -> list[str]:
        member = await members.by_number(session, number)
        branch = await branches.by_id(session, member.branch_id)
        zone = policy.zone(branch.timezone)
        lasts = until_end_of_day(now, days, zone)
        await app.change(session, Invite(member.id, code, lasts))
        wanted = language or member.language or branch.language or policy.language
        translator = translators.get(wanted) or translators["en"]
        last_day = (now + lasts - timedelta(seconds=1)).astimezone(zone).date()
        said = letter.lines(
            name=member.name,
            branch=branch.name,
            bot=bot,
            link=link,
            code=code,
            until=say_day(last_day, language=translator.language),
        )
        return [translator.say(line) for line in said]

    for line in await app.database.write(work):
        output.say(line)
    if output.console().is_terminal:
        output.say()
        output.say(letter.blocks(link))
    if qr is not None:
        output.note(f"{qr}: the link as a picture; the code is not in it.")


async def revoke(app: App, number: str) -> None:
    """Take back the open code of a member."""

    async def make(session: AsyncSession) -> Operation:
        return RevokeInvitation((await members.by_number(session, number)).id)

    await change(app, make, f"The code of member {number} is good for nothing any more.")


def _draw(to: Path, link: str) -> None:
    to.write_bytes(letter.drawing(link) if to.suffix.lower() == ".svg" else letter.picture(link)[0])
