"""One arrival in one transaction: what everything that is done with it needs."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from bots.kit import who
from bots.kit.command import Command
from bots.kit.origin import Origin
from bots.kit.preferences import voice_for
from bots.kit.request import Occasion, Request
from bots.kit.team import Team
from bots.kit.voice import Voice
from bots.kit.who import Person
from bridge.letters import Arrival, Message
from bridge.places import Place
from party.branches import Branch
from party.permissions import may


@dataclass(frozen=True, slots=True)
class Turn:
    """A transaction at the instant `now`. `last`: it is not tried again when two hands wrote the same row."""

    session: AsyncSession
    now: datetime
    team: Team
    last: bool = False
    commands: list[Command] = field(default_factory=list)
    """Filled with the commands that were found on the way, for whoever counts them."""

    def occasion(self, bot: str) -> Occasion:
        """For what a bot does unasked."""
        return Occasion(self.session, self.now, self.team.kit, bot)

    async def speaker(self, account: str, *, speaks: bool = False) -> Person:
        """Who has an account. One that was only claimed is confirmed when it `speaks`."""
        policy = self.team.kit.surroundings.policy
        return await who.person(self.session, policy, account, spoke_at=self.now if speaks else None)

    async def branch_of(self, person: Person, place: Place) -> Branch | None:
        """The branch that a person means in a place."""
        return await who.branch_of(self.session, person, place, self.now)

    async def request(
        self,
        person: Person,
        arrival: Arrival,
        origin: Origin,
        bot: str = "",
        *,
        branch: Branch | None = None,
        command: Command | None = None,
        question: str | None = None,
        need: str | None = None,
        voice: Voice | None = None,
    ) -> Request:
        """For what a person asks of a bot. `voice` is that of the place, where it is known already."""
        return Request(
            self.session,
            self.now,
            self.team.kit,
            bot,
            arrival=arrival,
            origin=origin,
            actor=person.actor,
            known=person.known,
            member=person.member,
            branch=branch,
            voice=voice or await voice_for(self.session, self.team.kit.surroundings, origin.place),
            command=command,
            question=question,
            need=need,
        )

    async def allowed(self, person: Person, right: str, branch: Branch | None) -> bool:
        """Whether a person has a right in a branch."""
        policy, branch_id = self.team.kit.surroundings.policy, None if branch is None else branch.id
        return await may(self.session, policy, person.actor, right, branch_id, self.now)


def origin_of(message: Message, *, private: bool = False) -> Origin:
    """Where a message was written."""
    return Origin(message.account, message.place, message.id, message.thread, private)
