"""`kunveno vote verify` and `kunveno vote key`, as they are typed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from kunveno import record_key
from kunveno.cli import build
from kunveno.cli.exits import Exit
from tests.unit.test_backup import CONFIG
from tests.unit.vote.test_record import SIGNER, WHOLE


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(build(), [*map(str, words)])


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "V12.json"
    path.write_bytes(WHOLE)
    return path


def test_a_record_that_is_whole(file: Path) -> None:
    result = run("vote", "verify", file, "--key", SIGNER.public)
    assert result.exit_code == Exit.DONE
    lines = result.stdout.splitlines()
    assert [line.split()[0] for line in lines if line.startswith(("ok", "bad"))] == ["ok"] * 8
    assert lines[-1] == f"{file} is whole, and its ballots come to what it says."


def test_without_a_key_one_is_asked_to_compare_it(file: Path) -> None:
    result = run("vote", "verify", file)
    assert result.exit_code == Exit.DONE
    assert f"signed with the key {SIGNER.public}" in result.stdout
    assert "Compare the key" in result.stdout


def test_another_key_is_refused(file: Path) -> None:
    result = run("vote", "verify", file, "--key", "0" * 64)
    assert result.exit_code == Exit.REFUSED
    assert "not with the key that you gave" in result.stdout
    assert run("vote", "verify", file, "--key", "12").exit_code == Exit.USAGE


def test_a_trailing_newline_that_is_missing(file: Path) -> None:
    file.write_bytes(WHOLE[:-1])
    result = run("vote", "verify", file)
    assert result.exit_code == Exit.REFUSED
    assert f"bad   form: from byte {len(WHOLE)} on" in result.stdout


def test_as_data(file: Path) -> None:
    file.write_bytes(WHOLE.replace(b'"for":4', b'"for":5'))
    result = run("vote", "verify", file, "--json")
    assert result.exit_code == Exit.REFUSED
    said = json.loads(result.stdout)
    assert (said["valid"], said["vote"], said["key"], said["key_given"]) == (False, "V12", SIGNER.public, False)
    differing = {check["check"]: check["differences"] for check in said["checks"] if not check["passed"]}
    assert list(differing) == ["signature", "count"]
    assert differing["count"] == ["count.for: the file says 5, the ballots say 4"]


def test_the_public_key_is_shown(tmp_path: Path) -> None:
    config = tmp_path / "config.yaml"
    config.write_text(CONFIG, "utf-8")
    missing = run("--config", config, "vote", "key")
    assert missing.exit_code == Exit.REFUSED
    assert "there is no key yet" in missing.stderr
    signer = record_key.kept(tmp_path / "vote-key")
    assert (tmp_path / "vote-key").stat().st_mode & 0o777 == 0o600
    shown = run("--config", config, "vote", "key")
    assert shown.exit_code == Exit.DONE
    assert shown.stdout.strip() == signer.public == record_key.kept(tmp_path / "vote-key").public
