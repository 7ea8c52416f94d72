"""A new configuration: the text of config.example.yaml, comments and all, with other values in it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from ground.yaml_lines import KeyPath, read
from kunveno.resources import EXAMPLE_CONFIG

Value = str | tuple[str, ...] | None

_PLAIN: Final = re.compile(r"[A-Za-z0-9_](?:[\w ./+-]|:(?! ))*(?<![ :])")


def example() -> str:
    """The text of the documented configuration."""
    return EXAMPLE_CONFIG.read_text(encoding="utf-8")


def fill(text: str, values: Mapping[KeyPath, Value]) -> str:
    """The text of a configuration with other values at some keys, which must be in it. Everything else stays."""
    places = read(text).values
    for path, (begin, end) in sorted(places.items(), key=lambda item: item[1], reverse=True):
        if path in values:
            text = text[:begin] + written(values[path]) + text[end:]
    return text


def written(value: Value) -> str:
    """A value as YAML."""
    if value is None:
        return "null"
    if isinstance(value, tuple):
        return f"[{', '.join(map(_quoted, value))}]"
    return value if _PLAIN.fullmatch(value) and read(value).data == value else _quoted(value)


def _quoted(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)


def save(path: Path, text: str) -> None:
    """Write a new file. Raises FileExistsError where there is one."""
    with path.open("x", encoding="utf-8") as file:
        file.write(text)
