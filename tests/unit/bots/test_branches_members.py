"""Members and offices from the chat: what is changed, what is said where, and what is kept from whom."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bots.branches import BOT
from bots.kit.surroundings import Limits
from bridge.places import Direct
from party import members
from party.mandates import MandateRow
from party.members import AccountRow, MemberRow, Status
from party.operations.members import AddMember, SetStatus
from tests.support.conversation import Someone, Stage, find, stage_on
from tests.support.register import do

UNLIMITED = Limits(person=None, room=None, not_understood=None)
FOLLOW = "\nThe rights in the rooms follow."


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


async def member(stage: Stage, name: str) -> MemberRow:
    async def read(session: AsyncSession) -> MemberRow:
        return (await session.scalars(select(MemberRow).where(MemberRow.name == name))).one()

    return await stage.db.read(read)


async def accounts(stage: Stage, name: str) -> list[str]:
    row = await member(stage, name)
    return [one.user_id for one in await stage.db.read(lambda session: members.accounts(session, row.id))]


async def offices(stage: Stage, name: str) -> list[tuple[str, datetime, datetime | None]]:
    row = await member(stage, name)

    async def read(session: AsyncSession) -> list[tuple[str, datetime, datetime | None]]:
        rows = await session.scalars(
            select(MandateRow).where(MandateRow.member_id == row.id).order_by(MandateRow.starts_at)
        )
        return [(one.office, one.starts_at, one.ends_at) for one in rows]

    return await stage.db.read(read)


class TestAdd:
    async def test_to_the_branch_of_the_room(self, stage: Stage, anna: Someone) -> None:
        assert await anna.says("!member add Jeanne Dupont", "Lyon") == [
            'Jeanne Dupont is a member now, in Lyon.\nTo send an invitation: !member invite "Jeanne Dupont"'
        ]
        row = await member(stage, "Jeanne Dupont")
        assert (row.branch_id, row.status) == (find(await stage.tree(), "lyon").id, Status.MEMBER)

    async def test_officers_among_themselves_read_the_number(self, stage: Stage, anna: Someone) -> None:
        said = await anna.says(
            "!member add Jeanne Dupont --number J7 --email jeanne@example.org --account @jeanne:example.org",
            "Rhône/committee",
        )
        assert said == [
            "Jeanne Dupont is a member now, in Rhône, with the number J7.\nThe invitations to the rooms follow."
        ]
        row = await member(stage, "Jeanne Dupont")
        assert (row.number, row.email) == ("J7", "jeanne@example.org")
        assert await accounts(stage, "Jeanne Dupont") == ["@jeanne:example.org"]
        await stage.is_applied()
        assert (await stage.said())[0].endswith("The invitations to the rooms are sent.")

    async def test_where_others_read_neither_number_nor_address_is_said(self, stage: Stage, anna: Someone) -> None:
        await anna.utters("!member add Jeanne Dupont --email jeanne@example.org", "Lyon")
        here, private = await stage.letters()
        assert "M0" not in str(here)
        assert "jeanne@" not in f"{here}{private}"
        assert private.to == Direct(anna.account)
        assert str(private) == (
            "You have written an e-mail address or a number where others read it. You may want to delete it there.\n"
            "Jeanne Dupont has the number M0002."
        )

    async def test_what_is_wrong_changes_nothing(self, stage: Stage, anna: Someone) -> None:
        assert await anna.says("!member add Jeanne --email jeanne", "Lyon") == [
            "That is no e-mail address; write one like jeanne@example.org."
        ]
        assert await anna.says(f"!member add Jeanne --account {anna.account}", "Lyon") == [
            "The account @anna-roux:example.org is another member's already."
        ]
        assert "!member add Jeanne Dupont" in (await anna.says("!member add", "Lyon"))[0]
        with pytest.raises(Exception, match="No row"):
            await member(stage, "Jeanne")

    async def test_undone_the_account_is_free_again(self, stage: Stage, anna: Someone) -> None:
        await anna.says("!member add Jeanne Dupont --account @jeanne:example.org", "Lyon")
        assert await anna.says("!undo", "Lyon") == ["Not a member any more: Jeanne Dupont."]
        assert (await member(stage, "Jeanne Dupont")).status == Status.LEFT
        assert await accounts(stage, "Jeanne Dupont") == []

    async def test_is_not_for_everybody(self, stage: Stage, bob: Someone) -> None:
        (said,) = await bob.says("!member add Jeanne Dupont", "Lyon")
        assert said.startswith("In Lyon that is for these offices: Secretary, Clerk, Chair.")


class TestMoveSuspendRemove:
    async def test_a_move_and_its_undoing(self, stage: Stage, anna: Someone, bob: Someone) -> None:
        assert await anna.says("!member move Bob Blanc givors", "Rhône") == [
            "Bob Blanc belongs to Givors now.\nThe rooms follow."
        ]
        assert await anna.says("!member move bob givors", "Rhône") == ["Bob Blanc belongs to Givors already."]
        assert await anna.says("!undo", "Rhône") == ["Bob Blanc belongs to Lyon now.\nThe rooms follow."]
        assert (await member(stage, "Bob Blanc")).branch_id == find(await stage.tree(), "lyon").id

    async def test_not_out_of_what_one_may(self, stage: Stage, anna: Someone, bob: Someone) -> None:
        (said,) = await anna.says("!member move bob brest", "Rhône")
        assert said.startswith("In Brest that is for these offices: Secretary, Clerk, Chair.")

    async def test_suspended_reinstated_and_undone(self, stage: Stage, anna: Someone, bob: Someone) -> None:
        assert await anna.says("!member suspend bob", "Rhône") == [
            "Suspended, without rights for now: Bob Blanc.\nThe rooms follow."
        ]
        assert await anna.says("!member suspend bob", "Rhône") == ["Bob Blanc is suspended already."]
        assert await anna.says("!undo", "Rhône") == ["Member with all rights again: Bob Blanc.\nThe rooms follow."]
        assert await anna.says("!member reinstate bob", "Rhône") == ["Bob Blanc is a member already, with all rights."]
        assert (await member(stage, "Bob Blanc")).status == Status.MEMBER

    async def test_an_applicant_is_admitted(self, stage: Stage, anna: Someone) -> None:
        await stage.person("Zoé Petit", "Lyon", status=Status.SUSPENDED)
        lyon = find(await stage.tree(), "lyon").id
        await do(stage.db, AddMember("Léa Bon", lyon, status=Status.APPLICANT))
        assert await anna.says("!member suspend lea", "Rhône") == ["Léa Bon has applied, and is not a member yet."]
        assert await anna.says("!member reinstate léa bon", "Rhône") == ["Member with all rights again: Léa Bon."]
        assert (await member(stage, "Léa Bon")).status == Status.MEMBER

    async def test_an_end_of_membership_is_shown_first(self, stage: Stage, anna: Someone, bob: Someone) -> None:
        await anna.says("!mandate give bob delegate --in lyon", "Rhône")
        await stage.passes(timedelta(minutes=2))
        assert await anna.says("!member remove bob", "Rhône") == [
            "Please check:\n"
            "Bob Blanc (Lyon) will not be a member any more.\n"
            "• All rooms of the organisation are left.\n"
            "• 1 mandate ends.\n"
            "• The entry stays in the register; the person can come back.\n"
            "✅ remove   ❌ drop"
        ]
        assert (await member(stage, "Bob Blanc")).status == Status.MEMBER
        assert await anna.taps("✅") == ["Not a member any more: Bob Blanc.\nThe rooms follow."]
        assert (await member(stage, "Bob Blanc")).status == Status.LEFT

    async def test_one_with_a_new_office_since_is_not_removed(self, stage: Stage, anna: Someone, bob: Someone) -> None:
        await anna.says("!member remove bob", "Rhône")
        (question,) = [said for said in await stage.all_letters() if "Please check" in str(said)]
        await anna.says("!mandate give bob delegate --in lyon", "Rhône")
        assert await anna.taps("✅", question) == [
            "This has changed since I asked. Please give the command again, to see what would happen now."
        ]
        assert (await member(stage, "Bob Blanc")).status == Status.MEMBER


class TestFindAndShow:
    async def test_in_a_room_of_all_it_is_answered_privately(self, stage: Stage, anna: Someone, bob: Someone) -> None:
        await anna.utters("!member find blanc", "Lyon")
        private, here = await stage.letters()
        assert (str(private), private.to) == ("• Bob Blanc (M0002), Lyon", Direct(anna.account))
        assert str(here) == "I have answered you privately."

    async def test_in_the_committee_it_is_answered_there(self, stage: Stage, anna: Someone, bob: Someone) -> None:
        assert await anna.says("!member find BLANC bob", "Rhône/committee") == ["• Bob Blanc (M0002), Lyon"]

    async def test_but_nothing_of_other_branches(self, stage: Stage, anna: Someone, bob: Someone) -> None:
        await stage.person("Zoé Blanc", "Givors")
        await anna.utters("!member find blanc", "Lyon/committee")
        private, here = await stage.letters()
        assert private.to == Direct(anna.account)
        assert "Givors" not in str(here)

    async def test_by_number_account_and_address(self, stage: Stage, anna: Someone, bob: Someone) -> None:
        await anna.says("!member add Jeanne Dupont --number J7 --email jeanne.d@example.org", "Lyon")
        found = "• Jeanne Dupont (J7), Lyon · no account yet"
        for wanted in ("j7", "jeanne.d@example.org", "dupont"):
            assert await anna.says(f"member find {wanted}") == [found]
        assert await anna.says("member find @bob-blanc") == ["• Bob Blanc (M0002), Lyon"]
        assert await anna.says("member find example.org") == ["I find nobody by “example.org”."]

    async def test_who_may_not_be_seen_is_not_there(self, stage: Stage, anna: Someone) -> None:
        await stage.person("Yann Le Goff", "Brest")
        assert await anna.says("member find goff") == ["I find nobody by “goff”."]
        assert await anna.says("member find nobody") == ["I find nobody by “nobody”."]
        (hidden,) = await anna.says("member show Yann Le Goff")
        (absent,) = await anna.says("member show Yann Le Braz")
        assert hidden.replace("Goff", "Braz") == absent
        for line in (
            "member suspend Yann Le Goff",
            "member remove Yann Le Goff",
            "mandate give Yann Le Goff treasurer",
        ):
            assert "I know nobody" in (await anna.says(line))[0]

    async def test_many_are_cut(self, stage: Stage, anna: Someone) -> None:
        lyon = find(await stage.tree(), "lyon").id
        for number in range(30):
            await do(stage.db, AddMember(f"Dupont {number:02}", lyon))
        lines = (await anna.says("member find dupont"))[0].splitlines()
        assert lines[0].startswith("• Dupont 00")
        assert lines[-2:] == ["• … and 18 more", "Write more of the name to see fewer."]

    async def test_the_whole_entry(self, stage: Stage, anna: Someone, bob: Someone) -> None:
        await anna.says("!member move bob rhone", "Rhône")
        await stage.passes(timedelta(days=2))
        await anna.says("!mandate give bob treasurer until 30/06/2027", "Rhône")
        assert await anna.says("member show bob") == [
            "Bob Blanc (M0002), Rhône\n"
            "• Account: @bob-blanc:example.org\n"
            "Member since Wednesday 25 November 2026.\n"
            "In office:\n"
            "• Treasurer, Rhône, until Wednesday 30 June 2027\n"
            "Before:\n"
            "• Lyon, from Wednesday 25 November 2026 until Wednesday 25 November 2026"
        ]

    async def test_of_somebody_who_has_left(self, stage: Stage, anna: Someone, bob: Someone) -> None:
        row = await member(stage, "Bob Blanc")
        await do(stage.db, SetStatus(row.id, Status.LEFT), at=stage.clock.now())
        assert (await anna.says("member find blanc"))[0] == "• Bob Blanc (M0002), Lyon: left"
        assert "Left on Wednesday 25 November 2026." in (await anna.says(f"member show #{row.number}"))[0]

    async def test_a_member_without_the_right_sees_no_entry(self, stage: Stage, anna: Someone, bob: Someone) -> None:
        await stage.person("Zoé Petit", "Lyon")
        for line in ("member find zoé", "member show zoé"):
            assert all("M0" not in said for said in await bob.says(line))


class TestMandates:
    async def test_given_until_a_day_that_counts_whole(self, stage: Stage, anna: Someone, bob: Someone) -> None:
        assert await anna.says(
            "!mandate give @bob-blanc:example.org treasurer until 30/06/2027 --in lyon", "Rhône"
        ) == ["Bob Blanc holds the office Treasurer in Lyon until Wednesday 30 June 2027." + FOLLOW]
        ends = datetime(2027, 6, 30, 22, tzinfo=UTC)  # midnight in Paris
        assert await offices(stage, "Bob Blanc") == [("treasurer", stage.clock.now(), ends)]
        await stage.is_applied()
        assert (await stage.said())[0].endswith("The rights in the rooms have followed.")

    async def test_with_the_option_and_the_office_by_its_name(self, stage: Stage, anna: Someone, bob: Someone) -> None:
        (said,) = await anna.says("!mandate give bob Délégué --until 2027-01-31", "Lyon")
        assert said.startswith("Bob Blanc holds the office Delegate in Lyon until Sunday 31 January 2027.")

    async def test_twice_is_once(self, stage: Stage, anna: Someone, bob: Someone) -> None:
        await anna.says("!mandate give bob treasurer until 30/06/2027", "Lyon")
        assert await anna.says("!mandate give bob treasurer", "Lyon") == [
            "Bob Blanc holds the office Treasurer in Lyon already, until Wednesday 30 June 2027."
        ]
        assert len(await offices(stage, "Bob Blanc")) == 1

    async def test_one_that_begins_later(self, stage: Stage, anna: Someone, bob: Someone) -> None:
        assert await anna.says("!mandate give bob treasurer from 1 January 2027 until 30/06/2027", "Lyon") == [
            "Bob Blanc holds the office Treasurer in Lyon from Friday 1 January 2027 until Wednesday 30 June 2027."
        ]
        assert await anna.says("!mandate list", "Lyon") == [
            "Offices in Lyon:\n• Treasurer: Bob Blanc, from Friday 1 January 2027 until Wednesday 30 June 2027"
        ]
        assert await bob.says("!mandate list", "Lyon") == ["Nobody holds an office in Lyon."]
        assert await anna.says("!mandate end bob treasurer", "Lyon") == [
            "Bob Blanc will not hold the office Treasurer in Lyon."
        ]
        assert await anna.says("!mandate give bob treasurer from 1 July 2027 until 30/06/2027", "Lyon") == [
            "The last day comes before the first one."
        ]

    async def test_ended_now_and_undone(self, stage: Stage, anna: Someone, bob: Someone) -> None:
        await anna.says("!mandate give bob treasurer until 30/06/2027", "Lyon")
        await stage.passes(timedelta(days=1))
        assert await anna.says("!mandate end bob", "Lyon") == [
            "Bob Blanc does not hold the office Treasurer in Lyon any more." + FOLLOW
        ]
        assert await anna.says("!mandate list", "Lyon") == ["Nobody holds an office in Lyon."]
        assert await anna.says("!undo", "Lyon") == [
            "Bob Blanc holds the office Treasurer in Lyon until Wednesday 30 June 2027." + FOLLOW
        ]

    async def test_with_another_last_day(self, stage: Stage, anna: Someone, bob: Someone) -> None:
        await anna.says("!mandate give bob treasurer", "Lyon")
        assert await anna.says("!mandate end bob treasurer until 31 December", "Lyon") == [
            "Bob Blanc holds the office Treasurer in Lyon until Thursday 31 December 2026."
        ]

    async def test_which_one_is_asked(self, stage: Stage, anna: Someone, bob: Someone) -> None:
        await anna.says("!mandate give bob treasurer", "Lyon")
        await anna.says("!mandate give bob delegate", "Lyon")
        assert await anna.says("!mandate end bob", "Lyon") == [
            "Which office of Bob Blanc do you mean: Treasurer, Delegate?"
        ]
        assert await anna.says("!mandate end bob clerk", "Lyon") == ["Bob Blanc has no such office in Lyon."]
        assert await anna.says("!mandate end bob", "Rhône") == ["Bob Blanc holds no office in Rhône."]

    async def test_given_by_mistake_and_undone(self, stage: Stage, anna: Someone, bob: Someone) -> None:
        await anna.says("!mandate give bob treasurer", "Lyon")
        await stage.passes(timedelta(seconds=20))
        assert await anna.says("!undo", "Lyon") == [
            "Bob Blanc does not hold the office Treasurer in Lyon any more." + FOLLOW
        ]
        assert await anna.says("!mandate list", "Lyon") == ["Nobody holds an office in Lyon."]

    async def test_of_all_branches_below(self, stage: Stage, anna: Someone, bob: Someone) -> None:
        await anna.says("!mandate give bob treasurer", "Lyon")
        assert await bob.says("!mandates --below", "Rhône") == [
            "Offices in Rhône:\n• Secretary (Rhône): Anna Roux\n• Treasurer (Lyon): Bob Blanc"
        ]

    async def test_who_has_left_holds_none(self, stage: Stage, anna: Someone, bob: Someone) -> None:
        row = await member(stage, "Bob Blanc")
        await do(stage.db, SetStatus(row.id, Status.LEFT), at=stage.clock.now())
        assert await anna.says(f"!mandate give #{row.number} treasurer", "Lyon") == [
            "Bob Blanc is not a member, and so cannot hold an office."
        ]

    async def test_is_not_for_everybody(self, stage: Stage, anna: Someone, bob: Someone) -> None:
        for line in ("!mandate give bob treasurer", "!mandate end bob treasurer"):
            (said,) = await bob.says(line, "Lyon")
            assert said.startswith("In Lyon that is for these offices: Secretary, Chair.")


SINCE = ["Somebody has changed this since, so I leave it as it is."]


class TestUndoneTooLate:
    """What somebody else has changed meanwhile is not overturned."""

    @pytest.mark.parametrize(
        ("line", "other"),
        [
            ("member suspend bob", "member reinstate bob"),
            ("member move bob givors", "member move bob rhone"),
            ("mandate give bob treasurer --in lyon", "mandate end bob treasurer until tomorrow --in lyon"),
            ("branch rename lyon Lyon Centre", "branch rename lyon Lyon"),
        ],
    )
    async def test_by_the_branch_above(self, stage: Stage, anna: Someone, bob: Someone, line: str, other: str) -> None:
        tom = await stage.person("Tom", "France", offices=["secretary"])
        await anna.says(line)
        await stage.passes(timedelta(seconds=5))
        assert "I know" not in (await tom.says(other))[0]
        assert await anna.says("undo") == SINCE

    async def test_who_has_left_gets_no_office_back(self, stage: Stage, anna: Someone, bob: Someone) -> None:
        await anna.says("mandate give bob treasurer --in lyon")
        await stage.passes(timedelta(days=1))
        await anna.says("mandate end bob treasurer --in lyon")
        row = await member(stage, "Bob Blanc")
        await do(stage.db, SetStatus(row.id, Status.LEFT), at=stage.clock.now())
        assert await anna.says("undo") == SINCE


async def test_no_account_is_ever_confirmed_by_somebody_else(stage: Stage, anna: Someone) -> None:
    await anna.says("!member add Jeanne Dupont --account @jeanne:example.org", "Lyon")

    async def read(session: AsyncSession) -> datetime | None:
        row = await session.get(AccountRow, "@jeanne:example.org")
        assert row is not None
        return row.confirmed_at

    assert await stage.db.read(read) is None
