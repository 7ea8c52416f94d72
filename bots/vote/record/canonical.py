"""The one form in which a record is written: every byte of it is decided by what it says. Pure.

JSON (RFC 8259) in UTF-8: a line for each member of the whole and for each element of a list in it, keys in the order
of their code points, no other white space, nothing escaped that needs no escape, a line feed at the end.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TypeAlias

from pydantic import JsonValue

Document: TypeAlias = Mapping[str, JsonValue]


class NotARecord(ValueError):
    """The bytes are no JSON object in UTF-8; the text says where that shows."""


def line(value: JsonValue) -> str:
    """A value on one line."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"))


def written(document: Document) -> bytes:
    """A document as it is written."""
    members = [f"{line(key)}:{_spread(document[key])}" for key in sorted(document)]
    return ("{\n" + ",\n".join(members) + "\n}\n").encode()


def read(content: bytes) -> dict[str, JsonValue]:
    """The document in some bytes, in whatever form it is written. Raises NotARecord."""
    try:
        found = json.loads(content.decode(), parse_constant=_refuse)
    except UnicodeDecodeError as error:
        raise NotARecord(f"byte {error.start + 1} is no UTF-8") from None
    except (ValueError, RecursionError) as error:
        raise NotARecord(f"it is no JSON: {error}") from None
    if not isinstance(found, dict):
        raise NotARecord("it is no JSON object")
    return found


def departs(content: bytes, document: Document) -> int | None:
    """From which byte on (the first is 1) some bytes are not the form of the document in them; None where all are."""
    try:
        form = written(document)
    except ValueError:  # half a character of UTF-16, which JSON can name
        return 1
    if content == form:
        return None
    return next((at for at, (one, other) in enumerate(zip(content, form, strict=False), 1) if one != other),
                min(len(content), len(form)) + 1)  # fmt: skip


def _spread(value: JsonValue) -> str:
    if not isinstance(value, list) or not value:
        return line(value)
    return "[\n" + ",\n".join(map(line, value)) + "\n]"


def _refuse(constant: str) -> JsonValue:
    raise ValueError(f"{constant} is no number of JSON")
