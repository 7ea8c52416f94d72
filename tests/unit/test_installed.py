"""The bots that are installed are found; what is no bot is named."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import EntryPoint

import pytest

from bots.kit.bot import Bot
from kunveno import installed
from kunveno.installed import GROUP, BotUnusable, bots

HERE = __name__
ONE, OTHER, SAME = Bot(name="one"), Bot(name="other"), Bot(name="one")
Install = Callable[..., None]


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch) -> Install:
    """Installs values under the entry-point group, by the names of their entries."""

    def found(**entries: str) -> None:
        points = [EntryPoint(name, value, GROUP) for name, value in entries.items()]
        monkeypatch.setattr(installed, "entry_points", lambda *, group: points if group == GROUP else [])

    return found


def test_all_are_found_in_the_order_of_their_entries(install: Install) -> None:
    install(b=f"{HERE}:OTHER", a=f"{HERE}:ONE")
    assert bots() == (ONE, OTHER)


def test_one_that_is_switched_off_is_not_even_loaded(install: Install) -> None:
    install(a=f"{HERE}:ONE", broken="no.such.module:BOT")
    assert bots(disabled=["broken"]) == (ONE,)


@pytest.mark.parametrize(
    ("entries", "complaint"),
    [
        ({"a": "no.such.module:BOT"}, r"the bot a \(no.such.module:BOT\) cannot be loaded: No module named 'no'"),
        ({"a": f"{HERE}:NOTHING"}, "cannot be loaded"),
        ({"a": f"{HERE}:HERE"}, "is no bots.kit.bot.Bot"),
        ({"a": f"{HERE}:ONE", "b": f"{HERE}:SAME"}, "two bots are called one"),
    ],
)
def test_what_cannot_be_used_is_named(install: Install, entries: dict[str, str], complaint: str) -> None:
    install(**entries)
    with pytest.raises(BotUnusable, match=complaint):
        bots()


def test_those_that_come_with_the_program_fit_together() -> None:
    names = [bot.name for bot in bots()]
    assert {"branches", "help"} <= set(names)
    assert len(names) == len(set(names))
