"""What letters are on the wire."""

from __future__ import annotations

import json

import pytest

from bridge.letters.letter import (
    Content,
    Correction,
    Document,
    Mark,
    Picture,
    Poll,
    PollAnswer,
    PollClosing,
    Withdrawal,
    Words,
)
from bridge.matrix.compose import LETTER, ROOMY, Around, Redact, Send, Unsayable, compose, handle
from bridge.matrix.content import Json

ID = "01kb2yqkzv8x5f6g7h8j9kmnpq"
ALONE = Around()


def one(content: Content, around: Around = ALONE) -> tuple[str, Json]:
    """The type and content of the one event that says this."""
    (step,) = compose(ID, content, around)
    assert isinstance(step, Send)
    return step.type, step.content


def messages(words: Words, around: Around = ALONE) -> list[Json]:
    steps = compose(ID, words, around)
    assert all(isinstance(step, Send) and step.type == "m.room.message" for step in steps)
    return [step.content for step in steps if isinstance(step, Send)]


def test_words() -> None:
    assert one(Words("Hello")) == (
        "m.room.message",
        {"msgtype": "m.notice", "body": "Hello", "m.mentions": {}, LETTER: ID},
    )
    words = Words("Anna, hello", "<b>Anna</b>, hello", ("@anna:x", "@ben:x", "@anna:x"), notice=False)
    assert one(words)[1] == {
        "msgtype": "m.text",
        "body": "Anna, hello",
        "format": "org.matrix.custom.html",
        "formatted_body": "<b>Anna</b>, hello",
        "m.mentions": {"user_ids": ["@anna:x", "@ben:x"]},
        LETTER: ID,
    }


REPLY = {"m.in_reply_to": {"event_id": "$question"}}
THREAD = {"rel_type": "m.thread", "event_id": "$root"}


@pytest.mark.parametrize(
    ("around", "relation"),
    [
        (ALONE, None),
        (Around(answers="$question"), REPLY),
        (Around(answers="$question", thread="$root"), {**THREAD, **REPLY, "is_falling_back": False}),
        (Around(thread="$root"), {**THREAD, "m.in_reply_to": {"event_id": "$root"}, "is_falling_back": True}),
    ],
)
def test_answers_and_threads(around: Around, relation: Json | None) -> None:
    poll = Poll("Strike?", (PollAnswer("1", "Yes"),), 1, True, "Strike? 1 Yes")
    document = Document("file", "minutes.pdf", "application/pdf")
    filed = Around(answers=around.answers, thread=around.thread, media={"url": "mxc://x/y"}, size=9)
    for said in (one(Words("Hello"), around), one(poll, around), one(document, filed)):
        assert said[1].get("m.relates_to") == relation


def test_a_correction_says_it_twice_and_calls_nobody_again() -> None:
    words = Words("9 of 13", "<b>9</b> of 13", ("@anna:x",))
    assert one(Correction("earlier", words), Around(events=("$first",), answers="$question")) == (
        "m.room.message",
        {
            "msgtype": "m.notice",
            "body": "* 9 of 13",
            "format": "org.matrix.custom.html",
            "formatted_body": "* <b>9</b> of 13",
            "m.mentions": {},
            "m.new_content": {
                "msgtype": "m.notice",
                "body": "9 of 13",
                "format": "org.matrix.custom.html",
                "formatted_body": "<b>9</b> of 13",
                "m.mentions": {"user_ids": ["@anna:x"]},
            },
            "m.relates_to": {"rel_type": "m.replace", "event_id": "$first"},
            LETTER: ID,
        },
    )


def test_a_withdrawal_takes_back_every_event() -> None:
    assert compose(ID, Withdrawal("earlier"), Around(events=("$1", "$2"))) == [Redact("$1"), Redact("$2")]


@pytest.mark.parametrize(
    ("mark", "around", "of"),
    [
        (Mark("✅", event="$theirs"), ALONE, "$theirs"),
        (Mark("✅", letter="earlier"), Around(events=("$1", "$2")), "$1"),
    ],
)
def test_a_mark(mark: Mark, around: Around, of: str) -> None:
    annotation = {"rel_type": "m.annotation", "event_id": of, "key": "✅"}
    assert one(mark, around) == ("m.reaction", {"m.relates_to": annotation, LETTER: ID})


def test_a_picture_is_described_in_words() -> None:
    picture = Picture("file", "chart.png", "image/png", 640, 480, "29 yes, 8 no")
    assert one(picture, Around(media={"file": {"url": "mxc://x/y"}}, size=1234)) == (
        "m.room.message",
        {
            "msgtype": "m.image",
            "body": "29 yes, 8 no",
            "filename": "chart.png",
            "info": {"w": 640, "h": 480, "size": 1234, "mimetype": "image/png"},
            "file": {"url": "mxc://x/y"},
            "m.mentions": {},
            LETTER: ID,
        },
    )


def test_a_document() -> None:
    kind, content = one(Document("file", "minutes.pdf", "application/pdf"), Around(media={"url": "mxc://x/y"}, size=9))
    assert kind == "m.room.message"
    assert (content["msgtype"], content["body"], content["url"]) == ("m.file", "minutes.pdf", "mxc://x/y")
    assert content["info"] == {"mimetype": "application/pdf", "size": 9}


def test_a_poll_and_its_end() -> None:
    poll = Poll("Strike?", (PollAnswer("1", "Yes"), PollAnswer("2", "No")), 1, False, "Strike?\n1 Yes\n2 No")
    assert one(poll) == (
        "org.matrix.msc3381.poll.start",
        {
            "org.matrix.msc3381.poll.start": {
                "question": {"org.matrix.msc1767.text": "Strike?", "body": "Strike?", "msgtype": "m.text"},
                "kind": "org.matrix.msc3381.poll.undisclosed",
                "max_selections": 1,
                "answers": [
                    {"id": "1", "org.matrix.msc1767.text": "Yes"},
                    {"id": "2", "org.matrix.msc1767.text": "No"},
                ],
            },
            "org.matrix.msc1767.text": "Strike?\n1 Yes\n2 No",
            "body": "Strike?\n1 Yes\n2 No",
            "m.mentions": {},
            LETTER: ID,
        },
    )
    assert one(PollClosing("earlier", "Closed."), Around(events=("$poll",))) == (
        "org.matrix.msc3381.poll.end",
        {
            "org.matrix.msc3381.poll.end": {},
            "org.matrix.msc1767.text": "Closed.",
            "body": "Closed.",
            "m.mentions": {},
            "m.relates_to": {"rel_type": "m.reference", "event_id": "$poll"},
            LETTER: ID,
        },
    )


@pytest.mark.parametrize(
    "content",
    [
        Poll("Who?", tuple(PollAnswer(str(number), "x") for number in range(21)), 1, True, ""),
        Poll("Who?", (), 1, True, ""),
        Correction("earlier", Words("x")),
        PollClosing("earlier", "x"),
        Mark("✅", letter="earlier"),
        Document("erased", "minutes.pdf", "application/pdf"),
    ],
)
def test_what_cannot_be_said(content: Content) -> None:
    with pytest.raises(Unsayable):
        compose(ID, content, ALONE)


LINES = [f"{number:04} Réunion de la section, à 19 h 30 précises" for number in range(1500)]


def fits(content: Json) -> bool:
    return len(json.dumps(content)) <= ROOMY


def test_long_words_are_cut_at_line_ends_and_named_apart() -> None:
    said = messages(Words("\n".join(LINES), mentions=("@anna:x",)), Around(answers="$question", thread="$root"))
    assert len(said) > 1
    assert all(map(fits, said))
    assert [line for content in said for line in content["body"].split("\n")] == LINES
    assert [content[LETTER] for content in said] == [handle(ID, part) for part in range(len(said))]
    assert len({content[LETTER] for content in said}) == len(said)
    assert [bool(content["m.mentions"]) for content in said] == [True] + [False] * (len(said) - 1)
    assert [content["m.relates_to"]["is_falling_back"] for content in said] == [False] + [True] * (len(said) - 1)


def test_formatting_survives_the_cut_where_lines_match() -> None:
    html = "<br>".join(f"<b>{line[:4]}</b>{line[4:]}" for line in LINES)
    said = messages(Words("\n".join(LINES), html))
    assert all(map(fits, said))
    assert "<br>".join(content["formatted_body"] for content in said) == html
    for content in said:
        assert content["formatted_body"].count("<br>") == content["body"].count("\n")


def test_formatting_that_spans_lines_is_dropped_rather_than_broken() -> None:
    html = "<ul>" + "<br>".join(LINES) + "</ul>"
    assert all("formatted_body" not in content for content in messages(Words("\n".join(LINES), html)))


@pytest.mark.parametrize("character", ["x", "é", "🙂"])
def test_one_endless_line_is_cut_anyway(character: str) -> None:
    said = messages(Words(character * 60_000, f"<b>{character * 60_000}</b>"))
    assert all(map(fits, said))
    assert "".join(content["body"] for content in said) == character * 60_000


def test_a_correction_replaces_adds_and_takes_back() -> None:
    long = Correction("earlier", Words("\n".join(LINES)))
    steps = compose(ID, long, Around(events=("$1", "$2")))
    sent = [step for step in steps if isinstance(step, Send)]
    assert sent == steps
    assert [step.content.get("m.relates_to", {}).get("event_id") for step in sent[:3]] == ["$1", "$2", None]
    assert [step.new for step in sent[:3]] == [False, False, True]
    assert all(fits(step.content) for step in sent)
    short = compose(ID, Correction("earlier", Words("short")), Around(events=("$1", "$2", "$3")))
    assert isinstance(short[0], Send)
    assert short[1:] == [Redact("$2"), Redact("$3")]
