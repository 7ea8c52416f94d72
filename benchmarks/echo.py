"""A bare nio bot: what answers a command with nothing of ours around it.

`python -m benchmarks.echo URL LOCALPART FOLDER ROOM…`; the password comes by standard input.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from nio import AsyncClient, AsyncClientConfig, JoinResponse, LoginResponse, MatrixRoom, RoomMessageText, SyncResponse


async def main(url: str, localpart: str, folder: Path, rooms: list[str], password: str) -> None:
    """Join the rooms, say "Ready", and answer every command for ever."""
    config = AsyncClientConfig(encryption_enabled=True, store_sync_tokens=True, pickle_key="bare")
    client = AsyncClient(url, localpart, store_path=str(folder), config=config)
    if not isinstance(await client.login(password), LoginResponse):
        raise SystemExit("the bare bot cannot log in")
    for room in rooms:
        if not isinstance(await client.join(room), JoinResponse):
            raise SystemExit("the bare bot cannot join")
    if not isinstance(await client.sync(full_state=True), SyncResponse):
        raise SystemExit("the bare bot cannot sync")

    async def answer(room: MatrixRoom, event: RoomMessageText) -> None:
        if event.sender == client.user_id or not event.body.startswith("!count "):
            return
        word = event.body.removeprefix("!count ")
        content = {
            "msgtype": "m.notice",
            "body": f"Counted {word}.",
            "m.mentions": {},
            "m.relates_to": {"m.in_reply_to": {"event_id": event.event_id}},
        }
        await client.room_send(room.room_id, "m.room.message", content, ignore_unverified_devices=True)

    client.add_event_callback(answer, RoomMessageText)
    print("Ready", flush=True)
    await client.sync_forever(timeout=30_000)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], Path(sys.argv[3]), sys.argv[4:], sys.stdin.readline().strip()))
