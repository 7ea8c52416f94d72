"""Rules that a vote is opened with: what decides between equals, abstentions, weights, unit ballots, who is present."""

from __future__ import annotations

import hashlib
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Final

import pytest

from bots.help import BOT as HELP
from bots.vote import bot, presiding
from bots.vote.counting.ties import lot
from bots.vote.policy import VotePolicy
from bots.vote.sealed import SealedBox
from bots.vote.settings import Settings
from bridge.letters import About, Reaction
from bridge.places import BranchRoom, Direct
from tests.support.conversation import Someone, Stage, find, stage_on
from tests.support.said import Said

BOX: Final = SealedBox(b"s" * 32)
BOT: Final = bot(Settings(VotePolicy(), BOX))
SEED: Final = re.compile(r"seed ([0-9a-f]{32})")


class People:
    """The secretary and three members of Lyon."""

    anna: Someone
    bruno: Someone
    clara: Someone
    david: Someone


async def members(stage: Stage) -> People:
    people = People()
    people.anna = await stage.person("Anna", "Lyon", offices=["secretary"])
    people.bruno = await stage.person("Bruno", "Lyon")
    people.clara = await stage.person("Clara", "Lyon")
    people.david = await stage.person("David", "Lyon")
    return people


@pytest.fixture
async def stage(database_url: str) -> AsyncIterator[Stage]:
    async with stage_on(database_url, [BOT]) as stage:
        yield stage


@pytest.fixture
async def people(stage: Stage) -> People:
    return await members(stage)


async def opened(stage: Stage, person: Someone, line: str) -> tuple[str, str]:
    """Ask for a vote that is shown first, and say yes: what was shown, and what was announced."""
    (shown,) = await person.says(line, room="Lyon")
    said = await person.taps("✅")
    return shown.replace("\u202f", " "), said[-1].replace("\u202f", " ")


async def vote(*ballots: tuple[Someone, str], number: int = 1) -> None:
    for person, choice in ballots:
        await person.says(f"!vote V{number} {choice}", room="Lyon")


async def ended(stage: Stage) -> list[Said]:
    """The letters once the vote is over, without the end of its poll."""
    await stage.said()
    await stage.passes(timedelta(days=7, minutes=1))
    return [letter for letter in await stage.letters() if str(letter) != "[poll ended]"]


async def result(stage: Stage) -> list[str]:
    """What is said of the numbers."""
    (said,) = await ended(stage)
    return str(said).splitlines()[1:]


# -- equals


async def test_nothing_decides_where_nobody_says_otherwise(stage: Stage, people: People) -> None:
    await people.anna.says("!vote Shall we?\n- Yes\n- No", room="Lyon")
    await vote((people.anna, "1"), (people.bruno, "2"))
    assert await result(stage) == [
        "Lost: 1 Yes, 1 No.", "Equal, 1 for and 1 against. All stays as it is: lost.", "2 of 4 voted (50%).",
    ]  # fmt: skip


async def test_status_quo_is_said_where_it_is_asked_for(stage: Stage, people: People) -> None:
    shown, _ = await opened(stage, people.anna, "!vote Shall we? --ties status quo")
    assert "Where votes are equal, all stays as it is." in shown


async def test_a_lot_that_nobody_knows_before_and_everybody_can_check(stage: Stage, people: People) -> None:
    shown, said = await opened(stage, people.anna, "!vote Shall we? --ties lot")
    assert "Where votes are equal, the lot decides, from a seed that is told with the result." in shown
    (committed,) = re.findall(r"SHA-256 is ([0-9a-f]{64})", said)
    await vote((people.anna, "1"), (people.bruno, "2"))
    before = "\n".join(map(str, await stage.all_letters()))
    lines = await result(stage)
    (seed,) = SEED.findall(lines[1])
    assert seed not in before
    assert hashlib.sha256(seed.encode()).hexdigest() == committed
    carried = lot(seed, "for") < lot(seed, "against")
    assert lines == [
        f"{'Carried' if carried else 'Lost'}: 1 For, 1 Against, 0 Abstain.",
        f"Equal, 1 for and 1 against. By lot, seed {seed}: {'carried' if carried else 'lost'}.",
        "2 of 4 voted (50%).",
    ]
    assert (await people.bruno.says("!vote result V1", room="Lyon"))[0].splitlines()[1:4] == lines


async def test_the_seed_is_told_where_nothing_was_drawn(stage: Stage, people: People) -> None:
    _, said = await opened(stage, people.anna, "!vote Shall we? --ties lot")
    await vote((people.anna, "1"))
    lines = await result(stage)
    seed = lines[-1].removeprefix("Seed of the lot: ")
    assert hashlib.sha256(seed.encode()).hexdigest() in said


async def test_an_election_by_lot(stage: Stage, people: People) -> None:
    await opened(stage, people.anna, "!vote Who?\n- Ada\n- Grace\n- Emmy\nties: lot")
    await vote((people.anna, "1"), (people.bruno, "2"))
    lines = await result(stage)
    (seed,) = SEED.findall(lines[1])
    first, second = sorted(("Ada", "Grace"), key=lambda name: lot(seed, name))
    assert lines[:2] == [
        f"{first}: 1 of 2.",
        f"Ada, Grace were equal. By lot, seed {seed}, in this order: {first}, {second}.",
    ]


async def test_two_lots_have_two_seeds(stage: Stage, people: People) -> None:
    committed = set()
    for _ in range(2):
        _, said = await opened(stage, people.anna, "!vote Shall we? --ties lot")
        committed.update(re.findall(r"[0-9a-f]{64}", said.split("SHA-256")[1].splitlines()[0]))
    assert len(committed) == 2


async def test_the_chair_decides_a_motion(stage: Stage, people: People) -> None:
    shown, said = await opened(stage, people.anna, "!vote Shall we? --ties chair")
    assert "Where votes are equal, the chair decides." in shown
    assert "Where votes are equal, the chair decides." in said
    await vote((people.clara, "1"), (people.bruno, "2"))
    told, asked = await ended(stage)
    assert str(told).splitlines() == [
        "V1 · Shall we?",
        "Not decided: 1 For, 1 Against, 0 Abstain.",
        "Equal, 1 for and 1 against. The chair has to decide.",
        "2 of 4 voted (50%).",
        "The chair is asked, and has until Wednesday 9 December 2026, 15:01. After that all stays as it is.",
    ]
    assert asked.to == Direct(people.anna.account)
    assert str(asked).splitlines() == [
        "V1 · Shall we?",
        "For, Against are equal. You decide who comes first, until Wednesday 9 December 2026, 15:01.",
        "1️⃣ For",
        "2️⃣ Against",
    ]
    assert "Equal: the chair has to decide." in (await people.bruno.says("!vote list", room="Lyon"))[0]
    assert await people.bruno.taps("1️⃣", asked) == []
    await people.anna.sets("1️⃣", asked)
    thanked, final = await stage.letters()
    assert str(thanked) == "You have decided V1. The result is said in its room."
    assert final.to == BranchRoom(find(await stage.tree(), "Lyon").id, "discussion")
    assert str(final).splitlines() == [
        "V1 · Shall we?",
        "Carried: 1 For, 1 Against, 0 Abstain.",
        "Equal, 1 for and 1 against. The chair decided: carried.",
        "2 of 4 voted (50%).",
    ]
    # Once.
    assert await people.anna.taps("2️⃣", asked) == []
    await stage.passes(timedelta(days=30))
    assert await stage.said() == []
    assert "The chair decided: carried." in (await people.bruno.says("!result V1", room="Lyon"))[0]


async def test_a_chair_who_never_answers(stage: Stage, people: People) -> None:
    await opened(stage, people.anna, "!vote Shall we? --ties chair")
    await vote((people.clara, "1"), (people.bruno, "2"))
    _, asked = await ended(stage)
    await stage.passes(timedelta(days=6))
    assert await stage.said() == []
    await stage.passes(timedelta(days=2))
    assert await stage.said() == [
        "V1 · Shall we?\n"
        "Lost: 1 For, 1 Against, 0 Abstain.\n"
        "Equal, 1 for and 1 against. All stays as it is: lost.\n"
        "The chair did not decide.\n"
        "2 of 4 voted (50%)."
    ]
    await people.anna.taps("1️⃣", asked)
    assert "All stays as it is: lost." in (await people.bruno.says("!result V1", room="Lyon"))[0]


async def test_a_chair_who_holds_the_office_no_more(stage: Stage, people: People) -> None:
    await opened(stage, people.anna, "!vote Shall we? --ties chair")
    await vote((people.clara, "1"), (people.bruno, "2"))
    _, asked = await ended(stage)
    await stage.loses_offices(people.anna)
    assert await people.anna.taps("1️⃣", asked) == ["That is for an office which you do not hold."]
    await stage.passes(timedelta(days=8))
    assert "The chair did not decide." in (await stage.said())[-1]


async def test_nobody_is_left_to_decide(stage: Stage, people: People) -> None:
    await opened(stage, people.anna, "!vote Shall we? --ties chair")
    await vote((people.clara, "1"), (people.bruno, "2"))
    await stage.loses_offices(people.anna)
    lines = await result(stage)
    assert lines[0] == "Lost: 1 For, 1 Against, 0 Abstain."
    assert "The chair did not decide." in lines


async def test_two_who_hold_the_office_the_first_answer_counts(stage: Stage, people: People) -> None:
    eva = await stage.person("Eva", "Lyon", offices=["secretary"])
    await opened(stage, people.anna, "!vote Shall we? --ties chair")
    await vote((people.clara, "1"), (people.bruno, "2"))
    _, first, second = await ended(stage)
    assert {first.to, second.to} == {Direct(people.anna.account), Direct(eva.account)}
    mine, hers = (first, second) if first.to == Direct(people.anna.account) else (second, first)
    assert len(await eva.taps("2️⃣", hers)) == 2
    assert await people.anna.taps("1️⃣", mine) == ["That is decided already."]
    assert "The chair decided: lost." in (await people.bruno.says("!result V1", room="Lyon"))[0]


async def test_the_chair_decides_an_election_one_after_the_other(stage: Stage, people: People) -> None:
    await opened(
        stage, people.anna, "!vote Who?\n- Ada\n- Grace\n- Emmy\n- Kate\nties: chair\nmethod: plurality\nseats: 2"
    )
    await vote((people.anna, "1"), (people.bruno, "2"), (people.clara, "3"))
    told, asked = await ended(stage)
    assert "Ada, Grace, Emmy are equal. The chair has to decide." in str(told)
    assert str(asked).splitlines()[2:] == ["1️⃣ Ada", "2️⃣ Grace", "3️⃣ Emmy"]
    await people.anna.sets("3️⃣", asked)
    (again,) = await stage.letters()
    assert str(again).splitlines()[2:] == ["1️⃣ Ada", "2️⃣ Grace"]
    assert await people.anna.taps("1️⃣", asked) == []
    final = await people.anna.taps("2️⃣", again)
    assert final[-1].splitlines()[1:] == [
        "In this order: Emmy, Grace.",
        "Ada, Grace, Emmy were equal. The chair put them in this order: Emmy, Grace, Ada.",
        "• Ada: 1",
        "• Grace: 1 ✓",
        "• Emmy: 1 ✓",
        "• Kate: 0",
        "3 of 4 voted (75%).",
    ]


async def test_the_chair_answers_in_writing(stage: Stage, people: People) -> None:
    await opened(stage, people.anna, "!vote Shall we? --ties chair")
    await vote((people.clara, "1"), (people.bruno, "2"))
    await ended(stage)
    assert "The chair decided: lost." in (await people.anna.says("against"))[-1]


async def test_killed_between_the_result_and_the_question(
    stage: Stage, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    await opened(stage, people.anna, "!vote Shall we? --ties chair")
    await vote((people.clara, "1"), (people.bruno, "2"))
    await stage.said()
    for name in ("_ask", "tell"):
        with monkeypatch.context() as patch:
            patch.setattr(presiding, name, killed)
            with pytest.raises(Killed):
                await stage.passes(timedelta(days=8))
        assert [said for said in await stage.said() if said != "[poll ended]"] == []
    await stage.passes(timedelta(minutes=1))
    told, asked = await stage.letters()
    assert "The chair has to decide." in str(told)
    with monkeypatch.context() as patch:
        patch.setattr(presiding, "tell", killed)
        with pytest.raises(Killed):
            await stage.arrives(tap(people.anna, asked))
    assert await stage.said() == []
    await stage.arrives(tap(people.anna, asked))
    assert "The chair decided: carried." in (await stage.said())[-1]
    await stage.arrives(tap(people.anna, asked))
    await stage.passes(timedelta(days=30))
    assert await stage.said() == []


class Killed(BaseException):
    """As if the process had ended there."""


async def killed(*_: object, **__: object) -> None:
    raise Killed


def tap(person: Someone, letter: Said) -> Reaction:
    """A tap on the first answer, which arrives again when it was not taken in."""
    about = About(f"$of-{letter.id}", letter.id)
    return Reaction(
        id=f"$tap-{letter.id}", place=letter.to, account=person.account, at=person.stage.clock.now(), to=about, key="1️⃣"
    )


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("!vote Strike? --confidential --ties chair", "The chair does not decide in a confidential vote: that vote would be known."),  # noqa: E501
        ("!vote Strike? --abstentions counted", "How abstentions are counted matters only with a majority of the votes cast, such as --majority 2/3."),  # noqa: E501
        ("!vote Strike? --majority absolute of roll --abstentions apart", "How abstentions are counted matters only with a majority of the votes cast, such as --majority 2/3."),  # noqa: E501
        ("!vote Strike? --units", "Unit ballots belong to confidential votes: add --confidential."),
        ("!vote Strike? --confidential --weights Anna=3", "In a confidential vote a weight would betray its ballot. Add --units: it becomes so many ballots."),  # noqa: E501
        ("!vote Strike? --weights register", "Weights by the register are for delegates: add for example --who delegates."),  # noqa: E501
        ("!vote Strike? --weights many", "I do not read 'many' as weights. Write for example: 12=30, 15=20, or: register"),  # noqa: E501
        ("!vote Strike? --weights Zoe=3", "“Zoe” is nobody who could vote here."),
        ("!vote Strike? --weights Anna=3, anna 4", "“anna” has two weights."),
        ("!vote Strike? --weights Anna=100001", "A ballot weighs between 0 and 100,000, not 100,001."),
        ("!vote Strike? --weights Anna=0, Bruno=0, Clara=0, David=0", "All ballots together would weigh nothing."),
        ("!vote Strike? --weights Anna=-3", "I do not read 'Anna=-3' as weights. Write for example: 12=30, 15=20, or: register"),  # noqa: E501
        ("!vote Strike? --confidential --units --weights Anna=20000", "All ballots together may weigh 20,000, not 20,003."),  # noqa: E501
    ],
)  # fmt: skip
async def test_what_cannot_be(stage: Stage, people: People, line: str, said: str) -> None:
    (heard,) = await people.anna.says(line, room="Lyon")
    assert heard.replace("`", "") == said
    assert await people.anna.says("!vote list", room="Lyon") == ["There is no vote yet in Lyon."]


async def test_a_chair_that_nobody_is(stage: Stage) -> None:
    chair = await stage.person("Bea", "Lyon", offices=["chair"])
    assert await chair.says("!vote Shall we? --ties chair", room="Lyon") == [
        "Nobody here could decide: Secretary of Lyon."
    ]


async def test_the_policy_is_what_holds_where_nothing_is_said(database_url: str) -> None:
    policy = VotePolicy(ties="chair", chair="chair", abstentions="counted")
    async with stage_on(database_url, [bot(Settings(policy, BOX))]) as stage:
        people = await members(stage)
        _, said = await people.anna.says("!vote Shall we?", room="Lyon")
        assert "equal" not in said  # nobody is chair
        await stage.person("Bea", "Lyon", offices=["chair"])
        _, said = await people.anna.says("!vote Shall we?", room="Lyon")
        assert "Where votes are equal, the chair decides." in said
        (shown,) = await people.anna.says("!vote Shall we? --majority 2/3", room="Lyon")
        assert "Abstentions count among the votes cast." in shown
        (shown,) = await people.anna.says("!vote Shall we? --confidential", room="Lyon")
        assert "equal" not in shown


# -- abstentions, and who is present


@pytest.mark.parametrize(
    ("words", "rule", "lines"),
    [
        (
            "counted",
            "Abstentions count among the votes cast.",
            [
                "Lost: 2 For, 0 Against, 2 Abstain.",
                "Majority 2/3 of 4 cast: 3 needed, 2 for: lost.",
                "2 abstentions, counted among the votes cast.",
            ],
        ),
        (
            "apart",
            "Abstentions do not count among the votes cast.",
            [
                "Carried: 2 For, 0 Against, 2 Abstain.",
                "Majority 2/3 of 2 cast: 2 needed, 2 for: carried.",
                "2 abstentions, not counted among the votes cast.",
            ],
        ),
    ],
)
async def test_abstentions(stage: Stage, people: People, words: str, rule: str, lines: list[str]) -> None:
    shown, _ = await opened(stage, people.anna, f"!vote Shall we? --majority 2/3 --abstentions {words}")
    assert rule in shown
    await vote((people.anna, "1"), (people.bruno, "1"), (people.clara, "3"), (people.david, "3"))
    assert (await result(stage))[:3] == lines


async def test_all_abstain(stage: Stage, people: People) -> None:
    await opened(stage, people.anna, "!vote Shall we? --majority 2/3 --abstentions counted")
    await vote((people.anna, "3"), (people.bruno, "3"))
    assert (await result(stage))[:2] == [
        "Lost: 0 For, 0 Against, 2 Abstain.", "Majority 2/3 of 2 cast: 2 needed, 0 for: lost.",
    ]  # fmt: skip


@pytest.mark.parametrize("ties", ["lot", "chair", "status quo"])
async def test_equal_without_votes_is_no_tie(stage: Stage, people: People, ties: str) -> None:
    await opened(stage, people.anna, f"!vote Shall we? --ties {ties}")
    await opened(stage, people.anna, f"!vote Who?\n- Ada\n- Grace\nties: {ties}")
    await vote((people.anna, "3"), number=1)
    said = [str(letter).splitlines()[1] for letter in await ended(stage)]
    assert said == ["Lost: 0 For, 0 Against, 1 Abstain.", "Nobody voted: nothing is decided."]


async def test_somebody_counted_who_is_present(stage: Stage, people: People) -> None:
    await opened(stage, people.anna, "!vote Shall we? --majority absolute of present")
    await vote((people.anna, "1"), (people.bruno, "1"))
    for line, said in (
        ("!vote close V1 --present 5", "There are 4 on the roll, so 1 to 4 can be present."),
        ("!vote close V1 --present 0", "There are 4 on the roll, so 1 to 4 can be present."),
    ):
        assert await people.anna.says(line, room="Lyon") == [said]
    await people.anna.says("!vote close V1 --present 4", room="Lyon")
    assert (await result(stage))[:2] == [
        "Lost: 2 For, 0 Against, 0 Abstain.", "Absolute majority of 4 present: 3 needed, 2 for: lost.",
    ]  # fmt: skip


async def test_fewer_counted_than_voted(stage: Stage, people: People) -> None:
    await opened(stage, people.anna, "!vote Shall we? --majority absolute of present")
    await vote((people.anna, "1"), (people.bruno, "2"), (people.clara, "1"))
    await people.anna.says("!vote close V1 --present 1", room="Lyon")
    assert (await result(stage))[1] == "Absolute majority of 3 present: 2 needed, 2 for: carried."


async def test_present_is_for_a_majority_of_those_present(stage: Stage, people: People) -> None:
    await people.anna.says("!vote Shall we?", room="Lyon")
    assert await people.anna.says("!vote close V1 --present 3", room="Lyon") == [
        "Those present are counted only for a majority of those present."
    ]
    assert "open until" in (await people.anna.says("!vote list", room="Lyon"))[0]


# -- weights


async def test_weights_given_at_the_opening(stage: Stage, people: People) -> None:
    line = "!vote Shall we? --quorum 50% --weights Anna=30, bruno: 20, Clara 0"
    shown, said = await opened(stage, people.anna, line)
    for sentence in (shown, said):
        assert "Ballots are weighted; together they weigh 51." in sentence
    assert "quorum 2" in shown  # of four people
    assert "Anna, number M0001, weight 30" in (await people.anna.says("!vote roll V1"))[0]
    await vote((people.anna, "1"), (people.bruno, "2"), (people.clara, "2"))
    assert await result(stage) == [
        "Carried: 30 For, 20 Against, 0 Abstain.",
        "Quorum 50 %: 3 of 4 voted, reached.",
        "Simple majority: 30 for, 20 against: carried.",
        "3 of 4 voted (75%).",
        "Their ballots weigh 50 of 51.",
    ]


async def test_weights_on_a_line_of_their_own_by_number(stage: Stage, people: People) -> None:
    _, said = await opened(stage, people.anna, "!vote Shall we?\n- Yes\n- No\nweights: 1=2, m0002=100000")
    assert "together they weigh 100,004." in said


async def test_a_heavy_ballot_is_one_for_the_quorum(stage: Stage, people: People) -> None:
    await opened(stage, people.anna, "!vote Shall we? --quorum 2 --weights Anna=1000")
    await vote((people.anna, "1"))
    assert (await result(stage))[1] == "Quorum 2: 1 of 4 voted, 2 needed: not reached. Nothing is decided."


async def test_only_ballots_that_weigh_nothing(stage: Stage, people: People) -> None:
    await opened(stage, people.anna, "!vote Shall we? --weights Anna=0")
    await opened(stage, people.anna, "!vote Who?\n- Ada\n- Grace\nweights: Anna=0")
    for number in (1, 2):
        await vote((people.anna, "1"), number=number)
    said = [str(letter).splitlines()[1:] for letter in await ended(stage)]
    assert said == [
        ["Lost: 0 For, 0 Against, 0 Abstain.", "1 of 4 voted (25%).", "Their ballots weigh 0 of 3."],
        ["Nothing is decided.", "1 of 4 voted (25%).", "Their ballots weigh 0 of 3."],
    ]


async def test_weights_by_the_register(stage: Stage) -> None:
    for name, branch in (("Ada", "Lyon"), ("Grace", "Lyon"), ("Emmy", "Lyon"), ("Kate", "Givors"), ("Mary", "Rhône")):
        await stage.person(name, branch, offices=["delegate"] if name in ("Ada", "Kate") else [])
    head = await stage.person("Bea", "Rhône", offices=["secretary", "delegate"])
    line = "!vote Shall we? --who delegates below --weights register"
    (shown,) = await head.says(line, room="Rhône")
    assert "3 members on the roll" in shown
    assert "Ballots are weighted; together they weigh 6." in shown
    await head.taps("✅")
    (roll,) = await head.says("!vote roll V1")
    assert "Ada, number M0001, weight 3" in roll  # three members in Lyon
    assert "Bea, number M0006, weight 2" in roll  # Mary and herself
    assert "Kate, number M0004\n" in roll + "\n"


async def test_one_elector(stage: Stage) -> None:
    anna = await stage.person("Anna", "Lyon", offices=["secretary"])
    await opened(stage, anna, "!vote Shall we? --quorum 100% --majority unanimous --ties lot --weights Anna=7")
    await vote((anna, "1"))
    lines = await result(stage)
    assert lines[:-1] == [
        "Carried: 7 For, 0 Against, 0 Abstain.",
        "Quorum 1: 1 of 1 voted, reached.",
        "Majority 1 of 7 cast: 7 needed, 7 for: carried.",
        "1 of 1 voted (100%).",
        "Their ballots weigh 7 of 7.",
    ]


# -- unit ballots


async def confidential(stage: Stage, people: People, rest: str = "") -> None:
    """A confidential vote with unit ballots, of at least ten voters."""
    await opened(stage, people.anna, f"!vote Strike? --confidential --units {rest}")


async def test_a_weight_becomes_ballots(stage: Stage, people: People) -> None:
    for number in range(8):
        await stage.person(f"Member {number}", "Lyon")
    (shown,) = await people.anna.says("!vote Strike? --confidential --units --weights Anna=9, Bruno=5", room="Lyon")
    assert "Whoever carries several votes, or a proxy, casts as many ballots of the same weight." in shown
    await people.anna.taps("✅")
    (ballot,) = await people.anna.says("!vote V1")
    assert "You cast 9 ballots.\nAnswer with one choice for all 9, or split them, for example: 1 x8, 2 x1" in ballot
    assert (await people.anna.says("2"))[0].startswith("Your ballot for V1 is in.")
    await people.bruno.says("!vote V1")
    for wrong in ("1 x3, 2 x1", "1 x3, 2 x3", "1 x5, 2 x0", "1 x999999999", "1 x3, 2"):
        assert (await people.bruno.says(wrong))[0] == (
            "You cast 5 ballots: say how many get which choice, 5 in all. For example: 1 x4, 2 x1"
        )
    assert (await people.bruno.says("1 x3, 3 ×2"))[0].startswith("Your ballot for V1 is in.")
    (single,) = await people.clara.says("!vote V1")
    assert "You cast" not in single
    await people.clara.says("1")
    for person in list(stage.people.values())[4:]:
        await person.says("!vote V1")
        await person.says("1")
    assert await result(stage) == [
        "Carried: 12 For, 9 Against, 2 Abstain.",
        "11 of 12 voted (92%).",
        "Their ballots weigh 23 of 24.",
    ]


async def test_proxies_in_a_confidential_vote(stage: Stage, people: People) -> None:
    for number in range(8):
        await stage.person(f"Member {number}", "Lyon")
    await confidential(stage, people)
    await people.clara.says("!vote V1")
    await people.clara.says("2")
    await people.bruno.utters(f"!proxy give {people.clara.account} for V1")
    asked = next(letter for letter in await stage.letters() if "asks you" in str(letter))
    said = await people.clara.taps("✅", asked)
    assert said[0] == (
        "You vote for Bruno. Your own ballot counts for both.\n"
        "If you have voted already in V1, vote again, so that it counts for both."
    )
    (ballot,) = await people.clara.says("!vote V1")
    assert "You cast 2 ballots: 1 of your own, then 1 by proxy." in ballot
    await people.clara.says("1 x1, 2 x1")
    for person in list(stage.people.values())[4:]:
        await person.says("!vote V1")
        await person.says("1")
    assert await result(stage) == ["Carried: 9 For, 1 Against, 0 Abstain.", "10 of 12 voted (83%)."]


@pytest.mark.parametrize("how", ["taken back", "given to another", "voted"])
async def test_a_proxy_that_ends_takes_its_ballot_out(stage: Stage, people: People, how: str) -> None:
    for number in range(10):
        await stage.person(f"Member {number}", "Lyon")
    await confidential(stage, people)
    await people.bruno.utters(f"!proxy give {people.clara.account}")
    await people.clara.taps("✅", next(one for one in await stage.letters() if "asks you" in str(one)))
    await people.clara.says("!vote V1")
    await people.clara.says("2")
    if how == "taken back":
        await people.bruno.says("!proxy end")
    elif how == "given to another":
        await people.bruno.utters(f"!proxy give {people.david.account} for V1")
        await people.david.taps("✅", next(one for one in await stage.letters() if "asks you" in str(one)))
    else:
        await people.bruno.says("!vote V1")
        await people.bruno.says("1")
    for person in list(stage.people.values())[4:]:
        await person.says("!vote V1")
        await person.says("1")
    voted = 12 if how == "voted" else 11
    assert (await result(stage))[:2] == [
        f"Carried: {voted - 1} For, 1 Against, 0 Abstain.", f"{voted} of 14 voted ({round(voted / 14 * 100)}%).",
    ]  # fmt: skip


async def test_without_units_there_are_no_proxies(stage: Stage, people: People) -> None:
    await opened(stage, people.anna, "!vote Strike? --confidential")
    (said,) = await people.bruno.says(f"!proxy give {people.clara.account} for V1")
    assert said.startswith("There is no voting by proxy in a confidential vote")


# -- in the list, in the help, and in French


async def test_the_rules_are_shown(stage: Stage, people: People) -> None:
    _, said = await opened(stage, people.anna, "!vote Shall we? --ties lot --weights Anna=3")
    (shown,) = await people.bruno.says("!vote show V1", room="Lyon")
    for line in said.splitlines():
        if line.startswith(("Ballots are weighted", "Where votes are equal")):
            assert line in shown.splitlines()
    assert "SHA-256" in shown


async def test_the_help_names_every_rule(database_url: str) -> None:
    async with stage_on(database_url, [BOT, HELP]) as stage:
        people = await members(stage)
        (said,) = await people.anna.says("!help vote", room="Lyon")
        for option in ("--ties", "--abstentions", "--weights", "--units"):
            assert option in said
        assert "other members and officers will not see who chose what; whoever runs the server could." in said
        (said,) = await people.anna.says("!help vote close", room="Lyon")
        assert "--present" in said


async def test_in_french(database_url: str) -> None:
    async with stage_on(database_url, [BOT], language="fr") as stage:
        people = await members(stage)
        line = "!voter Budget ? --majorité 2/3 --égalité sort --abstentions comptées --poids Anna=3"
        shown, said = await opened(stage, people.anna, line)
        assert "Les bulletins sont pondérés ; ensemble, ils pèsent 6." in shown
        assert "Les abstentions comptent parmi les suffrages exprimés." in shown
        assert "En cas d’égalité, le sort décide" in said
        (shown,) = await people.anna.says("!voter Budget ? --égalité statu quo", room="Lyon")
        assert "En cas d’égalité, tout reste en l’état." in shown
        (shown,) = await people.anna.says("!voter Budget ? --confidentiel --unités --poids Anna=3", room="Lyon")
        assert "autant de bulletins" in shown
        (said,) = await people.anna.says("!voter Budget ? --poids registre", room="Lyon")
        assert "--qui délégués" in said
        await opened(stage, people.anna, "!voter Encore ? --égalité présidence")
        await people.anna.says("!voter V2 1", room="Lyon")
        await people.bruno.says("!voter V2 2", room="Lyon")
        await stage.said()
        await people.anna.utters("!voter clôturer V2", room="Lyon")
        await stage.passes(timedelta(minutes=2))
        asked = (await stage.letters())[-1]
        assert "Pour, Contre sont à égalité." in str(asked)
        final = await people.anna.taps("1️⃣", asked)
        assert "Adopté\xa0: 1 Pour, 1 Contre, 0 Abstention." in final[-1]
