"""Messages made to keep the bot busy: the largest that a homeserver takes cost little, whatever stands in them."""

from __future__ import annotations

import time

import pytest

from bots.kit.grammar import Names, arrange, read
from bots.kit.mentions import pills
from bridge.letters import Message
from bridge.matrix.read import read as arrival_of
from bridge.places import Elsewhere

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
