"""Three branches that vote together, and what is said in each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from bots.vote import bot
from bots.vote.policy import VotePolicy
from bots.vote.sealed import SealedBox
from bots.vote.settings import Settings
from bridge.letters import Poll, Words
from bridge.places import BranchRoom
from tests.support.conversation import Someone, Stage
from tests.support.said import Said

BOT = bot(Settings(VotePolicy(mandate_members=2), SealedBox(b"s" * 32)))
WEEK = timedelta(days=8)


@dataclass
class People:
    """Rhône has Rosa (its secretary), Lyon four members, Givors one."""

    rosa: Someone
    anna: Someone
    bruno: Someone
    clara: Someone
    david: Someone
    gina: Someone


async def members(stage: Stage) -> People:
    return People(
        await stage.person("Rosa", "Rhône", offices=["secretary"]),
        await stage.person("Anna", "Lyon"),
        await stage.person("Bruno", "Lyon"),
        await stage.person("Clara", "Lyon"),
        await stage.person("David", "Lyon"),
        await stage.person("Gina", "Givors"),
    )


async def polls(stage: Stage) -> dict[str, Said]:
    """The latest poll of each branch, by its name."""
    tree = await stage.tree()
    found = {}
    for said in await stage.all_letters():
        if isinstance(said.content, Poll) and isinstance(said.to, BranchRoom):
            found[tree[said.to.branch_id].name] = said
    return found


async def open_all(stage: Stage, people: People, line: str = "!vote Shall we strike? --below") -> dict[str, Said]:
    await people.rosa.says(line, room="Rhône")
    await people.rosa.taps("✅")
    await stage.passes(timedelta(seconds=1))
    await stage.said()
    return await polls(stage)


async def results(stage: Stage) -> dict[str, str]:
    """Let the time pass; what is then said of the result, by branch."""
    await stage.passes(WEEK)
    tree = await stage.tree()
    found = {}
    for said in await stage.letters():
        if isinstance(said.content, Words) and isinstance(said.to, BranchRoom):
            found[tree[said.to.branch_id].name] = str(said)
    return found


def without_fingerprint(said: str) -> str:
    return "\n".join(line for line in said.splitlines() if not line.startswith("Fingerprint"))


async def said_in(stage: Stage) -> dict[str, list[str]]:
    """What was said since the last look, by branch."""
    tree = await stage.tree()
    found: dict[str, list[str]] = {}
    for said in await stage.letters():
        if isinstance(said.to, BranchRoom):
            found.setdefault(tree[said.to.branch_id].name, []).append(without_fingerprint(str(said)))
    return found
