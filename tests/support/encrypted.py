"""Members' clients that encrypt, as real ones do: nio's, each with a store of its own."""

from __future__ import annotations

import secrets
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from nio import (
    AsyncClient,
    AsyncClientConfig,
    JoinResponse,
    LoginResponse,
    MegolmEvent,
    RoomCreateResponse,
    RoomSendResponse,
    SyncResponse,
    ToDeviceMessage,
)

from bridge.matrix.api import Credentials
from kunveno.demo.synapse import EmbeddedSynapse

MEGOLM: Final = {"algorithm": "m.megolm.v1.aes-sha2"}
SOON: Final = 60.0
"""Seconds within which anything here has happened, also on a machine that is busy with much else."""
ENCRYPTION: Final = {"type": "m.room.encryption", "state_key": "", "content": MEGOLM}


@dataclass(frozen=True, slots=True)
class Seen:
    """An event as a member's client shows it. `type` is `m.room.encrypted` when the client could not read it."""

    id: str
    sender: str
    type: str
    content: dict[str, Any]
    encrypted: bool

    @property
    def body(self) -> str:
        return str(self.content.get("body", ""))


class EncryptedMember:
    """A person with one device. Made by `start`; another device of the same person by `another_device`."""

    def __init__(self, client: AsyncClient, synapse: EmbeddedSynapse, folder: Path, password: str) -> None:
        self.client = client
        self.seen: defaultdict[str, list[Seen]] = defaultdict(list)
        """Timeline events by room, in order."""
        self._synapse = synapse
        self._folder = folder
        self._password = password

    @classmethod
    @asynccontextmanager
    async def start(cls, synapse: EmbeddedSynapse, folder: Path) -> AsyncIterator[EncryptedMember]:
        """A new person; `folder` is for their client's keys."""
        localpart, password = f"member-{secrets.token_hex(5)}", secrets.token_hex(8)
        await synapse.register_user(localpart, password)
        async with cls._device(synapse, folder, localpart, password) as member:
            yield member

    @classmethod
    @asynccontextmanager
    async def with_account(
        cls, synapse: EmbeddedSynapse, folder: Path, localpart: str, password: str
    ) -> AsyncIterator[EncryptedMember]:
        """A person who has an account already."""
        async with cls._device(synapse, folder, localpart, password) as member:
            yield member

    @asynccontextmanager
    async def another_device(self) -> AsyncIterator[EncryptedMember]:
        """The same person on a new device, that has its keys and knows its rooms."""
        localpart = self.user_id[1:].partition(":")[0]
        async with self._device(self._synapse, self._folder, localpart, self._password) as device:
            yield device

    @classmethod
    @asynccontextmanager
    async def _device(
        cls, synapse: EmbeddedSynapse, folder: Path, localpart: str, password: str
    ) -> AsyncIterator[EncryptedMember]:
        store = folder / secrets.token_hex(4)
        store.mkdir(parents=True)
        config = AsyncClientConfig(store_sync_tokens=False, encryption_enabled=True, pickle_key="test")
        client = AsyncClient(synapse.url, localpart, store_path=str(store), config=config)
        try:
            answer = await client.login(password)
            assert isinstance(answer, LoginResponse), answer
            member = cls(client, synapse, folder, password)
            await member.sync()
            yield member
        finally:
            await client.close()

    async def another_token(self) -> Credentials:
        """The same person on a device that reads and sends what it is given, and has no keys."""
        return await self._synapse.login(self.user_id[1:].partition(":")[0], self._password)

    @property
    def user_id(self) -> str:
        return str(self.client.user_id)

    @property
    def device_id(self) -> str:
        return str(self.client.device_id)

    async def sync(self, *, timeout_ms: int = 0) -> None:
        """Take in what happened, and do what a client does about keys."""
        # Synapse answers the same question from a cache: the first sync of each device differs by its token.
        answer = await self.client.sync(timeout=timeout_ms, full_state=self.client.next_batch is None)
        assert isinstance(answer, SyncResponse), answer
        if self.client.should_upload_keys:
            await self.client.keys_upload()
        if self.client.should_query_keys:
            await self.client.keys_query()
        if self.client.should_claim_keys:
            await self.client.keys_claim(self.client.get_users_for_key_claiming())
        await self.client.send_to_device_messages()
        for room_id, room in answer.rooms.join.items():
            for event in room.timeline.events:
                source: dict[str, Any] = event.source
                self.seen[room_id].append(
                    Seen(
                        str(event.event_id),
                        str(event.sender),
                        "m.room.encrypted" if isinstance(event, MegolmEvent) else str(source.get("type")),
                        dict(source.get("content", {})),
                        isinstance(event, MegolmEvent) or bool(event.decrypted),
                    )
                )

    async def create_room(
        self, *invited: str, encrypted: bool = True, is_direct: bool = False, name: str | None = None
    ) -> str:
        """A new room; returns its id."""
        answer = await self.client.room_create(
            name=name, invite=invited, is_direct=is_direct, initial_state=[ENCRYPTION] if encrypted else []
        )
        assert isinstance(answer, RoomCreateResponse), answer
        await self._until_known(answer.room_id)
        return str(answer.room_id)

    async def join(self, room_id: str) -> None:
        """Enter a room, and know it."""
        answer = await self.client.join(room_id)
        assert isinstance(answer, JoinResponse), answer
        await self._until_known(room_id)

    async def say(self, room_id: str, body: str, **content: Any) -> str:
        """Write a message, encrypted where the room is; returns the event's id. `content` is added to it."""
        return await self.send(room_id, "m.room.message", {"msgtype": "m.text", "body": body, **content})

    async def send(self, room_id: str, event_type: str, content: dict[str, Any]) -> str:
        """Send an event; returns its id."""
        await self.sync()
        answer = await self.client.room_send(room_id, event_type, content, ignore_unverified_devices=True)
        assert isinstance(answer, RoomSendResponse), answer
        return str(answer.event_id)

    async def say_keeping_the_key(self, room_id: str, body: str) -> tuple[str, str, Callable[[str], Awaitable[None]]]:
        """Write a message whose key nobody gets; returns the event's id, the session's, and what gives an account the
        key later."""
        await self.sync()
        olm = self.client.olm
        assert olm is not None
        olm.create_outbound_group_session(room_id)
        session = olm.outbound_group_sessions[room_id]
        session.shared = True
        key = {
            "algorithm": MEGOLM["algorithm"], "room_id": room_id,
            "session_id": session.id, "session_key": session.session_key,
        }  # fmt: skip
        content = {"msgtype": "m.text", "body": body}
        answer = await self.client.room_send(room_id, "m.room.message", content, ignore_unverified_devices=True)
        assert isinstance(answer, RoomSendResponse), answer

        async def release(account: str) -> None:
            await self.client.keys_claim(self.client.get_missing_sessions(room_id))
            for device in olm.device_store.active_user_devices(account):
                secret = olm._olm_encrypt(olm.session_store.get(device.curve25519), device, "m.room_key", key)
                await self.client.to_device(ToDeviceMessage("m.room.encrypted", account, device.id, secret))

        return str(answer.event_id), session.id, release

    async def withhold(self, room_id: str, session_id: str, account: str, code: str) -> None:
        """Tell an account's devices why they do not get a key."""
        content = {"algorithm": MEGOLM["algorithm"], "room_id": room_id, "session_id": session_id, "code": code}
        await self.client.to_device(ToDeviceMessage("m.room_key.withheld", account, "*", content))

    async def see(self, room_id: str, what: Callable[[Seen], bool], *, seconds: float = SOON) -> Seen:
        """The first event of a room for which `what` holds, as soon as it is there. TimeoutError with what was seen."""
        deadline = time.monotonic() + seconds
        while True:
            found = next((seen for seen in self.seen[room_id] if what(seen)), None)
            if found is not None:
                return found
            if time.monotonic() > deadline:
                raise TimeoutError(f"not seen within {seconds} s, but {self.seen[room_id]}")
            await self.sync(timeout_ms=500)

    async def read(self, room_id: str, sender: str, body: str, *, seconds: float = SOON) -> Seen:
        """A message of `sender` that has `body` in it, as soon as this client can read it."""
        return await self.see(room_id, lambda seen: seen.sender == sender and body in seen.body, seconds=seconds)

    async def _until_known(self, room_id: str) -> None:
        while room_id not in self.client.rooms:
            await self.sync(timeout_ms=500)
