"""What all these commands share."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta, tzinfo

from sqlalchemy.ext.asyncio import AsyncSession

from kunveno.app import App
from kunveno.cli import output
from party.operation import Done, Operation


async def change(
    app: App, make: Callable[[AsyncSession], Awaitable[Operation]], said: str, **otherwise: str
) -> Sequence[Done]:
    """Carry out the operation that `make` makes, in one transaction, and say so. Raises RegisterError.

    `otherwise` has other sentences for other kinds of deeds, their dots written as underscores.
    """

    async def work(session: AsyncSession) -> Sequence[Done]:
        return await app.change(session, await make(session))

    done = await app.database.write(work)
    changed = [deed for deed in done if deed.changed]
    said = otherwise.get(changed[-1].kind.replace(".", "_"), said) if changed else "Nothing had to be changed."
    output.say(said)
    return done


def given(new: str | None, present: str | None) -> str | None:
    """What an option says: what there is when it was not given, nothing when it was given empty."""
    return present if new is None else new or None


def period(since: datetime, until: datetime | None, zone: tzinfo) -> str:
    """From when until when, for reading: the first and the last day in a zone on which something was so."""
    first = f"from {since.astimezone(zone).date()}"
    if until is None:
        return first
    last = max(since, until - timedelta(microseconds=1))
    return f"{first} until {last.astimezone(zone).date()}"
