"""Where something was asked: kept, so that what follows later is answered there."""

from __future__ import annotations

from dataclasses import dataclass

from bridge.places import Direct, Place, address, place_at


@dataclass(frozen=True, slots=True)
class Origin:
    """Who asked, where, in which message (`event`) and thread; `private`: the answers go to the person alone."""

    account: str
    place: Place
    event: str | None = None
    thread: str | None = None
    private: bool = False

    @property
    def elsewhere(self) -> bool:
        """Whether answers go somewhere else than to where it was asked."""
        return self.private and not isinstance(self.place, Direct)

    def kept(self) -> dict[str, str | bool | None]:
        """As it is kept in a row."""
        return {
            "account": self.account,
            "place": address(self.place),
            "event": self.event,
            "thread": self.thread,
            "private": self.private,
        }

    @classmethod
    def read(cls, kept: dict[str, str | bool | None]) -> Origin:
        """What `kept` made. Raises ValueError or KeyError for anything else."""
        event, thread = kept["event"], kept["thread"]
        return cls(
            str(kept["account"]),
            place_at(str(kept["place"])),
            None if event is None else str(event),
            None if thread is None else str(thread),
            kept["private"] is True,
        )
