"""What the organisation lays down for its votes. Values only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from bots.vote.apportion import Apportionment


@dataclass(frozen=True, slots=True, kw_only=True)
class VotePolicy:
    """How the organisation votes."""

    days: int = 7
    """How long a vote is open where nobody says otherwise."""
    suspended: bool = False
    """Whether suspended members vote."""
    proxies: int = 1
    """For how many others one member may vote; 0: no proxies at all."""
    grace: int = 60
    """For how many seconds after the close a ballot that was sent before it may still arrive."""
    breakdown: int = 10
    """Confidential ballots of fewer are never shown apart."""

    mandate_office: str | None = None
    """A branch has as many mandates as it has holders of this office, where it has any."""
    mandate_members: int = 50
    """Else one mandate for each so many members on the roll that are begun."""
    apportionment: Apportionment = Apportionment.REMAINDER
    """How the mandates of a branch are split."""
    remind: int = 0
    """How many hours before the close those who have not voted are reminded; 0: only when somebody asks for it."""
    ties: Literal["status_quo", "chair", "lot"] = "status_quo"
    """What decides between equals where nobody says otherwise."""
    chair: str = "secretary"
    """The office that decides where the chair does."""
    abstentions: Literal["counted", "apart"] = "apart"
    """Whether abstentions count among the votes cast where nobody says otherwise."""

    @property
    def patience(self) -> timedelta:
        """The grace as a duration."""
        return timedelta(seconds=self.grace)

    def reminds_at(self, opened: datetime, closes: datetime) -> datetime | None:
        """When those who have not voted are reminded; None where nobody is, as in a vote so short that less time is
        before the reminder than after it."""
        ahead = timedelta(hours=self.remind)
        at = closes - ahead
        return at if ahead and at - opened >= ahead else None
