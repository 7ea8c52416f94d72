"""`kunveno decisions export` as it is typed."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncSession
from typer.testing import CliRunner, Result

from ground.database import Database
from kunveno.cli import build
from kunveno.cli.exits import Exit
from party.branches import by_slug
from tests.support.votes import decided

INIT = "init --yes --name Test --server-name x.org --administrator @anna:x.org --url http://127.0.0.1:1"


def call(words: str) -> Result:
    return CliRunner().invoke(build(), words.split())


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for variable in ("KUNVENO_CONFIG", "KUNVENO_DATABASE_URL", "KUNVENO_LANGUAGE"):
        monkeypatch.delenv(variable, raising=False)
    for words in (
        f"{INIT} --dir {tmp_path}",
        "branch create rhone --name Rhône --tier department --language fr",
        "branch create lyon --name Lyon --tier section --parent rhone",
    ):
        result = call(words)
        assert result.exit_code == Exit.DONE, result.output
    asyncio.run(_fill(tmp_path))


async def _fill(folder: Path) -> None:
    async def work(session: AsyncSession) -> None:
        for number, slug in enumerate(("rhone", "lyon"), 1):
            session.add(decided((await by_slug(session, slug)).id, number, f"Question {number} ?"))

    async with Database.open(f"sqlite:///{folder / 'kunveno.db'}") as db:
        await db.write(work)


def test_a_text_in_the_language_of_the_branch() -> None:
    said = call("decisions export --branch rhone").stdout
    assert said.startswith("# Décisions de Rhône\n\n1 décision, état au ")
    assert "\n\nQuestion 1 ?\n\n- Adopté.\n- 2 Yes, 1 No\n" in said
    assert "Question 2" not in said


def test_a_table_with_all_below_in_a_file(tmp_path: Path) -> None:
    result = call("decisions export --branch rhone --below --format csv --language en -o out.csv")
    assert (result.exit_code, result.stdout) == (Exit.DONE, "out.csv\n")
    data = (tmp_path / "out.csv").read_bytes()
    assert data.startswith(b"\xef\xbb\xbfNumber,Date,Branch,")
    assert [line.split(b",")[0] for line in data.splitlines()[1:]] == [b"V2", b"V1"]


def test_what_is_not_there() -> None:
    result = call("decisions export --branch nowhere")
    assert result.exit_code == Exit.REFUSED
    assert "nowhere" in result.stderr
    result = call("decisions export --branch rhone --language xx")
    assert result.exit_code != Exit.DONE
    assert "en, fr" in result.stderr
