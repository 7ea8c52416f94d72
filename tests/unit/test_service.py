"""How `kunveno run` is stopped when what it does will not end."""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from bridge.matrix.errors import TokenRefused, Unavailable
from kunveno import service
from tests.support.installation import install

PROGRAM = """
import asyncio
from kunveno import service

async def stuck(*_):
    print("Running.", flush=True)
    while True:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            pass

service._serve, service._LEAVING = stuck, 0.1
asyncio.run(service.serve(None, lambda line: print(line, flush=True)))
"""


async def test_a_second_signal_ends_what_does_not_end_by_itself() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PROGRAM, cwd=Path(__file__).parents[2], stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(60):
            assert await process.stdout.readline() == b"Running.\n"
            process.send_signal(signal.SIGTERM)
            assert (await process.stdout.readline()).startswith(b"Still stopping. A second signal ends")
            process.send_signal(signal.SIGTERM)
            assert await process.wait() == -signal.SIGTERM
    finally:
        if process.returncode is None:
            process.kill()


async def test_what_may_pass_when_the_work_begins_is_tried_again(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    said: list[str] = []
    failures = iter([Unavailable("no answer"), OperationalError("SELECT", {}, Exception("gone"))])

    async def work(*_: object) -> None:
        raise next(failures, TokenRefused("Unknown token"))

    monkeypatch.setattr(service, "_work", work)
    monkeypatch.setattr(service, "_AGAIN", 0.0)
    house = install(tmp_path, {"url": "http://x", "server_name": "example.org", "user_id": "@kunveno:example.org"})
    async with house.app() as app:
        with pytest.raises(TokenRefused):
            await service._serve(app, said.append, ())
    assert said == [
        "The homeserver cannot be used for now (no answer). Trying again.",
        "The database cannot be used for now (gone). Trying again.",
    ]
