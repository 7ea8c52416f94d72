"""What instant runoff and STV share: rounds in which somebody is elected or excluded, and ties."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bots.vote.counting.outcome import UNIT, Decider, Over, Round, Step, Tie
from bots.vote.counting.papers import Papers
from bots.vote.counting.ties import Ties


class LeftOpen(Exception):
    """The count cannot go on: a tie is left open."""


class Stages:
    """A count as it goes on. All votes are in UNITs."""

    def __init__(self, papers: Papers, standing: Iterable[int], names: Sequence[str], ties: Ties) -> None:
        self.papers = papers
        self.continuing = set(standing)
        self.elected: list[int] = []
        self.rounds: list[Round] = []
        self.ties: list[Tie] = []
        self._names = names
        self._rule = ties
        self.votes = papers.first()
        self._add(Step.FIRST, None)

    @property
    def number(self) -> int:
        """The number of the present round."""
        return len(self.rounds)

    def elect(self, options: Iterable[int], *, filled: bool = False) -> None:
        """Deem them elected at the end of the present round, those with most votes first."""
        order = self._by_votes(options)
        self.continuing.difference_update(order)
        self.elected += order
        last = self.rounds[-1]
        self.rounds[-1] = Round(
            last.number,
            last.step,
            last.votes,
            last.not_transferable,
            last.option,
            (*last.elected, *order),
            last.filled or filled,
        )

    def lowest(self, vacancies: int) -> int:
        """Who is to be excluded. Raises LeftOpen."""
        least = min(self.votes[option] for option in self.continuing)
        tied = sorted(option for option in self.continuing if self.votes[option] == least)
        harmless = least == 0 and len(self.continuing) - len(tied) >= vacancies
        return self._choose(tied, Over.EXCLUSION, highest=False, harmless=harmless)

    def largest(self, options: Iterable[int]) -> int:
        """Whose surplus comes first. Raises LeftOpen."""
        candidates = list(options)
        most = max(self.votes[option] for option in candidates)
        tied = sorted(option for option in candidates if self.votes[option] == most)
        return self._choose(tied, Over.SURPLUS, highest=True, harmless=False)

    def exclude(self, option: int) -> None:
        """The next round: hand on the ballots of an excluded option."""
        self.continuing.discard(option)
        received = self.papers.exclude(option, self.continuing)
        self._credit(option, self.votes[option], received, Step.EXCLUSION)

    def hand_on(self, option: int, quota: int) -> None:
        """The next round: hand on the surplus of an elected option."""
        surplus = self.votes[option] - quota
        received = self.papers.surplus(option, surplus, self.votes[option], self.continuing)
        self._credit(option, surplus, received, Step.SURPLUS)

    def _credit(self, option: int, taken: int, received: Sequence[int], step: Step) -> None:
        self.votes = [votes + more for votes, more in zip(self.votes, received, strict=True)]
        self.votes[option] -= taken
        self._add(step, option)

    def _add(self, step: Step, option: int | None) -> None:
        lost = self.papers.size * UNIT - sum(self.votes)
        self.rounds.append(Round(len(self.rounds) + 1, step, tuple(self.votes), lost, option))

    def _earlier(self, option: int) -> tuple[int, ...]:
        """Its votes in the rounds before this one, the latest first."""
        return tuple(each.votes[option] for each in reversed(self.rounds[:-1]))

    def _by_votes(self, options: Iterable[int]) -> list[int]:
        """Most votes first; equal ones as they were before, then by the rule, in the end as they were asked."""
        groups: dict[tuple[int, ...], list[int]] = {}
        for option in sorted(options):
            groups.setdefault((self.votes[option], *self._earlier(option)), []).append(option)
        order: list[int] = []
        for _, group in sorted(groups.items(), reverse=True):
            if len(group) > 1:
                ruled = self._rule.order(group, self._names)
                decider = Decider.ORDER if ruled is None else Decider.RULE
                group = list(ruled or group)
                self.ties.append(Tie(self.number, Over.SEAT, tuple(sorted(group)), decider, tuple(group)))
            order += group
        return order

    def _choose(self, tied: Sequence[int], over: Over, *, highest: bool, harmless: bool) -> int:
        """One of those with equal votes: by earlier rounds, then by the rule. The rule favours whoever stays, and whose
        surplus comes first."""
        if len(tied) == 1:
            return tied[0]
        best = (max if highest else min)(map(self._earlier, tied))
        alike = [option for option in tied if self._earlier(option) == best]
        if len(alike) == 1:
            self.ties.append(Tie(self.number, over, tuple(tied), Decider.EARLIER, tuple(alike)))
            return alike[0]
        order = self._rule.order(alike, self._names)
        if order is None and not harmless:
            self.ties.append(Tie(self.number, over, tuple(alike), Decider.NOTHING))
            raise LeftOpen
        if order is None:
            self.ties.append(Tie(self.number, over, tuple(alike), Decider.ORDER, tuple(alike)))
            return alike[-1]
        self.ties.append(Tie(self.number, over, tuple(alike), Decider.RULE, order))
        return order[0 if highest else -1]
