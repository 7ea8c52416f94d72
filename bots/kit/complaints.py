"""What is said about a line that cannot be run: what is wrong, and the line to try instead."""

from __future__ import annotations

from collections.abc import Sequence

from bots.kit.index import Found, Unknown
from bots.kit.matching import fold
from bots.kit.parameters import Parameter
from bots.kit.parts import Code, Typed
from bots.kit.problems import BadValue, Problem
from bots.kit.retyping import example_line, example_of, retyped, value_of
from ground.texts import text

_SHOWN = 60


def missing(found: Found, after: int, parameter: Parameter, language: str) -> Problem:
    """A parameter was not given; the example has what was, and one more value after the item at `after`."""
    line = found.line
    if line.items or line.labelled or line.choices:
        example = retyped(found, after=after, added=example_of(parameter, language))
    else:
        example = example_line(found.command, found.called, language)
    if parameter.argument is not None and parameter.argument.missing is not None:
        return Problem(parameter.argument.missing, example=example)
    return Problem(text("What is missing: {what}. For example:", what=parameter.what), example=example)


def nothing_after(found: Found, at: int | None, name: str, parameter: Parameter, language: str) -> Problem:
    """The name of an option stands there without a value; `at` is its place in the line."""
    value = value_of(parameter, language)
    if at is None:
        return Problem(text("What is missing after `{name}`: {what}.", name=name, what=parameter.what))
    example = retyped(found, after=at, added=value)
    shown = name if parameter.described.bare else f"--{name}"
    return Problem(
        text("What is missing after `{name}`: {what}. For example:", name=shown, what=parameter.what),
        example=example,
    )


def unknown_option(found: Found, at: int, wrong: str, right: str | None, language: str) -> Problem:
    """No option has that name; `right` is the one that was probably meant."""
    if right is not None:
        item = found.line.items[at]
        sign = "=" if item.raw.endswith("=") else ""
        return Problem(
            text("I know `--{right}`, not `--{wrong}`. Try:", right=right, wrong=wrong),
            example=retyped(found, instead={at: f"--{right}{sign}"}),
        )
    options = tuple(Code(f"--{name}") for name in found.option_names(language))
    if options:
        return Problem(text("There is no option `--{wrong}` here, only: {options}", wrong=wrong, options=options))
    return Problem(
        text("There is no option `--{wrong}` here. Try:", wrong=wrong), example=retyped(found, instead={at: ""})
    )


def twice(parameter: Parameter, language: str) -> Problem:
    """An option was given twice."""
    return Problem(text("`--{name}` stands there twice.", name=parameter.described.name(language)))


def bad_value(found: Found, places: Sequence[int], parameter: Parameter, bad: BadValue, language: str) -> Problem:
    """The items at these places are no such value."""
    if bad.instead is None or not places:
        return Problem(bad.text)
    first, *others = places
    instead = {first: bad.instead, **dict.fromkeys(others, "")}
    return Problem(bad.text, example=retyped(found, instead=instead))


def bad_label(bad: BadValue) -> Problem:
    """What stands behind a label is no such value."""
    return Problem(bad.text)


def surplus(found: Found, places: Sequence[int], words: str) -> Problem:
    """More was typed than the command takes."""
    shown = words if len(words) <= _SHOWN else words[: _SHOWN - 1] + "…"
    return Problem(
        text("I do not know what to do with '{words}'. Try:", words=shown),
        example=retyped(found, instead=dict.fromkeys(places, "")),
    )


def longer_name(found: Found) -> Problem:
    """The first words were probably the end of a longer name."""
    name = found.meant or found.called
    more = len(fold(name).split()) - len(fold(found.called).split())
    typed = " ".join([found.called, *(item.raw for item in found.line.items[:more])])
    return Problem(
        text("I do not know `{typed}`. Did you mean this?", typed=typed[:_SHOWN]),
        example=retyped(found, instead=dict.fromkeys(range(more), ""), name=name),
    )


def unknown_command(unknown: Unknown, *, help_line: str = "help") -> Problem:
    """No command has that name. `help_line` is how the list of commands is asked for in the language."""
    typed = unknown.typed[:_SHOWN]
    if unknown.nearest is not None:
        return Problem(text("I do not know `{typed}`. Did you mean this?", typed=typed), example=unknown.nearest)
    if unknown.among:
        names = tuple(Typed(name) for name in unknown.among)
        return Problem(text("These begin with `{typed}`: {names}", typed=typed, names=names))
    return Problem(text("I do not know `{typed}`. What I can do here: {help}", typed=typed, help=Typed(help_line)))
