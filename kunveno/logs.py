"""Logs: one line an event, as text or as JSON for whoever collects them. No content of messages, no personal datum."""

from __future__ import annotations

import logging
import sys
from typing import Final, Literal

from pythonjsonlogger.json import JsonFormatter

Format = Literal["text", "json"]
Level = Literal["debug", "info", "warning", "error"]

_TEXT: Final = "%(asctime)s %(levelname)s %(name)s: %(message)s"
_LOUD: Final = ("nio", "aiohttp", "apscheduler", "sqlalchemy", "alembic", "asyncio", "aiosqlite", "markdown_it")
"""Libraries whose lines below a warning would say who wrote where."""


def set_up(form: Format, level: Level) -> None:
    """Let everything that is logged go to standard error, in this form. Once, when the program starts."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        JsonFormatter(
            "%(levelname)s %(name)s %(message)s",
            rename_fields={"levelname": "level", "name": "logger"},
            timestamp="at",
        )
        if form == "json"
        else logging.Formatter(_TEXT)
    )
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    for name in _LOUD:
        logging.getLogger(name).setLevel(logging.WARNING)
