"""What is said of a count: who is elected, and what decided where options were equal."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import assert_never

from bots.vote.counting.outcome import UNIT, Decider, Method, Outcome, Over, Tie
from bots.vote.counting.ties import TieRule, Ties
from ground.texts import Text, counted, text


def votes(units: int) -> Decimal:
    """Votes in UNITs as a number of votes, exact, without needless zeros: 123, 4.56789."""
    whole, rest = divmod(units, UNIT)
    return Decimal(whole) if not rest else (Decimal(units) / UNIT).normalize()


def named(outcome: Outcome, options: Sequence[int]) -> tuple[str, ...]:
    """Options by name."""
    return tuple(outcome.names[option] for option in options)


def verdict(outcome: Outcome) -> Text:
    """Who is elected, or that nobody is yet."""
    if not outcome.ballots:
        return text("Nobody voted: nothing is decided.")
    if not outcome.winners:
        return text("Nothing is decided.")
    winners = named(outcome, outcome.winners)
    if outcome.seats == 1:
        return _won(outcome, winners[0])
    return text("In this order: {winners}.", winners=winners)


def _won(outcome: Outcome, winner: str) -> Text:
    first, ballots = outcome.winners[0], outcome.ballots
    match outcome.method:
        case Method.PLURALITY | Method.APPROVAL:
            return text("{winner}: {votes} of {ballots}.", winner=winner, votes=outcome.totals[first], ballots=ballots)
        case Method.SCORE:
            return counted(
                "{winner}: {count} point.", "{winner}: {count} points.", outcome.totals[first], winner=winner
            )
        case Method.RUNOFF:
            last = outcome.rounds[-1]
            return text(
                "{winner}: {votes} of the {left} that still counted in round {round}.",
                winner=winner,
                votes=last.votes[first] // UNIT,
                left=sum(last.votes) // UNIT,
                round=last.number,
            )
        case Method.STV | Method.SCHULZE | Method.JUDGMENT:
            return text("{winner} is elected.", winner=winner)
    assert_never(outcome.method)


def ties(outcome: Outcome, rule: Ties) -> tuple[Text, ...]:
    """A sentence for each tie that changed something, or that is left open."""
    return tuple(_tie(outcome, tie, rule) for tie in outcome.ties if tie.decider is not Decider.ORDER)


def _tie(outcome: Outcome, tie: Tie, rule: Ties) -> Text:
    values: dict[str, object] = {"tied": named(outcome, tie.tied), "round": tie.round}
    if tie.decider is Decider.NOTHING:
        if rule.rule is TieRule.CHAIR:
            return _asked(tie, values)
        return _left_open(tie, values)
    values["first"] = named(outcome, tie.order[:1])
    values["last"] = named(outcome, tie.order[-1:])
    if tie.decider is Decider.EARLIER:
        if tie.over is Over.EXCLUSION:
            return text(
                "Round {round}: {tied} were equal; {last} had fewest in an earlier round and goes out.", **values
            )
        return text("Round {round}: {tied} were equal; {first} had most in an earlier round and goes first.", **values)
    values["order"] = named(outcome, tie.order)
    if rule.rule is TieRule.DRAWN:
        values["seed"] = rule.seed
        if tie.over is Over.EXCLUSION:
            return text("Round {round}: {tied} were equal. By lot, seed {seed}, {last} goes out.", **values)
        if tie.round:
            return text("Round {round}: {tied} were equal. By lot, seed {seed}, in this order: {order}.", **values)
        return text("{tied} were equal. By lot, seed {seed}, in this order: {order}.", **values)
    if tie.over is Over.EXCLUSION:
        return text("Round {round}: {tied} were equal. By the chair’s decision {last} goes out.", **values)
    if tie.round:
        return text("Round {round}: {tied} were equal. The chair put them in this order: {order}.", **values)
    return text("{tied} were equal. The chair put them in this order: {order}.", **values)


def _asked(tie: Tie, values: dict[str, object]) -> Text:
    if tie.round:
        return text("Round {round}: {tied} are equal. The chair has to decide; until then the count rests.", **values)
    return text("{tied} are equal. The chair has to decide.", **values)


def _left_open(tie: Tie, values: dict[str, object]) -> Text:
    if tie.round:
        return text("Round {round}: {tied} are equal, and the rule decides nothing: the count ends here.", **values)
    return text("{tied} are equal, and the rule decides nothing: what is left stays open.", **values)
