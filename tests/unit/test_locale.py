"""Every sentence of the code is in every catalogue, whole and fit to be filled in."""

from __future__ import annotations

import re
import string
from pathlib import Path

import pytest
from babel.messages.catalog import Message
from babel.messages.pofile import read_po

from ground.texts import counted, load_translators, text
from kunveno.messages import LOCALE, extract, update

CATALOGUES = sorted(LOCALE.glob("*/LC_MESSAGES/kunveno.po"))


def language(path: Path) -> str:
    return path.parent.parent.name


def forms(value: object) -> tuple[str, ...]:
    return tuple(str(part) for part in value) if isinstance(value, list | tuple) else (str(value or ""),)


def places(sentence: str) -> set[str]:
    return {place for _, place, _, _ in string.Formatter().parse(sentence) if place is not None}


def is_sentence(message: Message) -> bool:
    return bool(message.id)


def test_french_is_there() -> None:
    assert "fr" in map(language, CATALOGUES)


@pytest.mark.parametrize("path", CATALOGUES, ids=language)
def test_the_catalogue_holds_the_sentences_of_the_code_and_no_others(path: Path) -> None:
    with path.open("rb") as file:
        catalogue = read_po(file)
    wanted, there = ({forms(message.id) for message in part if is_sentence(message)} for part in (extract(), catalogue))
    assert there == wanted, "run `make messages`, then translate what is empty"
    assert not catalogue.obsolete


def test_french_marks_have_their_spaces() -> None:
    """One that does not break: a narrow one before ; ? ! and inside « », a whole one before a colon."""
    wrong = re.compile(r" [;?!:»]|«(?!\u202f)|(?<!\u202f)(»|[;?!](?=[\s).,»]|$))|(?<!\u00a0):(?=\s|$)|['\"]|\.\.\.")
    with (LOCALE / "fr" / "LC_MESSAGES" / "kunveno.po").open("rb") as file:
        sentences = [form for message in filter(is_sentence, read_po(file)) for form in forms(message.string)]
    assert [sentence for sentence in sentences if wrong.search(sentence)] == []


@pytest.mark.parametrize("path", CATALOGUES, ids=language)
def test_every_sentence_is_translated_whole(path: Path) -> None:
    with path.open("rb") as file:
        catalogue = read_po(file, locale=language(path))
    for message in filter(is_sentence, catalogue):
        translated = forms(message.string)
        assert all(translated), f"not translated: {message.id}"
        assert not message.fuzzy, f"not certain: {message.id}"
        assert len(translated) == (catalogue.num_plurals if message.pluralizable else 1), message.id
        wanted = set().union(*map(places, forms(message.id)))
        for number, sentence in enumerate(translated):
            # Of one there need not be a number, where there is none in English either.
            least = places(forms(message.id)[0]) if message.pluralizable and number == 0 else wanted
            assert least <= places(sentence) <= wanted, f"other places than {sorted(wanted)}: {sentence}"


def test_a_new_sentence_is_added_empty_and_an_old_one_goes(tmp_path: Path) -> None:
    path = tmp_path / "fr/LC_MESSAGES/kunveno.po"
    path.parent.mkdir(parents=True)
    path.write_bytes(next(path for path in CATALOGUES if language(path) == "fr").read_bytes())
    sentences = extract()
    old = next(message.id for message in sentences if is_sentence(message) and not message.pluralizable)
    sentences.delete(old)
    sentences.add("Something new.")
    update(path, sentences)
    with path.open("rb") as file:
        catalogue = read_po(file)
    assert old not in catalogue
    assert catalogue["Something new."].string == ""


def test_updating_a_catalogue_twice_is_updating_it_once(tmp_path: Path) -> None:
    for source in CATALOGUES:
        path = tmp_path / language(source) / "LC_MESSAGES/kunveno.po"
        path.parent.mkdir(parents=True)
        path.write_bytes(source.read_bytes())
        update(path, extract())
        once = path.read_bytes()
        update(path, extract())
        assert path.read_bytes() == once


def test_french_speaks_french() -> None:
    french = load_translators(LOCALE)["fr"]
    assert french.say(text("There is no branch '{slug}'.", slug="brest")) == (
        "Il n’y a pas de structure «\u202fbrest\u202f»."
    )
    several = (
        "'{slug}' still has a member: transfer this person first, or merge the branch into another.",
        "'{slug}' still has {count} members: transfer them first, or merge the branch into another.",
    )
    assert "0 membre\u00a0:" in french.say(counted(*several, 0, slug="brest"))
    assert "1 membre\u00a0:" in french.say(counted(*several, 1, slug="brest"))
    assert "2 membres\u00a0:" in french.say(counted(*several, 2, slug="brest"))


@pytest.mark.parametrize("path", [path for path in CATALOGUES if language(path) == "fr"], ids=language)
def test_french_marks_stand_as_french_type_sets_them(path: Path) -> None:
    with path.open("rb") as file:
        catalogue = read_po(file)
    for sentence in (sentence for message in filter(is_sentence, catalogue) for sentence in forms(message.string)):
        for wrong in ("'", '"', "« ", " »", " ;", " ?", " !", " :"):
            assert wrong not in sentence, f"{wrong!r} in {sentence}"
