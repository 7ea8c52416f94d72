"""What the exit status of every command means."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """The exit statuses. 2 is given by the reader of the command line, 130 after an interruption."""

    DONE = 0
    REFUSED = 1
    """Refused or failed; nothing was changed."""
    USAGE = 2
    """The command line is wrong."""
    CONFIGURATION = 3
    DATABASE = 4
    """The database cannot be reached, is not there, or has to be migrated."""
    HOMESERVER = 5
    """The homeserver cannot be reached, or refuses."""
    PARTLY = 6
    """Some steps failed; the others are done."""
    INTERRUPTED = 130


EPILOG = (
    "Exit status: 0 done, 1 refused or failed, 2 wrong command line, 3 configuration, 4 database, 5 homeserver, "
    "6 partly done, 130 interrupted."
)
