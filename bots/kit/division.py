"""Which words of a line belong to which parameter: all the ways, in the order to try them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

from bots.kit.parameters import Kind, Parameter
from bots.kit.tokens import Word

WIDEST: Final = 12
"""How many words a value other than a text may have."""


@dataclass(frozen=True, slots=True)
class Part:
    """A parameter and its words: from one place among the positional words until another."""

    parameter: Parameter
    start: int
    end: int


def divisions(parameters: Sequence[Parameter], words: Sequence[Word]) -> Iterator[Sequence[Part]]:
    """The ways to give all words to the parameters, in the order to try them.

    Optional ones get their words if they can. A text before something else is as short as possible, so that a date
    after it is as long as possible; the date may also stand before the text.
    """
    optional = [parameter for parameter in parameters if not parameter.required]
    for size in range(len(optional) + 1):
        for skipped in combinations(reversed(optional), size):
            taking = [parameter for parameter in parameters if parameter not in skipped]
            yield from _lengths(taking, words, 0)
            if len(taking) > 1 and taking[-1].kind is Kind.MOMENT and taking[-2].rest:
                yield from _lengths([*taking[:-2], taking[-1], taking[-2]], words, 0)


def _lengths(parameters: Sequence[Parameter], words: Sequence[Word], start: int) -> Iterator[Sequence[Part]]:
    if not parameters:
        if start == len(words):
            yield ()
        return
    first, *others = parameters
    most = len(words) - start - len(others)
    for size in _sizes(first, words[start:], most, last=not others):
        for parts in _lengths(others, words, start + size):
            yield (Part(first, start, start + size), *parts)


def _sizes(parameter: Parameter, words: Sequence[Word], most: int, *, last: bool) -> Sequence[int]:
    if most < 1:
        return ()
    if last and parameter.rest:
        return (most,)
    if parameter.rest:
        return range(1, most + 1)
    if words[0].quoted or words[0].account or parameter.kind is Kind.TEXT:
        return (1,)
    if last:
        return (most,) if most <= WIDEST else ()
    return range(min(most, WIDEST), 0, -1)
