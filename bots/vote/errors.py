"""What a vote refuses, said in a sentence that is meant for one person, in private."""

from __future__ import annotations

from ground.texts import Text


class VoteRefused(Exception):
    """Somebody may not do that in this vote, or not now. `text` speaks to that person, and of nobody else."""

    def __init__(self, text: Text) -> None:
        super().__init__(text)
        self.text = text

    def __str__(self) -> str:
        return str(self.text)
