"""What the bots say reads well, and nothing that people write becomes a tag, a link or a mention in it."""

from __future__ import annotations

import html
from datetime import UTC, date, datetime
from fractions import Fraction
from html.parser import HTMLParser
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bots.kit.parts import Code, Day, Gap, Items, Line, Link, Percent, Pill, Strong, Typed, When
from bots.kit.voice import Voice, literally
from bots.kit.wording import compose
from ground.money import Money
from ground.texts import ENGLISH, counted, text
from tests.support.conversation import translators

PARIS = ZoneInfo("Europe/Paris")
VOICE = Voice(ENGLISH, "en", PARIS)
FRENCH = Voice(translators()["fr"], "fr", PARIS)


class Tags(HTMLParser):
    """The tags, and the text between them, with line breaks as such."""

    def __init__(self, markup: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, tuple[tuple[str, str | None], ...]]] = []
        self.text = ""
        self.feed(markup)
        self.close()

    def but_breaks(self) -> list[str]:
        """The names of the tags, without line breaks."""
        return [name for name, _ in self.tags if name != "br"]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, tuple(attrs)))
        self.text += "\n" if tag == "br" else ""

    def handle_data(self, data: str) -> None:
        self.text += data


def test_marks_of_our_own_are_tags_in_html_and_nothing_in_plain_text() -> None:
    words = compose([text("**Adopted**: write `{line}`.", line="result V12")], VOICE)
    assert words.plain == "Adopted: write result V12."
    assert words.html == "<strong>Adopted</strong>: write <code>result V12</code>."
    assert words.notice


def test_names_are_joined_as_french_does() -> None:
    words = compose([text("The code of {name} is good for nothing any more.", name=Strong("Élise <i>"))], FRENCH)
    assert words.plain == "Le code d’Élise <i> ne vaut plus rien."
    assert words.html == "Le code d’<strong>Élise &lt;i&gt;</strong> ne vaut plus rien."


def test_what_has_no_marks_is_plain_text_only() -> None:
    words = compose([text("5 < 6 & {more}", more="7 > 6")], VOICE)
    assert (words.plain, words.html) == ("5 < 6 & 7 > 6", None)


def test_lines_gaps_and_lists() -> None:
    lines: list[Line] = [
        text("**Lyon**"), text("Two sections:"), Items((text("Lyon 1"), "Lyon <2>")), Gap(), text("That is all."),
    ]  # fmt: skip
    words = compose(lines, VOICE)
    assert words.plain == "Lyon\nTwo sections:\n• Lyon 1\n• Lyon <2>\n\nThat is all."
    assert words.html == (
        "<strong>Lyon</strong><br>Two sections:<ul><li>Lyon 1</li><li>Lyon &lt;2&gt;</li></ul><br>That is all."
    )


def test_a_gap_before_a_list_is_seen() -> None:
    lines: list[Line] = [text("Two sections:"), Gap(), Items((text("Lyon 1"),)), Gap(), Items((text("Lyon 2"),))]
    words = compose(lines, VOICE)
    assert words.plain == "Two sections:\n\n• Lyon 1\n\n• Lyon 2"
    assert words.html == "Two sections:<br><br><ul><li>Lyon 1</li></ul><ul><li>Lyon 2</li></ul>"


def test_what_people_wrote_may_stand_out_as_a_line() -> None:
    words = compose([Strong("Lyon *<2>*"), text("It is open.")], VOICE)
    assert (words.plain, words.html) == (
        "Lyon *<2>*\nIt is open.",
        "<strong>Lyon *&lt;2&gt;*</strong><br>It is open.",
    )


def test_a_long_list_is_cut_and_says_how_to_get_the_rest() -> None:
    items = Items(tuple(f"member {number}" for number in range(1, 21)), text("All of them: {line}", line=Typed("all")))
    shown = compose([items], VOICE).plain.splitlines()
    assert shown[14:] == ["• member 15", "• … and 5 more", "All of them: !all"]
    assert len(compose([Items(items.items[:16], items.more)], VOICE).plain.splitlines()) == 16
    assert compose([Items(())], VOICE).plain == ""


@pytest.mark.parametrize(
    ("value", "english", "french"),
    [
        (1482, "1,482", "1\u202f482"),
        (True, "True", "True"),
        ("1482", "1482", "1482"),
        (Money(123450), "€1,234.50", "1\u202f234,50\xa0€"),
        (Percent(Fraction(37, 46)), "80%", "80\xa0%"),
        (Day(date(2027, 1, 1)), "Friday 1 January 2027", "vendredi 1er janvier 2027"),
        (When(datetime(2026, 11, 27, 17, tzinfo=UTC)), "Friday 27 November 2026, 18:00",
         "vendredi 27 novembre 2026 à 18:00"),
        (When(datetime(2026, 11, 26, 23, tzinfo=UTC), all_day=True), "Friday 27 November 2026",
         "vendredi 27 novembre 2026"),
        (["a", 1000], "a, 1,000", "a, 1\u202f000"),
        (Link("here", "https://example.org/a?b=1&c"), "here (https://example.org/a?b=1&c)",
         "here (https://example.org/a?b=1&c)"),
        (Pill("@anna:example.org", "Anna"), "Anna", "Anna"),
        (Strong("Anna"), "Anna", "Anna"),
        (Code("a`b"), "a`b", "a`b"),
        (Typed("help"), "!help", "!help"),
    ],
)  # fmt: skip
def test_values_are_said_as_the_language_writes_them(value: object, english: str, french: str) -> None:
    sentence = text("{value}", value=value)
    assert (compose([sentence], VOICE).plain, compose([sentence], FRENCH).plain) == (english, french)
    assert (VOICE.say(sentence), FRENCH.say(sentence)) == (english, french)


def test_a_sentence_within_a_sentence_is_marked_too() -> None:
    inner = counted("**one** vote", "**{count}** votes", 1000)
    assert compose([text("There are {votes}.", votes=inner)], VOICE).html == "There are <strong>1,000</strong> votes."


def test_a_pill_is_a_mention_and_a_link() -> None:
    words = compose([text("{person}, please come.", person=Pill("@a/b:example.org", "Anna & <co>"))], VOICE)
    assert words.mentions == ("@a/b:example.org",)
    assert words.html == '<a href="https://matrix.to/#/@a%2Fb:example.org">Anna &amp; &lt;co&gt;</a>, please come.'
    others = compose([text("Hello")], VOICE, mentions=["@b:example.org", "@b:example.org"])
    assert others.mentions == ("@b:example.org",)


def test_a_link_leads_nowhere_but_to_the_web() -> None:
    words = compose([text("{link}", link=Link("here", "javascript:alert(1)"))], VOICE)
    assert "href" not in (words.html or "")


def test_nobody_calls_the_whole_room() -> None:
    words = compose([text("{written}", written="@room @Room <b>")], VOICE)
    assert "@room" not in words.plain.casefold()


EVIL = st.lists(
    st.sampled_from(
        ["<b>", "</b>", "<a href='https://evil.example'>", "<script>", "**", "`", "```", "[x](https://evil.example)",
         "![x](y)", "&lt;", "&amp;", "&#60;", "{0}", "{x}", "\ue0000\ue001", "\ue001", "\x02amp\x03", "\x02",
         "@room", "https://matrix.to/#/@anna:example.org", "@anna:example.org", "\n", "\n\n", "    ", "# ", "1. ", "- ",
         "\\", "\u202e", "<!--", "-->", "<mx-reply>", "'", '"', "é", "👍🏽", " "]
    )
    | st.text(max_size=8),
    max_size=12,
).map("".join)  # fmt: skip

SHAPES = [
    lambda value: text("{x}", x=value),
    lambda value: text("**{x}** and `{x}`", x=value),
    lambda value: text("{x}: {y}", x=Strong(value), y=Code(value)),
    lambda value: text("{x} {y}", x=text("**inner** {z}", z=value), y=[value, value]),
    lambda value: Items((value, text("**{x}**", x=value))),
    lambda value: value,
]
OURS = {"strong": (), "code": (), "br": (), "ul": (), "li": ()}


@given(EVIL, st.sampled_from(SHAPES))
def test_nothing_that_people_write_becomes_a_tag_a_link_or_a_mention(written: str, shape: object) -> None:
    harmless = compose([shape("x")], VOICE)  # type: ignore[operator]
    words = compose([shape(written)], VOICE)  # type: ignore[operator]
    assert words.mentions == ()
    tags = Tags(words.html or html.escape(words.plain))
    assert [tag for tag in tags.tags if tag[0] != "br"] == [
        tag for tag in Tags(harmless.html or "").tags if tag[0] != "br"
    ]
    assert all(OURS[name] == attributes for name, attributes in tags.tags)
    assert "@room" not in words.plain.casefold() + tags.text.casefold()


@given(EVIL)
def test_what_people_write_is_said_as_they_wrote_it(written: str) -> None:
    """But for what cannot be seen, and for the call to everybody."""
    words = compose([text("**{x}**", x=written)], VOICE)
    assert words.plain == literally(written)
    assert Tags(words.html or "").text == literally(written)
    kept = [char for char in written if char.isprintable() or char == "\n"]
    shown = words.plain.replace("\u2060", "")
    assert [char for char in shown if char.isprintable() or char == "\n"] == kept
