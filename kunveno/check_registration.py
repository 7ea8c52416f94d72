"""What `kunveno check` sees in the registration, the file that the homeserver reads too."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import yaml

from bridge.matrix.registration import Registration
from kunveno.config import Homeserver
from kunveno.findings import Finding


def registration_file(where: Homeserver, registration: Registration) -> Iterator[Finding]:
    """What is wrong in the file that the homeserver reads too."""
    document = _read(where.registration)
    restart = "then restart the homeserver, which reads it only then"
    if document.get("rate_limited") is not False:
        yield _bad(f"{where.registration} leaves the account throttled", f"write rate_limited: false in it, {restart}")
    localpart = where.user_id[1:].partition(":")[0]
    if registration.sender_localpart == localpart:
        yield _bad(
            f"{where.registration} has the account itself as sender, which Synapse does not let read rooms",
            f"write another sender_localpart in it, like {localpart}-bridge, {restart}",
        )
    for kind, example in (("users", where.user_id), ("aliases", f"#kunveno-example:{where.server_name}")):
        if not _covers(document, kind, example):
            yield _bad(
                f"{where.registration} does not give the application service {kind} like {example}",
                f"write the namespace of `kunveno init` in it, {restart}",
            )


def _read(path: Path) -> dict[str, Any]:
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    return document if isinstance(document, dict) else {}


def _covers(document: dict[str, Any], kind: str, example: str) -> bool:
    with suppress(AttributeError, KeyError, TypeError, re.error):
        return any(re.match(entry["regex"], example) for entry in document["namespaces"][kind])
    return False


def _bad(what: str, remedy: str) -> Finding:
    return Finding("bad", "homeserver", what, remedy)
