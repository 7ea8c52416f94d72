"""Addresses without a transport."""

from __future__ import annotations

from typing import Final, NamedTuple

SPACE: Final = "space"


class BranchRoom(NamedTuple):
    """A room of a branch: `key` is a kind of room of the configuration, or `space` for the branch's space."""

    branch_id: str
    key: str

    def __str__(self) -> str:
        return f"{self.branch_id}/{self.key}"
