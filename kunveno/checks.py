"""What `kunveno check` looks at: the configuration and the database."""

from __future__ import annotations

import stat
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from kunveno.app import DatabaseUnusable, open_database
from kunveno.config import Config
from kunveno.findings import Finding
from kunveno.migrate import SchemaError
from party.branches import BranchRow
from party.members import MemberRow


async def look(config: Config) -> list[Finding]:
    """All findings, in the order in which one would mend them."""
    return [*configuration(config), *await database(config)]


def configuration(config: Config) -> list[Finding]:
    """The configuration as it was read, and the secrets that it names."""
    findings = [Finding("ok", "configuration", "the configuration can be read")]
    homeserver = config.homeserver
    if homeserver.account == "application_service":
        findings.append(_secret(homeserver.registration, "the registration", "`kunveno init` writes one"))
    secrets = (homeserver.token_file, homeserver.password_file, config.database.password_file)
    findings += [_secret(path, "a secret", "write it there, in one line") for path in secrets if path is not None]
    if not config.organisation.administrators:
        findings.append(
            Finding(
                "warn", "configuration", "there is no administrator", "name an account in organisation.administrators"
            )
        )
    return findings


def _secret(path: Path, what: str, remedy: str) -> Finding:
    try:
        mode = path.stat().st_mode
        path.open("rb").close()
    except OSError as error:
        return Finding("bad", "configuration", f"{path}: {what} cannot be read ({error.strerror})", remedy)
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        return Finding("warn", "configuration", f"{path}: others can read {what}", f"chmod 600 {path}")
    return Finding("ok", "configuration", f"{path}: {what} is there, and readable by its owner alone")


async def database(config: Config) -> list[Finding]:
    """Whether the database answers and has the tables of this version, and what is in it."""
    try:
        async with open_database(config) as opened:
            branches, members = await opened.read(_sizes)
    except (DatabaseUnusable, SchemaError) as error:
        what, _, remedy = str(error).partition("; ")
        return [Finding("bad", "database", what, remedy or "see database.url in the configuration")]
    findings = [Finding("ok", "database", f"the database holds {branches} branches and {members} members")]
    if not branches:
        findings.append(
            Finding("warn", "database", "there is no branch yet", "run `kunveno import`, or `kunveno branch create`")
        )
    return findings


async def _sizes(session: AsyncSession) -> tuple[int, int]:
    branches = await session.scalar(select(func.count()).select_from(BranchRow))
    members = await session.scalar(select(func.count()).select_from(MemberRow))
    return branches or 0, members or 0
