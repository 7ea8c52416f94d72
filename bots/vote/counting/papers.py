"""Ballot papers in piles, one for each option, as they are handed on from one to the next."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container
from typing import Protocol

from bots.vote.counting.outcome import UNIT
from bots.vote.counting.values import Profile, Ranking


class EqualRanks(ValueError):
    """A ballot gives two options the same rank, which this method does not allow."""


class Papers(Protocol):
    """The papers of a count. Whoever receives papers is continuing; whoever stopped never continues again."""

    @property
    def size(self) -> int:
        """How many papers name somebody who stands, by weight."""

    @property
    def empty(self) -> int:
        """How many name nobody who stands."""

    def first(self) -> list[int]:
        """The votes of each option, in UNITs, by first preferences."""

    def surplus(self, option: int, surplus: int, total: int, continuing: Container[int]) -> list[int]:
        """Hand on the papers of an elected option, whose votes are `total` (in UNITs).

        Each goes on at its value times `surplus` / `total`; what is beyond the fifth decimal is left out. Gives what
        each option received, in UNITs.
        """

    def exclude(self, option: int, continuing: Container[int]) -> list[int]:
        """Hand on the papers of an excluded option at the value at which they came. What each received, in UNITs."""


class Piles:
    """The papers of a profile, ballot by ballot. Raises EqualRanks."""

    def __init__(self, profile: Profile[Ranking], options: int, standing: Container[int]) -> None:
        self._options = options
        self.size = self.empty = 0
        # What is left of a ranking, how many there are, and the value of each. Those that agree lie together.
        self._piles: list[list[tuple[tuple[int, ...], int, int]]] = [[] for _ in range(options)]
        alike: defaultdict[tuple[int, ...], int] = defaultdict(int)
        for ranking, weight in profile.items():
            if any(len(group) != 1 for group in ranking):
                raise EqualRanks
            alike[tuple(option for (option,) in ranking if option in standing)] += weight
        for order, weight in alike.items():
            if order:
                self.size += weight
                self._piles[order[0]].append((order, weight, UNIT))
            else:
                self.empty += weight

    def first(self) -> list[int]:
        return [sum(weight * value for _, weight, value in pile) for pile in self._piles]

    def surplus(self, option: int, surplus: int, total: int, continuing: Container[int]) -> list[int]:
        return self._hand_on(option, surplus, total, continuing)

    def exclude(self, option: int, continuing: Container[int]) -> list[int]:
        return self._hand_on(option, 1, 1, continuing)

    def _hand_on(self, option: int, part: int, whole: int, continuing: Container[int]) -> list[int]:
        received = [0] * self._options
        pile, self._piles[option] = self._piles[option], []
        for order, weight, before in pile:
            value = before * part // whole
            for place in range(1, len(order)):
                taker = order[place]
                if taker in continuing:
                    self._piles[taker].append((order[place:], weight, value))
                    received[taker] += weight * value
                    break
        return received
