"""Several seats by the single transferable vote, as Scotland elects its councils.

The rules 45 to 52 of schedule 1 of the Scottish Local Government Elections Order 2007 (SSI 2007/42): Droop quota, all
papers of an elected candidate handed on (Weighted Inclusive Gregory Method), each at a value of five decimals of which
the rest is ignored, the largest surplus first, equal candidates told apart by the latest earlier stage in which they
were not, and by the declared rule where the Order has the returning officer draw lots.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import suppress

from bots.vote.counting.outcome import UNIT, Method, Outcome
from bots.vote.counting.papers import Papers
from bots.vote.counting.stages import LeftOpen, Stages
from bots.vote.counting.ties import Ties


def quota_of(ballots: int, seats: int) -> int:
    """The Droop quota in whole votes: the least that only as many can reach as there are seats (rule 46)."""
    return ballots // (seats + 1) + 1


def stv(papers: Papers, names: Sequence[str], standing: Collection[int], seats: int, ties: Ties) -> Outcome:
    """Elect. `standing` are the options that did not withdraw."""
    quota = quota_of(papers.size, seats) * UNIT
    count = Stages(papers, standing, names, ties)
    with suppress(LeftOpen):
        _fill(count, seats, quota)
    return Outcome(
        method=Method.STV,
        names=tuple(names),
        seats=seats,
        winners=tuple(count.elected),
        ballots=papers.size,
        empty=papers.empty,
        totals=tuple(votes // UNIT for votes in count.rounds[0].votes),
        quota=quota,
        rounds=tuple(count.rounds),
        ties=tuple(count.ties),
    )


def _fill(count: Stages, seats: int, quota: int) -> None:
    surpluses: set[int] = set()
    while True:
        # Rule 47: at the end of any stage.
        if reached := [option for option in count.continuing if count.votes[option] >= quota]:
            count.elect(reached)
            surpluses.update(option for option in reached if count.votes[option] > quota)
        vacancies = seats - len(count.elected)
        # Rule 52: the last vacancies; no further transfer.
        if vacancies and len(count.continuing) <= vacancies:
            count.elect(count.continuing, filled=True)
            return
        if not vacancies:
            return
        # Rules 48 and 49: surpluses first, the largest of all.
        if surpluses:
            option = count.largest(surpluses)
            surpluses.discard(option)
            count.hand_on(option, quota)
        else:
            # Rules 50 and 51.
            count.exclude(count.lowest(vacancies))
