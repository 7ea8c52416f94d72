"""Lines typed to commands of a test, and what comes of them: the values for the handler, or what is said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final, cast
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from bots.kit.bind import bind
from bots.kit.command import Command
from bots.kit.grammar import Names, read
from bots.kit.index import Found, Index, Unknown
from bots.kit.parameters import Parameter
from bots.kit.parts import Code, Gap, Items, Line, Strong, Typed
from bots.kit.problems import Problem
from bots.kit.usage import unknown_command
from bots.kit.values import Reader
from bots.kit.voice import Voice
from ground.texts import ENGLISH, Text, Translator
from party.branches import Branch, Tree
from party.operation import Actor
from party.policy import PartyPolicy
from tests.support.register import POLICY

PARIS: Final = ZoneInfo("Europe/Paris")
# A Wednesday, 16:00 in Paris.
NOW: Final = datetime(2026, 11, 25, 15, 0, tzinfo=UTC)
BOT: Final = Names("@kunveno:example.org", ("Kunveno",))
BRANCHES: Final = (
    Branch("1", "france", "France", "national", None),
    Branch("2", "rhone", "Rhône", "region", "1", code="FR-69"),
    Branch("3", "lyon-1", "Lyon 1er", "section", "2"),
    Branch("4", "lyon-3", "Lyon 3e", "section", "2"),
    Branch("5", "loire", "Loire", "region", "1"),
    Branch("6", "saint-etienne", "Saint-Étienne", "section", "5"),
    Branch("7", "givors", "Givors", "section", "2", open=False),
)


def reader(
    language: str = "en",
    *,
    session: AsyncSession | None = None,
    branches: Sequence[Branch] = BRANCHES,
    policy: PartyPolicy = POLICY,
) -> Reader:
    """A reader for a stranger in Loire; without a session it finds no people."""

    async def tree() -> Tree:
        return Tree(branches)

    return Reader(
        session=cast(AsyncSession, session),
        tree=tree,
        policy=policy,
        actor=Actor("person"),
        member=None,
        branch=branches[4] if len(branches) > 4 else None,
        language=language,
        zone=PARIS,
        now=NOW,
    )


def found(
    commands: Sequence[Command], line: str, *, language: str = "en", common: Sequence[Parameter] = ()
) -> Found | Unknown:
    """What a line typed in a room means."""
    written = read(line, html=None, to=BOT)
    assert written is not None, f"not taken for a command: {line!r}"
    return Index(commands, common).find(written, language=language)


async def bound(commands: Sequence[Command], line: str, *, language: str = "en") -> Mapping[str, object]:
    """The values for the handler. Raises Problem, Ambiguous."""
    meant = found(commands, line, language=language)
    assert isinstance(meant, Found), f"unknown: {line!r}"
    return (await bind(meant, reader(language))).arguments


async def answered(commands: Sequence[Command], line: str, *, language: str = "en") -> str:
    """What is said to somebody whose line cannot be run."""
    meant = found(commands, line, language=language)
    if isinstance(meant, Unknown):
        return said(unknown_command(meant).lines, language)
    try:
        call = await bind(meant, reader(language))
    except Problem as problem:
        return said(problem.lines, language)
    raise AssertionError(f"nothing is wrong with {line!r}: {call.arguments}")


def said(lines: Sequence[Line], language: str = "en", translator: Translator = ENGLISH, *, prefix: str = "!") -> str:
    """The lines as plain text, in a room."""
    voice = Voice(translator, language, PARIS, prefix=prefix)
    return "\n".join(_said(line, voice) for line in lines)


def _said(line: Line, voice: Voice) -> str:
    match line:
        case Gap():
            return ""
        case Items(items):
            return "\n".join(f"• {voice.show(item)}" for item in items)
        case Text() | str() | Code() | Strong() | Typed():
            return voice.show(line)
