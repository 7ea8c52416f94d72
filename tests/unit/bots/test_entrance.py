"""Conversations at the entrance: codes that are given, used, lost, guessed and shown; accounts that come and go."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bots.attention import BOT as ATTENTION
from bots.branches import BOT as BRANCHES
from bots.entrance import BOT, letter
from bots.entrance.patience import MOST, PAUSE, WITHIN, pause_until
from bots.entrance.tables import WrongCodeRow
from bots.help import BOT as HELP
from bridge import files
from bridge.letters import Picture, Words
from bridge.letters.outbox import LetterRow
from bridge.places import BranchRoom, Direct
from party import members, register
from party.invitations import new_code
from party.members import Status
from party.operation import OPERATOR, Operation
from party.operations.invitations import Invite
from party.operations.members import NameAccount, ReleaseAccount, SetStatus
from tests.support.conversation import BOT as KUNVENO
from tests.support.conversation import SERVER, Someone, Stage, stage_on

CODE = re.compile("[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}")
NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)


@pytest.fixture
async def stage(database_url: str) -> AsyncIterator[Stage]:
    async with stage_on(database_url, [BOT, ATTENTION]) as stage:
        yield stage


@pytest.fixture
async def sec(stage: Stage) -> Someone:
    return await stage.person("Sec", "Lyon", offices=["secretary"])


@pytest.fixture
async def ada(stage: Stage, sec: Someone) -> Someone:
    """In the register, in Lyon, without an account."""
    ada = await stage.person("Ada", "Lyon")
    await change(stage, ReleaseAccount(str(ada.member_id), ada.account))
    return ada


async def change(stage: Stage, *operations: Operation) -> None:
    async def work(session: AsyncSession) -> None:
        for operation in operations:
            await register.change(
                session, operation, actor=OPERATOR, policy=stage.surroundings.policy, at=stage.clock.now()
            )

    await stage.db.write(work)


async def code_for(stage: Stage, who: Someone) -> str:
    code = new_code()
    await change(stage, Invite(str(who.member_id), code))
    return code


async def owner(stage: Stage, account: str) -> str | None:
    row = await stage.db.read(lambda session: members.of_account(session, account))
    return None if row is None else row.name


async def to(stage: Stage) -> list[tuple[str, str]]:
    """Where the letters went since the last look, and what they say."""
    names = {branch.id: branch.name for branch in await stage.tree()}
    found = []
    for said in await stage.letters():
        match said.to:
            case Direct(account):
                found.append((account, str(said)))
            case BranchRoom(branch_id, key):
                found.append((f"{names[branch_id]}/{key}", str(said)))
    return found


async def test_from_the_letter_to_the_rooms(stage: Stage, sec: Someone, ada: Someone) -> None:
    said, picture = await sec.says("!member invite Ada")
    assert said.startswith(
        "This is for Ada alone. Paste it into an e-mail, or print it with the picture:\n\nHello Ada,\n"
    )
    assert f"https://matrix.to/#/{KUNVENO}" in said
    assert "once, until Wednesday 9 December 2026 included" in said
    assert "account here already" not in said
    assert picture == "[picture] A QR picture of the link; the code is not in it."
    (code,) = set(CODE.findall(said))
    assert await ada.says(f"join {code.lower().replace('-', ' ')}") == [
        "Welcome, Ada! You are in the register, in Lyon.\n"
        "Next, you are invited to the rooms of Lyon. I say so here once it is done.\n"
        "!help shows what you can ask me."
    ]
    assert await owner(stage, ada.account) == "Ada"
    await stage.is_applied()
    assert await stage.said() == [
        "The rooms of Lyon are open to you. Please accept the invitations that your app shows."
    ]
    assert await ada.says(f"join {code}") == [
        "You have used this code already, and you are in: there is nothing left to do."
    ]


async def test_the_letter_comes_to_the_officer_alone_and_no_code_is_kept(
    stage: Stage, sec: Someone, ada: Someone
) -> None:
    await sec.utters("!member invite Ada --days 3", room="Lyon/committee")
    letters = await stage.letters()
    with_code = [said for said in letters if CODE.search(str(said))]
    assert [said.to for said in with_code] == [Direct(sec.account)]
    assert all(said.forget for said in with_code)
    (picture,) = [said.content for said in letters if isinstance(said.content, Picture)]
    assert all(said.to == Direct(sec.account) for said in letters if isinstance(said.content, Picture))
    kept = await stage.db.read(lambda session: files.read(session, picture.file))
    assert (kept, picture.width) == letter.picture(f"https://matrix.to/#/{KUNVENO}")
    assert "Saturday 28 November 2026" in str(with_code[0])


async def test_the_letter_is_in_the_members_language(stage: Stage, sec: Someone) -> None:
    await stage.person("Zoé", "Lyon", language="fr")
    said, _ = await sec.says("!member invite Zoé")
    assert "mercredi 9 décembre 2026" in said
    assert "Zoé has an account here already. This code adds another one." in said


async def test_who_may_not_invite(stage: Stage, sec: Someone, ada: Someone) -> None:
    other = await stage.person("Other", "Brest", offices=["secretary"])
    dan = await stage.person("Dan", "Lyon", offices=["delegate"])
    for who in (other, dan):
        for line in ("!member invite Ada", "!member revoke Ada"):
            answer = "\n".join(await who.says(line))
            assert not CODE.search(answer)
            assert answer
    boss = await stage.person("Boss", "Rhône", offices=["secretary"])
    assert CODE.search("\n".join(await boss.says("!member invite Ada")))


async def test_codes_that_open_nothing(stage: Stage, sec: Someone, ada: Someone) -> None:
    assert await ada.says(f"join {new_code()}") == [
        "I do not know this code. Please compare it with your letter, sign by sign."
    ]
    old = await code_for(stage, ada)
    new = await code_for(stage, ada)
    assert (await ada.says(f"join {old}"))[0].startswith("This code was taken back")
    await stage.passes(timedelta(days=14))
    await stage.said()
    assert (await ada.says(f"join {new}"))[0].startswith("This code is too old.")
    assert await owner(stage, ada.account) is None


async def test_revoking(stage: Stage, sec: Someone, ada: Someone) -> None:
    code = await code_for(stage, ada)
    assert await sec.says("!member revoke Ada") == ["The code of Ada is good for nothing any more."]
    assert await sec.says("!member revoke Ada") == ["Ada has no open code."]
    assert (await ada.says(f"join {code}"))[0].startswith("This code was taken back")


async def test_a_code_used_by_two_accounts_is_told_to_the_secretary_once(
    stage: Stage, sec: Someone, ada: Someone
) -> None:
    code = await code_for(stage, ada)
    await ada.says(f"join {code}")
    thief = stage.stranger("Thief")
    await thief.utters(f"join {code}")
    mine, alarm = await to(stage)
    assert mine[0] == thief.account
    assert mine[1].startswith("Somebody has used this code already.")
    assert alarm == (
        "Lyon/committee",
        f"The code of Ada was used by {ada.account}, and now {thief.account} has tried it too. "
        "I have not let the second in.\n"
        f"If the first is not Ada: !account drop {ada.account}, and then send a new code.",
    )
    assert len(await thief.says(f"join {code}")) == 1
    assert await owner(stage, thief.account) is None


async def test_the_account_of_another_member(stage: Stage, sec: Someone, ada: Someone) -> None:
    code = await code_for(stage, ada)
    bea = await stage.person("Bea", "Brest")
    await bea.utters(f"join {code}")
    mine, alarm = await to(stage)
    assert mine[1].startswith("Your account belongs to another entry of the register")
    assert alarm[0] == "Lyon/committee"
    assert alarm[1].startswith(f"{bea.account} has shown the code of Ada, but is the account of another member.")
    assert "Bea" not in alarm[1]
    assert await owner(stage, bea.account) == "Bea"
    assert (await ada.says(f"join {code}"))[0].startswith("Welcome, Ada!")


async def test_a_second_account(stage: Stage, sec: Someone, ada: Someone) -> None:
    await stage.is_applied()
    await ada.says(f"join {await code_for(stage, ada)}")
    stage.clock.advance(timedelta(minutes=1))
    second = stage.stranger("Ada2")
    said = await second.says(f"join {await code_for(stage, ada)}")
    assert f"You have one more account here: {ada.account}. Both are yours; !account drop {ada.account}" in said[0]
    await stage.is_applied()
    told = [words for where, words in await to(stage) if where == ada.account]
    assert any(words.startswith(f"{second.account} is an account of yours from now on") for words in told)
    assert await second.says("accounts") == [
        "Your accounts:\n"
        f"• {second.account}: you are writing from it\n"
        f"• {ada.account}: yours since Wednesday 25 November 2026\n"
        f"!account drop {ada.account} lets go of one."
    ]


async def test_a_claimed_account_is_confirmed_by_its_first_message(stage: Stage, sec: Someone) -> None:
    zoe = await stage.person("Zoe", "Lyon", confirmed=False)
    assert await owner(stage, zoe.account) is None
    assert await zoe.says("accounts") == [f"Your accounts:\n• {zoe.account}: you are writing from it"]
    assert await owner(stage, zoe.account) == "Zoe"


async def test_two_accounts_claimed_for_one_entry(stage: Stage, sec: Someone) -> None:
    await stage.is_applied()
    zoe = await stage.person("Zoe", "Lyon", confirmed=False)
    other = stage.stranger("Zoe2")
    await change(stage, NameAccount(str(zoe.member_id), other.account))
    (said,) = await zoe.says("accounts")
    assert f"{other.account}: named for you, but it has never written to me" in said
    await stage.is_applied()
    await stage.said()
    stage.clock.advance(timedelta(minutes=1))
    await other.says("accounts")
    await stage.is_applied()
    told = [words for where, words in await to(stage) if where == zoe.account]
    assert [words.partition(" is ")[0] for words in told] == [other.account]


async def test_a_known_account_that_shows_its_own_code(stage: Stage, sec: Someone) -> None:
    zoe = await stage.person("Zoe", "Lyon")
    said = await zoe.says(f"join {await code_for(stage, zoe)}")
    assert "This account was yours already." in said[0]


@pytest.mark.parametrize(
    ("status", "line"),
    [
        (Status.SUSPENDED, "Your membership is suspended at present, so some rooms may stay closed to you."),
        (
            Status.APPLICANT,
            "Your application is not decided yet. Once you are a member, you are invited to your rooms.",
        ),
    ],
)
async def test_who_is_not_quite_a_member(stage: Stage, sec: Someone, ada: Someone, status: Status, line: str) -> None:
    if status is Status.APPLICANT:
        await change(stage, SetStatus(str(ada.member_id), Status.LEFT))
    await change(stage, SetStatus(str(ada.member_id), status))
    said = await ada.says(f"join {await code_for(stage, ada)}")
    assert line in said[0].splitlines()
    await stage.is_applied()
    assert [words for where, words in await to(stage) if where == ada.account] == []


async def test_who_has_left(stage: Stage, sec: Someone, ada: Someone) -> None:
    code = await code_for(stage, ada)
    await change(stage, SetStatus(str(ada.member_id), Status.LEFT))
    assert (await ada.says(f"join {code}"))[0].startswith("The membership that this code is for has ended.")


async def test_guessing_is_stopped_for_an_hour(stage: Stage, sec: Someone, ada: Someone) -> None:
    code = await code_for(stage, ada)
    for _ in range(MOST):
        assert (await ada.says(f"join {new_code()}"))[0].startswith("I do not know this code.")
        stage.clock.advance(timedelta(minutes=1))
    (said,) = await ada.says(f"join {code}")
    assert said.startswith("There were too many wrong codes from your account. Please try again after")
    assert "16:04" in said
    other = stage.stranger("Bob")
    assert (await other.says(f"join {new_code()}"))[0].startswith("I do not know")
    stage.clock.advance(PAUSE)
    assert (await ada.says(f"join {code}"))[0].startswith("Welcome, Ada!")


async def test_wrong_codes_are_forgotten(stage: Stage, sec: Someone, ada: Someone) -> None:
    await ada.says(f"join {new_code()}")
    stage.clock.advance(timedelta(days=1))
    await stage.stranger("Bob").says("join nonsense")

    async def kept(session: AsyncSession) -> int | None:
        return await session.scalar(select(func.count()).select_from(WrongCodeRow))

    assert await stage.db.read(kept) == 1


@given(st.lists(st.integers(0, 10_000), min_size=MOST, max_size=MOST))
def test_the_pause_is_an_hour_after_the_last_of_five_within_an_hour(seconds: list[int]) -> None:
    wrong = sorted((NOON - timedelta(seconds=second) for second in seconds), reverse=True)
    until = pause_until(wrong, NOON)
    waits = wrong[0] - wrong[-1] <= WITHIN and wrong[0] + PAUSE > NOON
    assert until == (wrong[0] + PAUSE if waits else None)
    assert pause_until(wrong[1:], NOON) is None


async def test_a_code_that_a_member_sends_in_a_room(stage: Stage, sec: Someone, ada: Someone) -> None:
    code = await code_for(stage, ada)
    bea = await stage.person("Bea", "Lyon")
    await bea.utters(f"!join {code}", room="Lyon")
    said = await to(stage)
    assert [(where, words.partition(".")[0]) for where, words in said] == [
        (bea.account, "You have written a code where others can read it")
    ]
    assert (await ada.says(f"join {code}"))[0].startswith("This code was taken back")


@pytest.mark.parametrize("written", ["!join {}", "My code {} does not work", "{}"])
async def test_a_code_that_a_stranger_writes_in_a_room(stage: Stage, sec: Someone, ada: Someone, written: str) -> None:
    code = await code_for(stage, ada)
    await ada.utters(written.format(code.lower()), room="Lyon")
    ((where, words),) = await to(stage)
    assert where == ada.account
    assert words.splitlines()[1] == (
        "Please remove the message, and ask whoever sent the code for a new one. Send that one to me here."
    )
    assert await ada.says(written.format(code), room="Lyon") == []
    assert (await ada.says(f"join {code}"))[0].startswith("This code was taken back")


async def test_no_code_in_a_room(stage: Stage, sec: Someone, ada: Someone) -> None:
    await sec.utters(f"!join {new_code()}", room="Lyon")
    assert [where for where, words in await to(stage) if "where nobody else reads" in words] == [sec.account]
    assert await ada.says("vous avez dans cette ville 1234-5678-9abc", room="Lyon") == []


async def test_letting_go_of_an_old_account(stage: Stage, sec: Someone, ada: Someone) -> None:
    await ada.says(f"join {await code_for(stage, ada)}")
    new = stage.stranger("Newada")
    await new.says(f"join {await code_for(stage, ada)}")
    assert await new.says(f"account drop {new.account}") == [
        f"You are writing from {new.account}. Please write this from the account that you keep."
    ]
    await new.utters("account drop @ada")
    assert await to(stage) == [
        (
            new.account,
            f"{ada.account} is no account of yours any more.\n"
            "It is taken out of the rooms. To come back with it, one needs a new code.",
        ),
        (
            ada.account,
            "This account stands for nobody in the register any more, and is taken out of the rooms.\n"
            "If that is a mistake, please tell the secretary of your branch.",
        ),
    ]
    assert (await owner(stage, ada.account), await owner(stage, new.account)) == (None, "Ada")


async def test_only_an_officer_lets_go_of_somebody_elses_account(stage: Stage, sec: Someone) -> None:
    bea = await stage.person("Bea", "Lyon")
    dan = await stage.person("Dan", "Lyon", offices=["delegate"])
    for account in (bea.account, f"@nobody:{SERVER}"):
        assert await dan.says(f"account drop {account}") == [f"The account {account} is none of yours."]
    assert (await sec.says(f"account drop {bea.account}"))[0].startswith(
        f"{bea.account} is no account of Bea any more."
    )
    assert await owner(stage, bea.account) is None


async def test_strangers_are_told_how_to_come_in(stage: Stage) -> None:
    (said,) = await stage.stranger().says("hello")
    assert "join" in said
    (said,) = await stage.stranger("Two").says("join")
    assert said.startswith("The code is missing. It is in the letter that you were sent.")


@pytest.mark.parametrize("written", ["{code}", "My code is {code}.", "Bonjour, voici : {code}", "{plain}"])
async def test_a_code_without_the_word_before_it(stage: Stage, sec: Someone, ada: Someone, written: str) -> None:
    code = await code_for(stage, ada)
    (said,) = await ada.says(written.format(code=code, plain=code.replace("-", "")))
    assert said.startswith("Welcome, Ada!")
    await stage.is_applied()
    assert "The rooms of Lyon are open to you." in (await stage.said())[-1]
    assert all(said.forget for said in await stage.all_letters() if isinstance(said.content, Words) and said.answers)


async def test_the_word_for_codes_is_listed_where_codes_belong(database_url: str) -> None:
    async with stage_on(database_url, [BOT, HELP]) as stage:
        bob = await stage.person("Bob", "Lyon")
        assert "!join" not in (await bob.says("!help", room="Lyon"))[0]
        assert "• !join: " in (await bob.says("help"))[0]
        assert "• !join: " in (await stage.stranger().says("help"))[0]
        assert (await bob.says("!help join", room="Lyon"))[0].startswith("Come in with the code that you were sent.")


async def test_words_are_no_code(stage: Stage, ada: Someone) -> None:
    bob = await stage.person("Bob", "Lyon")
    for written in ("anniversaire", "rendez-vous anniversaire", "avec dans mais", "see 7K3M-Q9TX or AAAA-BBBB"):
        assert (await bob.says(written))[0].startswith("I did not understand that.")


async def test_no_letter_keeps_the_code_of_a_join(stage: Stage, sec: Someone, ada: Someone) -> None:
    code = await code_for(stage, ada)
    await ada.says(f"join {code}")

    async def kept(session: AsyncSession) -> list[str | None]:
        return list(await session.scalars(select(LetterRow.content)))

    assert not any(code in (content or "") for content in await stage.db.read(kept))
    assert all(said.forget for said in await stage.all_letters() if isinstance(said.content, Words) and said.answers)


async def test_a_member_without_an_account_is_found_and_counts(database_url: str) -> None:
    async with stage_on(database_url, [BOT, BRANCHES]) as stage:
        sec = await stage.person("Sec", "Lyon", offices=["secretary"])
        ada = await stage.person("Ada", "Lyon")
        assert "no account yet" not in "".join(await sec.says("member find Ada"))
        await change(stage, ReleaseAccount(str(ada.member_id), ada.account))
        (said,) = await sec.says("member find Ada")
        assert said.endswith(" · no account yet")
        assert "No account on Matrix." in (await sec.says("member show Ada"))[0]


async def test_in_french(database_url: str) -> None:
    async with stage_on(database_url, [BOT, ATTENTION], language="fr") as stage:
        sec = await stage.person("Sec", "Lyon", offices=["secretary"])
        zoe = await stage.person("Zoé", "Lyon", confirmed=False)
        said = await sec.says("!membre inviter Zoé --jours 30")
        (code,) = set(CODE.findall(said[0]))
        assert await owner(stage, zoe.account) is None
        assert "Zoé" in (await zoe.says(f"Entrer {code}"))[0]
        assert await owner(stage, zoe.account) == "Zoé"
        assert zoe.account in (await zoe.says("comptes"))[0]
