"""200 commands at once in one room, against the rate at which bare sends one after another can go out."""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from statistics import median
from typing import Any, Final
from urllib.parse import quote

import aiohttp
from yarl import URL

from benchmarks.result import Result
from benchmarks.talk import Side, Talk, answered, command, talk
from bridge.matrix.api import Credentials, MatrixApi, register_application_service_user
from bridge.matrix.registration import load_registration

COMMANDS, MEMBERS = 200, 5
FLOOR = 0.85
"""Of the bare rate."""
ORDER: Final = "kunveno sends sends kunveno kunveno sends"
_QUIET: Final = 8.0
"""Seconds without a further event after which a bot has given all the answers that it gives."""
_PATIENCE: Final = 120.0
_LOOK: Final = 1.0


@dataclass(frozen=True, slots=True)
class Burst:
    """What became of the commands of one burst. `seconds`: from the moment the bot could hear to its last answer."""

    answered: int
    in_order: bool
    seconds: float


def run() -> Result:
    """The median rates of answers and of sends, and how many a bare bot answers."""
    return asyncio.run(_run())


async def _run() -> Result:
    bursts: list[Burst] = []
    rates: dict[str, list[float]] = {"kunveno": [], "sends": []}
    async with talk(MEMBERS) as here, _sender(here) as sends:
        await _burst(here, here.kunveno, 20)
        for what in ORDER.split():
            if what == "kunveno":
                bursts.append(await _burst(here, here.kunveno, COMMANDS))
                rates["kunveno"].append(bursts[-1].answered / bursts[-1].seconds)
            else:
                rates["sends"].append(COMMANDS / await sends())
        bare = await _burst(here, here.bare, COMMANDS)
    value, floor = median(rates["kunveno"]), median(rates["sends"])
    whole = all(burst.answered == COMMANDS and burst.in_order for burst in bursts)
    return Result(
        "burst",
        value,
        floor,
        "answers/s",
        ok=whole and value >= FLOOR * floor,
        rows=(
            ("", *(f"round {number}" for number in range(1, len(bursts) + 1)), "median"),
            ("answers/s", *(f"{rate:.1f}" for rate in rates["kunveno"]), f"{value:.1f}"),
            ("bare sends/s", *(f"{rate:.1f}" for rate in rates["sends"]), f"{floor:.1f}"),
            (f"answered of {COMMANDS}", *(str(burst.answered) for burst in bursts), ""),
            ("in order per person", *("yes" if burst.in_order else "no" for burst in bursts), ""),
            (f"a bare nio bot answers of {COMMANDS}", str(bare.answered), *([""] * len(bursts))),
        ),
        detail={
            "least_ratio": FLOOR,
            "commands": COMMANDS,
            "members": MEMBERS,
            "rates": {side: [round(rate, 2) for rate in of_side] for side, of_side in rates.items()},
            "answered": [burst.answered for burst in bursts],
            "answered_by_a_bare_bot": bare.answered,
        },
    )


async def _burst(here: Talk, side: Side, commands: int) -> Burst:
    """The bot stands still while the commands come, so that it finds all of them at once."""
    room = side.rooms["plain"]
    side.freeze()
    try:
        sent = await asyncio.gather(
            *(_say(here, number, room, commands // len(here.members)) for number in range(len(here.members)))
        )
    finally:
        side.thaw()
    begun = time.time()  # the clock that the homeserver on this machine stamps events with
    asked = {event for events in sent for event in events}
    answers, last = await _answers(here.apis[0], room, side.account, asked)
    in_order = all([event for event in answers if event in set(events)] == list(events) for events in sent)
    return Burst(len(answers), in_order and len(set(answers)) == len(answers), last - begun)


async def _say(here: Talk, number: int, room: str, commands: int) -> Sequence[str]:
    """One member's commands, in the order in which they stand in the room."""
    api, events = here.apis[number], []
    for _ in range(commands):
        event_type, content = await command(here.members[number], room, secrets.token_hex(4))
        events.append(await api.send_message(room, event_type, content, secrets.token_hex(8)))
    return events


async def _answers(api: MatrixApi, room: str, bot: str, asked: set[str]) -> tuple[list[str], float]:
    """The commands that were answered, in the order of the answers, and when the last answer was sent, as seconds since
    1970. Until the room is quiet only its last event is looked at, so that the homeserver's time is the bot's."""
    quiet_until = time.monotonic() + _PATIENCE
    newest = await _newest(api, room)
    while time.monotonic() < quiet_until:
        await asyncio.sleep(_LOOK)
        before, newest = newest, await _newest(api, room)
        if newest != before:
            quiet_until = time.monotonic() + _QUIET
    events = [event for event in reversed(await recent(api, room, 3 * len(asked))) if event["sender"] == bot]
    given = [event for event in events if answered(event) in asked]
    last = max((event["origin_server_ts"] for event in given), default=0) / 1000
    return [str(answered(event)) for event in given], last


async def _newest(api: MatrixApi, room: str) -> str:
    return str((await recent(api, room, 1))[0]["event_id"])


async def recent(api: MatrixApi, room: str, limit: int) -> Sequence[Mapping[str, Any]]:
    """The last events of a room, newest first."""
    chunk: Sequence[Mapping[str, Any]] = (await api.messages(room, start=None, limit=limit))["chunk"]
    return chunk


@asynccontextmanager
async def _sender(here: Talk) -> AsyncIterator[Callable[[], Awaitable[float]]]:
    """Gives the seconds that as many notices take, sent one after another by an account of the application service
    into a room with the same members."""
    registration = load_registration(here.world.folder / "registration.yaml")
    account = f"@kunveno-sends:{here.world.synapse.server_name}"
    async with aiohttp.ClientSession() as session:
        await register_application_service_user(
            here.world.synapse.url, registration.as_token, "kunveno-sends", session=session
        )
    room = await here.apis[0].create_room({"invite": [account, *(one.user_id for one in here.apis[1:])]})
    who = Credentials(registration.as_token, account, "SENDS", application_service=True)
    async with MatrixApi.connect(here.world.synapse.url, who) as api:
        await api.put_device("sends")
        for one in (api, *here.apis[1:]):
            await one.join(room)
    address = f"{here.world.synapse.url}/_matrix/client/v3/rooms/{quote(room)}/send/m.room.message"
    query = f"user_id={quote(account)}&device_id=SENDS"
    event = await here.apis[0].send_message(room, "m.room.message", {"msgtype": "m.text", "body": "Hello"}, "hello")

    async def send() -> float:
        headers = {"Authorization": f"Bearer {registration.as_token}", "Content-Type": "application/json"}
        async with aiohttp.ClientSession(headers=headers) as session:
            begun = time.perf_counter()
            for _ in range(COMMANDS):
                content = {
                    "msgtype": "m.notice",
                    "body": f"Counted {secrets.token_hex(4)}.",
                    "m.mentions": {},
                    "m.relates_to": {"m.in_reply_to": {"event_id": event}},
                    "org.kunveno.letter": secrets.token_hex(13),
                }
                url = URL(f"{address}/{secrets.token_hex(8)}?{query}", encoded=True)
                async with session.put(url, data=json.dumps(content).encode()) as response:
                    await response.read()
                    response.raise_for_status()
            return time.perf_counter() - begun

    yield send
