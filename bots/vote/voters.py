"""Who is on a roll, and who voted: names in public votes, after the close."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Final

from sqlalchemy import select

from bots.kit.command import Argument
from bots.kit.request import Occasion, Request
from bots.kit.wording import Items, Line, Strong
from bots.vote import casting, proxies, roll
from bots.vote.casting import Counted
from bots.vote.choices import said
from bots.vote.finding import allowed, meant
from bots.vote.plan import plan_of
from bots.vote.sentences import handle, worded
from bots.vote.settings import settings_of
from bots.vote.tables import RollRow, VoteRow
from bridge.places import place_at
from ground.texts import counted, text
from party.members import MemberRow

_NUMBER: Final = Argument(what=text("the vote"), example={"en": "V12", "fr": "V12"})
_PROXIES: Final = 20
"""How many a result shows."""
_BY_PROXY: Final = "{name} ({holder})"


async def counted_ballots(occasion: Occasion, row: VoteRow) -> list[Counted]:
    """The ballots of an open vote that count, as of its close."""
    grace = settings_of(occasion).policy.patience
    ballots = await casting.ballots(occasion.session, row, closes=row.closes_at, grace=grace)
    given = await proxies.of_vote(occasion.session, row, occasion.now)
    return casting.attribute(await roll.entries(occasion.session, row.id), ballots, given)


async def by_choice(occasion: Occasion, row: VoteRow, branch_id: str | None = None) -> dict[str, Sequence[str]]:
    """In a public vote that is closed: the names under each choice, in the order of the choices; whoever votes for
    another behind theirs. `branch_id`: of those alone who vote for this branch."""
    plan = worded(plan_of(row.options, row.rules), await occasion.voice_for(place_at(row.place or "")))
    names = await _names(occasion, row)
    found: dict[str, list[str]] = {}
    ballots = [one for one in await counted_ballots(occasion, row) if branch_id in (None, one.entry.branch_id)]
    for one in sorted(ballots, key=lambda one: (one.choice, names[one.entry.member_id])):
        name = names[one.entry.member_id]
        if one.holder is not None:
            name = _BY_PROXY.format(name=name, holder=names[one.holder])
        found.setdefault(said(plan, one.choice) or "—", []).append(name)
    return {choice: those for choice, those in found.items()}


async def by_proxy(occasion: Occasion, row: VoteRow) -> tuple[Line, ...]:
    """In a public vote that is closed: who voted for whom."""
    given = [one for one in await counted_ballots(occasion, row) if one.holder is not None]
    if not given:
        return ()
    names = await _names(occasion, row)
    pairs = sorted((names[one.holder or ""], names[one.entry.member_id]) for one in given)
    said = tuple(text("by proxy: {holder} for {giver}", holder=holder, giver=giver) for holder, giver in pairs)
    return (Items(said, most=_PROXIES),)


async def on_roll(request: Request, number: Annotated[str, _NUMBER] = "") -> None:
    """The electoral roll, in private, for those with the right to see it."""
    row = await meant(request, number)
    await allowed(request, "vote.roll", row.branch_id)
    names = await _names(request, row)
    entries = sorted(await roll.entries(request.session, row.id), key=lambda entry: names[entry.member_id])
    lines = tuple(
        text("{name}, number {number}", name=names[entry.member_id], number=entry.number)
        if entry.weight == 1
        else text(
            "{name}, number {number}, weight {weight}",
            name=names[entry.member_id], number=entry.number, weight=entry.weight,
        )
        for entry in entries
    )  # fmt: skip
    head = counted("{count} member on the roll", "{count} members on the roll", len(entries))
    said = text("{number} · {turnout}", number=Strong(handle(row.number)), turnout=head)
    await request.whisper(said, Items(lines, most=500))


async def _names(occasion: Occasion, row: VoteRow) -> dict[str, str]:
    """The names of those on the roll, by member."""
    query = select(MemberRow.id, MemberRow.name).join(RollRow, RollRow.member_id == MemberRow.id)
    return dict((await occasion.session.execute(query.where(RollRow.vote_id == row.id))).all())
