"""What a homeserver, or the way to it, can answer instead of what was asked.

Every class here is one that a caller treats differently. Texts are for operators: they name the request and repeat the
homeserver's own words, and hold neither a token nor a query.
"""

from __future__ import annotations

from bridge.matrix.content import Json


class MatrixError(Exception):
    """A request that was refused, or that could not be carried out.

    `errcode` is Matrix's (`M_FORBIDDEN` …), or empty when something that is no homeserver answered, or nothing did.
    `status` is the HTTP status, 0 when there was no answer. `message` is the homeserver's own text.
    `path` is readable and has no query. (Matrix client-server API, "Standard error response".)
    """

    def __init__(self, message: str, *, errcode: str = "", status: int = 0, method: str = "", path: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.errcode = errcode
        self.status = status
        self.method = method
        self.path = path

    def __str__(self) -> str:
        answer = " ".join(part for part in (f"HTTP {self.status}" if self.status else "", self.errcode) if part)
        asked = f"{self.method} {self.path}: " if self.method else ""
        return f"{asked}{self.message}" + (f" ({answer})" if answer else "")


class Forbidden(MatrixError):
    """403: the account has not the power or the right, or is not in the room."""


class NotFound(MatrixError):
    """404 with `M_NOT_FOUND`: the homeserver says that there is none. A proxy's own 404 is a plain `MatrixError`."""


class AliasTaken(MatrixError):
    """The room alias already points at a room (`M_ROOM_IN_USE`, or 409 when an alias is set)."""


class TooLarge(MatrixError):
    """413: the event or the request is larger than a homeserver takes (65,536 bytes for an event)."""


class TokenRefused(MatrixError):
    """`M_UNKNOWN_TOKEN` or `M_MISSING_TOKEN`: fatal until somebody gives a valid token."""


class Unavailable(MatrixError):
    """Given up: no connection, no answer in time, 5xx, or 429 for as long as the caller's patience lasted."""


def error_from_answer(status: int, reason: str, answer: Json | None, *, method: str, path: str) -> MatrixError:
    """The error that an answer with a status of 300 or more means. `answer` is None when it was not a JSON object."""
    errcode = str(answer.get("errcode", "")) if answer is not None else ""
    text = str(answer.get("error", "")) if answer is not None else ""
    if not text:
        text = reason or "no reason given"
    if answer is None and 300 <= status < 400:
        text = "this address redirects elsewhere; write the address it leads to in the configuration"
    return _class_for(status, errcode)(text, errcode=errcode, status=status, method=method, path=path)


def _class_for(status: int, errcode: str) -> type[MatrixError]:
    if errcode in {"M_UNKNOWN_TOKEN", "M_MISSING_TOKEN"}:
        return TokenRefused
    if errcode == "M_ROOM_IN_USE":
        return AliasTaken
    if status == 413 or errcode == "M_TOO_LARGE":
        return TooLarge
    if status == 403 and errcode:
        return Forbidden
    if status == 404 and errcode == "M_NOT_FOUND":
        return NotFound
    return MatrixError
