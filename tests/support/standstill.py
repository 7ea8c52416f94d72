"""What a test that ran out of time was waiting for.

The stack of a thread shows only that its loop waits. What is awaited stands in the loop's tasks.
"""

from __future__ import annotations

import asyncio
import gc
import linecache
from collections.abc import Iterator


def waiting_tasks() -> str:
    """The tasks that are not done, of every loop, each with the lines where it waits, from the outside in."""
    # All objects are gone through: a loop that was left by an exception cannot be asked for its tasks.
    tasks = [thing for thing in gc.get_objects() if isinstance(thing, asyncio.Task) and not thing.done()]
    return "\n".join(line for task in tasks for line in (f"{task.get_name()}:", *_lines(task.get_coro())))


def _lines(awaited: object) -> Iterator[str]:
    while awaited is not None:
        if (frame := getattr(awaited, "cr_frame", None)) is not None:
            path, number = frame.f_code.co_filename, frame.f_lineno
            yield f"  {path}:{number} in {frame.f_code.co_qualname}: {linecache.getline(path, number).strip()}"
        awaited = getattr(awaited, "cr_await", None)
