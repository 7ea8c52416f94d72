"""The endpoints that a conversation needs: keys of devices, history, members, media. Part of MatrixApi."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from urllib.parse import quote

import aiohttp

from bridge.matrix.content import Json
from bridge.matrix.transport import Transport
from bridge.matrix.wire import client_path, list_in, object_in, text_in

MEDIA = aiohttp.ClientTimeout(total=600, sock_connect=10, sock_read=60)


class TalkEndpoints(Transport):
    """See MatrixApi for what all methods raise."""

    @property
    def user_id(self) -> str:
        return self.credentials.user_id

    # Keys

    async def query_keys(self, user_ids: Iterable[str]) -> Json:
        """Device and cross-signing keys of accounts, as the homeserver has them."""
        body: Json = {"device_keys": {user_id: [] for user_id in user_ids}}
        return await self._request(
            "POST", "query_keys", client_path("v3", "keys", "query"), shape=dict, body=body, reads=True
        )

    async def upload_keys(self, body: Mapping[str, object]) -> int:
        """Uploads keys of the device; returns how many one-time keys the homeserver now holds."""
        path = client_path("v3", "keys", "upload")
        answer = await self._request("POST", "upload_keys", path, shape=dict, body=body)
        count = object_in(answer, "one_time_key_counts").get("signed_curve25519", 0)
        return count if isinstance(count, int) else 0

    async def claim_keys(self, devices: Mapping[str, Iterable[str]]) -> Json:
        """Takes a one-time key of each device (user id → device ids): by user and device, and so only where there is
        one. Asked again after a lost answer it takes another, so it is no method to repeat lightly."""
        wanted = {user: dict.fromkeys(ids, "signed_curve25519") for user, ids in devices.items()}
        path = client_path("v3", "keys", "claim")
        answer = await self._request("POST", "claim_keys", path, shape=dict, body={"one_time_keys": wanted})
        return object_in(answer, "one_time_keys")

    async def send_to_devices(self, event_type: str, messages: Mapping[str, Mapping[str, object]], txn_id: str) -> None:
        """Sends to devices (user id → device id → content)."""
        path = client_path("v3", "sendToDevice", event_type, txn_id)
        await self._request("PUT", "send_to_devices", path, shape=dict, body={"messages": messages})

    async def device_of_token(self) -> str | None:
        """The device that a plain account's token belongs to."""
        answer = await self._request("GET", "whoami", client_path("v3", "account", "whoami"), shape=dict, reads=True)
        device = answer.get("device_id")
        return device if isinstance(device, str) else None

    # Rooms

    async def present(self, room_id: str) -> dict[str, str]:
        """Who is joined (`join`) or invited (`invite`), by account."""
        path = client_path("v3", "rooms", room_id, "members")
        query = [("not_membership", "leave")]
        answer = await self._request("GET", "members", path, shape=dict, query=query, reads=True)
        present = {}
        for event in list_in(answer, "chunk"):
            membership = event.get("content", {}).get("membership")
            if membership in {"join", "invite"} and isinstance(event.get("state_key"), str):
                present[event["state_key"]] = str(membership)
        return present

    # Media

    async def upload(self, data: bytes, mimetype: str, name: str | None = None) -> str:
        """Uploads a file; returns its `mxc://` address."""
        query = [] if name is None else [("filename", name)]
        path = "/_matrix/media/v3/upload"
        answer = await self._request(
            "POST", "upload", path, shape=dict, query=query, raw=(data, mimetype), timeout=MEDIA
        )
        return text_in(answer, "content_uri")

    async def download(self, address: str) -> bytes:
        """The file at an `mxc://` address. Raises ValueError for another address."""
        scheme, _, rest = address.partition("://")
        server, _, media = rest.partition("/")
        if scheme != "mxc" or not server or not media:
            raise ValueError("this is no address of a file")
        path = f"/_matrix/client/v1/media/download/{quote(server, safe='')}/{quote(media, safe='')}"
        return await self._request("GET", "download", path, shape=bytes, timeout=MEDIA, reads=True)
