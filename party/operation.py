"""What a change of the register is made of: who asks, what it needs, what it did."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy.ext.asyncio import AsyncSession

from party.policy import PartyPolicy


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks for something.

    `operator` is whoever holds the machine (the command line), `system` the program itself; both may do everything.
    `person` is someone known by an account, a member or not.
    """

    kind: Literal["operator", "system", "person"]
    member_id: str | None = None
    account: str | None = None

    def label(self, policy: PartyPolicy) -> str:
        """How the journal names the actor: an id or a role, never a name or an account."""
        if self.kind != "person":
            return self.kind
        return self.member_id or ("administrator" if self.account in policy.administrators else "stranger")


OPERATOR = Actor("operator")
SYSTEM = Actor("system")


@dataclass(frozen=True, slots=True)
class Context:
    """What an operation is given beside the rows: the policy, the actor, the instant (aware, UTC)."""

    policy: PartyPolicy
    actor: Actor
    at: datetime


@dataclass(frozen=True, slots=True)
class Need:
    """A right that must be had: `action` in `branch_id` (None: above the whole tree)."""

    action: str
    branch_id: str | None


@dataclass(frozen=True, slots=True)
class Done:
    """What an operation did: the kind of change, its subject, and the fields that are different now.

    No fields means that everything was as asked already.
    """

    kind: str
    subject_id: str
    branch_id: str | None
    fields: tuple[str, ...]

    @property
    def changed(self) -> bool:
        return bool(self.fields)


class Operation(ABC):
    """One change of the register, as data. `register.change` carries it out; nothing else may."""

    __slots__ = ()

    @abstractmethod
    async def needs(self, session: AsyncSession, context: Context) -> Sequence[Need]:
        """The rights that the actor must have. Raises NotFound when what it speaks of does not exist."""

    @abstractmethod
    async def carry_out(self, session: AsyncSession, context: Context) -> Sequence[Done]:
        """Check, then change the rows. Raises RegisterError before any row is touched."""


def assign(row: object, **values: object) -> tuple[str, ...]:
    """Set the attributes that differ; returns their names."""
    fields = tuple(name for name, value in values.items() if getattr(row, name) != value)
    for name in fields:
        setattr(row, name, values[name])
    return fields
