"""Real elections, counted again: the City of Edinburgh Council of 4 May 2017, with the winners that were declared."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bots.vote.counting.blt import Election, read_blt
from bots.vote.counting.count import Rules, count
from bots.vote.counting.outcome import UNIT, Decider, Method, Step
from bots.vote.counting.ties import TieRule, Ties

ELECTIONS = Path(__file__).resolve().parents[2] / "fixtures" / "elections"
DECLARED: dict[str, list[str]] = {
    ward: names
    for ward, names in json.loads((ELECTIONS / "winners.json").read_text("utf-8")).items()
    if ward != "about"
}


def election(ward: str) -> Election:
    return read_blt((ELECTIONS / f"{ward}.blt").read_text("utf-8"))


def without_party(name: str) -> str:
    return name.rpartition(" (")[0]


def test_all_eight_wards_are_there() -> None:
    assert len(DECLARED) == 8


@pytest.mark.parametrize("ward", DECLARED)
def test_the_winners_are_those_that_were_declared(ward: str) -> None:
    held = election(ward)
    rules = Rules(method=Method.STV, names=held.names, seats=held.seats, withdrawn=held.withdrawn)
    outcome = count(rules, held.ballots)
    assert {without_party(held.names[winner]) for winner in outcome.winners} == set(DECLARED[ward])
    assert len(outcome.winners) == held.seats
    assert outcome.open is None
    # Nobody had to be drawn: with a lot the count is the same.
    drawn = count(
        Rules(method=Method.STV, names=held.names, seats=held.seats, ties=Ties(TieRule.DRAWN, ward)), held.ballots
    )
    assert drawn == outcome
    assert all(tie.decider is Decider.EARLIER for tie in outcome.ties)


@pytest.mark.parametrize("ward", DECLARED)
def test_no_vote_is_lost_or_made_in_any_round(ward: str) -> None:
    held = election(ward)
    outcome = count(Rules(method=Method.STV, names=held.names, seats=held.seats), held.ballots)
    assert outcome.rounds[0].step is Step.FIRST
    assert outcome.rounds[0].not_transferable == 0
    before = 0
    for each in outcome.rounds:
        assert sum(each.votes) + each.not_transferable == outcome.ballots * UNIT
        assert each.not_transferable >= before
        before = each.not_transferable
    elected = [option for each in outcome.rounds for option in each.elected]
    assert tuple(elected) == outcome.winners
