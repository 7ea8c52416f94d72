"""What the program tells the bots of the organisation and of itself: plain values, given once at the start."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from bots.kit.voice import LINKS, Voice
from ground.texts import SOURCE_LANGUAGE, Translator
from party.branches import Branch
from party.policy import PartyPolicy


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomKind:
    """A kind of room that branches have. `name` is by language, with `{branch}` and `{tier}` in it."""

    key: str
    name: Mapping[str, str]
    tiers: tuple[str, ...] | None = None
    """The tiers whose branches have it; None: all."""
    who: str = "members"
    """`members`, `members-and-below`, `officers`, `officers-and-below` or `public`."""
    post: str = "everyone"
    """`everyone` or `officers`."""
    encrypted: bool = True

    @property
    def for_officers(self) -> bool:
        """Whether only officers are in it."""
        return self.who.startswith("officers")

    def of_tier(self, tier: str) -> bool:
        """Whether the branches of a tier have it."""
        return self.tiers is None or tier in self.tiers


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much is answered. Each is a burst, and then one more every so often; None lifts the limit.

    `not_understood`: so many messages in a minute that no command was made of, and an account is taken for a machine
    that answers our answers: nothing is said to it for `silence`.
    """

    person: int | None = 30
    person_every: timedelta = timedelta(seconds=2)
    room: int | None = 120
    room_every: timedelta = timedelta(milliseconds=500)
    not_understood: int | None = 10
    silence: timedelta = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """The policy of the register, the languages, the bot's account and name, and the rooms that branches have."""

    policy: PartyPolicy
    translators: Mapping[str, Translator]
    account: str
    name: str
    prefix: str = "!"
    rooms: Mapping[str, RoomKind] = field(default_factory=dict)
    """By key, in the order of the configuration."""
    announcements: str = "announcements"
    """The key of the kind of room in which branches are told things."""
    links: str = LINKS
    limits: Limits = Limits()

    def voice(self, language: str | None, timezone: str | None) -> Voice:
        """The voice for a language and a time zone; the organisation's where they are None or not spoken here."""
        wanted = [name for name in (language, self.policy.language) if name is not None]
        spoken = next((name for name in wanted if name in self.translators), SOURCE_LANGUAGE)
        return Voice(self.translators[spoken], spoken, self.policy.zone(timezone), prefix=self.prefix, links=self.links)

    def named(self, names: Mapping[str, str], language: str) -> str:
        """One of a thing's names: in this language, else in the organisation's, else the first."""
        return names.get(language) or names.get(self.policy.language) or next(iter(names.values()))

    def tier(self, tier: str, language: str) -> str:
        """The name of a tier; its key where the policy has it no more."""
        known = self.policy.tiers.get(tier)
        return tier if known is None else self.named(known.name, language)

    def office(self, office: str, language: str) -> str:
        """The name of an office; its key where the policy has it no more."""
        known = self.policy.offices.get(office)
        return office if known is None else self.named(known.name, language)

    def room(self, key: str, branch: Branch, language: str) -> str:
        """The name of a branch's room; the key where the configuration has no such room any more."""
        kind = self.rooms.get(key)
        if kind is None:
            return key
        template = self.named(kind.name, language)
        return template.replace("{branch}", branch.name).replace("{tier}", self.tier(branch.tier, language))
