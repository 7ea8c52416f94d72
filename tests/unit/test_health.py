"""Health: well means that the mirror is applied, messages come and go, and clients trust the device."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest

from bridge.letters.outbox import Counts
from kunveno import health
from kunveno.work import Standing

NOW = datetime(2026, 11, 25, 14, tzinfo=UTC)
Change = Callable[[Any], None]


def standing() -> Any:
    """One where all is well."""
    last = SimpleNamespace(
        began=NOW - timedelta(seconds=62), ended=NOW - timedelta(seconds=60),
        report=SimpleNamespace(failed=[]), plan=SimpleNamespace(findings=[1, 2]),
    )  # fmt: skip
    ready = asyncio.Event()
    ready.set()
    return SimpleNamespace(
        watch=SimpleNamespace(last=last, trouble=None),
        session=SimpleNamespace(ready=ready, unsigned=None),
        receiver=SimpleNamespace(heard=NOW - timedelta(seconds=20)),
        letters=Counts(waiting=2, oldest=NOW - timedelta(seconds=3), held=1, dead=1),
    )


def look(state: Any) -> tuple[bool, dict[str, Any]]:
    well, said = health.look(cast(Standing, state), NOW)
    return well, dict(said)


def test_all_is_well() -> None:
    assert look(standing()) == (
        True,
        {
            "mirror": "applied",
            "last_round": "2026-11-25T13:59:00+00:00",
            "failed_steps": 0,
            "findings": 2,
            "now": "2026-11-25T14:00:00+00:00",
            "took_seconds": 2.0,
            "messages": "heard",
            "letters_waiting": 2,
            "device": "signed",
        },
    )


def _failed(state: Any) -> None:
    state.watch.last.report.failed.append("a step")


def _troubled(state: Any) -> None:
    state.watch.trouble = "the homeserver cannot be used for now: 502"


def _silent(state: Any) -> None:
    state.receiver.heard = NOW - timedelta(minutes=2, seconds=1)


def _never_heard(state: Any) -> None:
    state.receiver.heard = None


def _not_ready(state: Any) -> None:
    state.session.ready.clear()


def _unsigned(state: Any) -> None:
    state.session.unsigned = "another identity"


def _stuck(state: Any) -> None:
    state.letters = Counts(waiting=2, oldest=NOW - timedelta(minutes=10, seconds=1), held=0, dead=0)


@pytest.mark.parametrize(
    ("change", "key", "value"),
    [
        (_failed, "mirror", "partly applied"),
        (_troubled, "trouble", "the homeserver cannot be used for now: 502"),
        (_silent, "trouble", "the homeserver does not answer"),
        (_never_heard, "trouble", "the homeserver does not answer"),
        (_not_ready, "messages", "not yet heard"),
        (_not_ready, "trouble", "what happened before the start has not been read to its end"),
        (_unsigned, "device", "not signed"),
        (_unsigned, "trouble", "the device is not signed: another identity"),
        (_stuck, "trouble", "a letter has waited for delivery since 2026-11-25T13:49:59+00:00"),
    ],
)
def test_what_is_not_well_is_said(change: Change, key: str, value: str) -> None:
    state = standing()
    change(state)
    well, said = look(state)
    assert not well
    assert said[key] == value


def test_before_anything_has_begun() -> None:
    assert health.look(Standing(), NOW) == (False, {"mirror": "not yet applied"})


def test_before_the_first_round_the_trouble_is_said() -> None:
    state = standing()
    state.watch.last, state.watch.trouble = None, "the homeserver cannot be used for now: 502"
    assert look(state) == (
        False, {"mirror": "not yet applied", "trouble": "the homeserver cannot be used for now: 502"}
    )  # fmt: skip
