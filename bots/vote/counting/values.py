"""What a ballot is, and how it is kept.

Options are numbered 0 … n-1, in the order in which they were asked. A ballot is kept as one short text, in which an
option is a letter: the first is `a`. A ranking is `bca`, with equal ranks `a=bc`; a choice is `ac`; scores are
`5,,10`. Where the size of a row must not tell the choice, all ballots of a vote are filled up with spaces to one width.
"""

from __future__ import annotations

import string
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from typing import Any, Final, TypeAlias, TypeVar

Ranking: TypeAlias = tuple[tuple[int, ...], ...]
"""Groups of options, best first; a group holds the options of one rank, ascending. Who is in none comes last."""
Choice: TypeAlias = frozenset[int]
"""For one choice, for approval and for motions. Empty is an abstention, where abstaining is no option of its own."""
Scores: TypeAlias = tuple[int | None, ...]
"""One for each option: a score, or a grade (0 is the worst); None is none given."""

B = TypeVar("B")
Profile: TypeAlias = Mapping[B, int]
"""Ballots, each once, with the sum of the weights of all that are equal to it (0 or more)."""

LETTERS: Final = string.ascii_lowercase + string.ascii_uppercase + string.digits
"""What the options are called in a ballot that is kept."""
MOST_OPTIONS: Final = len(LETTERS)
EQUAL: Final = "="
_NUMBERS: Final = {letter: number for number, letter in enumerate(LETTERS)}


class Kind(StrEnum):
    """What is written on a ballot."""

    CHOICE = "choice"
    RANKING = "ranking"
    SCORES = "scores"


def kept_choice(choice: Choice) -> str:
    """A choice as it is kept, not filled up."""
    return "".join(LETTERS[option] for option in sorted(choice))


def kept_ranking(ranking: Ranking) -> str:
    """A ranking as it is kept, not filled up."""
    return "".join(EQUAL.join(LETTERS[option] for option in sorted(group)) for group in ranking)


def kept_scores(scores: Scores) -> str:
    """Scores as they are kept, not filled up."""
    return ",".join("" if score is None else str(score) for score in scores)


def choice_of(kept: str) -> Choice:
    """The choice that was kept. Raises ValueError where it is none."""
    choice = frozenset(map(_number, kept.rstrip()))
    if len(choice) != len(kept.rstrip()):
        raise ValueError("an option stands twice in a ballot")
    return choice


def ranking_of(kept: str) -> Ranking:
    """The ranking that was kept. Raises ValueError where it is none."""
    groups: list[list[int]] = []
    seen: set[int] = set()
    joining = False
    for letter in kept.rstrip():
        if letter == EQUAL:
            if joining or not groups:
                raise ValueError("a sign of equality joins nothing")
            joining = True
            continue
        option = _number(letter)
        if option in seen:
            raise ValueError("an option stands twice in a ballot")
        seen.add(option)
        if joining:
            groups[-1].append(option)
        else:
            groups.append([option])
        joining = False
    if joining:
        raise ValueError("a sign of equality joins nothing")
    return tuple(tuple(sorted(group)) for group in groups)


def scores_of(kept: str) -> Scores:
    """The scores that were kept. Raises ValueError where they are none."""
    return tuple(int(score) if score else None for score in kept.rstrip().split(","))


def width(kind: Kind, options: int, top: int = 0) -> int:
    """How many characters a ballot takes at most. `top` is the highest score.

    Raises ValueError for more options than there are letters.
    """
    if not 1 <= options <= MOST_OPTIONS:
        raise ValueError(f"a vote has from 1 to {MOST_OPTIONS} options, not {options}")
    match kind:
        case Kind.CHOICE:
            return options
        case Kind.RANKING:
            return 2 * options - 1
        case Kind.SCORES:
            return options * (len(str(top)) + 1) - 1


READ: Final[Mapping[Kind, Callable[[str], Any]]] = {
    Kind.CHOICE: choice_of,
    Kind.RANKING: ranking_of,
    Kind.SCORES: scores_of,
}
"""How the ballots of each kind are read."""


def profile(read: Callable[[str], B], rows: Iterable[tuple[str, int]]) -> dict[B, int]:
    """The ballots that were kept, each with its weight, as a profile: `profile(ranking_of, rows)`."""
    found: Counter[str] = Counter()
    for kept, weight in rows:
        found[kept] += weight
    ballots: dict[B, int] = {}
    for kept, weight in found.items():
        ballot = read(kept)
        ballots[ballot] = ballots.get(ballot, 0) + weight
    return ballots


def _number(letter: str) -> int:
    try:
        return _NUMBERS[letter]
    except KeyError:
        raise ValueError("a ballot holds something that is no option") from None
