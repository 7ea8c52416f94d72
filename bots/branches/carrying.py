"""What all these commands share: which branch is meant, who may, trying a change before asking, and the answer that
follows what becomes of it in the rooms."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, cast

from pydantic import JsonValue
from sqlalchemy.ext.asyncio import AsyncSession

from bots.branches import decided
from bots.kit.bot import Data
from bots.kit.request import Refusal, Request
from bots.kit.wording import Line
from bridge.letters import Applied
from bridge.places import BranchRoom, Direct
from ground.texts import Text, text
from party import register
from party.branches import Branch
from party.errors import NotAllowed
from party.operation import Done, Operation

FOLLOWED: Final = "branches.followed"
"""The name under which the bot has `followed` called."""
_YES: Final = "✅"
_NO: Final = "❌"


def here(request: Request, branch: Branch | None = None) -> Branch:
    """The branch that was named, else the one of the request. Raises Refusal."""
    found = branch or request.branch
    if found is None:
        raise Refusal(text("There is no branch yet."))
    return found


async def need(request: Request, action: str, branch: Branch) -> None:
    """Raises NotAllowed for whoever has not this right in that branch."""
    if not await request.may(action, branch.id):
        raise NotAllowed(text("Your office does not allow that there."), action, branch.id)


def officers_only(request: Request) -> bool:
    """Whether what is answered here is read by officers only, or by nobody but the person who asks."""
    match request.place:
        case Direct():
            return True
        case BranchRoom(_, key):
            kind = request.rooms.get(key)
            return kind is not None and kind.for_officers
    return request.origin.elsewhere


async def rehearsed(request: Request, operation: Operation) -> Sequence[Done]:
    """What a change would do. Raises RegisterError where it would be refused. Nothing is changed."""
    await request.session.flush()
    # A session of its own, so that no row that the handler holds is left expired by the rollback.
    async with AsyncSession(
        bind=await request.session.connection(), expire_on_commit=False, join_transaction_mode="create_savepoint"
    ) as trial:
        done = await register.change(trial, operation, actor=request.actor, policy=request.policy, at=request.now)
        await trial.rollback()
    return done


async def ask(request: Request, lines: Sequence[Line], yes: Text, then: str, data: Data) -> None:
    """Show what will happen, and wait for ✅; `yes` is the word beside it."""
    await request.ask(*lines, answers={_YES: yes, _NO: text("drop")}, then=then, data=data)


async def agreed(request: Request, key: str) -> bool:
    """Whether the answer was ✅; if not, it is said that nothing happens."""
    if key == _YES:
        return True
    await request.reply(text("Nothing is changed."))
    return False


def changed_since() -> Refusal:
    """What was shown before the question is not so any more."""
    return Refusal(text("This has changed since I asked. Please give the command again, to see what would happen now."))


def still(as_left: bool) -> None:
    """Raises Refusal where what is to be undone is not `as_left` any more: somebody else has changed it since."""
    if not as_left:
        raise Refusal(text("Somebody has changed this since, so I leave it as it is."))


async def answer(
    request: Request,
    kind: str,
    values: decided.Values,
    branches: Iterable[str],
    *,
    follows: bool = True,
    also: Sequence[Line] = (),
) -> None:
    """Say what was decided, and `also` these lines.

    Where rooms of these branches follow from it (`follows`), the answer is corrected when they have.
    """
    letter = await request.reply(*decided.lines(kind, values, follows=follows), *also)
    if follows:
        kept: dict[str, JsonValue] = {
            "letter": letter, "kind": kind, "values": dict(values), "branches": list(branches)
        }  # fmt: skip
        await request.after_applied(FOLLOWED, kept)


async def followed(request: Request, data: Data, failed: frozenset[str]) -> None:
    """The rooms are as the register says, or those of some branches are not."""
    letter, kind, values = str(data["letter"]), str(data["kind"]), cast(dict[str, str], data["values"])
    concerned = failed.intersection(cast(list[str], data["branches"]))
    if not concerned:
        await request.correct(letter, *decided.ready(kind, values))
        return
    reasons = request.arrival.why if isinstance(request.arrival, Applied) else {}
    why = next((reasons[branch] for branch in sorted(concerned) if branch in reasons), None)
    await request.correct(letter, *decided.lines(kind, values, follows=False))
    await request.reply(*decided.failed(kind, values, why))
