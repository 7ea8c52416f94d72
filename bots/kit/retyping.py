"""A command line typed again with one thing put right, so that it can be copied."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from bots.kit.command import Command
from bots.kit.dates.saying import language_of
from bots.kit.index import Found
from bots.kit.parameters import Kind, Parameter
from bots.kit.tokens import Item, Mark, quoted

_EXAMPLES: Final[Mapping[Kind, Mapping[str, str]]] = {
    Kind.TEXT: {"en": "…"},
    Kind.NUMBER: {"en": "12"},
    Kind.MEMBER: {"en": "@jeanne"},
    Kind.BRANCH: {"en": "lyon"},
    Kind.MONEY: {"en": "12.50", "fr": "12,50"},
    Kind.FRACTION: {"en": "2/3"},
    Kind.LIST: {"en": "\n- Yes\n- No", "fr": "\n- Oui\n- Non"},
}


def retyped(
    found: Found, *, instead: Mapping[int, str] | None = None, after: int | None = None, added: str = "", name: str = ""
) -> str:
    """The line without prefix, its items as they were typed. `instead` replaces items, by place; an empty text drops
    them. `added` is put in after the item at `after` (-1: before all). `name` replaces that of the command."""
    instead = instead or {}
    text = name or found.called
    if after == -1:
        text += _joint(added) + added
    for place, item in enumerate(found.line.items):
        written = instead.get(place, _spelled(item))
        text += (item.gap or ("" if _sticks(found, place) else " ")) + written if written else ""
        if place == after:
            text += _joint(added) + added
    for labelled in found.line.labelled:
        text += f"\n{labelled.label}: {' '.join(word.raw for word in labelled.value)}"
    return text.rstrip() + "".join(f"\n- {choice}" for choice in found.line.choices)


def example_line(command: Command, called: str, language: str) -> str:
    """One whole correct line for a command, without prefix."""
    given = command.examples.get(language) or command.examples.get("en")
    if given:
        return given
    line = called
    for parameter in command.parameters:
        if parameter.required:
            value = example_of(parameter, language)
            line += _joint(value) + value
    return line


def example_of(parameter: Parameter, language: str) -> str:
    """One correct value as it is typed, behind its name where it is an option."""
    value = value_of(parameter, language)
    if parameter.option is None:
        return value
    name = parameter.option.name(language)
    if parameter.option.bare:
        return f"{name} {value}"
    return f"--{name}" if parameter.kind is Kind.FLAG else f"--{name} {value}"


def value_of(parameter: Parameter, language: str) -> str:
    """One correct value as it is typed, without its name."""
    value = parameter.example.get(language) or parameter.example.get("en") or _usual(parameter, language)
    return quoted(value) if parameter.kind is Kind.TEXT and not parameter.rest else value


def _usual(parameter: Parameter, language: str) -> str:
    if parameter.kind is Kind.MOMENT:
        return language_of(language).example
    if parameter.kind is Kind.DURATION:
        return language_of(language).example_duration
    if parameter.kind is Kind.CHOICE:
        choice = str(parameter.choices[0])
        return next(iter(parameter.words.get(choice, {}).get(language, ())), choice)
    usual = _EXAMPLES.get(parameter.kind, {"en": "…"})
    return usual.get(language, usual["en"])


def _spelled(item: Item) -> str:
    return "--" + item.raw.lstrip("-–—\u2212") if isinstance(item, Mark) else item.raw


def _sticks(found: Found, place: int) -> bool:
    """Whether the item belongs to the one before it, as the value after `--name=`."""
    before = found.line.items[place - 1] if place else None
    return isinstance(before, Mark) and before.raw.endswith(("=", ":"))


def _joint(added: str) -> str:
    return "" if not added or added.startswith("\n") else " "
