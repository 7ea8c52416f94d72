"""Which events are acted on, by the clocks of their senders' servers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import cast

import pytest

from bridge.matrix.receive import OLDEST, Receiver
from bridge.matrix.session import Session
from ground.clock import FixedClock
from ground.database import Database

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("sent", "acted_on"),
    [
        (NOW, True),
        (NOW - OLDEST, True),
        (NOW - OLDEST - MINUTE, False),
        (NOW + OLDEST, True),
        (NOW + OLDEST + MINUTE, False),
        (datetime(9999, 12, 31, tzinfo=UTC), False),
        (datetime(1, 1, 1, tzinfo=UTC), False),
    ],
)
def test_neither_too_old_nor_far_ahead(sent: datetime, *, acted_on: bool) -> None:
    """A server's clock may be wrong; what is far ahead would be young for ever, also after a restore."""
    receiver = Receiver(cast(Session, None), cast(Database, None), FixedClock(NOW))
    event = {"origin_server_ts": int(sent.timestamp() * 1000)}
    assert receiver._acted_on(event, NOW) is acted_on
