"""`!accounts` and `!account drop`: the accounts that stand for a person."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Final

from bots.kit.command import Argument, Command
from bots.kit.request import Refusal, Request
from bots.kit.wording import Code, Items, Line, Typed, When
from bridge.letters import Message
from bridge.places import Direct
from ground.texts import Text, text
from party import members
from party.members import AccountRow, MemberRow
from party.operations.invitations import DropAccount
from party.operations.members import ReleaseAccount
from party.policy import ACCOUNT


async def accounts(request: Request) -> None:
    """My own, with the one that I am writing from."""
    if request.member is None:
        raise Refusal(text("This account is nobody's in the register. With a code you come in:"), example="join …")
    rows = await members.accounts(request.session, request.member.id)
    lines: list[Line] = [text("Your accounts:"), Items(tuple(_shown(row, request.account) for row in rows))]
    if len(rows) > 1:
        other = next(row.user_id for row in rows if row.user_id != request.account)
        lines.append(text("{command} lets go of one.", command=dropping(other)))
    await request.reply(*lines)


def dropping(account: str) -> Typed:
    """The command by which an account is let go of."""
    return Typed(text("account drop {account}", account=account))


def _shown(row: AccountRow, speaking: str) -> Text:
    if row.user_id == speaking:
        return text("{account}: you are writing from it", account=Code(row.user_id))
    if row.confirmed_at is None:
        return text("{account}: named for you, but it has never written to me", account=Code(row.user_id))
    return text("{account}: yours since {day}", account=Code(row.user_id), day=When(row.confirmed_at, all_day=True))


async def drop(
    request: Request,
    account: Annotated[
        str,
        Argument(
            what=text("the account"),
            example={"en": "@old:example.org", "fr": "@ancien:example.org"},
            missing=text("Which account? Write it as it stands in the list of your accounts."),
        ),
    ],
) -> None:
    """Let go of an account of one's own, or, with the right to name accounts, of somebody else's."""
    own = [] if request.member is None else await members.accounts(request.session, request.member.id)
    wanted = _meant(request, account, [row.user_id for row in own])
    row = await request.session.get(AccountRow, wanted)
    holder = None if row is None else await request.session.get(MemberRow, row.member_id)
    mine = holder is not None and request.member is not None and holder.id == request.member.id
    if holder is not None and not mine and await request.may("member.account", holder.branch_id):
        await request.change(ReleaseAccount(holder.id, wanted))
        said = text("{account} is no account of {name} any more.", account=Code(wanted), name=holder.name)
    else:
        await request.change(DropAccount(wanted))
        said = text("{account} is no account of yours any more.", account=Code(wanted))
    await request.reply(said, text("It is taken out of the rooms. To come back with it, one needs a new code."))
    await request.send(
        Direct(wanted),
        text("This account stands for nobody in the register any more, and is taken out of the rooms."),
        text("If that is a mistake, please tell the secretary of your branch."),
    )


def _meant(request: Request, written: str, own: Sequence[str]) -> str:
    """The account that is meant: written whole, mentioned, or by the beginning of one's own."""
    if ACCOUNT.fullmatch(written):
        return written
    mentioned = request.arrival.mentions if isinstance(request.arrival, Message) else ()
    called = [account for account in mentioned if account != request.surroundings.account]
    if len(called) == 1:
        return called[0]
    fitting = [account for account in own if account.startswith(f"@{written.removeprefix('@')}:")]
    return fitting[0] if len(fitting) == 1 else written


COMMANDS: Final = (
    Command(
        name="accounts",
        run=accounts,
        summary=text("Show your Matrix accounts."),
        aliases={"fr": ("comptes",)},
        examples={"en": "accounts", "fr": "comptes"},
        private=True,
    ),
    Command(
        name="account drop",
        run=drop,
        summary=text("Let go of an account that you do not use any more."),
        aliases={"fr": ("compte retirer",)},
        examples={"en": "account drop @old:example.org", "fr": "compte retirer @ancien:example.org"},
        private=True,
        details=text("Write it from the account that you keep."),
    ),
)
