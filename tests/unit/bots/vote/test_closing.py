"""Votes that end, and looking at them: closed, extended, called off, shown, reminded of."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete, select

from bots.vote.sealed import SealRow
from bots.vote.tables import VoteEventRow
from bridge.places import Direct
from tests.support.conversation import Stage
from tests.support.lyon import GRACE, People, head, open_one, result


async def test_close_before_its_time(stage: Stage, people: People) -> None:
    poll = await open_one(stage, people)
    await people.bruno.chooses(poll, "1")
    assert (await people.bruno.says("!vote close V1", room="Lyon"))[0].startswith("In Lyon that is for")
    assert await people.anna.says("!vote close V1", room="Lyon") == [
        "[poll ended]",
        "V1 is closed. The result follows in a moment.",
    ]
    assert await people.anna.says("!vote close V1", room="Lyon") == ["V1 is closed."]
    await stage.passes(GRACE)
    assert (await stage.said())[-1].endswith("Carried: 1 Yes, 0 No.\n1 of 4 voted (25%).")
    await stage.passes(timedelta(days=10))
    assert await stage.said() == []


async def test_extend(stage: Stage, people: People) -> None:
    await open_one(stage, people)
    assert await people.anna.says("!vote extend V1 5 december 20:00", room="Lyon") == [
        "V1 is extended and closes Saturday 5 December 2026, 20:00."
    ]
    assert "not shortened" in (await people.anna.says("!vote extend V1 friday", room="Lyon"))[0]
    events = await stage.db.read(lambda session: session.scalars(select(VoteEventRow.kind)))
    assert "extended" in list(events)
    await stage.passes(timedelta(days=8))
    assert await stage.said() == []
    await stage.passes(timedelta(days=3))
    assert (await stage.said())[0] == "[poll ended]"


async def test_cancel(stage: Stage, people: People) -> None:
    await open_one(stage, people)
    assert (await people.anna.says("!vote cancel V1", room="Lyon"))[0].startswith("What is missing: the reason.")
    assert await people.anna.says("!vote cancel V1 The question was not clear.", room="Lyon") == [
        "[poll ended]",
        "V1 is cancelled: The question was not clear.",
    ]
    assert await people.bruno.says("!vote V1 1", room="Lyon") == ["V1 is closed."]
    await stage.passes(timedelta(days=10))
    assert await stage.said() == []
    assert await people.bruno.says("!result V1", room="Lyon") == [
        "V1 · Shall we?\nCancelled: The question was not clear."
    ]


async def test_looking_at_votes(stage: Stage, people: People) -> None:
    await open_one(stage, people)
    await people.bruno.says("!vote V1 1", room="Lyon")
    assert await people.clara.says("!vote list", room="Lyon") == [
        "Votes of Lyon:\n• V1 · open until Wednesday 2 December 2026, 15:00 · Shall we?"
    ]
    (shown,) = await people.clara.says("!vote show V1", room="Lyon")
    assert head(shown) == (
        "V1 · Shall we?\n1. Yes\n2. No\nPublic · the names will be readable\n"
        "4 members on the roll · simple majority · closes Wednesday 2 December 2026, 15:00\nTo vote: !vote V1"
    )
    assert await people.clara.says("!vote who V1", room="Lyon") == ["V1 · 1 of 4 voted (25%)."]
    assert (await people.clara.says("!result V1", room="Lyon"))[0].startswith("V1 is open until")
    await stage.passes(timedelta(days=8))
    await stage.said()
    assert await people.clara.says("!vote list", room="Lyon") == ["Votes of Lyon:\n• V1 · Carried. · Shall we?"]
    assert await people.clara.says("!result V1", room="Lyon") == [
        "V1 · Shall we?\nCarried: 1 Yes, 0 No.\n1 of 4 voted (25%).\nClosed on Wednesday 2 December 2026."
    ]
    assert await people.clara.says("!vote who V1", room="Lyon") == ["V1 · 1 of 4 voted (25%).\n• Yes: Bruno"]


async def test_the_proof_of_being_on_the_roll(stage: Stage, people: People) -> None:
    await open_one(stage, people)
    (said,) = await people.bruno.says("!vote V1 me", room="Lyon")
    assert said.startswith("You are on the roll of V1, which counts 4.")
    assert (await stage.all_letters())[-1].to == Direct(people.bruno.account)
    eva = await stage.person("Eva", "Lyon")
    assert (await eva.says("!vote V1 me", room="Lyon"))[0].startswith("V1: You were not on the roll")


async def test_the_roll_is_for_those_with_the_right(stage: Stage, people: People) -> None:
    await open_one(stage, people)
    assert (await people.bruno.says("!vote roll V1", room="Lyon"))[0].startswith("In Lyon that is for")
    (said,) = await people.anna.says("!vote roll V1", room="Lyon")
    assert [line.split(",")[0] for line in said.splitlines()] == [
        "V1 · 4 members on the roll", "• Anna", "• Bruno", "• Clara", "• David",
    ]  # fmt: skip
    assert (await stage.all_letters())[-1].to == Direct(people.anna.account)


async def test_a_ballot_in_private(stage: Stage, people: People) -> None:
    options = "".join(f"\n- {letter}{letter}" for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    await people.anna.says(f"!vote Who?{options}\nmethod: schulze", room="Lyon")
    await stage.said()
    (ballot,) = await people.bruno.says("!vote V1")
    assert "1. AA" in ballot
    assert (await people.bruno.says("vote list"))[0].startswith("Votes of Lyon")
    assert await people.bruno.says("2 > 1") == []
    assert (await result(stage))[0] == "BB is elected."


async def test_ballots_lost_with_the_secret(stage: Stage, people: People) -> None:
    await people.anna.says("!vote Strike? --confidential", room="Lyon")
    await people.anna.taps("✅")
    await people.bruno.says("!vote V1")
    await stage.db.write(lambda session: session.execute(delete(SealRow)))
    assert await people.bruno.says("1") == ["The ballots of V1 are lost. It has to be held anew."]
    assert await people.anna.says("!vote remind V1", room="Lyon") != []
    await stage.passes(timedelta(days=8))
    assert await stage.said() == ["V1 cannot be counted: its ballots are lost. It has to be held anew."]
    assert (await people.anna.says("!vote list", room="Lyon"))[0].endswith("V1 · cancelled · Strike?")


async def test_reminders_are_private_and_once(stage: Stage, people: People) -> None:
    poll = await open_one(stage, people)
    await people.bruno.chooses(poll, "1")
    await people.anna.says("!vote V1 2", room="Lyon")
    await people.anna.utters("!vote remind V1", room="Lyon")
    *reminders, said = await stage.letters()
    assert {letter.to for letter in reminders} == {Direct(people.clara.account), Direct(people.david.account)}
    assert str(said) == "Those who have not voted in V1 are reminded privately."
    assert "once is enough" in (await people.anna.says("!vote remind V1", room="Lyon"))[0]


async def test_a_ballot_entered_before_a_witness(stage: Stage, people: People) -> None:
    jeanne = await stage.person("Jeanne Martin", "Lyon", confirmed=False)
    await open_one(stage, people)
    line = f'!vote V1 for "Jeanne Martin" 2 witness {people.bruno.account}'
    assert await people.anna.says(line, room="Lyon") == ["V1 · entered for Jeanne Martin: No. Witness: Bruno."]
    assert (await people.bruno.says(line, room="Lyon"))[0].startswith("In Lyon that is for")
    assert (
        "has an account"
        in (await people.anna.says(f"!vote V1 for Clara 2 witness {people.bruno.account}", room="Lyon"))[0]
    )
    assert jeanne.member_id is not None
    assert await result(stage) == ["Lost: 0 Yes, 1 No.", "1 of 5 voted (20%)."]
