"""Money is integer cents, and parts sum to the whole."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ground.money import Money, NotMoney, read_money


@pytest.mark.parametrize(
    ("written", "cents"),
    [
        ("12", 1200),
        ("12,50", 1250),
        ("12.5", 1250),
        ("12,50 €", 1250),
        ("€12.50", 1250),
        ("12.50 EUR", 1250),
        ("1 234,50 €", 123450),
        ("1\u202f234\u202f567,89\u00a0€", 123456789),
        ("1,234.50", 123450),
        ("1.234,50", 123450),
        ("1'234.50", 123450),
        ("1,234", 123400),
        ("12.505", 1250500),
        ("1234567", 123456700),
        ("-3,05", -305),
        ("\u22123,05", -305),
        (" 0,1 ", 10),
    ],
)
def test_reads_amounts_as_people_write_them(written: str, cents: int) -> None:
    assert read_money(written) == Money(cents, "EUR")


@pytest.mark.parametrize("written", ["", "€", "douze", "12,345,6", "1,2,3", "1 23", "--3", "3 $", "12 50"])
def test_refuses_what_is_no_amount(written: str) -> None:
    with pytest.raises(NotMoney):
        read_money(written)


def test_reads_another_currency_where_it_is_meant() -> None:
    assert read_money("CHF 10.05", "CHF") == Money(1005, "CHF")
    with pytest.raises(NotMoney, match="not in CHF"):
        read_money("10 €", "CHF")


def test_currencies_do_not_mix() -> None:
    with pytest.raises(ValueError, match="cannot be added"):
        Money(1, "EUR") + Money(1, "CHF")


@pytest.mark.parametrize(
    ("cents", "weights", "parts"),
    [
        (100, [1, 1, 1], [34, 33, 33]),
        (-100, [1, 1, 1], [-33, -33, -34]),
        (10, [3, 0, 1], [8, 0, 2]),
        (0, [1, 2], [0, 0]),
        (1000, [Fraction(1, 3), Fraction(2, 3)], [333, 667]),
    ],
)
def test_splits_by_largest_remainder(cents: int, weights: list[int | Fraction], parts: list[int]) -> None:
    assert [part.cents for part in Money(cents).split(weights)] == parts


@pytest.mark.parametrize("weights", [[], [0, 0], [2, -1]])
def test_refuses_weights_that_cannot_be_split_by(weights: list[int | Fraction]) -> None:
    with pytest.raises(ValueError, match="weights"):
        Money(100).split(weights)


@given(
    st.integers(-(10**9), 10**9),
    st.lists(st.integers(0, 10**6), min_size=1, max_size=40).filter(lambda weights: sum(weights) > 0),
)
def test_parts_sum_to_the_whole_and_are_within_a_cent_of_their_share(cents: int, weights: list[int]) -> None:
    parts = Money(cents).split(list(weights))
    assert sum(part.cents for part in parts) == cents
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part.cents - Fraction(cents * weight, sum(weights))) < 1


@given(st.integers(-(10**12), 10**12))
def test_reads_what_it_could_have_written(cents: int) -> None:
    whole, part = divmod(abs(cents), 100)
    assert read_money(f"{'-' if cents < 0 else ''}{whole},{part:02} €").cents == cents
