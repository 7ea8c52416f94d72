"""`!proxy`: one member lets another vote for them, who says yes or no."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Final

from pydantic import JsonValue
from sqlalchemy import select

from bots.kit import questions
from bots.kit.command import Argument, Moment, Option
from bots.kit.origin import Origin
from bots.kit.questions import Question
from bots.kit.request import Occasion, Refusal, Request
from bots.kit.wording import Items, Line, Strong, When
from bots.vote import proxies, unboxing
from bots.vote.errors import VoteRefused
from bots.vote.finding import meant
from bots.vote.proxies import Proxy, Stage
from bots.vote.sentences import handle
from bots.vote.settings import settings_of
from bots.vote.tables import VoteRow
from bridge.letters import Letter, Mark
from bridge.places import Direct
from ground.texts import Text, text
from party.members import AccountRow, MemberRow

ANSWERED: Final = "vote.proxy"
YES, NO = "✅", "❌"
_LASTS: Final = timedelta(days=7)


async def give(
    request: Request,
    holder: Annotated[MemberRow, Argument(what=text("who votes for you"), example={"en": "@jeanne", "fr": "@jeanne"})],
    *,
    vote: Annotated[
        str | None,
        Option(
            names={"en": ("for",), "fr": ("pour",)},
            what=text("in which vote"),
            example={"en": "V12", "fr": "V12"},
            bare=True,
        ),
    ] = None,
    until: Annotated[
        Moment | None,
        Option(
            names={"en": ("until",), "fr": ("jusqu'au",)},
            what=text("for votes that close before then"),
            example={"en": "30/06/2027", "fr": "30/06/2027"},
            bare=True,
        ),
    ] = None,
) -> None:
    """Let somebody vote for you."""
    giver = _member(request)
    row = None if vote is None else await meant(request, vote)
    if row is not None and until is not None:
        raise Refusal(text("A proxy is given for one vote or until a day, not both."))
    account = await _account(request, holder.id)
    if account is None:
        raise Refusal(text("{name} cannot be asked: there is no account of theirs.", name=holder.name))
    try:
        async with unboxing.proxies_of(request, giver.id):
            proxy = await proxies.offer(
                request.session, giver.id, holder.id, vote=row, until=None if until is None else until.instant,
                at=request.now, most=settings_of(request).policy.proxies,
            )  # fmt: skip
    except VoteRefused as refused:
        raise Refusal(refused.text) from None
    await _ask(request, account, giver.name, proxy, row)
    await request.whisper(text("{name} is asked, and you are told the answer.", name=holder.name))


async def answered(request: Request, key: str, data: Mapping[str, JsonValue]) -> None:
    """The holder said yes or no."""
    holder = _member(request)
    id_, most = str(data["id"]), settings_of(request).policy.proxies
    try:
        if key == YES:
            async with unboxing.proxies_of(request, await proxies.giver_of(request.session, id_)):
                proxy = await proxies.accept(request.session, id_, holder.id, at=request.now, most=most)
        else:
            proxy = await proxies.decline(request.session, id_, holder.id, at=request.now)
    except VoteRefused as refused:
        raise Refusal(refused.text) from None
    giver = await request.session.get_one(MemberRow, proxy.giver)
    if key == YES:
        mine = text("You vote for {name}. Your own ballot counts for both.", name=giver.name)
        theirs = text("{name} votes for you. If you vote yourself, that counts instead.", name=holder.name)
    else:
        mine = text("You do not vote for {name}.", name=giver.name)
        theirs = text("{name} does not vote for you.", name=holder.name)
    await request.reply(mine, *await unboxing.again(request, proxy))
    if (account := await _account(request, giver.id)) is not None:
        await request.send(Direct(account), theirs)


async def end(
    request: Request,
    *,
    vote: Annotated[
        str | None,
        Option(
            names={"en": ("for",), "fr": ("pour",)},
            what=text("in which vote"),
            example={"en": "V12", "fr": "V12"},
            bare=True,
        ),
    ] = None,
) -> None:
    """Take back what you gave, for one vote or in general."""
    giver = _member(request)
    row = None if vote is None else await meant(request, vote)
    async with unboxing.proxies_of(request, giver.id):
        ended = await proxies.take_back(request.session, giver.id, None if row is None else row.id, at=request.now)
    if not ended:
        raise Refusal(text("You have not given such a proxy."))
    for proxy in ended:
        account = await _account(request, proxy.holder)
        if account is not None and proxy.stage is Stage.ACCEPTED:
            await request.send(Direct(account), text("{name} has taken the proxy back.", name=giver.name))
    await request.whisper(text("Your proxy is taken back."))


async def listed(request: Request) -> None:
    """What you gave and hold."""
    member = _member(request)
    found = await proxies.given_and_held(request.session, member.id, request.now)
    if not found:
        raise Refusal(text("You have neither given a proxy nor do you hold one."))
    await request.whisper(Items(tuple([await _item(request, member, proxy) for proxy in found])))


async def _ask(request: Request, account: str, giver: str, proxy: Proxy, row: VoteRow | None) -> None:
    to = Direct(account)
    voice = await request.voice_for(to)
    answers = ((YES, voice.say(text("accept"))), (NO, voice.say(text("decline"))))
    line: Line = "   ".join(f"{key} {word}" for key, word in answers)
    letter = await request.send(to, _asked(giver, proxy, row), line, mentions=(account,))
    question = Question(
        bot=request.bot, then=ANSWERED, data={"id": proxy.id}, answers=answers, origin=Origin(account, to)
    )
    until = request.now + _LASTS
    await questions.wait(request.session, letter, to, question, request.now, until)
    for key, _ in answers:
        await request.put(Letter(to=to, content=Mark(key, letter=letter), deadline=until))


def _asked(giver: str, proxy: Proxy, row: VoteRow | None) -> Text:
    if row is not None:
        number = Strong(handle(row.number))
        return text("{name} asks you to vote for them in {number}.", name=giver, number=number)
    if proxy.until is not None:
        return text("{name} asks you to vote for them until {when}.", name=giver, when=When(proxy.until))
    return text("{name} asks you to vote for them, until they take it back.", name=giver)


async def _item(request: Request, member: MemberRow, proxy: Proxy) -> Text:
    row = None if proxy.vote is None else await request.session.get(VoteRow, proxy.vote)
    other = await request.session.get_one(MemberRow, proxy.giver if proxy.holder == member.id else proxy.holder)
    where: Text = text("in all votes")
    if row is not None:
        where = text("in {number}", number=handle(row.number))
    elif proxy.until is not None:
        where = text("until {when}", when=When(proxy.until))
    if proxy.stage is Stage.OFFERED:
        if proxy.holder == member.id:
            return text("{name} asks you to vote for them, {where}.", name=other.name, where=where)
        return text("{name} is asked to vote for you, {where}.", name=other.name, where=where)
    if proxy.holder == member.id:
        return text("You vote for {name}, {where}.", name=other.name, where=where)
    return text("{name} votes for you, {where}.", name=other.name, where=where)


def _member(request: Request) -> MemberRow:
    if request.member is None:
        raise Refusal(text("Only members can vote."))
    return request.member


async def _account(occasion: Occasion, member_id: str) -> str | None:
    query = select(AccountRow.user_id).where(AccountRow.member_id == member_id, AccountRow.confirmed_at.is_not(None))
    return await occasion.session.scalar(query.order_by(AccountRow.user_id).limit(1))
