"""Thin Matrix client for what the mirror needs: one method per endpoint, results as values, refusals as exceptions.

Every method raises `MatrixError` (see `bridge.matrix.errors` for the classes to tell apart) and repeats passing
failures for as long as the client's patience lasts. Endpoints are those of the Matrix client-server API 1.10 and later.
"""

from __future__ import annotations

import json
import random
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Self
from urllib.parse import quote

import aiohttp

from bridge.matrix.content import Json
from bridge.matrix.errors import (
    AliasTaken,
    Forbidden,
    MatrixError,
    NotFound,
    TokenRefused,
    TooLarge,
    Unavailable,
)
from bridge.matrix.talk import TalkEndpoints
from bridge.matrix.transport import CONNECTIONS, PATIENCE, Credentials, Throttled, Traffic
from bridge.matrix.wire import client_path, list_in, object_in, text_in

__all__ = [
    "AliasTaken",
    "Credentials",
    "Forbidden",
    "MatrixApi",
    "MatrixError",
    "NotFound",
    "Throttled",
    "TokenRefused",
    "TooLarge",
    "Traffic",
    "Unavailable",
    "login_password",
    "register_application_service_user",
]

SYNC_GRACE = 60.0
"""Seconds beyond the long poll's own time until a sync that sends nothing counts as failed."""
PAGE = 50
"""Rooms per page of the hierarchy, the most that Synapse gives."""


class MatrixApi(TalkEndpoints):
    """The homeserver as one account sees it."""

    @classmethod
    @asynccontextmanager
    async def connect(
        cls,
        url: str,
        credentials: Credentials,
        *,
        patience: timedelta = PATIENCE,
        jitter: random.Random | None = None,
        on_throttle: Callable[[Throttled], None] | None = None,
    ) -> AsyncIterator[Self]:
        """A client with connections of its own, closed at the end. Sends nothing by itself."""
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=CONNECTIONS)) as session:
            yield cls(url, credentials, session=session, patience=patience, jitter=jitter, on_throttle=on_throttle)

    # The homeserver and the account

    async def whoami(self) -> str:
        """The user id that the homeserver knows this token by."""
        return text_in(await self._get("whoami", "v3", "account", "whoami"), "user_id")

    async def versions(self) -> Json:
        """The homeserver's `versions` and `unstable_features`."""
        return await self._request("GET", "versions", "/_matrix/client/versions", shape=dict, reads=True)

    async def capabilities(self) -> Json:
        """What the homeserver can do, for example `m.room_versions`: the inside of `capabilities`."""
        return object_in(await self._get("capabilities", "v3", "capabilities"), "capabilities")

    async def put_device(self, display_name: str) -> None:
        """Names the device of the credentials; for an application service's user also creates it (MSC4190)."""
        if self.credentials.device_id is None:
            raise ValueError("these credentials name no device")
        path = client_path("v3", "devices", self.credentials.device_id)
        # The device may not exist yet, and who claims to be an unknown device is refused.
        await self._request("PUT", "put_device", path, shape=dict, body={"display_name": display_name}, as_device=False)

    async def displayname(self, user_id: str) -> str | None:
        """How an account is called; None when it has not said."""
        try:
            name = (await self._get("displayname", "v3", "profile", user_id, "displayname")).get("displayname")
        except NotFound:
            return None
        return name if isinstance(name, str) and name else None

    async def set_displayname(self, name: str) -> None:
        """Sets the account's own display name."""
        await self._put("set_displayname", {"displayname": name}, "v3", "profile", self.user_id, "displayname")

    # Reading

    async def sync(
        self,
        *,
        filter: Mapping[str, object],
        since: str | None = None,
        timeout_ms: int = 0,
        full_state: bool = False,
        state_after: bool = False,
    ) -> Json:
        """One sync. Synapse answers an identical one from a cache for two minutes; vary `filter` to get the present.

        `state_after` asks for the state after the timeline, under that name in the answer; a homeserver that does not
        know MSC4222 gives the state before it all the same.
        """
        query = [("filter", json.dumps(filter, separators=(",", ":"))), ("timeout", str(timeout_ms))]
        if since is not None:
            query.append(("since", since))
        if full_state:
            query.append(("full_state", "true"))
        if state_after:
            query += [("use_state_after", "true"), ("org.matrix.msc4222.use_state_after", "true")]
        silence = timeout_ms / 1000 + SYNC_GRACE
        limits = aiohttp.ClientTimeout(total=None, sock_connect=10, sock_read=silence)
        return await self._request(
            "GET", "sync", client_path("v3", "sync"), shape=dict, query=query, timeout=limits, reads=True
        )

    async def joined_rooms(self) -> list[str]:
        """Ids of the rooms that the account is in."""
        return [str(room) for room in list_in(await self._get("joined_rooms", "v3", "joined_rooms"), "joined_rooms")]

    async def get_state(self, room_id: str, event_type: str, state_key: str = "") -> Json:
        """Content of one state event. `NotFound` if there is none, `Forbidden` for a room we never were in."""
        return await self._get("get_state", *_state(room_id, event_type, state_key))

    async def room_state(self, room_id: str) -> list[Json]:
        """All state events of a room, whole."""
        path = client_path("v3", "rooms", room_id, "state")
        return await self._request("GET", "room_state", path, shape=list, reads=True)

    async def hierarchy(self, room_id: str) -> list[Json]:
        """The rooms below a space and the space itself, all pages (`/hierarchy`, Matrix 1.2). Slow: for audits."""
        path = client_path("v1", "rooms", room_id, "hierarchy")
        rooms: list[Json] = []
        query = [("limit", str(PAGE))]
        while True:
            page = await self._request("GET", "hierarchy", path, shape=dict, query=query, reads=True)
            rooms.extend(list_in(page, "rooms"))
            following = page.get("next_batch")
            if not isinstance(following, str):
                return rooms
            query = [("limit", str(PAGE)), ("from", following)]

    async def resolve_alias(self, alias: str) -> str | None:
        """The id of the room that an alias points at, None when there is no such alias."""
        try:
            return text_in(await self._get("resolve_alias", "v3", "directory", "room", alias), "room_id")
        except NotFound:
            return None

    # Rooms

    async def create_room(self, content: Mapping[str, object]) -> str:
        """Creates a room, returns its id. Always with `room_alias_name`: the request has no transaction id.

        When the answer to a first attempt was lost, the next raises `AliasTaken`: the caller looks at the alias.
        """
        return text_in(await self._post("create_room", content, "v3", "createRoom"), "room_id")

    async def put_state(self, room_id: str, event_type: str, content: Mapping[str, object], state_key: str = "") -> str:
        """Sets one state event, returns the event's id."""
        return text_in(await self._put("put_state", content, *_state(room_id, event_type, state_key)), "event_id")

    async def send_message(self, room_id: str, event_type: str, content: Mapping[str, object], txn_id: str) -> str:
        """Sends one event, returns its id. A `txn_id` repeated from the same device within 24 hours sends nothing."""
        answer = await self._put("send_message", content, "v3", "rooms", room_id, "send", event_type, txn_id)
        return text_in(answer, "event_id")

    async def redact(self, room_id: str, event_id: str, txn_id: str) -> str:
        """Takes an event back, returns the redaction's id. A repeated `txn_id` does as in `send_message`."""
        answer = await self._put("redact", {}, "v3", "rooms", room_id, "redact", event_id, txn_id)
        return text_in(answer, "event_id")

    async def messages(
        self,
        room_id: str,
        *,
        start: str | None = None,
        end: str | None = None,
        backwards: bool = True,
        limit: int = 100,
        filter: Mapping[str, object] | None = None,
    ) -> Json:
        """One page of a room's past (`chunk`, `start`, `end`), from `start`, or from the present, towards `end`."""
        query = [("dir", "b" if backwards else "f"), ("limit", str(limit))]
        if start is not None:
            query.append(("from", start))
        if end is not None:
            query.append(("to", end))
        if filter is not None:
            query.append(("filter", json.dumps(filter, separators=(",", ":"))))
        path = client_path("v3", "rooms", room_id, "messages")
        return await self._request("GET", "messages", path, shape=dict, query=query, reads=True)

    async def set_alias(self, alias: str, room_id: str) -> None:
        """Points an alias at a room. `AliasTaken` when it exists already, wherever it points."""
        try:
            await self._put("set_alias", {"room_id": room_id}, "v3", "directory", "room", alias)
        except MatrixError as error:
            if error.status != 409:
                raise
            raise AliasTaken(
                error.message, errcode=error.errcode, status=409, method=error.method, path=error.path
            ) from error

    async def delete_alias(self, alias: str) -> None:
        """Takes an alias away; one that does not exist is no error."""
        path = client_path("v3", "directory", "room", alias)
        try:
            await self._request("DELETE", "delete_alias", path, shape=dict)
        except NotFound:
            return

    async def join(self, room_id_or_alias: str, via: Iterable[str] = ()) -> str:
        """Joins a room, returns its id. `via` are homeservers to ask for a room that ours is not in."""
        query = [(name, server) for server in via for name in ("via", "server_name")]
        path = client_path("v3", "join", room_id_or_alias)
        return text_in(await self._request("POST", "join", path, shape=dict, body={}, query=query), "room_id")

    async def leave(self, room_id: str) -> None:
        """Leaves a room, or declines an invitation."""
        await self._post("leave", {}, "v3", "rooms", room_id, "leave")

    async def forget(self, room_id: str) -> None:
        """Forgets a room that the account has left."""
        await self._post("forget", {}, "v3", "rooms", room_id, "forget")

    # Other people in rooms

    async def invite(self, room_id: str, user_id: str, reason: str | None = None) -> None:
        """Invites. Inviting twice is no error; inviting who is joined or banned is `Forbidden`."""
        await self._membership("invite", room_id, user_id, reason)

    async def remove(self, room_id: str, user_id: str, reason: str | None = None) -> None:
        """Removes from a room (kick), or takes an invitation back. `Forbidden` also when they are not there."""
        await self._membership("kick", room_id, user_id, reason)

    async def ban(self, room_id: str, user_id: str, reason: str | None = None) -> None:
        """Removes, and keeps from coming back."""
        await self._membership("ban", room_id, user_id, reason)

    async def unban(self, room_id: str, user_id: str, reason: str | None = None) -> None:
        """Lifts a ban; who was banned is then outside."""
        await self._membership("unban", room_id, user_id, reason)

    async def admin_join(self, room_id: str, user_id: str) -> None:
        """Joins a local account to a room without its doing (Synapse's admin API). We must be in the room, and a
        server administrator, or it is `Forbidden`."""
        path = "/_synapse/admin/v1/join/" + quote(room_id, safe="")
        await self._request("POST", "admin_join", path, shape=dict, body={"user_id": user_id})

    # Keys

    async def publish_signing_keys(self, body: Mapping[str, object]) -> None:
        """Publishes the account's cross-signing keys. `MatrixError` 401 where that takes the password."""
        await self._post("publish_signing_keys", body, "v3", "keys", "device_signing", "upload")

    async def publish_signatures(self, signatures: Mapping[str, object]) -> None:
        """Publishes signatures of keys, by user and device. `MatrixError` when the homeserver refuses one."""
        answer = await self._post("publish_signatures", signatures, "v3", "keys", "signatures", "upload")
        if answer.get("failures"):
            raise MatrixError("the homeserver refuses a signature of a device")

    async def _membership(self, action: str, room_id: str, user_id: str, reason: str | None) -> None:
        body = {"user_id": user_id} if reason is None else {"user_id": user_id, "reason": reason}
        await self._post(action, body, "v3", "rooms", room_id, action)

    async def _get(self, endpoint: str, *segments: str) -> Json:
        return await self._request("GET", endpoint, client_path(*segments), shape=dict, reads=True)

    async def _put(self, endpoint: str, body: Mapping[str, object], *segments: str) -> Json:
        return await self._request("PUT", endpoint, client_path(*segments), shape=dict, body=body)

    async def _post(self, endpoint: str, body: Mapping[str, object], *segments: str) -> Json:
        return await self._request("POST", endpoint, client_path(*segments), shape=dict, body=body)


async def register_application_service_user(
    url: str, as_token: str, localpart: str, *, session: aiohttp.ClientSession, patience: timedelta = PATIENCE
) -> None:
    """Creates a user of the application service's namespace; that it exists already is success. No device is made."""
    service = MatrixApi(
        url, Credentials(as_token, "", None, application_service=False), session=session, patience=patience
    )
    body = {"type": "m.login.application_service", "username": localpart, "inhibit_login": True}
    try:
        await service._post("register", body, "v3", "register")
    except MatrixError as error:
        if error.errcode != "M_USER_IN_USE":
            raise


async def login_password(
    url: str,
    user: str,
    password: str,
    device_id: str | None,
    display_name: str,
    *,
    session: aiohttp.ClientSession,
    patience: timedelta = PATIENCE,
) -> Credentials:
    """Logs in by password. `user` is a localpart or a user id; with `device_id` None the homeserver chooses one."""
    nobody = MatrixApi(url, Credentials("", "", None, application_service=False), session=session, patience=patience)
    body: Json = {
        "type": "m.login.password",
        "identifier": {"type": "m.id.user", "user": user},
        "password": password,
        "initial_device_display_name": display_name,
    }
    if device_id is not None:
        body["device_id"] = device_id
    answer = await nobody._post("login", body, "v3", "login")
    return Credentials(
        text_in(answer, "access_token"),
        text_in(answer, "user_id"),
        text_in(answer, "device_id"),
        application_service=False,
    )


def _state(room_id: str, event_type: str, state_key: str) -> tuple[str, ...]:
    return ("v3", "rooms", room_id, "state", event_type, state_key)
