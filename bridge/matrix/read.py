"""What an event says, as an arrival. Pure.

Nothing in an event is trusted to have a shape: homeservers check its envelope, nobody its content. Sources: Matrix
client-server API 1.11 (replies, edits, reactions, threads, mentions, redactions, memberships), MSC3381 (polls, read in
their unstable and stable forms).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final, TypedDict
from urllib.parse import unquote

from bridge.letters.arrivals import (
    About,
    Attachment,
    Edit,
    FromRooms,
    Joined,
    Left,
    Message,
    PollEnd,
    PollResponse,
    Reaction,
    Redaction,
)
from bridge.matrix.content import Json
from bridge.places import Place

POLL_RESPONSES: Final = ("org.matrix.msc3381.poll.response", "m.poll.response")
POLL_ENDS: Final = ("org.matrix.msc3381.poll.end", "m.poll.end")
_FILES: Final = frozenset({"m.file", "m.image", "m.audio", "m.video"})
_WORDS: Final = frozenset({"m.text", "m.emote"})
_LONGEST_ID: Final = 255
"""Bytes. Matrix specification, identifiers."""
_QUOTATION: Final = re.compile(r"\A\s*<mx-reply>.*?</mx-reply>", re.DOTALL | re.IGNORECASE)
_PILL: Final = re.compile(
    r"<a\s[^<>]{0,600}?href\s*=\s*[\"'](?:https://matrix\.to/#/|matrix:u/)(?P<id>[^\"'<>?]{1,600})", re.IGNORECASE
)
_NONE: Final[Json] = {}


class _Base(TypedDict):
    id: str
    place: Place
    account: str
    at: datetime
    encrypted: bool
    missed: bool


def about(event: Json) -> frozenset[str]:
    """The ids of the events that an event speaks of."""
    content = _object(event, "content")
    relation = _object(content, "m.relates_to")
    ids = (
        _id(relation, "event_id"), _id(_object(relation, "m.in_reply_to"), "event_id"),
        _id(content, "redacts"), _id(event, "redacts"),
    )  # fmt: skip
    return frozenset(found for found in ids if found is not None)


def instant(event: Json) -> datetime | None:
    """When an event was sent, by its sender's server; None when that cannot be read."""
    sent = event.get("origin_server_ts")
    if not isinstance(sent, int) or isinstance(sent, bool):
        return None
    try:
        return datetime.fromtimestamp(sent / 1000, UTC)
    except (OverflowError, ValueError, OSError):
        return None


def read(
    event: Json, place: Place, *, letters: Mapping[str, str], encrypted: bool = False, missed: bool = False
) -> FromRooms | None:
    """The arrival that an event is; None when it says nothing to anybody: notices, malformed events, unknown types.

    `letters`: our letters, by the ids of the events that they became. `encrypted`: whether it came encrypted.
    `missed`: whether it came while nothing was heard.
    """
    event_id, sender, at, kind = _id(event, "event_id"), _id(event, "sender"), instant(event), event.get("type")
    if event_id is None or sender is None or at is None or not isinstance(kind, str):
        return None
    base: _Base = {
        "id": event_id,
        "place": place,
        "account": sender,
        "at": at,
        "encrypted": encrypted,
        "missed": missed,
    }
    content = _object(event, "content")
    if "state_key" in event:
        return _membership(base, event, content) if kind == "m.room.member" else None
    if kind == "m.room.message":
        return _message(base, content, letters)
    if kind == "m.room.redaction":
        redacted = _id(content, "redacts") or _id(event, "redacts")
        return None if redacted is None else Redaction(**base, of=About(redacted, letters.get(redacted)))
    relation = _object(content, "m.relates_to")
    target = _id(relation, "event_id")
    if target is None:
        return None
    meant = About(target, letters.get(target))
    if kind == "m.reaction":
        key = _text(relation, "key")
        return Reaction(**base, to=meant, key=key) if relation.get("rel_type") == "m.annotation" and key else None
    if kind in POLL_RESPONSES:
        return PollResponse(**base, poll=meant, answers=_chosen(content))
    return PollEnd(**base, poll=meant) if kind in POLL_ENDS else None


def _message(base: _Base, content: Json, letters: Mapping[str, str]) -> FromRooms | None:
    relation = _object(content, "m.relates_to")
    target = _id(relation, "event_id")
    if relation.get("rel_type") == "m.replace":
        new = _object(content, "m.new_content")
        text = _text(new, "body")
        if target is None or text is None or _text(new, "msgtype") not in _WORDS:
            return None
        of = About(target, letters.get(target))
        return Edit(**base, of=of, text=text, html=_html(new), mentions=_mentions(new))
    kind, text = _text(content, "msgtype"), _text(content, "body")
    if text is None:
        return None
    thread = target if relation.get("rel_type") == "m.thread" else None
    answered = _id(_object(relation, "m.in_reply_to"), "event_id")
    # In a thread, clients that know none are shown a reply to the latest message: nobody replied to that.
    fallback = thread is not None and relation.get("is_falling_back") is True
    reply_to = None if answered is None or fallback else About(answered, letters.get(answered))
    if kind in _FILES:
        return _attachment(base, content, text, reply_to, thread)
    if kind not in _WORDS:
        return None
    html = _html(content)
    if answered is not None:
        text = _without_quotation(text)
        html = None if html is None else _QUOTATION.sub("", html)
    return Message(**base, text=text, html=html, mentions=_mentions(content), reply_to=reply_to, thread=thread)


def _attachment(base: _Base, content: Json, body: str, reply_to: About | None, thread: str | None) -> Attachment | None:
    file, url = content.get("file"), content.get("url")
    if not isinstance(file, dict) and not isinstance(url, str):
        return None
    info = _object(content, "info")
    size = info.get("size")
    return Attachment(
        **base,
        name=_text(content, "filename") or body,
        mimetype=_text(info, "mimetype") or "application/octet-stream",
        size=size if isinstance(size, int) and not isinstance(size, bool) and size >= 0 else None,
        source=json.dumps(file if isinstance(file, dict) else {"url": url}),
        reply_to=reply_to,
        thread=thread,
    )


def _membership(base: _Base, event: Json, content: Json) -> Joined | Left | None:
    account, sender = _id(event, "state_key"), base["account"]
    if account is None:
        return None
    unsigned = _object(event, "unsigned")
    before = _object(unsigned, "prev_content").get("membership")
    about_them: _Base = {**base, "account": account}
    match before, content.get("membership"):
        case "join", "join":
            return None
        case _, "join":
            return Joined(**about_them)
        case "invite", "leave" if sender == account:
            return Left(**about_them, how="declined")
        case "join", "leave" if sender == account:
            return Left(**about_them, how="left")
        case "join" | "invite", "leave" | "ban" if sender != account:
            return Left(**about_them, how="removed", by=sender)
    return None


def _chosen(content: Json) -> tuple[str, ...]:
    """The answers of a poll response. One that is malformed counts, as a choice of nothing."""
    answers = _object(content, POLL_RESPONSES[0]).get("answers")
    if answers is None:
        answers = content.get("m.selections", _object(content, POLL_RESPONSES[1]).get("answers"))
    if not isinstance(answers, list) or not all(isinstance(answer, str) for answer in answers):
        return ()
    return tuple(_clean(answer) for answer in answers)


def _mentions(content: Json) -> tuple[str, ...]:
    """Accounts in the order of their pills, then those that are mentioned without a pill."""
    pills = (unquote(pill["id"]) for pill in _PILL.finditer(_html(content) or ""))
    shown = ["@" + pill if not pill.startswith(("@", "#", "!", "$", "+")) else pill for pill in pills]
    named = _object(content, "m.mentions").get("user_ids")
    accounts = shown + (named if isinstance(named, list) else [])
    return tuple(
        dict.fromkeys(
            _clean(account)
            for account in accounts
            if isinstance(account, str) and account.startswith("@") and len(account.encode("utf-8", "replace")) <= 255
        )
    )


def _without_quotation(text: str) -> str:
    """The text without the lines that quote what it replies to, which older clients put before it."""
    lines = text.split("\n")
    start = next((number for number, line in enumerate(lines) if not line.startswith(">")), len(lines))
    if start == 0:
        return text
    if start < len(lines) and not lines[start].strip():
        start += 1
    return "\n".join(lines[start:])


def _html(content: Json) -> str | None:
    return _text(content, "formatted_body") if content.get("format") == "org.matrix.custom.html" else None


def _object(value: Json, key: str) -> Json:
    found = value.get(key)
    return found if isinstance(found, dict) else _NONE


def _text(value: Json, key: str) -> str | None:
    found = value.get(key)
    return _clean(found) if isinstance(found, str) else None


def _id(value: Json, key: str) -> str | None:
    found = _text(value, key)
    return found if found and len(found.encode()) <= _LONGEST_ID else None


def _clean(text: str) -> str:
    """Without what JSON may hold and databases may not: the NUL character, and halves of surrogate pairs."""
    return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")
