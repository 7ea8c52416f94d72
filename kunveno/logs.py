"""Logs: one line an event, as text or as JSON for whoever collects them. No content of messages, no personal datum.

Of an error stands there what kind it is and where in the program it arose, but not what it says: that may hold what
people wrote. Names of accounts are left out wherever they come from.
"""

from __future__ import annotations

import logging
import re
import sys
import traceback
from types import TracebackType
from typing import Final, Literal, TextIO, TypeAlias

from pythonjsonlogger.json import JsonFormatter

Format = Literal["text", "json"]
Level = Literal["debug", "info", "warning", "error"]
Raised: TypeAlias = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]

_TEXT: Final = "%(asctime)s %(levelname)s %(name)s: %(message)s"
_LOUD: Final = ("aiohttp", "apscheduler", "sqlalchemy", "alembic", "asyncio", "aiosqlite", "markdown_it")
"""Libraries whose lines below a warning would say who wrote where."""
_TELLING: Final = ("nio",)
"""Libraries whose warnings and errors repeat what came: of an event that they cannot read, its whole content."""
_ACCOUNT: Final = re.compile(
    r"(?:@|%40)(?:[A-Za-z0-9._=/+\-]|%2[BF]|%3D)+(?::|%3A)"
    r"(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.\-]+)(?:(?::|%3A)[0-9]+)?"
)


def set_up(form: Format, level: Level, stream: TextIO | None = None) -> None:
    """Let everything that is logged go to a stream (standard error), in this form, and what ends the program too."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(
        _Json(
            "%(levelname)s %(name)s %(message)s",
            rename_fields={"levelname": "level", "name": "logger"},
            timestamp="at",
            json_ensure_ascii=False,
        )
        if form == "json"
        else _Text(_TEXT)
    )
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    for name in _LOUD:
        logging.getLogger(name).setLevel(logging.WARNING)
    for name in _TELLING:
        logging.getLogger(name).setLevel(logging.CRITICAL)
    sys.excepthook = _fatal


def without_accounts(line: str) -> str:
    """A line in which `@…` stands for each Matrix account."""
    return _ACCOUNT.sub("@…", line)


def _where(raised: Raised) -> str:
    """The kind of an error, and of those that led to it, and where each arose; the first of all first."""
    parts: list[str] = []
    error = raised[1]
    while error is not None:
        frames = traceback.extract_tb(error.__traceback__)
        lines = [f"  {frame.filename}:{frame.lineno} in {frame.name}" for frame in frames]
        parts.append("\n".join([*lines, f"{type(error).__module__}.{type(error).__qualname__}"]))
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return "\nwhich led to\n".join(reversed(parts))


def _fatal(kind: type[BaseException], error: BaseException, at: TracebackType | None) -> None:
    logging.getLogger(__name__).critical("The program failed", exc_info=(kind, error, at))


class _Text(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return without_accounts(super().format(record))

    def formatException(self, ei: Raised) -> str:  # noqa: N802 - the name that it has there
        return _where(ei)


class _Json(JsonFormatter):
    def format(self, record: logging.LogRecord) -> str:
        return without_accounts(super().format(record))

    def formatException(self, ei: Raised) -> str:  # noqa: N802 - the name that it has there
        return _where(ei)
