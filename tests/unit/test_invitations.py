"""Codes by which an account finds its entry in the register: made, used once, revoked, too old, somebody else's."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from ground.database import Database
from ground.ids import encode
from party import invitations, journal, members
from party.errors import RegisterError
from party.invitations import CodeRefused, InvitationRow, Why, codes_in, new_code, read_code, show_code
from party.members import Status
from party.operation import Actor
from party.operations.invitations import DropAccount, GiveUpCode, Invite, Join, RevokeInvitation
from party.operations.members import NameAccount, SetStatus
from tests.support.register import NOW, Branches, Grown, do, fresh, grow, refused, written

ANN, BEN, OTHER = "@ann:example.org", "@ben:example.org", "@other:example.net"
SMALL: Branches = {"france": {"bretagne": {}, "normandie": {}}}


@pytest.fixture
async def db(database_url: str) -> AsyncIterator[Database]:
    async with Database.open(database_url) as db:
        await fresh(db)
        yield db


@pytest.fixture
async def grown(db: Database) -> Grown:
    return await grow(
        db,
        SMALL,
        members={"M1": "bretagne", "M2": "normandie", "S1": "bretagne", "D1": "bretagne"},
        mandates=[("S1", "secretary", "bretagne"), ("D1", "delegate", "bretagne")],
    )


async def invite(db: Database, member_id: str, **more: timedelta) -> str:
    code = new_code()
    await do(db, Invite(member_id, code, **more))
    return code


async def why(db: Database, code: str, account: str, *, after: timedelta = timedelta(0)) -> Why:
    with pytest.raises(CodeRefused) as caught:
        await do(db, Join(code, account), actor=Actor("person", None, account), at=NOW + after)
    return caught.value.why


async def join(db: Database, code: str, account: str) -> None:
    await do(db, Join(code, account), actor=Actor("person", None, account))


async def owner(db: Database, account: str) -> str | None:
    row = await db.read(lambda session: members.of_account(session, account))
    return None if row is None else row.number


def test_codes_are_three_groups_and_never_the_same() -> None:
    codes = {new_code() for _ in range(1000)}
    assert len(codes) == 1000
    assert all(len(code) == 14 and code[4] == code[9] == "-" and read_code(code) for code in codes)
    assert len({sign for code in codes for sign in code}) == 33  # 32 signs and the dash: 60 bits


@given(number=st.integers(0, 2**60 - 1), dash=st.sampled_from(["-", " ", "–", "\u2011", "", " - ", "\u00a0"]))
def test_a_code_is_read_as_people_copy_it(number: int, dash: str) -> None:
    canonical = encode(number, 12).upper()
    shown = show_code(canonical)
    typed = shown.replace("-", dash).lower().replace("0", "o").replace("1", "l")
    assert read_code(shown) == read_code(typed) == read_code(f" `{shown}`. ") == canonical


@pytest.mark.parametrize("written", ["", "7K3M-Q9TX", "7K3M-Q9TX-2BWDX", "7K3M-Q9TX-2BWU", "hello", "7K3M-Q9TX-2BÉD"])
def test_what_cannot_be_a_code(written: str) -> None:
    assert read_code(written) is None


def test_a_code_is_noticed_in_a_text() -> None:
    assert codes_in("Mon code 7k3m q9tx 2bwd marche pas") == ["C0DE7K3MQ9TX", "7K3MQ9TX2BWD"]
    assert codes_in("!join 7K3M–Q9TX–2BWD!")[-1] == "7K3MQ9TX2BWD"
    assert codes_in("7K3MQ9TX2BWD7") == codes_in("Nobody sees a code here.") == []


async def test_a_code_makes_the_account_the_members_once(db: Database, grown: Grown) -> None:
    code = await invite(db, grown.members["M1"])
    await join(db, code.lower(), ANN)
    assert await owner(db, ANN) == "M1"
    assert await why(db, code, ANN) is Why.YOURS
    assert await why(db, code, BEN) is Why.USED
    entries = await db.read(lambda session: journal.about(session, grown.members["M1"]))
    assert [(entry.kind, entry.actor) for entry in entries[1:]] == [
        ("member.invited", "operator"), ("account.named", "stranger"), ("invitation.used", "stranger"),
    ]  # fmt: skip


async def test_many_hands_with_one_code_open_one_door(db: Database, grown: Grown) -> None:
    code = await invite(db, grown.members["M1"])
    hands = [f"@hand{number}:example.org" for number in range(8)]
    outcomes = await asyncio.gather(*(join(db, code, hand) for hand in hands), return_exceptions=True)
    refusals = [outcome.why for outcome in outcomes if isinstance(outcome, CodeRefused)]
    assert (outcomes.count(None), refusals) == (1, [Why.USED] * 7)
    owners = [await owner(db, hand) for hand in hands]
    assert (owners.count("M1"), owners.count(None)) == (1, 7)


async def test_only_a_digest_is_kept(db: Database, grown: Grown) -> None:
    code = await invite(db, grown.members["M1"])

    async def kept(session: AsyncSession) -> str:
        rows = (await session.scalars(select(InvitationRow))).all()
        return repr([[getattr(row, column.name) for column in InvitationRow.__table__.columns] for row in rows])

    assert read_code(code) is not None
    assert str(read_code(code)) not in await db.read(kept)
    assert code not in repr(Join(code, ANN)) + repr(Invite("x", code)) + repr(GiveUpCode(code))


async def test_a_code_grows_old(db: Database, grown: Grown) -> None:
    code = await invite(db, grown.members["M1"])
    assert await why(db, code, ANN, after=timedelta(days=14)) is Why.EXPIRED
    await do(db, Join(code, ANN), at=NOW + timedelta(days=14, microseconds=-1))
    assert await owner(db, ANN) == "M1"


async def test_a_new_code_revokes_the_old_one(db: Database, grown: Grown) -> None:
    first, other = await invite(db, grown.members["M1"]), await invite(db, grown.members["M2"])
    second = await invite(db, grown.members["M1"])
    assert await why(db, first, ANN) is Why.REVOKED
    await join(db, second, ANN)
    await join(db, other, BEN)


async def test_a_stolen_code_is_taken_back(db: Database, grown: Grown) -> None:
    code = await invite(db, grown.members["M1"])
    (done,) = await do(db, RevokeInvitation(grown.members["M1"]))
    assert done.changed
    assert await why(db, code, ANN) is Why.REVOKED
    (again,) = await do(db, RevokeInvitation(grown.members["M1"]))
    assert not again.changed


async def test_a_code_written_where_others_read_is_worth_nothing(db: Database, grown: Grown) -> None:
    code = await invite(db, grown.members["M1"])
    stranger = Actor("person", None, OTHER)
    assert [done.subject_id for done in await do(db, GiveUpCode(code), actor=stranger)] == [grown.members["M1"]]
    assert await do(db, GiveUpCode(code), actor=stranger) == []
    assert await do(db, GiveUpCode(new_code()), actor=stranger) == []
    assert await why(db, code, ANN) is Why.REVOKED


async def test_codes_that_nobody_made(db: Database, grown: Grown) -> None:
    before = await written(db)
    assert await why(db, new_code(), ANN) is Why.UNKNOWN
    assert await why(db, "hello", ANN) is Why.UNKNOWN
    assert (await written(db), await owner(db, ANN)) == (before, None)


async def test_the_account_of_another_member_stays_theirs(db: Database, grown: Grown) -> None:
    await do(db, NameAccount(grown.members["M2"], ANN))
    code = await invite(db, grown.members["M1"])
    assert await why(db, code, ANN) is Why.ACCOUNT_TAKEN
    await join(db, code, BEN)  # the code was not spent
    assert await owner(db, BEN) == "M1"


async def test_a_claimed_account_is_confirmed_by_the_code(db: Database, grown: Grown) -> None:
    await do(db, NameAccount(grown.members["M1"], ANN))
    assert await owner(db, ANN) is None
    await join(db, await invite(db, grown.members["M1"]), ANN)
    assert await owner(db, ANN) == "M1"


async def test_a_second_account_and_the_same_one_again(db: Database, grown: Grown) -> None:
    await join(db, await invite(db, grown.members["M1"]), ANN)
    await join(db, await invite(db, grown.members["M1"]), BEN)
    await join(db, await invite(db, grown.members["M1"]), BEN)
    assert (await owner(db, ANN), await owner(db, BEN)) == ("M1", "M1")


async def test_who_has_left_is_neither_invited_nor_let_in(db: Database, grown: Grown) -> None:
    code = await invite(db, grown.members["M1"])
    await do(db, SetStatus(grown.members["M1"], Status.LEFT))
    assert await why(db, code, ANN) is Why.LEFT
    assert "M1 has left" in await refused(db, Invite(grown.members["M1"], new_code()))


async def test_a_suspended_member_gets_an_account_all_the_same(db: Database, grown: Grown) -> None:
    await do(db, SetStatus(grown.members["M1"], Status.SUSPENDED))
    await join(db, await invite(db, grown.members["M1"]), ANN)
    assert await owner(db, ANN) == "M1"


@pytest.mark.parametrize("lasts", [timedelta(0), timedelta(days=-1), timedelta(days=368)])
async def test_a_code_lasts_a_year_at_most(db: Database, grown: Grown, lasts: timedelta) -> None:
    assert "1 to 365 days" in await refused(db, Invite(grown.members["M1"], new_code(), lasts))


async def test_inviting_needs_the_right_to_name_accounts(db: Database, grown: Grown) -> None:
    for operation in (Invite(grown.members["M1"], new_code()), RevokeInvitation(grown.members["M1"])):
        assert "member.account" in await refused(db, operation, actor=grown.person("D1"))
        await do(db, operation, actor=grown.person("S1"))
    elsewhere = Invite(grown.members["M2"], new_code())
    assert "member.account" in await refused(db, elsewhere, actor=grown.person("S1"))


async def test_letting_go_of_an_account_of_ones_own(db: Database, grown: Grown) -> None:
    for account in (ANN, BEN):
        await do(db, NameAccount(grown.members["M1"], account, confirmed=True))
    await do(db, NameAccount(grown.members["M2"], OTHER, confirmed=True))
    ann = Actor("person", grown.members["M1"], ANN)
    assert "the account that you keep" in await refused(db, DropAccount(ANN), actor=ann)
    nobody = "@nobody:example.org"
    for account in (OTHER, nobody):  # the answer does not tell whether it is anybody's
        assert await refused(db, DropAccount(account), actor=ann) == f"The account {account} is none of yours."
    await do(db, DropAccount(BEN), actor=ann)
    assert (await owner(db, ANN), await owner(db, BEN), await owner(db, OTHER)) == ("M1", None, "M2")
    assert "none of yours" in await refused(db, DropAccount(ANN), actor=Actor("person", None, BEN))


async def test_what_a_code_says_of_its_invitation(db: Database, grown: Grown) -> None:
    code = await invite(db, grown.members["M1"], lasts=timedelta(days=3))
    row = await db.read(lambda session: invitations.by_code(session, code))
    assert row is not None
    assert (row.member_id, row.made_at, row.expires_at) == (grown.members["M1"], NOW, NOW + timedelta(days=3))
    assert len(await db.read(lambda session: invitations.open_ones(session, grown.members["M1"], NOW))) == 1


@pytest.mark.parametrize(("days", "hours"), [(1, 35), (14, 14 * 24 + 11), (30, 30 * 24 + 10)])
def test_the_last_day_counts_whole(days: int, hours: int) -> None:
    """From 13:00 in Paris; the clocks change on 29 March."""
    assert invitations.until_end_of_day(NOW, days, ZoneInfo("Europe/Paris")) == timedelta(hours=hours)


@pytest.mark.parametrize("days", [0, -3, 366])
def test_days_that_no_code_lasts(days: int) -> None:
    with pytest.raises(RegisterError, match="1 to 365 days"):
        invitations.until_end_of_day(NOW, days, ZoneInfo("Europe/Paris"))
