"""Announcements and reports: where they go, how far they are, how they are corrected and taken back."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from functools import partial

import pytest

from bots.announce import BOT
from bots.kit.surroundings import RoomKind
from bridge.letters import NO_ROOM, Correction, Receipt, Withdrawal, Words
from bridge.places import BranchRoom
from tests.support.conversation import ROOMS, Someone, Stage, find, stage_on
from tests.support.planted import grow_wide
from tests.support.said import Said

MOMENT = timedelta(seconds=5)


@pytest.fixture
async def stage(database_url: str) -> AsyncIterator[Stage]:
    async with stage_on(database_url, [BOT]) as stage:
        yield stage


@pytest.fixture
async def anna(stage: Stage) -> Someone:
    return await stage.person("Anna", "Rhône", offices=["secretary"])


async def copies(stage: Stage, key: str = "announcements") -> dict[str, Said]:
    """The copies that were sent, by the names of the branches."""
    tree = await stage.tree()
    found = {}
    for said in await stage.all_letters():
        if isinstance(said.content, Words) and isinstance(said.to, BranchRoom) and said.to.key == key:
            assert tree[said.to.branch_id].name not in found, "sent twice"
            found[tree[said.to.branch_id].name] = said
    return found


async def arrive(stage: Stage, *branches: str) -> None:
    sent = await copies(stage)
    for branch in branches:
        await stage.receipt(sent[branch], "announce")


async def test_to_the_announcements_of_the_branch(stage: Stage, anna: Someone) -> None:
    assert await anna.says(
        "!announce Saturday at 2 pm,\nplace Bellecour.\n\nBring <b>flags</b>!", room="Rhône/committee"
    ) == [
        "Saturday at 2 pm,\nplace Bellecour.\n\nBring <b>flags</b>!\n\n— Anna, Rhône",
        "A1 · Sent to the announcements of Rhône.\n"
        "To correct it, edit your message. To take it back, delete your message or write !announce retract A1.",
    ]
    (copy,) = (await copies(stage)).values()
    assert copy.words == Words(
        "Saturday at 2 pm,\nplace Bellecour.\n\nBring <b>flags</b>!\n\n— Anna, Rhône",
        "Saturday at 2 pm,<br>place Bellecour.<br><br>Bring &lt;b&gt;flags&lt;/b&gt;!<br><br>— Anna, Rhône",
        notice=False,
    )
    assert copy.to == BranchRoom(find(await stage.tree(), "Rhône").id, "announcements")


async def test_below_waits_for_a_yes(stage: Stage, anna: Someone) -> None:
    for name in ("Bea", "Carl"):
        await stage.person(name, "Lyon")
    await stage.person("Dora", "Givors")
    assert await anna.says("!announce --below Saturday at 2 pm!", room="Rhône") == [
        "This announcement will go to 2 branches of Rhône (3 members).\n✅ send   ❌ drop"
    ]
    assert await copies(stage) == {}
    *sent, progress = await anna.taps("✅")
    assert sent == ["Saturday at 2 pm!\n\n— Anna, Rhône"] * 2
    assert progress == "A1 · Sending… 0 of 2"
    assert set(await copies(stage)) == {"Lyon", "Givors"}
    assert await anna.taps("✅") == []
    assert len(await copies(stage)) == 2


async def test_no_is_no(stage: Stage, anna: Someone) -> None:
    await anna.says("!announce --below Saturday!", room="Rhône")
    assert await anna.taps("❌") == ["Dropped. Nothing was sent."]
    await anna.says("!announce --below Saturday!", room="Rhône")
    await stage.passes(timedelta(hours=2))
    assert await anna.taps("✅") == ["That question has run out, and nothing was done. Please write the command again."]
    assert await copies(stage) == {}


async def test_only_what_is_sent_is_numbered(stage: Stage, anna: Someone) -> None:
    await anna.says("!announce --below Saturday!", room="Rhône")
    await anna.taps("❌")
    await anna.says("!announce Sunday!", room="Rhône")
    assert (await anna.says("!announce list", room="Rhône"))[0].splitlines()[1].startswith("• A1 ")


@pytest.mark.parametrize(
    "words",
    [
        "Programme:\n- 2 pm: we leave\n- 4 pm – we are there\nContact: Jean, 06 12 34\n\nFor: all — come!",
        "To: everybody, come!",
        "“Come”, he said, **come** _now_ `!help` @\u2060room",
        "🚩 Samedi\n\n\tà midi",
    ],
)
async def test_words_stay_as_they_were_written(stage: Stage, anna: Someone, words: str) -> None:
    await anna.says(f"!announce {words}", room="Rhône")
    (copy,) = (await copies(stage)).values()
    said = str(copy).removesuffix("\n\n— Anna, Rhône")
    assert said.replace("\t", " ") == words.replace("\t", " ")
    assert copy.words is not None
    assert copy.words.mentions == ()


@pytest.mark.parametrize("line", ["announce list of candidates", "announce status quo", "announce retract it all!"])
async def test_words_that_look_like_a_command_are_not_sent(stage: Stage, anna: Someone, line: str) -> None:
    await anna.says(f"!{line}", room="Rhône")
    assert await copies(stage) == {}


async def test_progress_is_one_message_that_is_seldom_edited(stage: Stage) -> None:
    regis = await stage.person("Régis", "Auvergne-Rhône-Alpes", offices=["secretary"])
    await regis.says("!announce --below Saturday!", room="Auvergne-Rhône-Alpes")
    await regis.taps("✅")
    progress = (await stage.all_letters())[-1]
    await arrive(stage, "Rhône", "Loire", "Lyon")
    assert await stage.said() == []
    await stage.passes(MOMENT)
    assert await stage.said() == ["[corrected] A1 · Sending… 3 of 5"]
    await stage.passes(MOMENT)
    assert await stage.said() == []
    await arrive(stage, "Saint-Étienne")
    await stage.passes(timedelta(minutes=1))
    assert await stage.said() == [
        "[corrected] A1 · Sending… 4 of 5",
        "[corrected] A1 · Arrived in 4 branches of 5.\nStill on its way to Givors.",
    ]
    await arrive(stage, "Givors")
    await stage.passes(MOMENT)
    (last,) = await stage.letters()
    assert str(last) == (
        "[corrected] A1 · Arrived in all 5 branches.\n"
        "To correct it, edit your message. To take it back, delete your message or write !announce retract A1."
    )
    assert isinstance(last.content, Correction)
    assert last.content.of == progress.id
    await stage.passes(timedelta(days=2))
    assert await stage.said() == []


async def test_the_report_says_where_it_did_not_arrive_and_why(database_url: str) -> None:
    rooms = {**ROOMS, "announcements": RoomKind(key="announcements", name={"en": "News"}, tiers=("region", "section"))}
    async with stage_on(database_url, [BOT], rooms=rooms) as stage:
        regis = await stage.person("Régis", "Auvergne-Rhône-Alpes", offices=["secretary"])
        assert await regis.says("!announce --below Saturday!", room="Auvergne-Rhône-Alpes") == [
            "This announcement will go to 3 branches of Auvergne-Rhône-Alpes (0 members).\n"
            "Loire, Rhône have no announcements room.\n✅ send   ❌ drop"
        ]
        await regis.taps("✅")
        sent = await copies(stage)
        await stage.receipt(sent["Lyon"], "announce")
        await stage.receipt(sent["Givors"], "announce", "refused")
        await stage.receipt(sent["Saint-Étienne"], "announce", "given_up")
        await stage.passes(MOMENT)
        assert await stage.said() == [
            "[corrected] A1 · Arrived in 1 branch of 5.\n"
            "Loire, Rhône have no announcements room yet.\n"
            "The room of Givors does not let me write.\n"
            "The room of Saint-Étienne could not be reached for a day.\n"
            "To correct it, edit your message. To take it back, delete your message or write !announce retract A1."
        ]
        assert await regis.says("!announce status", room="Auvergne-Rhône-Alpes") == [
            "A1 · Arrived in 1 branch of 5.\n"
            "Loire, Rhône have no announcements room yet.\n"
            "The room of Givors does not let me write.\n"
            "The room of Saint-Étienne could not be reached for a day.\n"
            "“Saturday!”, Régis, Wednesday 25 November 2026"
        ]


async def test_to_one_tier(stage: Stage) -> None:
    regis = await stage.person("Régis", "Auvergne-Rhône-Alpes", offices=["secretary"])
    assert await regis.says("!announce Saturday! --to departments", room="Auvergne-Rhône-Alpes") == [
        "This announcement will go to 2 branches of Auvergne-Rhône-Alpes on the tier “department” (0 members).\n"
        "✅ send   ❌ drop"
    ]
    await regis.taps("✅")
    assert set(await copies(stage)) == {"Rhône", "Loire"}
    assert await regis.says("!announce Saturday! --to national", room="Auvergne-Rhône-Alpes") == [
        "There is no branch of the tier “national” under Auvergne-Rhône-Alpes."
    ]


async def test_only_who_may(stage: Stage, anna: Someone) -> None:
    chair = await stage.person("Cleo", "Rhône", offices=["chair"])
    bob = await stage.person("Bob", "Rhône")
    assert "chair" not in "".join(await chair.says("!announce Hello", room="Rhône"))
    assert await chair.says("!announce --below Hello", room="Rhône") == [
        "Your office lets you announce in Rhône, not in the branches under it."
    ]
    (refusal,) = await bob.says("!announce Hello", room="Rhône")
    assert "Secretary" in refusal
    (refusal,) = await anna.says("!announce Hello", room="Loire")
    assert "Loire" in refusal
    assert set(await copies(stage)) == {"Rhône"}


async def test_a_yes_after_the_office_has_ended_sends_nothing(stage: Stage, anna: Someone) -> None:
    await anna.says("!announce --below Saturday!", room="Rhône")
    await stage.loses_offices(anna)
    (refusal,) = await anna.taps("✅")
    assert "Secretary" in refusal
    assert await copies(stage) == {}


async def test_an_edit_is_carried_to_every_copy(stage: Stage, anna: Someone) -> None:
    await anna.says("!announce --below Saturday at 2 pm", room="Rhône", id="$asked")
    await anna.taps("✅")
    sent = await copies(stage)
    await stage.receipt(sent["Givors"], "announce", "refused")
    assert await anna.edits("$asked", "!announce --below Saturday at 3 pm", room="Rhône") == [
        "[corrected] Saturday at 3 pm\n\n— Anna, Rhône",
        "A1 · Your correction goes to 1 branch.",
    ]
    (correction,) = [said for said in await stage.all_letters() if isinstance(said.content, Correction)]
    assert isinstance(correction.content, Correction)
    assert (correction.content.of, correction.to) == (sent["Lyon"].id, sent["Lyon"].to)
    assert correction.content.words.notice is False
    assert await anna.edits("$asked", "!announce --below Saturday at 3 pm", room="Rhône") == []


async def test_an_edit_before_the_yes_changes_what_is_sent(stage: Stage, anna: Someone) -> None:
    await anna.says("!announce --below Saturday at 2 pm", room="Rhône", id="$asked")
    (question,) = [said for said in await stage.all_letters() if isinstance(said.content, Words)]
    assert await anna.edits("$asked", "!announce --below Saturday at 3 pm", room="Rhône") == [
        "Noted: your corrected words will be sent once you say yes."
    ]
    assert (await anna.taps("✅", question))[0] == "Saturday at 3 pm\n\n— Anna, Rhône"


async def test_what_an_edit_does_not_do(stage: Stage, anna: Someone) -> None:
    bob = await stage.person("Bob", "Rhône", offices=["secretary"])
    await anna.says("!announce Saturday", room="Rhône", id="$asked")
    assert await bob.edits("$asked", "!announce Sunday", room="Rhône") == [
        "What is changed is not done again. Please write it as a new message."
    ]
    keep = "To correct it, keep the command at the beginning of your message."
    assert await anna.edits("$asked", "oh, I meant Sunday", room="Rhône") == [keep]
    assert await anna.edits("$asked", "!report Sunday", room="Rhône") == [keep]
    assert await anna.edits("$asked", "!announce", room="Rhône") == [keep]
    await stage.loses_offices(anna)
    assert await anna.edits("$asked", "!announce Sunday", room="Rhône") == ["A1 stays as it is: your office has ended."]
    assert not [said for said in await stage.all_letters() if isinstance(said.content, Correction)]


@pytest.mark.parametrize("how", ["delete", "retract", "retract by number", "reply", "undo"])
async def test_taken_back_from_everywhere(stage: Stage, anna: Someone, how: str) -> None:
    await anna.says("!announce --below Saturday at 2 pm", room="Rhône", id="$asked")
    await anna.taps("✅")
    sent = await copies(stage)
    match how:
        case "delete":
            said = await anna.takes_back("$asked", room="Rhône")
        case "retract":
            said = await anna.says("!announce retract", room="Rhône")
        case "retract by number":
            said = await anna.says("!announce retract a1")
        case "reply":
            said = await anna.says("!announce retract", room="Rhône", reply_to=sent["Lyon"])
        case _:
            said = await anna.says("!undo", room="Rhône")
    back = "A1 · Taken back from 2 branches."
    assert said == ["[taken back]", "[taken back]", f"[corrected] {back}", back]
    taken = [said.content.of for said in await stage.all_letters() if isinstance(said.content, Withdrawal)]
    assert set(taken) == {copy.id for copy in sent.values()}
    assert await anna.says("!announce retract A1", room="Rhône") == ["A1 was taken back already."]
    assert await anna.says("!announce status A1", room="Rhône") == ["A1 was taken back."]
    assert await anna.edits("$asked", "!announce --below Sunday", room="Rhône") == [
        "A1 was taken back. Please send it anew."
    ]
    await arrive(stage, "Lyon")
    await stage.passes(timedelta(days=1))
    assert await stage.said() == []


async def test_deleted_before_the_yes(stage: Stage, anna: Someone) -> None:
    await anna.says("!announce --below Saturday", room="Rhône", id="$asked")
    assert await anna.takes_back("$asked", room="Rhône") == ["[taken back]"]
    assert await anna.taps("✅") == []
    assert await copies(stage) == {}


async def test_who_may_not_announce_deletes_nothing(stage: Stage, anna: Someone) -> None:
    moderator = await stage.person("Mo", "Rhône")
    await anna.says("!announce Saturday", room="Rhône", id="$asked")
    assert await moderator.takes_back("$asked", room="Rhône") == []
    assert not [said for said in await stage.all_letters() if isinstance(said.content, Withdrawal)]


async def test_a_single_one_that_fails_is_said_to_its_author(stage: Stage, anna: Someone) -> None:
    await anna.says("!announce Saturday", room="Rhône/committee")
    await stage.receipt((await copies(stage))["Rhône"], "announce", "refused")
    await stage.passes(MOMENT)
    (failed,) = await stage.letters()
    assert str(failed) == "A1 has not arrived: the room of Rhône does not let me write."
    assert failed.words is not None
    assert failed.words.mentions == (anna.account,)


async def test_a_branch_whose_room_was_never_made(stage: Stage, anna: Someone) -> None:
    await anna.says("!announce --below Saturday", room="Rhône")
    await anna.taps("✅")
    await anna.says("!announce Sunday", room="Rhône")
    sent = await copies(stage)
    await arrive(stage, "Lyon")
    for branch in ("Givors", "Rhône"):
        letter = sent[branch].id
        late = Receipt(id=stage.event(), letter=letter, owner="announce", outcome="given_up", reason=NO_ROOM)
        await stage.arrives(late)
    await stage.said()
    await stage.passes(MOMENT)
    first, second = await stage.said()
    assert first.splitlines()[:2] == [
        "[corrected] A1 · Arrived in 1 branch of 2.",
        "Givors has no announcements room yet.",
    ]
    assert second == "A2 has not arrived: Rhône has no room for it yet."


async def test_a_single_one_that_arrives_says_no_more(stage: Stage, anna: Someone) -> None:
    await anna.says("!announce Saturday", room="Rhône")
    await arrive(stage, "Rhône")
    await stage.passes(timedelta(days=1))
    assert await stage.said() == []


async def test_the_list(stage: Stage, anna: Someone) -> None:
    assert await anna.says("!announce list", room="Rhône") == ["Rhône has sent no announcement yet."]
    await anna.says("!announce Saturday at 2 pm", room="Rhône")
    await arrive(stage, "Rhône")
    await anna.says(
        "!announce --below Bring your banners and your friends and their banners too, please do", room="Rhône"
    )
    await anna.taps("✅")
    await anna.says("!announce Nonsense", room="Rhône")
    await anna.says("!announce retract", room="Rhône")
    assert await anna.says("!announce list", room="Rhône") == [
        "The latest announcements of Rhône:\n"
        "• A3 · Wednesday 25 November 2026 · taken back\n"
        "• A2 · Wednesday 25 November 2026 · on its way, 0 of 2 · "
        "Bring your banners and your friends and their banners too,…\n"
        "• A1 · Wednesday 25 November 2026 · arrived, 1 of 1 · Saturday at 2 pm"
    ]


async def test_others_see_no_announcement_that_is_not_theirs(stage: Stage, anna: Someone) -> None:
    await anna.says("!announce Saturday", room="Rhône")
    other = await stage.person("Olga", "Loire", offices=["secretary"])
    assert await other.says("!announce status A1", room="Loire") == [
        "There is no announcement A1. !announce list shows those there are."
    ]
    assert await other.says("!announce retract A1", room="Loire") == [
        "There is no announcement A1. !announce list shows those there are."
    ]


async def test_a_report_goes_to_the_committee_above(stage: Stage) -> None:
    lea = await stage.person("Léa", "Lyon", offices=["secretary"])
    assert await lea.says("!report We were 46 this morning.", room="Lyon", id="$asked") == [
        "Report from Lyon\n\nWe were 46 this morning.\n\n— Léa, Lyon",
        "R1 · Sent to the committee of Rhône.\n"
        "To correct it, edit your message. To take it back, delete your message or write !report retract R1.",
    ]
    (copy,) = (await copies(stage, "committee")).values()
    assert copy.to == BranchRoom(find(await stage.tree(), "Rhône").id, "committee")
    assert (await lea.edits("$asked", "!report We were 47 this morning.", room="Lyon"))[0] == (
        "[corrected] Report from Lyon\n\nWe were 47 this morning.\n\n— Léa, Lyon"
    )
    assert await lea.says("!report retract", room="Lyon") == ["[taken back]", "R1 · Taken back from 1 branch."]


async def test_a_report_that_nobody_would_read(database_url: str) -> None:
    rooms = {key: kind for key, kind in ROOMS.items() if key != "committee"}
    async with stage_on(database_url, [BOT], rooms=rooms) as stage:
        lea = await stage.person("Léa", "Lyon", offices=["secretary", "secretary in France"])
        assert await lea.says("!report Hello", room="Lyon") == [
            "Rhône has no room for its committee, so nothing was sent."
        ]
        assert await lea.says("!report Hello", room="France") == [
            "France is at the top: there is no committee above it."
        ]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # many, not otherwise
async def test_a_thousand_branches(database_url: str) -> None:
    async with stage_on(database_url, [BOT], tree={"France": {f"R{region}": {} for region in range(10)}}) as stage:
        await stage.db.write(
            partial(grow_wide, tree=await stage.tree(), tier="department", each=99, at=stage.clock.now())
        )
        fran = await stage.person("Fran", "France", offices=["secretary"])
        await fran.says("!announce --below Saturday!", room="France")
        *sent, progress = await fran.taps("✅")
        assert (len(sent), progress) == (1000, "A1 · Sending… 0 of 1,000")
        for number, copy in enumerate((await copies(stage)).values()):
            await stage.receipt(copy, "announce")
            if number % 100 == 0:
                await stage.passes(timedelta(seconds=1))
        await stage.passes(MOMENT)
        said = await stage.said()
        assert len(said) <= 4
        assert said[-1].startswith("[corrected] A1 · Arrived in all 1,000 branches.")
