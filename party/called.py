"""Branches and tiers in what the register refuses: by their keys for operators, by their names for everybody else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from party.branches import BranchRow
from party.policy import PartyPolicy


@dataclass(frozen=True, slots=True)
class Called:
    """Something that operators type by its `key`, which is also how it is written where nothing else is said, and that
    people know by its name: the same in all languages, or one for each."""

    key: str
    names: str | Mapping[str, str]

    def __str__(self) -> str:
        return self.key

    def name(self, language: str) -> str:
        """How people call it in a language, else in the first one that it has a name in."""
        if isinstance(self.names, str):
            return self.names
        return self.names.get(language) or next(iter(self.names.values()), self.key)


def called(branch: BranchRow) -> Called:
    """A branch."""
    return Called(branch.slug, branch.name)


def called_tier(policy: PartyPolicy, tier: str) -> Called:
    """A tier, which the policy may not have any more."""
    known = policy.tiers.get(tier)
    return Called(tier, tier if known is None else known.name)
