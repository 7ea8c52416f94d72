"""The application-service registration: the file by which a homeserver lets us in without limits."""

from __future__ import annotations

import os
import re
import secrets
from dataclasses import dataclass, field
from pathlib import Path

import yaml

ID = "kunveno"


class RegistrationUnreadable(Exception):
    """The file is not a registration; the text names the file and what is missing."""


@dataclass(frozen=True, slots=True)
class Registration:
    """What both sides must know of an application service (Matrix application service API, "Registration")."""

    id: str
    as_token: str = field(repr=False)
    hs_token: str = field(repr=False)
    sender_localpart: str


def write_registration(
    path: Path,
    *,
    server_name: str,
    bot_localpart: str = "kunveno",
    user_pattern: str | None = None,
    alias_pattern: str | None = None,
    exclusive_aliases: bool = True,
) -> Registration:
    """Writes a new registration with new secrets to `path`, mode 0600, and returns it. Replaces what is there.

    The namespaces hold the one bot and the aliases `#kunveno-…`, unless regular expressions for whole ids are given.
    `exclusive_aliases` keeps everybody else from making aliases of that form. `url` is null: the homeserver pushes
    nothing, the bot asks. The sender is another user than the bot, because Synapse lets no sender sync.
    """
    server = re.escape(server_name)
    registration = Registration(ID, secrets.token_hex(32), secrets.token_hex(32), f"{ID}-bridge")
    users = user_pattern or f"@{re.escape(bot_localpart)}:{server}"
    aliases = alias_pattern or f"#kunveno-.*:{server}"
    document = {
        "id": registration.id,
        "url": None,
        "as_token": registration.as_token,
        "hs_token": registration.hs_token,
        "sender_localpart": registration.sender_localpart,
        "rate_limited": False,
        "namespaces": {
            "users": [{"exclusive": True, "regex": users}],
            "aliases": [{"exclusive": exclusive_aliases, "regex": aliases}],
            "rooms": [],
        },
    }
    # Never readable by others, not even for a moment, and never half-written.
    partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    with open(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        yaml.safe_dump(document, file, sort_keys=False, allow_unicode=True)
    partial.replace(path)
    return registration


def load_registration(path: Path) -> Registration:
    """Reads a registration. `RegistrationUnreadable` when the file is missing, is no YAML, or lacks a key."""
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise RegistrationUnreadable(f"{path}: no such file; `kunveno init` writes one") from error
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not a YAML file"
        raise RegistrationUnreadable(f"{path}: cannot be read as a registration: {reason}") from error
    if not isinstance(document, dict):
        raise RegistrationUnreadable(f"{path}: not a registration (no keys at all)")
    values = {key: document.get(key) for key in ("id", "as_token", "hs_token", "sender_localpart")}
    missing = [key for key, value in values.items() if not isinstance(value, str) or not value]
    if missing:
        raise RegistrationUnreadable(f"{path}: missing or not a text: {', '.join(missing)}")
    return Registration(**{key: str(value) for key, value in values.items()})
