"""What people are told of why the mirror could not do something."""

from __future__ import annotations

import pytest

from bridge.letters import Hindrance
from bridge.matrix.api import Unavailable
from bridge.matrix.errors import error_from_answer
from bridge.mirror.apply import hindrance


@pytest.mark.parametrize(
    ("status", "errcode", "why"),
    [
        (403, "M_FORBIDDEN", Hindrance.POWER),
        (413, "M_TOO_LARGE", None),
        (404, "M_NOT_FOUND", None),
        (400, "M_UNKNOWN", None),
    ],
)
def test_what_the_homeserver_answers(status: int, errcode: str, why: Hindrance | None) -> None:
    error = error_from_answer(status, "", {"errcode": errcode, "error": "no"}, method="PUT", path="/x")
    assert hindrance(error) == why


def test_that_it_does_not_answer() -> None:
    assert hindrance(Unavailable("no answer")) == Hindrance.AWAY
