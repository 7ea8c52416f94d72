"""`kunveno member invite` and `revoke` as they are typed."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from bots.entrance import letter
from kunveno.cli import build
from kunveno.cli.exits import Exit

CODE = re.compile("[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}")
INIT = "init --yes --name Test --server-name x.org --administrator @anna:x.org --url http://127.0.0.1:1"
BOT = "@kunveno:x.org"


def call(words: str) -> Result:
    return CliRunner().invoke(build(), words.split())


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("installation")
    for words in (
        f"{INIT} --dir {folder}",
        f"-c {folder}/config.yaml branch create loire --name Loire --tier department --language fr",
        f"-c {folder}/config.yaml member add Ada loire --number M1",
    ):
        result = call(words)
        assert result.exit_code == Exit.DONE, result.output
    return folder


@pytest.fixture(autouse=True)
def here(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    for variable in ("KUNVENO_CONFIG", "KUNVENO_DATABASE_URL", "KUNVENO_LANGUAGE"):
        monkeypatch.delenv(variable, raising=False)


def test_the_letter_has_all_that_the_member_needs() -> None:
    result = call("member invite M1 --language en")
    assert result.exit_code == Exit.DONE, result.output
    said = result.stdout
    (code,) = set(CODE.findall(said))
    assert "Hello Ada," in said
    assert "Loire talks on Matrix." in said
    assert f"https://matrix.to/#/{BOT}" in said
    assert f"join {code}" in said
    assert re.search("once, until [A-Z][a-z]+day [0-9]+ [A-Z][a-z]+ [0-9]{4} included", said)
    assert "█" not in said  # no picture where there is no terminal


def test_days_are_counted_whole_and_bounded() -> None:
    one, many = (call(f"member invite M1 --language en --days {days}").stdout for days in (1, 365))
    assert one.splitlines()[-1] != many.splitlines()[-1]
    for days in ("0", "366", "soon"):
        assert call(f"member invite M1 --days {days}").exit_code == Exit.USAGE


def test_the_link_as_a_picture() -> None:
    assert call("member invite M1 --qr link.png").exit_code == Exit.DONE
    assert Path("link.png").read_bytes() == letter.picture(letter.link_to(BOT))[0]
    assert call("member invite M1 --qr LINK.SVG").exit_code == Exit.DONE
    assert Path("LINK.SVG").read_bytes().startswith(b"<?xml")
    refused = call("member invite M1 --qr link.pdf")
    assert (refused.exit_code, ".png or .svg" in refused.stderr) == (Exit.USAGE, True)
    assert call("member invite M1 --qr nowhere/link.png").exit_code == Exit.REFUSED


def test_a_terminal_shows_the_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    from kunveno.cli import output

    class Terminal:
        is_terminal = True

        def print(self, line: str, **_more: Any) -> None:
            print(line)

    monkeypatch.setattr(output, "console", lambda **_more: Terminal())
    said = call("member invite M1 --language en").stdout
    assert letter.blocks(letter.link_to(BOT)) in said
    assert len(set(map(len, letter.blocks("x" * 40).splitlines()))) == 1


def test_a_language_that_there_is_not() -> None:
    refused = call("member invite M1 --language xx")
    assert (refused.exit_code, "the languages are en, fr" in refused.stderr) == (Exit.USAGE, True)


def test_codes_are_taken_back() -> None:
    assert call("member invite M1").exit_code == Exit.DONE
    assert call("member revoke M1").stdout == "The code of member M1 is good for nothing any more.\n"
    assert call("member revoke M1").stdout == "Nothing had to be changed.\n"


def test_nobody_is_invited_who_is_not_there_or_has_left() -> None:
    assert call("member invite M9").exit_code == Exit.REFUSED
    call("member status M1 left")
    assert "M1 has left" in call("member invite M1").stderr


def test_a_strange_account_stays_one_address() -> None:
    assert letter.link_to("@a/b?c:x.org") == "https://matrix.to/#/@a%2Fb%3Fc:x.org"
