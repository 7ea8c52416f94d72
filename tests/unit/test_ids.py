"""Identifiers are short, random, and sort by age."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ground.ids import encode, new_id

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"


def test_an_identifier_is_26_unmistakable_characters() -> None:
    assert all(len(name) == 26 and set(name) <= set(ALPHABET) for name in (new_id() for _ in range(1000)))


def test_no_two_are_alike() -> None:
    assert len({new_id() for _ in range(10_000)}) == 10_000


def test_a_later_one_sorts_after_an_earlier_one(monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    for millisecond in (0, 1, 31, 32, 1_700_000_000_000, 1_700_000_000_001, 2**48 - 1):
        monkeypatch.setattr("ground.ids.time.time_ns", lambda at=millisecond: at * 1_000_000 + 999_999)
        made.append(new_id())
    assert made == sorted(made)


@given(st.integers(0, 2**130 - 1), st.integers(0, 2**130 - 1))
def test_numbers_sort_as_their_spelling(one: int, other: int) -> None:
    assert (one < other) == (encode(one, 26) < encode(other, 26))


@given(st.integers(0, 32**6 - 1))
def test_spelling_can_be_read_back(number: int) -> None:
    assert sum(ALPHABET.index(digit) * 32**place for place, digit in enumerate(reversed(encode(number, 6)))) == number


@pytest.mark.parametrize("number", [32, 1000, -1])
def test_what_does_not_fit_is_refused(number: int) -> None:
    with pytest.raises(OverflowError):
        encode(number, 1)
