"""What is done where options are equal: the rule that was declared when the vote was opened."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class TieRule(StrEnum):
    """What decides between options that are equal."""

    STATUS_QUO = "status_quo"
    """Nothing: a motion is lost, a seat stays open."""
    CHAIR = "chair"
    """Whoever chairs, once asked."""
    DRAWN = "drawn"
    """The lot, drawn from a published seed."""


@dataclass(frozen=True, slots=True)
class Ties:
    """The rule of a vote. `seed` is for the lot; `chair` holds the options in the order in which the chair prefers
    them, once the chair was asked."""

    rule: TieRule = TieRule.STATUS_QUO
    seed: str = ""
    chair: tuple[int, ...] = ()

    def order(self, tied: Sequence[int], names: Sequence[str]) -> tuple[int, ...] | None:
        """The tied options, the favoured one first; None where the rule leaves it open, or the chair was not asked."""
        match self.rule:
            case TieRule.DRAWN:
                return tuple(option for option in draw(self.seed, names) if option in tied)
            case TieRule.CHAIR if set(tied) <= set(self.chair):
                return tuple(option for option in self.chair if option in tied)
        return None


AS_IT_IS: Final = Ties()
"""Nothing decides."""


def draw(seed: str, names: Sequence[str]) -> tuple[int, ...]:
    """All options in the order of the lot: by the SHA-256 of the seed, a line feed and the option's name (UTF-8), in
    hexadecimal, lowest first. Anybody can check it: `printf 'SEED\\nNAME' | sha256sum`."""
    return tuple(sorted(range(len(names)), key=lambda option: (lot(seed, names[option]), option)))


def lot(seed: str, name: str) -> str:
    """The lot of one option, in hexadecimal."""
    return hashlib.sha256(f"{seed}\n{name}".encode()).hexdigest()
