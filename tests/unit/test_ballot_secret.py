"""The secret of confidential ballots is made once, and read by nobody else."""

from __future__ import annotations

from pathlib import Path

import pytest

from bots.vote.policy import VotePolicy
from bots.vote.sealed import SECRET, SealedBox
from kunveno import ballot_secret
from kunveno.ballot_secret import BallotSecretUnusable, kept
from kunveno.config import VotesSection


def test_made_once_and_found_again(tmp_path: Path) -> None:
    path = tmp_path / "ballot-secret"
    secret = kept(path)
    assert len(secret) == ballot_secret.SIZE == SECRET
    assert kept(path) == secret
    assert kept(tmp_path / "other") != secret
    assert path.stat().st_mode & 0o777 == 0o600
    assert sorted(each.name for each in tmp_path.iterdir()) == ["ballot-secret", "other"]
    SealedBox(secret)


def test_what_cannot_be_used(tmp_path: Path) -> None:
    path = tmp_path / "ballot-secret"
    kept(path)
    path.chmod(0o640)
    with pytest.raises(BallotSecretUnusable, match="chmod 600"):
        kept(path)
    path.chmod(0o600)
    path.write_bytes(b"short")
    with pytest.raises(BallotSecretUnusable, match="5 bytes instead of 32"):
        kept(path)
    with pytest.raises(BallotSecretUnusable, match="No such file"):
        kept(tmp_path / "nowhere" / "ballot-secret")


def test_the_section_says_what_the_bots_take() -> None:
    assert VotePolicy(**VotesSection().policy_values()) == VotePolicy(remind=24)
    given = VotePolicy(**VotesSection(days=3, suspended=True, remind=None).policy_values())
    assert (given.days, given.suspended, given.remind) == (3, True, 0)
