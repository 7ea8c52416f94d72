"""What `kunveno check` looks at: the configuration, the database, and by way of `check_homeserver` the homeserver."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Final

import aiohttp
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from ground.clock import Clock, SystemClock
from kunveno import check_device, check_letters
from kunveno.app import DatabaseUnusable, open_database
from kunveno.check_homeserver import homeserver
from kunveno.config import Config
from kunveno.findings import Finding
from kunveno.migrate import SchemaError
from party.branches import BranchRow
from party.members import MemberRow

_VOTE: Final = "vote"


async def look(config: Config, *, probe: bool = False, clock: Clock | None = None) -> list[Finding]:
    """All findings, in the order in which one would mend them. `probe` tries the limits, with a room of its own."""
    findings = [*configuration(config), *check_device.files(config.homeserver), *await database(config)]
    try:
        async with open_database(config) as opened:
            post = await opened.read(check_letters.read)
            findings += check_letters.look(post, (clock or SystemClock()).now())
            return findings + await homeserver(config, opened, probe=probe)
    except (DatabaseUnusable, SchemaError):
        return findings + await homeserver(config, None, probe=probe)


async def look_quickly(config: Config) -> list[Finding]:
    """What a container asks of itself: configuration, database, and whether the running service is well."""
    return [*configuration(config), *await database(config), await service(config)]


async def service(config: Config) -> Finding:
    """What the running `kunveno run` says of itself."""
    web = config.web
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(web.listen, web.listen)  # noqa: S104 - read, not bound
    url = f"http://{f'[{host}]' if ':' in host else host}:{web.port}/health"
    try:
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=4)) as session, session.get(url) as answer:
            said = await answer.json()
    except (aiohttp.ClientError, TimeoutError, ValueError):
        return Finding("bad", "service", f"no running service answers at {url}", "start `kunveno run`")
    if answer.status == 200:
        return Finding("ok", "service", "the running service is well")
    trouble = said.get("trouble") or f"the mirror is {said.get('mirror')}"
    return Finding("bad", "service", f"the running service is not well: {trouble}", "look at what it says")


def configuration(config: Config) -> list[Finding]:
    """The configuration as it was read, and the secrets that it names."""
    findings = [Finding("ok", "configuration", "the configuration can be read")]
    account = config.homeserver
    if account.account == "application_service":
        findings.append(_secret(account.registration, "the registration", "`kunveno init` writes one"))
    secrets = (account.token_file, account.password_file, config.database.password_file)
    findings += [_secret(path, "a secret", "write it there, in one line") for path in secrets if path is not None]
    findings += _vote_key(config)
    if not config.organisation.administrators:
        findings.append(
            Finding(
                "warn", "configuration", "there is no administrator", "name an account in organisation.administrators"
            )
        )
    return findings


def _vote_key(config: Config) -> list[Finding]:
    """The key that signs the records of votes; none where nobody votes."""
    if _VOTE in config.bots.disabled:
        return []
    path = config.votes.key
    if not path.exists():
        what = f"{path}: there is no key yet that signs the records of votes; `kunveno run` makes one"
        return [Finding("ok", "configuration", what)]
    return [_secret(path, "the key that signs the records of votes", "put the file of the backup back")]


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
            signed = 0 if config.votes.key.exists() else await opened.read(_records)
    except (DatabaseUnusable, SchemaError) as error:
        what, _, remedy = str(error).partition("; ")
        return [Finding("bad", "database", what, remedy or "see database.url in the configuration")]
    findings = [Finding("ok", "database", f"the database holds {branches} branches and {members} members")]
    if not branches:
        findings.append(
            Finding("warn", "database", "there is no branch yet", "run `kunveno import`, or `kunveno branch create`")
        )
    if signed:
        what = f"{config.votes.key}: the key that signed {signed} records of votes is gone; a new one would be another"
        findings.append(Finding("bad", "configuration", what, "put the file of the backup back before `kunveno run`"))
    return findings


async def _records(session: AsyncSession) -> int:
    """How many records of votes were signed."""
    from bots.vote.tables import VoteRow

    return await session.scalar(select(func.count()).where(VoteRow.record.is_not(None))) or 0


async def _sizes(session: AsyncSession) -> tuple[int, int]:
    branches = await session.scalar(select(func.count()).select_from(BranchRow))
    members = await session.scalar(select(func.count()).select_from(MemberRow))
    return branches or 0, members or 0
