"""How long the client waits: from tables."""

from __future__ import annotations

import random
from datetime import UTC, datetime

import pytest

from bridge.matrix.content import Json
from bridge.matrix.errors import (
    AliasTaken,
    Forbidden,
    MatrixError,
    NotFound,
    TokenRefused,
    TooLarge,
    error_from_answer,
)
from bridge.matrix.retry import CAP, FIRST, asked_wait, is_passing, own_wait, spread

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("headers", "answer", "seconds"),
    [
        ({}, None, None),
        ({}, {"errcode": "M_LIMIT_EXCEEDED"}, None),
        ({}, {"retry_after_ms": 1500}, 1.5),
        ({}, {"retry_after_ms": -5}, 0.0),
        ({}, {"retry_after_ms": "soon"}, None),
        ({}, {"retry_after_ms": True}, None),
        ({"Retry-After": "7"}, None, 7.0),
        ({"Retry-After": " 7 "}, None, 7.0),
        ({"Retry-After": "7"}, {"retry_after_ms": 9000}, 9.0),
        ({"Retry-After": "9"}, {"retry_after_ms": 7000}, 9.0),
        ({"Retry-After": "Sun, 01 Mar 2026 12:00:30 GMT"}, None, 30.0),
        ({"Retry-After": "Sun, 01 Mar 2026 13:00:30 +0100"}, None, 30.0),
        ({"Retry-After": "Sun, 01 Mar 2026 11:00:00 GMT"}, None, 0.0),
        ({"Retry-After": "later"}, None, None),
        ({"Retry-After": "-3"}, None, None),
    ],
)
def test_the_wait_that_a_server_asks_for(headers: dict[str, str], answer: Json | None, seconds: float | None) -> None:
    assert asked_wait(headers, answer, NOW) == seconds


def seeded(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311 - spreads waits, guards nothing


def test_own_waits_double_are_spread_and_stay_under_the_cap() -> None:
    longest = [max(own_wait(attempt, seeded(seed)) for seed in range(300)) for attempt in range(12)]
    shortest = [min(own_wait(attempt, seeded(seed)) for seed in range(300)) for attempt in range(12)]
    for attempt in range(12):
        bound = min(CAP, FIRST * 2**attempt)
        assert bound * 0.95 < longest[attempt] <= bound
        assert shortest[attempt] < bound * 0.05
    assert own_wait(10_000, seeded(1)) <= CAP


@pytest.mark.parametrize("asked", [0.0, 0.2, 5.0, 300.0])
def test_nobody_comes_back_before_the_asked_time(asked: float) -> None:
    waits = [spread(asked, seeded(seed)) for seed in range(200)]
    assert asked <= min(waits)
    assert asked < max(waits) <= asked + 1.0


@pytest.mark.parametrize(
    ("status", "passing"),
    [(200, False), (400, False), (403, False), (408, True), (413, False), (429, True), (500, True), (501, False)]
    + [(status, True) for status in (502, 503, 504, 520, 524)],
)
def test_which_answers_may_change(status: int, passing: bool) -> None:
    assert is_passing(status) is passing


@pytest.mark.parametrize(
    ("status", "answer", "expected"),
    [
        (403, {"errcode": "M_FORBIDDEN"}, Forbidden),
        (403, None, MatrixError),  # not the homeserver's own answer
        (404, {"errcode": "M_NOT_FOUND"}, NotFound),
        (404, {"errcode": "M_UNRECOGNIZED"}, MatrixError),
        (404, None, MatrixError),
        (400, {"errcode": "M_ROOM_IN_USE"}, AliasTaken),
        (413, {"errcode": "M_TOO_LARGE"}, TooLarge),
        (413, None, TooLarge),
        (401, {"errcode": "M_UNKNOWN_TOKEN"}, TokenRefused),
        (401, {"errcode": "M_MISSING_TOKEN"}, TokenRefused),
        (401, {"errcode": "M_UNAUTHORIZED"}, MatrixError),
    ],
)
def test_which_error_an_answer_means(status: int, answer: Json | None, expected: type[MatrixError]) -> None:
    error = error_from_answer(status, "Reason", answer, method="PUT", path="/x")
    assert type(error) is expected
    assert (error.status, error.method, error.path) == (status, "PUT", "/x")


def test_an_error_reads_well() -> None:
    answer = {"errcode": "M_FORBIDDEN", "error": "You don't have permission"}
    error = error_from_answer(403, "Forbidden", answer, method="PUT", path="/rooms/!a:b/state/m.room.name")
    assert str(error) == "PUT /rooms/!a:b/state/m.room.name: You don't have permission (HTTP 403 M_FORBIDDEN)"
    assert "configuration" in str(error_from_answer(301, "Moved", None, method="GET", path="/x"))
