"""How much each ballot weighs where delegates carry the mandates of others. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Self

from bots.kit.matching import fold
from bots.kit.problems import BadValue
from bots.vote.electorate import Elector
from bots.vote.errors import VoteRefused
from ground.texts import text
from party.branches import Tree

HEAVIEST: Final = 100_000
"""What one ballot may weigh."""
HEAVIEST_ROLL: Final = 1_000_000_000
"""What all may weigh together."""
MOST_UNITS: Final = 20_000
"""Into how many ballots the weights of a confidential vote may be split."""
REGISTER: Final = frozenset({"register", "registre", "the register", "le registre", "from the register", "du registre"})
_PAIR: Final = re.compile(r"(\S.*?)\s*(?:[=:×]|\s)\s*(\d{1,9})")
_NEXT: Final = re.compile(r"[,;\n]")
_PREFIX: Final = "abcdefghijklmnopqrstuvwxyz-0"
_SHOWN: Final = 60


@dataclass(frozen=True, slots=True)
class Weighing:
    """Where weights come from: `given` at the opening, by the numbers of members; None: from the register."""

    given: tuple[tuple[str, int], ...] | None = None

    def kept(self) -> str | dict[str, int]:
        """As JSON takes it."""
        return "register" if self.given is None else dict(self.given)

    @classmethod
    def read(cls, kept: str | Mapping[str, int]) -> Self:
        """What `kept` made."""
        return cls() if isinstance(kept, str) else cls(tuple(kept.items()))


def read_weights(written: str) -> Sequence[tuple[str, int]] | None:
    """Weights as somebody typed them, by whatever they call the member: `12=30, Jeanne Martin 20`; None: from the
    register. Raises BadValue."""
    if fold(written) in REGISTER:
        return None
    # One space at most between words, so that no run of them is tried in every way.
    pairs = [_PAIR.fullmatch(" ".join(part.split())) for part in _NEXT.split(written.strip(" ,;\n"))]
    if not all(pairs):
        raise BadValue(
            text(
                "I do not read '{written}' as weights. Write for example: 12=30, 15=20, or: register",
                written=written[:_SHOWN],
            )
        )
    return [(pair[1], int(pair[2])) for pair in pairs if pair is not None]


def numbered(pairs: Sequence[tuple[str, int]], electors: Sequence[Elector], names: Mapping[str, str]) -> dict[str, int]:
    """Weights by the numbers of members, from what they were called: a number (M0012, or 12), or the name of exactly
    one elector. `names`: by member. Raises BadValue."""
    called: dict[str, list[str]] = {}
    for elector in electors:
        number = fold(elector.number)
        for name in {number, number.lstrip(_PREFIX) or number, fold(names[elector.member_id])}:
            called.setdefault(name, []).append(elector.number)
    found: dict[str, int] = {}
    for name, weight in pairs:
        those = called.get(fold(name), [])
        if not those:
            raise BadValue(text("“{name}” is nobody who could vote here.", name=name[:_SHOWN]))
        if len(those) > 1:
            raise BadValue(text("Several people are called “{name}”. Write the number of the one you mean.", name=name))
        if those[0] in found:
            raise BadValue(text("“{name}” has two weights.", name=name))
        found[those[0]] = weight
    return found


def refused(weights: Sequence[int], *, units: bool) -> None:
    """Raises VoteRefused where ballots that weigh so much cannot be counted."""
    whole = sum(weights)
    if whole == 0:
        raise VoteRefused(text("All ballots together would weigh nothing."))
    most = MOST_UNITS if units else HEAVIEST_ROLL
    if whole > most:
        raise VoteRefused(text("All ballots together may weigh {most}, not {weight}.", most=most, weight=whole))


def from_register(electors: Sequence[Elector], tree: Tree, members: Mapping[str, int]) -> dict[str, int]:
    """What each delegate carries, by member: the members of their branch and of those below it.

    `members`: how many each branch has (`party.members.counts`). A branch below that has delegates of its own is theirs
    alone. Several delegates of a branch share its members evenly, the first by number one more; the sum is kept.
    """
    delegates: dict[str, list[Elector]] = {}
    for elector in electors:
        delegates.setdefault(elector.branch_id, []).append(elector)
    carried = dict.fromkeys(delegates, 0)
    for branch, count in members.items():
        if branch in tree and (nearest := next((up.id for up in tree.path(branch) if up.id in delegates), None)):
            carried[nearest] += count
    weights: dict[str, int] = {}
    for branch, those in delegates.items():
        share, more = divmod(carried[branch], len(those))
        for rank, elector in enumerate(sorted(those, key=lambda one: one.number)):
            weights[elector.member_id] = share + (rank < more)
    return weights


def given(electors: Sequence[Elector], weights: Mapping[str, int]) -> dict[str, int]:
    """Weights written at the opening, by the numbers of members, as weights by member. Raises VoteRefused."""
    by_number = {elector.number: elector.member_id for elector in electors}
    for number, weight in weights.items():
        if number not in by_number:
            raise VoteRefused(text("Member {number} is not on the roll of this vote.", number=number))
        if not 0 <= weight <= HEAVIEST:
            raise VoteRefused(text("A ballot weighs between 0 and {most}, not {weight}.", most=HEAVIEST, weight=weight))
    return {by_number[number]: weight for number, weight in weights.items()}
