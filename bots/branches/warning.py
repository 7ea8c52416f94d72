"""What is shown before something that concerns many, or cannot be undone: pure."""

from __future__ import annotations

from collections.abc import Iterable

from bots.branches.facts import Held
from bots.kit.surroundings import RoomKind
from bots.kit.wording import Items, Line, Strong
from ground.texts import Text, counted, text
from party.branches import Branch


def rooms(kinds: Iterable[RoomKind], branches: Iterable[Branch]) -> int:
    """How many rooms these branches have, their spaces not counted."""
    kinds = tuple(kinds)
    return sum(kind.of_tier(branch.tier) for branch in branches for kind in kinds)


def move(branch: Branch, under: Branch, held: Held, concerned: int) -> list[Line]:
    """Before a branch with members or branches below it goes under another."""
    return [
        text("Please check before it is moved:"),
        text("{branch} goes under {parent}.", branch=Strong(branch.name), parent=Strong(under.name)),
        _list(
            counted("{count} member moves with it.", "{count} members move with it.", held.everybody),
            _or_none(
                counted(
                    "{count} branch below it moves with it.",
                    "{count} branches below it move with it.",
                    len(held.branches_below),
                )
            ),
            counted("{count} room is concerned.", "{count} rooms are concerned.", concerned),
        ),
    ]


def merge(branch: Branch, into: Branch, held: Held, concerned: int) -> list[Line]:
    """Before a branch is given to another. `concerned`: its rooms."""
    return [
        text("Please check before they are merged:"),
        text("{branch} is closed for good; {into} remains.", branch=Strong(branch.name), into=Strong(into.name)),
        _list(
            counted("{count} member goes to {into}.", "{count} members go to {into}.", held.members, into=into.name),
            _or_none(
                counted(
                    "{count} branch below goes to {into}.",
                    "{count} branches below go to {into}.",
                    len(held.children),
                    into=into.name,
                )
            ),
            _or_none(_mandates(held.mandates)),
            _rooms_closed(concerned),
        ),
        text("This cannot be undone."),
    ]


def close(branch: Branch, held: Held, concerned: int) -> list[Line]:
    """Before a branch is closed. `concerned`: its rooms."""
    return [
        text("Please check before it is closed:"),
        text("{branch} is closed for good.", branch=Strong(branch.name)),
        _list(_or_none(_mandates(held.mandates)), _rooms_closed(concerned)),
        text("This cannot be undone."),
    ]


def remove(name: str, branch: str, mandates: int) -> list[Line]:
    """Before somebody is no member any more."""
    return [
        text("Please check:"),
        text("{name} ({branch}) will not be a member any more.", name=Strong(name), branch=branch),
        _list(
            text("All rooms of the organisation are left."),
            _or_none(_mandates(mandates)),
            text("The entry stays in the register; the person can come back."),
        ),
    ]


def _mandates(count: int) -> Text:
    return counted("{count} mandate ends.", "{count} mandates end.", count)


def _rooms_closed(count: int) -> Text:
    return counted(
        "{count} room is closed; what was written there stays.",
        "{count} rooms are closed; what was written there stays.",
        count,
    )


def _or_none(line: Text) -> Text | None:
    """Nothing is said of what there is none of."""
    return line if line.count else None


def _list(*lines: Text | None) -> Items:
    return Items(tuple(line for line in lines if line is not None))
