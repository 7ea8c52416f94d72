"""The application-service registration as a file."""

from __future__ import annotations

import re
import stat
from pathlib import Path

import pytest
import yaml

from bridge.matrix.registration import RegistrationUnreadable, load_registration, write_registration


def test_written_and_read_again(tmp_path: Path) -> None:
    path = tmp_path / "registration.yaml"
    written = write_registration(path, server_name="example.org")
    assert load_registration(path) == written
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(written.as_token) == 64
    assert written.as_token != written.hs_token
    assert written.as_token not in repr(written)
    assert written.hs_token not in repr(written)
    assert [entry.name for entry in tmp_path.iterdir()] == ["registration.yaml"]


def test_the_namespace_holds_the_bot_and_nobody_else(tmp_path: Path) -> None:
    path = tmp_path / "registration.yaml"
    write_registration(path, server_name="chat.example.org", bot_localpart="kunveno.bot")
    document = yaml.safe_load(path.read_text())
    assert document["url"] is None
    assert document["rate_limited"] is False
    assert document["namespaces"]["rooms"] == []
    users = re.compile(document["namespaces"]["users"][0]["regex"])
    assert users.fullmatch("@kunveno.bot:chat.example.org")
    assert not users.fullmatch("@kunvenoXbot:chat.example.org")
    assert not users.fullmatch("@kunveno.bot:chatXexample.org")
    assert not users.fullmatch("@someone:chat.example.org")
    aliases = re.compile(document["namespaces"]["aliases"][0]["regex"])
    assert aliases.fullmatch("#kunveno-4f2a:chat.example.org")
    assert not aliases.fullmatch("#general:chat.example.org")


def test_each_registration_has_secrets_of_its_own(tmp_path: Path) -> None:
    first = write_registration(tmp_path / "a.yaml", server_name="example.org")
    second = write_registration(tmp_path / "a.yaml", server_name="example.org")
    assert first.as_token != second.as_token
    assert load_registration(tmp_path / "a.yaml") == second


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("id: kunveno\n", "as_token, hs_token, sender_localpart"),
        ("id: kunveno\nas_token: ''\nhs_token: x\nsender_localpart: y\n", "as_token"),
        ("id: kunveno\nas_token: 5\nhs_token: x\nsender_localpart: y\n", "as_token"),
        ("- a list\n", "no keys"),
        ("a: [\n", "not a YAML file"),
        ("", "no keys"),
    ],
)
def test_what_is_no_registration_is_named(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "registration.yaml"
    path.write_text(text)
    with pytest.raises(RegistrationUnreadable, match=re.escape(said)) as caught:
        load_registration(path)
    assert str(path) in str(caught.value)


def test_a_missing_registration_says_what_writes_one(tmp_path: Path) -> None:
    with pytest.raises(RegistrationUnreadable, match="kunveno init"):
        load_registration(tmp_path / "registration.yaml")
