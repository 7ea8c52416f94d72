"""What letters are on the wire: pure, from a letter's content to the events that say it.

Sources: Matrix client-server API 1.11 (messages, mentions, replies, threads, edits, reactions, captions), MSC3381 for
polls in the unstable form, the only one that clients show in ordinary rooms.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Final, TypeAlias

from bridge.letters.letter import (
    Content,
    Correction,
    Document,
    Mark,
    Picture,
    Poll,
    PollClosing,
    Withdrawal,
    Words,
)
from bridge.matrix.content import Json

LETTER: Final = "org.kunveno.letter"
"""Key of an event's content: the handle of the letter's part that this event is."""
POLL_START: Final = "org.matrix.msc3381.poll.start"
POLL_END: Final = "org.matrix.msc3381.poll.end"
TEXT: Final = "org.matrix.msc1767.text"
MOST_ANSWERS: Final = 20
"""Answers of a poll that clients show (MSC3381)."""
ROOMY: Final = 44_000
"""Bytes of content, escaped to ASCII as it is before encryption, that fit into the 65,536 of an event in base64."""

_HTML_LINE: Final = re.compile(r"<br ?/?>\n?")
_TAG: Final = re.compile(r"<(/?)([a-z][a-z0-9]*)[^>]*>", re.IGNORECASE)


class Unsayable(ValueError):
    """Why a letter cannot be said, in words that repeat nothing of it."""


@dataclass(frozen=True, slots=True)
class Send:
    """An event to send. `new`: it is one of the events that the letter, or the letter it corrects, consists of."""

    type: str
    content: Json
    new: bool = True


@dataclass(frozen=True, slots=True)
class Redact:
    """An event to take back."""

    event: str


Step: TypeAlias = Send | Redact


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What a letter hangs on: ids of events, and the media of its file.

    `events` are those of the letter that it speaks of. `media` is `{"url": …}` or `{"file": …}` with `size` in bytes.
    """

    answers: str | None = None
    thread: str | None = None
    events: tuple[str, ...] = ()
    media: Json | None = None
    size: int = 0


def handle(letter: str, part: int = 0) -> str:
    """The name of a part of a letter, its transaction id too: the same at every attempt, and one for each step."""
    return letter if part == 0 else f"{letter}.{part + 1}"


def compose(letter: str, content: Content, around: Around) -> list[Step]:
    """The steps that say a letter, in order. Raises Unsayable."""
    steps = _steps(content, around)
    for part, step in enumerate(steps):
        if isinstance(step, Send):
            step.content[LETTER] = handle(letter, part)
    return steps


def _steps(content: Content, around: Around) -> list[Step]:
    match content:
        case Words():
            parts = _parts(content)
            return [_message(words, _relation(around, first=part == 0)) for part, words in enumerate(parts)]
        case Correction(words=words):
            return _corrected(words, around)
        case Withdrawal():
            return [Redact(event) for event in _events(around)]
        case Mark(key=key, event=event):
            of = event or _events(around)[0]
            relation = {"rel_type": "m.annotation", "event_id": of, "key": key}
            return [Send("m.reaction", {"m.relates_to": relation})]
        case Picture():
            return [_picture(content, around)]
        case Document():
            info = {"mimetype": content.mimetype, "size": around.size}
            return [_file("m.file", content.name, content.name, info, around)]
        case Poll():
            return [_poll(content, around)]
        case PollClosing(fallback=fallback):
            relation = {"rel_type": "m.reference", "event_id": _events(around)[0]}
            said: Json = {TEXT: fallback, "body": fallback, "m.mentions": {}}
            return [Send(POLL_END, {**said, POLL_END: {}, "m.relates_to": relation})]


def _message(words: Words, relation: Json) -> Send:
    return Send("m.room.message", {**_said(words), "m.mentions": _mentions(words), **relation})


def _said(words: Words) -> Json:
    said: Json = {"msgtype": "m.notice" if words.notice else "m.text", "body": words.plain}
    if words.html is not None:
        said |= {"format": "org.matrix.custom.html", "formatted_body": words.html}
    return said


def _mentions(words: Words) -> Json:
    """Always there, so that no client looks for names in the text (Matrix 1.7, "User and room mentions")."""
    return {"user_ids": list(dict.fromkeys(words.mentions))} if words.mentions else {}


def _relation(around: Around, *, first: bool = True) -> Json:
    answers = around.answers if first else None
    if around.thread is None:
        return {} if answers is None else {"m.relates_to": {"m.in_reply_to": {"event_id": answers}}}
    thread: Json = {"rel_type": "m.thread", "event_id": around.thread, "is_falling_back": answers is None}
    return {"m.relates_to": {**thread, "m.in_reply_to": {"event_id": answers or around.thread}}}


def _corrected(words: Words, around: Around) -> list[Step]:
    """Each event of the earlier letter is replaced; what is too much is added, what is too little is taken back."""
    steps: list[Step] = []
    for event, part in zip_longest(_events(around), _parts(words, share=2)):
        if part is None:
            steps.append(Redact(event))
        elif event is None:
            steps.append(_message(part, {}))
        else:
            steps.append(_edit(part, event))
    return steps


def _edit(words: Words, event: str) -> Send:
    """The mentions stand inside only: an edit calls nobody a second time."""
    html = None if words.html is None else f"* {words.html}"
    stars = Words(f"* {words.plain}", html, notice=words.notice)
    content = {**_said(stars), "m.mentions": {}, "m.new_content": {**_said(words), "m.mentions": _mentions(words)}}
    return Send("m.room.message", {**content, "m.relates_to": {"rel_type": "m.replace", "event_id": event}}, new=False)


def _picture(picture: Picture, around: Around) -> Send:
    info = {"w": picture.width, "h": picture.height, "size": around.size, "mimetype": picture.mimetype}
    return _file("m.image", picture.alt or picture.name, picture.name, info, around)


def _file(kind: str, body: str, name: str, info: Json, around: Around) -> Send:
    if around.media is None:
        raise Unsayable("its file is not there any more")
    content: Json = {"msgtype": kind, "body": body, "filename": name, "info": info, "m.mentions": {}}
    return Send("m.room.message", {**content, **around.media, **_relation(around)})


def _poll(poll: Poll, around: Around) -> Send:
    if not 0 < len(poll.answers) <= MOST_ANSWERS:
        raise Unsayable(f"a poll has 1 to {MOST_ANSWERS} answers, not {len(poll.answers)}")
    start: Json = {
        "question": {TEXT: poll.question, "body": poll.question, "msgtype": "m.text"},
        "kind": f"org.matrix.msc3381.poll.{'disclosed' if poll.disclosed else 'undisclosed'}",
        "max_selections": poll.max_selections,
        "answers": [{"id": answer.id, TEXT: answer.text} for answer in poll.answers],
    }
    content: Json = {POLL_START: start, TEXT: poll.fallback, "body": poll.fallback, "m.mentions": {}}
    return Send(POLL_START, {**content, **_relation(around)})


def _events(around: Around) -> tuple[str, ...]:
    if not around.events:
        raise Unsayable("the letter that it speaks of became no event")
    return around.events


def _parts(words: Words, share: int = 1) -> list[Words]:
    """The words in as many parts as there must be, cut at line ends; `share`: how often an event says them.

    Formatting survives where it was written line by line. Mentions go with the first part.
    """
    room = ROOMY // share - 1_000 - _size(list(words.mentions))
    if _size(words.plain) + _size(words.html or "") <= room:
        return [words]
    plain = words.plain.split("\n")
    html: Sequence[str | None] = _html_lines(words.html, len(plain)) or [None] * len(plain)
    lines: list[_Line] = list(zip(plain, html, strict=True))
    pieces = [piece for line in lines for piece in _pieces(line, room)]
    parts = [_joined(chunk, words.notice) for chunk in _chunks(pieces, room)]
    first = parts[0]
    return [Words(first.plain, first.html, words.mentions, words.notice), *parts[1:]]


_Line: TypeAlias = tuple[str, str | None]


def _html_lines(html: str | None, count: int) -> list[str] | None:
    """The lines of the formatted text, if they match the plain ones and each can stand by itself."""
    if html is None:
        return None
    lines = _HTML_LINE.split(html)
    return lines if len(lines) == count and all(map(_balanced, lines)) else None


def _balanced(html: str) -> bool:
    still_open: list[str] = []
    for closing, name in _TAG.findall(html):
        if not closing:
            still_open.append(name.lower())
        elif not still_open or still_open.pop() != name.lower():
            return False
    return not still_open


def _pieces(line: _Line, room: int) -> list[_Line]:
    """A line as it is, or cut where it is longer than an event; the formatting of such a line is lost."""
    plain, html = line
    if _line_size(line) <= room:
        return [line]
    if html is not None and _size(plain) <= room:
        return [(plain, None)]
    pieces: list[_Line] = []
    while plain:
        fits = bisect_right(range(len(plain) + 1), room, key=lambda length: _size(plain[:length])) - 1
        pieces.append((plain[:fits], None))
        plain = plain[fits:]
    return pieces


def _chunks(lines: Sequence[_Line], room: int) -> list[list[_Line]]:
    chunks: list[list[_Line]] = [[]]
    used = 0
    for line in lines:
        # Formatted and plain lines do not mix: an event is either.
        mixed = chunks[-1] and (chunks[-1][0][1] is None) != (line[1] is None)
        if chunks[-1] and (mixed or used + _line_size(line) > room):
            chunks.append([])
            used = 0
        chunks[-1].append(line)
        used += _line_size(line)
    return chunks


def _joined(lines: Sequence[_Line], notice: bool) -> Words:
    formatted = [html for _, html in lines if html is not None]
    return Words("\n".join(plain for plain, _ in lines), "<br>".join(formatted) if formatted else None, (), notice)


def _line_size(line: _Line) -> int:
    return _size(line[0]) + _size(line[1] or "") + 4


def _size(value: str | list[str]) -> int:
    return len(json.dumps(value))
