"""The welcome: once, in the direct conversation, to whoever comes into their first room or opens that conversation."""

from __future__ import annotations

from typing import Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bots.help import rules, sentences, tables
from bots.help.languages import name_in
from bots.help.smalltalk import talk_in
from bots.help.tables import WelcomeRow
from bots.kit.request import Occasion, Request
from bots.kit.wording import Typed
from bridge.letters import Joined, Message
from bridge.places import BranchRoom, Direct
from ground import due
from ground.due import Due
from ground.texts import text
from party.branches import BranchRow
from party.members import AccountRow, MemberRow, Status

WELCOME: Final = "help.welcome"
"""Falls due when somebody is to be welcomed."""


async def joined(occasion: Occasion, arrival: Joined) -> None:
    """Somebody came into a room, or into the direct conversation, which the bot itself enters last if they made it."""
    match arrival.place:
        case Direct(account) if arrival.account in {account, occasion.surroundings.account}:
            await _welcome_in(occasion, account)
        case BranchRoom() if arrival.account != occasion.surroundings.account:
            await _welcome_later(occasion, arrival.account)


def is_direct(message: Message) -> bool:
    """Whether somebody writes in their direct conversation."""
    return message.place == Direct(message.account)


async def written(occasion: Occasion, arrival: Message) -> None:
    """A member whose coming was not seen writes directly, or somebody has just become one."""
    await _welcome_in(occasion, arrival.account)


async def strangers(request: Request) -> bool:
    """Somebody who is no member writes for the first time."""
    if await tables.plan(request.session, f"stranger:{request.account}", request.account, request.now) is None:
        return False
    await request.reply(*sentences.to_stranger(request.say(text("join CODE"))))
    return True


async def small_talk(request: Request, words: str) -> bool:
    """A member writes what is no command: at first the welcome is answer enough, and thanks want none."""
    if await _welcome_in(request, request.account):
        return True
    talk = talk_in(words)
    if talk == "greeting":
        help_ = next(command for command in request.kit.commands if command.name == "help")
        shown = Typed(help_.shown(request.voice.language))
        await request.reply(text("Hello! {help} shows what you can ask me.", help=shown))
    return talk is not None


async def welcome(occasion: Occasion, item: Due) -> None:
    """The time has come for somebody who came into a room."""
    row = await occasion.session.get(WelcomeRow, item.subject_id)
    member = None if row is None else await _member(occasion.session, row.account)
    if row is not None and member is not None:
        await _say(occasion, row.account, member)


async def _welcome_later(occasion: Occasion, account: str) -> None:
    member = await _member(occasion.session, account)
    if member is None:
        return
    at = rules.welcome_at(occasion.now, await tables.last_planned(occasion.session))
    row = await tables.plan(occasion.session, f"member:{member.id}", account, at)
    if row is not None:
        await due.schedule(occasion.session, WELCOME, row.id, at)


async def _welcome_in(occasion: Occasion, account: str) -> bool:
    """Welcome somebody in their direct conversation, which is open; whether that was not done before."""
    member = await _member(occasion.session, account)
    if member is None and account not in occasion.policy.administrators:
        return False
    who = f"administrator:{account}" if member is None else f"member:{member.id}"
    if await tables.plan(occasion.session, who, account, occasion.now) is None:
        return False
    await _say(occasion, account, member)
    return True


async def _say(occasion: Occasion, account: str, member: MemberRow | None) -> None:
    branch = None if member is None else await occasion.session.get(BranchRow, member.branch_id)
    name, home = None if member is None else member.name, None if branch is None else branch.name
    voice = await occasion.voice_for(Direct(account))
    commands = {command.name: command.shown(voice.language) for command in occasion.kit.commands}
    other = next((code for code in sorted(occasion.surroundings.translators) if code != voice.language), None)
    offer = None if other is None else (voice.say(text("language {code}", code=other)), name_in(other, voice.language))
    await occasion.send(Direct(account), *sentences.to_member(name, home, commands, offer))


async def _member(session: AsyncSession, account: str) -> MemberRow | None:
    """The member for whom an account stands; it may have been named for them without having spoken yet."""
    query = select(MemberRow).join(AccountRow, AccountRow.member_id == MemberRow.id)
    return await session.scalar(query.where(AccountRow.user_id == account, MemberRow.status == Status.MEMBER))
