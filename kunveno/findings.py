"""What a look at the installation found, each with its remedy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. `remedy` is empty for what is well."""

    level: Literal["ok", "warn", "bad"]
    area: Literal["configuration", "database", "homeserver", "members", "service"]
    what: str
    remedy: str = ""
