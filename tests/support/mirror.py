"""An organisation of a test's own on the tests' homeserver, and what is true there by other means than the mirror's."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any, Final, Protocol
from urllib.parse import quote

import aiohttp

from bridge.matrix.api import MatrixApi
from bridge.matrix.rooms import known_rooms
from bridge.mirror.apply import Report
from bridge.mirror.found import MARKER
from bridge.mirror.mirror import Mirror, View
from bridge.mirror.policy import MirrorPolicy
from bridge.mirror.steps import Finding, Kind, Step
from bridge.places import SPACE, BranchRoom
from ground.clock import FixedClock
from ground.database import Database
from tests.support.register import NOW, POLICY, Branches, Grown, fresh, grow

KEYS: Final = (SPACE, "announcements", "discussion", "committee")
"""The rooms of a branch, under the policy that most tests have."""


def policy(**values: Any) -> MirrorPolicy:
    """The default rooms, with power for two offices."""
    return MirrorPolicy(**{"power": {"secretary": 60, "treasurer": 50}, **values})


@dataclass(frozen=True, slots=True)
class State:
    """The state of a room as the homeserver's administrator reads it."""

    events: Mapping[tuple[str, str], Mapping[str, Any]]

    def content(self, kind: str, key: str = "") -> Mapping[str, Any]:
        """Empty when there is no such event."""
        content: Mapping[str, Any] = self.events.get((kind, key), {}).get("content", {})
        return content

    def sender(self, kind: str, key: str = "") -> str:
        return str(self.events[kind, key]["sender"])

    def with_membership(self, membership: str) -> set[str]:
        """The accounts whose membership is `join`, `invite`, `leave` or `ban`."""
        return {
            key
            for (kind, key), event in self.events.items()
            if kind == "m.room.member" and event["content"].get("membership") == membership
        }

    @property
    def children(self) -> set[str]:
        """The rooms that hang under a space."""
        return {key for (kind, key), event in self.events.items() if kind == "m.space.child" and event["content"]}

    @property
    def name(self) -> str:
        return str(self.content("m.room.name").get("name", ""))

    @property
    def powers(self) -> Mapping[str, int]:
        users: Mapping[str, int] = self.content("m.room.power_levels").get("users", {})
        return users


@dataclass(frozen=True, slots=True)
class Truth:
    """The homeserver as its administrator sees it, through Synapse's admin API."""

    url: str
    token: str
    session: aiohttp.ClientSession

    async def state(self, room_id: str) -> State:
        answer = await self._get(f"rooms/{quote(room_id, safe='')}/state")
        return State({(event["type"], event.get("state_key", "")): event for event in answer["state"]})

    async def states(self, room_ids: Sequence[str]) -> dict[str, State]:
        """The states of several rooms, a few at a time."""
        gate = asyncio.Semaphore(8)

        async def one(room_id: str) -> State:
            async with gate:
                return await self.state(room_id)

        return dict(zip(room_ids, await asyncio.gather(*map(one, room_ids)), strict=True))

    async def joined(self, user_id: str) -> set[str]:
        """The rooms that an account is in."""
        answer = await self._get(f"users/{quote(user_id, safe='')}/joined_rooms")
        return set(answer["joined_rooms"])

    async def created(self, user_id: str) -> set[str]:
        """The rooms that an account made, and that somebody is in.

        The list is kept up in the background, in the order of what happens: it is complete once it has the rooms that
        the account is in.
        """
        present = await self.joined(user_id)
        async with asyncio.timeout(60):
            while True:
                rooms = (await self._get("rooms?limit=100000"))["rooms"]
                listed = {room["room_id"] for room in rooms}
                if present <= listed:
                    return {room["room_id"] for room in rooms if room["creator"] == user_id and room["joined_members"]}
                await asyncio.sleep(0.05)

    async def _get(self, path: str) -> Mapping[str, Any]:
        headers = {"Authorization": f"Bearer {self.token}"}
        async with self.session.get(f"{self.url}/_synapse/admin/v1/{path}", headers=headers) as response:
            answer: Mapping[str, Any] = await response.json()
            assert response.status == 200, (path, answer)
            return answer


@dataclass(frozen=True, slots=True)
class World:
    """An organisation, its mirror, and the truth."""

    grown: Grown
    mirror: Mirror
    truth: Truth

    @property
    def database(self) -> Database:
        return self.mirror.database

    @property
    def api(self) -> MatrixApi:
        return self.mirror.api

    @property
    def clock(self) -> FixedClock:
        assert isinstance(self.mirror.clock, FixedClock)
        return self.mirror.clock

    def under(self, **values: Any) -> World:
        """The same world under a mirror policy with other values."""
        mirror = replace(self.mirror, policy=self.mirror.policy.model_copy(update=values))
        return replace(self, mirror=mirror)

    async def look(self, *, again: bool = False) -> View:
        return await self.mirror.look(again=again)

    async def apply(self, *, again: bool = False) -> Report:
        """Look and carry out what is planned."""
        return await self.mirror.carry_out(await self.look(again=again))

    async def settle(self) -> None:
        """Apply without a failure, after which there is nothing left to do."""
        report = await self.apply()
        assert not report.failed, report.failed
        before = writes(self.api)
        assert not (await self.apply()).done
        assert writes(self.api) == before

    def place(self, slug: str, key: str = SPACE) -> BranchRoom:
        return BranchRoom(self.grown.branches[slug], key)

    async def room(self, slug: str, key: str = SPACE) -> str:
        """The room of a place, as the mirror remembers it."""
        room_id = (await self.database.read(known_rooms))[self.place(slug, key)].room_id
        assert room_id is not None
        return room_id

    async def state(self, slug: str, key: str = SPACE) -> State:
        return await self.truth.state(await self.room(slug, key))

    async def marked(self) -> dict[BranchRoom, list[str]]:
        """The rooms that the bot is in, by what their markers say; those without a marker are a failure."""
        states = await self.truth.states(sorted(await self.truth.joined(self.api.user_id)))
        places: dict[BranchRoom, list[str]] = {}
        for room_id, state in states.items():
            marker = state.content(MARKER)
            assert marker, f"{room_id} is an orphan"
            places.setdefault(BranchRoom(marker["branch"], marker["key"]), []).append(room_id)
        return places


class NewWorld(Protocol):
    """Plants an organisation with a bot and a database of its own."""

    async def __call__(
        self,
        tree: Branches,
        *,
        people: Mapping[str, tuple[str, str]] | None = None,
        mandates: Sequence[tuple[str, str, str]] = (),
        mirror_policy: MirrorPolicy | None = None,
        database_url: str | None = None,
        api: MatrixApi | None = None,
    ) -> World: ...


@asynccontextmanager
async def world(
    database_url: str,
    api: MatrixApi,
    truth: Truth,
    tree: Branches,
    *,
    mirror_policy: MirrorPolicy | None = None,
    people: Mapping[str, tuple[str, str]] | None = None,
    mandates: Sequence[tuple[str, str, str]] = (),
) -> AsyncIterator[World]:
    """Plant an organisation: `people` are number → (slug of the home, account), `mandates` number, office, slug."""
    people = people or {}
    async with Database.open(database_url) as database:
        await fresh(database)
        grown = await grow(
            database,
            tree,
            members={number: home for number, (home, _) in people.items()},
            accounts={account: number for number, (_, account) in people.items()},
            mandates=mandates,
        )
        server = api.user_id.partition(":")[2]
        mirror = Mirror(database, api, POLICY, mirror_policy or policy(), server, FixedClock(NOW))
        yield World(grown, mirror, truth)


def writes(api: MatrixApi) -> int:
    """How many writes went over the wire so far."""
    return api.traffic.writes.total()


def findings(view: View, kind: Kind) -> list[Finding]:
    return [finding for finding in view.plan.findings if finding.kind is kind]


def steps_in(view: View, place: BranchRoom) -> list[Step]:
    return [step for step in view.plan.steps if step.place == place]


async def raise_power(bot: MatrixApi, room_id: str, levels: Mapping[str, int]) -> None:
    """Give accounts a power by the bot's own hand, as the mirror never would."""
    content = await bot.get_state(room_id, "m.room.power_levels")
    await bot.put_state(room_id, "m.room.power_levels", {**content, "users": {**content["users"], **levels}})
