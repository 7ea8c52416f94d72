"""`kunveno vote count`, as it is typed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from kunveno.cli import build
from kunveno.cli.exits import Exit

ELECTIONS = Path(__file__).resolve().parents[2] / "fixtures" / "elections"
TIED = '3 2\n3 1 0\n3 2 0\n5 3 0\n0\n"A"\n"B"\n"C"\n"Tied"\n'


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(build(), ["vote", "count", *map(str, words)])


@pytest.fixture
def tied(tmp_path: Path) -> Path:
    path = tmp_path / "tied.blt"
    path.write_text(TIED, "utf-8")
    return path


def test_a_file_is_counted_round_by_round() -> None:
    result = run(ELECTIONS / "edinburgh_2017_ward3.blt", "--method", "stv")
    assert result.exit_code == Exit.DONE
    lines = result.stdout.splitlines()
    assert lines[:2] == [
        "Ward 3 - Drum Brae/Gyle",
        "9474 ballots that rank somebody, 0 that rank nobody; 3 seats, quota 2369.",
    ]
    assert lines[2].split() == ["Robert", "Christopher", "ALDRIDGE", "(LD)", "3176", "2369"]
    assert lines[7].split() == ["not", "transferable", "0", "148.39872"]
    assert "Round 2: the surplus of Robert Christopher ALDRIDGE (LD) is handed on. Elected: Mark BROWN (C)." in lines
    assert lines[-1] == ("Elected: Robert Christopher ALDRIDGE (LD), Claire BRIDGMAN (SNP), Mark BROWN (C).")


def test_as_data_it_has_the_winners_in_order_and_the_rounds() -> None:
    result = run(ELECTIONS / "edinburgh_2017_ward3.blt", "--json")
    said = json.loads(result.stdout)
    assert said["winners"] == ["Robert Christopher ALDRIDGE (LD)", "Claire BRIDGMAN (SNP)", "Mark BROWN (C)"]
    assert (said["method"], said["seats"], said["quota"], said["ballots"]) == ("stv", 3, 2369, 9474)
    first, second = said["rounds"]
    assert first["elected"] == said["winners"][:2]
    assert second["step"] == "surplus"
    assert second["of"] == "Robert Christopher ALDRIDGE (LD)"
    assert second["votes"]["Mark BROWN (C)"] == 2411.26792
    assert sum(second["votes"].values()) + second["not_transferable"] == pytest.approx(9474)


def test_other_methods_and_numbers_of_seats() -> None:
    ward = ELECTIONS / "edinburgh_2017_ward3.blt"
    assert len(json.loads(run(ward, "--seats", "2", "--json").stdout)["winners"]) == 2
    assert len(json.loads(run(ward, "--method", "irv", "--json").stdout)["winners"]) == 1
    schulze = run(ward, "--method", "schulze")
    assert schulze.stdout.splitlines()[-1].startswith("Elected: ")
    refused = run(ward, "--method", "irv", "--seats", "2")
    assert refused.exit_code == Exit.USAGE


def test_a_tie_is_left_open_without_a_seed_and_drawn_with_one(tied: Path) -> None:
    open_ = run(tied)
    assert open_.exit_code == Exit.PARTLY
    assert open_.stdout.splitlines()[-2:] == [
        "Round 2: A, B are equal, and the rule decides nothing: the count ends here.",
        "Elected: C.",
    ]
    first, again = run(tied, "--seed", "2026-11-22"), run(tied, "--seed", "2026-11-22")
    assert first.exit_code == Exit.DONE
    assert first.stdout == again.stdout
    winners = {json.loads(run(tied, "--seed", str(seed), "--json").stdout)["winners"][1] for seed in range(8)}
    assert winners == {"A", "B"}


def test_what_is_wrong_names_the_file_and_the_line(tmp_path: Path) -> None:
    path = tmp_path / "x.blt"
    path.write_text("2 1\n1 3 0\n", "utf-8")
    result = run(path)
    assert (result.exit_code, result.stdout) == (Exit.REFUSED, "")
    assert "x.blt: line 2: there is no candidate 3: they are numbered from 1 to 2" in result.stderr.replace("\n", "")
    path.write_text("2 1\n1 1=2 0\n0\nA\nB\n", "utf-8")
    assert "line 2: equal ranks, which stv does not allow" in run(path).stderr.replace("\n", "")
    assert run(path, "--method", "schulze").exit_code == Exit.PARTLY
    assert run(tmp_path / "none.blt").exit_code == Exit.REFUSED


def test_a_file_from_an_older_computer_is_read(tmp_path: Path) -> None:
    path = tmp_path / "latin.blt"
    path.write_bytes('1 1\n1 1 0\n0\n"Zoé"\n'.encode("latin-1"))
    assert json.loads(run(path, "--json").stdout)["winners"] == ["Zoé"]
