"""What the register refuses, said in a sentence that a person can act on."""

from __future__ import annotations

from ground.texts import Text


class RegisterError(Exception):
    """A change or a question that the register refuses. `text` is translatable and holds no private datum of others."""

    def __init__(self, text: Text) -> None:
        super().__init__(text)
        self.text = text

    def __str__(self) -> str:
        return str(self.text)


class NotAllowed(RegisterError):
    """The actor has not the right that the change needs: `action` in `branch_id` (None: above the whole tree)."""

    def __init__(self, text: Text, action: str, branch_id: str | None) -> None:
        super().__init__(text)
        self.action = action
        self.branch_id = branch_id


class NotFound(RegisterError):
    """No branch, member or mandate answers to that name."""
