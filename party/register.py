"""The one door to the register: every change is asked, carried out, fed and journaled here, in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from ground.texts import text
from party import changes, journal
from party.errors import NotAllowed
from party.operation import Actor, Context, Done, Operation
from party.permissions import may
from party.policy import PartyPolicy


async def change(
    session: AsyncSession, operation: Operation, *, actor: Actor, policy: PartyPolicy, at: datetime
) -> Sequence[Done]:
    """Carry out `operation` for `actor` at instant `at`, inside the caller's transaction.

    Returns what was done, an entry without fields where all was so already. Raises NotAllowed when a right is missing
    and RegisterError when the register refuses; the caller's transaction is then to be given up.
    """
    context = Context(policy, actor, at)
    for need in await operation.needs(session, context):
        if not await may(session, policy, actor, need.action, need.branch_id, at):
            refusal = text("You have not the right to do that there ({action}).", action=need.action)
            raise NotAllowed(refusal, need.action, need.branch_id)
    done = await operation.carry_out(session, context)
    for deed in done:
        if deed.changed:
            journal.write(
                session,
                at=at,
                actor=actor.label(policy),
                kind=deed.kind,
                subject_id=deed.subject_id,
                branch_id=deed.branch_id,
                fields=deed.fields,
            )
            await changes.append(session, at=at, kind=deed.kind, subject_id=deed.subject_id, branch_id=deed.branch_id)
    await session.flush()
    return done
