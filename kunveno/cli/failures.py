"""The one place where an exception becomes a sentence and an exit status. What is not expected keeps its traceback."""

from __future__ import annotations

from ground.texts import Translator
from kunveno.cli.exits import Exit


def explain(failure: Exception, translator: Translator) -> tuple[str, Exit] | None:
    """What to say of an exception, and the exit status; None when it is a fault of the program."""
    from sqlalchemy.exc import DBAPIError

    from bridge.matrix.errors import MatrixError
    from bridge.matrix.registration import RegistrationUnreadable
    from bridge.mirror.link import LinkError
    from ground.database import DatabaseUrlError
    from kunveno.app import DatabaseUnusable
    from kunveno.config import ConfigError
    from kunveno.connection import AccountUnusable
    from kunveno.migrate import SchemaError
    from party.errors import RegisterError

    if isinstance(failure, BrokenPipeError):
        return None
    if isinstance(failure, RegisterError):
        return translator.say(failure.text), Exit.REFUSED
    if isinstance(failure, (ConfigError, RegistrationUnreadable)):
        return str(failure), Exit.CONFIGURATION
    if isinstance(failure, (DatabaseUnusable, SchemaError, DatabaseUrlError)):
        return str(failure), Exit.DATABASE
    if isinstance(failure, DBAPIError):
        return f"the database refuses: {failure.orig}", Exit.DATABASE
    if isinstance(failure, LinkError):
        return str(failure), Exit.REFUSED
    if isinstance(failure, AccountUnusable):
        return str(failure), Exit.HOMESERVER
    if isinstance(failure, MatrixError):
        return f"the homeserver: {failure}", Exit.HOMESERVER
    if isinstance(failure, OSError):
        place = f"{failure.filename}: " if failure.filename else ""
        return f"{place}{failure.strerror or failure}", Exit.REFUSED
    return None
