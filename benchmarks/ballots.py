"""Poll responses as fast as the homeserver takes them, against bare sends; and a hundred thousand of them recounted."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from itertools import cycle, islice
from statistics import median
from typing import Any, Final

import aiohttp
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from benchmarks.recount import LONGEST, recount
from benchmarks.result import Result
from benchmarks.talk import ROOMS, Side
from benchmarks.world import World, world
from bots.vote.tables import CastRow, VoteLetterRow
from bridge.letters.outbox import LetterRow
from bridge.matrix.api import Credentials, MatrixApi, register_application_service_user
from bridge.matrix.registration import load_registration
from tests.support.house import House, build
from tests.support.installation import until

RESPONSES, MEMBERS, AT_ONCE = 450, 5, 16
"""Responses of a round, by how many members, and how many are on their way at the same time."""
FLOOR: Final = 0.9
"""Of the bare rate."""
ORDER: Final = "live bare bare live live bare"
_LOOK: Final = 0.02
_PATIENCE: Final = 120.0
_TYPE: Final = "org.matrix.msc3381.poll.response"

Event = tuple[str, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Here:
    """The members with their rooms, the program, and a room of each kind that no program hears in."""

    house: House
    side: Side
    apis: Sequence[MatrixApi]
    polls: Mapping[str, tuple[str, str]]
    """Vote and event of the poll, by the kind of room."""
    quiet: Mapping[str, tuple[str, str]]
    """Room, and an event in it that responses can speak of."""


def run() -> Result:
    """The median rates, and the longest recount."""
    counted = recount()
    rates, late = asyncio.run(_run())
    medians = {which: median(of_one) for which, of_one in rates.items()}
    ratios = {kind: medians["live", kind] / medians["bare", kind] for kind in ROOMS}
    behind = {kind: median(late[kind]) / medians["bare", kind] for kind in ROOMS}
    worst = min(ROOMS, key=lambda kind: ratios[kind])
    good = min(*ratios.values(), *behind.values()) >= FLOOR and counted.seconds < LONGEST
    return Result(
        "ballots",
        medians["live", worst],
        medians["bare", worst],
        "responses/s",
        ok=good,
        rows=(
            ("", "recorded/s", "bare sends/s", "ratio", "after standing still, recorded/s"),
            *(
                (
                    f"{kind} room",
                    f"{medians['live', kind]:.1f}",
                    f"{medians['bare', kind]:.1f}",
                    f"{ratios[kind]:.2f}",
                    f"{median(late[kind]):.1f}",
                )
                for kind in ROOMS
            ),
            (f"{counted.responses:,} responses recounted, s", f"{counted.seconds:.2f}", "", "", ""),
        ),
        detail={
            "least_ratio": FLOOR,
            "responses": RESPONSES,
            "at_once": AT_ONCE,
            "ratios": {kind: round(ratio, 4) for kind, ratio in ratios.items()},
            "ratios_after_standing_still": {kind: round(ratio, 4) for kind, ratio in behind.items()},
            "rates": {f"{side}, {kind}": [round(rate, 2) for rate in of_one] for (side, kind), of_one in rates.items()},
            "recount_s": round(counted.seconds, 3),
            "recount_processor_s": round(counted.processor, 3),
            "recount_longest_s": LONGEST,
        },
    )


async def _run() -> tuple[dict[tuple[str, str], list[float]], dict[str, list[float]]]:
    rates: dict[tuple[str, str], list[float]] = {}
    late: dict[str, list[float]] = {}
    async with _here() as here:
        for kind in ROOMS:
            await _recorded(here, kind, 40)  # warms up
            for what in ORDER.split():
                taken = await (_recorded(here, kind, RESPONSES) if what == "live" else _bare(here, kind))
                rates.setdefault((what, kind), []).append(RESPONSES / taken)
            late[kind] = [RESPONSES / await _behind(here, kind) for _ in range(3)]
    return rates, late


async def _recorded(here: Here, kind: str, responses: int) -> float:
    """Seconds from the first response being sent to the last being recorded."""
    events = await _events(here, kind, responses, here.polls[kind][1])
    begun = time.perf_counter()
    sent = await _send(here, here.house.rooms[kind], events)
    await _kept(here, kind, sent)
    return time.perf_counter() - begun


async def _bare(here: Here, kind: str) -> float:
    """Seconds for sending as many where no program hears them."""
    room, event = here.quiet[kind]
    events = await _events(here, kind, RESPONSES, event)
    begun = time.perf_counter()
    await _send(here, room, events)
    return time.perf_counter() - begun


async def _behind(here: Here, kind: str) -> float:
    """Seconds for recording what came while the program stood still."""
    events = await _events(here, kind, RESPONSES, here.polls[kind][1])
    here.side.freeze()
    try:
        sent = await _send(here, here.house.rooms[kind], events)
    finally:
        here.side.thaw()
    begun = time.perf_counter()
    await _kept(here, kind, sent)
    return time.perf_counter() - begun


async def _send(here: Here, room: str, events: Sequence[Event]) -> set[str]:
    """Send by all members, several at once; returns the ids."""
    waiting = iter(list(zip(cycle(here.apis), events, strict=False)))
    sent: set[str] = set()

    async def work() -> None:
        for api, (event_type, content) in waiting:
            sent.add(await api.send_message(room, event_type, content, secrets.token_hex(8)))

    async with asyncio.TaskGroup() as group:
        for _ in range(AT_ONCE):
            group.create_task(work())
    return sent


async def _kept(here: Here, kind: str, sent: set[str]) -> None:
    """Wait until all of these are recorded."""
    vote, _ = here.polls[kind]

    async def left(session: AsyncSession) -> set[str]:
        return sent - set(await session.scalars(select(CastRow.id).where(CastRow.vote_id == vote)))

    async def number(session: AsyncSession) -> int:
        return await session.scalar(select(func.count()).where(CastRow.vote_id == vote)) or 0

    database = here.house.app.database
    async with asyncio.timeout(_PATIENCE):
        known = -1
        while True:
            now = await database.read(number)  # quicker than to ask for all of them each time
            if now != known and not await database.read(left):
                return
            known = now
            await asyncio.sleep(_LOOK)


async def _events(here: Here, kind: str, responses: int, poll: str) -> list[Event]:
    """Responses by the members in turn, encrypted where the room is."""
    room, events = here.house.rooms[kind], list[Event]()
    for member in here.house.members if ROOMS[kind] else ():
        member.client.invalidate_outbound_session(room)  # one that lasts for all of them
        await member.say(room, "Hello")
    for number, member in enumerate(islice(cycle(here.house.members), responses)):
        relation = {"rel_type": "m.reference", "event_id": poll}
        content: dict[str, Any] = {"m.relates_to": relation, _TYPE: {"answers": [str(1 + number % 3)]}}
        event_type = _TYPE
        if ROOMS[kind]:
            event_type, encrypted = member.client.encrypt(room, _TYPE, content)
            content = dict(encrypted)
        events.append((event_type, content))
    return events


@asynccontextmanager
async def _here() -> AsyncIterator[Here]:
    """Synapse, the program with all its bots, an open vote in each room, and the quiet rooms."""
    async with AsyncExitStack() as stack:
        base = await stack.enter_async_context(world())
        url = f"sqlite:///{base.folder / 'kunveno.db'}"
        house = await stack.enter_async_context(
            build(base.synapse, base.folder / "registration.yaml", url, base.folder, rooms=ROOMS, members=MEMBERS)
        )
        running = await stack.enter_async_context(house.suite())
        await house.hears(running)
        polls = {kind: await _open(house, kind) for kind in ROOMS}
        apis = [
            await stack.enter_async_context(MatrixApi.connect(base.synapse.url, await member.another_token()))
            for member in house.members
        ]
        quiet = {kind: await _quiet(base, apis, encrypted=ROOMS[kind]) for kind in ROOMS}
        side = Side("kunveno", house.bot, running.process, house.rooms)
        yield Here(house, side, apis, polls, quiet)


async def _open(house: House, kind: str) -> tuple[str, str]:
    """Open a vote in a room; returns its id and the event of its poll."""
    asked = await house.members[0].say(house.rooms[kind], "!vote Shall we?")

    async def find(session: AsyncSession) -> tuple[str, str] | None:
        query = (
            select(VoteLetterRow.vote_id, LetterRow.event_id)
            .join(LetterRow, LetterRow.id == VoteLetterRow.letter)
            .where(VoteLetterRow.purpose == "poll", LetterRow.room_id == house.rooms[kind])
        )
        found = (await session.execute(query)).first()
        return None if found is None or found[1] is None else (found[0], found[1])

    found = await until(lambda: house.app.database.read(find), seconds=_PATIENCE)
    if found is None:
        raise RuntimeError(f"no vote was opened by {asked}")
    return found


async def _quiet(base: World, apis: Sequence[MatrixApi], *, encrypted: bool) -> tuple[str, str]:
    """A room with the same members, and an account in the place of the program that does nothing."""
    registration = load_registration(base.folder / "registration.yaml")
    account = f"@kunveno-quiet:{base.synapse.server_name}"
    async with aiohttp.ClientSession() as http:
        await register_application_service_user(base.synapse.url, registration.as_token, "kunveno-quiet", session=http)
    algorithm = {"algorithm": "m.megolm.v1.aes-sha2"}
    state = [{"type": "m.room.encryption", "state_key": "", "content": algorithm}] if encrypted else []
    invited = [account, *(api.user_id for api in apis[1:])]
    room = await apis[0].create_room({"invite": invited, "initial_state": state})
    who = Credentials(registration.as_token, account, "QUIET", application_service=True)
    async with MatrixApi.connect(base.synapse.url, who) as api:
        await api.put_device("quiet")
        for one in (api, *apis[1:]):
            await one.join(room)
    words = {"msgtype": "m.text", "body": "Hello"}
    return room, await apis[0].send_message(room, "m.room.message", words, secrets.token_hex(8))
