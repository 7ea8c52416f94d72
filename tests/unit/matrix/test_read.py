"""What events say, from a table of events; and that nothing anybody can send makes reading fail."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.letters import (
    About,
    Attachment,
    Edit,
    Joined,
    Left,
    Message,
    PollEnd,
    PollResponse,
    Reaction,
    Redaction,
)
from bridge.matrix.read import about, read
from bridge.places import Direct

PLACE = Direct("@ada:example.org")
ADA, BOB, BOT = "@ada:example.org", "@bob:example.org", "@kunveno:example.org"
NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)
BASE: dict[str, Any] = {"id": "$e", "place": PLACE, "account": ADA, "at": NOON}
LETTERS = {"$ours": "letter-1"}


def event(kind: str, content: object, **more: object) -> dict[str, Any]:
    return {
        "type": kind, "content": content, "event_id": "$e", "sender": ADA,
        "origin_server_ts": int(NOON.timestamp() * 1000), **more,
    }  # fmt: skip


def said(body: str, **content: object) -> dict[str, Any]:
    return event("m.room.message", {"msgtype": "m.text", "body": body, **content})


def html(formatted: str) -> dict[str, object]:
    return {"format": "org.matrix.custom.html", "formatted_body": formatted}


def reference(kind: str, target: str, **content: object) -> dict[str, Any]:
    return event(kind, {"m.relates_to": {"rel_type": "m.reference", "event_id": target}, **content})


def member(account: str, membership: str, before: str | None, sender: str = ADA) -> dict[str, Any]:
    unsigned = {} if before is None else {"prev_content": {"membership": before}}
    return event("m.room.member", {"membership": membership}, state_key=account, sender=sender, unsigned=unsigned)


REPLY = {"m.in_reply_to": {"event_id": "$ours"}}
THREAD = {"rel_type": "m.thread", "event_id": "$root", "is_falling_back": True, "m.in_reply_to": {"event_id": "$last"}}
QUOTED = "> <@kunveno:example.org> !vote\n> a or b\n\n1"


@pytest.mark.parametrize(
    ("given_event", "arrival"),
    [
        (said("!help"), Message(**BASE, text="!help")),
        (said("nul\0 and \ud800"), Message(**BASE, text="nul and ?")),
        (event("m.room.message", {"msgtype": "m.emote", "body": "waves"}), Message(**BASE, text="waves")),
        (
            said("hi", **html('<a href="https://matrix.to/#/%40bob%3Aexample.org">Bob</a> hi')),
            Message(
                **BASE, text="hi", html='<a href="https://matrix.to/#/%40bob%3Aexample.org">Bob</a> hi', mentions=(BOB,)
            ),
        ),
        (
            said(
                "hi",
                **html('<a href="matrix:u/bob:example.org">Bob</a> in <a href="https://matrix.to/#/!r:x">room</a>'),
                **{"m.mentions": {"user_ids": [BOT, BOB, 7, "nobody"]}},
            ),
            Message(
                **BASE, text="hi", mentions=(BOB, BOT),
                html='<a href="matrix:u/bob:example.org">Bob</a> in <a href="https://matrix.to/#/!r:x">room</a>',
            ),
        ),
        (
            said(QUOTED, **html("<mx-reply><blockquote>!vote</blockquote></mx-reply>1"), **{"m.relates_to": REPLY}),
            Message(**BASE, text="1", html="1", reply_to=About("$ours", "letter-1")),
        ),
        (said(QUOTED), Message(**BASE, text=QUOTED)),
        (said("> only", **{"m.relates_to": REPLY}), Message(**BASE, text="", reply_to=About("$ours", "letter-1"))),
        (said("yes", **{"m.relates_to": THREAD}), Message(**BASE, text="yes", thread="$root")),
        (
            said("yes", **{"m.relates_to": {**THREAD, "is_falling_back": False}}),
            Message(**BASE, text="yes", thread="$root", reply_to=About("$last")),
        ),
        (
            said(
                "* ja",
                **{
                    "m.new_content": {"msgtype": "m.text", "body": "ja"},
                    "m.relates_to": {"rel_type": "m.replace", "event_id": "$first"},
                },
            ),
            Edit(**BASE, of=About("$first"), text="ja"),
        ),
        (said("* ja", **{"m.relates_to": {"rel_type": "m.replace", "event_id": "$first"}}), None),
        (event("m.room.message", {"msgtype": "m.notice", "body": "done"}), None),
        (event("m.room.message", {"msgtype": "m.text"}), None),
        (event("m.room.message", {}), None),
        (event("m.room.message", "nonsense"), None),
        (
            event(
                "m.room.message",
                {"msgtype": "m.image", "body": "beach", "filename": "a.png", "url": "mxc://x/y",
                 "info": {"mimetype": "image/png", "size": 12}},
            ),
            Attachment(**BASE, name="a.png", mimetype="image/png", size=12, source='{"url": "mxc://x/y"}'),
        ),
        (
            event("m.room.message", {"msgtype": "m.file", "body": "a", "file": {"url": "mxc://x/y"}, "info": 7}),
            Attachment(**BASE, name="a", mimetype="application/octet-stream", size=None,
                       source='{"url": "mxc://x/y"}'),
        ),
        (event("m.room.message", {"msgtype": "m.file", "body": "a"}), None),
        (
            event("m.reaction", {"m.relates_to": {"rel_type": "m.annotation", "event_id": "$ours", "key": "✅"}}),
            Reaction(**BASE, to=About("$ours", "letter-1"), key="✅"),
        ),
        (event("m.reaction", {"m.relates_to": {"rel_type": "m.annotation", "event_id": "$ours"}}), None),
        (
            reference("org.matrix.msc3381.poll.response", "$ours",
                      **{"org.matrix.msc3381.poll.response": {"answers": ["a", "b"]}}),
            PollResponse(**BASE, poll=About("$ours", "letter-1"), answers=("a", "b")),
        ),
        (
            reference("m.poll.response", "$ours", **{"m.selections": ["a"]}),
            PollResponse(**BASE, poll=About("$ours", "letter-1"), answers=("a",)),
        ),
        (
            reference("m.poll.response", "$ours", **{"m.selections": ["a", 7]}),
            PollResponse(**BASE, poll=About("$ours", "letter-1"), answers=()),
        ),
        (reference("org.matrix.msc3381.poll.end", "$ours"), PollEnd(**BASE, poll=About("$ours", "letter-1"))),
        (event("m.room.redaction", {"redacts": "$x"}), Redaction(**BASE, of=About("$x"))),
        (event("m.room.redaction", {}, redacts="$ours"), Redaction(**BASE, of=About("$ours", "letter-1"))),
        (event("m.room.redaction", {}), None),
        (member(ADA, "join", None), Joined(**BASE)),
        (member(ADA, "join", "invite"), Joined(**BASE)),
        (member(ADA, "join", "join"), None),
        (member(ADA, "leave", "invite"), Left(**BASE, how="declined")),
        (member(ADA, "leave", "join"), Left(**BASE, how="left")),
        (member(ADA, "leave", "join", sender=BOB), Left(**BASE, how="removed", by=BOB)),
        (member(ADA, "ban", "invite", sender=BOB), Left(**BASE, how="removed", by=BOB)),
        (member(ADA, "leave", "ban", sender=BOB), None),
        (member(ADA, "invite", None, sender=BOB), None),
        (event("m.room.name", {"name": "x"}, state_key=""), None),
        (event("org.example.unknown", {"m.relates_to": {"event_id": "$x"}}), None),
        ({**said("x"), "origin_server_ts": 10**30}, None),
        ({**said("x"), "origin_server_ts": True}, None),
        ({**said("x"), "event_id": 7}, None),
        ({**said("x"), "sender": None}, None),
    ],
)  # fmt: skip
def test_what_an_event_says(given_event: dict[str, Any], arrival: object) -> None:
    assert read(given_event, PLACE, letters=LETTERS) == arrival


def test_says_whether_it_came_encrypted() -> None:
    arrival = read(said("x"), PLACE, letters={}, encrypted=True)
    assert arrival is not None
    assert arrival.encrypted


def test_what_an_event_is_about() -> None:
    assert about(said("x", **{"m.relates_to": THREAD})) == {"$root", "$last"}
    assert about(event("m.room.redaction", {}, redacts="$x")) == {"$x"}
    assert about(said("x")) == set()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(
            ["m.relates_to", "m.new_content", "rel_type", "event_id", "body", "msgtype", "key", "m.in_reply_to",
             "m.mentions", "user_ids", "format", "formatted_body", "info", "file", "url", "answers", "m.selections",
             "org.matrix.msc3381.poll.response", "redacts", "membership", "prev_content"]
        ),
        inner | st.sampled_from(["m.text", "m.replace", "m.annotation", "m.thread", "$x", "join", "leave"]),
        max_size=5,
    ),
)  # fmt: skip


@given(
    kind=st.sampled_from(
        ["m.room.message", "m.reaction", "m.room.redaction", "m.room.member", "m.poll.response",
         "org.matrix.msc3381.poll.response", "m.poll.end"]
    ),
    content=JSON, unsigned=JSON, state=st.booleans(),
)  # fmt: skip
def test_nothing_makes_reading_fail(kind: str, content: object, unsigned: object, *, state: bool) -> None:
    more: dict[str, object] = {"state_key": ADA} if state else {}
    given_event = event(kind, content, unsigned=unsigned, **more)
    arrival = read(given_event, PLACE, letters=LETTERS)
    about(given_event)
    if arrival is not None:
        assert "\\u0000" not in json.dumps(str(arrival))


@pytest.mark.parametrize("nonsense", [None, True, 0, 10**400, 1.5, "", [], {}, [None], {"event_id": 5}])
@pytest.mark.parametrize("kind", ["m.room.message", "m.reaction", "m.poll.response", "m.room.member"])
def test_nothing_of_a_wrong_kind_makes_reading_fail(kind: str, nonsense: object) -> None:
    """Each part in turn, the others being as they should."""
    relation = {"rel_type": "m.replace", "event_id": "$x", "key": "a", "m.in_reply_to": {"event_id": "$y"}}
    right = {
        "msgtype": "m.text", "body": "x", "format": "org.matrix.custom.html", "formatted_body": "x",
        "m.relates_to": relation, "m.new_content": {"msgtype": "m.text", "body": "y"}, "m.mentions": {"user_ids": []},
        "m.selections": ["a"], "membership": "join",
    }  # fmt: skip
    contents = [{**right, part: nonsense} for part in right]
    contents += [{**content, "m.relates_to": {}} for content in contents]
    contents += [{**right, "m.relates_to": {**relation, part: nonsense}} for part in relation]
    contents += [{**right, "m.new_content": {"msgtype": nonsense, "body": "y"}}]
    for content in contents:
        for more in ({}, {"state_key": ADA}, {"sender": nonsense}, {"origin_server_ts": nonsense}):
            given_event = {**event(kind, content), **more}
            about(given_event)
            read(given_event, PLACE, letters=LETTERS)
