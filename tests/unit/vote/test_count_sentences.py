"""What is said of a count, and what it costs to have it at hand."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bots.kit.voice import Voice
from bots.vote.counting import sentences
from bots.vote.counting.count import MANY, Rules, count, count_rows
from bots.vote.counting.outcome import Method
from bots.vote.counting.record import record
from bots.vote.counting.ties import AS_IT_IS, TieRule, Ties
from bots.vote.counting.typed import read_ranking
from bots.vote.counting.values import Choice, Kind, Ranking, Scores, kept_ranking
from ground.texts import ENGLISH, Text

NAMES = ("Ada", "Grace", "Emmy", "Rosa")
VOICE = Voice(ENGLISH, "en", ZoneInfo("Europe/Paris"))


def said(text: Text) -> str:
    return VOICE.say(text)


def ranked(ballots: Mapping[str, int]) -> dict[Ranking, int]:
    return {read_ranking(order, NAMES): weight for order, weight in ballots.items()}


CHOICES: dict[Choice, int] = {frozenset({0}): 1200, frozenset({1}): 800}
POINTS: dict[Scores, int] = {(1, 0, None, None): 1}


@pytest.mark.parametrize(
    ("rules", "ballots", "sentence"),
    [
        (Rules(method=Method.PLURALITY, names=NAMES), CHOICES, "Ada: 1,200 of 2,000."),
        (Rules(method=Method.SCORE, names=NAMES, top=5), POINTS, "Ada: 1 point."),
        (Rules(method=Method.RUNOFF, names=NAMES), ranked({"a": 4, "b": 3, "cb": 2, "d": 0}),
         "Grace: 5 of the 9 that still counted in round 3."),
        (Rules(method=Method.SCHULZE, names=NAMES), ranked({"abc": 2, "b": 1}), "Ada is elected."),
        (Rules(method=Method.STV, names=NAMES, seats=2), ranked({"ab": 5, "c": 4}), "In this order: Ada, Emmy."),
        (Rules(method=Method.STV, names=NAMES, seats=2), {}, "Nobody voted: nothing is decided."),
        (Rules(method=Method.PLURALITY, names=NAMES), {frozenset({0}): 1, frozenset({1}): 1}, "Nothing is decided."),
    ],
)  # fmt: skip
def test_who_is_elected_is_said(rules: Rules, ballots: Any, sentence: str) -> None:
    assert said(sentences.verdict(count(rules, ballots))) == sentence


EARLIER = {"a": 4, "b": 5, "ca": 1, "d": 6}
EQUAL = {"a": 3, "b": 3, "c": 5}


@pytest.mark.parametrize(
    ("seats", "ballots", "ties", "sentence"),
    [
        (1, EARLIER, AS_IT_IS,
         "Round 2: Ada, Grace were equal; Ada had fewest in an earlier round and goes out."),
        (2, EQUAL, AS_IT_IS,
         "Round 3: Ada, Grace are equal, and the rule decides nothing: the count ends here."),
        (2, EQUAL, Ties(TieRule.CHAIR),
         "Round 3: Ada, Grace are equal. The chair has to decide; until then the count rests."),
        (2, EQUAL, Ties(TieRule.CHAIR, chair=(0, 1)),
         "Round 3: Ada, Grace were equal. By the chair’s decision Grace goes out."),
        (2, EQUAL, Ties(TieRule.DRAWN, "7 12 31"),
         "Round 3: Ada, Grace were equal. By lot, seed 7 12 31, {out} goes out."),
    ],
)  # fmt: skip
def test_what_decided_a_tie_is_said(seats: int, ballots: Mapping[str, int], ties: Ties, sentence: str) -> None:
    outcome = count(Rules(method=Method.STV, names=NAMES, seats=seats, ties=ties), ranked(ballots))
    (told,) = sentences.ties(outcome, ties)
    out = next((outcome.names[tie.order[-1]] for tie in outcome.ties if tie.order and tie.round == 3), "")
    assert said(told) == sentence.replace("{out}", out)


@pytest.mark.parametrize(
    ("ties", "sentence"),
    [
        (AS_IT_IS, "Ada, Grace are equal, and the rule decides nothing: what is left stays open."),
        (Ties(TieRule.CHAIR), "Ada, Grace are equal. The chair has to decide."),
        (Ties(TieRule.CHAIR, chair=(1, 0)), "Ada, Grace were equal. The chair put them in this order: Grace, Ada."),
    ],
)
def test_a_tie_without_rounds_is_said(ties: Ties, sentence: str) -> None:
    ballots: dict[Choice, int] = {frozenset({0}): 2, frozenset({1}): 2}
    outcome = count(Rules(method=Method.PLURALITY, names=NAMES, ties=ties), ballots)
    assert [said(told) for told in sentences.ties(outcome, ties)] == [sentence]


@pytest.mark.parametrize("method", Method)
def test_the_record_of_every_method_is_json(method: Method) -> None:
    of_kind: dict[Kind, dict[Any, int]] = {
        Kind.CHOICE: dict(CHOICES),
        Kind.RANKING: dict(ranked(EARLIER)),
        Kind.SCORES: {(3, 2, 1, None): 2, (0, 3, 3, 1): 1},
    }
    ballots = of_kind[method.ballots]
    outcome = count(Rules(method=method, names=NAMES, top=3), ballots)
    data = json.loads(json.dumps(record(outcome)))
    assert data["winners"] == [NAMES[winner] for winner in outcome.winners]
    assert data["ballots"] == outcome.ballots
    assert (data["rounds"] != []) == (method in (Method.STV, Method.RUNOFF))


choices = st.dictionaries(st.frozensets(st.integers(0, 3)), st.integers(0, 9), max_size=8)
grades = st.dictionaries(st.tuples(*[st.none() | st.integers(0, 4) for _ in NAMES]), st.integers(0, 9), max_size=8)


@given(choices, st.data())
def test_one_more_approval_never_hurts(ballots: dict[Choice, int], data: st.DataObject) -> None:
    rules = Rules(method=Method.APPROVAL, names=NAMES)
    before = count(rules, ballots)
    winner = data.draw(st.sampled_from(before.levels[0]))
    more = dict(ballots)
    more[frozenset({winner})] = more.get(frozenset({winner}), 0) + 1
    assert count(rules, more).levels[0] == (winner,)
    assert sum(before.totals) == sum(len(choice) * weight for choice, weight in ballots.items())


@given(grades, st.permutations(range(4)), st.sampled_from([Method.SCORE, Method.JUDGMENT]))
def test_grades_do_not_know_in_which_order_they_were_asked(
    ballots: dict[Scores, int], order: list[int], method: Method
) -> None:
    rules = Rules(method=method, names=NAMES, top=4)
    here = count(rules, ballots)
    there = count(rules, {tuple(scores[order[o]] for o in range(4)): weight for scores, weight in ballots.items()})
    assert [sorted(level) for level in here.levels] == [sorted(order[o] for o in level) for level in there.levels]


@pytest.mark.parametrize("method", [Method.STV, Method.RUNOFF, Method.SCHULZE])
def test_many_ballots_are_counted_as_few_are(method: Method) -> None:
    chance = random.Random(5)  # noqa: S311 - repeatable, no secret
    orders = [tuple((o,) for o in chance.sample(range(4), chance.randint(0, 4))) for _ in range(MANY + 5)]
    rows = [(kept_ranking(order), chance.choice([1, 1, 1, 3])) for order in orders]
    few: dict[Ranking, int] = {}
    for order, (_, weight) in zip(orders, rows, strict=True):
        few[order] = few.get(order, 0) + weight
    rules = Rules(method=method, names=NAMES, seats=2 if method is Method.STV else 1)
    assert count_rows(rules, rows) == count(rules, few)


def test_a_bot_at_rest_has_not_loaded_what_large_counts_need() -> None:
    code = (
        "import sys, bots.vote.motion, bots.vote.counting.count, bots.vote.counting.typed, kunveno.cli.counted;"
        "sys.exit('numpy' in sys.modules)"
    )
    root = Path(__file__).resolve().parents[3]
    assert subprocess.run([sys.executable, "-c", code], cwd=root, check=False).returncode == 0  # noqa: S603
