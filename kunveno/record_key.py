"""The key that signs the records of votes: an Ed25519 seed in a file, which backups hold.

It is in backups because whoever verifies a record knows the organisation by it: after a restore the same key has to
sign. It opens nothing, and signs nothing but records.
"""

from __future__ import annotations

from pathlib import Path

from bots.vote.record.signing import Signer
from kunveno import secret_files


def kept(path: Path) -> Signer:
    """The key in the file at `path`, which is made where there is none. Raises SecretUnusable."""
    seed = secret_files.kept(
        path,
        named="key that signs the records of votes",
        lost="a new one is made then, and has to be made known as this one was",
    )
    return Signer(seed)
