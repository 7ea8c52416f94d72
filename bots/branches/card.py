"""A member as they are shown to whoever may see them: pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from bots.branches.showing import Holder
from bots.kit.wording import Code, Day, Items, Line, Strong
from ground.texts import Text, text
from party.members import Status

MOST: Final = 12
"""How many members are listed."""


@dataclass(frozen=True, slots=True)
class Found:
    """A member in a list."""

    name: str
    number: str
    branch: str
    status: Status
    account: bool = True
    """Whether they have a Matrix account; without one they are a member all the same."""


@dataclass(frozen=True, slots=True)
class Stay:
    """A branch that a member belonged to, and the days."""

    branch: str
    since: date
    until: date | None


@dataclass(frozen=True, slots=True)
class Card:
    """All that is shown of one member."""

    who: Found
    email: str | None
    joined_on: date | None
    left_on: date | None
    accounts: Sequence[tuple[str, bool]]
    """Each with whether it is confirmed."""
    offices: Sequence[Holder]
    stays: Sequence[Stay]
    """The branches before the present one, oldest first."""


def found(members: Sequence[Found]) -> list[Line]:
    """A list of members."""
    more = text("Write more of the name to see fewer.")
    return [Items(tuple(map(_listed, members)), more=more, most=MOST)]


def full(card: Card) -> list[Line]:
    """Everything about one member."""
    lines: list[Line] = [_one(card.who)]
    if card.email is not None:
        lines.append(text("E-mail: {email}", email=Code(card.email)))
    if card.accounts:
        lines.append(Items(tuple(_account(account, sure) for account, sure in card.accounts)))
    else:
        lines.append(text("No account on Matrix."))
    if card.joined_on is not None:
        lines.append(text("Member since {day}.", day=Day(card.joined_on)))
    if card.left_on is not None:
        lines.append(text("Left on {day}.", day=Day(card.left_on)))
    if card.offices:
        lines += [text("In office:"), Items(tuple(map(_office, card.offices)))]
    if card.stays:
        lines += [text("Before:"), Items(tuple(map(_stay, card.stays)))]
    return lines


_STATUS: Final = {
    Status.APPLICANT: text("applicant"),
    Status.MEMBER: text("member"),
    Status.SUSPENDED: text("suspended"),
    Status.LEFT: text("left"),
}


def _listed(one: Found) -> Text:
    return _one(one) if one.account else text("{member} · no account yet", member=_one(one))


def _one(one: Found) -> Text:
    values: dict[str, object] = {"name": Strong(one.name), "number": Code(one.number), "branch": one.branch}
    if one.status == Status.MEMBER:
        return text("{name} ({number}), {branch}", **values)
    return text("{name} ({number}), {branch}: {status}", **values, status=_STATUS[one.status])


def _account(account: str, sure: bool) -> Text:
    if sure:
        return text("Account: {account}", account=Code(account))
    return text("Account: {account}, not confirmed yet", account=Code(account))


def _office(holder: Holder) -> Text:
    values: dict[str, object] = {"office": holder.office, "branch": holder.branch}
    if holder.since is not None and holder.until is not None:
        return text(
            "{office}, {branch}, from {since} until {until}",
            **values, since=Day(holder.since), until=Day(holder.until),
        )  # fmt: skip
    if holder.since is not None:
        return text("{office}, {branch}, from {since}", **values, since=Day(holder.since))
    if holder.until is not None:
        return text("{office}, {branch}, until {until}", **values, until=Day(holder.until))
    return text("{office}, {branch}", **values)


def _stay(stay: Stay) -> Text:
    values: dict[str, object] = {"branch": stay.branch, "since": Day(stay.since)}
    if stay.until is None:
        return text("{branch}, from {since}", **values)
    return text("{branch}, from {since} until {until}", **values, until=Day(stay.until))
