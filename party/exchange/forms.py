"""The forms: which columns there are, which of them a row needs, and a row as it was read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from ground.texts import Text

Kind = Literal["branches", "members", "mandates", "memberships"]
Cell = str | tuple[str, ...] | None
"""What a row says in a column: None for an empty cell, several texts for accounts."""


@dataclass(frozen=True, slots=True)
class Form:
    """One kind of table. `lists` are the columns that hold several values, in CSV with spaces between them."""

    kind: Kind
    columns: tuple[str, ...]
    required: tuple[str, ...]
    lists: tuple[str, ...] = ()


FORMS: Final[Mapping[Kind, Form]] = {
    "branches": Form(
        "branches",
        ("slug", "name", "tier", "parent", "language", "timezone", "code", "status", "merged_into"),
        ("slug", "name", "tier", "parent"),
    ),
    "members": Form(
        "members",
        ("number", "name", "email", "language", "branch", "status", "joined_on", "left_on",
         "confirmed_accounts", "claimed_accounts"),
        ("number", "name", "branch"),
        ("confirmed_accounts", "claimed_accounts"),
    ),
    "mandates": Form(
        "mandates", ("member", "office", "branch", "from", "until"), ("member", "office", "branch", "from")
    ),
    "memberships": Form("memberships", ("member", "branch", "since", "until"), ("member", "branch", "since", "until")),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Row:
    """One row. `cells` has only the columns that the file has."""

    kind: Kind
    file: str
    line: int
    cells: Mapping[str, Cell]

    def word(self, column: str) -> str | None:
        """The text in a column; None where it is empty or the file has no such column."""
        cell = self.cells.get(column)
        return cell if isinstance(cell, str) else None

    def words(self, column: str) -> tuple[str, ...]:
        """The texts in a column of several."""
        cell = self.cells.get(column)
        return cell if isinstance(cell, tuple) else ()

    def either(self, column: str, present: str | None) -> str | None:
        """The text in a column, or `present` where the file has no such column."""
        return self.word(column) if column in self.cells else present


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row, or a whole file (`line` 1), that cannot be taken, and why."""

    file: str
    line: int
    why: Text
