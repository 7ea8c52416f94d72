"""Paths of the client-server API, and fields of its answers."""

from __future__ import annotations

from urllib.parse import quote

from bridge.matrix.content import Json
from bridge.matrix.errors import MatrixError


def client_path(version: str, *segments: str) -> str:
    """The percent-encoded path of an endpoint. Ids and aliases go in as they are."""
    return "/".join((f"/_matrix/client/{version}", *(quote(segment, safe="") for segment in segments)))


def text_in(answer: Json, key: str) -> str:
    value = answer.get(key)
    if not isinstance(value, str):
        raise MatrixError(f"the homeserver's answer has no text under {key}")
    return value


def object_in(answer: Json, key: str) -> Json:
    value = answer.get(key)
    if not isinstance(value, dict):
        raise MatrixError(f"the homeserver's answer has no object under {key}")
    return value


def list_in(answer: Json, key: str) -> list[Json]:
    value = answer.get(key)
    if not isinstance(value, list):
        raise MatrixError(f"the homeserver's answer has no list under {key}")
    return value
