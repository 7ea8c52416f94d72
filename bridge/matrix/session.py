"""One account, one device: what letters are sent through, and what hears for arrivals."""

from __future__ import annotations

import asyncio
import json
import logging
import secrets
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Final

from nio.crypto.attachments import decrypt_attachment, encrypt_attachment
from nio.exceptions import EncryptionError

from bridge.matrix import crosssigning
from bridge.matrix.api import MatrixApi
from bridge.matrix.content import Json
from bridge.matrix.crypto import Crypto
from bridge.matrix.cryptofolder import CryptoFolder, SessionBusy
from bridge.matrix.direct import DirectRooms
from bridge.matrix.errors import MatrixError, NotFound, TokenRefused
from bridge.matrix.lookup import find_letter, in_clear
from bridge.matrix.olm import Heard, Machine, Undecryptable
from bridge.matrix.rooms import encrypted_rooms, remember_encrypted
from ground.clock import Clock
from ground.database import Database

__all__ = ["DeviceTaken", "Session", "SessionBusy"]

_log = logging.getLogger(__name__)

DEVICE_NAME: Final = "Kunveno"
_IN_CLEAR: Final = frozenset({"m.reaction"})
"""Clients look for reactions in clear only; they hold nothing that may not be read."""
_ENCRYPTION: Final = "m.room.encryption"
_SIGN_AGAIN: Final = 600.0
"""Seconds until the device is signed again when that failed."""
_BREATH: Final = 50
"""Rooms of a sync that are looked through between two breaths of the event loop."""


class DeviceTaken(Exception):
    """The account's device has keys that are not those kept here; the text says what helps."""


class Session:
    """The account on the homeserver, speaking as its one device. Made by `open`.

    `ready` is set once all that happened before the start is known: before that nothing is sent, or members' new
    devices could not read it. `unsigned` says why the device is not signed, None when it is.
    """

    def __init__(
        self, api: MatrixApi, device_id: str, database: Database, clock: Clock, crypto: Crypto, signing_keys: Path
    ) -> None:
        self.api: Final = api
        self.device_id: Final = device_id
        self.crypto: Final = crypto
        self.ready: Final = asyncio.Event()
        self.unsigned: str | None = "not yet signed"
        self._database = database
        self._clock = clock
        self._signing_keys = signing_keys
        self._sign_at = 0.0
        self._encrypted: set[str] = set()
        self._in_clear: set[str] = set()
        """Rooms that the homeserver said are not encrypted, since this process runs."""
        self._direct = DirectRooms(api, database)

    @classmethod
    @asynccontextmanager
    async def open(
        cls,
        api: MatrixApi,
        database: Database,
        clock: Clock,
        *,
        folder: Path,
        signing_keys: Path,
        wait: bool = True,
        on_standby: Callable[[], None] = lambda: None,
    ) -> AsyncIterator[Session]:
        """Be the device whose keys are in `folder`, alone: with `wait`, stand by until no other process is it.

        `folder` and `signing_keys` (a file) are made when they are missing. Raises SessionBusy without `wait`,
        DeviceTaken, MatrixError and OSError.
        """
        async with CryptoFolder.hold(folder, wait=wait, on_standby=on_standby) as held:
            device_id = await _device(api, held)
            api = api.as_device(device_id)
            if api.credentials.application_service:
                await api.put_device(DEVICE_NAME)
            machine = await asyncio.to_thread(Machine.open, held, api.user_id, device_id)
            try:
                session = cls(api, device_id, database, clock, Crypto(api, machine), signing_keys)
                await session._begin()
                yield session
            finally:
                machine.close()

    @property
    def user_id(self) -> str:
        return self.api.user_id

    async def _begin(self) -> None:
        self._encrypted = await self._database.read(encrypted_rooms)
        shown = _fingerprint(await self.api.query_keys([self.user_id]), self.user_id, self.device_id)
        if shown is None:
            self.crypto.machine.publish_again()
        elif shown != self.crypto.machine.fingerprint:
            raise DeviceTaken(
                f"the homeserver shows other keys for the device {self.device_id} of {self.user_id} than those kept "
                "here; give the account a token of a new device, and let the folder of the keys be made anew"
            )
        await self.crypto.upload()
        await self.sign()

    async def sign(self) -> None:
        """Sign the device with the account's own identity, unless it is signed; `unsigned` says how it went.

        What failed is tried again after a while.
        """
        self._sign_at = time.monotonic() + _SIGN_AGAIN
        try:
            identity = await asyncio.to_thread(crosssigning.load, self._signing_keys)
            await crosssigning.ensure(self.api, identity)
        except TokenRefused:
            raise
        except (crosssigning.IdentityConflict, crosssigning.IdentityUnreadable, MatrixError) as error:
            self.unsigned = str(error)
            _log.warning("The device is not signed: %s", error)
        else:
            self.unsigned = None

    # Sending

    async def send(self, room_id: str, event_type: str, content: Mapping[str, object], txn_id: str) -> str:
        """Send an event, encrypted where the room ever was; returns its id. Raises MatrixError.

        Sent again under the same `txn_id` it is the same event, for 24 hours.
        """
        if event_type in _IN_CLEAR or not await self.is_encrypted(room_id):
            return await self.api.send_message(room_id, event_type, content, txn_id)
        encrypted = await self.crypto.encrypt(room_id, event_type, content)
        return await self.api.send_message(room_id, "m.room.encrypted", encrypted, txn_id)

    async def is_encrypted(self, room_id: str) -> bool:
        """Whether a room was ever seen encrypted. Raises MatrixError when that cannot be found out."""
        if room_id in self._encrypted:
            return True
        if room_id in self._in_clear:
            return False
        try:
            await self.api.get_state(room_id, _ENCRYPTION)
        except NotFound:
            self._in_clear.add(room_id)
            return False
        await self._remember_encrypted({room_id})
        return True

    async def upload(self, data: bytes, mimetype: str, name: str, *, encrypted: bool) -> Json:
        """Upload a file. In clear: `{"url": …}`; encrypted: the whole `file` object, its name not being told."""
        if not encrypted:
            return {"url": await self.api.upload(data, mimetype, name)}
        ciphertext, keys = await asyncio.to_thread(encrypt_attachment, data)
        return {**keys, "url": await self.api.upload(ciphertext, "application/octet-stream")}

    async def download(self, source: str) -> bytes:
        """The file that the `source` of an Attachment stands for, decrypted. Raises MatrixError, and ValueError for a
        source that is none or a file that is not what its sender encrypted."""
        file = json.loads(source)
        data = await self.api.download(str(file["url"]))
        if "key" not in file:
            return data
        try:
            key, digest = file["key"]["k"], file["hashes"]["sha256"]
            return await asyncio.to_thread(decrypt_attachment, data, key, digest, file["iv"])
        except (EncryptionError, KeyError, TypeError) as error:
            raise ValueError("the file is not what its sender encrypted") from error

    async def direct_room(self, account: str) -> str:
        """The room of the direct conversation with an account, opened when there is none.

        Raises DirectRefused when the account has left it, and MatrixError.
        """
        return await self._direct.open(account)

    async def find_letter(self, room_id: str, handle: str, since: datetime) -> str | None:
        """The event that is already there for a part of a letter, back to `since`; None too if it is unreadable."""

        def content_of(event: Json) -> Json | None:
            with suppress(Undecryptable):
                return in_clear(self.crypto.decrypt(room_id, event) if event["type"] == "m.room.encrypted" else event)
            return None

        return await find_letter(self.api, room_id, handle, since, content_of=content_of)

    # Hearing

    async def hear(self, answer: Json) -> Heard:
        """Take in what a sync says about keys, encryption and who is where. Gives the keys of rooms that came."""
        heard = self.crypto.hear(answer)
        encrypted: set[str] = set()
        rooms = answer.get("rooms", {})
        for number, (room_id, room) in enumerate(rooms.get("join", {}).items()):
            if number % _BREATH == 0:
                await asyncio.sleep(0)
            if room.get("timeline", {}).get("limited"):
                self.crypto.forget_present(room_id)
                self._in_clear.discard(room_id)
            for event in (*room.get("state", {}).get("events", ()), *room.get("timeline", {}).get("events", ())):
                if self._hear(room_id, event):
                    encrypted.add(room_id)
        for room_id in rooms.get("leave", {}):
            self.crypto.forget_present(room_id)
            self._in_clear.discard(room_id)
        await self._remember_encrypted(encrypted)
        await self.crypto.work()
        if self.unsigned is not None and time.monotonic() >= self._sign_at:
            await self.sign()
        return heard

    def _hear(self, room_id: str, event: Json) -> bool:
        """Whether the event says that the room is encrypted."""
        kind, key, content = event.get("type"), event.get("state_key"), event.get("content")
        if kind == "m.room.encrypted":
            self._in_clear.discard(room_id)  # somebody thinks that it is: ask again before the next sending
        elif kind == "m.room.member" and isinstance(key, str) and isinstance(content, dict):
            self.crypto.came_or_went(room_id, key, str(content.get("membership")))
        return kind == _ENCRYPTION and key == ""

    async def _remember_encrypted(self, room_ids: set[str]) -> None:
        new = room_ids - self._encrypted
        if not new:
            return
        self._encrypted |= new  # first of all, so that nothing goes there in clear meanwhile
        self._in_clear -= new
        now = self._clock.now()
        await self._database.write(lambda session: remember_encrypted(session, new, now))


async def _device(api: MatrixApi, folder: CryptoFolder) -> str:
    """The device whose keys are in the folder. In a new folder: a device that has no keys yet."""
    kept, given = await asyncio.to_thread(folder.device_id), api.credentials.device_id
    if not api.credentials.application_service:
        given = await api.device_of_token()
        if given is None:
            raise DeviceTaken(f"the token of {api.user_id} belongs to no device; give it one of a login")
        if kept not in {None, given}:
            raise DeviceTaken(
                f"the token of {api.user_id} belongs to the device {given}, but the keys kept here are those of "
                f"{kept}; give back the token of that device, or remove the folder of the keys to become the new one"
            )
    if kept is not None:
        return kept
    chosen = given or DEVICE_NAME.upper()
    taken = _fingerprint(await api.query_keys([api.user_id]), api.user_id, chosen) is not None
    if taken and api.credentials.application_service:
        chosen = f"{chosen}-{secrets.token_hex(4)}"
    elif taken:
        raise DeviceTaken(
            f"the device {chosen} of {api.user_id} has keys that are not kept here; give the account a token of a new "
            "device, by logging it in again"
        )
    await asyncio.to_thread(folder.keep_device_id, chosen)
    return chosen


def _fingerprint(answer: Json, user_id: str, device_id: str) -> str | None:
    """The ed25519 key of a device in the answer of `/keys/query`; None when the homeserver shows no such device."""
    device = answer.get("device_keys", {}).get(user_id, {}).get(device_id)
    return None if device is None else str(device.get("keys", {}).get(f"ed25519:{device_id}"))
