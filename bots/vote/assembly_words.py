"""What is said of votes of many branches: where they are open, how they stand, and what they came to. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from bots.kit.wording import Code, Items, Line, Strong, Typed, When
from bots.vote import sentences
from bots.vote.assembly import By, Measure
from bots.vote.motion import Result
from bots.vote.plan import Plan
from bots.vote.sentences import decided_by, handle
from ground.texts import Text, counted, text

_NAMED: Final = 8
"""How many branches are named in one sentence."""
_ROWS: Final = 40


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table: a branch, or so many `branches` under it; `voted` None where that is told at the close."""

    name: str
    branches: int
    voted: int | None
    roll: int


@dataclass(frozen=True, slots=True)
class Table:
    """How a vote stands in the branches of `origin`: whether it is `running`, how many branches there are, in how many
    it is open, and the names of those that have no room, where it has not arrived, that did not take it, and where it
    arrived late."""

    running: bool
    origin: str
    rows: tuple[Row, ...]
    branches: int
    open: int
    without_room: Sequence[str]
    late: Sequence[str]
    lost: Sequence[str]
    opened_late: Sequence[str]


class Asked(Protocol):
    """What the table says of a vote itself."""

    number: int | None
    question: str
    closes_at: datetime | None
    confidential: bool
    roll_size: int | None
    roll_root: str | None


def asked_by(origin: str, plan: Plan) -> Text:
    """In a branch: who asks all of them, and what decides."""
    return text("Asked in all branches of {origin}, {by}.", origin=origin, by=decided_by(plan))


def overview(row: Asked, plan: Plan, table: Table) -> tuple[Line, ...]:
    """The table, while the vote is open and after it."""
    head = text("{number} · {question}", number=Strong(handle(row.number)), question=row.question)
    lines: list[Line] = [head]
    values: dict[str, object] = {"open": table.open, "origin": table.origin}
    if not table.running:
        lines.append(text("{number} is closed.", number=handle(row.number)))
    else:
        lines.append(
            counted(
                "Open in {open} of {count} branch of {origin}, until {when}.",
                "Open in {open} of {count} branches of {origin}, until {when}.",
                table.branches, when=When(row.closes_at) if row.closes_at else "", **values,
            )
        )  # fmt: skip
    lines.append(rule(plan, row.roll_size or 0))
    if row.confidential:
        lines.append(sentences.secrecy_of(True))
    else:
        lines.append(Items(tuple(map(_row, table.rows)), most=_ROWS))
    lines += _missing(row, table)
    lines.append(text("Fingerprint of the roll: {root}", root=Code(row.roll_root or "")))
    return tuple(lines)


def rule(plan: Plan, size: int) -> Text:
    """Who votes, and what it takes."""
    parts = [sentences.people(size)]
    if plan.quorum is not None:
        parts.append(text("quorum {count}", count=plan.quorum.needed(size)))
    parts += [sentences.method(plan), decided_by(plan)]
    return sentences.joined(parts)


def preview(
    origin: str, with_room: int, without_room: Sequence[str], without_members: Sequence[str]
) -> tuple[Line, ...]:
    """Where it would be held."""
    lines: list[Line] = [
        counted(
            "It will be held in {count} branch of {origin}, in its own room.",
            "It will be held in {count} branches of {origin}, each in its own room.",
            with_room, origin=origin,
        )
    ]  # fmt: skip
    if without_room:
        lines.append(_no_room(without_room))
    if without_members:
        lines.append(
            counted(
                "{names} has no members who can vote.", "{names} have no members who can vote.",
                len(without_members), names=some(without_members),
            )
        )  # fmt: skip
    return tuple(lines)


def measured(plan: Plan, measure: Measure) -> Text:
    """One way of counting on a line."""
    values: dict[str, object] = {"numbers": _numbers(plan, measure), "outcome": _outcome(plan, measure)}
    match measure.by:
        case By.HEADS:
            if not measure.totals:
                return text("By heads: {outcome}", **values)
            return text("By heads: {numbers} – {outcome}", **values)
        case By.BRANCHES:
            return text("By branches: {numbers} – {outcome}", **values)
    return text("By mandates: {numbers} – {outcome}", **values)


def tested(by: By, test: Text) -> Text:
    """A test, and of what."""
    match by:
        case By.HEADS:
            return text("Heads: {test}", test=test)
        case By.BRANCHES:
            return text("Branches: {test}", test=test)
    return text("Mandates: {test}", test=test)


def head(plan: Plan, result: str, winners: Sequence[int]) -> Text:
    """What it came to, and by what."""
    by = decided_by(plan)
    match result:
        case Result.CARRIED:
            return text("Carried, {by}.", by=by)
        case Result.LOST:
            return text("Lost, {by}.", by=by)
        case Result.INQUORATE:
            return text("The quorum was not reached: nothing is decided.")
    if winners:
        return text("Chosen: {winner}, {by}.", winner=[plan.options[option] for option in winners], by=by)
    return text("Nothing is decided, {by}.", by=by)


def branch_row(plan: Plan, name: str, branches: int, totals: Sequence[int], voted: int, roll: int) -> Text:
    """What came from a branch, or from several that are told together."""
    values: dict[str, object] = {"branch": _named(name, branches), "voted": voted, "roll": roll}
    if len(totals) != len(plan.options):
        return text("{branch}: {voted} of {roll} voted", **values)
    return text("{branch}: {numbers} · {voted} of {roll}", numbers=sentences.tally(plan, totals), **values)


def here(plan: Plan, branch: str, totals: Sequence[int], voted: int, roll: int) -> tuple[Line, ...]:
    """In a branch: what came from it."""
    said: list[Line] = []
    if len(totals) == len(plan.options):
        said.append(text("In {branch}: {numbers}.", branch=branch, numbers=sentences.tally(plan, totals)))
    said.append(sentences.turnout(voted, roll))
    return tuple(said)


def in_all(origin: str, branches: int) -> Text:
    """Before what all branches together came to."""
    return counted("In the one branch of {origin}:", "In all {count} branches of {origin}:", branches, origin=origin)


def _row(row: Row) -> Text:
    name = _named(row.name, row.branches)
    if row.voted is None:
        return text("{branch}: {roll} on the roll", branch=name, roll=row.roll)
    return text("{branch}: {voted} of {roll}", branch=name, voted=row.voted, roll=row.roll)


def _named(name: str, branches: int) -> Text | str:
    if branches == 1:
        return name
    return counted("{name} ({count} branch)", "{name} ({count} branches)", branches, name=name)


def _missing(row: Asked, table: Table) -> list[Line]:
    """A line for each reason for which the vote is not open somewhere. None of it holds up the rest."""
    lines: list[Line] = []
    if table.without_room:
        lines.append(_no_room(table.without_room))
    if table.late and table.running:
        lines.append(text("Not there yet: {names}.", names=some(table.late)))
    names = [*table.lost, *(() if table.running else table.late)]
    if names and not table.running:
        lines.append(text("Could not be reached: {names}.", names=some(sorted(names))))
    elif names:
        lines.append(
            text(
                "Could not be reached: {names}. Their members vote by writing {command} to me.",
                names=some(sorted(names)), command=Typed(text("vote {number}", number=handle(row.number))),
            )
        )  # fmt: skip
    if table.opened_late:
        lines.append(text("Opened late: {names}.", names=some(table.opened_late)))
    return lines


def _no_room(names: Sequence[str]) -> Text:
    return counted(
        "{names} has no room for it: its members vote by writing to me privately.",
        "{names} have no room for it: their members vote by writing to me privately.",
        len(names), names=some(names),
    )  # fmt: skip


def some(names: Sequence[str]) -> Text | list[str]:
    """Names of branches, the first of many."""
    if len(names) <= _NAMED + 1:
        return list(names)
    shown, rest = list(names[:_NAMED]), len(names) - _NAMED
    return text("{names} and {count} more", names=shown, count=rest)


def _numbers(plan: Plan, measure: Measure) -> tuple[Text, ...]:
    if not measure.totals:
        return ()
    said = sentences.tally(plan, measure.totals)
    if measure.by is By.BRANCHES and plan.method is None:
        said = said[:2]  # a branch that abstains has no voice
    if measure.without and measure.by is By.BRANCHES:
        said += (counted("{count} undecided", "{count} undecided", measure.without),)
    elif measure.without:
        said += (counted("{count} not given", "{count} not given", measure.without),)
    return said


def _outcome(plan: Plan, measure: Measure) -> Text | list[str]:
    match measure.result:
        case Result.CARRIED:
            return text("carried")
        case Result.LOST:
            return text("lost")
        case Result.INQUORATE:
            return text("no quorum")
    if not measure.winners:
        return text("undecided")
    return [plan.options[option] for option in measure.winners]
