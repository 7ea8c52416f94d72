"""Encryption for conversations: the key of a room goes to all who are there, on all their devices, and to no others."""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Final

from bridge.matrix.api import MatrixApi
from bridge.matrix.content import Json
from bridge.matrix.errors import MatrixError, TokenRefused
from bridge.matrix.olm import SIGNED, Device, Heard, Machine, portions

_log = logging.getLogger(__name__)

_PORTION: Final = 20
"""Accounts, or devices, that are worked on between two breaths of the event loop."""
_LATER: Final = 300.0
"""Seconds until a device without one-time keys, or a server that did not answer, is asked again."""
_ROUNDS: Final = 5
"""How often the key of a room is shared anew because somebody came or went meanwhile."""


class Crypto:
    """One device that encrypts. `hear` is fed with each sync, `work` does what that asks for."""

    def __init__(self, api: MatrixApi, machine: Machine) -> None:
        self.machine: Final = machine
        self._api = api
        self._tracked: set[str] = set()
        """Accounts whose devices are known and, but for those in `_stale`, up to date."""
        self._stale: set[str] = set()
        self._present: dict[str, dict[str, str]] = {}
        """Room → account → `join` or `invite`; rooms come in when something is first sent there."""
        self._later: dict[str | Device, float] = {}
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._asking = asyncio.Lock()
        self._uploading = asyncio.Lock()
        self._held: int | None = None
        self._fallback = False

    @property
    def unreachable(self) -> int:
        """Devices that could not be given a key of late: they have no one-time keys left."""
        now = time.monotonic()
        return sum(1 for what, until in self._later.items() if isinstance(what, tuple) and until > now)

    async def upload(self) -> None:
        """Upload the keys that the homeserver lacks."""
        async with self._uploading:
            body = self.machine.keys_to_upload(held=self._held, fallback=self._fallback)
            if body:
                held = await self._api.upload_keys(body)
                self.machine.uploaded(held)
                self._held, self._fallback = held, False

    def hear(self, answer: Json) -> Heard:
        """Take in what a sync says to the device. Gives the keys that came."""
        heard = self.machine.hear(_list(answer.get("to_device"), "events"))
        lists = answer.get("device_lists")
        self._stale |= self._tracked & set(map(str, _list(lists, "changed")))
        gone = set(map(str, _list(lists, "left")))
        self._tracked -= gone
        self._stale -= gone
        counts = answer.get("device_one_time_keys_count")
        if isinstance(counts, dict):
            held = counts.get(SIGNED, 0)
            self._held = held if isinstance(held, int) else 0
        for name in ("device_unused_fallback_key_types", "org.matrix.msc2732.device_unused_fallback_key_types"):
            if isinstance(answer.get(name), list):
                self._fallback = SIGNED not in answer[name]
        return heard

    async def work(self) -> None:
        """Do what the last syncs asked for. A failure waits for the next time."""
        try:
            await self.upload()
            wedged = self.machine.wedged()
            if wedged:
                await self._claim(wedged)
            for messages, sent in self.machine.outgoing():
                await self._api.send_to_devices("m.room.encrypted", messages, secrets.token_hex(16))
                sent()
        except TokenRefused:
            raise
        except MatrixError as error:
            _log.warning("Keys could not be exchanged for now: %s", error)

    # Who is in a room

    def came_or_went(self, room_id: str, account: str, membership: str) -> None:
        """A member event of a room."""
        if (present := self._present.get(room_id)) is not None:
            if membership in {"join", "invite"}:
                present[account] = membership
            else:
                present.pop(account, None)

    def forget_present(self, room_id: str) -> None:
        """Member events of a room were missed: who is there is asked again before the next sending."""
        self._present.pop(room_id, None)

    async def present(self, room_id: str) -> Mapping[str, str]:
        """Who is joined (`join`) or invited (`invite`)."""
        if room_id not in self._present:
            present = await self._api.present(room_id)
            self._present.setdefault(room_id, present)
        return self._present[room_id]

    # Sending and reading

    async def encrypt(self, room_id: str, event_type: str, content: Mapping[str, object]) -> Json:
        """The content of an `m.room.encrypted` that all who are in the room now can read, on all their devices."""
        async with self._turns[room_id]:
            for _ in range(_ROUNDS):
                users = set(await self.present(room_id))
                await self._learn(users)
                devices = self.machine.devices(users)
                missing = self.machine.missing(room_id, devices)
                await self._share(room_id, missing)
                if room_id in self._present and not self._stale & users and set(self._present[room_id]) == users:
                    break
            return self.machine.encrypt(room_id, event_type, content)

    def decrypt(self, room_id: str, event: Json) -> Json:
        """The event as its sender wrote it. Raises Undecryptable."""
        return self.machine.decrypt(room_id, event)

    async def _learn(self, users: set[str]) -> None:
        """Know the present devices of accounts."""
        async with self._asking:
            self._stale |= self.machine.unknown & self._tracked
            wanted = sorted(
                user for user in (users - self._tracked) | (users & self._stale) if self._due(_server(user))
            )
            for start in range(0, len(wanted), _PORTION):
                portion = wanted[start : start + _PORTION]
                self._stale.difference_update(portion)
                try:
                    answer = await self._api.query_keys(portion)
                except BaseException:
                    self._stale |= self._tracked & set(portion)
                    raise
                self._take_in(portion, answer)

    def _take_in(self, portion: Iterable[str], answer: Json) -> None:
        failed = answer.get("failures")
        silent = set(failed) if isinstance(failed, dict) else set()
        for server in silent:
            self._put_off(server)
        known = answer.get("device_keys")
        answered = [user for user in portion if _server(user) not in silent]
        self.machine.learn({user: known.get(user, {}) if isinstance(known, dict) else {} for user in answered})
        self._tracked.update(answered)

    async def _share(self, room_id: str, missing: set[Device]) -> None:
        """Give the key of a room to devices."""
        if not missing:
            return
        strangers = [device for device in self.machine.without_session(missing) if self._due(device)]
        for portion in portions(strangers, _PORTION):
            await self._claim(portion)
        reachable = missing.difference(self.machine.without_session(missing))
        for messages, sent in self.machine.shares(room_id, reachable) if reachable else ():
            await self._api.send_to_devices("m.room.encrypted", messages, secrets.token_hex(16))
            sent()

    async def _claim(self, devices: Iterable[Device]) -> None:
        """Begin sessions with devices; those that have no key to begin with are asked again later."""
        wanted: defaultdict[str, list[str]] = defaultdict(list)
        for user, name in devices:
            wanted[user].append(name)
        self.machine.begin(await self._api.claim_keys(wanted))
        for device in self.machine.without_session((user, name) for user in wanted for name in wanted[user]):
            self._put_off(device)

    def _due(self, what: str | Device) -> bool:
        return self._later.get(what, 0.0) <= time.monotonic()

    def _put_off(self, what: str | Device) -> None:
        self._later[what] = time.monotonic() + _LATER


def _server(user: str) -> str:
    return user.partition(":")[2]


def _list(value: object, key: str) -> list[object]:
    found = value.get(key) if isinstance(value, dict) else None
    return found if isinstance(found, list) else []
