"""Values as people write them, and people as others name them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from fractions import Fraction
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from bots.kit import people
from bots.kit.dates import Duration
from bots.kit.parameters import Argument, Kind, Parameter
from bots.kit.problems import Ambiguous, BadValue
from bots.kit.tokens import Word, items
from bots.kit.values import Reader
from ground.database import Database
from ground.money import Money
from ground.texts import text
from party import branches
from party.branches import Branch
from party.members import MemberRow, Status, by_number
from party.operation import Actor
from tests.support.register import ADMINISTRATOR, NOW, POLICY, fresh, grow
from tests.support.typed import PARIS, reader


def parameter(kind: Kind, choices: tuple[Any, ...] = (), words: Mapping[str, Any] | None = None) -> Parameter:
    argument = Argument(what=text("the value"), words=words or {})
    return Parameter(name="value", kind=kind, required=True, argument=argument, choices=choices)


async def value(kind: Kind, written: str, language: str = "en", **more: Any) -> object:
    words = [item for item in items(written, 0, len(written)) if isinstance(item, Word)]
    return await reader(language).read(parameter(kind, **more), words)


async def refused(kind: Kind, written: str, language: str = "en", **more: Any) -> BadValue:
    with pytest.raises(BadValue) as refusal:
        await value(kind, written, language, **more)
    return refusal.value


@pytest.mark.parametrize(
    ("kind", "written", "read"),
    [
        (Kind.NUMBER, "12", 12),
        (Kind.NUMBER, "-3", -3),
        (Kind.NUMBER, "\u22123", -3),
        (Kind.NUMBER, "1\u202f200", 1200),
        (Kind.NUMBER, "#12", 12),
        (Kind.NUMBER, "n° 12", 12),
        (Kind.MONEY, "12,50 €", Money(1250)),
        (Kind.MONEY, "12.50", Money(1250)),
        (Kind.MONEY, "1 200 €", Money(120000)),
        (Kind.MONEY, "1\u202f200,50\u00a0€", Money(120050)),
        (Kind.MONEY, "12 euros", Money(1200)),
        (Kind.MONEY, "12€", Money(1200)),
        (Kind.FRACTION, "2/3", Fraction(2, 3)),
        (Kind.FRACTION, "2 / 3", Fraction(2, 3)),
        (Kind.FRACTION, "⅔", Fraction(2, 3)),
        (Kind.FRACTION, "50%", Fraction(1, 2)),
        (Kind.FRACTION, "50 %", Fraction(1, 2)),
        (Kind.FRACTION, "50\u00a0%", Fraction(1, 2)),
        (Kind.FRACTION, "66,5 %", Fraction(133, 200)),
        (Kind.FRACTION, "50 pour cent", Fraction(1, 2)),
        (Kind.FRACTION, "0,5", Fraction(1, 2)),
        (Kind.FRACTION, "deux tiers", Fraction(2, 3)),
        (Kind.FRACTION, "Two thirds", Fraction(2, 3)),
        (Kind.FRACTION, "la moitié", Fraction(1, 2)),
        (Kind.FRACTION, "2 sur 3", Fraction(2, 3)),
        (Kind.FRACTION, "0 %", Fraction(0)),
        (Kind.FRACTION, "100 %", Fraction(1)),
        (Kind.FRACTION, "101 %", None),
        (Kind.FRACTION, "3/2", None),
        (Kind.FRACTION, "1/0", None),
        (Kind.FRACTION, "²", None),
        (Kind.NUMBER, "twelve", None),
        (Kind.NUMBER, "²x", None),
        (Kind.NUMBER, "12.5", None),
        (Kind.NUMBER, "1" * 400, None),
        (Kind.MONEY, "12 $", None),
        (Kind.MONEY, "a lot", None),
        (Kind.FLAG, "Oui", True),
        (Kind.FLAG, "no", False),
        (Kind.FLAG, "perhaps", None),
        (Kind.DURATION, "3 jours", Duration(days=3)),
        (Kind.DURATION, "2 weeks", Duration(days=14)),
        (Kind.DURATION, "blah", None),
        (Kind.TIER, "Section", "section"),
        (Kind.TIER, "sect", "section"),
        (Kind.TIER, "xyz", None),
        (Kind.OFFICE, "Trésorier", "treasurer"),
        (Kind.OFFICE, "tresoriere", "treasurer"),
        (Kind.OFFICE, "secrétaire", "secretary"),
        (Kind.OFFICE, "king", None),
        (Kind.TEXT, "Saint-Étienne", "Saint-Étienne"),
        (Kind.TEXT, "“a  b”", "a  b"),
    ],
)
async def test_values(kind: Kind, written: str, read: object) -> None:
    if read is None:
        assert str((await refused(kind, written)).text)
    else:
        assert await value(kind, written) == read


CHOICES: Mapping[str, Any] = {
    "choices": ("public", "confidential"),
    "words": {"confidential": {"fr": ("confidentiel", "caché")}},
}


@pytest.mark.parametrize("written", ["confidential", "Confidentiel", "CACHE", "conf"])
async def test_choices_in_any_language(written: str) -> None:
    assert await value(Kind.CHOICE, written, **CHOICES) == "confidential"


async def test_a_choice_that_is_none_has_a_near_one() -> None:
    bad = await refused(Kind.CHOICE, "confidnetiel", "fr", **CHOICES)
    assert bad.instead == "confidentiel"
    assert (await refused(Kind.CHOICE, "banana", **CHOICES)).instead is None


async def test_a_date_that_has_passed_is_refused_with_a_suggestion() -> None:
    bad = await refused(Kind.MOMENT, "31 février 19h", "fr")
    assert (bad.meant, bad.instead) == (True, "dimanche 28 février 2027 à 19:00")
    bad = await refused(Kind.MOMENT, "blah")
    assert (bad.meant, bad.instead) == (False, None)


@pytest.mark.parametrize(
    ("written", "slug"),
    [
        ("lyon-3", "lyon-3"),
        ("LYON-3", "lyon-3"),
        ("Lyon 3e", "lyon-3"),
        ("lyon 3", "lyon-3"),
        ("Saint-Étienne", "saint-etienne"),
        ("saint etienne", "saint-etienne"),
        ("Étienne", "saint-etienne"),
        ("rh", "rhone"),
        ("FR-69", "rhone"),
        ("givors", "givors"),
        ("ici", "loire"),
        ("loire", "loire"),
    ],
)
async def test_branches(written: str, slug: str) -> None:
    found = await value(Kind.BRANCH, written)
    assert isinstance(found, Branch)
    assert found.slug == slug


async def test_a_branch_that_is_none_has_a_near_one() -> None:
    bad = await refused(Kind.BRANCH, "Saint-Etiene")
    assert bad.instead == "Saint-Étienne"
    assert (await refused(Kind.BRANCH, "Paris")).instead is None
    assert (await refused(Kind.BRANCH, "-")).instead is None


async def test_at_most_nine_candidates() -> None:
    many = [Branch(str(number), f"lyon-{number}", f"Lyon {number}", "section", None) for number in range(12)]
    with pytest.raises(Ambiguous) as asked:
        await reader(branches=many).read(parameter(Kind.BRANCH), [Word("lyo", "lyo")])
    assert len(asked.value.candidates) == 9


PEOPLE = {
    "1": ("Jérôme Dupont", "brest"),
    "2": ("Marie Dupont", "brest"),
    "3": ("Marie-Claude L’Hôpital", "quimper"),
    "4": ("Marie Dupont", "brest"),
    "5": ("Anaïs Œuvrard", "vannes"),
    "6": ("Zoé Quémeneur", "caen"),
    "7": ("Paul Parti", "brest"),
}


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with Database.open(database_url) as database:
        await fresh(database)
        grown = await grow(
            database,
            members={number: slug for number, (_, slug) in PEOPLE.items()},
            mandates=[("5", "secretary", "bretagne")],
            accounts={"@jerome:example.org": "1", "@zoe:example.org": "6", "@zoe:other.org": "5"},
        )

        async def name(session: AsyncSession) -> None:
            for number, (written, _) in PEOPLE.items():
                row = await session.get_one(MemberRow, grown.members[number])
                row.name = written
                row.status = Status.LEFT if number == "7" else row.status

        await database.write(name)
        yield database


def reading_as(session: AsyncSession, actor: Actor, member: MemberRow | None = None) -> Reader:
    return Reader(
        session=session,
        tree=lambda: branches.tree(session),
        policy=POLICY,
        actor=actor,
        member=member,
        branch=None,
        language="en",
        zone=PARIS,
        now=NOW,
    )


async def named(database: Database, asker: str | None, written: str, account: str | None = None) -> list[str]:
    """The numbers of those who may be meant; one for whom it is. `asker` is a number, None for an account of nobody."""

    async def work(session: AsyncSession) -> list[str]:
        member = None if asker is None else await by_number(session, asker)
        reading = reading_as(session, Actor("person", member.id if member else None, account), member)
        who = parameter(Kind.MEMBER)
        words = [item for item in items(written, 0, len(written)) if isinstance(item, Word)]
        try:
            found = await reading.read(who, words)
        except BadValue:
            return []
        except Ambiguous as doubt:
            again = [await reading.read(who, [Word(value, value)]) for value, _ in doubt.candidates]
            return [one.number for one in again if isinstance(one, MemberRow)]
        assert isinstance(found, MemberRow)
        return [found.number]

    return await database.read(work)


async def test_people_as_others_name_them(database: Database) -> None:
    table: list[tuple[str | None, str, list[str]]] = [
        # A member sees their own branch.
        ("2", "Jérôme Dupont", ["1"]),
        ("2", "jerome dupont", ["1"]),
        ("2", "DUPONT Jérôme", ["1"]),
        ("2", "dupont, jerome", ["1"]),
        ("2", "jer", ["1"]),
        ("2", "j dup", ["1"]),
        ("2", "j", []),
        ("2", "Dupont", ["1", "2", "4"]),
        ("2", "Marie", ["2", "4"]),
        ("2", "Marie Dupont", ["2", "4"]),
        ("2", "1", ["1"]),
        ("2", "#4", ["4"]),
        ("2", "n° 4", ["4"]),
        ("2", "@jerome:example.org", ["1"]),
        ("2", "@jerome:example.org,", ["1"]),
        ("2", "@jerome", ["1"]),
        ("2", "me", ["2"]),
        ("2", "Nobody", []),
        # Others are as if they were not there, however they are named; so is who has left, by name.
        ("2", "Zoé Quémeneur", []),
        ("2", "6", []),
        ("2", "@zoe:example.org", []),
        ("2", "Paul", []),
        ("6", "Zoe", ["6"]),
        ("6", "@jerome:example.org", []),
        # An officer sees what is below.
        ("5", "Marie", ["2", "4", "3"]),
        ("5", "marie claude", ["3"]),
        ("5", "l'hopital", ["3"]),
        ("5", "Oeuvrard", ["5"]),
        ("5", "Zoé", []),
        ("5", "@zoe", ["5"]),
        ("5", "%", []),
        ("5", "@%", []),
        ("5", "@_erome", []),
        # An account of nobody sees nobody.
        (None, "Marie", []),
        (None, "1", []),
    ]
    for asker, written, numbers in table:
        assert await named(database, asker, written) == numbers, (asker, written)


async def test_who_sees_more_branches_than_a_query_can_name_sees_no_others(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(people, "_MANY", 0)
    assert await named(database, "5", "marie claude") == ["3"]
    assert await named(database, "5", "Zoé") == []


async def test_an_administrator_sees_everybody_and_an_account_of_the_own_server_first(database: Database) -> None:
    assert await named(database, None, "Zoé", ADMINISTRATOR) == ["6"]
    assert await named(database, None, "@zoe", ADMINISTRATOR) == ["6"]
    assert await named(database, None, "@zoe:other.org", ADMINISTRATOR) == ["5"]
    assert await named(database, None, "7", ADMINISTRATOR) == ["7"]


async def test_a_mention_is_its_account_and_not_its_name(database: Database) -> None:
    async def work(session: AsyncSession) -> object:
        reading = reading_as(session, Actor("operator"))
        mention = Word("Marie Dupont", "Marie Dupont", account="@jerome:example.org")
        return await reading.read(parameter(Kind.MEMBER), [mention])

    found = await database.read(work)
    assert isinstance(found, MemberRow)
    assert found.number == "1"


async def test_homonyms_are_told_apart_by_branch_and_number(database: Database) -> None:
    async def work(session: AsyncSession) -> list[str]:
        reading = reading_as(session, Actor("operator"))
        with pytest.raises(Ambiguous) as asked:
            await reading.read(parameter(Kind.MEMBER), [Word("marie", "marie")])
        return [str(label) for _, label in asked.value.candidates]

    assert await database.read(work) == [
        "Marie Dupont (Brest), number 2",
        "Marie Dupont (Brest), number 4",
        "Marie-Claude L’Hôpital (Quimper)",
    ]
