"""What the configuration lays down for the mirror: which rooms the branches have, and who is in them."""

from __future__ import annotations

import string
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field

from party.policy import Key, Language, Names, Policy

BOT_POWER: Final = 100
HIGHEST_OFFICE_POWER: Final = 90
"""In room versions before 12 an account at the bot's own power can be neither demoted nor removed."""

_PLACES = {"branch", "tier"}


def _template(names: dict[str, str]) -> dict[str, str]:
    for template in names.values():
        parts = [part for part in string.Formatter().parse(template) if part[1] is not None]
        if any(spec or conversion for _, _, spec, conversion in parts):
            raise ValueError(f"'{template}': nothing may stand beside the word in {{branch}} and {{tier}}")
        places = {place for _, place, _, _ in parts if place is not None}
        if unknown := places - _PLACES:
            raise ValueError(f"{{{min(unknown)}}} is not known here; the places are {{branch}} and {{tier}}")
    return names


Templates = Annotated[Names, AfterValidator(_template)]
"""A text in several languages, with `{branch}` and `{tier}` where the names of the branch and its tier go."""


class Audience(StrEnum):
    """Who is in a room."""

    MEMBERS = "members"
    """Those whose home the branch is, and the holders of its offices."""
    MEMBERS_AND_BELOW = "members-and-below"
    OFFICERS = "officers"
    OFFICERS_AND_BELOW = "officers-and-below"
    PUBLIC = "public"
    """Members are invited, and anyone may come."""


class RoomKind(Policy):
    """A kind of room that the branches of some tiers have."""

    name: Templates
    topic: Templates | None = None
    tiers: tuple[Key, ...] | None = None
    """The tiers whose branches have it; None: all."""
    encrypted: bool = True
    who: Audience = Audience.MEMBERS
    post: Literal["everyone", "officers"] = "everyone"
    knock: bool = False
    """Outsiders may ask to be let in; whom an officer lets in stays."""

    def of_tier(self, tier: str) -> bool:
        """Whether the branches of a tier have this kind of room."""
        return self.tiers is None or tier in self.tiers


class SpacePolicy(Policy):
    """The space of a branch."""

    name: Templates = Field(default_factory=lambda: {"en": "{branch}"})
    topic: Templates | None = None
    knock: bool = False
    """Outsiders may ask to be let in."""


def quiet_rooms() -> dict[str, RoomKind]:
    """The rooms of every branch where the configuration names none: a member hears the tiers above, not their talk.

    The kind comes first: telephones cut long names, and a word for the committee must not end up in the discussion.
    """
    return {
        "announcements": RoomKind(
            name={"en": "Announcements – {branch}", "fr": "Annonces – {branch}"},
            who=Audience.MEMBERS_AND_BELOW,
            post="officers",
        ),
        "discussion": RoomKind(name={"en": "Discussion – {branch}", "fr": "Discussion – {branch}"}),
        "committee": RoomKind(name={"en": "Committee – {branch}", "fr": "Bureau – {branch}"}, who=Audience.OFFICERS),
    }


class MirrorPolicy(Policy):
    """Everything the mirror needs to know of the configuration."""

    space: SpacePolicy = Field(default_factory=SpacePolicy)
    rooms: dict[Key, RoomKind] = Field(default_factory=quiet_rooms)
    power: dict[Key, Annotated[int, Field(ge=0, le=HIGHEST_OFFICE_POWER)]] = Field(default_factory=dict)
    """The power level of an office's holders in the rooms of their branch; 0 for an office not named."""
    join: Literal["invite", "auto_accept", "admin"] = "invite"
    """How members get in: they accept an invitation; the homeserver accepts for them; the bot, a server administrator,
    joins them."""
    invite_claimed: bool = True
    """Whether accounts that were named for a member but have not spoken yet are invited too."""
    suspended: Literal["keep", "mute", "remove"] = "mute"
    drift: Literal["repair", "report"] = "repair"
    keep: tuple[str, ...] = ()
    """Accounts, `*` standing for anything, that are never removed or lowered."""
    only: tuple[Key, ...] = ()
    """Slugs of the branches to mirror, with all above and below them; empty: all."""
    room_version: Literal["10", "11", "12"] | None = None
    """None: the homeserver's default."""
    concurrency: int = Field(default=16, ge=1, le=64)

    def keeps(self, user_id: str) -> bool:
        """Whether an account is never to be removed or lowered."""
        return any(fnmatchcase(user_id, pattern) for pattern in self.keep)


def in_language(names: dict[Language, str], language: str | None, default: str) -> str:
    """The text in a language, else in the organisation's, else the first that there is."""
    return names.get(language or default) or names.get(default) or next(iter(names.values()))
