"""How long a plan takes for an account that the homeserver throttles. Pure."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from bridge.mirror.steps import CreateRoom, Invite, Plan

_BURST: Final = 10
_ROOMS: Final = 0.016
_INVITATIONS: Final = 0.3
_EVENTS: Final = 0.2
"""A second, once the burst is used up: Synapse's defaults (rc_room_creation, rc_invites.per_issuer, rc_message)."""


def estimate(plan: Plan) -> timedelta:
    """The time by Synapse's default limits; each kind of request has a limit of its own."""
    rooms, invitations = plan.count(CreateRoom), plan.count(Invite)
    others = len(plan.steps) - rooms - invitations
    seconds = (
        max(0, rooms - _BURST) / _ROOMS
        + max(0, invitations - _BURST) / _INVITATIONS
        + max(0, others - _BURST) / _EVENTS
    )
    return timedelta(seconds=round(seconds))
