"""What a benchmark says: a value against a floor measured in the same run, or against a fixed bound."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Result:
    """`value` and `floor` are in `unit`. `rows` is the table for people: the first row is its head; `detail` is what a
    program may want beside the value."""

    bench: str
    value: float
    floor: float
    unit: str
    ok: bool
    rows: Sequence[Sequence[str]] = ()
    detail: Mapping[str, object] = field(default_factory=dict)

    @property
    def ratio(self) -> float:
        """Value over floor; a floor of 0 is met by 0 alone."""
        if self.floor:
            return self.value / self.floor
        return 1.0 if self.value == 0 else math.inf

    def line(self) -> str:
        """One line of JSON; the ratio is null where it is infinite."""
        return json.dumps(
            {
                "bench": self.bench,
                "value": round(self.value, 4),
                "floor": round(self.floor, 4),
                "ratio": round(self.ratio, 4) if math.isfinite(self.ratio) else None,
                "unit": self.unit,
                "ok": self.ok,
                "detail": dict(self.detail),
            }
        )
