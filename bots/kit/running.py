"""From a message that speaks to the bot to the handler of a command."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Final

from pydantic import JsonValue

from bots.kit import complaints, notes, rights, usage
from bots.kit.attempt import Outcome, attempt, told
from bots.kit.bind import bind, take_option
from bots.kit.command import Command
from bots.kit.grammar import Names, Written, read
from bots.kit.hooks import Hook
from bots.kit.index import Found
from bots.kit.origin import Origin
from bots.kit.parts import Code, Typed
from bots.kit.problems import Ambiguous, Problem
from bots.kit.questions import NUMBERS
from bots.kit.request import Request
from bots.kit.surroundings import Surroundings
from bots.kit.team import IN
from bots.kit.tokens import Word
from bots.kit.turn import Turn
from bots.kit.usable import sort_of
from bots.kit.values import Reader
from bots.kit.who import Person
from bridge.letters import Arrival
from bridge.places import Direct, Elsewhere, Place
from ground.texts import text
from party.branches import Branch

AGAIN: Final = "kit.again"
"""What a question names that reads a command once more, with what was not clear in it."""
STRANGER: Final = Hook[Callable[[Request], Awaitable[bool]]]("kit.stranger")
"""Somebody who is no member writes directly what is no command for them; whether they were answered."""
SMALL_TALK: Final = Hook[Callable[[Request, str], Awaitable[bool]]]("kit.small_talk")
"""A member writes directly, without prefix, what resembles no command; whether no more is to be said."""
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Typing:
    """What somebody typed, and what they chose for the parameters that were not clear."""

    written: Written
    text: str
    html: str | None = None
    chosen: Mapping[str, str] = field(default_factory=dict)

    def kept(self) -> dict[str, JsonValue]:
        """As it is kept with a question."""
        return {"text": self.text, "html": self.html, "chosen": dict(self.chosen)}


def speaks(surroundings: Surroundings, place: Place, words: str, html: str | None) -> Written | None:
    """What a message says to the bot; None where it does not speak to it."""
    names = Names(surroundings.account, (surroundings.name,))
    return read(words, html=html, to=names, prefix=surroundings.prefix, direct=isinstance(place, Direct))


async def run(turn: Turn, person: Person, arrival: Arrival, origin: Origin, typing: Typing) -> Outcome:
    """Do what was typed, or say why not."""
    if not person.known and not isinstance(origin.place, Direct):
        return Outcome.NOTHING
    branch = await turn.branch_of(person, origin.place)
    request = await turn.request(person, arrival, origin, branch=branch)
    if isinstance(origin.place, Elsewhere):
        return await _elsewhere(request)
    found = turn.team.index.find(typing.written, language=request.voice.language, offered=lambda command: False)
    if not isinstance(found, Found) and (line := _meant(turn, typing)) is not None:
        typing = line
        found = turn.team.index.find(line.written, language="en", offered=lambda command: False)
    if isinstance(found, Found) and not person.known:
        person = await _admitted(turn, person, found)
    if isinstance(found, Found) and (person.known or found.command.strangers):
        return await _Call(turn, person, request, typing).run(found)
    if not person.known:
        return await _stranger(turn, request)
    return await _unknown(turn, request, typing)


async def _admitted(turn: Turn, person: Person, found: Found) -> Person:
    """Somebody who is no member; with what they were where the command is theirs all the same."""
    word = next((item.text for item in found.line.items[:1] if isinstance(item, Word)), "")
    admits = found.command.admits
    member = None if admits is None else await admits(turn.session, person.account, word)
    return person if member is None else replace(person, member=member, known=True)


def _meant(turn: Turn, typing: Typing) -> Typing | None:
    """The line of a command that is meant by what somebody writes privately."""
    if typing.written.by != "direct":
        return None
    for command in turn.team.index.commands:
        if command.meant_by is not None and (line := command.meant_by(typing.text)) is not None:
            written = read(line, html=None, to=Names(turn.team.kit.surroundings.account), direct=True)
            return None if written is None else Typing(written, line)
    return None


async def _unknown(turn: Turn, request: Request, typing: Typing) -> Outcome:
    offered = await request.usable()
    meant = turn.team.index.find(typing.written, language=request.voice.language, offered=offered.__contains__)
    if isinstance(meant, Found) or not meant.sure:
        return Outcome.NOTHING
    help_ = turn.team.index.named("help", language="en")
    line = help_.shown(request.voice.language) if help_ is not None else "help"
    if typing.written.by == "direct" and meant.nearest is None and not meant.among:
        for answer in request.offered(SMALL_TALK):
            if await answer(request, typing.text):
                return Outcome.NOTHING
        await request.reply(text("I did not understand that. {help} shows what you can ask me.", help=Typed(line)))
        return Outcome.NOT_UNDERSTOOD
    await request.reply(*complaints.unknown_command(meant, help_line=line).lines)
    return Outcome.NOT_UNDERSTOOD


async def _stranger(turn: Turn, request: Request) -> Outcome:
    """Whoever is no member is answered once a day."""
    for answer in request.offered(STRANGER):
        if await answer(request):
            return Outcome.REFUSED
    if await notes.first(request.session, f"stranger {request.account}", request.now, within=_DAY):
        language = request.voice.language
        names = [Code(command.shown(language)) for command in await request.usable()]
        said = text("I do not know you yet. You can write to me: {commands}", commands=names)
        await request.reply(said if names else text("I answer members only, and do not know you yet."))
    return Outcome.REFUSED


async def _elsewhere(request: Request) -> Outcome:
    """A room that is no place of the organisation: said once a day."""
    if await notes.first(request.session, f"elsewhere {request.origin.place[0]}", request.now, within=_DAY):
        await request.reply(text("I answer in the rooms of the branches, and when you write to me directly."))
    return Outcome.REFUSED


class _Call:
    """A command that was found, on its way to its handler."""

    def __init__(self, turn: Turn, person: Person, request: Request, typing: Typing) -> None:
        self._turn = turn
        self._person = person
        self._first = request
        self._typing = typing

    async def run(self, found: Found) -> Outcome:
        command, first = found.command, self._first
        self._turn.commands.append(command)
        if not sort_of(first.place, first.surroundings) & command.where:
            await first.reply(*usage.wrong_place(command, first.voice.language))
            return Outcome.REFUSED
        branch = first.branch
        try:
            chosen, found = await take_option(found, IN, await self._reader(first), chosen=self._typing.chosen)
            branch = chosen if isinstance(chosen, Branch) else branch
            asked = await self._asked(command, branch)
            if await self._lacks_right(asked, command):
                return Outcome.REFUSED
            call = await bind(found, await self._reader(asked), chosen=self._typing.chosen)
        except Ambiguous as doubt:
            return await self._which(await self._asked(command, branch), doubt)
        except Problem as problem:
            return await self._problem(await self._asked(command, branch), problem)
        return await attempt(asked, lambda: call.run(asked), what=command.name, last=self._turn.last)

    async def _asked(self, command: Command, branch: Branch | None) -> Request:
        """The request as the handler gets it."""
        first = self._first
        return await self._turn.request(
            self._person,
            first.arrival,
            replace(first.origin, private=command.private),
            self._turn.team.owner(command),
            branch=branch,
            command=command,
            question=first.question,
            voice=first.voice,
        )

    async def _reader(self, request: Request) -> Reader:
        voice = request.voice
        return Reader(
            session=request.session,
            tree=self._first.tree,
            policy=request.policy,
            actor=request.actor,
            member=request.member,
            branch=request.branch,
            language=voice.language,
            zone=voice.zone,
            now=request.now,
        )

    async def _lacks_right(self, request: Request, command: Command) -> bool:
        if command.right is None or await self._turn.allowed(self._person, command.right, request.branch):
            return False
        if command.anywhere and await request.may_anywhere(command.right):
            return False
        branch_id = None if request.branch is None else request.branch.id
        lines = await rights.refusal(
            request.session, request.surroundings, request.voice, command.right, branch_id, request.now
        )
        await request.reply(*lines)
        return True

    async def _problem(self, request: Request, problem: Problem) -> Outcome:
        """What is wrong is said again with the commands in mind that the person has here."""
        offered = await request.usable()
        index, language = self._turn.team.index, request.voice.language
        found = index.find(self._typing.written, language=language, offered=offered.__contains__)
        if isinstance(found, Found) and found.meant is not None:
            try:
                _, found = await take_option(found, IN, await self._reader(request), chosen=self._typing.chosen)
                await bind(found, await self._reader(request), chosen=self._typing.chosen)
            except Problem as better:
                problem = better
            except Ambiguous:
                pass
        await request.reply(*told(problem))
        return Outcome.REFUSED

    async def _which(self, request: Request, doubt: Ambiguous) -> Outcome:
        """Ask which value is meant; the answer reads the command again."""
        numbered = dict(zip(NUMBERS, doubt.candidates, strict=False))
        candidates: dict[str, JsonValue] = {key: value for key, (value, _) in numbered.items()}
        data: dict[str, JsonValue] = {
            **self._typing.kept(),
            "parameter": doubt.parameter,
            "candidates": candidates,
        }
        answers = {key: label for key, (_, label) in numbered.items()}
        await request.ask(doubt.question, answers=answers, then=AGAIN, data=data)
        return Outcome.DONE


async def again(
    turn: Turn, person: Person, arrival: Arrival, origin: Origin, data: Mapping[str, JsonValue], key: str
) -> Outcome:
    """Read a command once more, with the answer to what was not clear in it."""
    chosen, candidates = data["chosen"], data["candidates"]
    assert isinstance(chosen, dict) and isinstance(candidates, dict)  # noqa: S101 - as `_which` keeps them
    words, html = str(data["text"]), None if data["html"] is None else str(data["html"])
    written = speaks(turn.team.kit.surroundings, origin.place, words, html)
    if written is None:
        return Outcome.NOTHING
    now_clear = {name: str(value) for name, value in chosen.items()} | {str(data["parameter"]): str(candidates[key])}
    typing = Typing(written, words, html, now_clear)
    return await run(turn, person, arrival, replace(origin, private=False), typing)
