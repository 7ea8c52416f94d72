"""What phones and people type, and what is read of it."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bots.kit.grammar import Line, Names, Written, arrange, read
from bots.kit.matching import fold, nearest
from bots.kit.tokens import Mark, Word, as_typed, clean, items, quoted

BOT = Names("@kunveno:example.org", ("Kunveno",))
OPTIONS = {"closes": "closes", "cloture": "closes", "confidential": "confidential", "confidentiel": "confidential"}


def written(text: str, *, html: str | None = None, direct: bool = False, prefix: str = "!") -> Written:
    found = read(text, html=html, to=BOT, direct=direct, prefix=prefix)
    assert found is not None, f"not taken for a command: {text!r}"
    return found


def line(text: str, *, skip: int = 1, choices: bool = True) -> Line:
    return arrange(written(text), skip, OPTIONS.get, choices=choices)


def pieces(text: str) -> list[str]:
    """The words after the command, options with two hyphens."""
    return [f"--{item.name}" if isinstance(item, Mark) else item.text for item in line(text).items]


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("!vote Budget", "vote"),
        ("!Vote Budget", "vote"),
        ("!VOTE", "vote"),
        ("! vote Budget", "vote"),
        ("!\u00a0vote Budget", "vote"),
        ("  !vote Budget  ", "vote"),
        ("\n\n!vote Budget", "vote"),
        ("\u200b!vote\u200b Budget", "vote"),
        ("\ufeff!vote", "vote"),
        ("\uff01vote", "vote"),
        ("!vote: Budget", "vote"),
        ("!Été", "ete"),
        ("@kunveno: vote Budget", "vote"),
        ("@kunveno vote Budget", "vote"),
        ("@Kunveno:example.org: vote", "vote"),
        ("Kunveno: vote Budget", "vote"),
        ("kunveno, vote Budget", "vote"),
        ("Kunveno : vote Budget", "vote"),
        ("Kunveno: !vote Budget", "vote"),
        ("Kunveno :\u00a0Vote", "vote"),
        ("> an older line\n\n!vote Budget", "vote"),
        ("> <@marie:example.org> !join x\n> y\n!vote Budget", "vote"),
    ],
)
def test_what_speaks_to_the_bot(typed: str, first: str) -> None:
    assert written(typed).words[0] == first


@pytest.mark.parametrize(
    "typed",
    [
        "",
        " \n ",
        "vote Budget",
        "!",
        "! ",
        "!!!",
        "!?",
        "!1",
        "! ! vote",
        "Kunveno est là",
        "Kunvenovote: x",
        "Bonjour @kunveno: vote",
        "Oui !vote Budget",
        "> !vote Budget",
        "> !vote Budget\n> - Oui",
        "> !vote Budget\n\nJe suis d’accord",
        "Je suis d’accord\n!vote Budget",
    ],
)
def test_what_does_not(typed: str) -> None:
    assert read(typed, html=None, to=BOT) is None


def test_a_direct_conversation_needs_no_prefix() -> None:
    assert written("vote Budget", direct=True).words == ("vote", "budget")
    assert written("!vote", direct=True).words == ("vote",)
    assert written("Kunveno: vote", direct=True).words == ("vote",)
    assert written("2", direct=True).by == "direct"
    assert read("  ", html=None, to=BOT, direct=True) is None
    assert read("> !vote", html=None, to=BOT, direct=True) is None


@pytest.mark.parametrize(("prefix", "typed"), [("/k ", "/K vote"), ("?", "?vote"), ("bot!", "Bot! vote")])
def test_the_prefix_is_configurable(prefix: str, typed: str) -> None:
    assert written(typed, prefix=prefix).words == ("vote",)
    assert read("!vote", html=None, to=BOT, prefix=prefix) is None


def test_without_a_prefix_only_the_name_counts() -> None:
    assert read("vote", html=None, to=BOT, prefix="") is None
    assert written("Kunveno: vote", prefix="").words == ("vote",)


def test_a_space_after_the_prefix_may_be_punctuation() -> None:
    assert written("! attention").spaced
    assert not written("!attention").spaced


@pytest.mark.parametrize(
    ("typed", "read_as"),
    [
        ('!vote "Budget 2027" now', ["Budget 2027", "now"]),
        ("!vote “Budget 2027” now", ["Budget 2027", "now"]),
        ("!vote „Budget 2027“ now", ["Budget 2027", "now"]),
        ('!vote "Budget 2027” now', ["Budget 2027", "now"]),
        ("!vote «Budget 2027» now", ["Budget 2027", "now"]),
        ("!vote «\u00a0Budget 2027\u00a0» now", ["Budget 2027", "now"]),
        ("!vote « Budget 2027 », now", ["Budget 2027", "now"]),
        ("!vote 'Budget 2027' now", ["Budget 2027", "now"]),
        ("!vote ‘Budget 2027’ now", ["Budget 2027", "now"]),
        ("!vote l'élection d'hier", ["l'élection", "d'hier"]),
        ("!vote l’élection d’aujourd’hui", ["l’élection", "d’aujourd’hui"]),
        ("!vote 'l'élection d'hier' oui", ["l'élection d'hier", "oui"]),
        ("!vote ‘l’élection d’hier’ oui", ["l’élection d’hier", "oui"]),
        ('!vote "l\'élection"', ["l'élection"]),
        ('!vote "" x', ["", "x"]),
        ('!vote "Budget 2027', ["Budget", "2027"]),
        ("!vote ’tis the season", ["’tis", "the", "season"]),
        ('!vote 15" de neige', ['15"', "de", "neige"]),
        ("!vote Budget --closes friday", ["Budget", "--closes", "friday"]),
        ("!vote Budget —closes friday", ["Budget", "--closes", "friday"]),
        ("!vote Budget –closes friday", ["Budget", "--closes", "friday"]),
        ("!vote Budget --closes=friday 18h", ["Budget", "--closes", "friday", "18h"]),
        ('!vote Budget --closes="friday 18h"', ["Budget", "--closes", "friday 18h"]),
        ("!vote Budget --clôture: vendredi", ["Budget", "--clôture", "vendredi"]),
        ("!vote\u00a0Budget\u202f2027\u2003x", ["Budget", "2027", "x"]),
        ("!vote Bud\u00adget\u200b 20\u206027", ["Budget", "2027"]),
        ("!vote Budget — vendredi", ["Budget", "—", "vendredi"]),
        ("!vote Saint-Étienne --x-y", ["Saint-Étienne", "--x-y"]),
        ("!vote -5 --", ["-5", "--"]),
        ("!vote : Budget", ["Budget"]),
        ("!vote —Bonjour, dit-elle", ["—Bonjour,", "dit-elle"]),
        ("!vote a\r\nb\u2028c", ["a", "b", "c"]),
        ("!vote a\x00b\ud800c", ["abc"]),
    ],
)
def test_words_quotations_and_options(typed: str, read_as: list[str]) -> None:
    assert pieces(typed) == read_as


def test_only_two_hyphens_are_surely_an_option() -> None:
    marks = [item for item in line("!vote --x —x –x").items if isinstance(item, Mark)]
    assert [mark.sure for mark in marks] == [True, False, False]


def test_the_line_form() -> None:
    found = line("!Voter Participons-nous à la grève du 5 ?\n- Oui\n- Non\nclôture : vendredi 18h")
    assert as_typed(found.items) == "Participons-nous à la grève du 5 ?"
    assert found.choices == ("Oui", "Non")
    (labelled,) = found.labelled
    assert (labelled.option, labelled.label, as_typed(labelled.value)) == ("closes", "clôture", "vendredi 18h")


@pytest.mark.parametrize(
    "typed",
    [
        "- Oui\n- Non",
        "-Oui\n-Non",
        "* Oui\n* Non",
        "• Oui\n• Non",
        "•\u00a0Oui\n•\u00a0Non",
        "– Oui\n— Non",
        "1. Oui\n2. Non",
        "1) Oui\n2) Non",
        "1\ufe0f\u20e3 Oui\n2\ufe0f\u20e3 Non",
        "  - Oui  \n\n  - Non",
        "- « Oui »\n- “Non”",
    ],
)
def test_choices_behind_every_sort_of_bullet(typed: str) -> None:
    assert line(f"!vote Budget\n{typed}").choices == ("Oui", "Non")


@pytest.mark.parametrize("label", ["closes: friday", "Closes : friday", "CLOTURE\u00a0: friday", "clôture=friday"])
def test_labels_in_any_spelling(label: str) -> None:
    found = line(f"!vote Budget\n{label}")
    assert [(one.option, as_typed(one.value)) for one in found.labelled] == [("closes", "friday")]
    assert as_typed(found.items) == "Budget"


def test_what_is_no_option_or_choice_belongs_to_the_text() -> None:
    typed = "!announce Manifestation\n\nRendez-vous : 14h\n  - banderoles\nhttps://example.org\n> on y va"
    found = line(typed, choices=False)
    assert as_typed(found.items) == typed.removeprefix("!announce ")
    assert not found.labelled
    assert not found.choices


def test_the_text_may_begin_on_the_next_line() -> None:
    assert as_typed(line("!announce\nManifestation samedi").items) == "Manifestation samedi"


def test_an_option_may_have_a_line_of_its_own() -> None:
    found = line("!vote Budget\n- Oui\n—closes vendredi")
    assert [item.raw for item in found.items] == ["Budget", "—closes", "vendredi"]
    assert found.choices == ("Oui",)


PILL = '<a href="https://matrix.to/#/{account}">{name}</a>'


def pill(account: str, name: str) -> str:
    return PILL.format(account=account, name=name)


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("!add Marie Dupont secretary", f"!add {pill('@marie:example.org', 'Marie Dupont')} secretary"),
        ("!add @Marie Dupont secretary", f"!add {pill('@marie:example.org', '@Marie Dupont')} secretary"),
        ("!add Marie Dupont, secretary", f"!add {pill('@marie:example.org', 'Marie Dupont')}, secretary"),
        ("!add Marie Dupont secretary", f"!add {pill('%40marie%3Aexample.org', 'Marie&nbsp;Dupont')} secretary"),
        ("!add [Marie Dupont](https://matrix.to/#/@marie:example.org) secretary", None),
    ],
)
def test_mentions_carry_the_account(text: str, html: str | None) -> None:
    _, who, office = written(text, html=html).rows[0].items
    assert isinstance(who, Word)
    assert (who.text, who.account, office.raw) == ("Marie Dupont", "@marie:example.org", "secretary")


def test_a_mention_whose_text_is_the_account() -> None:
    html = f"!add {pill('@marie:example.org', 'Marie')} x"
    _, who, _ = written("!add @marie:example.org x", html=html).rows[0].items
    assert isinstance(who, Word)
    assert who.account == "@marie:example.org"


def test_a_name_that_also_stands_there_as_text() -> None:
    html = f"!say Marie and {pill('@marie:example.org', 'Marie')} and {pill('@marie2:example.org', 'Marie')}"
    found = written("!say Marie and Marie and Marie", html=html).rows[0].items
    accounts = [item.account for item in found if isinstance(item, Word) and item.text == "Marie"]
    assert accounts == [None, "@marie:example.org", "@marie2:example.org"]


def test_the_mention_of_the_bot_is_a_prefix() -> None:
    html = f"{pill('@kunveno:example.org', 'Assemblée')}: voter Budget"
    assert written("Assemblée: voter Budget", html=html).words == ("voter", "budget")
    other = f"{pill('@marie:example.org', 'Assemblée')}: voter Budget"
    assert read("Assemblée: voter Budget", html=other, to=BOT) is None


def test_folding() -> None:
    assert fold("Œuvre  d’ÉTÉ\u00a0_ x") == "oeuvre d'ete - x"
    assert fold("I\u0307stanbul") == fold("istanbul")
    assert nearest("clos", ["closes", "quorum"]) == "closes"
    assert nearest("banana", ["closes", "quorum"]) is None


PIECES = """
! vote @kunveno : , Kunveno --closes —closes -- = " “ ” « » ' ’ l'été - * • 1. > closes: <a é
[x](https://matrix.to/#/@a:b)
"""
typed_by_phones = st.one_of(
    st.text(max_size=120),
    st.lists(st.sampled_from([*PIECES.split(), " ", "\n", "\u00a0", "\u200b", "\ud800", "\x00"]), max_size=14).map(
        "".join
    ),
)


@given(typed_by_phones, st.none() | typed_by_phones, st.booleans(), st.booleans())
@example("!vote x", '<a href="https://matrix.to/#/@a:b">x</a><![x', True, True)
@example("!vote", "<a href=//x>" * 3, True, True)
def test_whatever_is_typed_is_read_or_left(text: str, html: str | None, direct: bool, choices: bool) -> None:
    found = read(text, html=html, to=BOT, direct=direct)
    if found is not None:
        arranged = arrange(found, len(found.words[:1]), OPTIONS.get, choices=choices)
        for item in arranged.items:
            item.raw.encode()
            assert item.raw.strip() == item.raw != ""
        assert all(choice == choice.strip() for choice in arranged.choices)


@given(typed_by_phones)
def test_no_text_is_lost(text: str) -> None:
    shown = clean(text).replace("\n", " ").strip()
    assert as_typed(items(shown, 0, len(shown))) == shown


sentences = st.text(
    st.characters(exclude_categories=("C", "Z"), exclude_characters="\u034f") | st.just(" "), max_size=40
)


@given(sentences.map(lambda words: " ".join(clean(words).split())))
@example("l’été")
@example("--closes")
@example("Budget « 2027 »")
@example("'")
@example("«x")
def test_what_is_quoted_is_one_word(words: str) -> None:
    whole = quoted(words)
    (found,) = items(whole, 0, len(whole)) or (None,)
    assert isinstance(found, Word)
    if not any(mark in words for mark in '"“”‟″»'):
        assert found.text == words


@pytest.mark.parametrize(
    "typed", ["!vote" + ' "a' * 9000, "!v " + "'a " * 9000, "!v" + "<a " * 9000, "!v " + "—" * 9000]
)
def test_hostile_text_is_read_soon(typed: str) -> None:
    """Each would take minutes if every mark were compared with every other."""
    with suppress(IndexError):
        line(typed)
    read(typed, html=typed * 3, to=BOT)
