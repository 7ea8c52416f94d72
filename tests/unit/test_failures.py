"""What the command line says when something fails, and with which exit status."""

from __future__ import annotations

import pytest

from bridge.matrix.errors import TokenRefused, Unavailable
from bridge.matrix.session import DeviceTaken
from ground.texts import ENGLISH
from kunveno.cli.exits import Exit
from kunveno.cli.failures import explain
from kunveno.installed import BotUnusable


@pytest.mark.parametrize(
    ("failure", "said", "status"),
    [
        (
            TokenRefused("Unknown token", errcode="M_UNKNOWN_TOKEN", status=401, method="GET", path="/sync"),
            "the homeserver does not accept the account's token any more (Unknown token); give it a valid one",
            Exit.HOMESERVER,
        ),
        (DeviceTaken("the token belongs to another device"), "the token belongs to another device", Exit.HOMESERVER),
        (Unavailable("no answer"), "the homeserver: no answer", Exit.HOMESERVER),
        (BotUnusable("the bot x cannot be loaded"), "the bot x cannot be loaded", Exit.CONFIGURATION),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_is_expected_has_a_sentence_and_a_status(failure: Exception, said: str, status: Exit) -> None:
    explained = explain(failure, ENGLISH)
    assert explained is not None
    assert explained[0].startswith(said)
    assert explained[1] == status


def test_a_fault_of_the_program_keeps_its_traceback() -> None:
    assert explain(KeyError("x"), ENGLISH) is None
