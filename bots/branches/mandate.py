"""`!mandate give`, `end`, `list`."""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo
from typing import Annotated, Final

from bots.branches import facts, showing
from bots.branches.carrying import answer, here, need, still
from bots.branches.naming import first_day, holders, last_day
from bots.kit.bot import Data
from bots.kit.command import Argument, Command, Moment, OfficeKey, Option
from bots.kit.request import Refusal, Request
from bots.kit.wording import Day, Items
from ground.texts import text
from party import mandates, members
from party.branches import Branch
from party.days import start_of
from party.mandates import MandateRow
from party.members import MemberRow, Status
from party.operations.mandates import EndMandate, GiveMandate

GIVE: Final = "mandate.give"
END: Final = "mandate.end"
_OFFICE: Final = {"en": "treasurer", "fr": "trésorière"}
_HOLD: Final = (Status.MEMBER, Status.SUSPENDED)
"""Who may hold an office."""
Who = Annotated[
    MemberRow, Argument(what=text("the member"), example={"en": "@jeanne:example.org", "fr": "@jeanne:example.org"})
]
Office = Annotated[OfficeKey, Argument(what=text("the office"), example=_OFFICE)]
Until = Annotated[
    Moment | None,
    Option(
        names={"en": ("until",), "fr": ("jusqu'au", "jusqu'à", "jusque")},
        what=text("the last day"),
        example={"en": "30 June 2027", "fr": "30 juin 2027"},
        bare=True,
    ),
]
Since = Annotated[
    Moment | None,
    Option(
        names={"en": ("from",), "fr": ("à partir du", "à partir de", "à compter du", "dès")},
        what=text("the first day"),
        example={"en": "1 July 2027", "fr": "1er juillet 2027"},
        bare=True,
    ),
]


async def give(request: Request, who: Who, office: Office, *, until: Until = None, since: Since = None) -> None:
    """An office in the branch, from a day (now) until a day, both counting whole."""
    branch = here(request)
    zone = request.policy.zone(branch.timezone)
    _must_belong(who)
    starts_at = None if since is None else _start(since, zone)
    ends_at = None if until is None else _end(until, zone)
    await need(request, GIVE, branch)
    await _must_be_free(request, who, office, branch, starts_at or request.now, ends_at)
    (done,) = await request.change(GiveMandate(who.id, office, branch.id, starts_at, ends_at))
    await request.undoable("branches.given", {"mandate": done.subject_id, "ends_at": _written(ends_at)})
    row = await mandates.by_id(request.session, done.subject_id)
    await _say(request, "given", row, who.name, branch, follows=row.starts_at <= request.now)


async def end(
    request: Request,
    who: Who,
    office: Annotated[OfficeKey | None, Argument(what=text("the office"), example=_OFFICE)] = None,
    *,
    until: Until = None,
) -> None:
    """Now, or with a last day that is still to come."""
    branch = here(request)
    row = await _one(request, who, office, branch)
    await need(request, END, branch)
    ends_at = request.now if until is None else _end(until, request.policy.zone(branch.timezone))
    former = _written(row.ends_at)
    await _end_it(request, row, who.name, branch, ends_at)
    await request.undoable("branches.ended", {"mandate": row.id, "ends_at": former, "now": _written(row.ends_at)})


async def show(
    request: Request,
    branch: Annotated[Branch | None, Argument(what=text("a branch"), example={"en": "lyon", "fr": "lyon"})] = None,
    *,
    below: Annotated[
        bool, Option(names={"en": ("below",), "fr": ("dessous",)}, what=text("the branches below too"))
    ] = False,
) -> None:
    """Who holds which office; for those who may give them, also who will."""
    top = here(request, branch)
    tree = await request.tree()
    shown = [top, *(one for one in tree.below(top.id) if one.open)] if below else [top]
    to_come = await request.may(GIVE, top.id)
    found = await facts.officers(request.session, shown, request.now, to_come=to_come)
    if not found:
        await request.reply(text("Nobody holds an office in {branch}.", branch=top.name))
        return
    said = holders(found, request.surroundings, request.voice.language, request.now, several=below)
    more = text("Name a branch to see its offices alone.") if below else None
    await request.reply(
        text("Offices in {branch}:", branch=top.name),
        Items(tuple(map(showing.office_line, said)), more=more, most=showing.LINES),
    )


async def undo_give(request: Request, data: Data) -> None:
    """End it at once."""
    row, who, branch = await _kept(request, data)
    still(_written(row.ends_at) == data["ends_at"])
    await _end_it(request, row, who.name, branch, request.now)


async def undo_end(request: Request, data: Data) -> None:
    """The end that it had before, or none."""
    row, who, branch = await _kept(request, data)
    still(_written(row.ends_at) == data["now"] and who.status in _HOLD)
    former, over = data["ends_at"], row.ends_at
    await request.change(EndMandate(row.id, None if former is None else datetime.fromisoformat(str(former))))
    was_over = over is not None and over <= request.now
    await _say(request, "given", row, who.name, branch, follows=was_over)


async def _end_it(request: Request, row: MandateRow, name: str, branch: Branch, ends_at: datetime) -> None:
    """End a mandate; one that has not begun by then never does."""
    begun = row.starts_at <= request.now
    ends_at = max(ends_at, row.starts_at + timedelta(microseconds=1)) if begun else ends_at
    cancelled = not begun and ends_at <= row.starts_at
    await request.change(EndMandate(row.id, ends_at))
    later = ends_at > request.now + timedelta(seconds=1)
    kind = "cancelled" if cancelled else "given" if later else "ended"
    await _say(request, kind, row, name, branch, follows=kind == "ended")


async def _say(request: Request, kind: str, row: MandateRow, name: str, branch: Branch, *, follows: bool) -> None:
    """What was decided. Where it begins or ends now (`follows`), rooms follow for those who have an account."""
    zone = request.policy.zone(branch.timezone)
    values = {
        "name": name,
        "office": request.surroundings.office(row.office, request.voice.language),
        "branch": branch.name,
    }
    if row.starts_at > request.now:
        values["since"] = first_day(row.starts_at, zone).isoformat()
    if row.ends_at is not None:
        values["until"] = last_day(row.ends_at, zone).isoformat()
    follows = follows and bool(await members.accounts(request.session, row.member_id))
    await answer(request, kind, values, [branch.id], follows=follows)


async def _one(request: Request, who: MemberRow, office: OfficeKey | None, branch: Branch) -> MandateRow:
    """The mandate that is meant; without an office, the only one there. Raises Refusal."""
    rows = [
        row
        for row in await facts.mandates_of(request.session, who.id, request.now)
        if row.branch_id == branch.id and office in (None, row.office)
    ]
    if not rows and office is None:
        raise Refusal(text("{name} holds no office in {branch}.", name=who.name, branch=branch.name))
    if not rows:
        raise Refusal(text("{name} has no such office in {branch}.", name=who.name, branch=branch.name))
    if office is None and len({row.office for row in rows}) > 1:
        language = request.voice.language
        names = [request.surroundings.office(row.office, language) for row in rows]
        raise Refusal(text("Which office of {name} do you mean: {offices}?", name=who.name, offices=names))
    return rows[0]


async def _kept(request: Request, data: Data) -> tuple[MandateRow, MemberRow, Branch]:
    row = await mandates.by_id(request.session, str(data["mandate"]))
    return row, await members.by_id(request.session, row.member_id), (await request.tree())[row.branch_id]


def _written(instant: datetime | None) -> str | None:
    return None if instant is None else instant.isoformat()


def _must_belong(who: MemberRow) -> None:
    """Raises Refusal for whoever cannot hold an office."""
    if who.status not in _HOLD:
        raise Refusal(text("{name} is not a member, and so cannot hold an office.", name=who.name))


async def _must_be_free(
    request: Request, who: MemberRow, office: str, branch: Branch, starts_at: datetime, ends_at: datetime | None
) -> None:
    """Raises Refusal where the member holds the office there already in that time, or it would end before it begins."""
    if ends_at is not None and ends_at <= starts_at:
        raise Refusal(text("The last day comes before the first one."))
    for row in await facts.mandates_of(request.session, who.id, request.now):
        same = (row.office, row.branch_id) == (office, branch.id)
        if same and (ends_at is None or row.starts_at < ends_at) and (row.ends_at is None or starts_at < row.ends_at):
            name = request.surroundings.office(office, request.voice.language)
            values = {"name": who.name, "office": name, "branch": branch.name}
            if row.ends_at is None:
                raise Refusal(text("{name} holds the office {office} in {branch} already.", **values))
            until = Day(last_day(row.ends_at, request.policy.zone(branch.timezone)))
            raise Refusal(
                text("{name} holds the office {office} in {branch} already, until {until}.", **values, until=until)
            )


def _start(moment: Moment, zone: tzinfo) -> datetime:
    """The first instant of a day; a time of day as it was written."""
    return start_of(moment.instant.astimezone(zone).date(), zone) if moment.all_day else moment.instant


def _end(moment: Moment, zone: tzinfo) -> datetime:
    """The instant just after a last day; a time of day as it was written."""
    if not moment.all_day:
        return moment.instant
    return start_of(moment.instant.astimezone(zone).date() + timedelta(days=1), zone)


COMMANDS = (
    Command(
        name="mandate give",
        run=give,
        summary=text("Give somebody an office in the branch; it ends by itself after its last day."),
        aliases={"fr": ("mandat donner",)},
        examples={
            "en": "mandate give @jeanne:example.org treasurer until 30 June 2027",
            "fr": "mandat donner @jeanne:example.org trésorière jusqu'au 30 juin 2027",
        },
        right=GIVE,
    ),
    Command(
        name="mandate end",
        run=end,
        summary=text("End an office now, or with a last day."),
        aliases={"fr": ("mandat terminer", "mandat finir")},
        examples={
            "en": "mandate end @jeanne:example.org treasurer",
            "fr": "mandat terminer @jeanne:example.org trésorière",
        },
        right=END,
    ),
    Command(
        name="mandate list",
        run=show,
        summary=text("Who holds which office, and until when."),
        aliases={"en": ("mandate list", "mandates"), "fr": ("mandat liste", "mandats")},
        examples={"en": "mandate list", "fr": "mandat liste"},
    ),
)
