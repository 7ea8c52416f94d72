"""Files that come with the program: beside the packages in a clone, inside `kunveno` where it was installed."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path

_PACKAGE = Path(__file__).parent


def version() -> str | None:
    """The version of Kunveno that is installed; None in a source tree that is not."""
    try:
        return metadata.version("kunveno")
    except metadata.PackageNotFoundError:
        return None


def _find(name: str) -> Path:
    inside = _PACKAGE / name
    return inside if inside.exists() else _PACKAGE.parent / name


EXAMPLE_CONFIG = _find("config.example.yaml")
EXAMPLES = _find("examples")
LOCALE = _PACKAGE / "locale"
