"""What the configuration tells the bots, as the plain values that they take."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from bots.kit.surroundings import Limits, RoomKind, Surroundings
from bridge.matrix.api import MatrixApi
from ground.texts import Translator
from kunveno.config import BotsSection, Config

_ROOM_TIMES: Final = 4
"""How many persons' limits make the limit of a room."""


def surroundings(config: Config, translators: Mapping[str, Translator], *, account: str, name: str) -> Surroundings:
    """Everything the bots need to know of the organisation; `account` and `name` are the bot's own."""
    kinds = config.mirror_policy().rooms
    return Surroundings(
        policy=config.party(),
        translators=translators,
        account=account,
        name=name,
        prefix=config.bots.prefix,
        rooms={
            key: RoomKind(
                key=key,
                name=kind.name,
                tiers=None if kind.tiers is None else tuple(kind.tiers),
                who=kind.who.value,
                post=kind.post,
                encrypted=kind.encrypted,
            )
            for key, kind in kinds.items()
        },
        announcements=config.bots.announcements,
        limits=_limits(config.bots),
    )


async def display_name(api: MatrixApi) -> str:
    """What people see the bot called: its display name, else the first part of its account."""
    return await api.displayname(api.user_id) or api.user_id[1:].partition(":")[0]


def _limits(bots: BotsSection) -> Limits:
    every = timedelta(minutes=1) / bots.per_minute
    return Limits(person=bots.burst, person_every=every, room=bots.burst * _ROOM_TIMES, room_every=every / _ROOM_TIMES)
