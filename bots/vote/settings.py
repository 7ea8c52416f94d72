"""What the program gives the votes beside the register: the policy of votes, and a box for confidential ballots."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from bots.kit.hooks import Hook
from bots.kit.request import Occasion
from bots.vote.chart.studio import Studio
from bots.vote.policy import VotePolicy
from bots.vote.record.signing import Signer
from bridge.ports import BallotBox


@dataclass(frozen=True, slots=True)
class Settings:
    """`box` None: there are no confidential votes; `signer` None: no records are written;
    `studio` None: no pictures are drawn."""

    policy: VotePolicy = field(default_factory=VotePolicy)
    box: BallotBox | None = None
    signer: Signer | None = None
    studio: Studio | None = None


SETTINGS: Final = Hook[Callable[[], Settings]]("vote.settings")
"""Offered once, by whoever puts the program together."""


def settings_of(occasion: Occasion) -> Settings:
    """The settings that were given, or those that hold where none were."""
    given = occasion.offered(SETTINGS)
    return given[0]() if given else Settings()
