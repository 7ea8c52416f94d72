"""Who answers for a branch, and which branches nobody keeps: the rules alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

import pytest

from bots.attention.rules import (
    ANSWERS,
    NOBODY,
    SETTLING,
    Officer,
    in_charge,
    keepers,
    may_all_read,
    tell_at,
    told_of_vacancy,
    vacant,
)
from party.branches import Branch, Tree
from party.policy import PartyPolicy
from tests.support.register import NOW, POLICY

TREE = Tree(
    [
        Branch("fr", "fr", "France", "national", None),
        Branch("bzh", "bzh", "Bretagne", "region", "fr"),
        Branch("fin", "fin", "Finistère", "department", "bzh"),
        Branch("brest", "brest", "Brest", "section", "fin"),
        Branch("old", "old", "Old", "section", "fin", open=False),
    ]
)


def officers(*held: tuple[str, str, str], mute: Sequence[str] = ()) -> Mapping[str, Sequence[Officer]]:
    """Offices by branch, of (member, office, branch); those in `mute` have no account."""
    found: dict[str, list[Officer]] = {}
    for member, office, branch in held:
        account = None if member in mute else f"@{member}:x.org"
        found.setdefault(branch, []).append(Officer(member, office, branch, account))
    return found


@pytest.mark.parametrize(
    ("held", "mute", "but", "branch", "told"),
    [
        ([("ann", "secretary", "brest"), ("bea", "secretary", "fin")], (), None, "brest", ["ann"]),
        ([("ann", "clerk", "brest")], (), None, "brest", ["ann"]),  # `here` is enough in the branch itself
        ([("ann", "clerk", "fin"), ("bea", "secretary", "fr")], (), None, "fr", ["bea"]),  # and not above it
        ([("ann", "secretary", "brest"), ("bea", "secretary", "bzh")], ("ann",), None, "bzh", ["bea"]),
        ([("ann", "secretary", "brest"), ("bea", "secretary", "fin")], (), "ann", "fin", ["bea"]),  # not about herself
        ([("ann", "secretary", "brest"), ("bea", "clerk", "brest")], (), "ann", "brest", ["bea"]),
        ([("ann", "treasurer", "brest"), ("bea", "delegate", "fin"), ("cid", "gone", "fr")], (), None, None, []),
        ([], (), None, None, []),
    ],
)
def test_the_nearest_who_may_act_are_told(
    held: list[tuple[str, str, str]], mute: Sequence[str], but: str | None, branch: str | None, told: list[str]
) -> None:
    path = [one.id for one in TREE.path("brest")]
    charge = in_charge(POLICY, officers(*held, mute=mute), path, ANSWERS, but=but)
    assert (charge.branch_id, [officer.member_id for officer in charge.officers]) == (branch, told)


def test_a_room_reads_about_members_when_all_in_it_may() -> None:
    (both,) = officers(("ann", "secretary", "fin"), ("bea", "treasurer", "fin")).values()
    assert may_all_read(POLICY, both)
    assert may_all_read(POLICY, both, about=["cid"])
    assert not may_all_read(POLICY, both, about=["bea"])
    (mixed,) = officers(("ann", "secretary", "fin"), ("dan", "delegate", "fin")).values()
    assert not may_all_read(POLICY, mixed)


def test_a_branch_is_kept_by_whoever_can_give_offices_and_admit() -> None:
    assert keepers(POLICY) == ("secretary", "chair")
    held = officers(
        ("ann", "chair", "brest"), ("bea", "clerk", "fin"), ("cid", "secretary", "fr"), ("x", "gone", "bzh")
    )
    assert vacant(POLICY, TREE, held) == {"bzh", "fin"}


def test_nothing_is_vacant_where_no_office_keeps_branches() -> None:
    policy = PartyPolicy(language="fr", timezone="Europe/Paris", tiers=POLICY.tiers)
    assert vacant(policy, TREE, {}) == frozenset()


@pytest.mark.parametrize(
    ("held", "branch"),
    [
        ([("ann", "secretary", "fin"), ("bea", "secretary", "fr")], "fin"),
        ([("ann", "chair", "fin"), ("bea", "secretary", "fr")], "fr"),  # the chair's right ends at her own branch
        ([("ann", "treasurer", "brest")], None),
    ],
)
def test_a_vacancy_is_told_to_the_nearest_above_who_can_fill_it(
    held: list[tuple[str, str, str]], branch: str | None
) -> None:
    charge = told_of_vacancy(POLICY, TREE, officers(*held), TREE["brest"])
    assert charge.branch_id == branch
    assert (charge == NOBODY) is (branch is None)


def test_a_vacancy_waits_for_a_hand_over_and_a_new_branch_for_its_first_officers() -> None:
    calm = timedelta(minutes=15)
    assert tell_at(NOW, NOW - timedelta(days=99), calm) == NOW + calm
    assert tell_at(NOW, NOW - timedelta(days=1), calm) == NOW - timedelta(days=1) + SETTLING
