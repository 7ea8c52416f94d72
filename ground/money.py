"""Money: integer hundredths of a currency. A sum of parts equals the whole."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

_WRITTEN: Final = re.compile(
    r"(?P<sign>[-\u2212]?)(?P<whole>\d{1,3}(?:(?P<group>[ .,'\u2019\u00a0\u202f])\d{3}(?:(?P=group)\d{3})*)?|\d+)"
    r"(?:[.,](?P<part>\d{1,2}))?"
)
_SIGNS: Final = {"€": "EUR", "$": "USD", "£": "GBP", "CHF": "CHF"}


class NotMoney(ValueError):
    """What was written is no amount of money."""


@dataclass(frozen=True, slots=True, order=True)
class Money:
    """An amount in hundredths of a currency (ISO 4217)."""

    cents: int
    currency: str = "EUR"

    def __add__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.cents + other.cents, self.currency)

    def __sub__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.cents - other.cents, self.currency)

    def __neg__(self) -> Money:
        return Money(-self.cents, self.currency)

    def split(self, weights: Sequence[int | Fraction]) -> list[Money]:
        """Parts in proportion to `weights`, which sum to the whole: largest remainder, the earlier of equals first.

        Raises ValueError without a positive weight, or with a negative one.
        """
        total = sum(weights, start=Fraction(0))
        if total <= 0 or any(weight < 0 for weight in weights):
            raise ValueError("weights are not negative, and one of them is positive")
        exact = [Fraction(self.cents) * Fraction(weight) / total for weight in weights]
        parts = [share.__floor__() for share in exact]
        by_remainder = sorted(range(len(parts)), key=lambda index: (parts[index] - exact[index], index))
        for index in by_remainder[: self.cents - sum(parts)]:
            parts[index] += 1
        return [Money(cents, self.currency) for cents in parts]

    def _same(self, other: Money) -> None:
        if self.currency != other.currency:
            raise ValueError(f"{self.currency} and {other.currency} cannot be added")


def read_money(written: str, currency: str = "EUR") -> Money:
    """An amount as people write it: `12`, `12,50`, `12.5 €`, `1 234,50`, `EUR 3`. Raises NotMoney.

    A comma or a point followed by one or two digits at the end is the decimal mark, in any language; followed by three,
    it groups thousands.
    """
    text = written.strip()
    for sign, code in {**_SIGNS, currency: currency}.items():
        if text.startswith(sign) or text.endswith(sign):
            if code != currency:
                raise NotMoney(f"{written.strip()} is not in {currency}")
            text = text.removeprefix(sign).removesuffix(sign).strip()
    match = _WRITTEN.fullmatch(text)
    if match is None or (match["part"] and match["group"] == text[-len(match["part"]) - 1]):
        raise NotMoney(f"{written.strip()} is no amount; write one like 12.50")
    whole = int(re.sub(r"\D", "", match["whole"]))
    cents = whole * 100 + int((match["part"] or "0").ljust(2, "0"))
    return Money(-cents if match["sign"] else cents, currency)
