"""The picture of a result: what is on it, and that it can be drawn."""

from __future__ import annotations

import asyncio
import io
import subprocess
import sys
import time
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest
from PIL import Image

from bots.kit.voice import Voice
from bots.vote import result
from bots.vote.chart.sketch import MOST, Sketch, sketch
from bots.vote.chart.studio import Studio, draw
from bots.vote.counting.outcome import Method
from bots.vote.majorities import Majority, Quorum
from bots.vote.plan import Plan
from tests.support.conversation import translators

MOTION = Plan(
    options=("Oui", "Non", "Abstention"), majority=Majority(Fraction(2, 3), more=False), quorum=Quorum(Fraction(1, 2))
)
NAMES = ("Ada", "Grace", "Emmy 🌹", "山田花子", "Ида")


def shown(plan: Plan, ballots: dict[str, int], *, roll: int = 112, language: str = "en") -> Sketch | None:
    count = result.settle(plan, ballots, voted=sum(ballots.values()), roll=roll, weight=roll)
    voice = Voice(translators()[language], language, ZoneInfo("Europe/Paris"))
    return sketch(plan, count, voice, number=12, question="Shall\nwe?")


def drawn(made: Sketch | None) -> Sketch:
    assert made is not None
    return made


def test_a_motion_has_its_majority_and_its_quorum_as_lines() -> None:
    made = drawn(shown(MOTION, {"a": 1041, "b": 17, "c": 3}, roll=2112, language="fr"))
    assert made.title == "V12 · Shall we?"
    assert [(bar.label, bar.shown, bar.style) for bar in made.bars] == [
        ("Oui", "1\u202f041", "for"), ("Non", "17", "against"), ("Abstention", "3", "abstain"),
    ]  # fmt: skip
    assert made.bars[0].line is not None
    assert (made.bars[0].line.at, made.bars[0].line.label) == (706, "706 nécessaires")
    assert made.turnout.line is not None
    assert made.turnout.line.at == 1056
    assert made.alt.splitlines()[:3] == [
        "V12 · Shall", "we?", "Adopté\u00a0: 1\u202f041 Oui, 17 Non, 3 Abstention.",
    ]  # fmt: skip


def test_a_simple_majority_has_no_line_and_a_missed_quorum_neither() -> None:
    assert drawn(shown(Plan(options=("Yes", "No")), {"a": 3, "b": 1})).bars[0].line is None
    assert drawn(shown(MOTION, {"a": 3})).bars[0].line is None


def test_an_election_has_winners_first_and_ticked() -> None:
    made = drawn(shown(Plan(options=NAMES, method=Method.PLURALITY), {"b": 5, "a": 2, "e": 4}))
    assert [(bar.label, bar.shown, bar.won) for bar in made.bars][:3] == [
        ("Grace", "5", True), ("Ида", "4", False), ("Ada", "2", False),
    ]  # fmt: skip
    assert "Grace: 5 ✓" in made.alt


def test_several_seats_show_their_order_the_quota_and_the_last_round() -> None:
    made = drawn(shown(Plan(options=NAMES, method=Method.STV, seats=2), {"abc": 5, "bc": 2, "cb": 3, "e": 1}))
    assert [(bar.label, bar.shown) for bar in made.bars[:2]] == [("Ada", "4 · seat 1"), ("Emmy 🌹", "6 · seat 2")]
    assert made.notes == ["Votes after round 5, the last.", "Quota: 4"]


@pytest.mark.parametrize("method", [each for each in Method if each.equal_ranks or each.value in {"score", "judgment"}])
def test_every_method_has_a_picture(method: Method) -> None:
    ballots = {"abc": 3, "ba": 2} if method is Method.SCHULZE else {"5,1,0,2,3": 2, ",,5,5,1": 1}
    made = drawn(shown(Plan(options=NAMES, method=method), ballots))
    assert sum(bar.won for bar in made.bars) == 1
    assert made.bars[0].shown == {"schulze": "beats 4 of 4", "score": "10", "judgment": "5"}[method.value]


def test_many_options_are_cut_and_counted() -> None:
    made = drawn(shown(Plan(options=tuple(f"Option {n}" for n in range(20)), method=Method.PLURALITY), {"c": 2}))
    assert (len(made.bars), made.notes[0]) == (MOST, "… and 10 more")
    assert "Option 19: 0" in made.alt


def test_nothing_is_drawn_where_nothing_is_told() -> None:
    assert shown(MOTION, {}) is None


async def test_it_is_drawn_by_a_process_of_its_own_and_nobody_waits() -> None:
    """Also with letters that the font lacks, in place of which stands the number of the choice."""
    longest, studio = 0.0, Studio()
    studio.begin("v", drawn(shown(Plan(options=NAMES, method=Method.STV, seats=2), {"abc": 5, "dbc": 2})))
    finished = asyncio.create_task(studio.finished("v"))
    while not finished.done():
        before = time.thread_time()
        await asyncio.sleep(0.005)
        longest = max(longest, time.thread_time() - before)
    picture = finished.result()
    assert picture is not None
    assert longest < 0.05
    image = Image.open(io.BytesIO(picture.data))
    assert (image.size, image.format, picture.width) == ((picture.width, picture.height), "PNG", 3 * 390)
    assert len(picture.data) < 100_000
    shades = image.convert("L").histogram()
    assert shades.index(max(shades)) > 240  # a light card, whatever the theme


async def test_what_cannot_be_drawn_is_no_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    made = drawn(shown(MOTION, {"a": 61}))
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    assert await draw(made) is None
    monkeypatch.setattr(sys, "executable", "/bin/false")
    assert await draw(made) is None


def test_no_drawing_is_in_the_memory_of_the_program() -> None:
    look = "import sys, kunveno.installed; sys.exit('PIL' in sys.modules or 'jsonschema' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", look], check=False).returncode == 0  # noqa: S603 - ourselves
