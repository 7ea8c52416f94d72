"""BLT files: what they may hold, and the line that is named when one is wrong."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bots.vote.counting.blt import BltError, read_blt

DOCS = Path(__file__).resolve().parents[3] / "docs"

# As OpaVote's documentation of the format has it, with every feature.
FULL = """\
# An election
4 2          # four candidates, two seats
-2 -3        # two withdrew
3 1 3 4 0    # three voters
4 1 3 2 0
2 4 1=3 0

1 2 - 4 0
5 0
2 4 1=3 0
0
"Adam #1"
"Basil"      # a comment
'Charlotte'
Donald # not a part of the name
"The title "
"""


def test_a_whole_file_is_read() -> None:
    held = read_blt(FULL)
    assert held.names == ("Adam #1", "Basil", "'Charlotte'", "Donald")
    assert (held.seats, held.withdrawn, held.title) == (2, frozenset({1, 2}), "The title")
    assert held.ballots == {
        ((0,), (2,), (3,)): 3,
        ((0,), (2,), (1,)): 4,
        ((3,), (0, 2)): 4,
        ((1,), (3,)): 1,
        (): 5,
    }
    assert held.equal_ranks == 6


@pytest.mark.parametrize("page", ["organisers/counting.md", "fr/organisers/counting.md"])
def test_the_file_that_organisers_are_shown_is_one(page: str) -> None:
    (shown,) = re.findall(r"```\n(4 2.*?)```", (DOCS / page).read_text("utf-8"), re.DOTALL)
    held = read_blt(shown)
    assert (len(held.names), held.withdrawn, sum(held.ballots.values())) == (4, frozenset({2}), 57)


def test_names_may_stand_on_one_line_and_the_title_may_be_missing() -> None:
    held = read_blt('\ufeff2 1\r\n1 1 0\r\n0\r\n"A" "B, C"\r\n')
    assert (held.names, held.title, held.equal_ranks) == (("A", "B, C"), "", None)


WRONG = [
    ("", 1, "the file is empty"),
    ("four 2\n", 1, "expected the number of candidates and the number of seats, such as '4 2'"),
    ("# x\n2\n", 2, "expected the number of candidates and the number of seats, such as '4 2'"),
    ("0 2\n", 1, "0 candidates"),
    ("2 0\n", 1, "no seats"),
    ("2 1\n1 3 0\n", 2, "there is no candidate 3: they are numbered from 1 to 2"),
    ("2 1\n1 1 2\n0\n", 2, "a ballot ends with 0"),
    ("2 1\n1 1 1 0\n", 2, "candidate 1 stands twice in the ballot"),
    ("2 1\n\n1 1=1 0\n", 3, "candidate 1 stands twice in the ballot"),
    ("2 1\n0 1 0\n", 2, "a ballot begins with how many there are of it, which cannot be 0"),
    ("2 1\n1.5 1 0\n", 2, "'1.5' is no whole number of ballots"),
    ("2 1\n1 x 0\n", 2, "'x' is no number of a candidate"),
    ("2 1\n1 1= 0\n", 2, "'' is no number of a candidate"),
    ("2 1\n-3\n", 2, "there is no candidate 3: they are numbered from 1 to 2"),
    ("2 1\n-1 2\n", 2, "'2' among the candidates who withdrew; expected their numbers, such as '-3'"),
    ("2 1\n1 1 0\n", 2, "the file ends before a line with 0, which ends the ballots"),
    ("2 1\n1 1 0\n0\nA\n", 4, "the file ends after 1 of 2 names"),
    ("2 1\n0\nA\nB\nTitle\nmore\n", 6, "there are more than 2 names and a title"),
    ('2 1\n0\n"A\nB\n', 3, "a name has no closing quotation mark"),
    ('2 1\n0\n"A" B\n', 3, "'B' stands beside a name in quotation marks"),
]


@pytest.mark.parametrize(("content", "line", "problem"), WRONG)
def test_what_is_wrong_is_said_with_its_line(content: str, line: int, problem: str) -> None:
    with pytest.raises(BltError) as refused:
        read_blt(content)
    assert (refused.value.line, refused.value.problem) == (line, problem)
    assert str(refused.value) == f"line {line}: {problem}"


@given(st.text(alphabet='0123456789-= \n"#abc', max_size=60))
def test_any_text_is_read_or_refused(content: str) -> None:
    try:
        held = read_blt("2 1\n" + content)
    except BltError as refused:
        assert refused.line >= 1
    else:
        assert len(held.names) == 2
