"""What the configuration lays down for votes. Values only."""

from __future__ import annotations

from datetime import timedelta

from pydantic import Field

from party.policy import Policy


class VotePolicy(Policy):
    """How the organisation votes."""

    days: int = Field(default=7, ge=1, le=366)
    """How long a vote is open where nobody says otherwise."""
    suspended: bool = False
    """Whether suspended members vote."""
    proxies: int = Field(default=1, ge=0, le=100)
    """For how many others one member may vote; 0: no proxies at all."""
    grace: int = Field(default=60, ge=0, le=3600)
    """For how many seconds after the close a ballot that was sent before it may still arrive."""
    breakdown: int = Field(default=10, ge=2, le=1000)
    """Confidential ballots of fewer are never shown apart."""

    @property
    def patience(self) -> timedelta:
        """The grace as a duration."""
        return timedelta(seconds=self.grace)
