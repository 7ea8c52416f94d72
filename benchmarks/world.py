"""A homeserver and a register for the benchmarks that need them: a real Synapse, in a temporary folder."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from bridge.matrix.registration import write_registration
from bridge.mirror.mirror import Mirror
from bridge.mirror.policy import MirrorPolicy
from ground.clock import SystemClock
from ground.database import Base, Database
from kunveno.config import Homeserver
from kunveno.connection import open_api
from kunveno.demo.synapse import EmbeddedSynapse, SynapseOptions
from party import register
from party.operation import OPERATOR, Operation
from party.operations.branches import CreateBranch
from party.policy import PartyPolicy

SERVER: Final = "kunveno.localhost"
PARTY: Final = PartyPolicy.model_validate(
    {
        "language": "en",
        "timezone": "Europe/Paris",
        "tiers": {tier: {"name": {"en": tier.capitalize()}} for tier in ("national", "region", "department")},
        "offices": {"secretary": {"name": {"en": "Secretary"}}},
    }
)
POLICY: Final = MirrorPolicy(power={"secretary": 60})
"""The default: a space and three rooms for every branch."""
_REGIONS: Final = 6


@dataclass(frozen=True, slots=True)
class World:
    """A running Synapse, and a folder for databases."""

    folder: Path
    synapse: EmbeddedSynapse

    def homeserver(self, name: str) -> Homeserver:
        """Synapse as `@kunveno-NAME` knows it: every account sees rooms of its own only."""
        return Homeserver.model_validate(
            {
                "url": self.synapse.url,
                "server_name": SERVER,
                "user_id": f"@kunveno-{name}:{SERVER}",
                "registration": self.folder / "registration.yaml",
            }
        )

    @asynccontextmanager
    async def mirror(self, name: str) -> AsyncIterator[Mirror]:
        """A mirror with a register and an account of its own, connected anew: its traffic begins at nothing but who am
        I. The same name finds the same register again."""
        path = self.folder / f"{name}.db"
        begun = path.exists()
        async with Database.open(f"sqlite:///{path}") as database, open_api(self.homeserver(name)) as api:
            if not begun:
                async with database.engine.begin() as connection:
                    await connection.run_sync(Base.metadata.create_all)
            yield Mirror(database, api, PARTY, POLICY, SERVER, SystemClock())


@asynccontextmanager
async def world() -> AsyncIterator[World]:
    """Start Synapse on SQLite; end it and forget all at the end."""
    with TemporaryDirectory(prefix="kunveno-bench-") as name:
        folder = Path(name)
        registration = folder / "registration.yaml"
        write_registration(registration, server_name=SERVER, user_pattern=f"@kunveno-.*:{SERVER}")
        options = SynapseOptions(folder / "synapse", server_name=SERVER, limits="open", registrations=(registration,))
        async with EmbeddedSynapse.start(options) as synapse:
            yield World(folder, synapse)


async def change(mirror: Mirror, *operations: Operation) -> list[str]:
    """Change the register in one transaction; returns the ids of what was changed."""

    async def work(session: AsyncSession) -> list[str]:
        subjects = []
        for operation in operations:
            done = await register.change(session, operation, actor=OPERATOR, policy=mirror.party, at=mirror.clock.now())
            subjects.append(done[0].subject_id)
        return subjects

    return await mirror.database.write(work)


async def plant(mirror: Mirror, branches: int) -> Sequence[str]:
    """A country, six regions, and departments under them; returns the ids of the branches, the country's first."""
    country = await change(mirror, CreateBranch("country", "Country", "national", None))
    regions = await change(
        mirror, *(CreateBranch(f"region-{n}", f"Region {n}", "region", country[0]) for n in range(_REGIONS))
    )
    departments = await change(
        mirror,
        *(
            CreateBranch(f"department-{n}", f"Department {n}", "department", regions[n % _REGIONS])
            for n in range(branches - 1 - _REGIONS)
        ),
    )
    return [*country, *regions, *departments]
