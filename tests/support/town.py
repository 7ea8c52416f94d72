"""An installation with all bots, run as a process, and its members, who talk with the bots through clients of their own
that encrypt."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import aiohttp
from sqlalchemy import update

from bridge.matrix.api import MatrixApi
from bridge.matrix.content import Json
from bridge.matrix.rooms import known_rooms
from bridge.places import BranchRoom
from ground.due import DueRow
from kunveno.app import App
from kunveno.demo.synapse import EmbeddedSynapse
from party.operations.members import NameAccount
from tests.support.encrypted import EncryptedMember, Seen
from tests.support.installation import SOON, Installation, Running, install, until
from tests.support.people import NewBot
from tests.support.register import Branches, Grown, do, grow

_FREELY: Final = {"burst": 1000, "per_minute": 6000}


@dataclass(slots=True)
class Town:
    """What a test needs of it. `eyes` sees the homeserver as the bot does."""

    installation: Installation
    app: App
    bot: str
    eyes: MatrixApi
    grown: Grown
    running: Running
    synapse: EmbeddedSynapse
    folder: Path
    people: dict[str, EncryptedMember]
    talks: dict[str, str] = field(default_factory=dict)
    """Direct conversations, by account."""

    async def room(self, branch: str, key: str = "discussion") -> str:
        """The room of a branch (by its short name at the beginning, or its id), as soon as there is one."""
        place = BranchRoom(self.grown.branches.get(branch, branch), key)

        async def look() -> str | None:
            known = (await self.app.database.read(known_rooms)).get(place)
            return None if known is None else known.room_id

        return str(await until(look))

    async def enters(self, member: EncryptedMember, *rooms: str) -> None:
        """Accept the invitations to rooms, as soon as they come."""
        for room in rooms:
            await self.invited(member, room)
            await member.join(room)

    async def invited(self, member: EncryptedMember, room: str) -> None:
        """The mirror invites a member to a room."""

        async def look() -> bool:
            await member.sync()
            return room in member.client.invited_rooms

        await self._until(look)

    async def talk(self, member: EncryptedMember) -> str:
        """The member's direct conversation with the bot, encrypted; they open it."""
        if member.user_id not in self.talks:
            room = await member.create_room(self.bot, is_direct=True)

            async def entered() -> bool:
                return await self.membership(room, self.bot) == "join"

            await self._until(entered)
            self.talks[member.user_id] = room
        return self.talks[member.user_id]

    async def membership(self, room: str, account: str) -> str | None:
        """Whether somebody is in a room, as the homeserver has it."""
        if room not in await self.eyes.joined_rooms():
            return None
        return str((await self.eyes.get_state(room, "m.room.member", account)).get("membership"))

    async def power(self, room: str, account: str) -> int:
        """The power of somebody in a room."""
        levels = await self.eyes.get_state(room, "m.room.power_levels")
        return int(levels["users"].get(account, levels.get("users_default", 0)))

    async def answer(self, member: EncryptedMember, room: str, event: str) -> Seen:
        """What the bot answers to a message of a member."""
        try:
            return await member.see(room, lambda seen: seen.sender == self.bot and answered(seen) == event)
        except TimeoutError as error:
            raise TimeoutError("\n".join(self.running.lines)) from error

    async def asks(self, member: EncryptedMember, room: str, words: str, **content: Any) -> Seen:
        """Write to the bot, and read the answer."""
        return await self.answer(member, room, await member.say(room, words, **content))

    async def corrected(self, member: EncryptedMember, room: str, event: str, words: str) -> Seen:
        """The bot puts these words in a message of its own."""

        def fits(seen: Seen) -> bool:
            return seen.sender == self.bot and replaced(seen) == event and words in new_body(seen)

        return await member.see(room, fits)

    async def hasten(self, what: str) -> None:
        """What would fall due some time from now does so at once."""

        async def look() -> bool:
            at = self.app.clock.now()
            hastened = update(DueRow).where(DueRow.what == what).values(at=at, try_at=at).returning(DueRow.id)
            return bool((await self.app.database.write(lambda session: session.execute(hastened))).all())

        await self._until(look)

    def said(self, member: EncryptedMember, room: str, words: str = "") -> Sequence[Seen]:
        """The bot's messages in a room that a member has seen so far, without corrections."""
        return [
            seen
            for seen in member.seen[room]
            if seen.sender == self.bot
            and seen.type == "m.room.message"
            and replaced(seen) is None
            and words in seen.body
        ]

    async def _until(self, look: Callable[[], Awaitable[object]], *, seconds: float = SOON) -> None:
        try:
            await until(look, seconds=seconds)
        except TimeoutError as error:
            raise TimeoutError("\n".join([str(error), *self.running.lines])) from error


def relation(seen: Seen) -> Json:
    """What an event says of another one."""
    found = seen.content.get("m.relates_to")
    return found if isinstance(found, dict) else {}


def answered(seen: Seen) -> str | None:
    """The message that an event answers."""
    found: str | None = relation(seen).get("m.in_reply_to", {}).get("event_id")
    return found


def replaced(seen: Seen) -> str | None:
    """The message whose words an event changes."""
    return str(relation(seen)["event_id"]) if relation(seen).get("rel_type") == "m.replace" else None


def new_body(seen: Seen) -> str:
    """The words that stand there instead."""
    return str(seen.content.get("m.new_content", {}).get("body", ""))


def edit_of(event: str, body: str) -> Json:
    """What a client sends when somebody changes a message; the body is given to `say` apart."""
    return {
        "m.new_content": {"msgtype": "m.text", "body": body},
        "m.relates_to": {"rel_type": "m.replace", "event_id": event},
    }


@asynccontextmanager
async def build(
    synapse: EmbeddedSynapse,
    registration: Path,
    new_bot: NewBot,
    database_url: str,
    folder: Path,
    *,
    tree: Branches,
    members: Mapping[str, str],
    claimed: Sequence[str] = (),
    without: Sequence[str] = (),
    mandates: Sequence[tuple[str, str, str]] = (),
    votes: Mapping[str, Any] | None = None,
) -> AsyncIterator[Town]:
    """A town whose `members` (name → branch) have accounts, but those `without`; those `claimed` have not spoken."""
    api = await new_bot()
    homeserver = {
        "url": synapse.url,
        "server_name": synapse.server_name,
        "user_id": api.user_id,
        "registration": str(registration),
    }
    plain_url = database_url.replace("+aiosqlite", "").replace("+asyncpg", "")
    installation = install(folder / "town", homeserver, database_url=plain_url, bots=_FREELY, votes=votes)
    async with AsyncExitStack() as stack, installation.app() as app:
        people = {
            name: await stack.enter_async_context(EncryptedMember.start(synapse, folder / secrets.token_hex(4)))
            for name in members
            if name not in without
        }
        policy, now = app.config.party(), app.clock.now()
        grown = await grow(
            app.database,
            tree,
            members=members,
            accounts={one.user_id: name for name, one in people.items() if name not in claimed},
            mandates=mandates,
            policy=policy,
            at=now,
        )
        for name in claimed:
            claim = NameAccount(grown.members[name], people[name].user_id, confirmed=False)
            await do(app.database, claim, policy=policy, at=now)
        running = await stack.enter_async_context(installation.start("run"))
        town = Town(installation, app, api.user_id, api, grown, running, synapse, folder, people)
        http = await stack.enter_async_context(aiohttp.ClientSession())

        async def well() -> bool:
            try:
                async with http.get(installation.health) as answer:
                    return answer.status == 200
            except aiohttp.ClientConnectionError:
                return False

        await town._until(well, seconds=90)
        try:
            yield town
        finally:
            print(*running.lines, sep="\n")
