"""The rankings of a large vote as a table of numbers, so that a million are counted in about a second.

Only imported where there are many ballots: numpy takes some 15 MB, and a bot at rest has no use for it.
"""

from __future__ import annotations

from collections.abc import Collection, Container, Iterable, Iterator
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from bots.vote.counting.outcome import UNIT
from bots.vote.counting.papers import EqualRanks
from bots.vote.counting.schulze import pairwise
from bots.vote.counting.values import EQUAL, LETTERS, Ranking, ranking_of

Bytes: TypeAlias = npt.NDArray[np.uint8]
Counts: TypeAlias = npt.NDArray[np.int64]
Places: TypeAlias = npt.NDArray[np.int64]

MOST_WEIGHT: Final = 2**63 // (UNIT * UNIT) // 2
"""Up to this weight in all, no product or sum of a count leaves 64 bits, nor the whole numbers of a double."""
_STRANGE, _EQUAL, _END = 255, 254, 253
_LETTER: Final = {**dict(enumerate(LETTERS)), _EQUAL: EQUAL}
_CHUNK: Final = 1 << 16
"""How many ballots are compared at once: as many as stay in a processor's cache."""


class Table:
    """Rankings of `options` options as they are kept: `rows` holds one ballot a row, best first, `options` as a filler.
    Those with equal ranks are in `equal`, as a profile."""

    def __init__(self, options: int) -> None:
        self.options = options
        self.equal: dict[Ranking, int] = {}
        self._rows: list[Bytes] = []
        self._weights: list[int] = []

    @classmethod
    def read(cls, chunks: Iterable[tuple[str, int]], options: int) -> Table:
        """Ballots as they are kept, a line for each, with the weight of each of them. Raises ValueError."""
        table = cls(options)
        meaning = np.full(256, _STRANGE, np.uint8)
        for number, letter in enumerate(LETTERS[:options]):
            meaning[ord(letter)] = number
        meaning[ord(" ")], meaning[ord(EQUAL)] = _END, _EQUAL
        for lines, weight in chunks:
            written = np.frombuffer(lines.encode(), np.uint8)
            ends = np.append(np.flatnonzero(written == ord("\n")), len(written))
            letters = meaning[written]
            starts = np.append(0, ends[:-1] + 1)
            for chunk in _slices(len(ends)):
                table._add(_matrix(letters, starts[chunk], ends[chunk], options), weight)
        return table

    def _add(self, letters: Bytes, weight: int) -> None:
        if (letters == _STRANGE).any():
            raise ValueError("a ballot holds something that is no option")
        with_equal = (letters == _EQUAL).any(axis=1)
        if with_equal.any():
            for row in letters[with_equal]:
                ranking = ranking_of("".join(_LETTER.get(letter, "") for letter in row.tolist()))
                self.equal[ranking] = self.equal.get(ranking, 0) + weight
            letters = letters[~with_equal]
        used = letters[:, : self.options]
        # A filler is followed by fillers, and no option stands twice.
        if (letters[:, self.options :] != _END).any() or ((used[:, :-1] == _END) & (used[:, 1:] != _END)).any():
            raise ValueError("a ballot holds something that is no option")
        self._once(used)
        self._rows.append(np.minimum(used, self.options).astype(np.uint8))
        self._weights.append(weight)

    def _once(self, used: Bytes) -> None:
        seen = np.zeros(len(used), np.uint64)
        for column in used.T:
            bit = np.where(column == _END, np.uint64(0), np.left_shift(np.uint64(1), column.astype(np.uint64)))
            if (seen & bit).any():
                raise ValueError("an option stands twice in a ballot")
            seen |= bit

    @property
    def weight(self) -> int:
        """The weight of all ballots together."""
        plain = sum(len(rows) * weight for rows, weight in self.weighted())
        return plain + sum(self.equal.values())

    def weighted(self) -> Iterator[tuple[Bytes, int]]:
        """The rows without equal ranks, with the weight of each of them."""
        yield from zip(self._rows, self._weights, strict=True)

    def pairwise(self) -> list[list[int]]:
        """`pairs[a][b]`: how many rank a above b."""
        pairs = pairwise(self.equal, self.options)
        for rows, weight in self.weighted():
            for a, row in enumerate(_compared(rows, self.options)):
                for b, count in enumerate(row):
                    pairs[a][b] += weight * count
        return pairs

    def cast(self) -> tuple[int, int]:
        """How many rank somebody, and how many nobody, by weight."""
        empty = sum(int((rows[:, 0] == self.options).sum()) * weight for rows, weight in self.weighted())
        empty += self.equal.get((), 0)
        return self.weight - empty, empty


def _matrix(letters: Bytes, starts: Places, ends: Places, options: int) -> Bytes:
    """One row for each line, filled up."""
    lengths = ends - starts
    columns = np.arange(max(options, int(lengths.max())))
    places = np.minimum(starts[:, None] + columns, max(len(letters) - 1, 0))
    filled = columns < lengths[:, None]
    found = letters[places] if len(letters) else np.full(places.shape, _END, np.uint8)
    return np.where(filled, found, np.uint8(_END))


def _compared(rows: Bytes, options: int) -> list[list[int]]:
    counts = np.zeros((options, options), np.int64)
    for chunk in _slices(len(rows)):
        part = rows[chunk]
        place = np.full((options + 1, len(part)), options, np.uint8)
        every = np.arange(len(part))
        for rank, option in enumerate(np.ascontiguousarray(part.T)):
            place[option, every] = rank
        for a in range(options):
            for b in range(options):
                if a != b:
                    counts[a, b] += np.count_nonzero(place[a] < place[b])
    return [[int(count) for count in row] for row in counts]


def _slices(rows: int) -> Iterator[slice]:
    for start in range(0, rows, _CHUNK):
        yield slice(start, start + _CHUNK)


class Columns:
    """The papers of a table: for each, who holds it and at which value. Raises EqualRanks, and OverflowError for more
    than MOST_WEIGHT."""

    def __init__(self, table: Table, standing: Collection[int]) -> None:
        if table.equal:
            raise EqualRanks
        if table.weight > MOST_WEIGHT:
            raise OverflowError("too much weight for this way of counting")
        self._options = table.options
        rows = [rows for rows, _ in table.weighted()]
        self._rows = rows[0] if len(rows) == 1 else np.concatenate([np.empty((0, table.options), np.uint8), *rows])
        self._weights = np.concatenate(
            [np.empty(0, np.int64), *(np.full(len(rows), weight, np.int64) for rows, weight in table.weighted())]
        )
        self._values = np.full(len(self._rows), UNIT, np.int64)
        self._holders = self._takers(self._rows, standing)
        self.empty = int(self._weights[self._holders == self._options].sum())
        self.size = int(self._weights.sum()) - self.empty

    def first(self) -> list[int]:
        return self._received(self._holders, self._values * self._weights)

    def surplus(self, option: int, surplus: int, total: int, continuing: Container[int]) -> list[int]:
        return self._hand_on(option, surplus, total, continuing)

    def exclude(self, option: int, continuing: Container[int]) -> list[int]:
        return self._hand_on(option, 1, 1, continuing)

    def _hand_on(self, option: int, part: int, whole: int, continuing: Container[int]) -> list[int]:
        papers = np.flatnonzero(self._holders == option)
        values = self._values[papers]
        if part != whole:
            values = values * part // whole
        # Whoever came before on a paper has stopped: the first who continues is the next preference.
        takers = self._takers(self._rows[papers], continuing)
        self._values[papers] = values
        self._holders[papers] = takers
        return self._received(takers, values * self._weights[papers])

    def _takers(self, rows: Bytes, continuing: Container[int]) -> Bytes:
        """The first on each row who continues, or `options`."""
        continues = np.array([option in continuing for option in range(self._options)] + [False])
        takers = np.empty(len(rows), np.uint8)
        for chunk in _slices(len(rows)):
            part = rows[chunk]
            able = continues[part]
            place = able.argmax(axis=1)
            every = np.arange(len(part))
            takers[chunk] = np.where(able[every, place], part[every, place], self._options)
        return takers

    def _received(self, takers: Bytes, votes: Counts) -> list[int]:
        # Sums of whole numbers below 2**53 are exact in a double.
        sums = np.bincount(takers, weights=votes, minlength=self._options + 1)
        return [int(votes) for votes in sums[: self._options]]
