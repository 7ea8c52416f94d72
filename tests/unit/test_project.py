"""What someone who clones the project relies on before any of its code runs."""

from __future__ import annotations

import os
import re
import shutil
import stat
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
REQUIREMENTS = sorted((ROOT / "requirements").glob("*.txt"))
DOCS = ROOT / "docs"
PAGES = [*sorted(DOCS.rglob("*.md")), *sorted(ROOT.glob("*.md"))]
FLOORS = ["kunveno", "bots", "bridge", "party", "ground"]

PIN = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^\s;\\]+)")
LINK = re.compile(r"(?<!!)\[[^\]]*\]\((?P<target>[^)\s]+)(?:\s+\"[^\"]*\")?\)")
# Names are put together here so that this file does not contain them.
REGISTRIES = [".".join(parts) for parts in (("pypi", "org"), ("pythonhosted", "org"), ("npmjs", "org"))]
SOMEBODYS_FOLDER = re.compile(r"(?<![\w.])/(?:home|Users)/[a-z]|(?<![\w.])/" + r"root/|file:" + r"///")


def relative(path: Path) -> str:
    return str(path.relative_to(ROOT))


def pins(path: Path) -> dict[str, list[str]]:
    """The lines of each pinned package."""
    found: dict[str, list[str]] = {}
    current: list[str] = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.lstrip().startswith("#"):
            continue
        if not line.startswith(" "):
            current = found.setdefault(line.partition(" ")[0], [])
        current.append(line)
    return found


def tracked_files() -> list[Path]:
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        pytest.skip("not a git clone, so nothing says which files are the project's")
    listing = subprocess.run([git, "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True)  # noqa: S603
    return [path for name in listing.stdout.decode().split("\0") if name and (path := ROOT / name).is_file()]


@pytest.mark.parametrize("path", REQUIREMENTS, ids=relative)
def test_every_requirement_is_pinned_with_hashes_and_names_no_index(path: Path) -> None:
    packages = pins(path)
    assert packages
    for head, lines in packages.items():
        assert PIN.match(head), f"{head} in {relative(path)} is not pinned"
        hashes = [line for line in lines if re.search(r"--hash=sha256:[0-9a-f]{64}", line)]
        assert hashes, f"{head} in {relative(path)} has no hash"
    text = path.read_text(encoding="utf-8")
    assert "://" not in text
    assert not re.search(r"^\s*-", re.sub(r"^\s+--hash=\S+( \\)?$", "", text, flags=re.MULTILINE), flags=re.MULTILINE)


def test_every_dependency_of_the_project_is_pinned() -> None:
    metadata = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    extras = metadata["project"]["optional-dependencies"]
    wanted = {
        "run.txt": [*metadata["project"]["dependencies"], *extras["postgres"]],
        "demo.txt": [*metadata["project"]["dependencies"], *extras["demo"]],
        "dev.txt": [*metadata["project"]["dependencies"], *extras["postgres"], *extras["demo"], *extras["dev"]],
        "oracles.txt": [*metadata["project"]["dependencies"], *(line for lines in extras.values() for line in lines)],
    }
    for name, dependencies in wanted.items():
        pinned = {head.partition("==")[0].partition("[")[0].lower() for head in pins(ROOT / "requirements" / name)}
        asked = {re.split(r"[\[<>=!~; ]", dependency)[0].lower() for dependency in dependencies}
        assert asked <= pinned, f"run `make requirements`: {sorted(asked - pinned)} missing in requirements/{name}"


def test_the_same_versions_are_pinned_everywhere() -> None:
    everything = set(pins(ROOT / "requirements/oracles.txt"))
    for name in ("run.txt", "demo.txt", "dev.txt"):
        assert set(pins(ROOT / "requirements" / name)) <= everything


def test_no_file_names_a_registry_or_somebodys_folder() -> None:
    found = []
    for path in tracked_files():
        text = path.read_text(encoding="utf-8", errors="replace")
        found += [f"{relative(path)}: {host}" for host in REGISTRIES if host in text]
        found += [f"{relative(path)}: {match.group()}" for match in SOMEBODYS_FOLDER.finditer(text)]
    assert not found


def test_the_floors_are_a_contract() -> None:
    metadata = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    linter = metadata["tool"]["importlinter"]
    assert linter["root_packages"] == FLOORS
    assert [contract["layers"] for contract in linter["contracts"] if contract["type"] == "layers"] == [FLOORS]
    circles = [contract["ancestors"] for contract in linter["contracts"] if contract["type"] == "acyclic_siblings"]
    assert circles == [FLOORS]
    assert metadata["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"] == FLOORS


@pytest.mark.parametrize("floor", FLOORS)
def test_each_floor_says_what_it_is_and_is_typed(floor: str) -> None:
    assert (ROOT / floor / "__init__.py").read_text(encoding="utf-8").startswith('"""')
    assert (ROOT / floor / "py.typed").is_file()


def test_continuous_integration_ends_in_make_test() -> None:
    script = ROOT / ".ci/run"
    assert script.stat().st_mode & stat.S_IXUSR
    lines = script.read_text(encoding="utf-8").splitlines()
    assert lines[0] == "#!/usr/bin/env bash"
    assert "set -euo pipefail" in lines
    assert lines[-1] == "exec make test"


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ('[ "$1" = --version ] && echo "Python 3.9.2" && exit; exit 1', "needs Python 3.11 or later"),
        ('case "$2" in *ensurepip*) exit 1;; esac', "cannot make virtual environments"),
    ],
    ids=["too old", "without venv"],
)
def test_make_says_what_is_wrong_with_a_python(tmp_path: Path, body: str, sentence: str) -> None:
    make = shutil.which("make")
    if make is None:
        pytest.skip("make is not installed")
    python = tmp_path / "python"
    python.write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
    python.chmod(0o755)
    environment = {key: value for key, value in os.environ.items() if not key.startswith("MAKE") and key != "MFLAGS"}
    result = subprocess.run(  # noqa: S603
        [make, "python", f"PYTHON={python}"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode != 0
    assert sentence in result.stderr


def test_what_the_image_copies_is_there() -> None:
    lines = (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines()
    copies = [line.split() for line in lines if line.startswith("COPY ") and "--from" not in line]
    copied = [name for copy in copies for name in copy[1:-1]]
    assert set(FLOORS) <= set(copied)
    allowed = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    for name in copied:
        assert (ROOT / name).exists(), f"the Dockerfile copies {name}"
        assert f"!{name}" in allowed, f".dockerignore leaves out {name}"


def test_compose_runs_the_synapse_that_the_tests_run() -> None:
    heads = [head for head in pins(ROOT / "requirements/demo.txt") if head.startswith("matrix-synapse==")]
    assert len(heads) == 1
    version = heads[0].partition("==")[2]
    assert f"image: matrixdotorg/synapse:v{version}\n" in (ROOT / "compose.yaml").read_text(encoding="utf-8")


@pytest.mark.parametrize("page", PAGES, ids=relative)
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    text = re.sub(r"```.*?```|`[^`\n]*`", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    for match in LINK.finditer(text):
        target = match["target"].partition("#")[0]
        if target and not re.match(r"[a-z]+:", target):
            assert (page.parent / target).exists(), f"{relative(page)} links to {target}"


@pytest.mark.parametrize("folder", ["admins", "members", "organisers"])
def test_pages_for_people_are_in_both_languages(folder: str) -> None:
    def pages(root: Path) -> set[str]:
        return {str(path.relative_to(root)) for path in root.rglob("*.md")}

    english, french = pages(DOCS / folder), pages(DOCS / "fr" / folder)
    assert english
    assert english == french


def test_decisions_are_numbered_without_gaps_and_listed() -> None:
    records = sorted((DOCS / "decisions").glob("[0-9]*.md"))
    assert [int(path.name[:4]) for path in records] == list(range(1, len(records) + 1))
    index = (DOCS / "decisions/index.md").read_text(encoding="utf-8")
    for path in records:
        assert f"({path.name})" in index
        text = path.read_text(encoding="utf-8")
        assert all(f"## {heading}\n" in text for heading in ("Context", "Decision", "Consequences")), path.name
