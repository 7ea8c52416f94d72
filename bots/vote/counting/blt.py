"""Reading ballots from BLT files, the format of OpenSTV and OpaVote.

    4 2             four candidates, two seats
    -3              the third withdrew
    28 1 2 0        28 ballots: the first, then the second
    26 2=4 1 0      equal ranks
    3 0             three that name nobody
    0               the end of the ballots
    "Adam"          their names, in order
    …
    "The title"

`#` begins a comment. A dash among the preferences is a rank that was left out. Names may stand without quotation marks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from bots.vote.counting.values import Ranking

_QUOTED: Final = re.compile(r'"([^"]*)"')
_COMMENT: Final = re.compile(r"(?:^|\s)#.*$")
_WHOLE: Final = re.compile(r"[0-9]{1,15}")
MOST_CANDIDATES: Final = 10_000
"""More are a slip in the first line."""


class BltError(Exception):
    """A file is no BLT file. `line` is the number of the line, the first is 1."""

    def __init__(self, line: int, problem: str) -> None:
        super().__init__(f"line {line}: {problem}")
        self.line = line
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Election:
    """What a BLT file holds. `names` are the candidates in order, `withdrawn` and the ballots name them by number from
    0; `ballots` holds equal ballots once, with their weight; `equal_ranks` is the first line that has any."""

    names: tuple[str, ...]
    seats: int
    withdrawn: frozenset[int]
    ballots: dict[Ranking, int]
    title: str = ""
    equal_ranks: int | None = None


def read_blt(content: str) -> Election:
    """Read the text of a BLT file. Raises BltError."""
    lines = _Lines(content)
    candidates, seats = _head(lines)
    withdrawn: set[int] = set()
    ballots: dict[Ranking, int] = {}
    equal_ranks = None
    for number, words in lines.numbers():
        if words == ["0"]:
            break
        if words[0].startswith("-") and not ballots:
            withdrawn.update(_withdrawn(number, word, candidates) for word in words)
            continue
        weight, ranking = _ballot(number, words, candidates)
        ballots[ranking] = ballots.get(ranking, 0) + weight
        if equal_ranks is None and any(len(group) > 1 for group in ranking):
            equal_ranks = number
    else:
        raise BltError(lines.number, "the file ends before a line with 0, which ends the ballots")
    names = list(lines.names())
    if len(names) < candidates:
        raise BltError(lines.number, f"the file ends after {len(names)} of {candidates} names")
    if len(names) > candidates + 1:
        raise BltError(lines.number, f"there are more than {candidates} names and a title")
    title = names[candidates] if len(names) > candidates else ""
    return Election(tuple(names[:candidates]), seats, frozenset(withdrawn), ballots, title, equal_ranks)


class _Lines:
    """The lines, one after the other."""

    def __init__(self, content: str) -> None:
        self._lines = enumerate(content.removeprefix("\ufeff").splitlines(), 1)
        self.number = 1

    def numbers(self) -> Iterator[tuple[int, list[str]]]:
        """The words of each line that says something, without comments."""
        for number, line in self._lines:
            self.number = number
            if words := line.partition("#")[0].split():
                yield number, words

    def names(self) -> Iterator[str]:
        for number, line in self._lines:
            self.number = number
            bare = line.strip()
            if bare.startswith('"'):
                if bare.count('"') == 1:
                    raise BltError(number, "a name has no closing quotation mark")
                rest = _COMMENT.sub("", _QUOTED.sub("", bare)).strip()
                if rest:
                    raise BltError(number, f"'{rest[:20]}' stands beside a name in quotation marks")
                yield from (name.strip() for name in _QUOTED.findall(bare[: _end_of_names(bare)]))
            elif name := _COMMENT.sub("", bare).strip():
                yield name


def _end_of_names(bare: str) -> int:
    """Where a comment begins, quotation marks in it not being names."""
    masked = _QUOTED.sub(lambda match: "x" * len(match[0]), bare)
    comment = _COMMENT.search(masked)
    return comment.start() if comment else len(bare)


def _head(lines: _Lines) -> tuple[int, int]:
    for number, words in lines.numbers():
        if len(words) != 2 or not all(map(_WHOLE.fullmatch, words)):
            raise BltError(number, "expected the number of candidates and the number of seats, such as '4 2'")
        candidates, seats = map(int, words)
        if not 1 <= candidates <= MOST_CANDIDATES:
            raise BltError(number, f"{candidates} candidates")
        if not seats:
            raise BltError(number, "no seats")
        return candidates, seats
    raise BltError(1, "the file is empty")


def _withdrawn(number: int, word: str, candidates: int) -> int:
    if not word.startswith("-") or not _WHOLE.fullmatch(word[1:]):
        raise BltError(number, f"'{word}' among the candidates who withdrew; expected their numbers, such as '-3'")
    return _candidate(number, word[1:], candidates)


def _ballot(number: int, words: list[str], candidates: int) -> tuple[int, Ranking]:
    weight, *preferences = words
    if not _WHOLE.fullmatch(weight):
        raise BltError(number, f"'{weight}' is no whole number of ballots")
    if not int(weight):
        raise BltError(number, "a ballot begins with how many there are of it, which cannot be 0")
    if not preferences or preferences[-1] != "0":
        raise BltError(number, "a ballot ends with 0")
    seen: set[int] = set()
    ranking: list[tuple[int, ...]] = []
    for word in preferences[:-1]:
        if word == "-":
            continue
        group = [_candidate(number, part, candidates) for part in word.split("=")]
        for candidate in group:
            if candidate in seen:
                raise BltError(number, f"candidate {candidate + 1} stands twice in the ballot")
            seen.add(candidate)
        ranking.append(tuple(sorted(group)))
    return int(weight), tuple(ranking)


def _candidate(number: int, word: str, candidates: int) -> int:
    if not _WHOLE.fullmatch(word):
        raise BltError(number, f"'{word}' is no number of a candidate")
    if not 1 <= int(word) <= candidates:
        raise BltError(number, f"there is no candidate {int(word)}: they are numbered from 1 to {candidates}")
    return int(word) - 1
