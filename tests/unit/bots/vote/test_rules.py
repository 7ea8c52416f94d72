"""Rules that a vote is opened with: abstentions, weights, unit ballots, who is present."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bots.help import BOT as HELP
from tests.support.conversation import Stage, stage_on
from tests.support.lyon import BOT, People, ended, members, numbers, open_shown, vote_each

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
    shown, _ = await open_shown(stage, people.anna, f"!vote Shall we? --majority 2/3 --abstentions {words}")
    assert rule in shown
    await vote_each((people.anna, "1"), (people.bruno, "1"), (people.clara, "3"), (people.david, "3"))
    assert (await numbers(stage))[:3] == lines


async def test_all_abstain(stage: Stage, people: People) -> None:
    await open_shown(stage, people.anna, "!vote Shall we? --majority 2/3 --abstentions counted")
    await vote_each((people.anna, "3"), (people.bruno, "3"))
    assert (await numbers(stage))[:2] == [
        "Lost: 0 For, 0 Against, 2 Abstain.", "Majority 2/3 of 2 cast: 2 needed, 0 for: lost.",
    ]  # fmt: skip


@pytest.mark.parametrize("ties", ["lot", "chair", "status quo"])
async def test_equal_without_votes_is_no_tie(stage: Stage, people: People, ties: str) -> None:
    await open_shown(stage, people.anna, f"!vote Shall we? --ties {ties}")
    await open_shown(stage, people.anna, f"!vote Who?\n- Ada\n- Grace\nties: {ties}")
    await vote_each((people.anna, "3"), number=1)
    said = [str(letter).splitlines()[1] for letter in await ended(stage)]
    assert said == ["Lost: 0 For, 0 Against, 1 Abstain.", "Nobody voted: nothing is decided."]


async def test_somebody_counted_who_is_present(stage: Stage, people: People) -> None:
    await open_shown(stage, people.anna, "!vote Shall we? --majority absolute of present")
    await vote_each((people.anna, "1"), (people.bruno, "1"))
    for line, said in (
        ("!vote close V1 --present 5", "There are 4 on the roll, so 1 to 4 can be present."),
        ("!vote close V1 --present 0", "There are 4 on the roll, so 1 to 4 can be present."),
    ):
        assert await people.anna.says(line, room="Lyon") == [said]
    await people.anna.says("!vote close V1 --present 4", room="Lyon")
    assert (await numbers(stage))[:2] == [
        "Lost: 2 For, 0 Against, 0 Abstain.", "Absolute majority of 4 present: 3 needed, 2 for: lost.",
    ]  # fmt: skip


async def test_fewer_counted_than_voted(stage: Stage, people: People) -> None:
    await open_shown(stage, people.anna, "!vote Shall we? --majority absolute of present")
    await vote_each((people.anna, "1"), (people.bruno, "2"), (people.clara, "1"))
    await people.anna.says("!vote close V1 --present 1", room="Lyon")
    assert (await numbers(stage))[1] == "Absolute majority of 3 present: 2 needed, 2 for: carried."


async def test_present_is_for_a_majority_of_those_present(stage: Stage, people: People) -> None:
    await people.anna.says("!vote Shall we?", room="Lyon")
    assert await people.anna.says("!vote close V1 --present 3", room="Lyon") == [
        "Those present are counted only for a majority of those present."
    ]
    assert "open until" in (await people.anna.says("!vote list", room="Lyon"))[0]


# -- weights


async def test_weights_given_at_the_opening(stage: Stage, people: People) -> None:
    line = "!vote Shall we? --quorum 50% --weights Anna=30, bruno: 20, Clara 0"
    shown, said = await open_shown(stage, people.anna, line)
    for sentence in (shown, said):
        assert "Ballots are weighted; together they weigh 51." in sentence
    assert "quorum 2" in shown  # of four people
    assert "Anna, number M0001, weight 30" in (await people.anna.says("!vote roll V1"))[0]
    await vote_each((people.anna, "1"), (people.bruno, "2"), (people.clara, "2"))
    assert await numbers(stage) == [
        "Carried: 30 For, 20 Against, 0 Abstain.",
        "Quorum 50 %: 3 of 4 voted, reached.",
        "Simple majority: 30 for, 20 against: carried.",
        "3 of 4 voted (75%).",
        "Their ballots weigh 50 of 51.",
    ]


async def test_weights_on_a_line_of_their_own_by_number(stage: Stage, people: People) -> None:
    _, said = await open_shown(stage, people.anna, "!vote Shall we?\n- Yes\n- No\nweights: 1=2, m0002=100000")
    assert "together they weigh 100,004." in said


async def test_a_heavy_ballot_is_one_for_the_quorum(stage: Stage, people: People) -> None:
    await open_shown(stage, people.anna, "!vote Shall we? --quorum 2 --weights Anna=1000")
    await vote_each((people.anna, "1"))
    assert (await numbers(stage))[1] == "Quorum 2: 1 of 4 voted, 2 needed: not reached. Nothing is decided."


async def test_only_ballots_that_weigh_nothing(stage: Stage, people: People) -> None:
    await open_shown(stage, people.anna, "!vote Shall we? --weights Anna=0")
    await open_shown(stage, people.anna, "!vote Who?\n- Ada\n- Grace\nweights: Anna=0")
    for number in (1, 2):
        await vote_each((people.anna, "1"), number=number)
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
    await open_shown(stage, anna, "!vote Shall we? --quorum 100% --majority unanimous --ties lot --weights Anna=7")
    await vote_each((anna, "1"))
    lines = await numbers(stage)
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
    await open_shown(stage, people.anna, f"!vote Strike? --confidential --units {rest}")


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
    assert await numbers(stage) == [
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
    assert await numbers(stage) == ["Carried: 9 For, 1 Against, 0 Abstain.", "10 of 12 voted (83%)."]


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
    assert (await numbers(stage))[:2] == [
        f"Carried: {voted - 1} For, 1 Against, 0 Abstain.", f"{voted} of 14 voted ({round(voted / 14 * 100)}%).",
    ]  # fmt: skip


async def test_without_units_there_are_no_proxies(stage: Stage, people: People) -> None:
    await open_shown(stage, people.anna, "!vote Strike? --confidential")
    (said,) = await people.bruno.says(f"!proxy give {people.clara.account} for V1")
    assert said.startswith("There is no voting by proxy in a confidential vote")


# -- in the list, in the help, and in French


async def test_the_rules_are_shown(stage: Stage, people: People) -> None:
    _, said = await open_shown(stage, people.anna, "!vote Shall we? --ties lot --weights Anna=3")
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
        shown, said = await open_shown(stage, people.anna, line)
        assert "Les bulletins sont pondérés ; ensemble, ils pèsent 6." in shown
        assert "Les abstentions comptent parmi les suffrages exprimés." in shown
        assert "En cas d’égalité, le sort décide" in said
        (shown,) = await people.anna.says("!voter Budget ? --égalité statu quo", room="Lyon")
        assert "En cas d’égalité, tout reste en l’état." in shown
        (shown,) = await people.anna.says("!voter Budget ? --confidentiel --unités --poids Anna=3", room="Lyon")
        assert "autant de bulletins" in shown
        (said,) = await people.anna.says("!voter Budget ? --poids registre", room="Lyon")
        assert "--qui délégués" in said
        await open_shown(stage, people.anna, "!voter Encore ? --égalité présidence")
        await people.anna.says("!voter V2 1", room="Lyon")
        await people.bruno.says("!voter V2 2", room="Lyon")
        await stage.said()
        await people.anna.utters("!voter clôturer V2", room="Lyon")
        await stage.passes(timedelta(minutes=2))
        asked = (await stage.letters())[-1]
        assert "Pour, Contre sont à égalité." in str(asked)
        final = await people.anna.taps("1️⃣", asked)
        assert "Adopté\xa0: 1 Pour, 1 Contre, 0 Abstention." in final[-1]
