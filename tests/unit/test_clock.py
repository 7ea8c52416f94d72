"""Clocks tell aware instants in UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from ground.clock import Clock, FixedClock, SystemClock


def test_the_clock_of_the_machine_is_aware_and_moves_on() -> None:
    clock: Clock = SystemClock()
    before, now = datetime.now(UTC), clock.now()
    assert now.utcoffset() == timedelta(0)
    assert before <= now <= datetime.now(UTC)


def test_a_fixed_clock_stands_until_it_is_moved() -> None:
    clock = FixedClock(datetime(2026, 3, 1, 13, tzinfo=timezone(timedelta(hours=1))))
    assert clock.now() == clock.now() == datetime(2026, 3, 1, 12, tzinfo=UTC)
    assert clock.now().utcoffset() == timedelta(0)
    clock.advance(timedelta(minutes=5))
    assert clock.now() == datetime(2026, 3, 1, 12, 5, tzinfo=UTC)


def test_a_clock_needs_an_aware_instant() -> None:
    with pytest.raises(ValueError, match="aware"):
        FixedClock(datetime(2026, 3, 1, tzinfo=UTC).replace(tzinfo=None))
