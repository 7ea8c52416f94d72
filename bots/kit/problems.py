"""What is wrong with what somebody typed, and what has to be asked back."""

from __future__ import annotations

from collections.abc import Sequence

from bots.kit.parts import Line, Typed
from ground.texts import Text


class Problem(Exception):
    """A command cannot be run as it was typed.

    `lines` is all that is to be said, the last of them the line to try instead where there is one; that line is also
    `example`, without prefix.
    """

    def __init__(self, *lines: Text, example: str | None = None) -> None:
        super().__init__(*lines)
        self.lines: tuple[Line, ...] = lines if example is None else (*lines, Typed(example))
        self.example = example

    def __str__(self) -> str:
        return " ".join(map(str, self.lines))


class BadValue(Exception):
    """A text is no value of the kind that is wanted.

    `text` says so; `instead` is what may have been meant. `meant` tells that it surely was meant as such a value, like
    31 February as a date, so that no other reading is tried.
    """

    def __init__(self, text: Text, *, instead: str | None = None, meant: bool = False) -> None:
        super().__init__(text)
        self.text = text
        self.instead = instead
        self.meant = meant

    def __str__(self) -> str:
        return str(self.text)


class Ambiguous(Exception):
    """Several values may be meant; the person is asked which one.

    `candidates`, at most nine, are what to take for the parameter, and how each is called. Bind again with
    `chosen={parameter: value}`.
    """

    def __init__(self, parameter: str, question: Text, candidates: Sequence[tuple[str, Text]]) -> None:
        super().__init__(parameter, question)
        self.parameter = parameter
        self.question = question
        self.candidates = candidates

    def __str__(self) -> str:
        return str(self.question)
