"""`kunveno check` says what there is of the key that signs the records of votes."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncSession

from bots.vote.tables import new_vote
from ground.database import Database
from kunveno import migrate, record_key
from kunveno.checks import configuration, database
from kunveno.config import load
from tests.support.register import NOW, grow
from tests.unit.test_backup import CONFIG


async def test_a_key_that_is_missing_is_said_where_records_were_signed(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(CONFIG)
    config = load(path)
    async with Database.open(f"sqlite:///{tmp_path / 'kunveno.db'}") as db:
        await migrate.upgrade(db)
        grown = await grow(db, {"france": {}})
        fresh = [finding.what for finding in configuration(config) if "vote-key" in finding.what]
        assert fresh == [
            f"{config.votes.key}: there is no key yet that signs the records of votes; `kunveno run` makes one"
        ]
        assert all("vote-key" not in finding.what for finding in await database(config))
        vote = new_vote(
            branch_id=grown.branches["france"],
            question="Shall we?",
            options="[]",
            rules="{}",
            electorate="here",
            at=NOW,
        )
        vote.record = "f"

        async def keep(session: AsyncSession) -> None:
            session.add(vote)

        await db.write(keep)
    (bad,) = [finding for finding in await database(config) if finding.level == "bad"]
    assert bad.what.startswith(f"{config.votes.key}: the key that signed 1 records of votes is gone")
    record_key.kept(config.votes.key)
    assert [finding for finding in await database(config) if finding.level == "bad"] == []
    config.votes.key.chmod(0o644)
    assert any(finding.remedy == f"chmod 600 {config.votes.key}" for finding in configuration(config))
