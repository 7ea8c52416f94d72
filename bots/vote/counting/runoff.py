"""Instant runoff: the last is excluded, round by round, until one has more than half of what still counts."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import suppress

from bots.vote.counting.outcome import UNIT, Method, Outcome
from bots.vote.counting.papers import Papers
from bots.vote.counting.stages import LeftOpen, Stages
from bots.vote.counting.ties import Ties


def runoff(papers: Papers, names: Sequence[str], standing: Collection[int], ties: Ties) -> Outcome:
    """Elect one. A ballot on which nobody is left does not count any more, and neither for the half.

    Equal last ones are told apart by the latest earlier round in which they were not equal, then by the declared rule.
    """
    count = Stages(papers, standing, names, ties)
    with suppress(LeftOpen):
        _elect(count)
    return Outcome(
        method=Method.RUNOFF,
        names=tuple(names),
        seats=1,
        winners=tuple(count.elected),
        ballots=papers.size,
        empty=papers.empty,
        totals=tuple(votes // UNIT for votes in count.rounds[0].votes),
        rounds=tuple(count.rounds),
        ties=tuple(count.ties),
    )


def _elect(count: Stages) -> None:
    while True:
        if len(count.continuing) == 1:
            count.elect(count.continuing, filled=True)
            return
        if winner := [option for option in count.continuing if 2 * count.votes[option] > sum(count.votes)]:
            count.elect(winner)
            return
        count.exclude(count.lowest(1))
