"""What every operation checks of what people type."""

from __future__ import annotations

import re

from ground.texts import text
from party.branches import BranchRow, BranchStatus
from party.called import called
from party.errors import RegisterError
from party.policy import ACCOUNT, PartyPolicy

_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_EMAIL = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")


def check_slug(slug: str) -> None:
    """Raises RegisterError unless the slug can stand in addresses and commands."""
    if not _SLUG.fullmatch(slug) or len(slug) > 60:
        raise RegisterError(
            text("'{slug}' is no slug: write small letters, digits and dashes, like seine-saint-denis.", slug=slug)
        )


def check_name(name: str) -> None:
    """Raises RegisterError for an empty, very long or many-line name, or one with spaces around it."""
    if not name or name != name.strip() or len(name) > 200 or not name.isprintable():
        raise RegisterError(text("A name is needed, on one line, without spaces around it, at most 200 characters."))


def check_code(code: str | None) -> None:
    """Raises RegisterError for a reference that is empty, very long or not on one line."""
    if code is not None and (not code or code != code.strip() or len(code) > 60 or not code.isprintable()):
        raise RegisterError(text("A code stands on one line and has at most 60 characters, like FR-93."))


def check_locale(policy: PartyPolicy, language: str | None, timezone: str | None) -> None:
    """Raises RegisterError for a language code or a time zone that does not exist."""
    if language is not None and not re.fullmatch("[a-z]{2,3}", language):
        raise RegisterError(text("'{language}' is no language code; write one like fr.", language=language))
    try:
        policy.zone(timezone)
    except (KeyError, ValueError, OSError):
        raise RegisterError(
            text("'{timezone}' is no time zone; write one like Europe/Paris.", timezone=timezone)
        ) from None


def check_open(branch: BranchRow) -> None:
    """Raises RegisterError for a branch that was closed."""
    if branch.status != BranchStatus.OPEN:
        raise RegisterError(text("'{slug}' is closed.", slug=called(branch)))


def check_email(email: str | None) -> None:
    """Raises RegisterError for what cannot be an e-mail address; does not repeat it."""
    if email is not None and (not _EMAIL.fullmatch(email) or len(email) > 254 or not email.isprintable()):
        raise RegisterError(text("That is no e-mail address; write one like jeanne@example.org."))


def check_account(user_id: str) -> None:
    """Raises RegisterError for what cannot be a Matrix account."""
    if not ACCOUNT.fullmatch(user_id) or len(user_id.encode()) > 255:
        raise RegisterError(
            text("'{account}' is no Matrix account; write one like @jeanne:example.org.", account=user_id)
        )
