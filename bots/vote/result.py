"""What a vote came to: from the ballots that count to what is kept, and from that to what is said. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bots.kit.wording import Items, Line
from bots.vote import motion, sentences
from bots.vote.counting import sentences as counts
from bots.vote.counting.count import Rules, count
from bots.vote.counting.outcome import Outcome
from bots.vote.counting.ties import AS_IT_IS
from bots.vote.counting.values import READ, Kind, profile
from bots.vote.motion import Result, Verdict, Votes
from bots.vote.plan import Plan
from ground.texts import Text, text


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """`ballots`: as they are kept, with the weight of all that are alike; None where there were so few in a
    confidential vote that only the verdict is told: then `result` and `winners` are all there is. `voted` and `roll`
    are people, `weight` is what the roll weighs."""

    ballots: Mapping[str, int] | None
    result: str
    winners: tuple[int, ...]
    voted: int
    roll: int
    weight: int
    proxies: int = 0

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
            }
        )


def count_of(kept: str) -> Count:
    """What `Count.kept` wrote."""
    found = json.loads(kept)
    return Count(**{**found, "winners": tuple(found["winners"])})


def settle(
    plan: Plan, ballots: Mapping[str, int], *, voted: int, roll: int, weight: int, proxies: int = 0, few: bool = False
) -> Count:
    """Count. `few`: only the verdict may be told."""
    verdict, outcome = _decided(plan, ballots, weight)
    return Count(
        ballots=None if few else {kept.rstrip(): number for kept, number in ballots.items()},
        result=verdict.result if outcome is None or verdict.result is Result.INQUORATE else "elected",
        winners=() if outcome is None or verdict.result is Result.INQUORATE else outcome.winners,
        voted=voted,
        roll=roll,
        weight=weight,
        proxies=proxies,
    )


def lines(plan: Plan, result: Count) -> tuple[Line, ...]:
    """The verdict with every test, the numbers, and the turnout."""
    if result.ballots is None:
        return (
            _bare(plan, result),
            sentences.turnout(result.voted, result.roll),
            text("So few ballots were cast that the numbers are not told."),
        )
    verdict, outcome = _decided(plan, result.ballots, result.weight)
    said = [*(_of_motion(plan, verdict) if outcome is None else _of_election(plan, verdict, outcome))]
    said.append(sentences.turnout(result.voted, result.roll))
    if result.proxies:
        said.append(text("{count} of them by proxy.", count=result.proxies))
    return tuple(said)


def short(plan: Plan, result: Count) -> Text:
    """The verdict in a few words, for a list."""
    return _bare(plan, result)


def first_totals(plan: Plan, ballots: Mapping[str, int]) -> tuple[int, ...]:
    """How many ballots name each choice."""
    totals = [0] * len(plan.options)
    for choice, weight in profile(READ[Kind.CHOICE], ballots.items()).items():
        for option in choice:
            totals[option] += weight
    return tuple(totals)


def _decided(plan: Plan, ballots: Mapping[str, int], weight: int) -> tuple[Verdict, Outcome | None]:
    """The verdict of a motion; or that of the quorum alone, and the outcome of a count."""
    read = profile(READ[plan.kind], ballots.items())
    if plan.method is None:
        votes = motion.votes_of(read, roll=weight)
        return motion.decide(motion.Rules(majority=plan.majority, quorum=plan.quorum), votes), None
    cast = sum(ballots.values())
    present = motion.decide(motion.Rules(quorum=plan.quorum), Votes(in_favour=cast, against=0, roll=weight))
    rules = Rules(
        method=plan.method,
        names=plan.options,
        seats=plan.seats,
        most=plan.most if plan.most > 1 else None,
        top=plan.top,
        ties=AS_IT_IS,
    )
    return present, count(rules, read)


def _of_motion(plan: Plan, verdict: Verdict) -> Sequence[Line]:
    votes = verdict.votes
    if not votes.voted:
        return [text("Nobody voted: nothing is decided.")] if plan.quorum is None else [*verdict.lines]
    tally = sentences.tally(plan, (votes.in_favour, votes.against, votes.abstained)[: len(plan.options)])
    match verdict.result:
        case Result.CARRIED:
            head = text("Carried: {tally}.", tally=tally)
        case Result.LOST:
            head = text("Lost: {tally}.", tally=tally)
        case _:
            head = text("Not decided: {tally}.", tally=tally)
    tests = [*verdict.lines] if sentences.formal(plan) or verdict.equal else []
    if sentences.formal(plan) and verdict.abstentions is not None:
        tests.append(verdict.abstentions)
    return [head, *tests]


def _of_election(plan: Plan, verdict: Verdict, outcome: Outcome) -> Sequence[Line]:
    quorum = list(verdict.lines[:1]) if plan.quorum is not None else []
    if verdict.result is Result.INQUORATE:
        return [*quorum, _table(plan, outcome, ())]
    if not outcome.ballots:
        return [*quorum, counts.verdict(outcome)]
    return [
        *quorum,
        counts.verdict(outcome),
        *counts.ties(outcome, AS_IT_IS),
        _table(plan, outcome, outcome.winners),
    ]


def _table(plan: Plan, outcome: Outcome, winners: Sequence[int]) -> Items:
    if not outcome.rounds:
        if outcome.totals:
            return sentences.table(plan, outcome.totals, winners)
        return Items(tuple(", ".join(counts.named(outcome, level)) for level in outcome.levels), most=62)
    return Items(
        tuple(
            text(
                "Round {round}: {votes}",
                round=one.number,
                votes=[
                    text("{choice} {count}", choice=plan.options[option], count=counts.votes(units))
                    for option, units in enumerate(one.votes)
                    if units >= 0 and (units or one.number == 1)
                ],
            )
            for one in outcome.rounds
        ),
        most=100,
    )


def _bare(plan: Plan, result: Count) -> Text:
    match result.result:
        case Result.CARRIED:
            return text("Carried.")
        case Result.LOST:
            return text("Lost.")
        case Result.INQUORATE:
            return text("The quorum was not reached: nothing is decided.")
    if not result.winners:
        return text("Nothing is decided.")
    winners = [plan.options[option] for option in result.winners]
    if len(winners) == 1:
        return text("Chosen: {winner}.", winner=winners[0])
    return text("In this order: {winners}.", winners=winners)
