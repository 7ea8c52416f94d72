"""Addresses without a transport."""

from __future__ import annotations

from typing import Final, NamedTuple, TypeAlias

SPACE: Final = "space"


class BranchRoom(NamedTuple):
    """A room of a branch: `key` is a kind of room of the configuration, or `space` for the branch's space."""

    branch_id: str
    key: str

    def __str__(self) -> str:
        return f"{self.branch_id}/{self.key}"


class Direct(NamedTuple):
    """The direct conversation with an account; it is opened when the first letter goes there."""

    account: str


class Elsewhere(NamedTuple):
    """A room that is the place of nothing; `room` is for the transport alone to read."""

    room: str


Place: TypeAlias = BranchRoom | Direct | Elsewhere


def address(place: Place) -> str:
    """The place as a text, to be kept and to be read back by `place_at`."""
    match place:
        case BranchRoom():
            return f"branch:{place}"
        case Direct():
            return f"direct:{place.account}"
        case Elsewhere():
            return f"room:{place.room}"


def place_at(kept: str) -> Place:
    """The place that `address` made the text of. Raises ValueError for anything else."""
    kind, _, rest = kept.partition(":")
    match kind:
        case "branch" if "/" in rest:
            return BranchRoom(*rest.split("/", 1))
        case "direct":
            return Direct(rest)
        case "room":
            return Elsewhere(rest)
    raise ValueError(f"'{kept}' is no address of a place")
