"""How the chair puts options that are equal in order: one question after the other, who comes next. Pure.

What the chair has put in order stays so; an option that is equal to others in a later round is put into that order,
again by the chair alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Preferring:
    """`known`: the order so far; `placed`: the beginning of the new one; `tied`: what has to be in it."""

    known: tuple[int, ...]
    placed: tuple[int, ...]
    tied: tuple[int, ...]

    @property
    def candidates(self) -> tuple[int, ...]:
        """Those of whom one comes next, as they were asked; none once all are in order."""
        unknown = [option for option in self.tied if option not in self.known and option not in self.placed]
        left = [option for option in self.known if option not in self.placed]
        return tuple(sorted([*left[:1], *unknown])) if unknown else ()

    def next(self, option: int) -> Preferring:
        """One of the candidates comes next; whoever is then left alone needs no question."""
        after = Preferring(self.known, (*self.placed, option), self.tied)
        alone = after.candidates
        return after if len(alone) != 1 else after.next(alone[0])

    @property
    def order(self) -> Sequence[int]:
        """The whole order, once there are no candidates."""
        return (*self.placed, *(option for option in self.known if option not in self.placed))
