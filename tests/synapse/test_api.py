"""The Matrix client against a real Synapse, with and without something in between that fails."""

from __future__ import annotations

import asyncio
import random
import secrets
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import aiohttp
import pytest

from bridge.matrix import api
from bridge.matrix.api import (
    AliasTaken,
    Credentials,
    Forbidden,
    MatrixApi,
    MatrixError,
    NotFound,
    Throttled,
    TokenRefused,
    TooLarge,
    Unavailable,
    login_password,
    register_application_service_user,
)
from bridge.matrix.registration import Registration
from kunveno.demo.synapse import EmbeddedSynapse
from tests.support.faults import Drop, Fault, FaultProxy, LoseAnswer, Reply
from tests.support.people import NewMember, make_member

NO_TIMELINE = {"room": {"timeline": {"limit": 0}, "ephemeral": {"types": []}}}


def alias_name() -> str:
    return f"kunveno-{secrets.token_hex(6)}"


def full(name: str, synapse: EmbeddedSynapse) -> str:
    return f"#{name}:{synapse.server_name}"


async def test_an_application_services_user_knows_itself(bot: MatrixApi) -> None:
    assert await bot.whoami() == bot.user_id
    assert "v1.10" in (await bot.versions())["versions"]
    assert (await bot.capabilities())["m.room_versions"]["default"] in {"10", "11", "12"}


async def test_registering_again_is_success(
    bot: MatrixApi, synapse: EmbeddedSynapse, registration: Registration, http: aiohttp.ClientSession
) -> None:
    localpart = bot.user_id[1:].split(":")[0]
    await register_application_service_user(synapse.url, registration.as_token, localpart, session=http)
    with pytest.raises(MatrixError, match="M_EXCLUSIVE"):
        await register_application_service_user(synapse.url, registration.as_token, "stranger", session=http)


@pytest.mark.parametrize("version", ["10", "11", "12"])
async def test_a_room_of_each_version(bot: MatrixApi, version: str) -> None:
    room = await bot.create_room({"room_version": version, "name": "Committee", "room_alias_name": alias_name()})
    assert (":" in room) is (version != "12")
    assert await bot.get_state(room, "m.room.name") == {"name": "Committee"}
    assert (await bot.get_state(room, "m.room.create"))["room_version"] == version
    await bot.put_state(room, "m.room.topic", {"topic": "À l’ordre du jour"})
    assert (await bot.get_state(room, "m.room.topic"))["topic"] == "À l’ordre du jour"
    types = {event["type"] for event in await bot.room_state(room)}
    assert {"m.room.create", "m.room.member", "m.room.name", "m.room.topic"} <= types


async def test_state_keys_and_missing_state(bot: MatrixApi) -> None:
    space = await bot.create_room({"creation_content": {"type": "m.space"}, "room_alias_name": alias_name()})
    room = await bot.create_room({"room_alias_name": alias_name(), "name": "Below"})
    await bot.put_state(space, "m.space.child", {"via": ["kunveno.localhost"]}, room)
    assert await bot.get_state(space, "m.space.child", room) == {"via": ["kunveno.localhost"]}
    await bot.put_state(space, "org.example.odd", {"a": 1}, "a/b c?d#é%2F")
    assert await bot.get_state(space, "org.example.odd", "a/b c?d#é%2F") == {"a": 1}
    assert {entry["room_id"] for entry in await bot.hierarchy(space)} == {space, room}
    with pytest.raises(NotFound) as caught:
        await bot.get_state(room, "m.room.topic")
    assert caught.value.path == f"/_matrix/client/v3/rooms/{room}/state/m.room.topic/"
    assert sorted(await bot.joined_rooms()) == sorted([space, room])


async def test_the_hierarchy_has_all_pages(bot: MatrixApi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api, "PAGE", 3)
    space = await bot.create_room({"creation_content": {"type": "m.space"}, "room_alias_name": alias_name()})
    rooms = await asyncio.gather(*(bot.create_room({"room_alias_name": alias_name()}) for _ in range(4)))
    for room in rooms:
        await bot.put_state(space, "m.space.child", {"via": ["kunveno.localhost"]}, room)
    assert {entry["room_id"] for entry in await bot.hierarchy(space)} == {space, *rooms}
    assert bot.traffic.reads["hierarchy"] == 2


async def test_aliases(bot: MatrixApi, synapse: EmbeddedSynapse) -> None:
    name = alias_name()
    alias = full(name, synapse)
    assert await bot.resolve_alias(alias) is None
    room = await bot.create_room({"room_alias_name": name})
    assert await bot.resolve_alias(alias) == room
    with pytest.raises(AliasTaken):
        await bot.create_room({"room_alias_name": name})
    with pytest.raises(AliasTaken):
        await bot.set_alias(alias, room)
    await bot.delete_alias(alias)
    await bot.delete_alias(alias)
    assert await bot.resolve_alias(alias) is None
    await bot.set_alias(alias, room)
    assert await bot.resolve_alias(alias) == room


async def test_people_come_and_go(bot: MatrixApi, new_member: NewMember) -> None:
    anna, as_anna = await new_member()
    room = await bot.create_room({"preset": "private_chat", "room_alias_name": alias_name()})

    async def membership() -> object:
        return (await bot.get_state(room, "m.room.member", anna))["membership"]

    with pytest.raises(Forbidden):
        await as_anna.join(room)
    await bot.invite(room, anna, reason="Welcome")
    await bot.invite(room, anna)
    assert await membership() == "invite"
    assert await as_anna.join(room, via=["kunveno.localhost"]) == room
    with pytest.raises(Forbidden):
        await bot.invite(room, anna)
    with pytest.raises(Forbidden) as caught:
        await as_anna.put_state(room, "m.room.name", {"name": "Mine"})
    assert caught.value.errcode == "M_FORBIDDEN"
    await bot.remove(room, anna, reason="Moved")
    assert await membership() == "leave"
    await bot.ban(room, anna)
    assert await membership() == "ban"
    await bot.unban(room, anna)
    assert await membership() == "leave"
    await bot.invite(room, anna)
    await as_anna.leave(room)
    await as_anna.forget(room)
    assert await as_anna.joined_rooms() == []


async def test_only_a_server_administrator_joins_others(
    bot: MatrixApi, synapse: EmbeddedSynapse, http: aiohttp.ClientSession, new_member: NewMember
) -> None:
    anna, as_anna = await new_member()
    with pytest.raises(Forbidden):
        await bot.admin_join(await bot.create_room({"room_alias_name": alias_name()}), anna)
    localpart = f"admin-{secrets.token_hex(4)}"
    token = await synapse.register_user(localpart, secrets.token_hex(8), admin=True)
    credentials = Credentials(token, f"@{localpart}:{synapse.server_name}", None, application_service=False)
    administrator = MatrixApi(synapse.url, credentials, session=http)
    room = await administrator.create_room({"preset": "private_chat", "room_alias_name": alias_name()})
    await administrator.admin_join(room, anna)
    assert await as_anna.joined_rooms() == [room]


async def test_sync_messages_and_counts(bot: MatrixApi) -> None:
    await bot.set_displayname("Kunveno")
    room = await bot.create_room({"room_alias_name": alias_name()})
    first = await bot.send_message(room, "m.room.message", {"msgtype": "m.notice", "body": "one"}, "txn-1")
    again = await bot.send_message(room, "m.room.message", {"msgtype": "m.notice", "body": "two"}, "txn-1")
    assert first == again
    world = await bot.sync(filter=NO_TIMELINE, full_state=True)
    assert room in world["rooms"]["join"]
    later = await bot.sync(filter=NO_TIMELINE, since=world["next_batch"])
    assert room not in later.get("rooms", {}).get("join", {})
    assert bot.traffic.reads == {"sync": 2}
    assert bot.traffic.writes == {"put_device": 1, "set_displayname": 1, "create_room": 1, "send_message": 2}


async def test_login_by_password(synapse: EmbeddedSynapse, http: aiohttp.ClientSession) -> None:
    localpart = f"plain-{secrets.token_hex(4)}"
    await synapse.register_user(localpart, "a password")
    credentials = await login_password(synapse.url, localpart, "a password", "MIRROR", "Kunveno", session=http)
    assert credentials.device_id == "MIRROR"
    assert credentials.token not in repr(credentials)
    client = MatrixApi(synapse.url, credentials, session=http)
    assert await client.whoami() == credentials.user_id == f"@{localpart}:{synapse.server_name}"
    with pytest.raises(Forbidden):
        await login_password(synapse.url, localpart, "a wrong one", "MIRROR", "Kunveno", session=http)


async def test_a_token_nobody_knows_is_fatal(synapse: EmbeddedSynapse, http: aiohttp.ClientSession) -> None:
    stranger = Credentials("nobodys-token", f"@kunveno:{synapse.server_name}", "X", application_service=True)
    with pytest.raises(TokenRefused) as caught:
        await MatrixApi(synapse.url, stranger, session=http).whoami()
    assert "nobodys-token" not in str(caught.value)


async def test_too_large_is_said(bot: MatrixApi) -> None:
    room = await bot.create_room({"room_alias_name": alias_name()})
    with pytest.raises(TooLarge):
        await bot.put_state(room, "m.room.topic", {"topic": "x" * 70_000})


async def test_limits_are_honoured(limited_synapse: EmbeddedSynapse, http: aiohttp.ClientSession) -> None:
    """Synapse lets ten messages through and then one every five seconds."""
    heard: list[Throttled] = []
    _, member = await make_member(limited_synapse, http)
    patient = MatrixApi(limited_synapse.url, member.credentials, session=http, on_throttle=heard.append)
    room = await patient.create_room({"room_alias_name": alias_name()})
    sent: list[str] = []
    while not heard and len(sent) < 20:
        body = {"msgtype": "m.text", "body": f"Message {len(sent)}"}
        sent.append(await patient.send_message(room, "m.room.message", body, f"txn-{len(sent)}"))
    assert len(set(sent)) == len(sent)
    assert patient.traffic.writes["send_message"] == len(sent) < 20
    assert patient.traffic.throttled == len(heard)
    assert {one.endpoint for one in heard} == {"send_message"}
    assert sum(one.wait for one in heard) == pytest.approx(patient.traffic.waited)

    impatient = MatrixApi(limited_synapse.url, member.credentials, session=http, patience=timedelta(seconds=1))
    with pytest.raises(Unavailable, match="asked to wait") as caught:
        await impatient.send_message(room, "m.room.message", {"msgtype": "m.text", "body": "One more"}, "txn-last")
    assert caught.value.status == 429
    assert caught.value.errcode == "M_LIMIT_EXCEEDED"


async def test_an_application_service_is_not_limited(
    limited_synapse: EmbeddedSynapse, registration: Registration, http: aiohttp.ClientSession
) -> None:
    localpart = f"kunveno-{secrets.token_hex(4)}"
    await register_application_service_user(limited_synapse.url, registration.as_token, localpart, session=http)
    credentials = Credentials(
        registration.as_token, f"@{localpart}:{limited_synapse.server_name}", "D", application_service=True
    )
    client = MatrixApi(limited_synapse.url, credentials, session=http)
    await client.put_device("Kunveno")
    await asyncio.gather(*(client.create_room({"room_alias_name": alias_name()}) for _ in range(15)))
    assert client.traffic.throttled == 0


class TestSomethingInBetweenFails:
    @pytest.fixture
    async def proxy(self, synapse: EmbeddedSynapse) -> AsyncIterator[FaultProxy]:
        async with FaultProxy.start(synapse.url) as proxy:
            yield proxy

    @pytest.fixture
    def through(self, proxy: FaultProxy, bot: MatrixApi, http: aiohttp.ClientSession) -> MatrixApi:
        return MatrixApi(proxy.url, bot.credentials, session=http, jitter=random.Random(1))  # noqa: S311

    @pytest.mark.parametrize(
        "fault",
        [
            Reply(502, "<html>Bad Gateway</html>", {"Content-Type": "text/html"}),
            Reply(503),
            Reply(504, "{}"),
            Reply(500, '{"errcode": "M_UNKNOWN", "error": "Internal server error"}'),
            Drop(),
            LoseAnswer(),
            Reply(200, "<html>Please log in to this hotel</html>"),
            Reply(200, '{"cut": '),
            Reply(200, "[]"),
        ],
        ids=str,
    )
    async def test_it_is_asked_again(self, proxy: FaultProxy, through: MatrixApi, fault: Fault) -> None:
        proxy.fail(fault, fault)
        assert await through.whoami() == through.user_id
        assert len(proxy.seen) == 3
        # aiohttp itself repeats a read once when a kept connection turns out to be closed.
        assert through.traffic.repeated == (1 if isinstance(fault, Drop | LoseAnswer) else 2)
        assert through.traffic.reads == {"whoami": 1}

    async def test_a_lost_answer_to_a_creation_ends_in_the_alias(
        self, proxy: FaultProxy, through: MatrixApi, bot: MatrixApi, synapse: EmbeddedSynapse
    ) -> None:
        name = alias_name()
        proxy.fail(LoseAnswer())
        with pytest.raises(AliasTaken):
            await through.create_room({"room_alias_name": name})
        assert await bot.joined_rooms() == [await bot.resolve_alias(full(name, synapse))]

    async def test_a_lost_answer_to_a_message_sends_it_once(
        self, proxy: FaultProxy, through: MatrixApi, bot: MatrixApi
    ) -> None:
        room = await bot.create_room({"room_alias_name": alias_name()})
        proxy.fail(LoseAnswer())
        sent = await through.send_message(room, "m.room.message", {"msgtype": "m.notice", "body": "x"}, "txn")
        joined = (await bot.sync(filter={"room": {"timeline": {"types": ["m.room.message"]}}}))["rooms"]["join"]
        assert [event["event_id"] for event in joined[room]["timeline"]["events"]] == [sent]

    async def test_the_header_alone_is_honoured(self, proxy: FaultProxy, through: MatrixApi) -> None:
        proxy.fail(Reply(429, "slow down", {"Retry-After": "1"}))
        began = time.monotonic()
        await through.whoami()
        assert time.monotonic() - began >= 1
        assert through.traffic.throttled == 1

    async def test_a_date_in_the_header_is_honoured(self, proxy: FaultProxy, through: MatrixApi) -> None:
        proxy.fail(Reply(429, "", {"Retry-After": format_datetime(datetime.now(UTC) + timedelta(seconds=2), True)}))
        await through.whoami()
        assert 0.9 < through.traffic.waited < 3.2

    async def test_patience_ends(self, proxy: FaultProxy, bot: MatrixApi, http: aiohttp.ClientSession) -> None:
        client = MatrixApi(proxy.url, bot.credentials, session=http, patience=timedelta(seconds=0.5))
        proxy.fail(*[Reply(502)] * 100)
        with pytest.raises(Unavailable, match=r"given up after .* Bad Gateway") as caught:
            await client.whoami()
        assert caught.value.status == 502
        assert bot.credentials.token not in str(caught.value)

    async def test_a_redirect_is_not_followed(self, proxy: FaultProxy, through: MatrixApi) -> None:
        proxy.fail(Reply(301, "", {"Location": "http://127.0.0.1:1/elsewhere"}))
        with pytest.raises(MatrixError, match="redirects elsewhere"):
            await through.whoami()
        assert len(proxy.seen) == 1

    async def test_a_proxys_own_404_is_not_taken_for_an_answer(
        self, proxy: FaultProxy, through: MatrixApi, synapse: EmbeddedSynapse
    ) -> None:
        proxy.fail(Reply(404, "<html>Not found</html>"))
        with pytest.raises(MatrixError, match="Not Found"):
            await through.resolve_alias(full("kunveno-none", synapse))

    async def test_ids_reach_the_homeserver_as_they_are(
        self, proxy: FaultProxy, through: MatrixApi, synapse: EmbeddedSynapse
    ) -> None:
        await through.resolve_alias(full("kunveno-none", synapse))
        assert proxy.seen == [f"GET /_matrix/client/v3/directory/room/#kunveno-none:{synapse.server_name}"]


async def test_nobody_listens(http: aiohttp.ClientSession) -> None:
    nobody = Credentials("token-of-mine", "@kunveno:example.org", None, application_service=False)
    client = MatrixApi("http://127.0.0.1:1", nobody, session=http, patience=timedelta(seconds=0.3))
    with pytest.raises(Unavailable, match=r"no connection to 127\.0\.0\.1:1") as caught:
        await client.whoami()
    assert caught.value.status == 0
    assert "token-of-mine" not in str(caught.value)


async def test_an_address_that_is_none(http: aiohttp.ClientSession) -> None:
    nobody = Credentials("token", "@kunveno:example.org", None, application_service=False)
    with pytest.raises(Unavailable, match="not a web address"):
        await MatrixApi("matrix.example.org", nobody, session=http).whoami()
