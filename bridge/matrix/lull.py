"""Pauses between looks that bring only what nobody waits for.

A homeserver answers as soon as there is one event. While the program itself says much, or hundreds vote, each event is
then asked for alone, and the looking takes more of the homeserver's time than what is looked for.
"""

from __future__ import annotations

import asyncio
from typing import Final

_OFTEN: Final = 3
"""Looks in a row that bring nothing urgent, before the first pause: one command and its answer are far fewer."""
_FIRST: Final = 0.05
LONGEST: Final = 0.4
"""Seconds of the first pause, which doubles, and of the longest: so much later may a command be heard then."""


class Lull:
    """Knows how long it has been that nothing urgent came."""

    def __init__(self) -> None:
        self._looks = 0

    def heard(self, *, hurried: bool) -> None:
        """A look has brought something: `hurried` when somebody may wait for what follows from it."""
        self._looks = 0 if hurried else self._looks + 1

    @property
    def seconds(self) -> float:
        """How long to wait before the next look."""
        over = self._looks - _OFTEN
        return 0.0 if over < 0 else min(LONGEST, _FIRST * 2 ** min(over, 16))

    async def pause(self) -> None:
        """Wait so long."""
        if self.seconds:
            await asyncio.sleep(self.seconds)
