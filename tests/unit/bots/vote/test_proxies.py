"""Votes for others."""

from __future__ import annotations

from bridge.places import Direct
from tests.support.conversation import Stage
from tests.support.lyon import ONE_BESIDE, PROXY, People, open_one, result


async def test_a_proxy(stage: Stage, people: People) -> None:
    asked, told = await people.bruno.says(f"!proxy give {people.clara.account} for V1", room="Lyon"), None
    assert asked == ["There is no vote V1. !vote list shows those there are."]
    poll = await open_one(stage, people)
    await stage.said()
    await people.bruno.utters(f"!proxy give {people.clara.account} for V1", room="Lyon")
    asked_letter, told = await stage.letters()
    assert asked_letter.to == Direct(people.clara.account)
    assert str(asked_letter) == "Bruno asks you to vote for them in V1.\n✅ accept   ❌ decline"
    assert (told.to, str(told)) == (Direct(people.bruno.account), "Clara is asked, and you are told the answer.")
    assert await people.bruno.taps("✅", asked_letter) == []
    assert await people.clara.taps("✅", asked_letter) == [
        "You vote for Bruno. Your own ballot counts for both.",
        "Clara votes for you. If you vote yourself, that counts instead.",
    ]
    assert await people.bruno.says("!proxy list") == ["• Clara votes for you, in V1."]
    await people.clara.chooses(poll, "2")
    assert await result(stage) == [
        "Lost: 0 Yes, 2 No.",
        "2 of 4 voted (50%).",
        "1 of them by proxy.",
        ONE_BESIDE,
        PROXY,
    ]
    assert await people.anna.says("!vote who V1", room="Lyon") == [
        "V1 · 2 of 4 voted (50%).\n• No: Bruno (Clara), Clara"
    ]


async def test_who_votes_takes_the_proxy_back(stage: Stage, people: People) -> None:
    poll = await open_one(stage, people)
    await stage.said()
    await people.bruno.utters(f"!proxy give {people.clara.account}", room="Lyon")
    asked, _ = await stage.letters()
    await people.clara.taps("✅", asked)
    await people.clara.chooses(poll, "2")
    await people.bruno.chooses(poll, "1")
    assert (await result(stage))[0] == "Lost: 1 Yes, 1 No."


async def test_a_proxy_that_is_declined_or_taken_back(stage: Stage, people: People) -> None:
    poll = await open_one(stage, people)
    await stage.said()
    await people.bruno.utters(f"!proxy give {people.clara.account}", room="Lyon")
    asked, _ = await stage.letters()
    assert await people.clara.taps("❌", asked) == ["You do not vote for Bruno.", "Clara does not vote for you."]
    await people.bruno.utters(f"!proxy give {people.david.account}", room="Lyon")
    asked, _ = await stage.letters()
    await people.david.taps("✅", asked)
    assert await people.bruno.says("!proxy end") == ["Bruno has taken the proxy back.", "Your proxy is taken back."]
    for person in (people.clara, people.david):
        await person.chooses(poll, "1")
    assert (await result(stage))[0] == "Carried: 2 Yes, 0 No."
