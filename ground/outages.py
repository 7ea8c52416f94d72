"""Which errors are the database's for now, so that what failed by them is tried again."""

from __future__ import annotations

import sqlite3
from typing import Final

from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, NotSupportedError, ProgrammingError, TimeoutError

_OURS: Final = (DataError, IntegrityError, NotSupportedError, ProgrammingError)
"""What the database refuses to do, now and later."""
_STATES: Final = ("0A", "21", "22", "23", "42", "44", "54")
"""The same by classes of SQLSTATE (PostgreSQL manual, appendix A), of which most have no error of their own."""


def is_outage(error: BaseException) -> bool:
    """Whether the same may go well later. What asyncpg raises while it connects is not wrapped."""
    if isinstance(error, DBAPIError):
        return not isinstance(error, _OURS) and not _is_refused(error.orig)
    return isinstance(error, (OSError, TimeoutError)) or type(error).__module__.startswith("asyncpg.")


def _is_refused(error: BaseException | None) -> bool:
    """Whether the database's own error says that the statement is at fault: one that is too long, too deep, wrong."""
    state = getattr(error, "sqlstate", None)
    if isinstance(state, str):
        return state.startswith(_STATES)
    return getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_ERROR
