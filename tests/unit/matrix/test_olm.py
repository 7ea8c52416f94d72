"""The engine of encryption: two devices without a homeserver between them, also after a death at a bad moment."""

from __future__ import annotations

import stat
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from bridge.matrix.content import Json
from bridge.matrix.cryptofolder import CryptoFolder, SessionBusy
from bridge.matrix.olm import Machine, Undecryptable

BOT, ADA, BOB = ("@kunveno:example.org", "KUNVENO"), ("@ada:example.org", "PHONE"), ("@bob:example.org", "TABLET")
ROOM = "!room"
OpenMachine = Callable[[tuple[str, str]], Machine]


@pytest.fixture
async def device(tmp_path: Path) -> AsyncIterator[OpenMachine]:
    """Opens devices; opened again, one has what it had on the disk."""
    async with AsyncExitStack() as stack:
        folders = {
            who: await stack.enter_async_context(CryptoFolder.hold(tmp_path / who[1], wait=False))
            for who in (BOT, ADA, BOB)
        }

        def make(who: tuple[str, str]) -> Machine:
            machine = Machine.open(folders[who], *who)
            stack.callback(machine.close)
            return machine

        yield make


def meet(machine: Machine, other: tuple[str, str], uploaded: Json, *, key: str = "one_time_keys") -> None:
    """Know another device, and have one of its keys."""
    user, name = other
    machine.learn({user: {name: uploaded["device_keys"]}})
    key_id, value = next(iter(uploaded[key].items()))
    machine.begin({user: {name: {key_id: value}}})


def share(machine: Machine, sender: str, *devices: tuple[str, str]) -> dict[tuple[str, str], list[Json]]:
    """Give the key of the room to who lacks it; what each of the devices is sent."""
    sent: dict[tuple[str, str], list[Json]] = {}
    missing = machine.missing(ROOM, set(devices))
    for messages, done in machine.shares(ROOM, missing) if missing else ():
        for user, contents in messages.items():
            for name, content in contents.items():
                event = {"type": "m.room.encrypted", "sender": sender, "content": content}
                sent.setdefault((user, name), []).append(event)
        done()
    return sent


def said(machine: Machine, sender: str, body: str, event_id: str) -> Json:
    content = machine.encrypt(ROOM, "m.room.message", {"msgtype": "m.text", "body": body})
    return {"type": "m.room.encrypted", "sender": sender, "event_id": event_id, "content": content}


@pytest.mark.parametrize("key", ["one_time_keys", "fallback_keys"])
async def test_keys_in_somebodys_hands_are_on_the_disk(device: OpenMachine, key: str) -> None:
    body = device(BOT).keys_to_upload(held=None, fallback=True)
    ada = device(ADA)
    meet(ada, BOT, body, key=key)
    bot = device(BOT)  # the first one died before it heard that its keys had arrived
    heard = bot.hear(share(ada, ADA[0], BOT)[BOT])
    event = said(ada, ADA[0], "hello", "$1")
    assert heard.keys == {(ROOM, event["content"]["session_id"])}
    assert bot.decrypt(ROOM, event)["content"]["body"] == "hello"
    again = device(BOT)
    assert again.decrypt(ROOM, event)["content"]["body"] == "hello"


async def test_uploads_when_keys_run_low(device: OpenMachine) -> None:
    bot = device(BOT)
    first = bot.keys_to_upload(held=None, fallback=False)
    many = len(first["one_time_keys"])
    bot.uploaded(many)
    assert bot.keys_to_upload(held=many, fallback=False) == {}
    more = bot.keys_to_upload(held=1, fallback=False)
    assert "device_keys" not in more
    assert len(more["one_time_keys"]) == many - 1
    assert not set(more["one_time_keys"]) & set(first["one_time_keys"])
    bot.uploaded(many)
    assert list(bot.keys_to_upload(held=many, fallback=True)) == ["fallback_keys"]
    bot.publish_again()
    assert "device_keys" in bot.keys_to_upload(held=None, fallback=False)


async def test_a_new_device_gets_the_key_and_a_gone_one_makes_a_new_key(device: OpenMachine) -> None:
    bot, ada, bob = device(BOT), device(ADA), device(BOB)
    meet(bot, ADA, ada.keys_to_upload(held=None, fallback=False))
    assert set(share(bot, BOT[0], ADA)) == {ADA}
    first = said(bot, BOT[0], "to one", "$1")
    meet(bot, BOB, bob.keys_to_upload(held=None, fallback=False))
    to_bob = share(bot, BOT[0], ADA, BOB)
    assert set(to_bob) == {BOB}
    bob.hear(to_bob[BOB])
    second = said(bot, BOT[0], "to both", "$2")
    assert first["content"]["session_id"] == second["content"]["session_id"]
    assert bob.decrypt(ROOM, second)["content"]["body"] == "to both"
    with pytest.raises(Undecryptable):
        bob.decrypt(ROOM, first)  # it was said before bob's device came
    assert set(share(bot, BOT[0], ADA)) == {ADA}
    third = said(bot, BOT[0], "without bob", "$3")
    assert third["content"]["session_id"] != second["content"]["session_id"]
    with pytest.raises(Undecryptable):
        bob.decrypt(ROOM, third)
    assert share(bot, BOT[0], ADA) == {}


async def test_devices_without_keys_are_told_apart(device: OpenMachine) -> None:
    bot, ada, bob = device(BOT), device(ADA), device(BOB)
    meet(bot, ADA, ada.keys_to_upload(held=None, fallback=False))
    bot.learn({BOB[0]: {BOB[1]: bob.keys_to_upload(held=None, fallback=False)["device_keys"]}})
    assert bot.devices([ADA[0], BOB[0], BOT[0]]) == {ADA, BOB}
    assert bot.without_session([ADA, BOB]) == [BOB]
    bot.learn({BOB[0]: {}})
    assert bot.devices([ADA[0], BOB[0]]) == {ADA}


async def test_what_does_not_fit_is_not_read(device: OpenMachine) -> None:
    bot, ada = device(BOT), device(ADA)
    meet(ada, BOT, bot.keys_to_upload(held=None, fallback=False))
    bot.hear(share(ada, ADA[0], BOT)[BOT])
    event = said(ada, ADA[0], "hello", "$1")
    bot.decrypt(ROOM, event)
    for wrong in (
        {**event, "event_id": "$copy"},
        {**event, "content": {**event["content"], "algorithm": "m.other"}},
        {**event, "content": {**event["content"], "ciphertext": "nonsense"}},
        {**event, "content": {**event["content"], "ciphertext": 7}},
        {**event, "content": {**event["content"], "session_id": "unknown"}},
        {**event, "content": None},
    ):
        with pytest.raises(Undecryptable):
            bot.decrypt(ROOM, wrong)
    with pytest.raises(Undecryptable):
        bot.decrypt("!another", event)
    assert bot.decrypt(ROOM, event)["content"]["body"] == "hello"


@pytest.mark.parametrize(
    "nonsense",
    [
        None, [], {}, {"type": "m.room.encrypted"}, {"type": "m.room.encrypted", "sender": ADA[0], "content": {}},
        {"type": "m.room_key.withheld", "content": {}}, {"type": [], "content": {"a": []}},
    ],
)  # fmt: skip
async def test_nonsense_to_the_device_changes_nothing(device: OpenMachine, nonsense: object) -> None:
    bot, ada = device(BOT), device(ADA)
    meet(ada, BOT, bot.keys_to_upload(held=None, fallback=False))
    events = share(ada, ADA[0], BOT)[BOT]
    assert bot.hear([nonsense, *events]).keys
    assert not bot.hear([nonsense, *events]).keys  # the same again, as after a death
    bot.learn({ADA[0]: {ADA[1]: nonsense}, BOB[0]: nonsense})
    bot.begin({ADA[0]: {ADA[1]: nonsense}, BOB[0]: nonsense})
    assert bot.decrypt(ROOM, said(ada, ADA[0], "hello", "$1"))["content"]["body"] == "hello"


async def test_the_folder_belongs_to_one_and_is_readable_by_nobody_else(tmp_path: Path) -> None:
    path = tmp_path / "crypto"
    async with CryptoFolder.hold(path, wait=False) as folder:
        folder.keep_device_id("KUNVENO")
        Machine.open(folder, *BOT).close()
        assert folder.device_id() == "KUNVENO"
        assert folder.pickle_key() == folder.pickle_key()
        with pytest.raises(SessionBusy):
            async with CryptoFolder.hold(path, wait=False):
                pass
    assert stat.S_IMODE(path.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in path.iterdir()} == {0o600}
