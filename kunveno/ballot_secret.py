"""The secret of confidential ballots: 32 random bytes in a file, in no database and in no backup."""

from __future__ import annotations

from pathlib import Path

from kunveno import secret_files
from kunveno.secret_files import SIZE
from kunveno.secret_files import SecretUnusable as BallotSecretUnusable

__all__ = ["SIZE", "BallotSecretUnusable", "kept"]


def kept(path: Path) -> bytes:
    """The secret in the file at `path`, which is made where there is none. Raises BallotSecretUnusable."""
    return secret_files.kept(
        path,
        named="secret of confidential ballots",
        lost="confidential votes that are open have to be held again then",
    )
