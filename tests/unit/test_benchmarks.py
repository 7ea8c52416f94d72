"""What a benchmark says to people and to programs."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from benchmarks.__main__ import BENCHMARKS, main
from benchmarks.result import Result

ROWS = (("", "measured"), ("writes", "3"))


def giving(result: Result) -> dict[str, Callable[[], Result]]:
    return {result.bench: lambda: result}


def test_a_result_is_one_line_of_json() -> None:
    line = Result("mirror", 17.0, 20.0, "requests/s", ok=True, detail={"branches": 60}).line()
    assert "\n" not in line
    assert json.loads(line) == {
        "bench": "mirror",
        "value": 17.0,
        "floor": 20.0,
        "ratio": 0.85,
        "unit": "requests/s",
        "ok": True,
        "detail": {"branches": 60},
    }


@pytest.mark.parametrize(("writes", "ratio"), [(0, 1.0), (3, None)])
def test_a_floor_of_nothing_is_met_by_nothing_alone(writes: int, ratio: float | None) -> None:
    assert json.loads(Result("noop", writes, 0, "writes", ok=writes == 0).line())["ratio"] == ratio


def test_there_are_those_that_the_documentation_names() -> None:
    assert list(BENCHMARKS) == [
        "mirror",
        "plan",
        "noop",
        "command",
        "burst",
        "start",
        "memory",
        "tally",
        "cascade",
        "ballots",
    ]


@pytest.mark.parametrize(("ok", "status"), [(True, 0), (False, 1)])
def test_the_status_says_whether_all_is_good(ok: bool, status: int, capsys: pytest.CaptureFixture[str]) -> None:
    result = Result("noop", 3, 0, "writes", ok=ok, rows=ROWS)
    assert main([], giving(result)) == status
    said = capsys.readouterr().out.splitlines()
    assert said[-1] == result.line()
    assert any("writes" in line and "3" in line for line in said[:-1])


def test_an_unknown_name_is_answered_with_those_that_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["speed"], giving(Result("noop", 0, 0, "writes", ok=True))) == 2
    said = capsys.readouterr()
    assert said.err == "There is no benchmark 'speed'. There are: noop.\n"
    assert said.out == ""
