"""The folder of the demonstration: configuration, registration and database, as `kunveno init` would make them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from bridge.matrix.registration import write_registration
from kunveno.resources import EXAMPLE_CONFIG

SERVER_NAME: Final = "kunveno.localhost"
BOT: Final = f"@kunveno:{SERVER_NAME}"
ADMINISTRATOR: Final = f"@anna:{SERVER_NAME}"


@dataclass(frozen=True, slots=True)
class Installation:
    """Where the demonstration keeps what."""

    folder: Path

    @property
    def config(self) -> Path:
        return self.folder / "config.yaml"

    @property
    def registration(self) -> Path:
        return self.folder / "registration.yaml"

    @property
    def homeserver(self) -> Path:
        return self.folder / "synapse"


def prepare(folder: Path, *, url: str, only: tuple[str, ...]) -> Installation:
    """Write the configuration anew, and the registration once. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    place = Installation(folder)
    if not place.registration.exists():
        write_registration(place.registration, server_name=SERVER_NAME)
    text = yaml.safe_dump(_config(url, only), allow_unicode=True, sort_keys=False)
    place.config.write_text(
        f"# Written by `kunveno demo`. Every key is explained in config.example.yaml.\n{text}", "utf-8"
    )
    return place


def _config(url: str, only: tuple[str, ...]) -> dict[str, Any]:
    """The example configuration, on the embedded homeserver."""
    config: dict[str, Any] = yaml.safe_load(EXAMPLE_CONFIG.read_text("utf-8"))
    config["organisation"] |= {"name": "France", "administrators": [ADMINISTRATOR]}
    config["homeserver"] |= {"url": url, "server_name": SERVER_NAME, "user_id": BOT}
    config["database"] = {"url": "sqlite:///kunveno.db"}
    config["votes"] |= {"grace": 2}  # nobody here is far away
    config["mirror"] |= {"join": "auto_accept", "only": list(only)}
    return config
