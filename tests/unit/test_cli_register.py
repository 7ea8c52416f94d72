"""The command line as it is typed: init, check, import, export, and the register."""

from __future__ import annotations

import json
import os
import re
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from ground.locks import hold_file
from kunveno.cli import build, mirror, output
from kunveno.cli.exits import Exit
from kunveno.resources import EXAMPLES

Run = Callable[..., Result]
INIT = (
    "init",
    "--yes",
    "--name",
    "Test",
    "--server-name",
    "x.org",
    "--administrator",
    "@anna:x.org",
    "--url",
    "http://127.0.0.1:1",
)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command line in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    for variable in ("KUNVENO_CONFIG", "KUNVENO_DATABASE_URL", "KUNVENO_LANGUAGE"):
        monkeypatch.delenv(variable, raising=False)
    app = build()

    def invoke(*words: str, typed: str | None = None) -> Result:
        return CliRunner().invoke(app, list(words), input=typed)

    return invoke


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An installation with the example imported."""
    folder = tmp_path_factory.mktemp("example")
    app = build()
    for words in (
        [*INIT, "--dir", str(folder)],
        ["-c", str(folder / "config.yaml"), "import", str(EXAMPLES / "france")],
    ):
        result = CliRunner().invoke(app, words)
        assert result.exit_code == Exit.DONE, result.output
    return folder


@pytest.fixture
def filled(run: Run, example: Path) -> Run:
    """The same, with the example imported."""
    shutil.copytree(example, Path(), dirs_exist_ok=True)
    return run


def data(result: Result) -> Any:
    assert result.exit_code == Exit.DONE, result.output
    return json.loads(result.stdout)


def test_init_writes_a_configuration_the_secrets_and_the_database(run: Run) -> None:
    result = run(*INIT, "--timezone", "Europe/Paris", "--language", "fr")
    assert result.exit_code == Exit.DONE
    assert "app_service_config_files" in result.stdout
    assert "# " in Path("config.yaml").read_text("utf-8")
    for secret in ("registration.yaml", "kunveno.db"):
        assert stat.S_IMODE(Path(secret).stat().st_mode) == 0o600
    looked = run("check", "--json")
    assert [finding["area"] for finding in json.loads(looked.stdout) if finding["level"] == "bad"] == ["homeserver"]
    assert looked.exit_code == Exit.HOMESERVER


def test_init_does_not_write_over_anything(run: Run) -> None:
    run(*INIT)
    before = Path("config.yaml").read_bytes(), Path("registration.yaml").read_bytes()
    result = run(*INIT)
    assert (result.exit_code, "config.yaml: is there already" in result.stderr) == (Exit.REFUSED, True)
    assert (Path("config.yaml").read_bytes(), Path("registration.yaml").read_bytes()) == before


def test_init_asks_again_until_the_answer_will_do(run: Run) -> None:
    result = run("init", typed="Org\nfrench\nfr\nUTC\nx.org\n\naccount\nanna\n@anna:x.org\n\n")
    assert result.exit_code == Exit.DONE, result.output
    assert "'french' is no language code" in result.stderr
    assert "password_file: password" in Path("config.yaml").read_text("utf-8")
    assert not Path("registration.yaml").exists()


def test_init_refuses_a_wrong_flag(run: Run) -> None:
    result = run("init", "--yes", "--name", "X", "--server-name", "a b")
    assert (result.exit_code, Path("config.yaml").exists()) == (Exit.USAGE, False)
    assert [line.partition(": ")[2].partition(": ")[0] for line in result.stderr.splitlines()] == [
        "--server-name", "--administrator",
    ]  # fmt: skip
    asking = run("init", "--name", "X", "--language", "french")
    assert (asking.exit_code, asking.stderr[:20]) == (Exit.USAGE, "kunveno: --language:")


def test_init_says_all_that_is_missing_at_once(run: Run) -> None:
    result = run("init", "--yes")
    assert (result.exit_code, Path("config.yaml").exists()) == (Exit.USAGE, False)
    assert result.stderr.splitlines() == [
        f"kunveno: --{option}: an answer is needed" for option in ("name", "server-name", "administrator")
    ]


def test_check_says_the_remedy(run: Run) -> None:
    run(*INIT)
    Path("registration.yaml").chmod(0o644)
    result = run("check")
    assert "others can read the registration" in result.stdout
    assert f"chmod 600 {Path('registration.yaml').absolute()}" in result.stdout
    Path("registration.yaml").unlink()
    assert run("check").exit_code == Exit.CONFIGURATION


def test_a_wrong_configuration_is_named_with_file_line_and_key(run: Run) -> None:
    Path("config.yaml").write_text("organisation:\n  nmae: X\n")
    result = run("branch", "list")
    assert result.exit_code == Exit.CONFIGURATION
    assert "kunveno: config.yaml:2: organisation.nmae: this key is not known here; did you mean name?" in result.stderr


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("sqlite:///nothing/at/all.db", "there is no database at"),
        (
            "postgresql://nobody:secret@127.0.0.1:1/none",
            "the database postgresql://nobody:***@127.0.0.1:1/none cannot be reached",
        ),
    ],
)
def test_a_database_that_is_not_there(run: Run, monkeypatch: pytest.MonkeyPatch, address: str, expected: str) -> None:
    run(*INIT)
    monkeypatch.setenv("KUNVENO_DATABASE_URL", address)
    result = run("branch", "list")
    assert (result.exit_code, expected in result.stderr) == (Exit.DATABASE, True), result.output
    assert "secret" not in result.output


def test_a_file_that_is_no_database(run: Run) -> None:
    run(*INIT)
    Path("kunveno.db").write_bytes(os.urandom(8192))
    result = run("branch", "list")
    assert (result.exit_code, "cannot be used" in result.stderr) == (Exit.DATABASE, True)


def test_old_tables_are_brought_up_to_date_by_migrate(run: Run) -> None:
    run(*INIT)
    Path("kunveno.db").write_bytes(b"")
    assert "run `kunveno migrate`" in run("branch", "list").stderr
    assert run("migrate").exit_code == Exit.DONE
    assert data(run("branch", "list", "--json")) == []


def test_the_same_import_twice_and_an_export(filled: Run) -> None:
    again = filled("import", str(EXAMPLES / "france"))
    assert "Nothing had to be changed." in again.stdout
    assert filled("export", "out").exit_code == Exit.DONE
    assert sorted(path.name for path in Path("out").iterdir()) == [
        "branches.csv", "mandates.csv", "members.csv", "memberships.csv",
    ]  # fmt: skip
    assert "Nothing had to be changed." in filled("import", "out").stdout
    assert filled("export", "out", "--format", "yaml").exit_code == Exit.DONE


def test_bad_rows_are_all_named_and_counted_by_the_status(filled: Run) -> None:
    Path("more.csv").write_text("number,name,branch\nN1,New,loire\nN2,,loire\nN3,Other,nowhere\n")
    result = filled("import", "more.csv")
    assert result.exit_code == Exit.REFUSED
    assert "more.csv:3: A name is needed" in result.stderr
    assert "more.csv:4: There is no branch 'nowhere'." in result.stderr
    assert "kunveno: 2 bad rows: nothing was changed. Mend them, or leave them out with --skip-bad." in result.stderr
    assert result.stdout == ""
    assert filled("member", "show", "N1").exit_code == Exit.REFUSED
    partly = filled("import", "more.csv", "--skip-bad")
    assert (partly.exit_code, "2 bad rows were left out." in partly.stderr) == (Exit.PARTLY, True)
    assert partly.stdout == "members: 1 new, 0 changed, 0 as they were\n"
    assert data(filled("member", "show", "N1", "--json"))["branch"] == "loire"
    Path("more.csv").write_text("number,name,branch\nN2,,loire\n")
    assert "kunveno: 1 bad row: nothing was changed. Mend it, or leave it" in filled("import", "more.csv").stderr


def test_progress_without_a_terminal_is_a_few_lines_for_long_work_only(capsys: pytest.CaptureFixture[str]) -> None:
    for total in (0, 49, 120):
        with output.progress("Importing", total) as advance:
            for _ in range(total - 7):
                advance()
    lines = capsys.readouterr().err.splitlines()
    assert (len(lines), lines[0], lines[-1]) == (10, "Importing: 12 of 120", "Importing: 120 of 120")


def test_an_import_of_no_file(filled: Run) -> None:
    result = filled("import", "none.csv")
    assert (result.exit_code, "none.csv: No such file or directory" in result.stderr) == (Exit.REFUSED, True)


def test_branches_from_creation_to_the_end(filled: Run) -> None:
    made = filled("branch", "create", "lyon-3", "--name", "Lyon 3", "--tier", "section", "--parent", "rhone")
    assert made.stdout == "Branch 'lyon-3' is created.\n"
    filled("branch", "rename", "lyon-3", "Lyon IIIe")
    filled("branch", "edit", "lyon-3", "--code", "L3", "--timezone", "Indian/Reunion")
    filled("branch", "edit", "lyon-3", "--timezone", "")
    filled("branch", "move", "lyon-3", "metropole-de-lyon")
    shown = data(filled("branch", "show", "lyon-3", "--json"))
    assert (shown["name"], shown["code"], shown["timezone"]) == ("Lyon IIIe", "L3", None)
    assert shown["path"] == ["france", "auvergne-rhone-alpes", "metropole-de-lyon", "lyon-3"]
    assert "└── Lyon IIIe (lyon-3)" in filled("branch", "tree", "metropole-de-lyon").stdout
    assert "Nothing had to be changed." in filled("branch", "move", "lyon-3", "metropole-de-lyon").stdout
    assert filled("branch", "close", "lyon-3", "--yes").exit_code == Exit.DONE
    assert data(filled("branch", "list", "--tier", "section", "--json")) == []


def test_a_merge_says_what_it_will_do_and_asks(filled: Run) -> None:
    refused = filled("branch", "merge", "loire", "rhone", typed="n\n")
    assert "'Loire' will be closed for good, and 4 mandates will end." in refused.stdout
    assert "'rhone' takes over 6 members and 0 branches under it." in refused.stdout
    assert refused.exit_code == Exit.REFUSED
    assert data(filled("branch", "show", "loire", "--json"))["status"] == "open"
    filled("branch", "merge", "loire", "rhone", typed="y\n")
    shown = data(filled("branch", "show", "loire", "--json"))
    assert (shown["status"], shown["merged_into"], shown["mandates"]) == ("closed", "rhone", [])


def test_members_from_joining_to_leaving(filled: Run) -> None:
    assert "is member M0041 now" in filled("member", "add", "Nina Neuve", "loire", "--account", "@nina:x.org").stdout
    filled("member", "transfer", "M0041", "rhone")
    filled("member", "edit", "M0041", "--email", "nina@example.org", "--joined-on", "2026-01-31")
    filled("member", "account", "M0041", "@nina2:x.org", "--confirmed")
    filled("member", "release", "M0041", "@nina:x.org")
    filled("mandate", "give", "M0041", "delegate", "rhone", "--until", "2030-06-30")
    shown = data(filled("member", "show", "M0041", "--json"))
    assert (shown["email"], shown["joined_on"]) == ("nina@example.org", "2026-01-31")
    assert (shown["confirmed_accounts"], shown["claimed_accounts"]) == (["@nina2:x.org"], [])
    assert [past["branch"] for past in shown["memberships"]] == ["loire", "rhone"]
    assert shown["mandates"][0]["until"] == "2030-06-30"
    assert [one["number"] for one in data(filled("member", "find", "NINA2:", "--json"))] == ["M0041"]
    filled("member", "status", "M0041", "left")
    assert data(filled("mandate", "list", "--member", "M0041", "--json")) == []
    below = data(filled("member", "list", "--branch", "auvergne-rhone-alpes", "--below", "--status", "left", "--json"))
    assert [one["number"] for one in below] == ["M0019", "M0041"]


def test_a_mandate_ends_with_its_day(filled: Run) -> None:
    filled("mandate", "end", "M0007", "secretary", "loire", "--until", "2027-12-31")
    found = data(filled("mandate", "list", "--branch", "loire", "--json"))
    assert {
        "member": "M0007",
        "office": "secretary",
        "branch": "loire",
        "from": "2026-03-01",
        "until": "2027-12-31",
    } in (found)
    assert (
        "M0007 is not secretary of 'loire' any more." in filled("mandate", "end", "M0007", "secretary", "loire").stdout
    )
    assert filled("mandate", "end", "M0001", "king", "france").exit_code == Exit.REFUSED
    assert (
        "write one like 2027-06-30" in filled("mandate", "give", "M0001", "delegate", "loire", "--until", "soon").stderr
    )


def test_a_mandate_says_its_days_and_one_that_has_not_begun_is_cancelled(filled: Run) -> None:
    give = ("mandate", "give", "M0003", "delegate", "loire", "--from", "2127-01-01")
    said = "M0003 is delegate of 'loire' from 2127-01-01 until 2128-12-31.\n"
    assert filled(*give, "--until", "2128-12-31").stdout == said
    cancelled = "The mandate of M0003 as delegate of 'loire', which had not begun, is cancelled.\n"
    for _ in range(2):
        assert filled("mandate", "end", "M0003", "delegate", "loire", "--from", "2127-01-01").stdout == cancelled
        listed = data(filled("mandate", "list", "--all", "--member", "M0003", "--json"))
        assert "2127-01-01" not in [one["from"] for one in listed]
        assert "2127" not in filled("member", "show", "M0003").stdout
        assert filled(*give).stdout == "M0003 is delegate of 'loire' from 2127-01-01.\n"


def test_a_member_is_shown_with_days(filled: Run) -> None:
    filled("member", "transfer", "M0007", "rhone")
    filled("mandate", "give", "M0007", "delegate", "rhone")
    shown = filled("member", "show", "M0007").stdout
    assert re.search("^in the branch +loire, from [0-9-]{10} until [0-9-]{10}$", shown, re.MULTILINE)
    assert re.search("^in the branch +rhone, from [0-9-]{10}$", shown, re.MULTILINE)
    assert re.search("^delegate +rhone, from [0-9-]{10}$", shown, re.MULTILINE)


def test_an_unknown_tier_is_refused_with_those_there_are(filled: Run) -> None:
    result = filled("branch", "list", "--tier", "nix")
    assert result.exit_code == Exit.REFUSED
    assert "kunveno: There is no tier 'nix'; the tiers are national, " in result.stderr


def test_refusals_are_said_in_the_language_asked_for(filled: Run) -> None:
    english = filled("branch", "show", "nowhere").stderr
    french = filled("--language", "fr", "branch", "show", "nowhere").stderr
    assert (english, english != french) == ("kunveno: There is no branch 'nowhere'.\n", True)


@pytest.mark.parametrize("words", [["--help"], ["branch", "--help"], ["import", "--help"], ["init", "--help"]])
def test_help_imports_nothing_heavy(words: list[str]) -> None:
    code = (
        "import sys; from kunveno.cli import build\n"
        f"try: build()({words!r})\n"
        "except SystemExit: pass\n"
        "print([name for name in ('sqlalchemy', 'aiohttp', 'babel', 'alembic') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603
    assert done.stdout.rstrip().endswith("[]")


def test_a_wrong_command_line_is_status_2(run: Run) -> None:
    assert run("branch", "rename", "x").exit_code == Exit.USAGE


def test_apply_does_not_wait_for_ever_for_another_process(filled: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mirror, "_PATIENCE", 0.0)
    with hold_file(Path("kunveno.db.mirror.lock")) as held:
        assert held
        result = filled("apply")
    assert result.exit_code == Exit.REFUSED
    assert "was asked to do this" in result.stderr
    assert "the other process has not answered" in result.stderr
