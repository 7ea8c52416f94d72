"""The record of a vote, from the room in which it was held to whoever counts again."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from bots.vote import bot
from bots.vote.chart.studio import Studio
from bots.vote.policy import VotePolicy
from bots.vote.record.signing import Signer
from bots.vote.record.verify import verify
from bots.vote.sealed import SealedBox
from bots.vote.settings import Settings
from bots.vote.tables import VoteRow
from bridge import files
from bridge.letters import Document, Picture, Poll
from bridge.places import Direct
from tests.support.conversation import Someone, Stage, stage_on
from tests.support.said import Said

SIGNER = Signer(b"k" * 32)
BOT = bot(Settings(VotePolicy(), SealedBox(b"s" * 32), SIGNER))


async def people(stage: Stage) -> tuple[Someone, Someone, Someone, Someone]:
    anna = await stage.person("Anna", "Lyon", offices=["secretary"])
    return (anna, *[await stage.person(name, "Lyon") for name in ("Bruno", "Clara", "David")])  # type: ignore[return-value]


async def document(stage: Stage) -> Said:
    return [said for said in await stage.all_letters() if isinstance(said.content, Document)][-1]


async def content(stage: Stage, letter: Said) -> bytes:
    assert isinstance(letter.content, Document)
    file = letter.content.file
    found = await stage.db.read(lambda session: files.read(session, file))
    assert found is not None
    return found


async def record(stage: Stage) -> dict[str, Any]:
    """The latest record, which has been verified."""
    found = await content(stage, await document(stage))
    report = verify(found, key=SIGNER.public)
    assert [wrong for check in report.checks for wrong in check.wrong] == []
    return dict(json.loads(found))


def ballots(known: dict[str, Any]) -> dict[str, Any]:
    return {one["name"]: one["ballot"] for one in known["entries"] if one["kind"] == "ballot"}


async def test_the_record_of_a_show_of_hands(database_url: str) -> None:
    async with stage_on(database_url, [BOT]) as stage:
        anna, bruno, clara, david = await people(stage)
        jeanne = await stage.person("Jeanne Martin", "Lyon", confirmed=False)
        await anna.utters("!vote Shall we?\n- Yes\n- No\ncloses: friday 18:00", room="Lyon")
        poll = next(said for said in await stage.letters() if isinstance(said.content, Poll))
        await bruno.utters(f"!proxy give {clara.account} for V1", room="Lyon")
        asked, _ = await stage.letters()
        await clara.taps("✅", asked)
        await anna.says(f'!vote V1 for "Jeanne Martin" 2 witness {bruno.account}', room="Lyon")
        await anna.says("!vote extend V1 saturday 20:00", room="Lyon")
        await clara.chooses(poll, "1")
        await stage.passes(timedelta(days=3, hours=6))
        ended, said, file = await stage.said()
        assert ended == "[poll ended]"
        assert said.endswith(
            "Carried: 2 Yes, 1 No.\n3 of 5 voted (60%).\n1 of them by proxy.\n"
            "2 votes were given outside the poll, which does not show them.\n• by proxy: Clara for Bruno"
        )
        assert file == "[file] V1.json"
        assert (await document(stage)).to == poll.to

        known = await record(stage)
        assert ballots(known) == {"Bruno": [1], "Clara": [1], "Jeanne Martin": [2]}
        entries = {one["name"]: one for one in known["entries"] if one["kind"] == "ballot"}
        assert entries["Bruno"]["proxy"] == "Clara"
        assert entries["Jeanne Martin"]["entered"] == {"by": "Anna", "witness": "Bruno"}
        assert [one["kind"] for one in known["entries"]][:3] == ["opened", "extended", "counted"]
        assert known["entries"][1]["to"] == "2026-11-28T19:00:00Z"
        assert known["verdict"]["sentences"] == [line for line in said.splitlines()[1:] if line[0] != "•"]
        raw = (await content(stage, await document(stage))).decode()
        assert not [one for one in (anna, bruno, clara, jeanne) if one.account in raw or str(one.member_id) in raw]
        assert "David" not in raw
        assert str(david.member_id) not in raw


async def test_it_is_given_again_byte_for_byte_to_whoever_may_see_it(database_url: str) -> None:
    async with stage_on(database_url, [BOT]) as stage:
        anna, bruno, clara, _ = await people(stage)
        other = await stage.person("Emil", "Brest")
        stranger = await stage.person("Frida", "Lyon")
        await anna.says("!vote Shall we?\n- Yes\n- No\ncloses: friday 18:00", room="Lyon")
        late = await stage.person("Late", "Lyon")
        assert await anna.says("!vote record V1", room="Lyon") == ["There is no record of V1."]
        await bruno.says("!vote V1 1", room="Lyon")
        await stage.passes(timedelta(days=3))
        await stage.letters()
        first = await document(stage)
        for person, room, to in (
            (late, "Lyon", first.to),
            (clara, None, Direct(clara.account)),
            (stranger, "Brest", Direct(stranger.account)),
        ):
            assert await person.says("!vote record V1", room=room) == ["[file] V1.json"]
            again = await document(stage)
            assert again.id != first.id
            assert again.to == to
            assert await content(stage, again) == await content(stage, first)
        for person in (other, late):
            assert await person.says("!vote record V1") == ["There is no vote V1. !vote list shows those there are."]


async def test_an_election_in_french(database_url: str) -> None:
    async with stage_on(database_url, [BOT], language="fr") as stage:
        anna, bruno, clara, david = await people(stage)
        await anna.says("!voter Qui ?\n- Ada\n- Grace\n- Émilie\nsièges: 2\nclôture: vendredi 18h", room="Lyon")
        for person, choice in ((bruno, "2 > 1"), (clara, "ba"), (david, "Émilie > Grace")):
            await person.says(f"!voter V1 {choice}", room="Lyon")
        await stage.passes(timedelta(days=3))
        assert (await stage.said())[-1] == "[file] V1.json"
        known = await record(stage)
        assert known["language"] == "fr"
        assert known["verdict"]["winners"] == ["Grace", "Émilie"]
        assert known["verdict"]["sentences"][0] == "Dans cet ordre\u00a0: Grace, Émilie."
        assert known["count"]["rounds"][0]["votes"] == {"Ada": 0, "Grace": 2, "Émilie": 1}
        assert await bruno.says("!voter procès-verbal V1", room="Lyon") == ["[file] V1.json"]


@pytest.mark.parametrize("voters", [3, 12])
async def test_of_a_confidential_vote_it_tells_what_may_be_told(database_url: str, voters: int) -> None:
    async with stage_on(database_url, [BOT]) as stage:
        anna, *_ = await people(stage)
        for number in range(10):
            await stage.person(f"Member {number}", "Lyon")
        await anna.says("!vote Strike? --confidential", room="Lyon")
        await anna.taps("✅")
        for place, person in enumerate(list(stage.people.values())[:voters]):
            await person.says("!vote V1")
            await person.says("1" if place % 2 else "2")
        await anna.says("!vote close V1", room="Lyon")
        await stage.passes(timedelta(minutes=1))
        known = await record(stage)
        assert known["turnout"] == {"voted": voters, "proxies": 0, "present": None}
        counted = [(one["ballot"], one["alike"]) for one in known["entries"] if one["kind"] == "ballots"]
        if voters < 10:
            assert (counted, known["count"]) == ([], None)
        else:
            assert counted == [([1], 6), ([2], 6)]
        names = [person.name for person in stage.people.values()]
        raw = json.dumps(known, ensure_ascii=False)
        assert not [name for name in names if name in raw]


@pytest.mark.parametrize("killed", [False, True], ids=["at once", "killed while it is drawn"])
async def test_the_picture_comes_once_before_the_record(database_url: str, *, killed: bool) -> None:
    studio = Studio()
    async with stage_on(database_url, [bot(Settings(signer=SIGNER, studio=studio))], language="fr") as stage:
        anna, bruno, *_ = await people(stage)
        await anna.says("!voter Y allons-nous ?\nclôture: vendredi 18h", room="Lyon")
        await bruno.says("!voter V1 pour", room="Lyon")
        await stage.passes(timedelta(days=2, hours=3, minutes=1))
        assert (await stage.said())[-1].startswith("V1 · Y allons-nous ?\nAdopté")
        if killed:  # another process knows nothing of what was begun
            vote = await stage.db.read(lambda session: session.scalar(select(VoteRow.id)))
            assert studio.begun(str(vote))
            studio.forget(str(vote))
        await stage.passes(timedelta(minutes=1))
        pictured, file = await stage.said()
        assert pictured.startswith("[picture] V1 · Y allons-nous ?\nAdopté\u00a0: 1 Pour, 0 Contre, 0 Abstention.")
        assert file == "[file] V1.json"
        [letter] = [said for said in await stage.all_letters() if isinstance(said.content, Picture)]
        assert isinstance(letter.content, Picture)
        name = letter.content.file
        png = await stage.db.read(lambda session: files.read(session, name))
        assert png is not None
        assert png.startswith(b"\x89PNG")
        assert letter.content.width == 3 * 390
        await stage.passes(timedelta(days=1))
        assert await stage.said() == []


async def test_no_record_where_nobody_signs(database_url: str) -> None:
    async with stage_on(database_url, [bot(Settings())]) as stage:
        anna, *_ = await people(stage)
        await anna.says("!vote Shall we?\ncloses: friday 18:00", room="Lyon")
        await stage.passes(timedelta(days=3))
        assert not [said for said in await stage.said() if said.startswith("[file]")]
        assert await stage.db.read(lambda session: session.scalar(select(VoteRow.record))) is None
