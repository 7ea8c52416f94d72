"""Which command is meant, and what its handler is given."""

from __future__ import annotations

import asyncio
import inspect
from datetime import UTC, datetime
from enum import StrEnum
from fractions import Fraction
from typing import Annotated, Final, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bots.kit.bind import bind, take_option
from bots.kit.command import Argument, Command, Dated, Kind, Moment, OfficeKey, Option, TierKey
from bots.kit.dates import Duration, Understood
from bots.kit.grammar import read
from bots.kit.index import Found, Index, Unknown, common_option
from bots.kit.problems import Ambiguous, Problem
from ground.money import Money
from ground.texts import text
from party.branches import Branch
from party.members import MemberRow
from tests.support.typed import BOT, BRANCHES, PARIS, answered, bound, found, reader

FRIDAY: Final = Understood(datetime(2026, 11, 27, 17, 0, tzinfo=UTC), all_day=False)


class Secrecy(StrEnum):
    PUBLIC = "public"
    CONFIDENTIAL = "confidential"


async def vote(
    request: object,
    question: Annotated[str, Argument(what=text("the question"), rest=True)],
    choices: Annotated[list[str] | None, Argument(what=text("the choices"))] = None,
    *,
    closes: Annotated[
        Moment | None, Option(names={"en": ("closes",), "fr": ("clôture", "ferme")}, what=text("when it ends"))
    ] = None,
    majority: Annotated[
        Fraction, Option(names={"en": ("majority",), "fr": ("majorité",)}, what=text("the majority"))
    ] = Fraction(1, 2),
    quorum: Annotated[Fraction | None, Option(names={"en": ("quorum",)}, what=text("the quorum"))] = None,
    confidential: Annotated[
        bool, Option(names={"en": ("confidential",), "fr": ("confidentiel",)}, what=text("names stay hidden"))
    ] = False,
) -> None: ...


async def nothing(request: object) -> None: ...


async def where(
    request: object, branch: Annotated[Branch | None, Argument(what=text("the branch"))] = None
) -> None: ...


async def create(
    request: object,
    name: Annotated[str, Argument(what=text("the name"), rest=True)],
    *,
    tier: Annotated[TierKey | None, Option(names={"en": ("tier",), "fr": ("échelon",)}, what=text("the tier"))] = None,
) -> None: ...


async def rename(
    request: object,
    branch: Annotated[Branch, Argument(what=text("the branch"))],
    name: Annotated[str, Argument(what=text("the new name"), rest=True)],
) -> None: ...


async def give(
    request: object,
    branch: Annotated[Branch, Argument(what=text("the branch"))],
    office: Annotated[OfficeKey, Argument(what=text("the office"))],
    *,
    until: Annotated[
        Moment | None,
        Option(names={"en": ("until",), "fr": ("jusqu’au", "jusqu’à")}, what=text("its last day"), bare=True),
    ] = None,
    since: Annotated[
        Moment | None, Option(names={"en": ("from",), "fr": ("à partir du",)}, what=text("its first day"), bare=True)
    ] = None,
) -> None: ...


async def add(
    request: object,
    title: Annotated[str, Argument(what=text("the title"), rest=True)],
    when: Annotated[Moment, Argument(what=text("when it is"))],
) -> None: ...


async def pay(
    request: object,
    amount: Annotated[Money, Argument(what=text("the amount"))],
    secrecy: Annotated[
        Secrecy,
        Argument(what=text("the secrecy"), words={"confidential": {"fr": ("confidentiel",)}}),
    ] = Secrecy.PUBLIC,
    *,
    every: Annotated[Duration | None, Option(names={"en": ("every",)}, what=text("how often"))] = None,
    times: Annotated[int | None, Option(names={"en": ("times",)}, what=text("how often"))] = None,
    note: Annotated[str | None, Option(names={"en": ("note",)}, what=text("a note"))] = None,
    since: Annotated[Moment | None, Dated("past"), Option(names={"en": ("since",)}, what=text("since when"))] = None,
    kind: Annotated[Literal["dues", "gift"], Option(names={"en": ("kind",)}, what=text("the kind"))] = "dues",
) -> None: ...


SUMMARY = text("do something")
COMMANDS = [
    Command(name="vote", aliases={"fr": ("voter",)}, run=vote, summary=SUMMARY),
    Command(name="branch", aliases={"fr": ("branche",)}, run=where, summary=SUMMARY),
    Command(name="branch create", aliases={"fr": ("branche créer",)}, run=create, summary=SUMMARY),
    Command(name="branch rename", aliases={"fr": ("branche renommer",)}, run=rename, summary=SUMMARY),
    Command(name="mandate give", aliases={"fr": ("mandat donner",)}, run=give, summary=SUMMARY),
    Command(name="mandate end", aliases={"fr": ("mandat finir",)}, run=nothing, summary=SUMMARY),
    Command(name="agenda add", aliases={"fr": ("agenda ajouter",)}, run=add, summary=SUMMARY),
    Command(name="dues pay", aliases={"fr": ("cotisation payer",)}, run=pay, summary=SUMMARY),
    Command(name="help", aliases={"fr": ("aide",)}, run=nothing, summary=SUMMARY),
]


@pytest.mark.parametrize(
    ("typed", "name", "called"),
    [
        ("!vote Budget", "vote", "vote"),
        ("!Voter Budget", "vote", "voter"),
        ("!branch create Lyon", "branch create", "branch create"),
        ("!branche créer Lyon", "branch create", "branche créer"),
        ("!BRANCHE CREER Lyon", "branch create", "branche créer"),
        ("!branche create Lyon", "branch create", "branch create"),
        ("!branch lyon", "branch", "branch"),
        ("!branch", "branch", "branch"),
        ('!branch "create"', "branch", "branch"),
    ],
)
def test_a_command_by_any_of_its_names_the_longest_first(typed: str, name: str, called: str) -> None:
    meant = found(COMMANDS, typed)
    assert isinstance(meant, Found)
    assert (meant.command.name, meant.called) == (name, called)


@pytest.mark.parametrize(
    ("typed", "nearest", "among"),
    [
        ("!vot Budget 2027", "vote Budget 2027", ()),
        ("!vtoer Budget", "voter Budget", ()),
        ("!brnach create Lyon 3", "branch create Lyon 3", ()),
        ("!mandate giv @jeanne", "mandate give @jeanne", ()),
        ("!mandate", None, ("mandate end", "mandate give")),
        ("!mandat xyz", None, ("mandate end", "mandate give")),
        ("!banana", None, ()),
        # Each word counts for itself, so that what follows a slip is not taken for the end of another name.
        ("!dues pya 12", "dues pay 12", ()),
        ("!brnch lyon", "branch lyon", ()),
        ("!hlep agenda", "help agenda", ()),
        ("!agenda dad", "agenda add", ()),
    ],
)
def test_an_unknown_command_has_near_ones(typed: str, nearest: str | None, among: tuple[str, ...]) -> None:
    meant = found(COMMANDS, typed, language="en")
    assert isinstance(meant, Unknown)
    assert (meant.nearest, meant.among) == (nearest, among)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("!anonce test", "annonce test"),
        ("!anonce lsite", "annonce liste"),
        ("!announce lit", "announce list"),
        ("!annonce lits", "annonce liste"),
        ("!annonce lion", None),
        ("!annonce liste", None),
        ("!annonce test", None),
    ],
)
def test_a_slip_before_a_text_is_no_longer_name(typed: str, meant: str | None) -> None:
    tell = Command(name="announce", aliases={"fr": ("annonce",)}, run=create, summary=SUMMARY)
    listed = Command(name="announce list", aliases={"fr": ("annonce liste",)}, run=nothing, summary=SUMMARY)
    understood = found([tell, listed], typed, language="fr")
    line = understood.nearest if isinstance(understood, Unknown) else understood.meant
    assert line == meant


def test_a_name_beside_the_longer_ones_that_begin_so_is_shown_too() -> None:
    several = Command(name="accounts", run=nothing, summary=SUMMARY)
    drop = Command(name="account drop", run=nothing, summary=SUMMARY)
    meant = found([several, drop], "!account")
    assert isinstance(meant, Unknown)
    assert (meant.nearest, meant.among) == (None, ("account drop", "accounts"))


def test_what_may_be_no_command_at_all_is_known_as_such() -> None:
    typed = [found(COMMANDS, typed) for typed in ("!xyz", "! xyz", "Kunveno: xyz")]
    assert [meant.sure for meant in typed if isinstance(meant, Unknown)] == [True, False, False]


def test_a_name_of_two_commands_goes_to_the_one_of_the_language() -> None:
    english = Command(name="chat", run=nothing, summary=SUMMARY)
    french = Command(name="cat", aliases={"fr": ("chat",)}, run=nothing, summary=SUMMARY)
    for language, command in (("en", english), ("fr", french), ("de", english)):
        meant = found([english, french], "!chat", language=language)
        assert isinstance(meant, Found)
        assert meant.command is command


def test_only_what_is_offered_is_proposed() -> None:
    written = read("!vot Budget", html=None, to=BOT)
    assert written is not None
    meant = Index(COMMANDS).find(written, language="en", offered=lambda command: command.name != "vote")
    assert meant == Unknown("vot", sure=True)


def test_commands_by_name_for_their_help() -> None:
    index = Index(COMMANDS)
    assert index.named("Branche creer", language="fr") is COMMANDS[2]
    assert index.named("vot", language="en") is COMMANDS[0]
    assert index.named("banana", language="en") is None
    assert [command.name for command in index.under("mandat", language="fr")] == ["mandate give", "mandate end"]


def test_the_parameters_of_a_handler() -> None:
    vote_ = COMMANDS[0]
    assert [(one.name, one.kind, one.required) for one in vote_.parameters] == [
        ("question", Kind.TEXT, True),
        ("choices", Kind.LIST, False),
        ("closes", Kind.MOMENT, False),
        ("majority", Kind.FRACTION, False),
        ("quorum", Kind.FRACTION, False),
        ("confidential", Kind.FLAG, False),
    ]
    assert [one.kind for one in COMMANDS[7].parameters] == [
        Kind.MONEY, Kind.CHOICE, Kind.DURATION, Kind.NUMBER, Kind.TEXT, Kind.MOMENT, Kind.CHOICE,
    ]  # fmt: skip
    assert COMMANDS[7].parameters[5].dated.direction == "past"
    assert COMMANDS[7].parameters[1].choices == (Secrecy.PUBLIC, Secrecy.CONFIDENTIAL)


async def no_mark(request: object, name: str) -> None: ...
async def no_option(request: object, *, name: Annotated[str, Argument(what=SUMMARY)]) -> None: ...
async def no_reader(request: object, name: Annotated[bytes, Argument(what=SUMMARY)]) -> None: ...
async def flag_first(request: object, name: Annotated[bool, Argument(what=SUMMARY)]) -> None: ...
async def two_types(request: object, name: Annotated[int | str, Argument(what=SUMMARY)]) -> None: ...
async def no_english(request: object, *, x: Annotated[str, Option(names={"fr": ("x",)}, what=SUMMARY)]) -> None: ...


@pytest.mark.parametrize("handler", [no_mark, no_option, no_reader, flag_first, two_types, no_english])
def test_a_signature_that_cannot_be_read_is_found_at_once(handler: object) -> None:
    with pytest.raises(TypeError):
        Command(name="x", run=handler, summary=SUMMARY)  # type: ignore[arg-type]


CLOSED = {"closes": FRIDAY}


@pytest.mark.parametrize(
    ("typed", "values"),
    [
        ("!vote Budget 2027", {"question": "Budget 2027"}),
        ("!vote “Adopt the 2027 budget”", {"question": "Adopt the 2027 budget"}),
        ('!vote Il a dit "non" hier.', {"question": 'Il a dit "non" hier.'}),
        ('!vote "Budget 2027', {"question": "Budget 2027"}),
        ("!vote Budget\n\n  deuxième ligne", {"question": "Budget\n\n  deuxième ligne"}),
        ("!vote Budget — 2027 —et après", {"question": "Budget — 2027 —et après"}),
        ("!vote Budget --closes friday 18h", {"question": "Budget", **CLOSED}),
        ("!vote Budget —clôture vendredi à 18 h", {"question": "Budget", **CLOSED}),
        ("!vote Budget --closes=friday 18h", {"question": "Budget", **CLOSED}),
        ("!vote --closes friday 18h Budget 2027", {"question": "Budget 2027", **CLOSED}),
        ('!vote --closes "friday 18h" 2027 Budget', {"question": "2027 Budget", **CLOSED}),
        ("!vote Budget\n--closes friday 18h\n2027", {"question": "Budget\n2027", **CLOSED}),
        ("!vote --confidential Budget", {"question": "Budget", "confidential": True}),
        ("!vote Budget --confidential 2027", {"question": "Budget 2027", "confidential": True}),
        ("!vote Budget --confidential=no", {"question": "Budget", "confidential": False}),
        ("!vote Budget\nconfidentiel : oui", {"question": "Budget", "confidential": True}),
        (
            "!vote Budget --majority 2/3 --quorum 50 % --closes friday 18:00",
            {"question": "Budget", "majority": Fraction(2, 3), "quorum": Fraction(1, 2), **CLOSED},
        ),
        (
            "!Voter Grève du 5 ?\n- Oui\n- Non\nclôture : vendredi 18h",
            {"question": "Grève du 5 ?", "choices": ["Oui", "Non"], **CLOSED},
        ),
        ('!vote "Budget ?" "Oui" "Non"', {"question": "Budget ?", "choices": ["Oui", "Non"]}),
        ("!branch", {}),
        ("!branch here", {"branch": BRANCHES[4]}),
        ("!branch create Lyon 3 --tier section", {"name": "Lyon 3", "tier": "section"}),
        ("!branch create --tier section Lyon 3", {"name": "Lyon 3", "tier": "section"}),
        ("!branch rename lyon-3 Lyon Centre", {"branch": BRANCHES[3], "name": "Lyon Centre"}),
        ("!branch rename Lyon 3e Lyon Centre", {"branch": BRANCHES[3], "name": "Lyon Centre"}),
        ('!branch rename "Saint Etienne" Loire', {"branch": BRANCHES[5], "name": "Loire"}),
        ("!mandate give saint-étienne secretary", {"branch": BRANCHES[5], "office": "secretary"}),
        ("!mandate give Saint Étienne trésorière", {"branch": BRANCHES[5], "office": "treasurer"}),
        ("!agenda add Réunion publique friday 18h", {"title": "Réunion publique", "when": FRIDAY}),
        ("!agenda add vendredi 18h Réunion publique", {"title": "Réunion publique", "when": FRIDAY}),
        ('!agenda add "Salle 12" vendredi 18h', {"title": "Salle 12", "when": FRIDAY}),
        ("!dues pay 12,50 €", {"amount": Money(1250)}),
        ("!dues pay 12,50 € confidentiel", {"amount": Money(1250), "secrecy": Secrecy.CONFIDENTIAL}),
        ("!dues pay 12 --every 2 weeks --times 3", {"amount": Money(1200), "every": Duration(days=14), "times": 3}),
        ("!dues pay 12 --note a long note --kind gift", {"amount": Money(1200), "note": "a long note", "kind": "gift"}),
        ("!dues pay --note short 12", {"amount": Money(1200), "note": "short"}),
    ],
)
async def test_what_the_handler_is_given(typed: str, values: dict[str, object]) -> None:
    assert await bound(COMMANDS, typed) == values


async def test_an_option_by_its_name_without_dashes() -> None:
    values = await bound(COMMANDS, "!mandat donner Saint-Étienne trésorier jusqu’au 30/06/2027", language="fr")
    assert values["office"] == "treasurer"
    until = values["until"]
    assert isinstance(until, Understood)
    assert until.all_day


@pytest.mark.parametrize(
    "typed",
    [
        "!mandat donner Saint-Étienne trésorier à partir du 1er janvier",
        "!mandat donner Saint-Étienne trésorier --à partir du 1er janvier",
        "!mandat donner Saint-Étienne trésorier —à partir du 1er janvier",
        "!mandat donner Saint-Étienne trésorier à partir du 1er janvier jusqu’au 30 juin",
        "!mandat donner Saint-Étienne trésorier jusqu’au 30 juin à partir du 1er janvier",
        "!mandat donner Saint-Étienne trésorier\nà partir du : 1er janvier",
    ],
)
async def test_an_option_of_several_words(typed: str) -> None:
    values = await bound(COMMANDS, typed, language="fr")
    since = values["since"]
    assert values["office"] == "treasurer"
    assert isinstance(since, Understood)
    assert since.instant.astimezone(PARIS).date().isoformat() == "2027-01-01"


async def test_words_of_such_an_option_alone_are_words() -> None:
    said = await answered(COMMANDS, "!mandat donner Saint-Étienne trésorier à partir du", language="fr")
    assert said == (
        "What is missing after `à partir du`: its first day. For example:\n"
        "!mandat donner Saint-Étienne trésorier à partir du demain 18h"
    )
    values = await bound(COMMANDS, "!branche créer À partir de rien", language="fr")
    assert values == {"name": "À partir de rien"}


async def test_a_choice_has_the_type_of_the_handler() -> None:
    values = await bound(COMMANDS, "!dues pay 12 public --since 1/1/2026", language="fr")
    assert type(values["secrecy"]) is Secrecy
    assert isinstance(values["since"], Understood)


async def test_a_date_that_may_be_two_is_asked_back_and_then_known() -> None:
    meant = found(COMMANDS, "!vote Budget --closes 3/4/2027 18:00")
    assert isinstance(meant, Found)
    with pytest.raises(Ambiguous) as asked:
        await bind(meant, reader("en"))
    doubt = asked.value
    assert doubt.parameter == "closes"
    assert [str(label) for _, label in doubt.candidates] == [
        "Saturday 3 April 2027, 18:00",
        "Thursday 4 March 2027, 18:00",
    ]
    call = await bind(meant, reader("en"), chosen={"closes": doubt.candidates[1][0]})
    assert call.arguments["closes"] == Understood(datetime(2027, 3, 4, 17, 0, tzinfo=UTC), all_day=False)


async def test_a_branch_that_may_be_two_is_asked_back_and_then_known() -> None:
    meant = found(COMMANDS, "!branch rename Lyon Centre")
    assert isinstance(meant, Found)
    with pytest.raises(Ambiguous) as asked:
        await bind(meant, reader())
    assert [(value, str(label)) for value, label in asked.value.candidates] == [
        ("lyon-1", "Lyon 1er (in Rhône)"),
        ("lyon-3", "Lyon 3e (in Rhône)"),
    ]
    call = await bind(meant, reader(), chosen={"branch": "lyon-3"})
    assert call.arguments == {"branch": BRANCHES[3], "name": "Centre"}


IN = common_option("in_", Kind.BRANCH, Option(names={"en": ("in",), "fr": ("dans",)}, what=text("the branch")))


@pytest.mark.parametrize(
    "typed",
    ["!vote Budget --in rhone", "!vote Budget\ndans : Rhône", "!vote --in rhone Budget", "!vote --dans=rh Budget"],
)
async def test_an_option_of_every_command_can_be_taken_first(typed: str) -> None:
    meant = found(COMMANDS, typed, common=(IN,))
    assert isinstance(meant, Found)
    branch, rest = await take_option(meant, IN, reader())
    assert branch is BRANCHES[1]
    assert (await bind(rest, reader())).arguments == {"question": "Budget"}
    whole = await bind(meant, reader())
    assert (whole.arguments, whole.common) == ({"question": "Budget"}, {"in_": BRANCHES[1]})


async def test_what_is_wrong_beside_the_option_taken_first_is_said_later() -> None:
    meant = found(COMMANDS, "!vote --close friday Budget", common=(IN,))
    assert isinstance(meant, Found)
    branch, rest = await take_option(meant, IN, reader())
    assert branch is None
    with pytest.raises(Problem):
        await bind(rest, reader())


def test_people_are_a_type_as_well() -> None:
    async def who(request: object, member: Annotated[MemberRow, Argument(what=SUMMARY)]) -> None: ...

    assert Command(name="who", run=who, summary=SUMMARY).parameters[0].kind is Kind.MEMBER


PIECES = """
branch create rename --to give until jusqu’au pay 12,50 € --every 2 weeks --times --note --kind gift --closes=friday
--closes —closes vendredi 18h 31 février Lyon Loire 3e 3/4 " « » ' ’ l’été - Oui closes: clôture : --in rhone secretary
public confidentiel --confidential --confidential=x section xyz @jeanne
"""
typed = st.lists(st.sampled_from([*PIECES.split(), "\n"]), max_size=9).map(" ".join)


@given(st.sampled_from(COMMANDS), typed, st.sampled_from(["en", "fr"]))
def test_whatever_is_typed_is_bound_or_answered(command: Command, line: str, language: str) -> None:
    async def type_it() -> None:
        meant = found(COMMANDS, f"!{command.name} {line}", language=language, common=(IN,))
        assert isinstance(meant, Found)
        try:
            call = await bind(meant, reader(language))
        except (Problem, Ambiguous) as answer:
            assert str(answer)
        else:
            inspect.signature(call.command.run).bind(None, **call.arguments)

    asyncio.run(type_it())
