"""What decides between equals: nothing, a lot, the chair."""

from __future__ import annotations

import hashlib
import re
from datetime import timedelta
from typing import Final

import pytest

from bots.vote import bot, presiding
from bots.vote.counting.ties import lot
from bots.vote.policy import VotePolicy
from bots.vote.settings import Settings
from bridge.letters import About, Reaction
from bridge.places import BranchRoom, Direct
from tests.support.conversation import Someone, Stage, find, stage_on
from tests.support.lyon import BOX, People, ended, members, numbers, open_shown, vote_each
from tests.support.said import Said

SEED: Final = re.compile(r"seed ([0-9a-f]{32})")


async def test_nothing_decides_where_nobody_says_otherwise(stage: Stage, people: People) -> None:
    await people.anna.says("!vote Shall we?\n- Yes\n- No", room="Lyon")
    await vote_each((people.anna, "1"), (people.bruno, "2"))
    assert await numbers(stage) == [
        "Lost: 1 Yes, 1 No.", "Equal, 1 for and 1 against. All stays as it is: lost.", "2 of 4 voted (50%).",
    ]  # fmt: skip


async def test_status_quo_is_said_where_it_is_asked_for(stage: Stage, people: People) -> None:
    shown, _ = await open_shown(stage, people.anna, "!vote Shall we? --ties status quo")
    assert "Where votes are equal, all stays as it is." in shown


async def test_a_lot_that_nobody_knows_before_and_everybody_can_check(stage: Stage, people: People) -> None:
    shown, said = await open_shown(stage, people.anna, "!vote Shall we? --ties lot")
    assert "Where votes are equal, the lot decides, from a seed that is told with the result." in shown
    (committed,) = re.findall(r"SHA-256 is ([0-9a-f]{64})", said)
    await vote_each((people.anna, "1"), (people.bruno, "2"))
    before = "\n".join(map(str, await stage.all_letters()))
    lines = await numbers(stage)
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
    _, said = await open_shown(stage, people.anna, "!vote Shall we? --ties lot")
    await vote_each((people.anna, "1"))
    lines = await numbers(stage)
    seed = lines[-1].removeprefix("Seed of the lot: ")
    assert hashlib.sha256(seed.encode()).hexdigest() in said


async def test_an_election_by_lot(stage: Stage, people: People) -> None:
    await open_shown(stage, people.anna, "!vote Who?\n- Ada\n- Grace\n- Emmy\nties: lot")
    await vote_each((people.anna, "1"), (people.bruno, "2"))
    lines = await numbers(stage)
    (seed,) = SEED.findall(lines[1])
    first, second = sorted(("Ada", "Grace"), key=lambda name: lot(seed, name))
    assert lines[:2] == [
        f"{first}: 1 of 2.",
        f"Ada, Grace were equal. By lot, seed {seed}, in this order: {first}, {second}.",
    ]


async def test_two_lots_have_two_seeds(stage: Stage, people: People) -> None:
    committed = set()
    for _ in range(2):
        _, said = await open_shown(stage, people.anna, "!vote Shall we? --ties lot")
        committed.update(re.findall(r"[0-9a-f]{64}", said.split("SHA-256")[1].splitlines()[0]))
    assert len(committed) == 2


async def test_the_chair_decides_a_motion(stage: Stage, people: People) -> None:
    shown, said = await open_shown(stage, people.anna, "!vote Shall we? --ties chair")
    assert "Where votes are equal, the chair decides." in shown
    assert "Where votes are equal, the chair decides." in said
    await vote_each((people.clara, "1"), (people.bruno, "2"))
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
    await open_shown(stage, people.anna, "!vote Shall we? --ties chair")
    await vote_each((people.clara, "1"), (people.bruno, "2"))
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
    await open_shown(stage, people.anna, "!vote Shall we? --ties chair")
    await vote_each((people.clara, "1"), (people.bruno, "2"))
    _, asked = await ended(stage)
    await stage.loses_offices(people.anna)
    assert await people.anna.taps("1️⃣", asked) == ["That is for an office which you do not hold."]
    await stage.passes(timedelta(days=8))
    assert "The chair did not decide." in (await stage.said())[-1]


async def test_nobody_is_left_to_decide(stage: Stage, people: People) -> None:
    await open_shown(stage, people.anna, "!vote Shall we? --ties chair")
    await vote_each((people.clara, "1"), (people.bruno, "2"))
    await stage.loses_offices(people.anna)
    lines = await numbers(stage)
    assert lines[0] == "Lost: 1 For, 1 Against, 0 Abstain."
    assert "The chair did not decide." in lines


async def test_two_who_hold_the_office_the_first_answer_counts(stage: Stage, people: People) -> None:
    eva = await stage.person("Eva", "Lyon", offices=["secretary"])
    await open_shown(stage, people.anna, "!vote Shall we? --ties chair")
    await vote_each((people.clara, "1"), (people.bruno, "2"))
    _, first, second = await ended(stage)
    assert {first.to, second.to} == {Direct(people.anna.account), Direct(eva.account)}
    mine, hers = (first, second) if first.to == Direct(people.anna.account) else (second, first)
    assert len(await eva.taps("2️⃣", hers)) == 2
    assert await people.anna.taps("1️⃣", mine) == ["That is decided already."]
    assert "The chair decided: lost." in (await people.bruno.says("!result V1", room="Lyon"))[0]


async def test_the_chair_decides_an_election_one_after_the_other(stage: Stage, people: People) -> None:
    await open_shown(
        stage, people.anna, "!vote Who?\n- Ada\n- Grace\n- Emmy\n- Kate\nties: chair\nmethod: plurality\nseats: 2"
    )
    await vote_each((people.anna, "1"), (people.bruno, "2"), (people.clara, "3"))
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
    await open_shown(stage, people.anna, "!vote Shall we? --ties chair")
    await vote_each((people.clara, "1"), (people.bruno, "2"))
    await ended(stage)
    assert "The chair decided: lost." in (await people.anna.says("against"))[-1]


async def test_killed_between_the_result_and_the_question(
    stage: Stage, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    await open_shown(stage, people.anna, "!vote Shall we? --ties chair")
    await vote_each((people.clara, "1"), (people.bruno, "2"))
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
