"""Branches from the chat: where one is, and how the tree is changed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from bots.branches import BOT
from bots.branches.linking import OWNER
from bots.branches.naming import slug_of
from bots.kit.surroundings import Limits
from bridge.letters import Applied, Correction, Hindrance, Receipt
from bridge.places import BranchRoom, Direct
from bridge.ports import LACKS, NoLink, RoomLink, links_asked
from party.changes import last_number
from party.operations.members import AddMember
from tests.support.conversation import Someone, Stage, find, stage_on
from tests.support.register import do

UNLIMITED = Limits(person=None, room=None, not_understood=None)


@pytest.fixture
async def stage(database_url: str) -> AsyncIterator[Stage]:
    async with stage_on(database_url, [BOT], limits=UNLIMITED) as stage:
        yield stage


@pytest.fixture
async def anna(stage: Stage) -> Someone:
    """Secretary of Rhône."""
    return await stage.person("Anna Roux", "Rhône", offices=["secretary"])


@pytest.fixture
async def bob(stage: Stage) -> Someone:
    """A member of Lyon."""
    return await stage.person("Bob Blanc", "Lyon")


class TestWhereAmI:
    async def test_the_branch_of_the_room(self, stage: Stage, anna: Someone, bob: Someone) -> None:
        assert await bob.says("!branch", "Rhône") == [
            "Rhône (department)\n"
            "Above: Auvergne-Rhône-Alpes, France.\n"
            "Below: Givors, Lyon.\n"
            "1 member, 2 with the branches below.\n"
            "In office:\n"
            "• Secretary: Anna Roux"
        ]

    async def test_the_own_branch_in_private_and_another_by_name(self, stage: Stage, bob: Someone) -> None:
        assert await bob.says("branch") == [
            "Lyon (section)\nAbove: Rhône, Auvergne-Rhône-Alpes, France.\n1 member.\nNobody holds an office here."
        ]
        assert (await bob.says("branch saint etienne"))[0].startswith("Saint-Étienne (section)\nAbove: Loire,")

    async def test_many_branches_below_are_counted(self, stage: Stage, anna: Someone) -> None:
        for number in range(1, 6):
            await anna.says(f"!branch create Lyon {number}", "Rhône")
        assert (
            "Below: Givors, Lyon, Lyon 1, Lyon 2, Lyon 3, Lyon 4 and one more: !branch tree rhone."
            in (await anna.says("!branch", "Rhône"))[0].splitlines()
        )

    async def test_nobody_is_called_by_being_named(self, stage: Stage, anna: Someone, bob: Someone) -> None:
        await bob.utters("!branch", "Rhône")
        (letter,) = await stage.letters()
        assert letter.words is not None
        assert letter.words.mentions == ()
        assert letter.words.notice


class TestTheTree:
    async def test_from_the_branch_of_the_room_down(self, stage: Stage, anna: Someone, bob: Someone) -> None:
        assert await bob.says("!branch tree", "Rhône") == [
            "• Rhône: 2 members\n•  Givors: 0 members\n•  Lyon: 1 member".replace("•  ", "• \u2003")
        ]

    async def test_as_many_tiers_as_fit_on_a_telephone(self, stage: Stage, anna: Someone, bob: Someone) -> None:
        for number in range(1, 20):
            await anna.says(f"!branch create Lyon {number}", "Rhône")
        lines = (await bob.says("!branch tree france", "Rhône"))[0].splitlines()
        assert [line.strip("•\u2003 ") for line in lines] == [
            "France: 2 members",
            "Auvergne-Rhône-Alpes: 2 members",
            "Loire: 0 members, 1 branch below",
            "Rhône: 2 members, 21 branches below",
            "Bretagne: 0 members",
            "Finistère: 0 members, 2 branches below",
            "To see what is below one of them: !branch tree loire",
        ]

    async def test_what_is_wide_has_pages(self, stage: Stage, anna: Someone, bob: Someone) -> None:
        for number in range(1, 20):
            await anna.says(f"!branch create Lyon {number}", "Rhône")
        first = (await bob.says("!branch tree", "Rhône"))[0].splitlines()
        assert first[0] == "• Rhône: 2 members"
        assert (len(first), first[-1]) == (21, "Page 1 of 2. To go on: !branch tree rhone --page 2")
        second = (await bob.says("!branch tree rhone --page 2", "Rhône"))[0].splitlines()
        assert [line.strip("•\u2003 ") for line in second] == ["Lyon 8: 0 members", "Lyon 9: 0 members"]
        assert await bob.says("!branch tree rhone --page 3", "Rhône") == ["There are 2 pages."]

    async def test_a_closed_branch_is_not_in_it(self, stage: Stage, anna: Someone) -> None:
        await anna.says("!branch close givors", "Rhône")
        await anna.taps("✅")
        assert "Givors" not in (await anna.says("!branch tree", "Rhône"))[0]


class TestCreate:
    async def test_under_the_branch_of_the_room(self, stage: Stage, anna: Someone) -> None:
        assert await anna.says("!branch create Lyon 3 --tier section", "Rhône") == [
            "The branch Lyon 3 (section) is created, under Rhône.\nIts rooms are being made."
        ]
        made = find(await stage.tree(), "lyon-3")
        assert (made.name, made.tier, made.parent_id) == ("Lyon 3", "section", find(await stage.tree(), "Rhône").id)

    async def test_the_answer_is_corrected_when_the_rooms_are_ready(self, stage: Stage, anna: Someone) -> None:
        await anna.utters("!branch create Lyon 3", "Rhône")
        (first,) = await stage.letters()
        await stage.is_applied()
        (later,) = await stage.letters()
        assert isinstance(later.content, Correction)
        assert later.content.of == first.id
        assert str(later) == "[corrected] The branch Lyon 3 (section) is created, under Rhône.\nIts rooms are ready."
        await stage.is_applied()
        assert await stage.said() == []

    async def test_what_failed_is_said(self, stage: Stage, anna: Someone) -> None:
        await anna.says("!branch create Lyon 3", "Rhône")
        await stage.is_applied("Lyon 3")
        assert await stage.said() == [
            "[corrected] The branch Lyon 3 (section) is created, under Rhône.",
            "The branch Lyon 3 (section) is created, under Rhône.\n"
            "But not everything could be done in the rooms. I try again; "
            "the administrators can see what stands in the way.",
        ]

    @pytest.mark.parametrize(("why", "said"), [(Hindrance.POWER, "not the power"), (Hindrance.AWAY, "does not answer")])
    async def test_and_why(self, stage: Stage, anna: Someone, why: Hindrance, said: str) -> None:
        await anna.says("!branch create Lyon 3", "Rhône")
        made = find(await stage.tree(), "lyon-3").id
        number = await stage.db.read(last_number)
        failed = frozenset({made, "another"})
        await stage.arrives(Applied(number=number, at=stage.clock.now(), failed=failed, why={made: why}))
        assert said in (await stage.said())[-1]

    async def test_what_failed_in_other_branches_is_not(self, stage: Stage, anna: Someone) -> None:
        await anna.says("!branch create Lyon 3", "Rhône")
        await stage.is_applied("Brest", "Lyon")
        assert (await stage.said())[0].endswith("Its rooms are ready.")

    async def test_the_tier_is_that_of_the_branches_beside_it(self, stage: Stage, anna: Someone) -> None:
        top = await stage.person("Tom", "France", offices=["secretary"])
        assert await top.says("!branch create Corse", "France") == [
            "The branch Corse (region) is created, under France.\nIts rooms are being made."
        ]
        assert await top.says("!branch create Ajaccio --under corse", "France") == [
            "Which tier is it: department, section?"
        ]
        assert await top.says("!branch create Ajaccio --under lyon", "France") == ["There is no tier below Lyon."]

    async def test_its_language_and_time_zone(self, stage: Stage, anna: Someone) -> None:
        await anna.says("!branch create Lyon 3 --language br --timezone Europe/London", "Rhône")
        made = find(await stage.tree(), "lyon-3")
        assert (made.language, made.timezone) == ("br", "Europe/London")
        assert await anna.says("!branch create Lyon 4 --timezone Lyon", "Rhône") == [
            "'Lyon' is no time zone; write one like Europe/Paris."
        ]

    async def test_a_short_name_that_is_taken_gets_the_parents_beside_it(self, stage: Stage, anna: Someone) -> None:
        await anna.says("!branch create Brest", "Rhône")
        await anna.says("!undo", "Rhône")
        await anna.says("!branch create Brest", "Rhône")
        slugs = {branch.slug for branch in await stage.tree() if branch.name == "Brest"}
        assert slugs == {"brest", "brest-rhone", "brest-rhone-2"}

    async def test_two_of_one_name_are_not_beside_each_other(self, stage: Stage, anna: Someone) -> None:
        assert await anna.says("!branch create LYON", "Rhône") == ["Rhône has a branch Lyon already."]
        assert await anna.says("!branch rename givors Lyon", "Rhône") == ["Rhône has a branch Lyon already."]
        assert (await anna.says("!branch rename lyon LYON", "Rhône"))[0].startswith("The branch Lyon is called LYON")
        assert [branch.name for branch in await stage.tree() if branch.slug.startswith("lyon")] == ["LYON"]

    async def test_is_for_those_who_may(self, stage: Stage, anna: Someone, bob: Someone) -> None:
        said = await bob.says("!branch create Lyon 3", "Lyon")
        assert said == ["In Lyon that is for these offices: Secretary, Chair.\nYou can ask Anna Roux."]
        assert await anna.says("!branch create Nantes --under loire", "Rhône") == [
            "In Loire that is for these offices: Secretary, Chair.\n"
            "Nobody holds it there for now; the branch above may act."
        ]
        assert not [branch for branch in await stage.tree() if branch.name in ("Lyon 3", "Nantes")]

    async def test_the_first_of_all_is_the_top(self, database_url: str) -> None:
        async with stage_on(database_url, [BOT], tree={}) as stage:
            admin = stage.stranger("Admin")
            assert await admin.says("branch") == ["There is no branch yet."]
            assert await admin.says("branch tree") == ["There is no branch yet."]
            assert await admin.says("branch create France") == [
                "The branch France (national) is created, at the top of the organisation.\nIts rooms are being made."
            ]
            assert find(await stage.tree(), "france").parent_id is None

    async def test_undone_it_is_closed(self, stage: Stage, anna: Someone) -> None:
        await anna.says("!branch create Lyon 3", "Rhône")
        assert await anna.says("!undo", "Rhône") == ["The branch Lyon 3 is closed.\nIts rooms are being closed."]
        assert not find(await stage.tree(), "lyon-3").open


class TestRenameAndMove:
    async def test_another_name(self, stage: Stage, anna: Someone) -> None:
        assert await anna.says("!branch rename lyon Lyon Centre", "Rhône") == [
            "The branch Lyon is called Lyon Centre now.\nIts rooms are being renamed."
        ]
        assert await anna.says("!branch rename lyon Lyon Centre", "Rhône") == ["It is called that already."]
        assert find(await stage.tree(), "lyon").name == "Lyon Centre"

    async def test_undone_it_has_its_former_name(self, stage: Stage, anna: Someone) -> None:
        await anna.says("!branch rename lyon Lyon Centre", "Rhône")
        await stage.passes(timedelta(seconds=30))
        assert (await anna.says("!undo", "Rhône"))[0].startswith("The branch Lyon Centre is called Lyon now.")
        assert find(await stage.tree(), "lyon").name == "Lyon"

    async def test_an_empty_branch_moves_at_once_and_back(self, stage: Stage) -> None:
        top = await stage.person("Tom", "France", offices=["secretary"])
        assert await top.says("!branch move givors under loire", "France") == [
            "The branch Givors is under Loire now.\nThe rooms follow."
        ]
        assert await top.says("!branch move givors under loire", "France") == ["Givors is under Loire already."]
        assert await top.says("!undo", "France") == ["The branch Givors is under Rhône now.\nThe rooms follow."]
        tree = await stage.tree()
        assert find(tree, "givors").parent_id == find(tree, "rhone").id

    async def test_with_members_it_is_shown_first(self, stage: Stage, bob: Someone) -> None:
        top = await stage.person("Tom", "France", offices=["secretary"])
        assert await top.says("!branch move rhone under bretagne", "France") == [
            "Please check before it is moved:\n"
            "Rhône goes under Bretagne.\n"
            "• 1 member moves with it.\n"
            "• 2 branches below it move with it.\n"
            "• 9 rooms are concerned.\n"
            "✅ move   ❌ drop"
        ]
        assert find(await stage.tree(), "rhone").parent_id == find(await stage.tree(), "auvergne-rhone-alpes").id
        assert await bob.taps("✅") == []
        assert await top.taps("✅") == ["The branch Rhône is under Bretagne now.\nThe rooms follow."]
        await stage.is_applied("Lyon")
        assert "not everything" in (await stage.said())[-1], "the branches below are concerned too"
        assert await top.says("!undo", "France") == [
            "The branch Rhône is under Auvergne-Rhône-Alpes now.\nThe rooms follow."
        ]

    async def test_what_has_changed_since_is_not_done(self, stage: Stage, bob: Someone) -> None:
        top = await stage.person("Tom", "France", offices=["secretary"])
        await top.says("!branch move rhone under bretagne", "France")
        await do(stage.db, AddMember("Zoé", find(await stage.tree(), "lyon").id))
        assert await top.taps("✅") == [
            "This has changed since I asked. Please give the command again, to see what would happen now."
        ]
        assert find(await stage.tree(), "rhone").parent_id == find(await stage.tree(), "auvergne-rhone-alpes").id

    async def test_what_the_register_refuses_is_said_before_anything_is_asked(
        self, stage: Stage, anna: Someone, bob: Someone
    ) -> None:
        assert await anna.says("!branch move lyon under givors", "Rhône") == [
            "'Lyon' (section) cannot be under 'Givors' (section): a parent's tier is higher."
        ]
        assert await anna.says("!branch create Villeurbanne --tier region", "Rhône") == [
            "'Villeurbanne' (region) cannot be under 'Rhône' (department): a parent's tier is higher."
        ]
        assert await anna.says("!branch close rhone", "Rhône") == [
            "'Rhône' still has 2 branches under it (one is Givors): move or close them first."
        ]
        assert await anna.says("!branch merge lyon into rhone", "Rhône") != []
        assert await anna.taps("❌") == ["Nothing is changed."]


class TestAnOfficeInOneBranch:
    """Whoever holds an office in Lyon alone may use it from any room, for Lyon alone."""

    async def test_the_branch_that_is_named_counts(self, stage: Stage, anna: Someone) -> None:
        zoe = await stage.person("Zoé", "Lyon", offices=["secretary"])
        assert (await zoe.says("!branch rename lyon Lyon Centre", "Rhône"))[0].startswith("The branch Lyon is called")
        await zoe.says("!branch close lyon", "Rhône")
        assert await zoe.says("!branch rename givors Givors Centre", "Rhône") == [
            "In Givors that is for these offices: Secretary, Chair.\nYou can ask Anna Roux."
        ]
        await stage.passes(timedelta(minutes=11))
        await anna.says("!member move zoé rhone", "Rhône")
        await zoe.says("!branch close lyon", "Rhône")
        assert (await zoe.taps("✅"))[0].startswith("The branch Lyon Centre is closed.")

    async def test_without_any_it_is_said_before_anything_is_read(self, stage: Stage, bob: Someone) -> None:
        (said,) = await bob.says("!branch rename nowhere Lyon Centre", "Rhône")
        assert said.startswith("In Rhône that is for these offices: Secretary, Chair.")


class TestMergeAndClose:
    async def test_a_merge_is_shown_then_done(self, stage: Stage, anna: Someone, bob: Someone) -> None:
        await stage.person("Zoé", "Lyon", offices=["treasurer"])
        assert await anna.says("!branch merge lyon into givors", "Rhône") == [
            "Please check before they are merged:\n"
            "Lyon is closed for good; Givors remains.\n"
            "• 2 members go to Givors.\n"
            "• 1 mandate ends.\n"
            "• 3 rooms are closed; what was written there stays.\n"
            "This cannot be undone.\n"
            "✅ merge   ❌ drop"
        ]
        assert find(await stage.tree(), "lyon").open
        assert await anna.taps("✅") == ["The branch Lyon is merged into Givors.\nThe rooms follow."]
        assert not find(await stage.tree(), "lyon").open
        assert "2 members." in (await anna.says("!branch givors", "Rhône"))[0]
        assert await anna.says("!undo", "Rhône") == [
            "There is nothing to undo: that is possible for a minute, and not for everything."
        ]

    async def test_an_empty_branch_is_closed_after_a_question(self, stage: Stage, anna: Someone) -> None:
        assert await anna.says("!branch close givors", "Rhône") == [
            "Please check before it is closed:\n"
            "Givors is closed for good.\n"
            "• 3 rooms are closed; what was written there stays.\n"
            "This cannot be undone.\n"
            "✅ close   ❌ drop"
        ]
        assert await anna.says("no", "Rhône") == ["Nothing is changed."]
        assert find(await stage.tree(), "givors").open
        await anna.says("!branch close givors", "Rhône")
        assert await anna.taps("✅") == ["The branch Givors is closed.\nIts rooms are being closed."]
        assert not find(await stage.tree(), "givors").open

    async def test_one_with_members_is_not(self, stage: Stage, anna: Someone, bob: Someone) -> None:
        assert await anna.says("!branch close lyon", "Rhône") == [
            "'Lyon' still has a member: transfer this person first, or merge the branch into another."
        ]

    async def test_who_has_lost_the_office_since_the_question_does_nothing(self, stage: Stage, anna: Someone) -> None:
        await anna.says("!branch close givors", "Rhône")
        await stage.loses_offices(anna)
        assert all("closed" not in said for said in await anna.taps("✅"))
        assert find(await stage.tree(), "givors").open


class TestLink:
    async def wish(self, stage: Stage) -> RoomLink:
        (wish,) = await stage.db.read(links_asked)
        return wish

    async def hear(self, stage: Stage, outcome: str, reason: str | None = None) -> list[str]:
        wish = await self.wish(stage)
        assert outcome in ("delivered", "refused")
        refused = outcome == "refused"
        await stage.arrives(
            Receipt(
                id=f"link-{wish.id}-{reason}",
                letter=wish.id,
                owner=OWNER,
                outcome="refused" if refused else "delivered",
                reason=reason,
            )
        )
        return await stage.said()

    async def test_the_wish_is_kept_and_the_answer_told(self, stage: Stage, anna: Someone) -> None:
        assert await anna.says("!branch link discussion #lyonnais:example.org --in lyon", "Rhône") == [
            "I look at the room #lyonnais:example.org, to make it a room of Lyon.\nI say here when that is done."
        ]
        wish = await self.wish(stage)
        tree = await stage.tree()
        assert (wish.place, wish.room) == (BranchRoom(find(tree, "lyon").id, "discussion"), "#lyonnais:example.org")
        assert await self.hear(stage, "delivered") == ["The room #lyonnais:example.org is now a room of Lyon."]
        assert [said.to for said in await stage.all_letters()] == [BranchRoom(find(tree, "rhone").id, "discussion")] * 2
        assert await self.hear(stage, "delivered", LACKS) == [
            "The room #lyonnais:example.org is now a room of Lyon.\n"
            "But I have not the power for everything there. Give @kunveno:example.org the highest."
        ]

    @pytest.mark.parametrize("why", NoLink)
    async def test_each_reason_is_a_sentence_of_its_own(self, stage: Stage, anna: Someone, why: NoLink) -> None:
        await anna.says("!branch link comm https://matrix.to/#/%23lyonnais:example.org?via=x", "Rhône")
        (said,) = await self.hear(stage, "refused", why)
        assert "#lyonnais:example.org" in said
        assert "could not be linked" not in said

    async def test_what_is_no_room_is_refused(self, stage: Stage, anna: Someone) -> None:
        assert await anna.says("!branch link discussion lyonnais", "Rhône") == [
            "'lyonnais' is no address of a room; write one like #lyon:example.org."
        ]
        assert await anna.says("!branch link kitchen #lyonnais:example.org", "Rhône") == [
            "Which room of Rhône is it to be: announcements, discussion, committee, space?"
        ]
        assert await stage.db.read(links_asked) == []

    async def test_in_private_the_answer_is_private(self, stage: Stage, anna: Someone) -> None:
        await anna.says("branch link discussion !abc")
        await self.hear(stage, "refused", NoLink.NO_ROOM)
        assert {said.to for said in await stage.all_letters()} == {Direct(anna.account)}


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Côte d’Azur 3", "cote-dazur-3"),
        ("  Île-de-France (Nord)  ", "ile-de-france-nord"),
        ("Œuvre", "oeuvre"),
        ("東京", ""),
        ("x" * 70, "x" * 60),
    ],
)
def test_a_short_name_is_made_of_a_name(name: str, slug: str) -> None:
    assert slug_of(name) == slug
