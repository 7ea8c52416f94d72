"""`!help` and `!language`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Annotated, Final

from pydantic import JsonValue

from bots.help.languages import language_meant, own_name
from bots.kit import preferences, rights, usage
from bots.kit.command import Argument, Command
from bots.kit.index import Index
from bots.kit.matching import fold
from bots.kit.request import Refusal, Request
from bots.kit.usable import sort_of
from bots.kit.wording import Code, Gap, Line, Typed
from bridge.places import BranchRoom, Direct, Place, address, place_at
from ground.texts import text
from party.errors import NotAllowed
from party.members import MemberRow

UNDO: Final = "help.language"
_MANY: Final = 15
"""More commands than these are not all shown at once: a telephone shows about as many lines."""
_FEW: Final = 2
"""So many of a kind are shown even then."""


async def show(
    request: Request,
    command: Annotated[
        str, Argument(what=text("the name of a command"), example={"en": "language", "fr": "langue"}, rest=True)
    ] = "",
) -> None:
    """What can be done here, or all about one command."""
    mine = await request.usable()
    if command:
        await request.reply(*await _about(request, command, mine))
        return
    here = sort_of(request.place, request.surroundings)
    await request.reply(*_all([each for each in mine if each.listed & here], request.voice.language))


def _all(commands: Sequence[Command], language: str) -> Sequence[Line]:
    """Everything, by bot; where it is much, of each kind the first one and how to see the others."""
    families: dict[str, list[Command]] = {}
    for command in commands:
        families.setdefault(_family(command), []).append(command)
    folded = [several for several in families.values() if len(several) > _FEW] if len(commands) > _MANY else []
    hidden = {id(command) for several in folded for command in several[1:]}
    shown = [command for command in commands if id(command) not in hidden]
    lines = list(usage.list_of(_by_bot(shown), language, help_name=HELP.shown(language)))
    if folded:
        words = [several[0].shown(language).partition(" ")[0] for several in folded]
        kinds = [Typed(f"{HELP.shown(language)} {word}") for word in words]
        lines.append(text("There is more of these kinds: {lines}", lines=kinds))
    return lines


async def _about(request: Request, name: str, mine: Sequence[Command]) -> Sequence[Line]:
    """All about the command of that name; the commands that begin so; or why it is not for this person or place."""
    language, index = request.voice.language, Index(request.kit.commands)
    written = fold(name.removeprefix(request.voice.prefix))
    found = index.named(written, language=language)
    exact = found is not None and written in {fold(each) for _, each in found.names()}
    begun = [each for each in index.under(written, language=language) if each in mine]
    if begun and not exact:
        return usage.list_of([begun], language, help_name=HELP.shown(language))
    if found is None:
        unknown = text("I know no command {name}. {help} shows those there are.", name=Code(name), help=_help(language))
        raise Refusal(unknown)
    if found not in mine:
        return await _not_here(request, found)
    lines = list(usage.help_of(found, language))
    if begun:
        lines += [Gap(), *usage.list_of([begun], language, help_name=HELP.shown(language))]
    return lines


async def _not_here(request: Request, command: Command) -> Sequence[Line]:
    language = request.voice.language
    if not sort_of(request.place, request.surroundings) & command.where:
        return usage.wrong_place(command, language)
    if command.right is None:
        return [text("{command} is for members.", command=Typed(command.shown(language)))]
    branch = None if request.branch is None else request.branch.id
    return await rights.refusal(
        request.session, request.surroundings, request.voice, command.right, branch, request.now
    )


def _by_bot(commands: Sequence[Command]) -> Sequence[Sequence[Command]]:
    """The commands of each bot together, ours last; a bot is a package of handlers."""
    groups = {package: list(several) for package, several in groupby(commands, _package)}
    return sorted(groups.values(), key=lambda several: several[0] is HELP)


def _package(command: Command) -> str:
    return command.run.__module__.rpartition(".")[0]


def _family(command: Command) -> str:
    return command.name.partition(" ")[0].removesuffix("s")


def _help(language: str) -> Typed:
    return Typed(HELP.shown(language))


async def speak(
    request: Request,
    language: Annotated[
        str, Argument(what=text("the language"), example={"en": "French", "fr": "anglais"}, rest=True)
    ] = "",
) -> None:
    """Change the language of a room, or that of a direct conversation."""
    spoken = request.surroundings.translators
    names = [own_name(code) for code in sorted(spoken)]
    if not language:
        now = own_name(request.voice.language)
        await request.reply(text("I speak {language} here. I know: {languages}.", language=now, languages=names))
        return
    code = language_meant(language, spoken)
    if code is None:
        raise Refusal(
            text("I do not speak {language}. I know: {languages}.", language=Code(language), languages=names),
            example=request.say(text("language {code}", code=sorted(spoken)[0])),
        )
    subject = await _subject(request)
    before = await preferences.preferred(request.session, subject)
    await preferences.prefer(request.session, subject, code)
    await request.undoable(UNDO, {"place": address(request.place), "before": before})
    await _say_so(request)


async def undo(request: Request, data: Mapping[str, JsonValue]) -> None:
    """Speak as before."""
    place, before = place_at(str(data["place"])), data["before"]
    subject: Place | MemberRow = request.member if isinstance(place, Direct) and request.member else place
    await preferences.prefer(request.session, subject, None if before is None else str(before))
    await _say_so(request)


async def _subject(request: Request) -> Place | MemberRow:
    """Whose language is changed: the room's, by who may edit its branch; else the person's own."""
    if not isinstance(request.place, BranchRoom):
        return request.member or request.place
    if not await request.may("branch.edit", request.place.branch_id):
        raise NotAllowed(text("You may not change the language of this room."), "branch.edit", request.place.branch_id)
    return request.place


async def _say_so(request: Request) -> None:
    request.voice = await request.voice_for(request.place)
    language = own_name(request.voice.language)
    if isinstance(request.place, BranchRoom):
        await request.reply(text("From now on I speak {language} in this room.", language=language))
    else:
        await request.reply(text("From now on I speak {language} with you.", language=language))


HELP: Final = Command(
    name="help",
    run=show,
    summary=text("What you can do here."),
    aliases={"fr": ("aide",)},
    examples={"en": "help language", "fr": "aide langue"},
    strangers=True,
)
LANGUAGE: Final = Command(
    name="language",
    run=speak,
    summary=text("The language that I speak in this room or, in our direct conversation, with you."),
    aliases={"fr": ("langue",)},
    examples={"en": "language French", "fr": "langue anglais"},
    details=text("In a room this is for those who may change its branch."),
)
COMMANDS: Final = (HELP, LANGUAGE)
