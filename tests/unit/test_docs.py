"""The pages for administrators name what there is, all of it, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from kunveno.cli import build

ROOT = Path(__file__).resolve().parents[2]
ADMINS = ROOT / "docs" / "admins"
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]*")
CALL = re.compile(
    r"(?:`|\$ |^    )kunveno ((?:-[-\w]+(?: (?:en|fr|all|FILE|[\w./]+\.yaml))? )*)([a-z]+)(?: ([a-z]+))?", re.M
)
SECTION = re.compile(r"^### `kunveno ([a-z]+)[^`]*`$", re.M)
KEY = re.compile(r"`((?:organisation|homeserver|database|mirror|web)(?:\.[a-z_]+)+)")


def commands() -> dict[str, set[str]]:
    """Every command with its options; groups as `branch create`, the program itself as ``."""
    top: Any = typer.main.get_command(build())
    found = {"": options(top)}
    for name, command in top.commands.items():
        if hasattr(command, "commands"):
            found |= {f"{name} {each}": options(one) for each, one in command.commands.items()}
        else:
            found[name] = options(command)
    return found


def options(command: Any) -> set[str]:
    return {name for parameter in command.params for name in parameter.opts if name.startswith("--")} - {"--help"}


def page(name: str) -> str:
    return (ADMINS / name).read_text("utf-8")


def described() -> Iterator[tuple[str, str]]:
    """The commands that the page describes, each with what it says of it."""
    text = page("commands.md")
    heads = list(SECTION.finditer(text))
    for head, following in zip(heads, [*heads[1:], None], strict=True):
        body = text[head.end() : following.start() if following else None]
        rows = re.findall(r"^\| `kunveno ([a-z]+ [a-z]+)[^`]*` \|(.*)$", body, re.M)
        if rows:
            yield from rows
        else:
            yield head[1], body.partition("\n## ")[0]


def test_every_command_is_described_once() -> None:
    names = [name for name, _ in described()]
    assert sorted(names) == sorted(commands().keys() - {""})


@pytest.mark.parametrize("name", sorted(commands().keys() - {""}))
def test_a_command_is_described_with_its_options_and_no_other(name: str) -> None:
    said = set(OPTION.findall(dict(described())[name]))
    assert said == commands()[name]


def test_the_options_of_the_program_are_described() -> None:
    head = page("commands.md").partition("## Exit statuses")[0]
    assert set(OPTION.findall(head)) - {"--help"} == commands()[""]


@pytest.mark.parametrize("path", sorted(ADMINS.glob("*.md")), ids=lambda path: path.name)
def test_no_page_calls_a_command_that_is_not_there(path: Path) -> None:
    known = commands()
    for _, name, sub in CALL.findall(path.read_text("utf-8")):
        groups = {each.partition(" ")[0] for each in known if " " in each}
        called = f"{name} {sub}" if name in groups and sub else name
        assert called in known or called in groups, f"kunveno {called}"


def test_every_key_that_the_configuration_page_names_is_there() -> None:
    example: Mapping[str, Any] = yaml.safe_load((ROOT / "config.example.yaml").read_text("utf-8"))
    named = KEY.findall(page("configuration.md"))
    assert named
    for key in named:
        at: Any = example
        for part in key.split("."):
            assert isinstance(at, Mapping), key
            assert part in at, key
            at = at[part]
