"""What is said of a test that ran out of time."""

from __future__ import annotations

import asyncio

from tests.support.standstill import waiting_tasks


async def _for_ever(started: asyncio.Event) -> None:
    started.set()
    await asyncio.Event().wait()


async def test_a_task_that_waits_is_said_with_the_line_it_waits_in() -> None:
    started = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        task = group.create_task(_for_ever(started), name="stuck")
        await started.wait()
        said = waiting_tasks()
        task.cancel()
    _, _, lines = said.partition("stuck:\n")
    assert lines.splitlines()[0].endswith("in _for_ever: await asyncio.Event().wait()")
