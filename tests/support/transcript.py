"""Conversations written down, as in `docs/`, played by the bots. docs/developers/bots.md says how they are written."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent
from typing import Final

from bots.kit.dates import DateProblem, read, read_duration
from bridge.letters import Words
from bridge.places import Place
from tests.support.conversation import Someone, Stage
from tests.support.said import Said

_FENCE: Final = re.compile(r"(?P<indent> *)```chat(?: (?P<language>[a-z]{2,3}))?\s*")
_SPOKEN: Final = re.compile(r"→ (?P<name>[^(:]+?)(?: \((?P<room>[^)]*)\))?: (?P<text>.*)", re.S)
_TAPPED: Final = re.compile(r"· (?P<name>.+?):? (?P<key>\S+)")
_ELSEWHERE: Final = re.compile(r"← \((?P<room>[^)]*)\) ", re.S)
_DIRECT: Final = frozenset({"direct", "en privé"})
_FOLLOW: Final = frozenset({"the rooms follow", "les salons suivent"})
_ENTERS: Final = re.compile(r"(?P<name>.+?) (?:enters|entre dans) (?P<room>.+)")
_ARRIVES: Final = re.compile(r"(?:it arrives in|cela arrive dans) (?P<names>.+)")


@dataclass(frozen=True, slots=True)
class Turn:
    """One thing that happens in a conversation, and the line at which it stands."""

    line: int
    text: str


@dataclass(frozen=True, slots=True)
class Chat:
    """A conversation, and the language of the organisation in which it takes place."""

    turns: tuple[Turn, ...]
    language: str = "en"
    where: str = "conversation"


def read_chat(text: str, *, language: str = "en", where: str = "conversation", first: int = 1) -> Chat:
    """A conversation from its text. Lines that are indented belong to the one before."""
    turns: list[Turn] = []
    for number, line in enumerate(dedent(text).strip("\n ").splitlines(), first):
        if turns and (line.startswith("  ") or not line.strip()):
            turns[-1] = Turn(turns[-1].line, f"{turns[-1].text}\n{line.strip()}")
        elif line.strip():
            turns.append(Turn(number, line.strip()))
    return Chat(tuple(Turn(turn.line, turn.text.rstrip()) for turn in turns), language, where)


def chats_in(page: Path) -> Iterator[Chat]:
    """The conversations of a page: its fenced blocks named `chat`, or `chat fr`."""
    lines = page.read_text(encoding="utf-8").splitlines()
    at = 0
    while at < len(lines):
        fence = _FENCE.fullmatch(lines[at])
        at += 1
        if fence is None:
            continue
        start = at
        while lines[at].strip() != "```":
            at += 1
        indent = len(fence["indent"])
        text = "\n".join(line[indent:] for line in lines[start:at])
        yield read_chat(text, language=fence["language"] or "en", where=f"{page.name}:{start}", first=start + 1)


async def play(stage: Stage, chat: Chat | str) -> None:
    """Let people say and do what they do in a conversation; it is a failure where the bots answer otherwise."""
    if isinstance(chat, str):
        chat = read_chat(chat)
    waiting: list[Said] = []
    place: Place | None = None
    for turn in chat.turns:
        what = f"{chat.where}, line {turn.line}"
        if turn.text.startswith("←"):
            assert waiting, f"{what}: nothing is said, not\n{turn.text}"
            await _compare(stage, what, turn.text, waiting.pop(0), place)
            continue
        assert not waiting, f"{what}: before this it is said as well\n{_shown(waiting)}"
        if turn.text.startswith("→"):
            place = await _speak(stage, what, turn.text)
        elif turn.text.startswith("·"):
            await _tap(stage, what, turn.text)
        else:
            await _wait(stage, what, turn.text, chat.language)
        waiting = await stage.letters()
    assert not waiting, f"{chat.where}: at the end it is said as well\n{_shown(waiting)}"


async def _speak(stage: Stage, what: str, text: str) -> Place:
    spoken = _SPOKEN.fullmatch(text)
    assert spoken, f"{what}: write → Name (Room): text"
    room = None if spoken["room"] in _DIRECT else spoken["room"]
    person = _person(stage, what, spoken["name"])
    await person.utters(spoken["text"], room)
    return await stage.place(room, person.account)


async def _tap(stage: Stage, what: str, text: str) -> None:
    tapped = _TAPPED.fullmatch(text)
    assert tapped, f"{what}: write · Name: ✅"
    last = [said for said in await stage.all_letters() if isinstance(said.content, Words)][-1]
    await _person(stage, what, tapped["name"]).sets(tapped["key"], last)


async def _wait(stage: Stage, what: str, text: str, language: str) -> None:
    """`[in 2 hours]`, `[+ 10 minutes]`, `[friday 18:00]`: the clock moves on. `[the rooms follow]`: they do.
    `[Anna enters Lyon]`: the room. `[it arrives in Lyon, Brest]`: what asks for a receipt is delivered there."""
    assert text.startswith("[") and text.endswith("]"), f"{what}: nobody speaks; lines begin with →, ←, · or ["
    written = text[1:-1].strip()
    if written in _FOLLOW:
        await stage.is_applied()
        return
    if enters := _ENTERS.fullmatch(written):
        await _person(stage, what, enters["name"]).enters(enters["room"])
        return
    if arrives := _ARRIVES.fullmatch(written):
        for branch in arrives["names"].split(", "):
            await stage.delivers(branch)
        return
    zone = stage.surroundings.policy.zone(None)
    now = stage.clock.now()
    try:
        if written.startswith("+"):
            until = read_duration(written[1:].strip(), language=language).after(now, zone)
        else:
            until = read(written, language=language, zone=zone, now=now).instant
    except DateProblem as problem:
        raise AssertionError(f"{what}: {problem}") from None
    await stage.passes(until - now)


async def _compare(stage: Stage, what: str, text: str, said: Said, place: Place | None) -> None:
    elsewhere = _ELSEWHERE.match(text)
    if elsewhere is not None:
        person = _direct_with(stage, elsewhere["room"])
        place = await stage.place(None if person else elsewhere["room"], person.account if person else "")
    assert place in (None, said.to), f"{what}: it is said in {said.to}, not in {place}:\n{said}"
    expected = text[elsewhere.end() if elsewhere else 1 :].strip()
    wanted, heard = _lines(expected), _lines(str(said))
    if "…" in wanted:
        cut = wanted.index("…")
        wanted, heard = wanted[:cut], heard[:cut]
    assert heard == wanted, f"{what}: it is said\n{said}\nnot\n{expected}"


def _direct_with(stage: Stage, room: str) -> Someone | None:
    """The person of `(direct: Anna)`."""
    kind, _, name = room.partition(": ")
    return stage.people.get(name) if kind in _DIRECT else None


def _person(stage: Stage, what: str, name: str) -> Someone:
    assert name in stage.people, f"{what}: there is no {name}, only {', '.join(stage.people)}"
    return stage.people[name]


def _lines(text: str) -> list[str]:
    """Without what cannot be seen: kinds of spaces, spaces at the ends of lines, empty lines."""
    return [" ".join(line.split()) for line in text.splitlines() if line.strip()]


def _shown(letters: Sequence[Said]) -> str:
    return "\n".join(f"← {letter}" for letter in letters)
