"""Which vote is meant, where votes take place, and who is spoken of."""

from __future__ import annotations

from bots.kit.matching import fold
from bots.kit.problems import BadValue
from bots.kit.request import Occasion, Refusal, Request
from bots.kit.wording import Code, Typed
from bots.vote import tables
from bots.vote.choices import number_of
from bots.vote.electorate import Electorate
from bots.vote.errors import VoteRefused
from bots.vote.tables import State, VoteRow
from bridge.letters import Message
from bridge.places import BranchRoom, Place
from ground.texts import text
from party.branches import Branch
from party.errors import NotAllowed

_HERE = frozenset({"members", "member", "membres", "membre", "here", "ici"})
_BELOW = frozenset({"below", "dessous", "en dessous", "en-dessous", "au-dessous"})


def home(request: Request) -> Branch:
    """The branch that votes."""
    if request.branch is None:
        raise Refusal(text("Please say for which branch, or write in one of its rooms."))
    return request.branch


async def allowed(request: Request, action: str, branch_id: str) -> None:
    """Raises NotAllowed where the person may not do this in a branch."""
    if not await request.may(action, branch_id):
        raise NotAllowed(text("That is for an office which you do not hold."), action, branch_id)


async def meant(request: Request, written: str) -> VoteRow:
    """The vote with this number, or the one that the message replies to. Raises Refusal."""
    arrival = request.arrival
    if not written.strip() and isinstance(arrival, Message) and arrival.reply_to is not None:
        letter = arrival.reply_to.letter
        replied = None if letter is None else await tables.of_letter(request.session, letter)
        if replied is not None:
            return replied
    if not written.strip():
        raise Refusal(text("Which vote? Write its number, for example V12, or reply to it."))
    number = number_of(written)
    row = None if number is None else await tables.of_number(request.session, number)
    if row is None or row.state == State.DRAFT:
        raise not_there(written.strip())
    return row


def not_there(written: str) -> Refusal:
    """What is said of a vote that there is not, or that is not for the person to see."""
    return Refusal(
        text(
            "There is no vote {number}. {command} shows those there are.",
            number=Code(written), command=Typed(text("vote list")),
        )
    )  # fmt: skip


def voters_room(occasion: Occasion, branch: Branch, asked_in: Place, electorate: Electorate) -> Place:
    """Where the vote is held: the room of the branch where it was asked for, unless only officers are there and all
    members vote; else the first room in which all members write, else that of the announcements, else where it was
    asked for."""
    if isinstance(asked_in, BranchRoom) and asked_in.branch_id == branch.id:
        kind = occasion.rooms.get(asked_in.key)
        if kind is not None and (not kind.for_officers or electorate.office is not None):
            return asked_in
    fitting = [kind for kind in occasion.rooms.values() if kind.of_tier(branch.tier) and kind.who.startswith("members")]
    open_to_all = [kind for kind in fitting if kind.post == "everyone"]
    for kind in (*open_to_all, *fitting):
        return BranchRoom(branch.id, kind.key)
    return asked_in


def branch_room(occasion: Occasion, branch: Branch, electorate: Electorate) -> BranchRoom | None:
    """The room of a branch in which a vote of many branches is held there: among its officers where an office votes,
    else where all members write, else where they are told things; None where it has none."""
    fitting = [kind for kind in occasion.rooms.values() if kind.of_tier(branch.tier)]
    members = [kind for kind in fitting if kind.who.startswith("members")]
    officers = [kind for kind in fitting if kind.who == "officers"] if electorate.office is not None else []
    open_to_all = [kind for kind in members if kind.post == "everyone"]
    kind = next(iter((*officers, *open_to_all, *members)), None)
    return None if kind is None else BranchRoom(branch.id, kind.key)


def read_electorate(occasion: Occasion, written: str | None) -> Electorate:
    """Who is to vote: `below`, `delegates`, `delegates below`. Raises BadValue."""
    if written is None:
        return Electorate()
    folded, below = fold(written), False
    if folded in _HERE:
        return Electorate()
    for word in sorted(_BELOW, key=len, reverse=True):
        if folded == word or folded.endswith(f" {word}"):
            folded, below = folded.removesuffix(word).strip(), True
            break
    if not folded or folded in _HERE:
        return Electorate(below=below)
    for key, office in occasion.policy.offices.items():
        names = {fold(name) for name in (key, *office.name.values())}
        if folded in names or folded.removesuffix("s") in names:
            return Electorate(below=below, office=key)
    offices = [
        occasion.surroundings.office(key, occasion.surroundings.policy.language) for key in occasion.policy.offices
    ]
    raise BadValue(
        text("I do not know who “{written}” are. Write `below`, or one of: {offices}", written=written, offices=offices)
    )


def whispered(request: Request) -> bool:
    """Whether what is answered is read by the person alone."""
    return not isinstance(request.place, BranchRoom)


async def privately(request: Request, refused: VoteRefused) -> None:
    """Say to the person alone why something cannot be."""
    await request.whisper(refused.text)
