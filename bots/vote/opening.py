"""`!vote Question`: at once, or after a look and a yes where the vote is formal."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Annotated, Final, Literal, TypeAlias

from pydantic import JsonValue

from bots.kit.command import Argument, Dated, Moment, Option
from bots.kit.dates import Duration
from bots.kit.request import Occasion, Refusal, Request
from bots.kit.wording import Line
from bots.vote import answering, assembly_words, declared, declaring, plan, sentences
from bots.vote.assembly import By
from bots.vote.counting.outcome import Method
from bots.vote.electorate import Admitted, Electorate
from bots.vote.errors import VoteRefused
from bots.vote.finding import allowed, branch_room, home, read_electorate, voters_room
from bots.vote.holding import admitted, open_vote
from bots.vote.majorities import read_majority, read_quorum
from bots.vote.plan import METHODS, Plan
from bots.vote.settings import settings_of
from bots.vote.tables import State, VoteRow, new_vote
from bridge.places import BranchRoom, address, place_at
from bridge.ports import Secrecy
from ground import due
from ground.texts import counted, text
from party.branches import Branch
from party.errors import NotAllowed
from party.permissions import reached

OPEN, LEAVE = "✅", "❌"
CONFIRMED: Final = "vote.confirmed"
DROP: Final = "vote.drop"
DRAFT_LASTS: Final = timedelta(hours=1)
_LONGEST: Final = timedelta(days=366)
_SHORTEST: Final = timedelta(minutes=1)
_ABOUT_ONE: Final = re.compile(r"[vV](\d{1,100})(?:[\s,:.]+(.*))?", re.S)

ByName: TypeAlias = Literal["heads", "branches", "mandates", "double"]
MethodName: TypeAlias = Literal["plurality", "approval", "irv", "schulze", "stv", "score", "judgment"]


async def vote(
    request: Request,
    question: Annotated[
        str,
        Argument(
            what=text("the question"),
            example={"en": "Shall we join the strike?", "fr": "Participons-nous à la grève ?"},
            rest=True,
        ),
    ],
    choices: Annotated[list[str] | None, Argument(what=text("the choices"))] = None,
    *,
    closes: Annotated[
        Moment | None,
        Option(
            names={"en": ("closes", "until"), "fr": ("clôture", "jusqu'au", "fin")},
            what=text("when it closes"),
            example={"en": "friday 18:00", "fr": "vendredi 18h"},
        ),
        Dated(default_time=time(20)),
    ] = None,
    duration: Annotated[
        Duration | None,
        Option(
            names={"en": ("duration",), "fr": ("durée",)},
            what=text("how long it is open"),
            example={"en": "3 days", "fr": "3 jours"},
        ),
    ] = None,
    quorum: Annotated[
        str | None,
        Option(names={"en": ("quorum",), "fr": ("quorum",)}, what=text("how many have to vote"), example={"en": "50%"}),
    ] = None,
    majority: Annotated[
        str | None,
        Option(
            names={"en": ("majority",), "fr": ("majorité",)},
            what=text("the majority that it takes"),
            example={"en": "2/3", "fr": "2/3"},
        ),
    ] = None,
    method: Annotated[
        MethodName | None,
        Option(
            names={"en": ("method",), "fr": ("méthode",)},
            what=text("how it is counted"),
            example={"en": "stv", "fr": "stv"},
            words=METHODS,
        ),
    ] = None,
    seats: Annotated[
        int | None,
        Option(names={"en": ("seats",), "fr": ("sièges", "postes")}, what=text("how many are elected")),
    ] = None,
    max: Annotated[
        int | None,
        Option(names={"en": ("max",), "fr": ("max", "maximum")}, what=text("how many one may choose")),
    ] = None,
    who: Annotated[
        str | None,
        Option(
            names={"en": ("who",), "fr": ("qui", "votants")},
            what=text("who votes"),
            example={"en": "below", "fr": "dessous"},
        ),
    ] = None,
    below: Annotated[
        bool,
        Option(
            names={"en": ("below",), "fr": ("dessous", "en-dessous", "au-dessous")},
            what=text("in every branch under this one, each in its own room"),
        ),
    ] = False,
    count: Annotated[
        ByName | None,
        Option(
            names={"en": ("count", "by"), "fr": ("compter", "par")},
            what=text("what decides where many branches vote"),
            example={"en": "branches", "fr": "structures"},
            words=plan.WAYS,
        ),
    ] = None,
    confidential: Annotated[
        bool,
        Option(
            names={"en": ("confidential",), "fr": ("confidentiel", "confidentielle")},
            what=text("nobody else sees who chose what"),
        ),
    ] = False,
    no_change: Annotated[
        bool,
        Option(
            names={"en": ("no-change",), "fr": ("sans-modification", "définitif")},
            what=text("a ballot cannot be changed"),
        ),
    ] = False,
    ties: declaring.Ties = None,
    abstentions: declaring.Abstentions = None,
    weights: declaring.Weights = None,
    units: declaring.Units = False,
    live: Annotated[
        bool,
        Option(names={"en": ("live",), "fr": ("direct", "en-direct")}, what=text("the poll shows how it stands")),
    ] = False,
) -> None:
    """Ask the members something; or, with the number of a vote, vote in it."""
    if (about := _ABOUT_ONE.fullmatch(question.strip())) is not None and not choices:
        await answering.commanded(request, int(about[1]), (about[2] or "").strip())
        return
    branch = home(request)
    await allowed(request, "vote.open", branch.id)
    asked, listed = (question, tuple(choices)) if choices else plan.inline(question)
    if count is not None and not below:
        raise Refusal(text("What decides among branches is said where many of them vote: with `--below`."))
    electorate = replace(read_electorate(request, who), below=True) if below else read_electorate(request, who)
    if electorate.below:
        await _reaches(request, branch)
    room = voters_room(request, branch, request.place, electorate)
    voice = await request.voice_for(room)
    default = [voice.say(word) for word in (sentences.FOR, sentences.AGAINST, sentences.ABSTAIN)]
    made = plan.make(
        listed,
        default,
        method=None if method is None else Method(method),
        majority=None if majority is None else read_majority(majority),
        quorum=None if quorum is None else read_quorum(quorum),
        seats=seats,
        most=max,
        live=live and not confidential,
        by=By(count or By.HEADS) if below else None,
        split=settings_of(request).policy.apportionment,
    )
    made = await declaring.declare(
        request, made, branch, electorate,
        ties=ties, abstentions=abstentions, weights=weights, units=units, confidential=confidential,
    )  # fmt: skip
    if confidential and settings_of(request).box is None:
        raise Refusal(text("Confidential votes are not set up here. Those who run me can do that."))
    row = new_vote(
        branch_id=branch.id,
        question=plan.question_of(asked),
        options=json.dumps(made.options, ensure_ascii=False),
        rules=made.kept(),
        electorate=electorate.kept(),
        at=request.now,
        confidential=confidential,
        units=units,
        change=not no_change,
        closes_at=_closes(request, closes, duration),
    )
    row.account, row.member_id = request.account, None if request.member is None else request.member.id
    row.source, row.place, row.thread = request.origin.event, address(room), None
    request.session.add(row)
    await request.session.flush()
    declares = ties is not None or abstentions is not None or weights is not None
    if below or confidential or quorum is not None or majority is not None or declares:
        await _show(request, row, made, electorate, apart=abstentions == "apart", stays=ties == "status quo")
    else:
        await _open_asked(request, row)


def _closes(request: Request, closes: Moment | None, duration: Duration | None) -> datetime:
    if closes is not None and duration is not None:
        raise Refusal(text("Give either the close or the duration."))
    if closes is not None:
        at = closes.instant
    else:
        length = duration or Duration(days=settings_of(request).policy.days)
        at = length.after(request.now, request.voice.zone).replace(second=0, microsecond=0)
    return within(request.now, at)


def within(now: datetime, at: datetime) -> datetime:
    """A close that can be. Raises Refusal."""
    if at < now + _SHORTEST:
        raise Refusal(text("A vote closes in the future."))
    if at > now + _LONGEST:
        raise Refusal(text("A vote is open for a year at most."))
    return at


async def _reaches(request: Request, branch: Branch) -> None:
    tree = await request.tree()
    may = await reached(request.session, request.policy, request.actor, "vote.open", tree, request.now)
    missing = next((below for below in tree.below(branch.id) if below.id not in may), None)
    if missing is not None:
        raise NotAllowed(text("That is for an office which you do not hold."), "vote.open", missing.id)


async def _show(
    request: Request, row: VoteRow, made: Plan, electorate: Electorate, *, apart: bool, stays: bool
) -> None:
    try:
        found = await admitted(request, row, electorate)
    except VoteRefused as refused:
        raise Refusal(refused.text) from None
    if not found.electors:
        raise Refusal(text("Nobody could vote: the roll would be empty."))
    if row.confidential and made.by not in (None, By.HEADS):
        await _large_enough(request, found)
    box = settings_of(request).box
    promise = (Secrecy.CONFIDENTIAL if box is None else box.secrecy) if row.confidential else None
    await due.schedule(request.session, DROP, row.id, request.now + DRAFT_LASTS)
    many = made.by is not None
    lines = sentences.preview(
        row.question, made, len(found.electors), row.closes_at or request.now, promise,
        change=row.change, where=None if many else await _elsewhere(request, row),
        rules=declared.rules(
            made, weight=sum(one.weight for one in found.electors), units=row.units, apart=apart, stays=stays
        ),
    )  # fmt: skip
    if many:
        lines += await _where_below(request, row, electorate, found)
    await request.ask(*lines, answers={OPEN: text("open"), LEAVE: text("drop")}, then=CONFIRMED, data={"id": row.id})


async def _large_enough(request: Request, found: Admitted) -> None:
    """Where branches decide, it is told how many went which way: of one that is small that would be its ballots."""
    least, tree = settings_of(request).policy.breakdown, await request.tree()
    sizes = Counter(elector.branch_id for elector in found.electors)
    small = [tree[branch].name for branch, size in sizes.items() if size < least]
    if small:
        raise Refusal(
            counted(
                "{names} has fewer than {least} voters, so that its ballots could be guessed. "
                "Write `--count heads`, or leave `--confidential` out.",
                "{names} have fewer than {least} voters, so that their ballots could be guessed. "
                "Write `--count heads`, or leave `--confidential` out.",
                len(small), names=assembly_words.some(sorted(small)), least=least,
            )
        )  # fmt: skip


async def _where_below(request: Request, row: VoteRow, electorate: Electorate, found: Admitted) -> tuple[Line, ...]:
    """In which branches a vote of many would be held."""
    tree = await request.tree()
    voting = {elector.branch_id for elector in found.electors}
    below = [branch for branch in tree.below(row.branch_id) if branch.open]
    there = [branch for branch in (tree[row.branch_id], *below) if branch.id in voting]
    rooms = {branch.id: branch_room(request, branch, electorate) for branch in there}
    return assembly_words.preview(
        tree[row.branch_id].name,
        sum(room is not None for room in rooms.values()),
        [branch.name for branch in there if rooms[branch.id] is None],
        [branch.name for branch in below if branch.id not in voting],
    )


async def confirmed(request: Request, key: str, data: Mapping[str, JsonValue]) -> None:
    """Whoever asked has seen the vote, and said yes or no."""
    row = await request.session.get(VoteRow, data["id"])
    if row is None or row.state != State.DRAFT:
        return
    await due.cancel(request.session, DROP, row.id)
    if key != OPEN:
        await request.session.delete(row)
        await request.reply(text("Dropped. Nothing was opened."))
        return
    await allowed(request, "vote.open", row.branch_id)
    await _open_asked(request, row)


async def forget_draft(occasion: Occasion, item: due.Due) -> None:
    """Nobody said yes."""
    row = await occasion.session.get(VoteRow, item.subject_id)
    if row is not None and row.state == State.DRAFT:
        await occasion.session.delete(row)


async def _open_asked(request: Request, row: VoteRow) -> None:
    try:
        await open_vote(request, row)
    except VoteRefused as refused:
        raise Refusal(refused.text) from None
    if (room := await _elsewhere(request, row)) is not None:
        number = sentences.handle(row.number)
        await request.reply(text("{number} is open in {room}.", number=number, room=room))


async def _elsewhere(request: Request, row: VoteRow) -> str | None:
    """The name of the room of a vote, where it is not the one in which it is asked for."""
    place = place_at(row.place or address(request.place))
    if place == request.place or not isinstance(place, BranchRoom):
        return None
    branch = (await request.tree())[place.branch_id]
    return request.surroundings.room(place.key, branch, request.voice.language)
