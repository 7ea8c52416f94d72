"""What the configuration tells the bots."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from bridge.matrix.api import Credentials, MatrixApi
from ground.texts import ENGLISH
from kunveno.config import parse
from kunveno.resources import EXAMPLE_CONFIG
from kunveno.setting import display_name, surroundings


def around(**bots: Any) -> Any:
    document = yaml.safe_load(EXAMPLE_CONFIG.read_text("utf-8"))
    document["bots"] = {**document.get("bots", {}), **bots}
    config = parse(yaml.safe_dump(document), Path("config.yaml"))
    return config, surroundings(config, {"en": ENGLISH}, account="@kunveno:example.org", name="Kunveno")


def test_the_rooms_are_those_of_the_mirror() -> None:
    config, told = around()
    wanted = config.mirror_policy().rooms
    assert list(told.rooms) == list(wanted)
    for key, kind in wanted.items():
        room = told.rooms[key]
        assert (room.key, room.name, room.post, room.encrypted) == (key, kind.name, kind.post, kind.encrypted)
        assert room.for_officers == kind.who.value.startswith("officers")
        assert room.tiers == (None if kind.tiers is None else tuple(kind.tiers))


def test_the_prefix_and_the_account() -> None:
    _, told = around(prefix="§")
    assert (told.prefix, told.account, told.name) == ("§", "@kunveno:example.org", "Kunveno")
    assert told.policy is not None


def test_a_room_takes_as_much_as_four_persons() -> None:
    _, told = around(burst=5, per_minute=12)
    assert (told.limits.person, told.limits.person_every) == (5, timedelta(seconds=5))
    assert (told.limits.room, told.limits.room_every) == (20, timedelta(seconds=1.25))


@pytest.mark.parametrize(("shown", "name"), [("Die Post", "Die Post"), (None, "kunveno"), ("", "kunveno")])
async def test_without_a_display_name_the_account_is_the_name(
    monkeypatch: pytest.MonkeyPatch, shown: str | None, name: str
) -> None:
    async def displayname(_api: MatrixApi, _user: str) -> str | None:
        return shown

    monkeypatch.setattr(MatrixApi, "displayname", displayname)
    credentials = Credentials("token", "@kunveno:example.org", None, application_service=True)
    async with MatrixApi.connect("http://127.0.0.1:9", credentials) as api:
        assert await display_name(api) == name
