"""What newcomers are told. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from bots.kit.wording import Line, Typed
from ground.texts import Text, text


def to_member(
    name: str | None, branch: str | None, commands: Mapping[str, str], other: tuple[str, str] | None
) -> tuple[Line, ...]:
    """The welcome of a member, or of an administrator, who has no name and no branch: what they can do.

    `commands` are those there are, with the names shown to them; `other` is the command that changes the language, and
    the name of that language.
    """
    lines: list[Line] = [_greeting(name, branch)]
    lines.append(
        text(
            "{help} shows what you can do in a room. Here you may leave out the sign before it.",
            help=Typed(commands["help"]),
        )
    )
    if "branch" in commands:
        lines.append(
            text("{branch} says where you are and who holds the offices there.", branch=Typed(commands["branch"]))
        )
    if other is not None:
        lines.append(text("{command} makes me speak {language} to you.", command=Typed(other[0]), language=other[1]))
    lines.append(
        text("What was written before you came is encrypted for those who were there: you may not be able to read it.")
    )
    return tuple(lines)


def _greeting(name: str | None, branch: str | None) -> Text:
    if name is None or branch is None:
        return text("Hello! I look after the rooms here, and I help in them.")
    return text("Hello {name}! I look after the rooms of {branch}, and I help in them.", name=name, branch=branch)


def to_stranger(join: str) -> tuple[Line, ...]:
    """The welcome of an account that belongs to nobody in the register. `join`: how a code is used, without prefix."""
    return (
        text("Hello! I work for an organisation, and I do not know your account yet."),
        text("If you were sent a code, write it to me like this: {join}", join=Typed(join)),
        text("If you have none, ask whoever looks after your branch for one."),
    )
