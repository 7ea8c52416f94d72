"""The direct conversation: ballots for whoever opens it, and votes of those who have left."""

from __future__ import annotations

from party.members import Status
from party.operations.members import SetStatus
from tests.support.conversation import Stage
from tests.support.lyon import FEW, People, open_one, result
from tests.support.register import do


async def test_whoever_left_after_the_opening_votes_directly(stage: Stage, people: People) -> None:
    """Joining or leaving later changes nothing."""
    await open_one(stage, people)
    await people.anna.says("!vote Strike? --confidential", room="Lyon")
    await people.anna.taps("✅")
    await do(stage.db, SetStatus(people.bruno.member_id or "", Status.LEFT), at=stage.clock.now())
    stranger = stage.stranger("Eve")
    (slip,) = await people.bruno.says("vote V1 banana")
    assert slip == (await people.clara.says("vote V1 banana"))[0]
    assert "on the roll of V1" in (await people.bruno.says("vote V1 me"))[0]
    assert await people.bruno.says("vote V1 1") == []  # but a mark
    assert "Strike?" in (await people.bruno.says("!voter V2"))[0]
    assert await people.bruno.says("1") == [
        "Your ballot for V2 is in. Until the close you can answer again to change it."
    ]
    assert "do not know you" in (await people.bruno.says("vote list"))[0]
    assert "do not know you" in (await stranger.says("vote V1 1"))[0]
    assert await people.bruno.says("!vote V1 2", room="Lyon") == []
    assert await result(stage) == ["Carried.", "1 of 4 voted (25%).", FEW]
    (shown,) = await people.anna.says("!vote result V1", room="Lyon")
    assert "Carried: 1 Yes, 0 No.\n1 of 4 voted (25%)." in shown


async def test_whoever_opens_the_direct_conversation_finds_their_ballot(stage: Stage, people: People) -> None:
    """The link of a confidential vote leads there."""
    await people.anna.says("!vote Strike? --confidential", room="Lyon")
    await people.anna.taps("✅")
    (ballot,) = await people.bruno.joins()
    assert ballot.startswith("V1 · Strike?\n1. For\n2. Against")
    assert await people.bruno.joins() == [], "once"
    assert await people.bruno.says("1") == [
        "Your ballot for V1 is in. Until the close you can answer again to change it."
    ]
    assert await stage.stranger("Eve").joins() == []
