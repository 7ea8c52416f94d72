"""A handler's work: kept whole, or undone whole and said why."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from enum import Enum
from typing import Final

from sqlalchemy.exc import IntegrityError

from bots.kit import rights
from bots.kit.dates import DateProblem
from bots.kit.outages import is_outage, place_of
from bots.kit.parts import Line, Typed
from bots.kit.problems import BadValue, Problem
from bots.kit.request import Occasion, Refusal, Request
from bridge.letters import inbox
from ground.texts import text
from party.errors import NotAllowed, RegisterError

FAILED: Final = text("Something went wrong on my side, and nothing was done. Those who run me will see it.")

_LOG: Final = logging.getLogger(__name__)


class Outcome(Enum):
    """What became of an arrival."""

    NOTHING = "nothing"
    """It asked for nothing."""
    DONE = "done"
    REFUSED = "refused"
    """What it asked for was not to be had, and that was said."""
    NOT_UNDERSTOOD = "not understood"
    FAILED = "failed"
    """The program failed; it is set aside."""


async def attempt(request: Request, work: Callable[[], Awaitable[None]], *, what: str, last: bool) -> Outcome:
    """Do what a person asked for. What cannot be is undone and told them; what fails is set aside too.

    `what` names the command or the answer. Unless this is the `last` try, two hands that wrote the same row are not
    taken for a failure. Raises what the database raises when it fails for now.
    """
    try:
        async with request.session.begin_nested():
            await work()
    except NotAllowed as error:
        lines = await rights.refusal(
            request.session, request.surroundings, request.voice, error.action, error.branch_id, request.now
        )
        return await _refuse(request, lines)
    except RegisterError as error:
        return await _refuse(request, (error.text,))
    except (Problem, Refusal) as problem:
        return await _refuse(request, told(problem))
    except (BadValue, DateProblem) as problem:
        return await _refuse(request, (problem.text,))
    except Exception as error:
        if _again(error, last):
            raise
        await set_aside(request, _id(request), kind=_kind(request), what=what, error=error)
        await request.reply(FAILED)
        return Outcome.FAILED
    return Outcome.DONE


async def attempt_alone(
    occasion: Occasion, work: Callable[[], Awaitable[None]], arrival_id: str, what: str, kind: str, *, last: bool
) -> bool:
    """Do what nobody asked for, such as what a bot does when somebody joins. What fails is undone and set aside."""
    try:
        async with occasion.session.begin_nested():
            await work()
    except Exception as error:
        if _again(error, last):
            raise
        await set_aside(occasion, arrival_id, kind=kind, what=what, error=error)
        return False
    return True


async def set_aside(occasion: Occasion, arrival_id: str, *, kind: str, what: str, error: BaseException) -> None:
    """Note what failed and where in the program, and nothing of what it was about."""
    where = place_of(error)
    _LOG.error("%s failed: %s (%s %s)", what, where, kind, arrival_id)
    await inbox.set_aside(occasion.session, arrival_id, occasion.now, kind=kind, what=what, reason=where)


def told(problem: Problem | Refusal) -> tuple[Line, ...]:
    """What is said to the person."""
    if isinstance(problem, Refusal) and problem.example is not None:
        return (*problem.lines, Typed(problem.example))
    return tuple(problem.lines)


async def _refuse(request: Request, lines: tuple[Line, ...]) -> Outcome:
    await request.reply(*lines)
    return Outcome.REFUSED


def _again(error: Exception, last: bool) -> bool:
    return is_outage(error) or (isinstance(error, IntegrityError) and not last)


def _kind(request: Request) -> str:
    return type(request.arrival).__name__.lower()


def _id(request: Request) -> str:
    return getattr(request.arrival, "id", "") or f"{_kind(request)}-{request.now.isoformat()}"
