"""One vote into the rooms of 200 branches, against as many bare sends by nio into the same rooms.

KUNVENO_BRANCHES says how many (200).
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from statistics import median
from typing import Final

import aiohttp
from nio import RoomSendResponse
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from benchmarks import crowd
from benchmarks.result import Result
from benchmarks.world import World, world
from bridge.letters.outbox import LetterRow, State
from bridge.matrix.deliver import PLACES
from bridge.matrix.rooms import known_rooms
from bridge.places import BranchRoom
from kunveno.app import App
from party.operations.members import NameAccount
from tests.support.encrypted import EncryptedMember
from tests.support.installation import install, until
from tests.support.register import do, grow
from tests.support.town import answered

BRANCHES = int(os.environ.get("KUNVENO_BRANCHES", "200"))
MOST = 1.25
"""Of the time that bare sends take."""
ORDER: Final = "vote sends sends vote vote sends"
KINDS: Final = {"plain": False, "encrypted": True}
_PATIENCE: Final = 600.0
_NEVER: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Here:
    """An installation with one room for each branch, and somebody who is in all of them and may open votes."""

    app: App
    bot: str
    anna: EncryptedMember
    home: str
    rooms: tuple[str, ...]


def run() -> Result:
    """The worse of the two ratios, as the seconds of a vote against those of the sends."""
    return asyncio.run(_run())


async def _run() -> Result:
    seconds: dict[str, dict[str, list[float]]] = {}
    async with world() as at:
        for kind, encrypted in KINDS.items():
            async with _settled(at, kind, encrypted=encrypted) as here:
                await _vote(here)
                await _sends(here)  # the first of each shares its keys and is not counted
                seconds[kind] = {"vote": [], "sends": []}
                for what in ORDER.split():
                    seconds[kind][what].append(await (_vote if what == "vote" else _sends)(here))
    medians = {kind: {what: median(times) for what, times in sides.items()} for kind, sides in seconds.items()}
    ratios = {kind: of["vote"] / of["sends"] for kind, of in medians.items()}
    worst = max(ratios, key=lambda kind: ratios[kind])
    return Result(
        "cascade",
        medians[worst]["vote"],
        medians[worst]["sends"],
        "s",
        ok=ratios[worst] <= MOST,
        rows=(
            (f"{BRANCHES} branches", *(f"round {number}" for number in (1, 2, 3)), "median"),
            *(
                (f"{kind}: {what}, s", *(f"{one:.2f}" for one in times), f"{median(times):.2f}")
                for kind, sides in seconds.items()
                for what, times in sides.items()
            ),
            *((f"{kind}: ratio, at most {MOST}", "", "", "", f"{ratio:.2f}") for kind, ratio in ratios.items()),
        ),
        detail={
            "most": MOST,
            "branches": BRANCHES,
            "at_once": PLACES,
            "ratios": {kind: round(ratio, 3) for kind, ratio in ratios.items()},
            "seconds": {kind: {what: [round(one, 2) for one in times] for what, times in sides.items()}
                        for kind, sides in seconds.items()},
        },
    )  # fmt: skip


@asynccontextmanager
async def _settled(at: World, kind: str, *, encrypted: bool) -> AsyncIterator[Here]:
    """The branches with their rooms, made by the mirror; Anna is in all of them, and the program runs."""
    synapse, folder = at.synapse, at.folder / kind
    bot = f"@kunveno-{kind}:{synapse.server_name}"
    homeserver = {
        "url": synapse.url,
        "server_name": synapse.server_name,
        "user_id": bot,
        "registration": str(at.folder / "registration.yaml"),
    }
    rooms = {"discussion": {"name": {"en": "{branch}"}, "who": "members", "encrypted": encrypted}}
    mirror = {"rooms": rooms, "keep": ["@member-*:*"], "invite_claimed": False}
    url = f"sqlite:///{folder / 'kunveno.db'}"
    installation = install(folder, homeserver, database_url=url, mirror=mirror)
    slugs = ["country", *(f"branch-{number}" for number in range(1, BRANCHES))]
    async with installation.app() as app, EncryptedMember.start(synapse, folder / "anna") as anna:
        policy, now = app.config.party(), app.clock.now()
        grown = await grow(
            app.database,
            {"country": {slug: {} for slug in slugs[1:]}},
            members={"1": "country", **{str(number): slug for number, slug in enumerate(slugs[1:], 2)}},
            mandates=[("1", "secretary", "country")],
            policy=policy,
            at=now,
        )
        status, said = await installation.call("apply", seconds=_PATIENCE)
        if status != 0:
            raise RuntimeError(said)
        await synapse.stop()
        await asyncio.to_thread(crowd.settle, at.folder / "synapse" / "homeserver.db", [anna.user_id])
        await synapse.restart()
        await do(app.database, NameAccount(grown.members["1"], anna.user_id, confirmed=True), policy=policy, at=now)
        known = await app.database.read(known_rooms)
        ids = {slug: known[BranchRoom(grown.branches[slug], "discussion")].room_id or "" for slug in slugs}
        async with installation.start("run") as running, aiohttp.ClientSession() as http:

            async def well() -> bool:
                try:
                    async with http.get(installation.health) as answer:
                        return answer.status == 200
                except aiohttp.ClientConnectionError:
                    return False

            try:
                await until(well, seconds=_PATIENCE)
                anna.client.next_batch = None
                await anna.sync()
                yield Here(app, bot, anna, ids["country"], tuple(ids.values()))
            except TimeoutError as error:
                raise RuntimeError("\n".join(running.lines)) from error


async def _vote(here: Here) -> float:
    """Seconds from a yes until the poll is in every room."""
    before, _ = await here.app.database.read(_polls)
    asked = await here.anna.say(here.home, "!vote Shall we join the strike on the 5th? --below")
    question = await here.anna.see(
        here.home, lambda seen: seen.sender == here.bot and answered(seen) == asked, seconds=60
    )
    begun = here.app.clock.now()
    mark = {"m.relates_to": {"rel_type": "m.annotation", "event_id": question.id, "key": "✅"}}
    await here.anna.client.room_send(here.home, "m.reaction", mark, ignore_unverified_devices=True)

    async def arrived() -> bool:
        return (await here.app.database.read(_polls))[0] >= before + BRANCHES

    await until(arrived, seconds=_PATIENCE)
    _, last = await here.app.database.read(_polls)

    async def quiet() -> bool:
        return not await here.app.database.read(_waiting)

    # What is said beside the polls must not take the time of the next round.
    await asyncio.sleep(BRANCHES * 0.05 + 1)
    await until(quiet, seconds=_PATIENCE)
    return (last - begun).total_seconds()


async def _polls(session: AsyncSession) -> tuple[int, datetime]:
    """How many polls have arrived, and when the last one did."""
    query = select(func.count(), func.max(LetterRow.done_at))
    query = query.where(LetterRow.kind == "poll", LetterRow.state == State.DELIVERED)
    count, last = (await session.execute(query)).one()
    return count, last or _NEVER


async def _waiting(session: AsyncSession) -> int:
    return await session.scalar(select(func.count()).where(LetterRow.state == State.WAITING)) or 0


async def _sends(here: Here) -> float:
    """Seconds that nio takes to send a poll into every room, as many at once as the program serves."""
    await here.anna.sync()
    turns = asyncio.Semaphore(PLACES)
    content = {
        "org.matrix.msc3381.poll.start": {
            "question": {"org.matrix.msc1767.text": "Shall we join the strike on the 5th?"},
            "kind": "org.matrix.msc3381.poll.undisclosed",
            "max_selections": 1,
            "answers": [
                {"id": str(number), "org.matrix.msc1767.text": word}
                for number, word in enumerate(("For", "Against", "Abstain"), 1)
            ],
        },
        "org.matrix.msc1767.text": "V1 · Shall we join the strike on the 5th?\n1. For\n2. Against\n3. Abstain",
    }

    async def send(room: str) -> None:
        async with turns:
            answer = await here.anna.client.room_send(
                room, "org.matrix.msc3381.poll.start", content, ignore_unverified_devices=True
            )
        if not isinstance(answer, RoomSendResponse):
            raise RuntimeError(str(answer))

    begun = time.perf_counter()
    await asyncio.gather(*map(send, here.rooms))
    return time.perf_counter() - begun
