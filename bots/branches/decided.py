"""What was decided, and what becomes of it in the rooms: said in the answer, and again once the rooms have followed.

A decision is kept as its kind and a few words, so that the answer can be written anew in the language of its place.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final, TypeAlias

from bots.kit.wording import Code, Day, Line, Strong
from bridge.letters import Hindrance
from ground.texts import Text, text

Values: TypeAlias = Mapping[str, str]
"""The words of a decision; days as ISO dates."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of decision: its sentence, and what is said of the rooms before and after they have followed."""

    said: Callable[[Values], Text]
    pending: Text
    ready: Text


def lines(kind: str, values: Values, *, follows: bool) -> list[Line]:
    """The answer; `follows`: something in the rooms follows from it."""
    one = DECISIONS[kind]
    return [one.said(values), one.pending] if follows else [one.said(values)]


def ready(kind: str, values: Values) -> list[Line]:
    """The answer, once the rooms have followed."""
    one = DECISIONS[kind]
    return [one.said(values), one.ready]


def failed(kind: str, values: Values, why: Hindrance | None) -> list[Line]:
    """What is said where something in the rooms could not be done, and why as far as it is known."""
    return [DECISIONS[kind].said(values), _BUT[why]]


def _created(values: Values) -> Text:
    branch, tier = Strong(values["branch"]), values["tier"]
    if "parent" not in values:
        return text(
            "The branch {branch} ({tier}) is created, at the top of the organisation.", branch=branch, tier=tier
        )
    return text(
        "The branch {branch} ({tier}) is created, under {parent}.", branch=branch, tier=tier, parent=values["parent"]
    )


def _renamed(values: Values) -> Text:
    return text("The branch {old} is called {branch} now.", old=values["old"], branch=Strong(values["branch"]))


def _moved(values: Values) -> Text:
    if "parent" not in values:
        return text("The branch {branch} is the top of all now.", branch=Strong(values["branch"]))
    return text("The branch {branch} is under {parent} now.", branch=Strong(values["branch"]), parent=values["parent"])


def _merged(values: Values) -> Text:
    return text("The branch {branch} is merged into {into}.", branch=values["branch"], into=Strong(values["into"]))


def _closed(values: Values) -> Text:
    return text("The branch {branch} is closed.", branch=Strong(values["branch"]))


def _added(values: Values) -> Text:
    if "number" in values:
        return text(
            "{name} is a member now, in {branch}, with the number {number}.",
            name=Strong(values["name"]), branch=values["branch"], number=Code(values["number"]),
        )  # fmt: skip
    return text("{name} is a member now, in {branch}.", name=Strong(values["name"]), branch=values["branch"])


def _transferred(values: Values) -> Text:
    return text("{name} belongs to {branch} now.", name=Strong(values["name"]), branch=values["branch"])


def _suspended(values: Values) -> Text:
    return text("Suspended, without rights for now: {name}.", name=Strong(values["name"]))


def _reinstated(values: Values) -> Text:
    return text("Member with all rights again: {name}.", name=Strong(values["name"]))


def _removed(values: Values) -> Text:
    return text("Not a member any more: {name}.", name=Strong(values["name"]))


def _given(values: Values) -> Text:
    said: dict[str, object] = {
        "name": Strong(values["name"]), "office": values["office"], "branch": values["branch"]
    }  # fmt: skip
    since, until = _day(values, "since"), _day(values, "until")
    if since and until:
        return text(
            "{name} holds the office {office} in {branch} from {since} until {until}.", **said, since=since, until=until
        )
    if since:
        return text("{name} holds the office {office} in {branch} from {since} on.", **said, since=since)
    if until:
        return text("{name} holds the office {office} in {branch} until {until}.", **said, until=until)
    return text("{name} holds the office {office} in {branch}.", **said)


def _ended(values: Values) -> Text:
    return text(
        "{name} does not hold the office {office} in {branch} any more.",
        name=Strong(values["name"]), office=values["office"], branch=values["branch"],
    )  # fmt: skip


def _cancelled(values: Values) -> Text:
    return text(
        "{name} will not hold the office {office} in {branch}.",
        name=Strong(values["name"]), office=values["office"], branch=values["branch"],
    )  # fmt: skip


def _day(values: Values, key: str) -> Day | None:
    return Day(date.fromisoformat(values[key])) if key in values else None


_BUT: Final[Mapping[Hindrance | None, Text]] = {
    Hindrance.POWER: text(
        "But not everything could be done in the rooms: I have not the power for it in one of them. The administrators "
        "can see in which."
    ),
    Hindrance.AWAY: text(
        "But not everything could be done in the rooms: the server does not answer. I try again until it does."
    ),
    None: text(
        "But not everything could be done in the rooms. I try again; the administrators can see what stands in the way."
    ),
}

_SOON: Final = text("The rooms follow.")
_DONE: Final = text("The rooms have followed.")
_RIGHTS_SOON: Final = text("The rights in the rooms follow.")
_RIGHTS_DONE: Final = text("The rights in the rooms have followed.")

DECISIONS: Final[Mapping[str, Kind]] = {
    "created": Kind(_created, text("Its rooms are being made."), text("Its rooms are ready.")),
    "renamed": Kind(_renamed, text("Its rooms are being renamed."), text("Its rooms are renamed.")),
    "moved": Kind(_moved, _SOON, _DONE),
    "merged": Kind(_merged, _SOON, _DONE),
    "closed": Kind(_closed, text("Its rooms are being closed."), text("Its rooms are closed.")),
    "added": Kind(_added, text("The invitations to the rooms follow."), text("The invitations to the rooms are sent.")),
    "transferred": Kind(_transferred, _SOON, _DONE),
    "suspended": Kind(_suspended, _SOON, _DONE),
    "reinstated": Kind(_reinstated, _SOON, _DONE),
    "removed": Kind(_removed, _SOON, _DONE),
    "given": Kind(_given, _RIGHTS_SOON, _RIGHTS_DONE),
    "ended": Kind(_ended, _RIGHTS_SOON, _RIGHTS_DONE),
    "cancelled": Kind(_cancelled, _SOON, _DONE),
}
"""All that this bot decides: of branches, from `added` on of members, from `given` on of mandates."""
