"""How offices, days and short names are written: pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, datetime, timedelta, tzinfo

from bots.branches.facts import Officer
from bots.branches.showing import Holder
from bots.kit.matching import fold
from bots.kit.surroundings import Surroundings


def slug_of(name: str) -> str:
    """The short name made of a name: "Côte d’Azur 3" → "cote-dazur-3"; empty where nothing is left of it."""
    return re.sub("[^a-z0-9]+", "-", fold(name).replace("'", "")).strip("-")[:60].strip("-")


def spaced(name: str) -> str:
    """The name with every white space an ordinary one: telephones put others in."""
    return " ".join(name.split())


def first_day(instant: datetime, zone: tzinfo) -> date:
    """The day on which something begins."""
    return instant.astimezone(zone).date()


def last_day(ends_at: datetime, zone: tzinfo) -> date:
    """The last day of what ends just before an instant."""
    return (ends_at - timedelta(microseconds=1)).astimezone(zone).date()


def holders(
    officers: Iterable[Officer], around: Surroundings, language: str, now: datetime, *, several: bool = False
) -> list[Holder]:
    """Officers as they are said, in the order of branches given and of the configuration's offices.

    Days are those of the branch; whose time is still to come says from when on. With `several`, each says its branch.
    """
    policy = around.policy
    rank = {office: number for number, office in enumerate(policy.offices)}
    by_branch: dict[str, list[Officer]] = {}
    for officer in officers:
        by_branch.setdefault(officer.branch.id, []).append(officer)
    said = []
    for group in by_branch.values():
        for officer in sorted(group, key=lambda one: (rank.get(one.office, len(rank)), one.starts_at)):
            zone = policy.zone(officer.branch.timezone)
            said.append(
                Holder(
                    around.office(officer.office, language),
                    officer.name,
                    None if officer.ends_at is None else last_day(officer.ends_at, zone),
                    first_day(officer.starts_at, zone) if officer.starts_at > now else None,
                    officer.branch.name if several else None,
                )
            )
    return said
