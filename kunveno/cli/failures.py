"""The one place where an exception becomes a sentence and an exit status. What is not expected keeps its traceback."""

from __future__ import annotations

from ground.texts import Translator
from kunveno.cli.exits import Exit


def explain(failure: Exception, translator: Translator) -> tuple[str, Exit] | None:
    """What to say of an exception, and the exit status; None when it is a fault of the program."""
    from sqlalchemy.exc import DBAPIError

    from bridge.matrix.errors import MatrixError, TokenRefused
    from bridge.matrix.registration import RegistrationUnreadable
    from bridge.matrix.session import DeviceTaken
    from bridge.mirror.link import LinkError
    from ground.database import DatabaseUrlError
    from kunveno.app import DatabaseUnusable
    from kunveno.config import ConfigError
    from kunveno.connection import AccountUnusable
    from kunveno.installed import BotUnusable
    from kunveno.migrate import SchemaError
    from kunveno.secret_files import SecretUnusable
    from party.errors import RegisterError

    if isinstance(failure, BrokenPipeError):
        return None
    if isinstance(failure, RegisterError):
        return translator.say(failure.text), Exit.REFUSED
    if isinstance(failure, (ConfigError, RegistrationUnreadable, BotUnusable, SecretUnusable)):
        return str(failure), Exit.CONFIGURATION
    if isinstance(failure, (DatabaseUnusable, SchemaError, DatabaseUrlError)):
        return str(failure), Exit.DATABASE
    if isinstance(failure, DBAPIError):
        return f"the database refuses: {failure.orig}", Exit.DATABASE
    if isinstance(failure, LinkError):
        return str(failure), Exit.REFUSED
    if isinstance(failure, (AccountUnusable, DeviceTaken)):
        return str(failure), Exit.HOMESERVER
    if isinstance(failure, TokenRefused):
        return (
            f"the homeserver does not accept the account's token any more ({failure.message}); give it a valid one: "
            "for a plain account in the file of the token or the password, for an application service by letting the "
            "homeserver read the registration again"
        ), Exit.HOMESERVER
    if isinstance(failure, MatrixError):
        return f"the homeserver: {failure}", Exit.HOMESERVER
    if isinstance(failure, OSError):
        place = f"{failure.filename}: " if failure.filename else ""
        return f"{place}{failure.strerror or failure}", Exit.REFUSED
    return None
