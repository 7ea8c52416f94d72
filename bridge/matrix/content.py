"""Shapes of what crosses the wire to a homeserver."""

from __future__ import annotations

from typing import Any, TypeAlias

Json: TypeAlias = dict[str, Any]
"""One JSON object as a homeserver sends or takes it. Nothing in it is checked: read it into a typed value early."""
