"""Messages made to keep the bot busy: the largest that a homeserver takes cost little, whatever stands in them."""

from __future__ import annotations

import time

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from bots.announce import BOT as ANNOUNCE
from bots.branches import BOT as BRANCHES
from bots.entrance import BOT as ENTRANCE
from bots.help import BOT as HELP
from bots.kit.grammar import Names, arrange, read
from bots.kit.mentions import pills
from bots.kit.outages import is_outage
from bots.kit.surroundings import Limits
from bridge.letters import Message, inbox
from bridge.matrix.read import read as arrival_of
from bridge.places import Elsewhere
from ground.database import Database
from tests.support.conversation import stage_on

LARGEST = 60_000
"""Characters; an event has 65,536 bytes at most."""
SECONDS = 2.0
"""Of this process alone, and far more than it takes on a slow machine."""
NAMES = Names("@bot:example.org", ("Kunveno",))
LINK = '<a href="https://matrix.to/#/@ada:example.org">'
MARKUP = {
    "tags that do not end": "<a ", "attributes that do not end": "<a href", "links that do not end": "<a href=",
    "addresses that do not end": '<a href="', "quotations that do not end": "<mx-reply>", "brackets": "<",
    "mentions that do not end": LINK, "links": "<a href=x>", "mentions": f"{LINK}a</a>", "deep": "<b>", "entities": "&",
}  # fmt: skip
WORDS = {
    "lines": "a\n", "options": "a: b\n", "choices": "- a\n", "quotations": "> a\n", "marks": '"', "dashes": "--a ",
    "open marks": "« ", "brackets": "[", "links": "[a](", "mentions": "[a](https://matrix.to/#/@ada:example.org) ",
    "one word": "a", "accents": "a\u0301", "spaces": "\u00a0", "apostrophes": "'a ", "prefixes": "!",
}  # fmt: skip


@pytest.mark.parametrize("part", MARKUP.values(), ids=MARKUP)
def test_formatted_texts(part: str) -> None:
    html = part * (LARGEST // len(part))
    content = {
        "msgtype": "m.text", "body": "!help a a a", "format": "org.matrix.custom.html", "formatted_body": html,
        "m.relates_to": {"m.in_reply_to": {"event_id": "$other"}},
    }  # fmt: skip
    event = {
        "event_id": "$one", "sender": "@ada:example.org", "origin_server_ts": 1, "type": "m.room.message",
        "content": content,
    }  # fmt: skip
    began = time.process_time()
    assert isinstance(arrival_of(event, Elsewhere("!room"), letters={}), Message)
    pills("!help a a a", html)
    assert time.process_time() - began < SECONDS


@pytest.mark.parametrize("part", WORDS.values(), ids=WORDS)
@pytest.mark.parametrize("begin", ["!vote ", "!vote\n"], ids=["in one line", "in lines"])
def test_plain_texts(part: str, begin: str) -> None:
    body = begin + part * (LARGEST // len(part))
    began = time.process_time()
    written = read(body, html=None, to=NAMES)
    assert written is not None
    arrange(written, 1, lambda name: name, choices=True)
    assert time.process_time() - began < SECONDS


COMMANDS = (
    "help", "branch", "branch create", "branch rename lyon", "branch move lyon under", "member find", "member add",
    "mandate give", "mandate give anna secretary until", "announce --below", "report", "branch link discussion",
    "account drop", "announce status", "join", "nonsense",
)  # fmt: skip
TAILS = {
    "short words": "a ", "one word": "x", "figures": "9", "days": "lundi 3 mars 18h ", "options": "until monday ",
    "an account": "@", "lines": "monday\n", "letters to look for": "b",
}  # fmt: skip


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # what takes the time is reading, not the database
@pytest.mark.parametrize("tail", TAILS.values(), ids=TAILS)
async def test_commands_with_far_too_much_behind_them(database_url: str, tail: str) -> None:
    freely = Limits(person=None, room=None, not_understood=None)
    async with stage_on(database_url, [BRANCHES, ANNOUNCE, ENTRANCE, HELP], limits=freely) as stage:
        anna = await stage.person("Anna", "Rhône", offices=["secretary"])
        for command in COMMANDS:
            began = time.process_time()
            said = await anna.says(f"!{command} {tail * (LARGEST // 3 // len(tail))}", "Rhône")
            assert time.process_time() - began < SECONDS, command
            assert said, command
        assert await stage.db.read(inbox.count_aside) == 0


@pytest.mark.parametrize("fault", ["too long", "wrong"])
async def test_a_statement_that_is_at_fault_is_no_outage(database_url: str, fault: str) -> None:
    """It would be tried again for ever."""
    async with Database.open(database_url) as database:
        if fault == "wrong":
            statement = "SELECT * FROM nowhere"
        elif database.engine.dialect.name == "sqlite":
            statement = f"SELECT 'a' LIKE '{'%a' * LARGEST}'"
        else:
            statement = "SELECT repeat('a', 99)::integer"
        with pytest.raises(DBAPIError) as raised:
            await database.read(lambda session: session.execute(text(statement)))
        assert not is_outage(raised.value)
