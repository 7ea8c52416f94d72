"""`!join CODE`: the account of a member finds its entry in the register."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Final

from pydantic import JsonValue

from bots.attention.offers import tell_officers
from bots.entrance import patience
from bots.entrance.accounts import dropping
from bots.kit import notes
from bots.kit.command import Argument, Command, Where
from bots.kit.request import Occasion, Request
from bots.kit.wording import Code, Line, Strong, Typed, When
from bridge.letters import Message
from bridge.places import Direct
from ground.texts import counted, text
from party import invitations, members
from party.invitations import CodeRefused, InvitationRow, Why, codes_in
from party.members import MemberRow, Status
from party.operation import Done
from party.operations.invitations import GiveUpCode, Join

JOINED: Final = "entrance.joined"
_HELP: Final = Typed(text("help"))
_GROUPS: Final = re.compile(r"\w{4}\s?[-\u2010-\u2015\u2212]\s?\w{4}\s?[-\u2010-\u2015\u2212]\s?\w{4}")
"""What words are not likely to look like, other than a code."""


async def join(
    request: Request,
    code: Annotated[
        str,
        Argument(
            what=text("the code of your letter"),
            example={"en": "7K3M-Q9TX-2BWD"},
            rest=True,
            missing=text("The code is missing. It is in the letter that you were sent."),
        ),
    ],
) -> None:
    """The account becomes the member's whose code this is."""
    if not isinstance(request.place, Direct):
        await _in_public(request, code)
        return
    until = await patience.has_to_wait(request.session, request.account, request.now)
    if until is not None:
        await request.reply(
            text("There were too many wrong codes from your account. Please try again after {time}.", time=When(until))
        )
        return
    before = [row.user_id for row in await _accounts_of(request, code)]
    try:
        done = await request.change(Join(code, request.account))
    except CodeRefused as refusal:
        await _refuse(request, refusal, code)
        return
    member = await members.by_id(request.session, done[-1].subject_id)
    request.voice = await request.voice_for(request.place)  # from now on the register knows the person's language
    await request.reply(*await _welcome(request, member, before, done))
    if member.status == Status.MEMBER:
        await request.after_applied(JOINED, {"branch": member.branch_id})


async def _accounts_of(request: Request, code: str) -> list[members.AccountRow]:
    """The accounts that the member of a code has already."""
    row = await invitations.by_code(request.session, code)
    return [] if row is None else list(await members.accounts(request.session, row.member_id))


async def _welcome(request: Request, member: MemberRow, before: list[str], done: Sequence[Done]) -> list[Line]:
    branch = (await request.tree())[member.branch_id]
    lines: list[Line] = [
        text("Welcome, {name}! You are in the register, in {branch}.", name=Strong(member.name), branch=branch.name)
    ]
    others = [account for account in before if account != request.account]
    if request.account in before:
        lines.append(text("This account was yours already."))
    elif others:
        lines.append(
            counted(
                "You have one more account here: {others}. Both are yours; {drop} lets go of one.",
                "You have {count} more accounts here: {others}. All are yours; {drop} lets go of one.",
                len(others),
                others=[Code(account) for account in others],
                drop=dropping(others[0]),
            )
        )
    match member.status:
        case Status.SUSPENDED:
            lines.append(text("Your membership is suspended at present, so some rooms may stay closed to you."))
        case Status.APPLICANT:
            lines.append(
                text("Your application is not decided yet. Once you are a member, you are invited to your rooms.")
            )
        case _:
            lines.append(
                text(
                    "Next, you are invited to the rooms of {branch}. I say so here once it is done.", branch=branch.name
                )
            )
    lines.append(text("{help} shows what you can ask me.", help=_HELP))
    return lines


async def joined(request: Request, data: Mapping[str, JsonValue], failed: frozenset[str]) -> None:
    """The invitations are on their way, or some are not."""
    tree = await request.tree()
    branch_id = str(data["branch"])
    if branch_id not in tree:
        return
    request.voice = await request.voice_for(request.place)
    if failed & {branch.id for branch in tree.path(branch_id)}:
        await request.reply(text("Not all of your rooms can be opened to you yet. I keep trying."))
        return
    await request.reply(
        text(
            "The rooms of {branch} are open to you. Please accept the invitations that your app shows.",
            branch=tree[branch_id].name,
        )
    )


async def _refuse(request: Request, refusal: CodeRefused, code: str) -> None:
    await request.reply(refusal.text)
    if refusal.why is Why.UNKNOWN:
        await patience.wrong(request.session, request.account, request.now)
    if refusal.why in {Why.USED, Why.ACCOUNT_TAKEN} and refusal.member_id is not None:
        said = f"entrance.{refusal.why}:{refusal.member_id}:{request.account}"
        if await notes.first(request.session, said, request.now):
            member = await members.by_id(request.session, refusal.member_id)
            invitation = await invitations.by_code(request.session, code)
            await tell_officers(request, member, *_alarm(request, refusal.why, member, invitation))


def _alarm(request: Request, why: Why, member: MemberRow, invitation: InvitationRow | None) -> list[Line]:
    """What the secretary is told."""
    if why is Why.ACCOUNT_TAKEN or invitation is None or invitation.used_by is None:
        return [
            text(
                "{account} has shown the code of {name}, but is the account of another member. I have changed nothing.",
                account=Code(request.account),
                name=Strong(member.name),
            )
        ]
    return [
        text(
            "The code of {name} was used by {first}, and now {second} has tried it too. I have not let the second in.",
            name=Strong(member.name),
            first=Code(invitation.used_by),
            second=Code(request.account),
        ),
        text(
            "If the first is not {name}: {command}, and then send a new code.",
            name=member.name,
            command=dropping(invitation.used_by),
        ),
    ]


async def _in_public(request: Request, code: str) -> None:
    """A code was shown to everybody: it is good for nothing from now on."""
    row = await invitations.by_code(request.session, code)
    await request.change(GiveUpCode(code))
    if row is None:
        await request.reply(text("Please send me the code here, where nobody else reads it, not in a room."))
    elif row.revoked_at != request.now or not await notes.first(request.session, _noticed(row), request.now):
        return
    else:
        await request.reply(*_WORTHLESS)


def line_for_code(written: str) -> str | None:
    """The whole line, where somebody sends a code without the word before it."""
    codes = codes_in(written)
    shown = _GROUPS.search(written) is not None or written.strip().isupper()
    return f"join {codes[0]}" if shown and len(codes) == 1 else None


def holds_codes(message: Message) -> bool:
    """Whether somebody writes in a room what may be a code."""
    return not isinstance(message.place, Direct) and bool(codes_in(message.text))


async def on_codes(occasion: Occasion, arrival: Message) -> None:
    """A code that was written in a room, however it stands there, is good for nothing from now on."""
    for code in codes_in(arrival.text):
        row = await invitations.by_code(occasion.session, code)
        if row is None or not await occasion.change(GiveUpCode(code)):
            continue
        if await notes.first(occasion.session, _noticed(row), occasion.now):
            await occasion.send(Direct(arrival.account), *_WORTHLESS)


def _noticed(row: InvitationRow) -> str:
    return f"entrance.shown:{row.digest}"


_WORTHLESS: Final[tuple[Line, ...]] = (
    text(
        "You have written a code where others can read it. So that nobody takes your place, it is good for nothing now."
    ),
    text("Please remove the message, and ask whoever sent the code for a new one. Send that one to me here."),
)

COMMANDS: Final = (
    Command(
        name="join",
        run=join,
        summary=text("Come in with the code that you were sent."),
        aliases={"fr": ("rejoindre", "entrer")},
        examples={"en": "join 7K3M-Q9TX-2BWD", "fr": "rejoindre 7K3M-Q9TX-2BWD"},
        listed=frozenset({Where.DIRECT}),
        strangers=True,
        private=True,
        meant_by=line_for_code,
        details=text("Send it to me directly, never in a room. Capital letters and dashes do not matter."),
    ),
)
