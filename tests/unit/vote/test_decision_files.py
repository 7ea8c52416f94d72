"""The register of decisions as files: nothing that people wrote becomes markup, a formula, or another cell."""

from __future__ import annotations

import csv
import io
import re
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown import markdown as rendered

from bots.kit.voice import Voice
from bots.vote.decision_files import cell, escaped, markdown, table, title
from bots.vote.decisions import Decision, decision_of, words_of
from party.branches import Branch, Tree
from tests.support.conversation import translators
from tests.support.register import NOW
from tests.support.votes import decided

TREE = Tree([Branch("b1", "lyon", "Lyon [3]", "section", None)])
EVIL = '=HYPERLINK("http://x","a"); =2+2, *bold*\n# <b>head</b>'


def voice(language: str) -> Voice:
    return Voice(translators()[language], language, ZoneInfo("Europe/Paris"))


def some() -> list[Decision]:
    return [
        decision_of(decided("b1", 2, EVIL, confidential=True, few=True), voice("en")),
        decision_of(decided("b1", 1, "Participons-nous à la grève ?", ("Oui", "Non")), voice("en")),
    ]


def test_a_text_that_is_read() -> None:
    said = markdown(title("Lyon"), some(), TREE, voice("en"), NOW).decode()
    assert said.splitlines()[0] == "# Decisions of Lyon"
    assert "## V1 · " in said
    assert " · Lyon \\[3\\]" in said
    assert "- Carried.\n- 2 Oui, 1 Non\n- 3 of 10 voted (30%).\n" in said
    assert "- Carried.\n- 3 of 10 voted (30%).\n- Confidential vote\n" in said
    shown = rendered(said)
    assert "<b>" not in shown
    assert "<em>bold" not in shown
    assert shown.count("<h1>") == 1


def test_in_the_language_that_is_asked_for() -> None:
    said = markdown(title("Lyon", below=True), some(), TREE, voice("fr"), NOW).decode()
    assert said.startswith("# Décisions de Lyon et en dessous\n")
    assert "- Adopté.\n" in said
    assert table(title("Lyon"), some(), TREE, voice("fr"), NOW).decode("utf-8-sig").startswith("Numéro,Date,Structure,")


def test_a_table_as_the_standard_says() -> None:
    data = table(title("Lyon"), some(), TREE, voice("en"), NOW)
    assert data.startswith(b"\xef\xbb\xbfNumber,Date,Branch,Question,Result,Ballots,Voted,On the roll,Confidential\r\n")
    assert data.count(b"\r\n") == data.count(b"\n") == 3
    first, second = list(csv.reader(io.StringIO(data.decode("utf-8-sig"))))[1:]
    assert first[3] == """'=HYPERLINK("http://x","a"); '=2+2, *bold* # <b>head</b>"""
    assert first[4:] == ["Carried.", "", "3", "10", "yes"]
    day = NOW.astimezone(ZoneInfo("Europe/Paris")).date().isoformat()
    assert second == [
        "V1", day, "Lyon [3]", "Participons-nous à la grève ?", "Carried.", "2 Oui, 1 Non", "3", "10", "no",
    ]  # fmt: skip


@pytest.mark.parametrize("words", ["=1", "+1", "-1", "@x", " =1", "\t=1", "\r=1", "\uff1d1", "\u00a0=1"])
def test_no_cell_is_a_formula(words: str) -> None:
    assert cell(words).startswith("'")


@given(st.text())
def test_no_cell_begins_one_wherever_it_is_cut(words: str) -> None:
    for part in cell(words).split(";"):
        assert not part.lstrip().startswith(("=", "+", "-", "@", "\uff1d"))


@given(st.text(st.characters(exclude_categories=["C", "Z"], include_characters=" \n"), max_size=40))
def test_words_stay_words(words: str) -> None:
    line = escaped(words)
    assert re.sub(r"\\([!-/:-@[-`{-~])", r"\1", line) == re.sub(r"[ \n]+", " ", words).strip()
    assert not line.startswith(("#", ">", "-", "+", "=", "*", "|"))
    assert not re.match(r"\d+[.)]", line)
    assert not re.search(r"(?<!\\)(?:\\\\)*[<*_`\[&]", line)


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("", ()),
        ("Grève", ("greve",)),
        ("  la GRÈVE ? du 5, du", ("la", "greve", "du", "5")),
        ("« l’œuvre »", ("l'oeuvre",)),
        ("100 %", ("100", "%")),
    ],
)
def test_words_that_are_looked_for(written: str, words: tuple[str, ...]) -> None:
    assert words_of(written) == words
