"""The requests of a plan sent bare: what the homeserver can take, without anything of ours around it."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import aiohttp
from yarl import URL

from bridge.matrix.api import Credentials
from bridge.mirror.content import creation
from bridge.mirror.plan import Terms
from bridge.mirror.steps import CreateRoom, Plan, SetState, Step, places_in, with_ids
from bridge.places import BranchRoom


@dataclass(frozen=True, slots=True)
class NewRoom:
    """A createRoom; places in the body stand for rooms that others create."""

    place: BranchRoom
    body: Mapping[str, Any]

    @property
    def needs(self) -> set[BranchRoom]:
        return set(places_in(self.body))


@dataclass(frozen=True, slots=True)
class NewChild:
    """An `m.space.child`."""

    space: BranchRoom
    child: BranchRoom
    body: Mapping[str, Any]

    @property
    def needs(self) -> set[BranchRoom]:
        return {self.space, self.child}


Request = NewRoom | NewChild


def requests(plan: Plan, terms: Terms) -> Sequence[Request]:
    """What carrying out `plan` sends, under aliases that nobody has. Raises ValueError when it is more than rooms."""
    return [_request(step, terms) for step in plan.steps]


def _request(step: Step, terms: Terms) -> Request:
    match step:
        case CreateRoom(place, room, version):
            body = creation(
                room,
                bot=terms.bot,
                server=terms.server,
                organisation=terms.organisation,
                alias_localpart=f"kunveno-{secrets.token_hex(10)}",
                version=version,
            )
            return NewRoom(place, body)
        case SetState(place=space, type="m.space.child", state_key=BranchRoom() as child, content=content):
            return NewChild(space, child, content)
        case _:
            raise ValueError(f"this plan does more than make rooms and hang them into spaces: {step}")


async def send(waiting: Sequence[Request], url: str, who: Credentials, width: int) -> None:
    """Send all, `width` at once: always the first of those for which all rooms are there. Raises RuntimeError for a
    refusal."""
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=width), headers={"Authorization": f"Bearer {who.token}"}
    ) as session:
        bare = _Bare(waiting, url, who, session)
        async with asyncio.TaskGroup() as group:
            for _ in range(width):
                group.create_task(bare.work())


class _Bare:
    def __init__(self, waiting: Sequence[Request], url: str, who: Credentials, session: aiohttp.ClientSession) -> None:
        self._waiting = waiting
        self._url = f"{url}/_matrix/client/v3"
        self._query = f"user_id={quote(who.user_id, safe='')}&device_id={quote(who.device_id or '', safe='')}"
        self._session = session
        self._ids: dict[BranchRoom, str] = {}
        self._missing = [request.needs for request in waiting]
        self._needed_by: dict[BranchRoom, list[int]] = {}
        self._ready: asyncio.PriorityQueue[int] = asyncio.PriorityQueue()
        self._left = len(waiting)
        for number, places in enumerate(self._missing):
            for place in places:
                self._needed_by.setdefault(place, []).append(number)
            if not places:
                self._ready.put_nowait(number)

    async def work(self) -> None:
        """Send what is ready until all is sent."""
        while (number := await self._ready.get()) < len(self._waiting):
            await self._send(self._waiting[number])
            self._left -= 1
            if not self._left:
                break
        self._ready.put_nowait(len(self._waiting))  # the next one need not wait any longer

    async def _send(self, request: Request) -> None:
        match request:
            case NewRoom(place, body):
                answer = await self._ask("POST", "createRoom", body)
                self._ids[place] = answer["room_id"]
                for number in self._needed_by.get(place, ()):
                    self._missing[number].discard(place)
                    if not self._missing[number]:
                        self._ready.put_nowait(number)
            case NewChild(space, child, body):
                path = f"rooms/{quote(self._ids[space])}/state/m.space.child/{quote(self._ids[child])}"
                await self._ask("PUT", path, body)

    async def _ask(self, method: str, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        data = json.dumps(with_ids(body, self._ids), separators=(",", ":")).encode()
        address = URL(f"{self._url}/{path}?{self._query}", encoded=True)
        async with self._session.request(method, address, data=data) as response:
            answer: dict[str, Any] = await response.json()
            if response.status != 200:
                raise RuntimeError(f"{method} {path}: {response.status} {answer}")
            return answer
