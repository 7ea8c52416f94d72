"""A small organisation for tests: a policy, and short ways to plant a tree with its members and mandates."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, TypeAlias

import asyncpg
from sqlalchemy import create_engine, create_mock_engine, func, select
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncSession

from ground.database import Base, Database
from kunveno.migrate import metadata
from party import register
from party.changes import ChangeRow
from party.errors import RegisterError
from party.journal import JournalRow
from party.operation import OPERATOR, Actor, Done, Operation
from party.operations.branches import CreateBranch
from party.operations.mandates import GiveMandate
from party.operations.members import AddMember, NameAccount
from party.policy import Office, PartyPolicy, Reach, Tier
from tests.support.postgres import MARK, SPARE

NOW: Final = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
ADMINISTRATOR: Final = "@admin:example.org"

Branches: TypeAlias = "Mapping[str, Branches]"
"""Slugs and what is under each: `{"france": {"bretagne": {"finistere": {}}}}`."""

TREE: Final[Branches] = {
    "france": {
        "bretagne": {"finistere": {"brest": {}, "quimper": {}}, "morbihan": {"vannes": {}}},
        "normandie": {"calvados": {"caen": {}}},
    }
}
"""Two of most things: siblings, cousins and nephews on every tier."""

POLICY: Final = PartyPolicy(
    language="fr",
    timezone="Europe/Paris",
    administrators=(ADMINISTRATOR,),
    tiers={key: Tier(name={"en": key, "fr": key}) for key in ("national", "region", "department", "section")},
    offices={
        "secretary": Office(
            name={"en": "Secretary", "fr": "Secrétaire"},
            may={
                "branch.*": Reach.BELOW,
                "member.*": Reach.BELOW,
                "mandate.*": Reach.BELOW,
                "journal.see": Reach.HERE,
                "announce": Reach.BELOW,
                "report": Reach.HERE,
                "vote.*": Reach.BELOW,
            },
        ),
        "treasurer": Office(
            name={"en": "Treasurer", "fr": "Trésorier"}, may={"member.see": Reach.BELOW, "member.edit": Reach.HERE}
        ),
        "clerk": Office(name={"en": "Clerk"}, may={"member.*": Reach.HERE, "member.see": Reach.BELOW}),
        "auditor": Office(name={"en": "Auditor"}, may={"*.see": Reach.BELOW}),
        "chair": Office(name={"en": "Chair"}, may={"*": Reach.HERE}),
        "delegate": Office(name={"en": "Delegate", "fr": "Délégué"}),
    },
)
"""Rights that reach here and below, by name and by wildcard, and an office with none."""


@dataclass(slots=True)
class Grown:
    """The ids of what was planted: branches by slug, members by number, mandates in the order given."""

    branches: dict[str, str] = field(default_factory=dict)
    members: dict[str, str] = field(default_factory=dict)
    mandates: list[str] = field(default_factory=list)

    def person(self, number: str) -> Actor:
        """The member as somebody who asks for something."""
        return Actor("person", self.members[number])


async def fresh(db: Database) -> None:
    """Make the tables. A test of the migrations shows that they make the same."""
    tables = frozenset(metadata().tables)  # a test may add its own
    if db.path is not None and not db.path.exists():
        db.path.write_bytes(await asyncio.to_thread(_empty, tables))
        return
    async with db.engine.begin() as connection:
        if db.is_sqlite:
            await connection.run_sync(metadata().create_all)
        else:
            raw = await connection.get_raw_connection()
            assert raw.driver_connection is not None
            await _take_or_make(raw.driver_connection, _script(tables))


async def _take_or_make(connection: asyncpg.Connection, script: str) -> None:
    """The tables that a test before left behind, if `script` made them; or else new ones."""
    made = hashlib.sha256(script.encode()).hexdigest()
    waiting = await connection.fetchval(
        "SELECT split_part(obj_description(oid, 'pg_namespace'), ' ', 1) FROM pg_namespace WHERE nspname = $1"
        " AND NOT EXISTS (SELECT FROM pg_class WHERE relnamespace = 'public'::regnamespace)",
        SPARE,
    )
    if waiting == made:
        await connection.execute(f"DROP SCHEMA public; ALTER SCHEMA {SPARE} RENAME TO public")
        return
    await connection.execute(script)  # in one go: there are dozens
    await connection.execute(f"COMMENT ON SCHEMA public IS '{made} {await connection.fetchval(MARK)}'")


@cache
def _empty(_tables: frozenset[str]) -> bytes:
    """A database file with the tables and nothing in them, to be copied: a hundredth of the time."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "empty.db"
        engine = create_engine(f"sqlite:///{path}")
        metadata().create_all(engine)
        engine.dispose()
        return path.read_bytes()


@cache
def _script(_tables: frozenset[str]) -> str:
    """All that makes the tables in PostgreSQL."""
    statements: list[str] = []

    def write(sql: Any, *_: Any) -> None:
        statements.append(str(sql.compile(dialect=postgresql.dialect())))  # type: ignore[no-untyped-call]

    engine = create_mock_engine("postgresql+asyncpg://", write)
    metadata().create_all(engine, checkfirst=False)
    return ";\n".join(statements)


async def clear(db: Database) -> None:
    """Empty the tables."""

    async def work(session: AsyncSession) -> None:
        for table in reversed(Base.metadata.sorted_tables):
            if table.name == "branches":
                await session.execute(table.update().values(parent_id=None, merged_into_id=None))
            await session.execute(table.delete())

    await db.write(work)


async def do(
    db: Database, operation: Operation, *, actor: Actor = OPERATOR, policy: PartyPolicy = POLICY, at: datetime = NOW
) -> Sequence[Done]:
    """One change in a transaction of its own."""
    return await db.write(lambda session: register.change(session, operation, actor=actor, policy=policy, at=at))


async def refused(
    db: Database, operation: Operation, *, actor: Actor = OPERATOR, policy: PartyPolicy = POLICY, at: datetime = NOW
) -> str:
    """The sentence with which the register refuses the change; it is a failure when it does not."""
    try:
        done = await do(db, operation, actor=actor, policy=policy, at=at)
    except RegisterError as error:
        return str(error)
    raise AssertionError(f"not refused: {operation} did {done}")


async def grow(
    db: Database,
    tree: Branches = TREE,
    *,
    members: Mapping[str, str] | None = None,
    mandates: Iterable[tuple[str, str, str]] = (),
    accounts: Mapping[str, str] | None = None,
    policy: PartyPolicy = POLICY,
    at: datetime = NOW,
) -> Grown:
    """Plant `tree` (one tier of the policy for each depth), `members` (number → slug of the home), `mandates`
    (number, office, slug; from `at` without end) and confirmed `accounts` (account → number)."""
    grown = Grown()

    async def work(session: AsyncSession) -> None:
        grown.mandates.clear()  # the work may run again

        async def change(operation: Operation) -> str:
            return (await register.change(session, operation, actor=OPERATOR, policy=policy, at=at))[0].subject_id

        async def plant(below: Branches, parent_id: str | None, tiers: Sequence[str]) -> None:
            for slug, further in below.items():
                grown.branches[slug] = await change(CreateBranch(slug, slug.title(), tiers[0], parent_id))
                await plant(further, grown.branches[slug], tiers[1:])

        await plant(tree, None, list(policy.tiers))
        for number, slug in (members or {}).items():
            grown.members[number] = await change(AddMember(f"Person {number}", grown.branches[slug], number))
        for number, office, slug in mandates:
            grown.mandates.append(
                await change(GiveMandate(grown.members[number], office, grown.branches[slug], starts_at=at))
            )
        for account, number in (accounts or {}).items():
            await change(NameAccount(grown.members[number], account, confirmed=True))

    await db.write(work)
    return grown


async def written(db: Database) -> tuple[int, int]:
    """How many lines the journal has, and how many entries the feed."""

    async def work(session: AsyncSession) -> tuple[int, int]:
        journal = await session.scalar(select(func.count()).select_from(JournalRow))
        feed = await session.scalar(select(func.count()).select_from(ChangeRow))
        return journal or 0, feed or 0

    return await db.read(work)
