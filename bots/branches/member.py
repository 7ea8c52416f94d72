"""`!member add`, `move`, `suspend`, `reinstate`, `remove`, and their undoing."""

from __future__ import annotations

from typing import Annotated, Final

from bots.branches import facts, warning
from bots.branches.carrying import agreed, answer, ask, changed_since, here, need, officers_only, rehearsed, still
from bots.branches.naming import spaced
from bots.branches.people import must_see
from bots.kit.bot import Data
from bots.kit.command import Argument, Command, Option
from bots.kit.request import Refusal, Request
from bots.kit.tokens import quoted
from bots.kit.wording import Line, Typed
from ground.texts import Text, text
from party import members
from party.branches import Branch
from party.members import MemberRow, Status
from party.operations.members import AddMember, NameAccount, ReleaseAccount, SetStatus, TransferMember

STATUS: Final = "member.status"
_ACCOUNT: Final = {"en": "@jeanne:example.org"}
_NAME: Final = {"en": "Jeanne Dupont", "fr": "Jeanne Dupont"}
Who = Annotated[MemberRow, Argument(what=text("the member"), example=_NAME)]
NewName = Annotated[str, Argument(what=text("the name"), example=_NAME, rest=True)]
Email = Annotated[
    str | None,
    Option(
        names={"en": ("email",), "fr": ("courriel", "email", "mail")},
        what=text("the e-mail address"),
        example={"en": "jeanne@example.org"},
    ),
]
Account = Annotated[
    str | None,
    Option(names={"en": ("account",), "fr": ("compte",)}, what=text("the Matrix account"), example=_ACCOUNT),
]
Number = Annotated[
    str | None,
    Option(names={"en": ("number",), "fr": ("numéro",)}, what=text("the member number"), example={"en": "M0042"}),
]
To = Annotated[Branch, Argument(what=text("the new branch"), example={"en": "lyon", "fr": "lyon"})]


async def add(
    request: Request, name: NewName, *, email: Email = None, account: Account = None, number: Number = None
) -> None:
    """A new member of the branch, with the account they have."""
    branch, name = here(request), spaced(name)
    (done,) = await request.change(AddMember(name, branch.id, number, email))
    if account is not None:
        await request.change(NameAccount(done.subject_id, account))
    await request.undoable("branches.added", {"member": done.subject_id, "account": account})
    row = await members.by_id(request.session, done.subject_id)
    among_officers = officers_only(request)
    values = {"name": name, "branch": branch.name} | ({"number": row.number} if among_officers else {})
    also: list[Line] = []
    if account is None:
        whom = row.number if among_officers else quoted(name)
        invite = Typed(text("member invite {name}", name=whom))
        also.append(text("To send an invitation: {command}", command=invite))
    await answer(request, "added", values, [branch.id], follows=account is not None, also=also)
    if not among_officers and (email is not None or number is not None):
        await request.whisper(
            text(
                "You have written an e-mail address or a number where others read it. You may want to delete it there."
            ),
            text("{name} has the number {number}.", name=name, number=row.number),
        )


async def move(request: Request, who: Who, to: To) -> None:
    """Make another branch a member's home. The history keeps the former one."""
    await must_see(request, who)
    former = (await request.tree())[who.branch_id]
    if former.id == to.id:
        raise Refusal(text("{name} belongs to {branch} already.", name=who.name, branch=to.name))
    await need(request, "member.transfer", former)
    await need(request, "member.transfer", to)
    await request.change(TransferMember(who.id, to.id))
    await request.undoable("branches.transferred", {"member": who.id, "branch": former.id, "now": to.id})
    await _say(request, "transferred", who, {"branch": to.name}, [former.id, to.id])


async def suspend(request: Request, who: Who) -> None:
    """No rights for now; what becomes of the rooms is the organisation's choice."""
    await _must_be(request, who, Status.MEMBER)
    await request.change(SetStatus(who.id, Status.SUSPENDED))
    await request.undoable("branches.suspended", {"member": who.id})
    await _say(request, "suspended", who, {}, [who.branch_id])


async def reinstate(request: Request, who: Who) -> None:
    """A full member again: after a suspension, after having left; or for the first time, after having applied."""
    await _must_be(request, who, Status.SUSPENDED, Status.APPLICANT, Status.LEFT)
    former = who.status
    await request.change(SetStatus(who.id, Status.MEMBER))
    if former == Status.SUSPENDED:
        await request.undoable("branches.reinstated", {"member": who.id})
    await _say(request, "reinstated", who, {}, [who.branch_id])


async def remove(request: Request, who: Who) -> None:
    """Not a member any more; shown first."""
    await _must_be(request, who, Status.MEMBER, Status.SUSPENDED, Status.APPLICANT)
    await rehearsed(request, SetStatus(who.id, Status.LEFT))
    offices = len(await facts.mandates_of(request.session, who.id, request.now))
    branch = (await request.tree())[who.branch_id]
    lines = warning.remove(who.name, branch.name, offices)
    await ask(request, lines, text("remove"), "branches.remove", {"member": who.id, "offices": offices})


async def answered_remove(request: Request, key: str, data: Data) -> None:
    """The question before a removal was answered."""
    if not await agreed(request, key):
        return
    who = await members.by_id(request.session, str(data["member"]))
    if len(await facts.mandates_of(request.session, who.id, request.now)) != data["offices"]:
        raise changed_since()
    await request.change(SetStatus(who.id, Status.LEFT))
    await _say(request, "removed", who, {}, [who.branch_id])


async def undo_add(request: Request, data: Data) -> None:
    """The entry stays, as that of somebody who has left; the account is free again."""
    who = await members.by_id(request.session, str(data["member"]))
    still(who.status == Status.MEMBER)
    if data["account"] is not None:
        await request.change(ReleaseAccount(who.id, str(data["account"])))
    await request.change(SetStatus(who.id, Status.LEFT))
    await _say(request, "removed", who, {}, [who.branch_id])


async def undo_move(request: Request, data: Data) -> None:
    """Back to the former branch."""
    who = await members.by_id(request.session, str(data["member"]))
    still(who.branch_id == data["now"])
    left, back = who.branch_id, (await request.tree())[str(data["branch"])]
    await request.change(TransferMember(who.id, back.id))
    await _say(request, "transferred", who, {"branch": back.name}, [left, back.id])


async def undo_suspend(request: Request, data: Data) -> None:
    """A full member again."""
    await _set(request, data, Status.SUSPENDED, Status.MEMBER, "reinstated")


async def undo_reinstate(request: Request, data: Data) -> None:
    """Suspended again."""
    await _set(request, data, Status.MEMBER, Status.SUSPENDED, "suspended")


async def _set(request: Request, data: Data, now: Status, then: Status, said: str) -> None:
    who = await members.by_id(request.session, str(data["member"]))
    still(who.status == now)
    await request.change(SetStatus(who.id, then))
    await _say(request, said, who, {}, [who.branch_id])


async def _say(request: Request, kind: str, who: MemberRow, values: dict[str, str], branches: list[str]) -> None:
    """What was decided; rooms follow for those who have an account."""
    follows = bool(await members.accounts(request.session, who.id))
    await answer(request, kind, {"name": who.name} | values, branches, follows=follows)


async def _must_be(request: Request, who: MemberRow, *statuses: Status) -> None:
    """Raises Refusal where somebody does not stand where a change of status begins, or may not be seen."""
    await must_see(request, who)
    await need(request, STATUS, (await request.tree())[who.branch_id])
    if who.status not in statuses:
        raise Refusal(_stands(who))


def _stands(who: MemberRow) -> Text:
    """Where somebody stands now, as a reason why not."""
    match Status(who.status):
        case Status.APPLICANT:
            return text("{name} has applied, and is not a member yet.", name=who.name)
        case Status.MEMBER:
            return text("{name} is a member already, with all rights.", name=who.name)
        case Status.SUSPENDED:
            return text("{name} is suspended already.", name=who.name)
        case Status.LEFT:
            return text("{name} is not a member any more.", name=who.name)


COMMANDS = (
    Command(
        name="member add",
        run=add,
        summary=text("Add a member to the branch."),
        aliases={"fr": ("membre ajouter",)},
        examples={
            "en": "member add Jeanne Dupont --account @jeanne:example.org",
            "fr": "membre ajouter Jeanne Dupont --compte @jeanne:example.org",
        },
        right="member.add",
    ),
    Command(
        name="member move",
        run=move,
        summary=text("Make another branch the home of a member."),
        aliases={"fr": ("membre déplacer", "membre transférer")},
        examples={"en": 'member move "Jeanne Dupont" lyon-3', "fr": "membre déplacer « Jeanne Dupont » lyon-3"},
        right="member.transfer",
    ),
    Command(
        name="member suspend",
        run=suspend,
        summary=text("Suspend a member: no rights until they are reinstated."),
        aliases={"fr": ("membre suspendre",)},
        examples={"en": "member suspend Jeanne Dupont", "fr": "membre suspendre Jeanne Dupont"},
        right=STATUS,
    ),
    Command(
        name="member reinstate",
        run=reinstate,
        summary=text("Make somebody a full member again, or for the first time after they applied."),
        aliases={"fr": ("membre rétablir", "membre réintégrer", "membre admettre")},
        examples={"en": "member reinstate Jeanne Dupont", "fr": "membre rétablir Jeanne Dupont"},
        right=STATUS,
    ),
    Command(
        name="member remove",
        run=remove,
        summary=text("End a membership. The entry stays in the register."),
        aliases={"fr": ("membre retirer", "membre radier")},
        examples={"en": "member remove Jeanne Dupont", "fr": "membre retirer Jeanne Dupont"},
        right=STATUS,
    ),
)
