"""Logs and metrics say what the program does, and neither what people write nor who they are."""

from __future__ import annotations

import io
import json
import logging
import sys
from collections.abc import Iterator, Sequence
from typing import Annotated

import pytest
from nio import ToDeviceEvent

from bots.kit.bot import Bot
from bots.kit.command import Argument, Command
from bots.kit.dispatch import Dispatcher
from bots.kit.request import Occasion, Request
from bridge.letters import Arrival, Message
from ground.texts import text
from kunveno import logs
from kunveno.logs import Format
from kunveno.metrics import Metrics
from party.operations.branches import CreateBranch
from tests.support.conversation import Stage, stage_on

WORD = "Zinnober"
Word = Annotated[str, Argument(what=text("a word"))]


async def note(request: Request, word: Word) -> None:
    await request.reply(text("Noted {word}.", word=word))


async def confide(request: Request, word: Word) -> None:
    await request.reply(text("I keep {word} to myself.", word=word))


async def stumble(request: Request, word: Word) -> None:
    try:
        raise KeyError(word)
    except KeyError as error:
        raise RuntimeError(f"{request.account} wrote {word}") from error


async def found(request: Request, word: Word) -> None:
    """The register refuses the second branch of a name; so does the database of a branch without a parent."""
    assert request.branch is not None
    await request.change(CreateBranch(word.lower(), word, "section", request.branch.id))


async def overhear(occasion: Occasion, arrival: Arrival) -> None:
    assert isinstance(arrival, Message)
    raise ValueError(f"{arrival.account} said {arrival.text}")


BOT = Bot(
    name="test",
    commands=(
        Command(name="note", run=note, summary=text("Note a word.")),
        Command(name="confide", run=confide, summary=text("Keep a word."), private=True),
        Command(name="stumble", run=stumble, summary=text("Fail at a word.")),
        Command(name="found", run=found, summary=text("Found a branch.")),
    ),
    listens={Message: (overhear,)},
)


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    """What is logged; afterwards all is as it was."""
    root, hook = logging.getLogger(), sys.excepthook
    handlers, level = root.handlers[:], root.level
    root.handlers.clear()
    try:
        yield io.StringIO()
    finally:
        root.handlers[:], sys.excepthook = handlers, hook
        root.setLevel(level)


async def _conversation(address: str, bots: Sequence[Bot]) -> Metrics:
    """A secretary says a word to all commands, in a room and directly."""
    async with stage_on(address, bots) as stage:
        metrics = _counted(stage, bots)
        anna = await stage.person("Anna Sonntag", "Rhône", offices=["secretary"])
        for line in (f"!note {WORD}", f"!stumble {WORD}", f"!found {WORD}", f"!found {WORD}", f"!confide {WORD}"):
            await anna.utters(line, "Rhône")
            await anna.utters(line.removeprefix("!"))
        said = await stage.said()
        assert any(WORD in line for line in said)
        return metrics


def _counted(stage: Stage, bots: Sequence[Bot]) -> Metrics:
    metrics = Metrics()
    stage.dispatcher = Dispatcher(
        stage.db, stage.clock, stage.surroundings, bots, lambda: None, observe=metrics.command
    )
    return metrics


@pytest.mark.parametrize("form", ["text", "json"])
async def test_what_people_write_is_in_neither_logs_nor_metrics(
    stream: io.StringIO, database_url: str, form: Format
) -> None:
    logs.set_up(form, "debug", stream)
    metrics = await _conversation(database_url, [BOT])
    logged, counted = stream.getvalue(), metrics.page().decode()
    assert "stumble failed: RuntimeError at " in logged
    assert "test: message failed: ValueError at " in logged
    assert 'kunveno_commands_total{command="stumble",outcome="failed"} 2.0' in counted
    assert 'kunveno_commands_total{command="note",outcome="done"} 2.0' in counted
    for page in (logged, counted):
        for private in (WORD, WORD.lower(), "Anna", "Sonntag", "anna-sonntag", "confide"):
            assert private not in page


def test_json_is_one_object_a_line(stream: io.StringIO) -> None:
    logs.set_up("json", "info", stream)
    logging.getLogger("bridge.somewhere").warning("a letter waits: %s", "502", extra={"letter": "01ABC"})
    try:
        raise RuntimeError(f"@anna:example.org wrote {WORD}")
    except RuntimeError:
        logging.getLogger("bridge.somewhere").exception("It failed")
    first, second = map(json.loads, stream.getvalue().splitlines())
    assert first.pop("at")
    assert first == {
        "level": "WARNING", "logger": "bridge.somewhere", "message": "a letter waits: 502", "letter": "01ABC",
    }  # fmt: skip
    assert second["exc_info"].endswith("builtins.RuntimeError")
    assert "test_logs.py" in second["exc_info"]
    assert WORD not in stream.getvalue()


def test_the_level_holds_and_libraries_are_quieter(stream: io.StringIO) -> None:
    logs.set_up("text", "info", stream)
    logging.getLogger("kunveno").debug("too quiet")
    logging.getLogger("nio.client").info("@anna:example.org wrote")
    logging.getLogger("kunveno").info("heard")
    assert [line.partition(" kunveno: ")[2] for line in stream.getvalue().splitlines()] == ["heard"]


def test_what_a_library_cannot_read_is_not_repeated(stream: io.StringIO) -> None:
    logs.set_up("text", "debug", stream)
    ToDeviceEvent.parse_event({"type": "m.room.encrypted", "sender": "@anna:example.org", "content": {"body": WORD}})
    assert stream.getvalue() == ""


def test_what_ends_the_program_is_logged_without_what_it_says(stream: io.StringIO) -> None:
    logs.set_up("json", "info", stream)
    try:
        raise ValueError(WORD)
    except ValueError as error:
        sys.excepthook(ValueError, error, error.__traceback__)
    said = json.loads(stream.getvalue())
    assert (said["level"], said["message"]) == ("CRITICAL", "The program failed")
    assert WORD not in said["exc_info"]


@pytest.mark.parametrize(
    ("line", "left"),
    [
        ("invite @anna.b-c_d=/+:example.org to it", "invite @… to it"),
        ("GET /user/%40anna%3Aexample.org%3A8448/filter", "GET /user/@…/filter"),
        ("@anna:[::1]:8448, @bob:10.0.0.1:80", "@…, @…"),
        ("mail anna@example.org at 10:30", "mail anna@example.org at 10:30"),
        ("room !abc:example.org and #main:example.org", "room !abc:example.org and #main:example.org"),
    ],
)
def test_accounts_are_left_out(line: str, left: str) -> None:
    assert logs.without_accounts(line) == left
