"""What all kinds of rows share while they are taken: the maps of what is there, the counts, and the way of one row."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from sqlalchemy import event, select
from sqlalchemy.ext.asyncio import AsyncSession

from ground.texts import text
from party import branches, members, register
from party.branches import BranchRow
from party.errors import NotFound, RegisterError
from party.exchange.forms import BadRow, Kind, Row
from party.exchange.reading import Reading
from party.mandates import MandateRow
from party.members import AccountRow, MemberRow
from party.operation import OPERATOR, Done, Operation
from party.policy import PartyPolicy

MandateKey = tuple[str, str, str, datetime]
"""Member id, office, branch id, beginning."""

_ASKED_AGAIN: Final = (BranchRow, MemberRow, AccountRow, MandateRow)


@dataclass(slots=True)
class Desk:
    """One import at work.

    `careful` takes each row in a savepoint of its own, so that a bad one leaves nothing behind.
    """

    session: AsyncSession
    policy: PartyPolicy
    at: datetime
    careful: bool
    advance: Callable[[int], object]
    branch_ids: dict[str, str] = field(default_factory=dict)
    member_ids: dict[str, str] = field(default_factory=dict)
    accounts: dict[str, dict[str, bool]] = field(default_factory=dict)
    """By member id: the accounts, and whether they are confirmed."""
    mandate_ids: dict[MandateKey, str] = field(default_factory=dict)
    added: dict[Kind, int] = field(default_factory=dict)
    changed: dict[Kind, int] = field(default_factory=dict)
    unchanged: dict[Kind, int] = field(default_factory=dict)
    bad: list[BadRow] = field(default_factory=list)
    merged_into: dict[str, str] = field(default_factory=dict)
    """By slug, as the files say or as it is: where a branch went."""
    _held: list[object] = field(default_factory=list)
    """Keeps the rows in the session's identity map, so that asking for them again costs no query."""

    async def fetch(self, reading: Reading) -> None:
        """Read once what the rows will ask for."""
        session = self.session
        event.listen(session.sync_session, "pending_to_persistent", self._keep)
        present = (await session.scalars(select(BranchRow))).all()
        slugs = {row.id: row.slug for row in present}
        self.branch_ids = {slug: row_id for row_id, slug in slugs.items()}
        self.merged_into = {row.slug: slugs[row.merged_into_id] for row in present if row.merged_into_id}
        self._held.extend(present)
        if any(row.kind != "branches" for row in reading.rows):
            people = (await session.scalars(select(MemberRow))).all()
            self.member_ids = {row.number: row.id for row in people}
            self._held.extend(people)
        if reading.of("members"):
            accounts = (await session.scalars(select(AccountRow))).all()
            for account in accounts:
                self.accounts.setdefault(account.member_id, {})[account.user_id] = account.confirmed_at is not None
            self._held.extend(accounts)
        if reading.of("mandates"):
            held = (await session.scalars(select(MandateRow))).all()
            self.mandate_ids = {(row.member_id, row.office, row.branch_id, row.starts_at): row.id for row in held}
            self._held.extend(held)

    def _keep(self, _session: object, row: object) -> None:
        if isinstance(row, _ASKED_AGAIN):
            self._held.append(row)

    async def change(self, operation: Operation) -> Done:
        """Carry out an operation; returns what it did to its own subject."""
        return (await register.change(self.session, operation, actor=OPERATOR, policy=self.policy, at=self.at))[-1]

    async def attempt(self, row: Row, work: Callable[[], Awaitable[str]], *, counts: bool = True) -> bool:
        """Take a row. `work` says `added`, `changed` or `unchanged`; what the register refuses makes the row bad."""
        try:
            if self.careful:
                async with self.session.begin_nested():
                    how = await work()
            else:
                how = await work()
        except RegisterError as error:
            self.refuse(row, error)
            return False
        finally:
            if counts:
                self.advance(1)
        if counts:
            tally: dict[Kind, int] = getattr(self, how)
            tally[row.kind] = tally.get(row.kind, 0) + 1
        return True

    def refuse(self, row: Row, error: RegisterError) -> None:
        """Note a bad row."""
        self.bad.append(BadRow(row.file, row.line, error.text))

    def branch_id(self, slug: str | None) -> str:
        """The id of a branch. Raises NotFound."""
        if slug not in self.branch_ids:
            raise NotFound(text("There is no branch '{slug}'.", slug=slug or ""))
        return self.branch_ids[slug]

    async def branch(self, slug: str | None) -> BranchRow:
        """The row of a branch. Raises NotFound."""
        return await branches.by_id(self.session, self.branch_id(slug))

    def member_id(self, number: str | None) -> str:
        """The id of a member. Raises NotFound."""
        if number not in self.member_ids:
            raise NotFound(text("There is no member with number '{number}'.", number=number or ""))
        return self.member_ids[number]

    async def member(self, number: str | None) -> MemberRow:
        """The row of a member. Raises NotFound."""
        return await members.by_id(self.session, self.member_id(number))

    def home(self, slug: str | None) -> str | None:
        """Where the members of a branch are: the branch, or that into which it was merged."""
        seen: set[str] = set()
        while slug in self.merged_into and slug not in seen:
            seen.add(slug)
            slug = self.merged_into[slug]
        return slug


def once(desk: Desk, rows: list[Row], *columns: str) -> list[Row]:
    """The rows that fill these columns, and fill them with what no row before does. The others are bad."""
    first: dict[tuple[str | None, ...], Row] = {}
    for row in rows:
        key = tuple(row.word(column) for column in columns)
        if None in key:
            column = columns[key.index(None)]
            desk.refuse(row, RegisterError(text("The column '{column}' is empty.", column=column)))
        elif earlier := first.get(key):
            message = text("This stands twice, first in {file}:{line}.", file=earlier.file, line=earlier.line)
            desk.refuse(row, RegisterError(message))
        else:
            first[key] = row
    return list(first.values())
