"""Where an announcement goes, what is understood of it, and when its progress is said. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from bots.announce.tables import Kind, Outcome
from party.branches import Branch, Tree

PAUSE: Final = timedelta(seconds=5)
"""Between two looks at how far it is, however many copies arrive meanwhile."""
SOON: Final = timedelta(minutes=1)
"""After so long it is said where nothing has arrived yet."""
DRAFT_LASTS: Final = timedelta(hours=1)
"""How long a draft to which nobody said yes is kept; the question itself ends sooner."""
TRIED_FOR: Final = timedelta(days=1)
"""How long a copy is tried: what is announced is seldom true for longer."""
NAMED: Final = 8
"""How many branches are named in one sentence."""
_EXCERPT: Final = 60
_NUMBER: Final = re.compile(r"[AaRr]?(\d{1,9})[.,:]?")


@dataclass(frozen=True, slots=True)
class Reach:
    """How far an announcement goes: to its own branch, or `below`: to all under it, or to those of one `tier`."""

    below: bool = False
    tier: str | None = None

    def kept(self) -> str:
        """As a text that `reach_of` reads."""
        return f"tier:{self.tier}" if self.tier else "below" if self.below else "here"


def reach_of(kept: str) -> Reach:
    """What `Reach.kept` wrote."""
    kind, _, tier = kept.partition(":")
    return Reach(below=kind != "here", tier=tier or None)


def targets(tree: Tree, home: Branch, reach: Reach) -> tuple[Branch, ...]:
    """The open branches that an announcement goes to, each once. Those below come without the branch itself."""
    if not reach.below:
        return (home,)
    return tuple(
        branch for branch in tree.below(home.id) if branch.open and (reach.tier is None or branch.tier == reach.tier)
    )


def read_number(written: str) -> int | None:
    """The number of an announcement or report as people write it: `A12`, `a12`, `12`, `R12`."""
    match = _NUMBER.fullmatch(written.strip())
    return int(match[1]) if match else None


def shown(kind: str, number: int | None) -> str:
    """The number as it is said: A12 of an announcement, R12 of a report."""
    return f"{'R' if kind == Kind.REPORT else 'A'}{number}"


def excerpt(words: str) -> str:
    """The beginning of an announcement, on one line."""
    flat = " ".join(words.split())
    return flat if len(flat) <= _EXCERPT else f"{flat[: _EXCERPT - 1].rstrip()}…"


def next_look(planned: datetime | None, now: datetime) -> datetime | None:
    """When to look at the progress after a copy has ended; None when a look is planned already."""
    return None if planned is not None else now + PAUSE


def arrived(counts: Mapping[Outcome, int]) -> int:
    """How many copies have arrived."""
    return counts.get(Outcome.DELIVERED, 0)


def all_ended(counts: Mapping[Outcome, int]) -> bool:
    """Whether no copy is on its way any more."""
    return not counts.get(Outcome.WAITING, 0)
