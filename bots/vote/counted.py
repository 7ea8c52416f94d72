"""What a vote came to, as a value, and how that is kept. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from bots.vote.assembly import By, Measure


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What may be told of a branch, or of `branches` together under its name. `voted` and `roll` are people."""

    branch_id: str
    branches: int
    totals: tuple[int, ...]
    voted: int
    roll: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Assembled:
    """What all branches came to, counted in every way, and what may be told of each."""

    measures: tuple[Measure, ...]
    branches: int
    shown: tuple[Shown, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """`ballots`: as they are kept, with the weight of all that are alike; None where there were so few in a
    confidential vote that only the verdict is told: then `result` and `winners` are all there is. `voted` and `roll`
    are people, `weight` is what the roll weighs. `beside`: so many of them count that the vote's poll, which clients
    count for themselves, does not show. `assembled`: of a vote of many branches. `present`: who was counted in the
    room. `seed` is for the lot, `chair` the order in which the chair put options that were equal, `placed` how far
    that order is while the chair is asked; `lapsed`: the chair did not decide in time."""

    ballots: Mapping[str, int] | None
    result: str
    winners: tuple[int, ...]
    voted: int
    roll: int
    weight: int
    proxies: int = 0
    beside: int = 0
    assembled: Assembled | None = None
    present: int | None = None
    seed: str = ""
    chair: tuple[int, ...] = ()
    placed: tuple[int, ...] = ()
    lapsed: bool = False

    def kept(self) -> str:
        """As JSON."""
        return json.dumps(
            {
                "ballots": None if self.ballots is None else dict(sorted(self.ballots.items())),
                "result": self.result,
                "winners": self.winners,
                "voted": self.voted,
                "roll": self.roll,
                "weight": self.weight,
                "proxies": self.proxies,
                "beside": self.beside,
                "assembled": None if self.assembled is None else asdict(self.assembled),
                "present": self.present,
                "seed": self.seed,
                "chair": self.chair,
                "placed": self.placed,
                "lapsed": self.lapsed,
            }
        )


def count_of(kept: str) -> Count:
    """What `Count.kept` wrote."""
    found = json.loads(kept)
    assembled = found["assembled"]
    if assembled is not None:
        assembled = Assembled(
            measures=tuple(
                Measure(
                    by=By(one["by"]), totals=tuple(one["totals"]), without=one["without"], result=one["result"],
                    winners=tuple(one["winners"]),
                )
                for one in assembled["measures"]
            ),
            branches=assembled["branches"],
            shown=tuple(Shown(**{**one, "totals": tuple(one["totals"])}) for one in assembled["shown"]),
        )  # fmt: skip
    tuples = {name: tuple(found[name]) for name in ("winners", "chair", "placed")}
    return Count(**{**found, **tuples, "assembled": assembled})
