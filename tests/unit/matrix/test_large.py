"""Large JSON is decoded in pieces to exactly what it says."""

from __future__ import annotations

import asyncio
import json

import pytest
from hypothesis import given
from hypothesis import strategies as some

from bridge.matrix.large import decode

VALUES = some.recursive(
    some.none() | some.booleans() | some.integers() | some.text(),
    lambda inside: some.lists(inside, max_size=3) | some.dictionaries(some.text(), inside, max_size=3),
    max_leaves=20,
)
LONG = "x" * 300_000


@given(VALUES, some.sampled_from([None, 1]))
def test_it_says_what_it_says(value: object, indent: int | None) -> None:
    large = {"long": LONG, "value": value, "": {"deeper": {"deeper": value, "still": {"deeper": value}}}}
    assert asyncio.run(decode(json.dumps(large, indent=indent).encode())) == large


@pytest.mark.parametrize(
    "ending",
    [
        '"a"',
        '"a": 1',
        '"a": 1,}',
        '"a" 1}',
        "1: 2}",
        '"a": 1} x',
        '"a": {"b": 1 "c": 2}}',
        '"a": nothing}',
        '"a": "\xff}',
    ],
)
async def test_what_is_no_json_is_refused(ending: str) -> None:
    with pytest.raises(ValueError):
        await decode(f'{{"long": "{LONG}", {ending}'.encode("latin-1"))


async def test_others_get_their_turn_meanwhile() -> None:
    rooms = {f"!{number}": {"timeline": {"events": [LONG]}} for number in range(10)}
    turns = 0

    async def other() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    busy = asyncio.create_task(other())
    await decode(json.dumps({"rooms": {"join": rooms}}).encode())
    busy.cancel()
    assert turns >= 5
