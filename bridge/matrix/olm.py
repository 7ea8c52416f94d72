"""The engine of encryption: nio's Olm machine and its store, without anything else of nio.

Everything here is synchronous and works on values as the homeserver sends and takes them; `bridge.matrix.crypto` does
the talking. Whoever calls from the event loop keeps the portions small: each is one commit to the disk.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from nio.crypto import InboundGroupSession, Olm, OlmDevice, OutboundGroupSession
from nio.event_builders.direct_messages import RoomKeyRequestMessage, ToDeviceMessage
from nio.events.to_device import OlmEvent
from nio.responses import KeysClaimResponse, KeysQueryResponse, KeysUploadResponse, ToDeviceResponse
from nio.store import SqliteStore
from peewee import SqliteDatabase

from bridge.matrix.content import Json
from bridge.matrix.cryptofolder import CryptoFolder

_log = logging.getLogger(__name__)

MEGOLM: Final = "m.megolm.v1.aes-sha2"
SIGNED: Final = "signed_curve25519"
Device = tuple[str, str]
"""User id, device id."""


class Undecryptable(Exception):
    """An event that cannot be decrypted, at least not yet. `session_id` is empty when the event is malformed."""

    def __init__(self, reason: str, session_id: str = "") -> None:
        super().__init__(reason)
        self.session_id = session_id


@dataclass(slots=True)
class Heard:
    """What came to the device: keys of (room, session), and keys that will not come, with the reason's code."""

    keys: set[tuple[str, str]] = field(default_factory=set)
    withheld: dict[tuple[str, str], str] = field(default_factory=dict)


class _Store(SqliteStore):  # type: ignore[misc]
    """Every device of a member is spoken to: who may read what is decided by who is in a room."""

    def _create_database(self) -> SqliteDatabase:
        pragmas = {"foreign_keys": 1, "secure_delete": 1, "journal_mode": "wal", "synchronous": "full"}
        return SqliteDatabase(self.database_path, pragmas=pragmas)

    def is_device_verified(self, device: OlmDevice) -> bool:
        return False

    def is_device_blacklisted(self, device: OlmDevice) -> bool:
        return False

    def is_device_ignored(self, device: OlmDevice) -> bool:
        return True


class Machine:
    """The device's Olm account, its sessions with other devices, and the keys of rooms."""

    def __init__(self, olm: Olm) -> None:
        self._olm = olm

    @classmethod
    def open(cls, folder: CryptoFolder, user_id: str, device_id: str) -> Machine:
        """Read the store, made when there is none. Slow where there are many sessions: call it in a thread."""
        path = folder.database()
        store = _Store(user_id, device_id, str(path.parent), pickle_key=folder.pickle_key(), database_name=path.name)
        machine = cls(Olm(user_id, device_id, store))
        store.database.close()  # this thread's connection
        return machine

    def close(self) -> None:
        self._olm.store.database.close()

    # The device's own keys

    @property
    def fingerprint(self) -> str:
        """The device's ed25519 key."""
        return str(self._olm.account.identity_keys["ed25519"])

    def publish_again(self) -> None:
        """The homeserver has no keys of this device any more."""
        self._olm.account.shared = False

    def keys_to_upload(self, *, held: int | None, fallback: bool) -> Json:
        """The body for `/keys/upload`, empty when there is nothing to upload.

        `held`: one-time keys that the homeserver holds, None when that is not known. `fallback`: whether it wants a key
        to give out when there are no others. The keys are on the disk before they are in anybody's hands.
        """
        olm = self._olm
        body: Json = {}
        if not olm.account.shared or (held is not None and held < olm.account.max_one_time_keys // 2):
            olm.uploaded_key_count = held or 0
            body = olm.share_keys()
        if fallback or not olm.account.shared:
            olm.account._account.generate_fallback_key()
            body["fallback_keys"] = {
                f"{SIGNED}:{key_id}": self._signed({"key": key.to_base64(), "fallback": True})
                for key_id, key in olm.account._account.fallback_key.items()
            }
        if body:
            olm.save_account()
        return body

    def uploaded(self, held: int) -> None:
        """The homeserver has taken the keys."""
        self._olm.handle_response(KeysUploadResponse(0, held))

    def _signed(self, value: Json) -> Json:
        signature = self._olm.sign_json(value)
        return {**value, "signatures": {self._olm.user_id: {f"ed25519:{self._olm.device_id}": signature}}}

    # What comes to the device

    def hear(self, events: Iterable[object]) -> Heard:
        """Take in events sent to the device. One that is malformed, or comes again, changes nothing."""
        heard = Heard()
        with self._olm.store.database.atomic():
            for event in events:
                try:
                    self._hear(event, heard)
                except Exception as error:  # written by another device: whatever it makes nio raise stays here
                    _log.warning("An event to the device could not be read (%s)", type(error).__name__)
        return heard

    def _hear(self, event: Any, heard: Heard) -> None:
        content = event["content"]
        match event["type"]:
            case "m.room.encrypted":
                parsed = OlmEvent.from_dict(event)
                if isinstance(parsed, OlmEvent):
                    key = self._olm.handle_to_device_event(parsed)
                    if key is not None and hasattr(key, "session_id"):
                        heard.keys.add((str(key.room_id), str(key.session_id)))
            case "m.room_key.withheld":
                heard.withheld[str(content["room_id"]), str(content["session_id"])] = str(content["code"])

    # Other people's devices

    @property
    def unknown(self) -> set[str]:
        """Accounts whose devices nio would like to know; asking empties it."""
        wanted = set(self._olm.users_for_key_query)
        self._olm.users_for_key_query.clear()
        return wanted

    def devices(self, users: Iterable[str]) -> set[Device]:
        """The present devices of accounts, without this one."""
        own = (self._olm.user_id, self._olm.device_id)
        known = self._olm.device_store.active_user_devices
        return {(user, str(device.id)) for user in users for device in known(user)} - {own}

    def learn(self, device_keys: Mapping[str, object]) -> None:
        """Take in the devices of accounts as `/keys/query` gave them; those that are not named are gone."""
        sound = {
            user: {name: device for name, device in devices.items() if _is_device(device)}
            for user, devices in device_keys.items()
            if isinstance(devices, dict)
        }
        with self._olm.store.database.atomic():
            self._olm.handle_response(KeysQueryResponse(sound, {}))

    def without_session(self, devices: Iterable[Device]) -> list[Device]:
        """Those of the devices that cannot be spoken to before one of their one-time keys was claimed."""
        known, sessions = self._olm.device_store, self._olm.session_store
        return sorted((user, name) for user, name in devices if not sessions.get(known[user][name].curve25519))

    def wedged(self) -> list[Device]:
        """Devices whose messages cannot be read any more: they get a new session."""
        return [(str(device.user_id), str(device.id)) for device in self._olm.wedged_devices]

    def begin(self, keys: Mapping[str, object]) -> None:
        """Begin sessions with one-time keys, as `/keys/claim` gave them."""
        with self._olm.store.database.atomic():
            for user, devices in keys.items():
                for name, key in devices.items() if isinstance(devices, dict) else ():
                    try:
                        self._olm.handle_response(KeysClaimResponse({user: {name: key}}, {}))
                    except Exception as error:  # as above
                        _log.warning("A one-time key could not be used (%s)", type(error).__name__)

    def outgoing(self) -> list[tuple[Json, Callable[[], None]]]:
        """Messages that nio wants sent to devices, each with what to call once it was sent."""
        messages: list[ToDeviceMessage] = list(self._olm.outgoing_to_device_messages)
        wanted = [message for message in messages if not isinstance(message, RoomKeyRequestMessage)]
        # Nobody answers a request for a room's key but the asker's own devices, of which there are none.
        self._olm.outgoing_to_device_messages[:] = wanted
        return [(message.as_dict()["messages"], self._sent(message)) for message in wanted]

    def _sent(self, message: ToDeviceMessage) -> Callable[[], None]:
        return lambda: self._olm.handle_response(ToDeviceResponse(message))

    # Rooms

    def missing(self, room_id: str, devices: set[Device]) -> set[Device]:
        """The devices that do not have the key of a room's present session yet.

        The session is a new one when there was none, when it has been used enough, and when somebody has its key who
        shall not read what comes.
        """
        session: OutboundGroupSession | None = self._olm.outbound_group_sessions.get(room_id)
        if session is None or session.expired or session.users_shared_with - devices:
            with self._olm.store.database.atomic():
                self._olm.create_outbound_group_session(room_id)
            session = self._olm.outbound_group_sessions[room_id]
        missing: set[Device] = devices - session.users_shared_with
        if missing:
            session.shared = False  # else nio begins a new one
        return missing

    def shares(self, room_id: str, devices: Iterable[Device]) -> Iterator[tuple[Json, Callable[[], None]]]:
        """The room's key for devices, in portions to send, each with what to call once it was sent."""
        users = sorted({user for user, _ in devices})
        portions = self._olm.share_group_session_parallel(room_id, users, ignore_unverified_devices=True)
        session: OutboundGroupSession = self._olm.outbound_group_sessions[room_id]
        while True:
            with self._olm.store.database.atomic():
                portion = next(portions, None)
            if portion is None:
                return
            reached, body = portion
            yield body["messages"], lambda reached=reached: session.users_shared_with.update(reached)  # type: ignore[misc]

    def encrypt(self, room_id: str, event_type: str, content: Mapping[str, object]) -> Json:
        """The content of the encrypted event. Who has the key was settled before."""
        self._olm.outbound_group_sessions[room_id].shared = True
        encrypted: Json = self._olm.group_encrypt(room_id, {"type": event_type, "content": dict(content)})
        relation = content.get("m.relates_to")
        return encrypted if relation is None else {**encrypted, "m.relates_to": relation}

    def decrypt(self, room_id: str, event: Json) -> Json:
        """The event as its sender wrote it. Raises Undecryptable."""
        content = event.get("content")
        if not isinstance(content, dict) or content.get("algorithm") != MEGOLM:
            raise Undecryptable("it is encrypted in a way that is not known")
        session_id, ciphertext = content.get("session_id"), content.get("ciphertext")
        if not (isinstance(session_id, str) and isinstance(ciphertext, str)):
            raise Undecryptable("it is malformed")
        session = self._session(room_id, session_id)
        if session is None:
            raise Undecryptable("there is no key for it", session_id)
        try:
            plaintext, index = session.decrypt(ciphertext)
            plain = json.loads(plaintext)
        except Exception as error:  # the key begins later than the event, or the sender wrote nonsense
            raise Undecryptable(f"its key does not fit ({type(error).__name__})", session_id) from None
        seen = (session.sender_key, session_id, index)
        first = self._olm.message_index_store.setdefault(seen, event.get("event_id"))
        if first != event.get("event_id"):
            raise Undecryptable("it repeats another event")
        if not isinstance(plain, dict) or not isinstance(plain.get("content"), dict):
            raise Undecryptable("it is malformed inside")
        if plain.get("room_id", room_id) != room_id:
            raise Undecryptable("it was written for another room")
        inside = dict(plain["content"])
        if "m.relates_to" not in inside and "m.relates_to" in content:
            inside["m.relates_to"] = content["m.relates_to"]
        return {**event, "type": plain.get("type"), "content": inside}

    def _session(self, room_id: str, session_id: str) -> InboundGroupSession | None:
        """Sessions are known by their id alone (MSC3700): events need not name the sender's key."""
        senders: Mapping[str, Mapping[str, InboundGroupSession]] = self._olm.inbound_group_store[room_id]
        return next((sessions[session_id] for sessions in senders.values() if session_id in sessions), None)


def _is_device(device: object) -> bool:
    """Whether nio can read it without stumbling."""
    if not isinstance(device, dict):
        return False
    texts = all(isinstance(device.get(name), str) for name in ("user_id", "device_id"))
    tables = all(isinstance(device.get(name), dict) for name in ("keys", "signatures"))
    unsigned = device.get("unsigned", {})
    return (
        texts
        and tables
        and all(isinstance(key, str) for key in device["keys"].values())
        and all(isinstance(signed, dict) for signed in device["signatures"].values())
        and isinstance(unsigned, dict)
        and isinstance(unsigned.get("device_display_name", ""), str | None)
    )


def portions(items: Sequence[Device], size: int) -> Iterator[Sequence[Device]]:
    """Cut into portions."""
    return (items[start : start + size] for start in range(0, len(items), size))
