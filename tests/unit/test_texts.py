"""Sentences are translated whole, then filled in."""

from __future__ import annotations

from pathlib import Path

import pytest

from ground.texts import Text, Translator, counted, load_translators, text

FRENCH = r"""
msgid ""
msgstr ""
"Content-Type: text/plain; charset=utf-8\n"
"Language: fr\n"
"Plural-Forms: nplurals=2; plural=(n > 1);\n"

msgid "There is no branch '{slug}'."
msgstr "Il n’y a pas de structure « {slug} »."

msgid "one branch"
msgid_plural "{count} branches"
msgstr[0] "{count} structure"
msgstr[1] "{count} structures"

#, fuzzy
msgid "Good evening."
msgstr "Bonjour."

msgid "because: {reason}"
msgstr "car : {reason}"

msgid "the room of {names}"
msgstr "le salon de {names}"

msgid "Report from **{branch}**"
msgstr "Compte rendu de **{branch}**"
"""


@pytest.fixture
def french(tmp_path: Path) -> Translator:
    path = tmp_path / "fr/LC_MESSAGES/kunveno.po"
    path.parent.mkdir(parents=True)
    path.write_text(FRENCH, encoding="utf-8")
    translators = load_translators(tmp_path)
    assert set(translators) == {"en", "fr"}
    assert translators["en"].say(text("because: {reason}", reason="x")) == "because: x"
    return translators["fr"]


def test_a_sentence_is_translated_and_filled_in(french: Translator) -> None:
    assert french.say(text("There is no branch '{slug}'.", slug="brest")) == "Il n’y a pas de structure « brest »."


@pytest.mark.parametrize(("count", "english", "said"), [
    (0, "0 branches", "0 structure"), (1, "one branch", "1 structure"), (2, "2 branches", "2 structures"),
])  # fmt: skip
def test_each_language_has_its_own_plural(french: Translator, count: int, english: str, said: str) -> None:
    sentence = counted("one branch", "{count} branches", count)
    assert str(sentence) == english
    assert french.say(sentence) == said


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ("Loire", "le salon de Loire"),
        ("Ardèche", "le salon d’Ardèche"),
        ("Île-de-France", "le salon d’Île-de-France"),
        ("œuvres", "le salon d’œuvres"),
        ("Hauts-de-Seine", "le salon de Hauts-de-Seine"),
        ("{reason}", "le salon de {reason}"),
        (["Allier", "Loire"], "le salon d’['Allier', 'Loire']"),
        ([], "le salon de []"),
        (8, "le salon de 8"),
        ("", "le salon de "),
        (Text("{branch}", {"branch": "Ain"}), "le salon d’Ain"),
    ],
)
def test_french_elides_before_a_vowel(french: Translator, names: object, said: str) -> None:
    assert french.say(text("the room of {names}", names=names)) == said
    assert str(text("the room of {names}", names=names)).startswith("the room of ")
    assert french.say(text("Report from **{branch}**", branch="Ain")) == "Compte rendu d’**Ain**"


def test_a_sentence_in_a_sentence_is_said_in_the_same_language(french: Translator) -> None:
    reason = text("There is no branch '{slug}'.", slug="brest")
    sentence = text("because: {reason}", reason=reason)
    assert french.say(sentence) == "car : Il n’y a pas de structure « brest »."
    assert str(sentence) == "because: There is no branch 'brest'."


def test_what_is_missing_or_uncertain_is_said_in_english(french: Translator) -> None:
    assert french.say(text("Something new.")) == "Something new."
    assert french.say(text("Good evening.")) == "Good evening."


def test_what_people_type_is_never_taken_for_a_place(french: Translator) -> None:
    assert french.say(text("because: {reason}", reason="{slug} {0} {")) == "car : {slug} {0} {"


def test_sentences_compare_as_values() -> None:
    assert text("a {b}", b=1) == Text("a {b}", {"b": 1})
    assert text("a {b}", b=1) != text("a {b}", b=2)


def test_without_catalogues_there_is_english(tmp_path: Path) -> None:
    assert set(load_translators(tmp_path)) == {"en"}


def test_whoever_says_a_sentence_may_say_how_its_values_are_shown(french: Translator) -> None:
    sentence = text("because: {reason}", reason=text("because: {reason}", reason=1482))
    assert french.say(sentence, lambda value: f"<{value}>") == "car : car : <1482>"
