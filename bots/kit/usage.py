"""What is said about a command: its usage line, its help, the list of commands, and where it belongs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from bots.kit.command import Command, Where
from bots.kit.complaints import unknown_command
from bots.kit.parameters import Kind, Option, Parameter
from bots.kit.parts import Code, Gap, Items, Line, Typed
from bots.kit.retyping import example_line
from ground.texts import Text, text

__all__ = ["help_of", "list_of", "unknown_command", "usage_line", "wrong_place"]

_FEW: Final = 3
"""How many options a usage line shows; more are only listed under it."""
_MOST: Final = 40
"""How many commands of one bot are listed."""
_WHERE: Final = {
    frozenset({Where.BRANCH}): text("For the rooms of a branch."),
    frozenset({Where.BRANCH, Where.COMMITTEE}): text("For the rooms of a branch."),
    frozenset({Where.BRANCH, Where.DIRECT}): text("For the rooms of a branch, or privately."),
    frozenset({Where.COMMITTEE}): text("For the rooms of officers."),
    frozenset({Where.COMMITTEE, Where.DIRECT}): text("For the rooms of officers, or privately."),
    frozenset({Where.DIRECT}): text("To be written to me privately."),
}


def usage_line(command: Command, language: str) -> Text:
    """How the command is written: `vote <the question> [--closes <when it ends>]`, with the prefix of the place."""
    values: dict[str, object] = {"name": Typed(command.shown(language))}
    pattern = ["{name}"]
    optional = [parameter for parameter in command.options if not parameter.required]
    spared = optional if len(optional) > _FEW else []
    for number, parameter in enumerate(command.parameters):
        if parameter in spared:
            continue
        values[f"what{number}"] = parameter.what
        pattern.append(_shape(parameter, f"what{number}", language))
    if spared:
        values["options"] = text("options")
        pattern.append("[{options}]")
    return Text(" ".join(pattern), values)


def _shape(parameter: Parameter, key: str, language: str) -> str:
    hole = "<{" + key + "}>"
    if parameter.option is not None:
        name = _braced(_named(parameter.option, language))
        hole = name if parameter.kind is Kind.FLAG else f"{name} {hole}"
    elif parameter.kind is Kind.LIST:
        hole += " …"
    return hole if parameter.required else f"[{hole}]"


def _named(option: Option, language: str) -> str:
    """The name as it is typed."""
    return option.name(language) if option.bare else f"--{option.name(language)}"


def help_of(command: Command, language: str) -> Sequence[Line]:
    """All that is to be known of one command, with an example."""
    lines: list[Line] = [command.summary, usage_line(command, language)]
    options = tuple(
        text("`{name}`: {what}", name=_named(parameter.described, language), what=parameter.what)
        for parameter in command.options
    )
    if options:
        lines.append(Items(options, most=_MOST))
    if command.details is not None:
        lines.append(command.details)
    example = command.examples.get(language) or command.examples.get("en")
    if example or any(parameter.required for parameter in command.parameters):
        line = example or example_line(command, command.shown(language), language)
        lines.append(text("For example: {line}", line=Typed(line)))
    others = tuple(dict.fromkeys(Code(name) for _, name in command.names() if name != command.shown(language)))
    if others:
        lines.append(text("Also understood: {names}", names=others))
    if command.where in _WHERE:
        lines.append(_WHERE[command.where])
    return lines


def list_of(groups: Sequence[Sequence[Command]], language: str, *, help_name: str = "help") -> Sequence[Line]:
    """The commands, one line each, those of a bot together; then how to learn more about one of them."""
    lines: list[Line] = []
    for commands in groups:
        items = tuple(
            text("{command}: {summary}", command=Typed(command.shown(language)), summary=command.summary)
            for command in commands
        )
        if items:
            lines += [Gap()] * bool(lines)
            lines.append(Items(items, most=_MOST))
    first = next((command for commands in groups for command in commands), None)
    if first is not None:
        line = Typed(f"{help_name} {first.shown(language)}")
        lines += [Gap(), text("More about one of them: {line}", line=line)]
    return lines


def wrong_place(command: Command, language: str) -> Sequence[Line]:
    """The command is not for this place; where it is."""
    name = Typed(command.shown(language))
    if command.where == {Where.DIRECT}:
        return [text("That is between us: write {command} to me privately.", command=Code(command.shown(language)))]
    if Where.BRANCH in command.where:
        return [text("That works in the rooms of a branch: write {command} there.", command=name)]
    return [text("That works in the rooms of officers: write {command} there.", command=name)]


def _braced(name: str) -> str:
    return name.replace("{", "{{").replace("}", "}}")
