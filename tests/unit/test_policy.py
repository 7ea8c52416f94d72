"""The policy of the register says what is wrong with it."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from party.policy import ACTIONS, Office, PartyPolicy, Reach
from tests.support.register import POLICY

GOOD: dict[str, object] = {
    "language": "fr",
    "timezone": "Europe/Paris",
    "administrators": ["@admin:example.org"],
    "tiers": {"national": {"name": {"fr": "National"}}, "section": {"name": {"fr": "Section"}}},
    "offices": {"secretary": {"name": {"fr": "Secrétaire"}, "may": {"branch.*": "below"}}},
}


def test_a_policy_is_read_from_plain_values() -> None:
    policy = PartyPolicy.model_validate(GOOD)
    assert policy.offices["secretary"].may == {"branch.*": Reach.BELOW}
    assert [policy.rank(tier) for tier in ("national", "section")] == [0, 1]
    with pytest.raises(KeyError):
        policy.rank("parish")


@pytest.mark.parametrize(
    ("change", "where", "what"),
    [
        ({"language": "French"}, ("language",), "is no language code"),
        ({"timezone": "Paris"}, ("timezone",), "'Paris' is no time zone"),
        ({"timezone": "/etc/passwd"}, ("timezone",), "is no time zone"),
        ({"administrators": ["admin"]}, ("administrators", 0), "'admin' is no Matrix account"),
        ({"tiers": {}}, ("tiers",), "at least 1 item"),
        ({"tiers": {"Région": {"name": {"fr": "R"}}}}, ("tiers", "Région", "[key]"), "'Région' is no key"),
        ({"tiers": {"region": {"name": {}}}}, ("tiers", "region", "name"), "at least 1 item"),
        ({"offices": {"x": {"name": {"fr": ""}}}}, ("offices", "x", "name", "fr"), "at least 1 character"),
        (
            {"offices": {"x": {"name": {"fr": "X"}, "may": {"branch.paint": "here"}}}},
            ("offices", "x", "may", "branch.paint", "[key]"),
            "'branch.paint' is no action; write one of announce, branch.close,",
        ),
        (
            {"offices": {"x": {"name": {"fr": "X"}, "may": {"branch.*": "above"}}}},
            ("offices", "x", "may", "branch.*"),
            "'here' or 'below'",
        ),
        ({"colour": "red"}, ("colour",), "Extra inputs are not permitted"),
    ],
)
def test_what_is_wrong_is_said_where_it_is(change: dict[str, object], where: tuple[object, ...], what: str) -> None:
    with pytest.raises(ValidationError) as caught:
        PartyPolicy.model_validate(GOOD | change)
    (error,) = caught.value.errors()
    assert error["loc"] == where
    assert what in error["msg"]


@pytest.mark.parametrize(
    ("may", "reach"),
    [
        ({}, None),
        ({"branch.edit": Reach.HERE}, Reach.HERE),
        ({"branch.*": Reach.BELOW}, Reach.BELOW),
        ({"branch.*": Reach.HERE, "branch.edit": Reach.BELOW}, Reach.BELOW),
        ({"branch.edit": Reach.HERE, "*": Reach.BELOW}, Reach.BELOW),
        ({"*.edit": Reach.HERE}, Reach.HERE),
        ({"member.*": Reach.BELOW, "branch.move": Reach.BELOW}, None),
    ],
)
def test_the_widest_pattern_wins(may: dict[str, Reach], reach: Reach | None) -> None:
    assert Office(name={"en": "X"}, may=may).reach("branch.edit") is reach


def test_a_branch_has_the_zone_of_the_organisation_or_its_own() -> None:
    assert POLICY.zone(None) == ZoneInfo("Europe/Paris")
    assert POLICY.zone("Indian/Reunion") == ZoneInfo("Indian/Reunion")


def test_a_policy_does_not_change() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        POLICY.language = "de"  # type: ignore[misc]


def test_actions_are_a_thing_and_a_verb_or_a_verb_alone() -> None:
    assert {action for action in ACTIONS if len(action.split(".")) != 2} == {"announce", "report"}
