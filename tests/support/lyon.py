"""Four members of Lyon who vote, and what is said to them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from bots.vote import bot
from bots.vote.policy import VotePolicy
from bots.vote.sealed import SealedBox
from bots.vote.settings import Settings
from bridge.letters import Poll
from tests.support.conversation import Someone, Stage
from tests.support.said import Said

GRACE = timedelta(seconds=60)
BOX = SealedBox(b"s" * 32)
BOT = bot(Settings(VotePolicy(), BOX))

PROXY = "• by proxy: Clara for Bruno"
FEW = "So few ballots were cast that the numbers are not told."
ONE_BESIDE = "1 vote was given outside the poll, which does not show it."


@dataclass
class People:
    """Anna is the secretary."""

    anna: Someone
    bruno: Someone
    clara: Someone
    david: Someone


async def members(stage: Stage) -> People:
    return People(
        await stage.person("Anna", "Lyon", offices=["secretary"]),
        await stage.person("Bruno", "Lyon"),
        await stage.person("Clara", "Lyon"),
        await stage.person("David", "Lyon"),
    )


async def latest(stage: Stage, kind: type) -> Said:
    return [said for said in await stage.all_letters() if isinstance(said.content, kind)][-1]


def head(said: str) -> str:
    """Without the line of the fingerprint, which is another each time."""
    return "\n".join(line for line in said.splitlines() if not line.startswith(("Fingerprint", "Empreinte")))


async def open_one(stage: Stage, people: People, line: str = "!vote Shall we?\n- Yes\n- No") -> Said:
    await people.anna.says(line, room="Lyon")
    return await latest(stage, Poll)


async def result(stage: Stage) -> list[str]:
    """Let the time pass, and return what is said of the numbers."""
    await stage.passes(timedelta(days=8))
    return (await stage.said())[-1].splitlines()[1:]


async def open_shown(stage: Stage, person: Someone, line: str) -> tuple[str, str]:
    """Ask for a vote that is shown first, and say yes: what was shown, and what was announced."""
    (shown,) = await person.says(line, room="Lyon")
    said = await person.taps("✅")
    return shown.replace("\u202f", " "), said[-1].replace("\u202f", " ")


async def vote_each(*ballots: tuple[Someone, str], number: int = 1) -> None:
    for person, choice in ballots:
        await person.says(f"!vote V{number} {choice}", room="Lyon")


async def ended(stage: Stage) -> list[Said]:
    """The letters once the vote is over, without the end of its poll."""
    await stage.said()
    await stage.passes(timedelta(days=7, minutes=1))
    return [letter for letter in await stage.letters() if str(letter) != "[poll ended]"]


async def numbers(stage: Stage) -> list[str]:
    """Let the time pass; what is said of the numbers, where nothing but the result is said."""
    (said,) = await ended(stage)
    return str(said).splitlines()[1:]
