"""The configuration: the documented example, and what is said of a wrong one."""

from __future__ import annotations

import types
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import BaseModel

from bridge.mirror.policy import Audience, quiet_rooms
from ground.yaml_lines import read
from kunveno.config import Config, ConfigError, load
from kunveno.resources import EXAMPLE_CONFIG
from kunveno.template import fill, written

ANY = "*"
PORT = EXAMPLE_CONFIG.read_text("utf-8").splitlines().index("  port: 8090") + 1
"""The line of the example on which the port stands."""


def known_keys(kind: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every key that the models read; `*` where the keys are the reader's own."""
    origin = typing.get_origin(kind)
    if origin is typing.Annotated or origin in {types.UnionType, typing.Union}:
        for part in typing.get_args(kind)[: 1 if origin is typing.Annotated else None]:
            yield from known_keys(part, path)
    elif origin is dict:
        yield from known_keys(typing.get_args(kind)[1], (*path, ANY))
    elif isinstance(kind, type) and issubclass(kind, BaseModel):
        for name, field in kind.model_fields.items():
            yield (*path, name)
            yield from known_keys(field.annotation, (*path, name))


def written_keys(kind: Any, data: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every key of a document, `*` for those that are the reader's own."""
    known = set(known_keys(Config))
    if isinstance(data, dict):
        for key, value in data.items():
            own = (*path, key) not in known
            below = (*path, ANY if own else key)
            if not own:
                yield below
            yield from written_keys(kind, value, below)


def said(path: Path) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load(path)
    return [str(problem).replace(str(path), path.name) for problem in caught.value.problems]


@pytest.fixture
def changed(tmp_path: Path) -> Any:
    def change(old: str, new: str) -> Path:
        text = EXAMPLE_CONFIG.read_text("utf-8")
        assert old in text
        path = tmp_path / "config.yaml"
        path.write_text(text.replace(old, new, 1), "utf-8")
        return path

    return change


def test_the_example_loads() -> None:
    config = load(EXAMPLE_CONFIG)
    assert list(config.party().tiers) == ["national", "region", "department", "section"]
    assert config.mirror_policy().rooms["announcements"].who is Audience.MEMBERS_AND_BELOW
    assert config.homeserver.registration == EXAMPLE_CONFIG.parent.absolute() / "registration.yaml"


def test_every_key_that_is_read_is_in_the_example_and_no_other() -> None:
    data = yaml.safe_load(EXAMPLE_CONFIG.read_text("utf-8"))
    assert set(written_keys(Config, data)) == set(known_keys(Config))


def test_every_key_of_the_example_is_explained_where_it_first_stands() -> None:
    lines = EXAMPLE_CONFIG.read_text("utf-8").splitlines()
    document = read("\n".join(lines))
    known, explained = set(known_keys(Config)), set()
    for path, line in sorted(document.lines.items(), key=lambda item: item[1]):
        generic: tuple[str, ...] = ()
        for part in path:
            generic = (*generic, str(part) if (*generic, str(part)) in known else ANY)
        if len(path) < 2 or generic in explained or generic not in known or generic[-1] == "password_file":
            continue
        explained.add(generic)
        assert lines[line - 2].lstrip().startswith("#"), f"{'.'.join(map(str, path))} is not explained"


def test_the_quiet_rooms_are_those_of_the_example() -> None:
    example = load(EXAMPLE_CONFIG).mirror.rooms
    quiet = quiet_rooms()
    assert list(quiet) == list(example)
    for key, kind in quiet.items():
        assert (kind.who, kind.post, kind.encrypted) == (example[key].who, example[key].post, example[key].encrypted)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            "language: fr",
            "langage: fr",
            "config.yaml:14: organisation.langage: this key is not known here; did you mean language?",
        ),
        (
            "language: fr",
            "language: french",
            "organisation.language: 'french' is no language code; write one of ISO 639, like fr",
        ),
        (
            "Europe/Paris",
            "Paris",
            "organisation.timezone: 'Paris' is no time zone; write one of the tz database, like Europe/Paris",
        ),
        (
            "@anna:example.org",
            "anna",
            "organisation.administrators[0]: 'anna' is no Matrix account; write one like @jeanne:example.org",
        ),
        (
            "branch.edit: below",
            "branch.edit: everywhere",
            "organisation.offices.secretary.may.branch.edit: 'everywhere' is none of the choices; write 'here' "
            "or 'below'",
        ),
        (
            "branch.edit: below",
            "branch.paint: below",
            "organisation.offices.secretary.may.branch.paint: 'branch.paint' is no action; write one of announce",
        ),
        (
            "announcements: announcements",
            "announcements: annonces",
            "config.yaml:179: bots.announcements: 'annonces' is no kind of room",
        ),
        (
            "url: https://",
            "url: ",
            "homeserver.url: 'matrix.example.org' is no web address; write one like https://matrix.example.org",
        ),
        (
            "@kunveno:example.org",
            "@kunveno:example.com",
            "homeserver.user_id: '@kunveno:example.com' is not on example.org; write @kunveno:example.org",
        ),
        (
            "account: application_service",
            "account: account",
            "homeserver.account: 'account' needs a secret; name a file in",
        ),
        (
            "sqlite:///kunveno.db\n  # With",
            "mysql://x\n  # With",
            "database.url: mysql is not supported; write an address like sqlite:///kunveno.db",
        ),
        (
            "  url: sqlite:///kunveno.db",
            "  url: postgresql://a:b@c/d",
            "database.url: a password does not belong here",
        ),
        (
            "tiers: null",
            "tiers: [regoin]",
            "mirror.rooms.announcements.tiers[0]: 'regoin' is no tier; did you mean region?",
        ),
        (
            "secretary: 60",
            "secretry: 60",
            "mirror.power.secretry: 'secretry' is no office; did you mean secretary?",
        ),
        (
            "secretary: 60",
            "secretary: 100",
            "mirror.power.secretary: 100 is out of bounds; should be less than or equal to 90",
        ),
        (
            "secretary: 60",
            "secretary: much",
            "mirror.power.secretary: 'much' does not belong here; write a whole number",
        ),
        (
            "chair: secretary",
            "chair: secretry",
            "votes.chair: 'secretry' is no office; did you mean secretary?",
        ),
        (
            'en: "{branch}", fr',
            'en: "{brunch}", fr',
            "mirror.space.name: {brunch} is not known here; the places are {branch} and {tier}",
        ),
        (
            "keep: []",
            "keep: all",
            "mirror.keep: 'all' does not belong here; write a list, like [one, two]",
        ),
        (
            "port: 8090",
            "port: 8090\n  port: 8091",
            f"config.yaml:{PORT + 1}: web.port: stands twice, first on line {PORT}; keep one of the two",
        ),
        (
            "port: 8090",
            "port: [",
            "(this is no YAML)",
        ),
        (
            "  name: Syndicat des exemples",
            "",
            "organisation.name: this key is missing; write a text",
        ),
    ],
)
def test_says_where_and_what_and_what_would_be_right(changed: Any, old: str, new: str, expected: str) -> None:
    assert expected in "\n".join(said(changed(old, new)))


def test_says_everything_that_is_wrong_at_once(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text("organisation: {name: X}\nhomeserver: {url: x}\nmirrors: {}\n")
    assert len(said(path)) == 7


def test_a_missing_file_says_how_to_make_one(tmp_path: Path) -> None:
    assert "`kunveno init` writes one" in said(tmp_path / "none.yaml")[0]


def test_norwegian_is_a_language(changed: Any) -> None:
    config = load(changed("name: { en: Region, fr: Région }", "name: { en: Region, no: Fylke }"))
    assert config.organisation.tiers["region"].name["no"] == "Fylke"


def test_the_environment_names_another_database(changed: Any, tmp_path: Path) -> None:
    path = changed("keep: []", "keep: []")
    given = load(path, {"KUNVENO_DATABASE_URL": "postgresql://kunveno:secret@db/kunveno"})
    assert given.database.address() == "postgresql+asyncpg://kunveno:secret@db/kunveno"
    assert load(path, {"KUNVENO_DATABASE_URL": ""}).database.address().endswith(f"{tmp_path}/kunveno.db")
    with pytest.raises(ConfigError, match="KUNVENO_DATABASE_URL"):
        load(path, {"KUNVENO_DATABASE_URL": "nonsense"})


def test_a_password_comes_from_its_file(changed: Any, tmp_path: Path) -> None:
    path = changed("url: sqlite:///kunveno.db\n", "url: postgresql://kunveno@db/kunveno\n")
    path.write_text(
        path.read_text("utf-8").replace("password_file: null\n\nmirror", "password_file: pw\n\nmirror"), "utf-8"
    )
    (tmp_path / "pw").write_text("p@ss:word\n")
    assert load(path).database.address().endswith("://kunveno:p%40ss%3Aword@db/kunveno")


@pytest.mark.parametrize(
    "value", ["plain", 'l\'État: "x" # no', "no", "null", "0042", "- x", "a: b", " x ", "é", "", "a\nb"]
)
def test_filling_in_keeps_comments_and_says_exactly_the_value(value: str) -> None:
    text = EXAMPLE_CONFIG.read_text("utf-8")
    filled = fill(text, {("organisation", "name"): value})
    assert read(filled).data["organisation"]["name"] == value  # type: ignore[index]
    assert filled.count("#") == text.count("#") + value.count("#")


def test_written_values_are_yaml() -> None:
    assert (written(None), written(("a", "b")), written("Europe/Paris")) == ("null", '["a", "b"]', "Europe/Paris")


def test_the_files_of_the_votes_are_beside_the_configuration_also_where_it_says_nothing_of_them(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(
        "organisation: {name: X, language: en, timezone: Europe/Paris, tiers: {national: {name: {en: National}}}}\n"
        'homeserver: {url: "http://127.0.0.1:1", server_name: example.org, user_id: "@kunveno:example.org"}\n'
    )
    votes = load(path).votes
    assert (votes.secret, votes.key) == (tmp_path / "ballot-secret", tmp_path / "vote-key")
