"""What the configuration lays down for the register: tiers, offices, rights. Values only."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import tzinfo
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Annotated, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

ACTIONS: Final = frozenset(
    {
        "branch.create",
        "branch.edit",
        "branch.move",
        "branch.merge",
        "branch.close",
        "branch.link",
        "member.see",
        "member.add",
        "member.edit",
        "member.transfer",
        "member.status",
        "member.account",
        "mandate.give",
        "mandate.end",
        "journal.see",
        "announce",
        "report",
        "vote.open",
        "vote.extend",
        "vote.close",
        "vote.cancel",
        "vote.remind",
        "vote.enter",
        "vote.roll",
    }
)
"""What may be asked of `permissions.may`. `*` in the configuration stands for any part: `member.*`."""

ACCOUNT: Final = re.compile(r"@[\x21-\x39\x3b-\x7e]*:[A-Za-z0-9.\-\[\]:]+")
"""The shape of a Matrix account (Matrix specification, user identifiers)."""


def shaped(pattern: re.Pattern[str], remedy: str) -> AfterValidator:
    """Accepts text of a shape only; `remedy` completes the sentence that begins with the text."""

    def check(value: str) -> str:
        if not pattern.fullmatch(value):
            raise ValueError(f"'{value}' {remedy}")
        return value

    return AfterValidator(check)


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"'{name}' is no time zone; write one of the tz database, like Europe/Paris") from None
    return name


def _known_action(pattern: str) -> str:
    if not any(fnmatchcase(action, pattern) for action in ACTIONS):
        raise ValueError(f"'{pattern}' is no action; write one of {', '.join(sorted(ACTIONS))}")
    return pattern


_KEY = shaped(re.compile(r"[a-z0-9]+(?:[-_][a-z0-9]+)*"), "is no key; write small letters, digits, dashes, like my-key")
Key = Annotated[str, Field(max_length=60), _KEY]
"""A short name used in the configuration and in files: lower-case letters, digits, dashes."""
Language = Annotated[str, shaped(re.compile("[a-z]{2,3}"), "is no language code; write one of ISO 639, like fr")]
"""An ISO 639 language code."""
Zone = Annotated[str, AfterValidator(_known_zone)]
"""A time zone of the tz database."""
Account = Annotated[str, shaped(ACCOUNT, "is no Matrix account; write one like @jeanne:example.org")]
"""A Matrix account."""
Names = Annotated[dict[Language, Annotated[str, Field(min_length=1, max_length=200)]], Field(min_length=1)]
"""One text in several languages."""


class Policy(BaseModel):
    """Base of all parts of the configuration: frozen, and unknown keys are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Reach(StrEnum):
    """How far a right goes from the branch of the mandate."""

    HERE = "here"
    BELOW = "below"
    """In the branch itself and in all branches under it."""


class Tier(Policy):
    """One tier of the organisation: national, region, section …"""

    name: Names


class Office(Policy):
    """An office that members hold in a branch, and what its holders may do."""

    name: Names
    may: dict[Annotated[str, AfterValidator(_known_action)], Reach] = Field(default_factory=dict)

    def reach(self, action: str) -> Reach | None:
        """How far holders of this office may do `action`; None when they may not. The widest pattern wins."""
        reaches = {reach for pattern, reach in self.may.items() if fnmatchcase(action, pattern)}
        return Reach.BELOW if Reach.BELOW in reaches else Reach.HERE if reaches else None


class PartyPolicy(Policy):
    """Everything the register needs to know of the configuration."""

    language: Language
    timezone: Zone
    administrators: tuple[Account, ...] = ()
    """Accounts that may do everything everywhere."""
    tiers: Annotated[dict[Key, Tier], Field(min_length=1)]
    """From the top to the bottom of the tree."""
    offices: dict[Key, Office] = Field(default_factory=dict)

    def rank(self, tier: str) -> int:
        """0 for the highest tier. Raises KeyError for an unknown one."""
        return self._ranks()[tier]

    def _ranks(self) -> Mapping[str, int]:
        return {key: rank for rank, key in enumerate(self.tiers)}

    def zone(self, timezone: str | None) -> tzinfo:
        """The zone of a branch, or the organisation's where the branch has none."""
        return ZoneInfo(timezone or self.timezone)
