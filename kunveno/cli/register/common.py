"""What all these commands share."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, tzinfo

from sqlalchemy.ext.asyncio import AsyncSession

from kunveno.app import App
from kunveno.cli import output
from party.operation import Done, Operation


async def change(app: App, make: Callable[[AsyncSession], Awaitable[Operation]], said: str) -> Sequence[Done]:
    """Carry out the operation that `make` makes, in one transaction, and say so. Raises RegisterError."""

    async def work(session: AsyncSession) -> Sequence[Done]:
        return await app.change(session, await make(session))

    done = await app.database.write(work)
    output.say(said if any(deed.changed for deed in done) else "Nothing had to be changed.")
    return done


def given(new: str | None, present: str | None) -> str | None:
    """What an option says: what there is when it was not given, nothing when it was given empty."""
    return present if new is None else new or None


def minute(instant: datetime, zone: tzinfo) -> str:
    """An instant for reading, in a zone."""
    return f"{instant.astimezone(zone):%Y-%m-%d %H:%M}"
